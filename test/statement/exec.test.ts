import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Logger } from '../../src/index.ts'
import { exceptionReply } from '../support/lying-server.ts'
import { gate, lyingStatement, numbersOf, range } from './lying.ts'

describe('rows become blocks', () => {
  it('zero rows: commit sends nothing', async () => {
    const { server, statement } = await lyingStatement()
    expect(await statement.commit()).toEqual({
      rows: 0,
      blocks: 0,
      bytes: 0,
      tokens: [],
      retries: 0,
      possibleDuplicates: 0,
      rejected: 0,
    })
    expect(server.inserts).toHaveLength(0)
  })

  it('exactly blockSize rows: one block, no empty one', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 10 })
    for (const n of range(10)) await statement.exec({ n })
    expect(await statement.commit()).toMatchObject({ rows: 10, blocks: 1 })
    expect(numbersOf(server.inserts)).toEqual([range(10)])
  })

  it('blockSize 11 and 1000 rows: 90 blocks during exec, one of 10 rows at commit', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 11 })
    for (const n of range(1000)) await statement.exec({ n })
    expect(statement.stats).toMatchObject({ accepted: 1000, blocks: 90, staged: 10 })
    const summary = await statement.commit()
    expect(summary).toMatchObject({ rows: 1000, blocks: 91, retries: 0, rejected: 0 })
    expect(summary.bytes).toBe(server.inserts.reduce((sum, { body }) => sum + body.length, 0))
    const blocks = numbersOf(server.inserts).sort((a, b) => a[0]! - b[0]!)
    expect(blocks.map(({ length }) => length)).toEqual([...Array(90).fill(11), 10])
    expect(blocks.flat()).toEqual(range(1000))
  })

  it('blockBytes 1 MiB, rows of 1 KiB: no block exceeds it by more than a row; a larger row travels alone', async () => {
    const { server, statement } = await lyingStatement({ blockBytes: 1 << 20 })
    const text = 'x'.repeat(1024)
    for (const n of range(1500)) await statement.exec({ n, text })
    await statement.exec({ n: 1500, text: 'y'.repeat(3 << 20) })
    for (const n of range(1600, 1501)) await statement.exec({ n, text })
    await statement.commit()
    const sizes = server.inserts.map(({ body }) => body.length)
    const alone = numbersOf(server.inserts).findIndex((numbers) => numbers.includes(1500))
    expect(numbersOf(server.inserts)[alone]).toEqual([1500])
    sizes.splice(alone, 1)
    expect(Math.max(...sizes)).toBeLessThan((1 << 20) + 1100)
    expect(Math.max(...sizes)).toBeGreaterThan((1 << 20) * 0.9)
    expect(
      numbersOf(server.inserts)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(range(1600))
  })

  it('a row as an array in column order', async () => {
    const { server, statement } = await lyingStatement()
    await statement.exec([7, 'x'])
    await statement.commit()
    expect(numbersOf(server.inserts)).toEqual([[7]])
  })

  it('a bad row between good ones leaves the blocks as if it had never come', async () => {
    const bodies: Buffer[] = []
    for (const bad of [false, true]) {
      const { server, statement } = await lyingStatement()
      await statement.exec({ n: 1, text: 'a' })
      if (bad) {
        expect(() => statement.exec({ n: -1, text: 'b' })).toThrow(
          expect.objectContaining({ code: 'VALUE_OUT_OF_RANGE', column: 'n', row: 1 }),
        )
        expect(() => statement.exec([1])).toThrow(/1 values for 2 columns[\s\S]*n, text/)
        expect(() => statement.exec({ m: 1 } as object)).toThrow(
          expect.objectContaining({ code: 'UNKNOWN_COLUMN', row: 1 }),
        )
      }
      await statement.exec({ n: 2, text: 'c' })
      expect(statement.stats.accepted).toBe(2)
      await statement.commit()
      bodies.push(server.inserts[0]!.body)
    }
    expect(bodies[1]!.equals(bodies[0]!)).toBe(true)
  })
})

