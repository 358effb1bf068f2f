import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connect, type Logger, type Statement, type ThrottleEvent } from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { lyingStatement, numbersOf } from './lying.ts'

const silent = () => {}
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }

describe('a server whose merges stand still', () => {
  let front: ChdbFront
  let connection: Connection
  beforeAll(async () => {
    front = await startFront()
    connection = await connect({ url: front.url, logger, retry: { minDelay: 20, maxDelay: 200 } })
  })
  afterAll(async () => {
    await connection?.close()
    await front?.stop()
  })

  /** Rows, one every few ms, until `isEnough`. */
  async function feed(statement: Statement<{ n: number }>, from: number, isEnough: () => boolean): Promise<number> {
    const deadline = performance.now() + 40_000
    let n = from
    while (!isEnough()) {
      if (performance.now() > deadline) throw new Error(`still not: ${JSON.stringify(statement.stats)}`)
      await statement.exec({ n: n++ })
      await sleep(2)
    }
    return n
  }

  it('refuses: inserts become fewer and larger, no row is lost, and once it merges again all is as before', async () => {
    await front.query(
      'CREATE TABLE refused (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000, parts_to_throw_insert = 12',
    )
    await front.query('SYSTEM STOP MERGES refused')
    const statement = await connection.prepare<{ n: number }>('refused', { flushInterval: 50 })
    const events: ThrottleEvent[] = []
    const sizes = { before: [] as number[], during: [] as number[] }
    statement.on('throttle', (event) => events.push(event))
    statement.on('block', ({ rowCount }) => (events.length === 0 ? sizes.before : sizes.during).push(rowCount))
    expect(statement.stats.pace).toEqual({ flushInterval: 50, concurrency: 2 })

    let n = await feed(statement, 0, () => events.length >= 3)
    expect(events.slice(0, 3)).toEqual([
      { flushInterval: 100, concurrency: 1, why: 'refused' },
      { flushInterval: 200, concurrency: 1, why: 'refused' },
      { flushInterval: 400, concurrency: 1, why: 'refused' },
    ])
    expect(statement.stats.pace).toEqual({ flushInterval: 400, concurrency: 1 })

    await front.query('SYSTEM START MERGES refused')
    n = await feed(statement, n, () => statement.stats.pace.concurrency === 2)
    expect(events.at(-1)).toEqual({ flushInterval: 50, concurrency: 2, why: 'recovering' })
    expect(await statement.commit()).toMatchObject({ rows: n })
    expect(await front.query('SELECT count(), uniqExact(n) FROM refused')).toBe(`${n}\t${n}`)
    const mean = (list: number[]) => list.reduce((sum, size) => sum + size, 0) / list.length
    expect(mean(sizes.during)).toBeGreaterThan(3 * mean(sizes.before))
  })

  it('delays inserts: found out, and followed by all statements of the table', async () => {
    await front.query(
      'CREATE TABLE delayed (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS parts_to_delay_insert = 5, parts_to_throw_insert = 1000, min_delay_to_insert_ms = 400',
    )
    await front.query('SYSTEM STOP MERGES delayed')
    const statement = await connection.prepare<{ n: number }>('delayed', { flushInterval: 50 })
    const other = await connection.prepare('delayed', { flushInterval: 500 })
    const events: ThrottleEvent[] = []
    statement.on('throttle', (event) => events.push(event))
    const n = await feed(statement, 0, () => events.length > 0)
    expect(events[0]).toEqual({ flushInterval: 100, concurrency: 1, why: 'delayed' })
    expect(other.stats.pace).toEqual({ flushInterval: 1000, concurrency: 1 })
    await other.rollback()
    await front.query('SYSTEM START MERGES delayed')
    expect(await statement.commit()).toMatchObject({ rows: n })
  })
})

it('a block that would only stand in line takes rows until it need not: a slow server makes nobody wait for small blocks', async () => {
  const { server, statement } = await lyingStatement({ flushInterval: 5, maxPendingBlocks: 4 }, async () => {
    await sleep(150)
    return undefined
  })
  for (let n = 0; n < 300; n++) {
    await statement.exec({ n })
    await sleep(2)
  }
  const { waits, blocks } = statement.stats
  await statement.commit()
  expect(waits).toBe(0)
  expect(blocks).toBeLessThan(30)
  const numbers = numbersOf(server.inserts)
  expect(numbers.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n))
})
