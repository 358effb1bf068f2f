import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Connection, connect, prometheus } from '../../src/index.ts'
import { type Exposed, parseExposition } from '../support/exposition.ts'
import { exceptionReply } from '../support/lying-server.ts'
import { COLUMNS, gate, lyingConnection, lyingStatement, range } from './lying.ts'

const read = (...connections: Connection[]) => parseExposition(prometheus(...connections))

const STATES = ['acknowledged', 'rejected', 'unknown', 'unsent', 'dropped']
const rowsOf = (exposed: Exposed) =>
  Object.fromEntries(
    STATES.map((state) => [state, exposed.value('sluice_rows_total', { state })]).filter(([, value]) => value),
  )

/** Every accepted row is in one place. */
function expectBalance(exposed: Exposed): void {
  const settled = STATES.reduce((sum, state) => sum + exposed.value('sluice_rows_total', { state }), 0)
  const open = exposed.value('sluice_staged_rows') + exposed.value('sluice_pending_rows')
  expect(exposed.value('sluice_accepted_rows_total')).toBe(settled + open)
}

/** No counter, and no bucket, is smaller than it was. */
function expectGrowth(before: Exposed, after: Exposed): void {
  for (const { name, labels, value } of before.series) {
    if (before.types.get(name) === 'gauge') continue
    expect(after.value(name, labels), `${name} ${JSON.stringify(labels)}`).toBeGreaterThanOrEqual(value)
  }
}

