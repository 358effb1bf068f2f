import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { DeliveryError, type Logger } from '../../src/index.ts'
import { failure } from '../support/inserts.ts'
import { exceptionReply } from '../support/lying-server.ts'
import { COLUMNS, gate, lyingConnection, lyingStatement, numbersOf, range } from './lying.ts'

const CLOSED = expect.objectContaining({ code: 'STATEMENT_CLOSED' })

describe('after its end a statement takes nothing', () => {
  for (const end of ['commit', 'rollback'] as const) {
    it(`exec, flush and a second end after ${end} are errors, and nothing is sent twice`, async () => {
      const { server, statement } = await lyingStatement()
      await statement.exec({ n: 1 })
      await statement[end]()
      expect(() => statement.exec({ n: 2 })).toThrow(CLOSED)
      for (const call of [
        statement.commit(),
        statement.rollback(),
        statement.flush(),
        statement.execMany([{ n: 3 }]),
      ]) {
        await expect(call).rejects.toEqual(CLOSED)
      }
      expect(statement.takeBlocks()).toEqual([])
      await statement[Symbol.asyncDispose]()
      expect(server.inserts).toHaveLength(end === 'commit' ? 1 : 0)
    })
  }

  it('while it is being committed, too', async () => {
    const { server, statement } = await lyingStatement()
    await statement.exec({ n: 1 })
    const committing = statement.commit()
    expect(() => statement.exec({ n: 2 })).toThrow(/is being committed/)
    await expect(statement.commit()).rejects.toEqual(CLOSED)
    await expect(statement.rollback()).rejects.toEqual(CLOSED)
    expect(await committing).toMatchObject({ rows: 1 })
    expect(server.inserts).toHaveLength(1)
  })

  it('after the connection was closed', async () => {
    const { connection, statement } = await lyingStatement()
    await statement.exec({ n: 1 })
    expect(await connection.close()).toEqual({ acknowledged: 1, rejected: 0, unknown: 0, unsent: 0, left: [] })
    expect(() => statement.exec({ n: 2 })).toThrow(CLOSED)
    await expect(connection.prepare('events', { columns: COLUMNS })).rejects.toMatchObject({
      code: 'CONNECTION_CLOSED',
    })
    for (const call of [
      connection.ping(),
      connection.command('SELECT 1'),
      connection.query('SELECT 1'),
      connection.begin(),
      connection.check('t'),
      connection.describe('t'),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    }
    expect(await connection.close()).toMatchObject({ acknowledged: 1 })
  })

  it('its figures stay, though its memory stages rows of another statement by then', async () => {
    const { connection, statement } = await lyingStatement()
    await statement.exec({ n: 1 })
    await statement.commit()
    const other = await connection.prepare('events', { columns: COLUMNS })
    for (const n of range(10)) await other.exec({ n })
    expect(statement.stats).toMatchObject({ accepted: 1, staged: 0, acknowledged: 1 })
    await statement.whenAcknowledged()
    expect(await other.rollback()).toMatchObject({ droppedRows: 10 })
    expect(other.stats).toMatchObject({ accepted: 0, staged: 0 })
  })

  it('a commit while execMany() runs is refused, and nothing is lost by it', async () => {
    const { server, statement } = await lyingStatement()
    async function* rows() {
      yield { n: 1 }
      await sleep(30)
      yield { n: 2 }
    }
    const feeding = statement.execMany(rows())
    await sleep(5)
    await expect(statement.commit()).rejects.toMatchObject({ code: 'BUSY' })
    expect(await feeding).toBe(2)
    await statement.commit()
    expect(numbersOf(server.inserts)).toEqual([[1, 2]])
  })
})

describe('rollback', () => {
  it('before any block was sent: nothing arrives', async () => {
    const { server, statement } = await lyingStatement()
    await statement.exec({ n: 1 })
    expect(await statement.rollback()).toEqual({ droppedRows: 1, blocks: [], tokens: [] })
    expect(statement.stats).toMatchObject({ accepted: 0, staged: 0 })
    expect(server.inserts).toHaveLength(0)
  })

  it('after two blocks were sent: the result names both', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 2 })
    for (const n of range(4)) await statement.exec({ n })
    await statement.whenAcknowledged()
    await statement.exec({ n: 4 })
    const summary = await statement.rollback()
    expect(summary.droppedRows).toBe(1)
    expect(summary.blocks).toMatchObject([
      { firstRow: 0, rowCount: 2, state: 'acknowledged' },
      { firstRow: 2, rowCount: 2, state: 'acknowledged' },
    ])
    expect([...summary.tokens].sort()).toEqual(
      server.inserts.map(({ params }) => params.insert_deduplication_token).sort(),
    )
  })

  it('waits for what is under way and drops what is queued behind it', async () => {
    const { wait, open } = gate()
    const { server, statement } = await lyingStatement({ blockSize: 1 }, wait)
    for (const n of range(4)) void statement.exec({ n })
    await server.whenInserts(2)
    const rolledBack = statement.rollback()
    open()
    expect(await rolledBack).toMatchObject({
      droppedRows: 2,
      blocks: [{ state: 'acknowledged' }, { state: 'acknowledged' }],
    })
    expect(server.inserts).toHaveLength(2)
  })

  it('ends the pause of a retry at once', async () => {
    const { server, statement } = await lyingStatement({ retry: { minDelay: 60_000, maxDelay: 60_000 } }, () => ({
      close: 'before',
    }))
    await statement.exec({ n: 1 })
    const flushed = statement.flush()
    await new Promise((resolve) => statement.on('retry', resolve))
    expect(await statement.rollback()).toMatchObject({ droppedRows: 0, blocks: [{ state: 'unknown', attempts: 1 }] })
    await expect(flushed).rejects.toEqual(CLOSED)
    expect(server.inserts).toHaveLength(1)
  })

  it('is what disposing an uncommitted statement does', async () => {
    const { server, connection } = await lyingConnection()
    {
      await using statement = await connection.prepare('events', { columns: COLUMNS })
      await statement.exec({ n: 1 })
    }
    expect(server.inserts).toHaveLength(0)
    {
      await using statement = await connection.prepare('events', { columns: COLUMNS })
      await statement.exec({ n: 1 })
      await statement.commit()
    }
    expect(server.inserts).toHaveLength(1)
  })
})

