// Rows that the server refuses, and what becomes of those around them. The server here refuses a block as soon as one row of it is
// bad, and remembers every row of the others: what was sent, how often, and what is where. Real constraints are in
// reject-server.test.ts.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { decompress } from '../../src/block/frame.ts'
import {
  type Connection,
  DeliveryError,
  type RejectedRow,
  type SealedBlock,
  type Statement,
  type StatementOptions,
} from '../../src/index.ts'
import { REJECTED_MAX } from '../../src/statement/cutter.ts'
import { failure } from '../support/inserts.ts'
import { exceptionReply, type LyingServer, type RecordedRequest, type Reply } from '../support/lying-server.ts'
import { random } from '../support/random.ts'
import { COLUMNS, gate, lyingStatement, type NumberRow, range } from './lying.ts'

const VIOLATED = exceptionReply(
  469,
  'VIOLATED_CONSTRAINT',
  'Constraint `c` for table events is violated at row 1. Expression: (n > 0). Column values: n = 7',
)
const MERGE_TREE = {
  engine: 'MergeTree',
  engine_full: 'MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100',
  partition_key: '',
  dependencies_database: [],
  dependencies_table: [],
}

interface Poison {
  readonly server: LyingServer
  readonly connection: Connection
  readonly statement: Statement<NumberRow>
  /** Numbers of the blocks that were taken. */
  readonly stored: number[]
  readonly rejected: RejectedRow[]
}

interface PoisonOptions extends StatementOptions {
  isBad?: (n: number) => boolean
  table?: Record<string, unknown> | Reply
  /** Before all else. */
  reply?: (request: RecordedRequest, numbers: number[]) => Reply | undefined | Promise<Reply | undefined>
}

async function poison({ isBad = () => false, table = MERGE_TREE, reply, ...options }: PoisonOptions): Promise<Poison> {
  const stored: number[] = []
  const rejected: RejectedRow[] = []
  const insert = async (request: RecordedRequest) => {
    const numbers = numbersIn({ bytes: request.body, compressed: request.params.decompress === '1' })
    const first = await reply?.(request, numbers)
    if (first !== undefined) return first
    if (numbers.some(isBad)) return VIOLATED
    stored.push(...numbers)
    return undefined
  }
  const { server, connection, statement } = await lyingStatement({
    onReject: (row) => void rejected.push(row),
    blockSize: 1000,
    flushInterval: 0,
    ...options,
  })
  const rows = (sql: string) =>
    sql.includes('system.tables')
      ? 'body' in table
        ? (table as Reply)
        : [table as Record<string, unknown>]
      : undefined
  server.script({ insert, rows })
  return { server, connection, statement, stored, rejected }
}