describe('each block is one INSERT with its own token and the settings that guard it', () => {
  it('names the columns, and carries token, query id and settings', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 2, settings: { insert_quorum: 2 } })
    await statement.execMany(range(4).map((n) => ({ n })))
    const { tokens } = await statement.commit()
    expect(tokens).toHaveLength(2)
    for (const [index, { sql, params }] of [...server.inserts]
      .sort(
        (a, b) =>
          tokens.indexOf(a.params.insert_deduplication_token!) - tokens.indexOf(b.params.insert_deduplication_token!),
      )
      .entries()) {
      expect(sql).toBe('INSERT INTO `default`.`events` (`n`, `text`) FORMAT Native')
      expect(params).toMatchObject({
        async_insert: '0',
        input_format_skip_unknown_fields: '0',
        input_format_native_allow_types_conversion: '0',
        input_format_defaults_for_omitted_fields: '1',
        distributed_foreground_insert: '1',
        insert_quorum: '2',
        insert_deduplication_token: tokens[index],
        query_id: `${tokens[index]}:1`,
      })
      expect(tokens[index]).toMatch(new RegExp(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:${index}:[0-9a-f]{16}$`))
    }
  })

  it('a retry has the same bytes and token and another query id', async () => {
    const { server, statement } = await lyingStatement({}, ({ index }) =>
      index === 0 ? exceptionReply(241, 'MEMORY_LIMIT_EXCEEDED', 'Memory limit exceeded') : undefined,
    )
    const retries: unknown[] = []
    statement.on('retry', (event) => retries.push(event))
    await statement.exec({ n: 1 })
    expect(await statement.commit()).toMatchObject({ rows: 1, retries: 1 })
    const [first, second] = server.inserts
    expect(second!.body.equals(first!.body)).toBe(true)
    expect(second!.params).toEqual({ ...first!.params, query_id: `${first!.params.insert_deduplication_token}:2` })
    expect(retries).toEqual([
      expect.objectContaining({ attempt: 1, error: expect.objectContaining({ serverCode: 241 }) }),
    ])
  })

  it('two statements never share a token, also for equal rows; with a fixed engineId they do', async () => {
    const { connection } = await lyingStatement()
    async function tokens(options: object) {
      const statement = await connection.prepare('events', { columns: [{ name: 'n', type: 'UInt8' }], ...options })
      await statement.exec({ n: 1 })
      return (await statement.commit()).tokens
    }
    expect(await tokens({})).not.toEqual(await tokens({}))
    const fixed = { engineId: 1, deterministic: true }
    expect(await tokens(fixed)).toEqual(await tokens(fixed))
  })

  it('lz4 is asked for with decompress=1 and the same hash', async () => {
    const { connection, server } = await lyingStatement()
    const hashes: string[] = []
    for (const compression of ['none', 'lz4'] as const) {
      const statement = await connection.prepare('events', { columns: [{ name: 's', type: 'String' }], compression })
      await statement.exec({ s: 'x'.repeat(1000) })
      const { tokens, bytes } = await statement.commit()
      hashes.push(tokens[0]!.split(':')[2]!)
      expect(bytes).toBe(server.inserts.at(-1)!.body.length)
    }
    expect(hashes[0]).toBe(hashes[1])
    expect(server.inserts.map(({ params }) => params.decompress)).toEqual([undefined, '1'])
    expect(server.inserts[1]!.body.length).toBeLessThan(200)
  })
})

describe('exec() gives the event loop its turn', () => {
  it('returns undefined while there is room and time', async () => {
    const { statement } = await lyingStatement()
    for (const n of range(100)) expect(statement.exec({ n })).toBeUndefined()
    await statement.rollback()
  })

  it('returns a promise with each sealed block', async () => {
    const { statement } = await lyingStatement({ blockSize: 5, maxPendingBlocks: 100 })
    const pauses = range(20).map((n) => statement.exec({ n }))
    expect(pauses.map((pause) => pause !== undefined)).toEqual(range(20).map((n) => n % 5 === 4))
    await Promise.all(pauses)
    await statement.commit()
  })

  it('a 10 ms timer keeps firing while rows stream, without any block being full', async () => {
    let fired = 0
    const timer = setInterval(() => fired++, 10)
    // On a fast machine one block is staged before the timer is due three times: then another statement goes on.
    for (let statements = 0; fired < 3 && statements < 50; statements++) {
      const { statement } = await lyingStatement({ blockSize: 1_000_000, flushInterval: 0 })
      const before = fired
      let pauses = 0
      for (let rows = 0; rows < 900_000 && fired < before + 3; rows++) {
        const pause = statement.exec({ n: rows % 1000 })
        if (pause === undefined) continue
        pauses++
        await pause
      }
      expect(pauses).toBeGreaterThan(0)
      await statement.rollback()
    }
    clearInterval(timer)
    expect(fired).toBeGreaterThanOrEqual(3)
  })
})

describe('back-pressure: sealed and open blocks are bounded', () => {
  it('a wait while maxPendingBlocks are on their way; the same promise for all; BACKPRESSURE when the open block is full too', async () => {
    const { wait, open } = gate()
    const { server, statement } = await lyingStatement({ blockSize: 10, maxPendingBlocks: 2 }, wait)
    let drained = 0
    statement.on('drain', () => drained++)
    const pauses = range(30).map((n) => statement.exec({ n }))
    expect(pauses[9]).toBeDefined() // a turn
    expect(pauses[19]).toBeDefined() // the wait
    expect(new Set(pauses.slice(19)).size).toBe(1)
    expect(() => statement.exec({ n: 30 })).toThrow(expect.objectContaining({ code: 'BACKPRESSURE' }))
    expect(statement.stats).toMatchObject({ accepted: 30, blocks: 2, staged: 10, waits: 1 })
    open()
    await pauses[19]
    await statement.exec({ n: 30 })
    expect(await statement.commit()).toMatchObject({ rows: 31, blocks: 4 })
    expect(
      numbersOf(server.inserts)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(range(31))
    expect(drained).toBeGreaterThan(0)
  })

  it('100 concurrent callers that each await are all served', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 200, maxPendingBlocks: 1 }, () => ({ delayMs: 3 }))
    await Promise.all(
      range(100).map(async (caller) => {
        for (const n of range(50)) await statement.exec({ n: caller * 50 + n })
      }),
    )
    await statement.commit()
    expect(
      numbersOf(server.inserts)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(range(5000))
    expect(statement.stats.waits).toBeGreaterThan(5)
  })

  it('a slow server: what is not acknowledged never exceeds maxPendingBlocks + 1 blocks', async () => {
    const { statement } = await lyingStatement({ blockBytes: 1 << 18, maxPendingBlocks: 3 }, () => ({ delayMs: 10 }))
    const text = 'x'.repeat(10_000)
    let most = 0
    for (const n of range(1000)) {
      await statement.exec({ n, text })
      const { staged, sealed, sent } = statement.stats
      most = Math.max(most, staged + sealed + sent)
    }
    await statement.commit()
    expect(most).toBeGreaterThan(60) // several blocks were under way
    expect(most).toBeLessThanOrEqual(4 * 27)
  })

  it('execMany() needs no care of the caller, also beside others', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 7, maxPendingBlocks: 1 }, () => ({ delayMs: 1 }))
    const counts = await Promise.all(
      range(5).map((part) => statement.execMany(range(200 * part + 200, 200 * part).map((n) => ({ n })))),
    )
    expect(counts).toEqual(Array(5).fill(200))
    await statement.commit()
    expect(
      numbersOf(server.inserts)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(range(1000))
  })
})

describe('flushInterval', () => {
  it('a row leaves in time without another exec, and leaves no timer behind', async () => {
    const { server, statement, connection } = await lyingStatement({ flushInterval: 200 })
    const before = timersThatKeepAlive()
    await statement.exec({ n: 1 })
    expect(timersThatKeepAlive()).toBe(before)
    const staged = performance.now()
    await server.whenInserts(1)
    expect(performance.now() - staged).toBeGreaterThan(150)
    expect(performance.now() - staged).toBeLessThan(500)
    await statement.whenAcknowledged()
    // The next block has a time of its own.
    await sleep(50)
    await statement.exec({ n: 2 })
    const again = performance.now()
    await server.whenInserts(2)
    expect(performance.now() - again).toBeGreaterThan(150)
    await statement.commit()
    await connection.close()
    expect(numbersOf(server.inserts)).toEqual([[1], [2]])
  })

  it('0 never flushes', async () => {
    const { server, statement } = await lyingStatement({ flushInterval: 0 })
    await statement.exec({ n: 1 })
    await sleep(100)
    expect(server.inserts).toHaveLength(0)
    await statement.commit()
  })

  it('a full queue delays it, and does not exceed maxPendingBlocks', async () => {
    const { wait, open } = gate()
    const { server, statement } = await lyingStatement({ flushInterval: 20, maxPendingBlocks: 1 }, wait)
    await statement.exec({ n: 1 })
    await server.whenInserts(1)
    const pause = statement.exec({ n: 2 })
    await sleep(100)
    expect(statement.stats).toMatchObject({ blocks: 1, staged: 1 })
    open()
    await pause
    await server.whenInserts(2)
    await statement.commit()
  })
})

describe('flush() and whenAcknowledged()', () => {
  it('flush() seals what is staged and waits for all of it; the statement goes on', async () => {
    const { server, statement } = await lyingStatement()
    await statement.exec({ n: 1 })
    await statement.flush()
    expect(statement.stats).toMatchObject({ acknowledged: 1, staged: 0 })
    await statement.flush()
    await statement.exec({ n: 2 })
    await statement.commit()
    expect(numbersOf(server.inserts)).toEqual([[1], [2]])
  })

  it('flush() with a full queue waits for room', async () => {
    const { wait, open } = gate()
    const { statement } = await lyingStatement({ blockSize: 2, maxPendingBlocks: 1 }, wait)
    void statement.exec({ n: 1 })
    void statement.exec({ n: 2 })
    void statement.exec({ n: 3 })
    const flushed = statement.flush()
    expect(statement.stats).toMatchObject({ blocks: 1, staged: 1 })
    open()
    await flushed
    expect(statement.stats).toMatchObject({ blocks: 2, acknowledged: 3 })
    await statement.commit()
  })

  it('whenAcknowledged() seals nothing and resolves row by row', async () => {
    const { statement } = await lyingStatement({ blockSize: 5, flushInterval: 100 })
    for (const n of range(7)) await statement.exec({ n })
    await statement.whenAcknowledged(4)
    expect(statement.stats).toMatchObject({ staged: 2, acknowledged: 5 })
    await statement.whenAcknowledged() // the timer brings the last two
    expect(statement.stats).toMatchObject({ staged: 0, acknowledged: 7 })
    await expect(statement.whenAcknowledged(7)).rejects.toMatchObject({ code: 'BAD_OPTION' })
    await statement.commit()
    await statement.whenAcknowledged(6)
  })
})

describe('stats and events account for every row', () => {
  it('accepted is the sum of its parts at any time', async () => {
    const { statement } = await lyingStatement({ blockSize: 3 }, () => ({ delayMs: 2 }))
    const tokens: string[] = []
    statement.on('block', ({ token, state }) => {
      expect(state).toBe('acknowledged')
      tokens.push(token)
    })
    for (const n of range(50)) {
      await statement.exec({ n })
      const { accepted, staged, sealed, sent, acknowledged, rejected, unknown } = statement.stats
      expect(accepted).toBe(n + 1)
      expect(staged + sealed + sent + acknowledged + rejected + unknown).toBe(accepted)
    }
    const summary = await statement.commit()
    expect(tokens.sort()).toEqual([...summary.tokens].sort())
    expect(statement.stats).toMatchObject({ accepted: 50, acknowledged: 50, staged: 0, sealed: 0, sent: 0, blocks: 17 })
  })

  it('a listener or logger that throws stops nothing; its error is an uncaught exception', async () => {
    const defect = new Error('defect')
    let broken = true
    const throws = () => {
      if (broken) throw defect
    }
    const logger: Logger = { debug: throws, info: throws, warn: throws, error: throws }
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const uncaught: unknown[] = []
    const note = (error: unknown) => void uncaught.push(error)
    process.on('uncaughtException', note)
    try {
      const { server, statement } = await lyingStatement(
        { blockSize: 2 },
        ({ index }) => (index === 0 ? { close: 'before' } : undefined),
        { logger },
      )
      statement.on('block', throws)
      statement.on('retry', throws)
      for (const n of range(5)) await statement.exec({ n })
      expect(await statement.commit()).toMatchObject({ rows: 5, blocks: 3, retries: 1 })
      expect(new Set(numbersOf(server.inserts).flat())).toEqual(new Set(range(5)))
      await sleep(10)
      expect(uncaught.length).toBeGreaterThan(5)
      expect(new Set(uncaught)).toEqual(new Set([defect]))
    } finally {
      broken = false
      await sleep(10)
      process.off('uncaughtException', note)
      for (const listener of before) process.on('uncaughtException', listener)
    }
  })
})

function timersThatKeepAlive(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

describe('stats.texts', () => {
  it('says how each column of texts is written, as the block before asked for it', async () => {
    const types = {
      n: 'UInt8',
      short: 'String',
      long: 'Nullable(String)',
      foreign: 'String',
      key: 'LowCardinality(String)',
    }
    const columns = Object.entries(types).map(([name, type]) => ({ name, type }))
    const { connection } = await lyingStatement()
    const statement = await connection.prepare('events', { columns, blockSize: 1000 })
    for (const n of range(1001)) {
      const foreign = n % 10 ? 'a text in plain letters' : 'текст другими буквами'
      await statement.exec({ n: n & 1, short: 'DE', long: `a longer text, number ${n}`, foreign, key: 'k' })
    }
    expect(statement.stats.texts).toEqual({ short: 'short', long: 'joined', foreign: 'mixed' })
    await statement.commit()
    expect(statement.stats.texts).toEqual({})
  })
})