describe('holdUntilCommit', () => {
  it('rollback after many full blocks made no request, and exec never waited', async () => {
    const { server, statement } = await lyingStatement({
      blockSize: 10,
      holdUntilCommit: true,
      maxPendingBlocks: 1,
      flushInterval: 10,
    })
    for (const n of range(1005)) await statement.exec({ n })
    await sleep(30)
    expect(statement.stats).toMatchObject({ sealed: 1000, staged: 5, waits: 0 })
    expect(await statement.rollback()).toEqual({ droppedRows: 1005, blocks: [], tokens: [] })
    expect(server.inserts).toHaveLength(0)
  })

  it('whenAcknowledged() before commit is refused, because it would wait for ever', async () => {
    const { statement } = await lyingStatement({ holdUntilCommit: true })
    await statement.whenAcknowledged()
    await statement.exec({ n: 1 })
    await expect(statement.whenAcknowledged()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    const committing = statement.commit()
    await statement.whenAcknowledged(0)
    await committing
  })

  it('commit sends them all', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 10, holdUntilCommit: true })
    for (const n of range(55)) await statement.exec({ n })
    await expect(statement.flush()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    expect(await statement.commit()).toMatchObject({ rows: 55, blocks: 6 })
    expect(
      numbersOf(server.inserts)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(range(55))
  })

  it('holdBytesMax refuses the next row and leaves the statement usable', async () => {
    const { server, statement } = await lyingStatement({
      holdUntilCommit: true,
      blockSize: 100,
      blockBytes: 1000,
      holdBytesMax: 5000,
    })
    let accepted = 0
    const exec = () => statement.exec({ n: accepted, text: 'x'.repeat(90) })
    expect(() => {
      for (; ; accepted++) void exec()
    }).toThrow(expect.objectContaining({ code: 'HOLD_LIMIT' }))
    expect(accepted).toBeGreaterThan(30)
    expect(statement.stats.bytes).toBeLessThanOrEqual(5000)
    expect(exec).toThrow(expect.objectContaining({ code: 'HOLD_LIMIT' }))
    expect(await statement.commit()).toMatchObject({ rows: accepted })
    expect(numbersOf(server.inserts).flat()).toHaveLength(accepted)
  })

  it('rows held when the connection closes are not sent: their commit did not come', async () => {
    const { server, connection, statement } = await lyingStatement({ holdUntilCommit: true, blockSize: 2 })
    for (const n of range(5)) await statement.exec({ n })
    expect(await connection.close()).toEqual({ acknowledged: 0, rejected: 0, unknown: 0, unsent: 5, left: [] })
    expect(server.inserts).toHaveLength(0)
  })
})