function numbersIn(block: Pick<SealedBlock, 'bytes' | 'compressed'>): number[] {
  const bytes = block.compressed ? decompress(block.bytes) : block.bytes
  return decodeBlocks(bytes).flatMap(({ rows }) => rows.map(([n]) => Number(n)))
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
const rowOf = (n: number) => ({ n, text: `row ${n}` })

async function execAll(statement: Statement<NumberRow>, rowCount: number): Promise<void> {
  for (const n of range(rowCount)) await statement.exec(rowOf(n))
}

function assertSum(statement: Statement<NumberRow>): void {
  const { accepted, staged, sealed, sent, acknowledged, rejected, unknown } = statement.stats
  expect(staged + sealed + sent + acknowledged + rejected + unknown).toBe(accepted)
}

describe('rows that the server refuses stand alone in the end', () => {
  it.each([
    ['none', []],
    ['the first', [0]],
    ['the last', [999]],
    ['the last of the first half', [499]],
    ['the first of the second half', [500]],
    ['both ends', [0, 999]],
    ['neighbours', [300, 301, 302]],
    ['some', [7, 77, 444, 512, 777, 998]],
  ])('%s', async (_, bad) => {
    const { server, statement, stored, rejected } = await poison({ isBad: (n) => bad.includes(n) })
    await execAll(statement, 1000)
    const summary = await statement.commit()
    expect(sorted(stored)).toEqual(range(1000).filter((n) => !bad.includes(n)))
    expect(rejected.toSorted((a, b) => a.rowIndex - b.rowIndex)).toEqual(
      bad.map((n) => ({
        rowIndex: n,
        row: rowOf(n),
        table: '`default`.`events`',
        token: expect.stringMatching(new RegExp(`^[^/]+/${n}-${n + 1}$`)),
        serverCode: 469,
        serverName: 'VIOLATED_CONSTRAINT',
        reason: expect.stringContaining('Constraint `c` for table events is violated'),
      })),
    )
    expect(summary).toMatchObject({ rows: 1000 - bad.length, rejected: bad.length })
    expect(summary.tokens).toHaveLength(summary.blocks)
    expect(server.inserts.length).toBeLessThanOrEqual(1 + 2 * bad.length * Math.ceil(Math.log2(1000)))
    assertSum(statement)
  })

  const { seed, below } = random('SLUICE_SEED')
  it(`random ones, in blocks of random sizes, compressed or not (SLUICE_SEED=${seed})`, async () => {
    for (let round = 0; round < 25; round++) {
      const rowCount = 1 + below(2000)
      const blockSize = 1 + below(700)
      const bad = new Set(Array.from({ length: below(12) }, () => below(rowCount)))
      const { server, statement, stored, rejected } = await poison({
        isBad: (n) => bad.has(n),
        blockSize,
        compression: below(2) ? 'lz4' : 'none',
        worker: below(2) === 0,
      })
      statement.on('block', () => assertSum(statement)).on('reject', () => assertSum(statement))
      await execAll(statement, rowCount)
      const { rows, bytes, blocks, tokens, rejected: rejectedCount } = await statement.commit()
      const told = `round ${round}, SLUICE_SEED=${seed}`
      expect(sorted(stored), told).toEqual(range(rowCount).filter((n) => !bad.has(n)))
      expect(
        rejected.map(({ row }) => row.n),
        told,
      ).toEqual(rejected.map(({ rowIndex }) => rowIndex))
      expect(sorted(rejected.map(({ rowIndex }) => rowIndex)), told).toEqual(sorted([...bad]))
      expect({ rows, rejectedCount, tokens: tokens.length }, told).toEqual({
        rows: rowCount - bad.size,
        rejectedCount: bad.size,
        tokens: blocks,
      })
      const halvings = Math.ceil(Math.log2(Math.min(blockSize, rowCount)))
      expect(server.inserts.length, told).toBeLessThanOrEqual(Math.ceil(rowCount / blockSize) + 2 * bad.size * halvings)
      expect(statement.stats, told).toMatchObject({ bytes, blocks, acknowledged: rows, rejected: bad.size })
      const distinct = new Set(server.inserts.map(({ params }) => params.insert_deduplication_token))
      expect(distinct.size, told).toBe(server.inserts.length)
    }
  })

  it('pieces of a compressed block are compressed', async () => {
    const { server, statement } = await poison({ isBad: (n) => n === 3, compression: 'lz4' })
    await execAll(statement, 1000)
    await statement.commit()
    expect(server.inserts.every(({ params }) => params.decompress === '1')).toBe(true)
    expect(server.inserts.length).toBeGreaterThan(10)
  })

  it('every piece has the settings of its block, and a token that follows from it', async () => {
    const { server, statement } = await poison({ isBad: (n) => n === 0, blockSize: 5 })
    await execAll(statement, 5)
    await statement.commit()
    const [whole, ...pieces] = server.inserts.map(({ params }) => params)
    const { insert_deduplication_token: token, query_id: _, ...settings } = whole!
    expect(pieces.map((params) => params.insert_deduplication_token).toSorted()).toEqual(
      ['0-1', '0-2', '0-3', '1-2', '2-3', '3-5'].map((rows) => `${token}/${rows}`),
    )
    for (const { insert_deduplication_token: own, query_id, ...params } of pieces) {
      expect(params).toEqual(settings)
      expect(query_id).toBe(`${own}:1`)
    }
  })

  it('blocks behind and before go their way', async () => {
    const { statement, stored } = await poison({ isBad: (n) => n === 250, blockSize: 100 })
    const acknowledged: number[] = []
    statement.on('block', ({ state, firstRow, rowCount }) => {
      if (state === 'acknowledged') acknowledged.push(...range(firstRow + rowCount, firstRow))
    })
    await execAll(statement, 1000)
    await statement.commit()
    expect(sorted(acknowledged)).toEqual(sorted(stored))
  })
})

describe('a rejected row is done', () => {
  it('whenAcknowledged() and flush() do not wait for it', async () => {
    const { statement } = await poison({ isBad: (n) => n === 9, blockSize: 10 })
    await execAll(statement, 10)
    await statement.whenAcknowledged(9)
    await statement.flush()
    expect(statement.stats).toMatchObject({ acknowledged: 9, rejected: 1, sent: 0 })
    await statement.exec(rowOf(10))
    await statement.commit()
  })

  it('when the promise of onReject is fulfilled, not before', async () => {
    const { wait, open } = gate()
    const { statement } = await poison({ isBad: (n) => n === 4, blockSize: 5, onReject: () => wait().then(() => {}) })
    await execAll(statement, 5)
    let isDone = false
    const waiting = statement.whenAcknowledged(4).then(() => {
      isDone = true
    })
    await statement.whenAcknowledged(3)
    await sleep(30)
    expect(isDone).toBe(false)
    assertSum(statement)
    open()
    await waiting
    await statement.commit()
  })

  it('the event says why, before `block`', async () => {
    const { statement } = await poison({ isBad: (n) => n === 2, blockSize: 3 })
    const told: unknown[] = []
    statement.on('reject', (event) => told.push(event)).on('block', ({ state }) => told.push(state))
    await execAll(statement, 3)
    await statement.commit()
    expect(told).toContainEqual({
      token: expect.stringMatching(/\/2-3$/),
      firstRow: 2,
      rowEnd: 3,
      host: expect.stringMatching(/^127\.0\.0\.1:/),
      rowCount: 1,
      bytes: expect.any(Number),
      state: 'rejected',
      attempts: 1,
      serverCode: 469,
      serverName: 'VIOLATED_CONSTRAINT',
      reason: expect.stringContaining('Constraint `c`'),
    })
    expect(JSON.stringify(told)).not.toContain('row 2')
    expect(told.filter((one) => typeof one === 'object')).toHaveLength(1)
    expect(told.indexOf('rejected')).toBe(told.findIndex((one) => typeof one === 'object') + 1)
  })

  it('onReject may give the row again, mended', async () => {
    const isBad = (n: number) => n % 50 === 3 && n < 1000
    const made: Poison = await poison({
      isBad,
      blockSize: 100,
      onReject: ({ row }) => {
        made.statement.exec({ ...row, n: Number(row.n) + 10_000 })
      },
    })
    const { statement, stored } = made
    await execAll(statement, 400)
    await statement.flush()
    await statement.commit()
    expect(sorted(stored)).toEqual(sorted(range(400).map((n) => (isBad(n) ? n + 10_000 : n))))
  })

  it('on the channels every block and piece is settled once: what was cut as recut, its rows as rejected', async () => {
    const heard: { token: string; state?: string }[] = []
    const note = (message: unknown) => void heard.push(message as { token: string; state?: string })
    const names = ['sluice:block:sealed', 'sluice:block:settled']
    for (const name of names) subscribe(name, note)
    const { statement } = await poison({ isBad: (n) => n === 0, blockSize: 5 })
    await execAll(statement, 5)
    await statement.commit()
    for (const name of names) unsubscribe(name, note)
    const ends = heard.filter(({ state }) => state !== undefined)
    const tokens = heard.filter(({ state }) => state === undefined).map(({ token }) => token)
    expect(ends.map(({ token }) => token).toSorted()).toEqual(tokens.toSorted())
    expect(ends.map(({ state, token }) => `${token.split('/')[1] ?? 'whole'} ${state}`).toSorted()).toEqual([
      '0-1 rejected',
      '0-2 recut',
      '0-3 recut',
      '1-2 acknowledged',
      '2-3 acknowledged',
      '3-5 acknowledged',
      'whole recut',
    ])
  })

  it('with holdUntilCommit, and with one pending block', async () => {
    for (const options of [{ holdUntilCommit: true }, { maxPendingBlocks: 1 }]) {
      const { statement, stored, rejected } = await poison({ isBad: (n) => n === 55, blockSize: 20, ...options })
      await execAll(statement, 100)
      expect(await statement.commit()).toMatchObject({ rows: 99, rejected: 1 })
      expect(stored).toHaveLength(99)
      expect(rejected).toHaveLength(1)
    }
  })

  it('close() counts it', async () => {
    const { connection, statement } = await poison({ isBad: (n) => n === 5, blockSize: 10 })
    await execAll(statement, 10)
    expect(await connection.close()).toEqual({ acknowledged: 9, rejected: 1, unknown: 0, unsent: 0, left: [] })
  })
})

describe('where all rows are bad', () => {
  it(`${REJECTED_MAX} of a block are handed over, then the statement fails with advice, and the rest is there`, async () => {
    const { server, statement, rejected } = await poison({ isBad: () => true, blockSize: 65_536 })
    for (const n of range(65_536)) await statement.exec({ n })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.message).toContain(`${REJECTED_MAX} of its rows were refused one by one, and there are more`)
    expect(error).toMatchObject({ serverCode: 469 })
    expect(rejected).toHaveLength(REJECTED_MAX)
    expect(server.inserts.length).toBeLessThan(2 * REJECTED_MAX + 2 * 16 + 2)
    const handedOver = new Set(rejected.map(({ rowIndex }) => rowIndex))
    expect(handedOver.size).toBe(REJECTED_MAX)
    const left = statement.takeBlocks()
    expect(sorted(left.flatMap(numbersIn))).toEqual(range(65_536).filter((n) => !handedOver.has(n)))
    expect(left.every(({ state }) => state === 'rejected' || state === 'sealed')).toBe(true)
    expect(statement.stats.rejected + statement.stats.sealed).toBe(65_536)
  })

  it(`a block of ${REJECTED_MAX} is handed over whole`, async () => {
    const { statement, rejected } = await poison({ isBad: () => true, blockSize: REJECTED_MAX })
    await execAll(statement, REJECTED_MAX)
    expect(await statement.commit()).toMatchObject({ rows: 0, blocks: 0, tokens: [], rejected: REJECTED_MAX })
    expect(sorted(rejected.map(({ rowIndex }) => rowIndex))).toEqual(range(REJECTED_MAX))
  })

  it('the limit is one of a block, not of the statement', async () => {
    const { statement, rejected } = await poison({ isBad: (n) => n % 2 === 0, blockSize: REJECTED_MAX })
    await execAll(statement, 5 * REJECTED_MAX)
    expect(await statement.commit()).toMatchObject({ rejected: 2.5 * REJECTED_MAX })
    expect(rejected).toHaveLength(2.5 * REJECTED_MAX)
  })
})

