// A block that the server refuses, and of which a part is in the table all the same: nobody says that it is rejected, and nothing sends
// its rows again under other tokens.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sealedBuffers } from '../../src/block/buffer-pool.ts'
import { type Connection, connect, DeliveryError, type Logger, type RejectedRow, UsageError } from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { failure } from '../support/inserts.ts'
import { gate, lyingStatement, range } from './lying.ts'

const silent = () => {}
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }

let front: ChdbFront
let connection: Connection
beforeAll(async () => {
  front = await startFront()
  connection = await connect({ url: front.url, logger, retry: { minDelay: 5, maxDelay: 20 } })
})
afterAll(async () => {
  await connection?.close()
  await front?.stop()
})

async function countOf(table: string): Promise<number> {
  const [row] = await connection.query<{ n: string }>(`SELECT count() AS n FROM ${table}`)
  return Number(row!.n)
}

describe.each(['error', 'adapt'] as const)('onSchemaChange: %j, without onReject', (onSchemaChange) => {
  const name = `partly_${onSchemaChange}`

  it.each([
    ['an index', '', `INDEX i accurateCast(x, 'UInt8') TYPE minmax`],
    ['an index that divides', '', 'INDEX i intDiv(1, x - 1000) TYPE minmax'],
  ])('%s, and several partitions: the block is unknown, and was sent once', async (_, engine, index) => {
    await connection.command(`DROP TABLE IF EXISTS ${name}`)
    await connection.command(
      `CREATE TABLE ${name} (id UInt32, p UInt8, x Int32, ${index}) ENGINE = MergeTree ORDER BY id PARTITION BY p ${engine}`,
    )
    const statement = await connection.prepare(`INSERT INTO ${name}`, { flushInterval: 0, onSchemaChange })
    for (const id of range(100)) await statement.exec({ id, p: id % 4, x: id === 42 ? 1000 : 1 })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.blocks).toMatchObject([{ state: 'unknown', attempts: 1 }])
    expect(error.message).toMatch(/Some of it may be stored: .* spans 4 partitions/)
    expect(statement.stats).toMatchObject({ unknown: 100, rejected: 0 })
    expect(await countOf(name)).toBeLessThan(100)
  })

  it('a constraint of the table behind a view: the same, and every row is in the table once', async () => {
    await connection.command(`CREATE TABLE ${name}_s (id UInt32, x Int32) ENGINE = MergeTree ORDER BY id`)
    await connection.command(
      `CREATE TABLE ${name}_t (id UInt32, x Int32, CONSTRAINT c CHECK accurateCast(x, 'UInt8') < 200) ENGINE = MergeTree ORDER BY id`,
    )
    await connection.command(`CREATE MATERIALIZED VIEW ${name}_v TO ${name}_t AS SELECT id, x FROM ${name}_s`)
    const statement = await connection.prepare(`INSERT INTO ${name}_s`, { flushInterval: 0, onSchemaChange })
    for (const id of range(10)) await statement.exec({ id, x: id === 4 ? 1000 : 1 })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.blocks).toMatchObject([{ state: 'unknown', attempts: 1 }])
    expect(await countOf(`${name}_s`)).toBe(10)
    // Nor does deliver() say it.
    const left = statement.takeBlocks()
    const again = await failure(connection.deliver(left, { acceptDuplicates: true }), DeliveryError)
    expect(again.blocks).toMatchObject([{ state: 'unknown' }])
  })
})

it('where it can only have been in one place it is rejected, as it was', async () => {
  await connection.command(
    'CREATE TABLE one_place (id UInt32, x Int32, CONSTRAINT c CHECK x > 0) ENGINE = MergeTree ORDER BY id',
  )
  const statement = await connection.prepare('INSERT INTO one_place', { flushInterval: 0 })
  for (const id of range(10)) await statement.exec({ id, x: id === 4 ? 0 : 1 })
  const error = await failure(statement.commit(), DeliveryError)
  expect(error.blocks).toMatchObject([{ state: 'rejected' }])
  expect(await countOf('one_place')).toBe(0)
})

