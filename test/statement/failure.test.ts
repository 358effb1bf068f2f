import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { connect, DeliveryError, type SealedBlock, ServerError, type Statement } from '../../src/index.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { failure } from '../support/inserts.ts'
import { exceptionReply, type RecordedRequest } from '../support/lying-server.ts'
import { COLUMNS, gate, lyingConnection, lyingStatement, type NumberRow, numbersOf, range } from './lying.ts'

const PARSE_ERROR = exceptionReply(
  27,
  'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
  "Cannot parse input near 'somebody@example.org'",
  400,
)
const MEMORY = exceptionReply(241, 'MEMORY_LIMIT_EXCEEDED', 'Memory limit exceeded')

/** Calls exec until it throws what happened in the background. */
async function execUntilFailure(statement: Statement<NumberRow>): Promise<unknown> {
  for (let n = 0; ; n++) {
    try {
      await statement.exec({ n })
    } catch (error) {
      return error
    }
    await sleep(1)
  }
}

describe('a block that fails for good', () => {
  it('is thrown by the next exec with code, name, query id and the rows of every block', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 10 }, ({ index }) =>
      index === 1 ? PARSE_ERROR : undefined,
    )
    const error = (await execUntilFailure(statement)) as DeliveryError
    expect(error).toBeInstanceOf(DeliveryError)
    const rejected = error.blocks.find(({ state }) => state === 'rejected')!
    expect(error).toMatchObject({
      code: 'DELIVERY_FAILED',
      serverCode: 27,
      serverName: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
      queryId: `${rejected.token}:1`,
      cause: expect.any(ServerError),
    })
    expect(rejected).toMatchObject({ rowCount: 10, attempts: 1 })
    expect(error.message).toContain(`rows ${rejected.firstRow}..${rejected.firstRow + 9}`)
    expect(error.message).not.toContain('somebody')
    expect(server.inserts.filter(({ params }) => params.insert_deduplication_token === rejected.token)).toHaveLength(1)
    await statement.rollback()
  })

  it('leaves takeBlocks() and rollback() legal, and nothing else', async () => {
    const { statement } = await lyingStatement({}, () => PARSE_ERROR)
    const rejected: unknown[] = []
    statement.on('reject', (report) => rejected.push(report))
    await statement.exec({ n: 1 })
    await expect(statement.commit()).rejects.toBeInstanceOf(DeliveryError)
    expect(() => statement.exec({ n: 2 })).toThrow(
      expect.objectContaining({ code: 'STATEMENT_FAILED', cause: expect.any(DeliveryError) }),
    )
    for (const call of [statement.flush(), statement.commit(), statement.execMany([{ n: 1 }])]) {
      await expect(call).rejects.toMatchObject({ code: 'STATEMENT_FAILED' })
    }
    await expect(statement.whenAcknowledged(0)).rejects.toBeInstanceOf(DeliveryError)
    expect(statement.stats).toMatchObject({ accepted: 1, rejected: 1 })
    expect(rejected).toEqual([expect.objectContaining({ state: 'rejected', rowCount: 1 })])
    expect(await statement.rollback()).toMatchObject({ droppedRows: 0, blocks: [{ state: 'rejected' }] })
    await expect(statement.rollback()).rejects.toMatchObject({ code: 'STATEMENT_CLOSED' })
  })

  it('is no unhandled rejection, though nobody awaits anything', async () => {
    const { statement } = await lyingStatement({ blockSize: 2, maxPendingBlocks: 1 }, () => PARSE_ERROR)
    void statement.exec({ n: 1 })
    void statement.exec({ n: 2 })
    void statement.whenAcknowledged(0)
    void statement.flush()
    void statement.execMany(range(10).map((n) => ({ n })))
    await sleep(100)
    void statement.commit()
    void statement.commit()
    await sleep(20)
    await statement.rollback() // the afterAll of lying.ts finds what was unhandled
  })

  it('leaves rows before it acknowledged, and says so', async () => {
    const { statement } = await lyingStatement({ blockSize: 5 }, ({ index }) => (index === 1 ? PARSE_ERROR : undefined))
    for (const n of range(5)) await statement.exec({ n })
    await statement.whenAcknowledged()
    for (const n of range(5)) await statement.exec({ n })
    await expect(statement.flush()).rejects.toBeInstanceOf(DeliveryError)
    await statement.whenAcknowledged(4)
    await expect(statement.whenAcknowledged(5)).rejects.toBeInstanceOf(DeliveryError)
  })

  it('an execMany() that comes back to a full statement throws it, too', async () => {
    const { wait, open } = gate()
    const { statement } = await lyingStatement({ blockSize: 1, maxPendingBlocks: 1 }, async () => {
      await wait()
      return PARSE_ERROR
    })
    const source = gate()
    const feeding = statement.execMany(
      (async function* () {
        await source.wait()
        yield { n: 3 }
      })(),
    )
    void statement.exec({ n: 1 })
    const waiting = statement.exec({ n: 2 })!
    open()
    await failure(waiting, DeliveryError)
    source.open()
    expect((await failure(feeding, DeliveryError)).code).toBe('DELIVERY_FAILED')
  })

  it('a waiting exec is rejected with it, and its row is accounted for', async () => {
    const { wait, open } = gate()
    const { statement } = await lyingStatement({ blockSize: 2, maxPendingBlocks: 1 }, () =>
      wait().then(() => PARSE_ERROR),
    )
    void statement.exec({ n: 1 })
    const pause = statement.exec({ n: 2 })
    void statement.exec({ n: 3 })
    open()
    await expect(pause).rejects.toBeInstanceOf(DeliveryError)
    expect(statement.takeBlocks().map(({ firstRow, rowCount, state }) => [firstRow, rowCount, state])).toEqual([
      [0, 2, 'rejected'],
      [2, 1, 'sealed'],
    ])
  })
})