describe('an onReject that fails', () => {
  const fault = new TypeError('no room in the dead letter queue')
  it.each([
    [
      'throws',
      () => {
        throw fault
      },
    ],
    ['is rejected', () => Promise.reject(fault)],
  ])('%s: the statement fails with it, and the row is in takeBlocks()', async (_, onReject) => {
    const { connection, server, statement, stored } = await poison({ isBad: (n) => n === 6, blockSize: 10, onReject })
    await execAll(statement, 10)
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.cause).toBe(fault)
    expect(error.message).toContain('was refused, and onReject failed: TypeError')
    const left = statement.takeBlocks()
    expect(left.flatMap(numbersIn)).toContain(6)
    expect(sorted([...stored, ...left.flatMap(numbersIn)])).toEqual(range(10))
    // Once the table takes it, all are there.
    server.script({ insert: ({ body }) => void stored.push(...numbersIn({ bytes: body, compressed: false })) })
    await connection.deliver(left)
    expect(sorted(stored)).toEqual(range(10))
  })
})

describe('a failure while a block is cut', () => {
  it('leaves pieces, not the block; deliver() takes them', async () => {
    let pieces = 0
    const { connection, server, statement, stored, rejected } = await poison({
      isBad: (n) => n === 700,
      reply: () => (pieces++ === 5 ? exceptionReply(60, 'UNKNOWN_TABLE', 'gone', 404) : undefined),
    })
    await execAll(statement, 1000)
    const error = await failure(statement.commit(), DeliveryError)
    expect(error).toMatchObject({ serverCode: 60 })
    assertSum(statement)
    const left = statement.takeBlocks()
    expect(left.length).toBeGreaterThan(1)
    expect(left.every(({ token }) => token.includes('/'))).toBe(true)
    const given = rejected.map(({ rowIndex }) => rowIndex)
    expect(sorted([...stored, ...given, ...left.flatMap(numbersIn)])).toEqual(range(1000))
    server.script({ insert: ({ body }) => void stored.push(...numbersIn({ bytes: body, compressed: false })) })
    await connection.deliver(left)
    expect(sorted([...stored, ...given])).toEqual(range(1000))
  })

  it('an abort while onReject has the row: the row is in takeBlocks(), or the caller’s, and never lost', async () => {
    const { wait, open } = gate()
    const aborter = new AbortController()
    const asked = gate()
    const { statement, stored } = await poison({
      isBad: (n) => n === 0,
      blockSize: 8,
      signal: aborter.signal,
      onReject: () => {
        asked.open()
        return wait().then(() => {})
      },
    })
    await execAll(statement, 8)
    const committing = failure(statement.commit(), DeliveryError)
    await asked.wait()
    aborter.abort()
    await sleep(20)
    open()
    expect(await committing).toMatchObject({ code: 'ABORTED' })
    assertSum(statement)
    const left = statement.takeBlocks().flatMap(numbersIn)
    expect(left).not.toContain(0)
    expect(sorted([...new Set([...stored, ...left])])).toEqual(range(8, 1)) // an answer may have been cut
  })

  it('rollback() waits for onReject', async () => {
    const { wait, open } = gate()
    const asked = gate()
    const { statement, stored } = await poison({
      isBad: (n) => n === 0,
      blockSize: 8,
      onReject: () => {
        asked.open()
        return wait().then(() => {})
      },
    })
    await execAll(statement, 8)
    await asked.wait()
    const undone = statement.rollback()
    open()
    const { droppedRows } = await undone
    expect(droppedRows + stored.length + 1).toBe(8)
    expect(statement.stats).toMatchObject({ rejected: 1, sealed: 0 })
    assertSum(statement)
  })
})