it('the server cuts no block into parts of its own', async () => {
  const insert = 'INSERT INTO events'
  for (const settings of [{ use_strict_insert_block_limits: 1 }]) {
    await expect(connection.prepare(insert, { settings })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  }
  await connection.command(
    'CREATE TABLE strict (id UInt32, x Int32, CONSTRAINT c CHECK x > 0) ENGINE = MergeTree ORDER BY id',
  )
  const rejected: RejectedRow[] = []
  const statement = await connection.prepare('INSERT INTO strict', {
    flushInterval: 0,
    settings: { max_insert_block_size: '10' },
    onReject: (row) => void rejected.push(row),
  })
  for (const id of range(100)) await statement.exec({ id, x: id === 55 ? 0 : 1 })
  await statement.commit()
  expect(rejected).toHaveLength(1)
  expect(await countOf('strict')).toBe(99)
})

it('what the server says of a row does not hold its values', async () => {
  const types = {
    uuid: 'UUID MATERIALIZED toUUID(s)',
    ip: 'IPv4 MATERIALIZED toIPv4(s)',
    ip6: 'IPv6 MATERIALIZED toIPv6(s)',
    int: 'UInt8 MATERIALIZED toUInt8(s)',
    date: 'Date MATERIALIZED toDate(s)',
    bool: 'Bool MATERIALIZED toBool(s)',
    float: 'Float64 MATERIALIZED toFloat64(s)',
    time: 'DateTime MATERIALIZED parseDateTimeBestEffort(s)',
    choice: "Enum8('a' = 1) MATERIALIZED s",
  }
  for (const [name, type] of Object.entries(types)) {
    await connection.command(`CREATE TABLE said_${name} (s String, u ${type}) ENGINE = MergeTree ORDER BY tuple()`)
    const reasons: string[] = []
    const statement = await connection.prepare(`INSERT INTO said_${name} (s)`, {
      onReject: ({ reason }) => void reasons.push(reason),
    })
    await statement.exec({ s: "Alice 'O'Secret" })
    await statement.commit()
    expect(reasons, name).toHaveLength(1)
    expect(reasons[0]).not.toMatch(/Alice|Secret/)
  }
})

it('a block over more than 1,000 partitions goes as it is, and pieces of few bytes take few', async () => {
  await connection.command('CREATE TABLE pieces (id UInt32, n UInt32) ENGINE = MergeTree ORDER BY id PARTITION BY n')
  const options = { flushInterval: 0, splitByPartition: true, holdUntilCommit: true } as const
  const many = await connection.prepare('INSERT INTO pieces', options)
  for (const id of range(4000)) await many.exec({ id, n: id })
  await expect(many.commit()).rejects.toMatchObject({ serverCode: 252, blocks: [{ rowCount: 4000 }] })

  const fewer = await connection.prepare('INSERT INTO pieces', { ...options, blockSize: 900 })
  const before = process.memoryUsage().arrayBuffers
  for (const id of range(900)) await fewer.exec({ id, n: id })
  expect(fewer.stats.blocks).toBe(900)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024) // 64 KiB each were 56 MiB
  await fewer.rollback()
})

it('onReject and deterministic exclude each other', async () => {
  const given = { engineId: 1, deterministic: true, onReject: () => {} }
  const error = await failure(connection.prepare('INSERT INTO one_place', given), UsageError)
  expect(error).toMatchObject({ code: 'BAD_OPTION', message: expect.stringContaining('onReject and deterministic') })
})

it('a block that cannot be sealed when there is room goes later: whoever waits is told, and no row is lost', async () => {
  const { wait, open } = gate()
  const { server, statement } = await lyingStatement({ blockSize: 2, maxPendingBlocks: 1, flushInterval: 0 })
  server.script({ insert: () => wait().then(() => undefined) })
  let pause: Promise<void> | undefined
  for (const n of range(4)) pause = statement.exec({ n } as never) ?? pause
  const take = vi.spyOn(sealedBuffers, 'take').mockImplementationOnce(() => {
    throw new RangeError('Array buffer allocation failed')
  })
  open()
  await expect(pause).rejects.toThrow('Array buffer allocation failed')
  take.mockRestore()
  await statement.exec({ n: 4 } as never)
  expect(await statement.commit()).toMatchObject({ rows: 5, blocks: 3 })
})