describe('241 at commit', () => {
  it('is repeated until the deadline, and the error carries it', async () => {
    const { server, statement } = await lyingStatement({ retry: { deadline: 200 } }, () => MEMORY)
    await statement.exec({ n: 1 })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', serverCode: 241, serverName: 'MEMORY_LIMIT_EXCEEDED' })
    expect(error.queryId).toBe(`${error.blocks[0]!.token}:${server.inserts.length}`)
    expect(error.blocks).toMatchObject([{ firstRow: 0, rowCount: 1, attempts: server.inserts.length }])
    expect(server.inserts.length).toBeGreaterThan(3)
  })
})

describe('a 200 that is no success', () => {
  it('with a definite code: rejected, one attempt', async () => {
    const { server, statement } = await lyingStatement({}, () =>
      exceptionReply(53, 'TYPE_MISMATCH', 'Type mismatch', 200),
    )
    await statement.exec({ n: 1 })
    expect((await failure(statement.commit(), DeliveryError)).blocks).toMatchObject([{ state: 'rejected' }])
    expect(server.inserts).toHaveLength(1)
  })
  it('with any other: repeated under its token, and unknown at the deadline', async () => {
    const { server, statement } = await lyingStatement({ retry: { deadline: 500 } }, () =>
      exceptionReply(210, 'NETWORK_ERROR', 'reset', 200),
    )
    await statement.exec({ n: 1 })
    expect((await failure(statement.commit(), DeliveryError)).blocks).toMatchObject([{ state: 'unknown' }])
    expect(new Set(server.inserts.map(({ params }) => params.insert_deduplication_token)).size).toBe(1)
    expect(server.inserts.length).toBeGreaterThan(1)
  })
})

describe('lost answers', () => {
  for (const close of ['before', 'inside'] as const) {
    it(`cut ${close} the answer: repeated, then acknowledged`, async () => {
      const { server, statement } = await lyingStatement({}, ({ index }) =>
        index < 2 ? { close, body: 'x'.repeat(100) } : undefined,
      )
      await statement.exec({ n: 1 })
      expect(await statement.commit()).toMatchObject({ rows: 1, retries: 2 })
      expect(numbersOf(server.inserts)).toEqual([[1], [1], [1]])
    })
  }

  it('a black hole: attemptTimeout and deadline hold, and the block is unknown', async () => {
    const { server, statement } = await lyingStatement({ retry: { attemptTimeout: 100, deadline: 350 } }, () => ({
      hang: true,
    }))
    await statement.exec({ n: 1 })
    const before = performance.now()
    const error = await failure(statement.commit(), DeliveryError)
    expect(performance.now() - before).toBeLessThan(800)
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', blocks: [{ state: 'unknown' }] })
    expect(server.inserts.length).toBeGreaterThan(1)
  })
})