describe('a block is not cut', () => {
  async function notCut(
    options: PoisonOptions,
  ): Promise<{ error: DeliveryError; made: Poison; blocks: SealedBlock[] }> {
    const made = await poison({ isBad: (n) => n === 5, blockSize: 10, ...options })
    await execAll(made.statement, 10)
    const error = await failure(made.statement.commit(), DeliveryError)
    expect(made.rejected).toEqual([])
    assertSum(made.statement)
    return { error, made, blocks: made.statement.takeBlocks() }
  }

  it.each<[string, Record<string, unknown> | Reply, RegExp]>([
    ['several partitions', { ...MERGE_TREE, partition_key: 'toYYYYMM(at)' }, /partitioned by toYYYYMM\(at\)/],
    ['a materialized view', { ...MERGE_TREE, dependencies_table: ['mv'] }, /has materialized views \(mv\)/],
    ['other shards', { ...MERGE_TREE, engine: 'Distributed' }, /is a Distributed table/],
    ['who knows', exceptionReply(497, 'ACCESS_DENIED', 'Not enough privileges', 403), /may not be read \(497\)/],
    ['who knows', { hang: false, close: 'before', body: '' } as Reply, /could not be read/],
  ])('where some of it may be stored (%s): it is unknown, and the error says why', async (_, table, why) => {
    const { error, made, blocks } = await notCut({ table })
    expect(error.message).toMatch(why)
    expect(error.message).toContain('Some of it may be stored: ')
    expect(error).toMatchObject({ serverCode: 469, blocks: [{ state: 'unknown', attempts: 1 }] })
    expect(blocks).toMatchObject([{ state: 'unknown', rowCount: 10 }])
    expect(made.server.inserts).toHaveLength(1)
    expect(made.statement.stats).toMatchObject({ unknown: 10, rejected: 0 })
  })

  it('a row alone lies in one partition', async () => {
    const { statement, rejected } = await poison({
      isBad: () => true,
      blockSize: 1,
      table: { ...MERGE_TREE, partition_key: 'p' },
    })
    await execAll(statement, 3)
    expect(await statement.commit()).toMatchObject({ rows: 0, rejected: 3 })
    expect(rejected).toHaveLength(3)
  })

  it('when one of its answers was lost: it may be stored', async () => {
    let attempts = 0
    const reply = () => (attempts++ === 0 ? ({ close: 'before' } as const) : undefined)
    const { error, made } = await notCut({ reply })
    expect(error.blocks).toMatchObject([{ state: 'unknown', attempts: 2 }])
    expect(made.server.inserts).toHaveLength(2)
  })

  it.each([
    ['an unknown table', exceptionReply(60, 'UNKNOWN_TABLE', 'gone', 404)],
    ['access', exceptionReply(497, 'ACCESS_DENIED', 'no', 403)],
    ['another type', exceptionReply(53, 'TYPE_MISMATCH', 'no')],
    ['a column that is gone', exceptionReply(16, 'NO_SUCH_COLUMN_IN_TABLE', 'no')],
    [
      'too many partitions',
      exceptionReply(252, 'TOO_MANY_PARTS', 'Too many partitions for single INSERT block (more than 100)'),
    ],
    ['a defect', exceptionReply(49, 'LOGICAL_ERROR', 'no')],
  ])('for what is not about rows: %s', async (_, reply) => {
    const { made } = await notCut({ reply: () => reply })
    expect(made.server.inserts).toHaveLength(1)
  })

  it('without onReject', async () => {
    const { error, made, blocks } = await notCut({ onReject: undefined })
    expect(error).toMatchObject({ serverCode: 469, blocks: [{ state: 'rejected' }] })
    expect(made.server.inserts).toHaveLength(1)
    expect(blocks).toHaveLength(1)
  })
})

it('a piece whose answer is lost comes again under its token', async () => {
  const isPiece = (numbers: number[]) => numbers[0] === 8 && numbers.length === 8
  const { server, statement, stored, rejected } = await poison({
    isBad: (n) => n === 3,
    blockSize: 16,
    reply: (_, numbers) => {
      if (!isPiece(numbers)) return undefined
      if (stored.includes(8)) return {} // it is recognised
      stored.push(...numbers)
      return { close: 'before' }
    },
  })
  await execAll(statement, 16)
  await statement.commit()
  expect(rejected).toHaveLength(1)
  expect(sorted(stored)).toEqual(range(16).filter((n) => n !== 3))
  const again = server.inserts.filter(({ params }) => params.insert_deduplication_token!.endsWith('/8-16'))
  expect(again.map(({ params }) => params.query_id!.split(':').at(-1))).toEqual(['1', '2'])
  expect(again[0]!.body.equals(again[1]!.body)).toBe(true)
})

it('onReject must be a function', async () => {
  await expect(lyingStatement({ columns: COLUMNS, onReject: true as never })).rejects.toMatchObject({
    code: 'BAD_OPTION',
  })
})