describe('the text', () => {
  it('is empty where there was no statement', async () => {
    const { connection } = await lyingConnection()
    expect(prometheus(connection)).toBe('')
    expect(prometheus()).toBe('')
  })

  it('has target and table as labels, escaped; a statement without a block is there', async () => {
    const { connection, server } = await lyingConnection()
    const table = 'we"ird\\\nname'
    const statement = await connection.prepare(`INSERT INTO "${table.replace(/["\\]/g, '\\$&')}"`, { columns: COLUMNS })
    await statement.exec({ n: 1 })
    const { series } = read(connection)
    expect(series.find(({ name }) => name === 'sluice_staged_rows')).toEqual({
      name: 'sluice_staged_rows',
      labels: { target: `127.0.0.1:${server.port}`, table: `default.${table}` },
      value: 1,
    })
  })

  it('takes connections one by one, or as an array', async () => {
    const [a, b] = [await lyingConnection(), await lyingConnection()]
    for (const { connection } of [a, b]) (await connection.prepare('t', { columns: COLUMNS })).exec({ n: 1 })
    const text = prometheus(a.connection, b.connection)
    expect(parseExposition(text).series.filter(({ name }) => name === 'sluice_staged_rows')).toHaveLength(2)
    expect(prometheus([a.connection, b.connection])).toBe(text)
    expect(prometheus([])).toBe('')
  })

  it('takes connections only', () => {
    expect(() => prometheus(['http://localhost' as never])).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    expect(() => prometheus('http://localhost' as never)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })
})

describe('rows', () => {
  it('are staged, pending, acknowledged; and stay counted when their statement is over, and the connection closed', async () => {
    const server = gate()
    const { connection, statement } = await lyingStatement({ blockSize: 3 }, server.wait)
    for (const n of range(7)) statement.exec({ n })
    const busy = read(connection)
    expect(busy.value('sluice_staged_rows')).toBe(1)
    expect(busy.value('sluice_pending_rows')).toBe(6)
    expect(busy.value('sluice_pending_blocks')).toBe(2)
    expect(busy.value('sluice_accepted_rows_total')).toBe(7)
    server.open()
    const { bytes } = await statement.commit()
    const over = read(connection)
    expectGrowth(busy, over)
    expect(rowsOf(over)).toEqual({ acknowledged: 7 })
    expect(over.value('sluice_pending_rows') + over.value('sluice_pending_blocks')).toBe(0)
    expect(over.value('sluice_blocks_total', { state: 'acknowledged' })).toBe(3)
    expect(over.value('sluice_acknowledged_bytes_total')).toBe(bytes)

    const second = await connection.prepare('events', { columns: COLUMNS })
    await second.exec({ n: 1 })
    await second.commit()
    await connection.close()
    expect(rowsOf(read(connection))).toEqual({ acknowledged: 8 })
  })

  it('that a rollback gave up are dropped: nothing is subtracted', async () => {
    const { connection, statement } = await lyingStatement({ blockSize: 3, holdUntilCommit: true })
    for (const n of range(7)) statement.exec({ n })
    const before = read(connection)
    await statement.rollback()
    const after = read(connection)
    expectGrowth(before, after)
    expect(rowsOf(after)).toEqual({ dropped: 7 })
    expectBalance(after)
  })

  it('of a failed statement are rejected, unknown, unsent; deliver() adds what it did', async () => {
    let isBroken = true
    const { connection, statement } = await lyingStatement({ blockSize: 2, maxPendingBlocks: 8 }, ({ index }) => {
      if (!isBroken) return undefined
      return index === 0 ? exceptionReply(60, 'UNKNOWN_TABLE', 'no') : { close: 'before' }
    })
    for (const n of range(7)) statement.exec({ n })
    const before = read(connection)
    await expect(statement.commit()).rejects.toMatchObject({ code: 'DELIVERY_FAILED' })
    const failed = read(connection)
    expectGrowth(before, failed)
    expectBalance(failed)
    expect(rowsOf(failed)).toEqual({ rejected: 2, unknown: 2, unsent: 3 })
    isBroken = false
    await connection.deliver(statement.takeBlocks(), { acceptDuplicates: true })
    const delivered = read(connection)
    expectGrowth(failed, delivered)
    expect(rowsOf(delivered)).toEqual({ rejected: 2, unknown: 2, unsent: 3, acknowledged: 7 })
  })
})

describe('attempts', () => {
  it('are timed, and repeated ones counted by what the one before ended with', async () => {
    const { connection, statement } = await lyingStatement({}, ({ index }) => {
      if (index < 2) return exceptionReply(252, 'TOO_MANY_PARTS', 'no')
      return index === 2 ? { close: 'before' } : { delayMs: 60 }
    })
    await statement.exec({ n: 1 })
    await statement.commit()
    const exposed = read(connection)
    expect(exposed.value('sluice_retries_total', { code: '252' })).toBe(2)
    expect(exposed.value('sluice_retries_total', { code: 'CONNECTION_LOST' })).toBe(1)
    expect(exposed.value('sluice_insert_duration_seconds_count')).toBe(4)
    expect(exposed.value('sluice_insert_duration_seconds_bucket', { le: '0.05' })).toBeLessThanOrEqual(3)
    expect(exposed.value('sluice_insert_duration_seconds_bucket', { le: '60' })).toBe(4)
    expect(exposed.value('sluice_insert_duration_seconds_sum')).toBeGreaterThan(0.055)
  })

  it('waits are counted, and timed when they end', async () => {
    const server = gate()
    const { connection, statement } = await lyingStatement({ blockSize: 1, maxPendingBlocks: 1 }, server.wait)
    const wait = statement.exec({ n: 1 })
    await sleep(30)
    expect(read(connection).value('sluice_waits_total')).toBe(1)
    server.open()
    await wait
    const seconds = read(connection).value('sluice_wait_seconds_total')
    expect(seconds).toBeGreaterThan(0.025)
    expect(seconds).toBeLessThan(5)
    await statement.commit()
  })
})

describe('several connections', () => {
  it('to one target are one series; other targets are others', async () => {
    const { server, connection } = await lyingConnection()
    const again = await connect(`http://writer:hunter2@127.0.0.1:${server.port}`)
    const file = await connect('file:/dev/null')
    for (const one of [connection, again, file]) {
      const statement = await one.prepare('events', { columns: COLUMNS })
      await statement.exec({ n: 1, text: '' })
      await statement.commit()
    }
    const text = prometheus(connection, again, file)
    expect(text).not.toContain('hunter2')
    const exposed = parseExposition(text)
    const acknowledged = { state: 'acknowledged' }
    const target = `127.0.0.1:${server.port}`
    expect(exposed.value('sluice_rows_total', { ...acknowledged, target, table: 'default.events' })).toBe(2)
    expect(exposed.value('sluice_rows_total', { ...acknowledged, target: 'file:/dev/null', table: 'events' })).toBe(1)
    await again.close()
    await file.close()
  })
})