describe('a server that is down', () => {
  it('for a while: commit succeeds after back-off', async () => {
    const { server } = await lyingConnection()
    const proxy = await startFaultProxy(server.url)
    const connection = await connect({ url: proxy.url, retry: { maxDelay: 100 } })
    const statement = await connection.prepare<NumberRow>('events', { columns: COLUMNS })
    await proxy.down()
    proxy.cutAll()
    await statement.exec({ n: 1 })
    setTimeout(() => void proxy.up(), 700)
    const summary = await statement.commit()
    expect(summary).toMatchObject({ rows: 1, blocks: 1 })
    expect(summary.retries).toBeGreaterThan(3)
    await connection.close()
    await proxy.close()
  })

  it('of deliver(): its hint is about the blocks in the caller’s hands; the good ones are delivered without the bad one', async () => {
    const isBad = ({ body }: RecordedRequest) =>
      numbersOf([{ body } as RecordedRequest])
        .flat()
        .includes(3)
    const { server, connection, statement } = await lyingStatement(
      { blockSize: 2, holdUntilCommit: true },
      (request) => (isBad(request) ? exceptionReply(469, 'VIOLATED_CONSTRAINT', 'no') : undefined),
    )
    for (const n of range(8)) statement.exec({ n })
    await failure(statement.commit(), DeliveryError)
    const blocks = statement.takeBlocks()
    const error = await failure(connection.deliver(blocks, { retry: { attempts: 1 } }), DeliveryError)
    expect(error).toMatchObject({ code: 'DELIVERY_FAILED', serverCode: 469 })
    expect(error.hint).toMatch(/^deliver\(\) stops at a rejected block/)
    expect(error.message).not.toContain('takeBlocks()')
    expect(error.message.split('hint:')).toHaveLength(2)
    await connection.deliver(blocks.filter(({ state }) => state !== 'rejected'))
    expect(blocks.filter(({ state }) => state !== 'acknowledged')).toMatchObject([{ state: 'rejected', firstRow: 2 }])
    const good = server.inserts.filter((request) => !isBad(request))
    expect(numbersOf(good).flat().sort()).toEqual([0, 1, 4, 5, 6, 7])
  })

  it('for good: every block’s state is listed, and another connection delivers what is left', async () => {
    const { server, connection } = await lyingConnection()
    const proxy = await startFaultProxy(server.url)
    const lost = await connect({ url: proxy.url, retry: { deadline: 300, maxDelay: 20 } })
    const statement = await lost.prepare<NumberRow>('events', { columns: COLUMNS, blockSize: 10 })
    for (const n of range(10)) await statement.exec({ n })
    await statement.flush()
    await proxy.down()
    proxy.cutAll()
    for (const n of range(25, 10)) await statement.exec({ n })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.code).toBe('DEADLINE_EXCEEDED')
    expect(error.blocks.map(({ firstRow, rowCount, state }) => [firstRow, rowCount, state])).toEqual([
      [0, 10, 'acknowledged'],
      [10, 10, 'sealed'],
      [20, 5, 'sealed'],
    ])
    const blocks = statement.takeBlocks()
    expect(blocks.map(({ token }) => token)).toEqual(error.blocks.slice(1).map(({ token }) => token))
    const summary = await connection.deliver(blocks)
    expect(summary).toMatchObject({ rows: 15, blocks: 2, retries: 0, tokens: blocks.map(({ token }) => token) })
    expect(blocks.map(({ state }) => state)).toEqual(['acknowledged', 'acknowledged'])
    expect(
      numbersOf(server.inserts)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(range(25))
    // Once more sends nothing: the blocks know.
    expect(await connection.deliver(blocks)).toMatchObject({ rows: 0, blocks: 0 })
    expect(server.inserts).toHaveLength(3)
    await statement.rollback()
    await lost.close()
    await proxy.close()
  })

  it('a block that may have arrived needs a table that recognises it, or the caller’s word', async () => {
    const { server, statement } = await lyingStatement({ retry: { attempts: 1 } }, ({ index }) =>
      index === 0 ? { close: 'before' } : undefined,
    )
    await statement.exec({ n: 1 })
    expect((await failure(statement.commit(), DeliveryError)).blocks).toMatchObject([{ state: 'unknown' }])
    const blocks = statement.takeBlocks()
    const connection = await connect(server.url)
    const table = (definition: string) => ({
      rows: (sql: string) =>
        /system\.tables/.test(sql)
          ? [{ engine: 'MergeTree', engine_full: `MergeTree ORDER BY n ${definition}` }]
          : undefined,
    })
    server.script(table(''))
    await expect(connection.deliver(blocks)).rejects.toMatchObject({
      code: 'CANNOT_HOLD_PROMISE',
      message: expect.stringMatching(/acceptDuplicates: true/),
    })
    expect(server.inserts).toHaveLength(1)
    server.script(table('SETTINGS non_replicated_deduplication_window = 100'))
    expect(await connection.deliver(blocks)).toMatchObject({ rows: 1 })
    expect(server.inserts[1]!.params).toEqual({ ...server.inserts[0]!.params, query_id: `${blocks[0]!.token}:2` })
    await connection.close()
  })

  it('a table that remembers for a second: then nothing is sent, and deliver() sends nothing either', async () => {
    const { server, connection } = await lyingConnection()
    const replicated =
      "ReplicatedMergeTree('/t', 'r') ORDER BY n SETTINGS replicated_deduplication_window = 100, replicated_deduplication_window_seconds = 1"
    const FULL = exceptionReply(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'full')
    server.script({
      rows: (sql) =>
        /FROM system\.tables/.test(sql)
          ? [{ engine: 'ReplicatedMergeTree', engine_full: replicated }]
          : /FROM system\.columns/.test(sql)
            ? [{ name: 'n', type: 'UInt32', default_kind: '', default_expression: '' }]
            : undefined,
      insert: ({ index }) => (index === 0 ? { close: 'before' } : FULL),
    })
    const statement = await connection.prepare<NumberRow>('events', { retry: { attemptTimeout: 200 } })
    await statement.exec({ n: 1 })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error).toMatchObject({ code: 'DELIVERY_FAILED', serverCode: 202, blocks: [{ state: 'unknown' }] })
    expect(error.message).toMatch(/may be stored, and is not sent again: Code 202 .*lost 1 s ago.* for 1 s/)
    const sent = server.inserts.length
    expect(sent).toBeGreaterThan(5)
    expect(server.inserts.at(-1)!.arrivedAt - server.inserts[0]!.arrivedAt).toBeLessThan(1000)
    const blocks = statement.takeBlocks()
    await expect(connection.deliver(blocks)).rejects.toMatchObject({ code: 'CANNOT_HOLD_PROMISE' })
    expect(server.inserts).toHaveLength(sent)
  })

  it('acceptDuplicates is that word', async () => {
    const { connection, statement } = await lyingStatement({ retry: { attempts: 1 } }, ({ index }) =>
      index === 0 ? { close: 'before' } : undefined,
    )
    await statement.exec({ n: 1 })
    await failure(statement.commit(), DeliveryError)
    expect(await connection.deliver(statement.takeBlocks(), { acceptDuplicates: true })).toMatchObject({ rows: 1 })
  })
})