describe('an AbortSignal', () => {
  it('during commit: rejects within a second, closes sockets, accounts for every row', async () => {
    const aborter = new AbortController()
    const { server, statement } = await lyingStatement({ signal: aborter.signal, blockSize: 10 }, () => ({
      hang: true,
    }))
    const idle = server.openCount
    for (const n of range(35)) void statement.exec({ n })
    const committing = statement.commit()
    await server.whenInserts(2)
    expect(server.openCount).toBeGreaterThan(idle)
    const before = performance.now()
    aborter.abort(new Error('shutting down'))
    const error = await failure(committing, DeliveryError)
    expect(performance.now() - before).toBeLessThan(1000)
    expect(error.code).toBe('ABORTED')
    expect((error.cause as Error).cause).toEqual(new Error('shutting down'))
    expect(error.blocks.map(({ rowCount, state }) => [rowCount, state])).toEqual([
      [10, 'unknown'],
      [10, 'unknown'],
      [10, 'sealed'],
      [5, 'sealed'],
    ])
    expect(error.message).toMatch(/15 sealed, 20 unknown/)
    await sleep(50)
    expect(server.openCount).toBe(idle)
    expect(statement.takeBlocks().map(({ state }) => state)).toEqual(['unknown', 'unknown', 'sealed', 'sealed'])
  })

  it('before prepare: refused', async () => {
    const { connection } = await lyingConnection()
    await expect(connection.prepare('events', { columns: COLUMNS, signal: AbortSignal.abort() })).rejects.toMatchObject(
      { code: 'ABORTED' },
    )
  })

  it('during prepare: refused', async () => {
    const { server, connection } = await lyingConnection()
    const controller = new AbortController()
    server.script({
      rows: (sql) => {
        if (sql.includes('system.tables')) return [{ engine: 'MergeTree', engine_full: '' }]
        if (!sql.includes('system.columns')) return undefined
        controller.abort()
        return [{ name: 'n', type: 'UInt32', default_kind: '', default_expression: '' }]
      },
    })
    await expect(connection.prepare('events', { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it('is let go of by a statement that failed', async () => {
    const controller = new AbortController()
    const { connection } = await lyingConnection(() => exceptionReply(60, 'UNKNOWN_TABLE', 'gone'))
    for (const _ of range(3)) {
      const statement = await connection.prepare('events', { columns: COLUMNS, signal: controller.signal })
      await statement.exec([1, ''])
      await failure(statement.commit(), DeliveryError)
      expect(statement.takeBlocks()).toHaveLength(1)
    }
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('while rows are staged: the next exec throws it, and takeBlocks() has the staged rows', async () => {
    const aborter = new AbortController()
    const { statement } = await lyingStatement({ signal: aborter.signal })
    await statement.exec({ n: 1 })
    aborter.abort()
    const thrown = (() => {
      try {
        return statement.exec({ n: 2 })
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toMatchObject({ code: 'ABORTED', stagedRows: 1 })
    expect(statement.takeBlocks()).toMatchObject([{ firstRow: 0, rowCount: 1, state: 'sealed' }])
  })

  it('after commit it means nothing any more', async () => {
    const aborter = new AbortController()
    const { statement } = await lyingStatement({ signal: aborter.signal })
    await statement.exec({ n: 1 })
    await statement.commit()
    aborter.abort()
    expect(statement.stats).toMatchObject({ acknowledged: 1 })
  })
})

describe('close()', () => {
  it('delivers what open statements hold and says where rows are', async () => {
    const { server, connection, statement } = await lyingStatement({ blockSize: 10 })
    const other = await connection.prepare('events', { columns: COLUMNS })
    for (const n of range(25)) await statement.exec({ n })
    await other.exec({ n: 100 })
    expect(await connection.close()).toEqual({ acknowledged: 26, rejected: 0, unknown: 0, unsent: 0, left: [] })
    expect(numbersOf(server.inserts).flat()).toHaveLength(26)
  })

  it('at its deadline attempts are cut, and takeBlocks() still has the rows', async () => {
    const lines: unknown[] = []
    const warn = (message: string, fields: unknown) => void (message === 'left' && lines.push(fields))
    const logger = { debug() {}, info() {}, warn, error() {} }
    const { connection, statement } = await lyingStatement({ blockSize: 10 }, () => ({ hang: true }), { logger })
    for (const n of range(35)) void statement.exec({ n })
    const before = performance.now()
    const summary = await connection.close({ deadline: 100 })
    expect(performance.now() - before).toBeLessThan(900)
    expect(summary).toMatchObject({ acknowledged: 0, rejected: 0, unknown: 20, unsent: 15 })
    const left = { table: '`default`.`events`', token: expect.stringMatching(/^[\da-f-]{36}:\d:/), rowCount: 10 }
    expect(summary.left).toMatchObject([
      { ...left, firstRow: 0, state: 'unknown' },
      { ...left, firstRow: 10, state: 'unknown' },
      { ...left, firstRow: 20, state: 'sealed' },
      { ...left, firstRow: 30, rowCount: 5, state: 'sealed' },
    ])
    expect(lines).toEqual(
      summary.left.map(({ table, token, firstRow, rowCount: rows, state }) => ({
        table,
        token,
        firstRow,
        rows,
        state,
      })),
    )
    expect(statement.takeBlocks().reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(35)
  })

  it('its deadline holds for queries and for deliver() too', async () => {
    const { server, connection, statement } = await lyingStatement({}, () =>
      exceptionReply(60, 'UNKNOWN_TABLE', 'gone'),
    )
    await statement.exec({ n: 1 })
    await failure(statement.commit(), DeliveryError)
    server.script({
      insert: () => ({ hang: true }),
      rows: (sql) => (sql === 'SELECT hang' ? { hang: true } : undefined),
    })
    const query = connection.query('SELECT hang').catch((error: unknown) => error)
    const delivery = connection.deliver(statement.takeBlocks(), { acceptDuplicates: true }).catch((e: unknown) => e)
    await server.whenInserts(2)
    const began = performance.now()
    await connection.close({ deadline: 50 })
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(await query).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(await delivery).toBeInstanceOf(DeliveryError)
    expect(server.openCount).toBe(0)
  })

  it('a second call may hurry the first: the earlier deadline holds for both', async () => {
    const { connection, statement } = await lyingStatement({}, () => ({ hang: true }))
    await statement.exec({ n: 1 })
    const first = connection.close()
    const began = performance.now()
    const second = connection.close({ deadline: 50 })
    void connection.close({ deadline: 5_000 })
    expect(await second).toMatchObject({ unknown: 1 })
    expect(await first).toEqual(await second)
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it('waits for a deliver() between two attempts, and ends its pause at the deadline', async () => {
    let isGone = true
    const { connection, statement } = await lyingStatement({}, () =>
      isGone ? exceptionReply(60, 'UNKNOWN_TABLE', 'gone') : exceptionReply(252, 'TOO_MANY_PARTS', 'wait'),
    )
    await statement.exec({ n: 1 })
    await failure(statement.commit(), DeliveryError)
    isGone = false
    const delivery = connection
      .deliver(statement.takeBlocks(), { retry: { minDelay: 60_000, maxDelay: 60_000 } })
      .catch((error: unknown) => error)
    await sleep(50)
    const began = performance.now()
    await connection.close({ deadline: 50 })
    expect(await delivery).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it('refuses a deadline that is none', async () => {
    const { connection } = await lyingConnection()
    await expect(connection.close({ deadline: -1 })).rejects.toMatchObject({ code: 'BAD_OPTION' })
  })
})

describe('execMany() and writable()', () => {
  it('a generator that throws: the error surfaces, rows before it are still there', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 2 })
    async function* rows() {
      yield* range(5).map((n) => ({ n }))
      throw new Error('source broke')
    }
    await expect(statement.execMany(rows())).rejects.toThrow('source broke')
    expect(statement.stats.accepted).toBe(5)
    expect(await statement.commit()).toMatchObject({ rows: 5 })
    expect(numbersOf(server.inserts).flat().sort()).toEqual(range(5))
  })

  it('a bad row among many: thrown with its index, rows before it stay', async () => {
    const { statement } = await lyingStatement()
    const error = await failure(statement.execMany([{ n: 0 }, { n: 1 }, { n: -1 }, { n: 3 }]), Error)
    expect(error).toMatchObject({ code: 'VALUE_OUT_OF_RANGE', row: 2 })
    expect(statement.stats.accepted).toBe(2)
    await statement.rollback()
  })

  it('the stream’s end waits for the rows; the statement is still to be committed', async () => {
    const { Readable } = await import('node:stream')
    const { pipeline } = await import('node:stream/promises')
    const { server, statement } = await lyingStatement({ blockSize: 7, maxPendingBlocks: 1 }, () => ({ delayMs: 1 }))
    await pipeline(Readable.from(range(1000).map((n) => ({ n }))), statement.writable())
    expect(statement.stats).toMatchObject({ accepted: 1000, acknowledged: 1000 })
    expect(await statement.commit()).toMatchObject({ rows: 1000 })
    expect(
      numbersOf(server.inserts)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(range(1000))
  })

  it('the stream honours back-pressure', async () => {
    const { wait, open } = gate()
    const { statement } = await lyingStatement({ blockSize: 10, maxPendingBlocks: 1 }, wait)
    const stream = statement.writable()
    let written = 0
    while (stream.write({ n: written }) && written < 10_000) written++
    await sleep(20)
    expect(statement.stats.accepted).toBeLessThanOrEqual(20)
    expect(written).toBeLessThan(500)
    open()
    await new Promise((resolve) => stream.end(resolve))
    expect(await statement.commit()).toMatchObject({ rows: written + 1 })
  })

  it('a bad row destroys the stream, not the statement; destroying it stops the rows', async () => {
    const { statement } = await lyingStatement()
    const stream = statement.writable()
    const broken = new Promise((resolve) => stream.once('error', resolve))
    stream.write({ n: 1 })
    stream.write({ n: -1 })
    stream.write({ n: 3 })
    expect(await broken).toMatchObject({ code: 'VALUE_OUT_OF_RANGE' })
    expect(stream.destroyed).toBe(true)
    const second = statement.writable()
    second.write({ n: 4 })
    second.destroy()
    expect(await statement.commit()).toMatchObject({ rows: 2 })
  })
})

describe('transactions', () => {
  it('commit in the order of prepare', async () => {
    const { server, connection } = await lyingConnection()
    const transaction = await connection.begin()
    const first = await transaction.prepare('a', { columns: COLUMNS })
    const second = await transaction.prepare('b', { columns: COLUMNS })
    await second.exec({ n: 2 })
    await first.exec({ n: 1 })
    expect((await transaction.commit()).map(({ rows }) => rows)).toEqual([1, 1])
    expect(server.inserts.map(({ sql }) => /`default`\.`(\w)`/.exec(sql)![1])).toEqual(['a', 'b'])
    await expect(transaction.commit()).rejects.toEqual(CLOSED)
    await expect(transaction.prepare('c', { columns: COLUMNS })).rejects.toEqual(CLOSED)
    expect(() => first.exec({ n: 3 })).toThrow(CLOSED)
  })

  it('rollback of all; disposing does it too', async () => {
    const { server, connection } = await lyingConnection()
    {
      await using transaction = await connection.begin()
      const statement = await transaction.prepare('a', { columns: COLUMNS })
      await statement.exec({ n: 1 })
      await transaction.prepare('b', { columns: COLUMNS })
      expect((await transaction.rollback()).map(({ droppedRows }) => droppedRows)).toEqual([1, 0])
    }
    {
      await using transaction = await connection.begin()
      const statement = await transaction.prepare('a', { columns: COLUMNS })
      await statement.exec({ n: 1 })
    }
    expect(server.inserts).toHaveLength(0)
  })

  it('a commit refused half-way can be repeated, and goes on where it was', async () => {
    const { server, connection } = await lyingConnection()
    const transaction = await connection.begin()
    const first = await transaction.prepare<{ n: number }>('events', { columns: COLUMNS })
    const second = await transaction.prepare<{ n: number }>('events', { columns: COLUMNS })
    await first.exec({ n: 1 })
    const { wait, open } = gate()
    const feeding = second.execMany(
      (async function* () {
        await wait()
        yield { n: 2 }
      })(),
    )
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'BUSY' })
    open()
    await feeding
    expect((await transaction.commit()).map(({ rows }) => rows)).toEqual([1, 1])
    expect(numbersOf(server.inserts)).toEqual([[1], [2]])
  })

  it('a statement whose prepare() ends after the transaction is refused, and not left behind', async () => {
    const { connection } = await lyingConnection()
    for (const end of ['commit', 'rollback'] as const) {
      const transaction = await connection.begin()
      const preparing = transaction.prepare('events', { columns: COLUMNS })
      await transaction[end]()
      await expect(preparing).rejects.toEqual(CLOSED)
    }
  })

  it('a commit that fails half-way: what was sent before is named by rollback()', async () => {
    const { connection } = await lyingConnection(({ sql }) =>
      sql.includes('`b`') ? { status: 500, body: 'Code: 60. DB::Exception: no. (UNKNOWN_TABLE)' } : undefined,
    )
    const transaction = await connection.begin()
    for (const table of ['a', 'b', 'c']) await (await transaction.prepare(table, { columns: COLUMNS })).exec({ n: 1 })
    await expect(transaction.commit()).rejects.toMatchObject({ serverCode: 60 })
    const summaries = await transaction.rollback()
    expect(summaries.map(({ droppedRows, blocks }) => [droppedRows, blocks.map(({ state }) => state)])).toEqual([
      [0, ['acknowledged']],
      [0, ['rejected']],
      [1, []],
    ])
  })
})

describe('the log', () => {
  it('begin, prepare, meta, flush, commit in this order; no row values, no credentials', async () => {
    const lines: [string, string, unknown][] = []
    const line = (level: string) => (message: string, fields?: unknown) => void lines.push([level, message, fields])
    const logger: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
    const { server } = await lyingConnection(({ index }) => (index === 0 ? { close: 'before' } : undefined))
    const { connect } = await import('../../src/index.ts')
    const url = server.url.replace('http://', 'http://writer:hunter2@')
    const connection = await connect({ url, logger, retry: { minDelay: 1 } })
    lines.length = 0
    const transaction = await connection.begin()
    const statement = await transaction.prepare('events', { columns: COLUMNS })
    await statement.exec({ n: 424242, text: 'somebody@example.org' })
    expect(() => statement.exec({ n: 1, text: 7 as unknown as string })).toThrow(/text/)
    await transaction.commit()
    await connection.close()
    expect(lines.map(([level, message]) => `${level} ${message}`)).toEqual([
      'debug begin',
      'debug prepare',
      'debug meta',
      'debug flush',
      'warn retry',
      'debug acknowledged',
      'debug commit',
      'debug close',
    ])
    expect(lines[2]![2]).toEqual({ table: '`default`.`events`', columns: ['n UInt32', 'text String'] })
    expect(lines[3]![2]).toMatchObject({ rows: 1, firstRow: 0 })
    const text = JSON.stringify(lines)
    for (const secret of ['424242', 'somebody', 'hunter2', 'writer']) expect(text).not.toContain(secret)
  })

  it('a statement without begin() begins by itself', async () => {
    const messages: string[] = []
    const line = (message: string) => void messages.push(message)
    const { connection } = await lyingConnection(undefined, {
      logger: { debug: line, info: line, warn: line, error: line },
    })
    const statement = await connection.prepare('events', { columns: COLUMNS })
    await statement.exec({ n: 1 })
    await statement.commit()
    expect(messages.filter((message) => message !== 'connect')).toEqual([
      'begin',
      'prepare',
      'meta',
      'flush',
      'acknowledged',
      'commit',
    ])
  })
})