describe('deliver() sends a block once', () => {
  it('also when it is listed twice, or given to two calls at once', async () => {
    const { server, connection, statement } = await lyingStatement({ blockSize: 1 }, () => PARSE_ERROR)
    await statement.exec({ n: 1 })
    await failure(statement.commit(), DeliveryError)
    const { wait, open } = gate()
    server.script({ insert: wait })
    const blocks = statement.takeBlocks()
    const before = server.inserts.length
    const first = connection.deliver([...blocks, ...blocks])
    await expect(connection.deliver(blocks)).rejects.toMatchObject({ code: 'BUSY' })
    open()
    expect(await first).toMatchObject({ rows: 1, blocks: 1 })
    expect(await connection.deliver(blocks)).toMatchObject({ rows: 0, blocks: 0 })
    expect(server.inserts).toHaveLength(before + 1)
  })
})

describe('deliver() refuses what it cannot judge', () => {
  it('things that are no blocks, unknown options', async () => {
    const { connection } = await lyingConnection()
    await expect(connection.deliver([{ token: 'x' } as SealedBlock])).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await expect(connection.deliver([], { acceptDuplicate: true } as object)).rejects.toThrow(
      /Did you mean acceptDuplicates/,
    )
    expect(await connection.deliver([])).toEqual({
      rows: 0,
      blocks: 0,
      bytes: 0,
      tokens: [],
      retries: 0,
      possibleDuplicates: 0,
    })
  })
})
