// How many blocks a table is trusted to remember, where blocks have several partitions, connections are several, and Null keeps nothing.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connect, type Logger, type SealedBlock, type StatementOptions } from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { type LyingProxy, startLyingProxy } from '../support/lying-proxy.ts'

const silent = () => {}
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }
let front: ChdbFront
let proxy: LyingProxy
let connection: Connection
beforeAll(async () => {
  front = await startFront()
  proxy = await startLyingProxy(front.url)
  connection = await connect({ url: proxy.url, logger, retry: { minDelay: 5, maxDelay: 20 } })
})
afterEach(() => proxy.script(() => undefined))
afterAll(async () => {
  await connection?.close({ deadline: 0 })
  proxy?.close()
  await front?.stop()
})

let tableCount = 0
async function createTable(window: number, more = ''): Promise<string> {
  const table = `trust${tableCount++}`
  await front.query(
    `CREATE TABLE ${table} (id UInt32, p UInt16) ENGINE = MergeTree ORDER BY id ${more} SETTINGS non_replicated_deduplication_window = ${window}`,
  )
  return table
}

const countOf = (table: string) => front.query(`SELECT count() FROM ${table}`)

function loseFirstAnswer(): void {
  let inserts = 0
  proxy.script(() => (inserts++ === 0 ? { stores: true, tell: 'die' } : undefined))
}

async function storeBlocks(table: string, options: StatementOptions = {}): Promise<string> {
  const statement = await connection.prepare(`INSERT INTO ${table}`, {
    exactlyOnce: true,
    flushInterval: 0,
    blockSize: 50,
    retry: { minDelay: 1500, maxDelay: 1500 },
    ...options,
  })
  loseFirstAnswer()
  await statement.execMany(Array.from({ length: 50 * 40 }, (_, id) => ({ id, p: id % 50 })))
  await statement.commit()
  return countOf(table)
}

describe('a block of several partitions takes as many entries', () => {
  it('in the table', async () => {
    const table = await createTable(1000, 'PARTITION BY p')
    expect(await connection.check(table)).toMatchObject({ deduplicationWindow: 1000, deduplicationBlocks: 10 })
    expect(await storeBlocks(table)).toBe('2000')
  })
  it('in what a view writes into', async () => {
    const [table, target] = [await createTable(1000), await createTable(1000, 'PARTITION BY p')]
    await front.query(`CREATE MATERIALIZED VIEW ${table}_v TO ${target} AS SELECT * FROM ${table}`)
    expect(await storeBlocks(table)).toBe('2000')
    expect(await countOf(target)).toBe('2000')
  })
  it('but only one with splitByPartition', async () => {
    const table = await createTable(10, 'PARTITION BY p')
    await expect(connection.prepare(`INSERT INTO ${table}`, { exactlyOnce: true })).rejects.toMatchObject({
      code: 'CANNOT_HOLD_PROMISE',
    })
    expect(await storeBlocks(table, { splitByPartition: true, blockSize: 100 })).toBe('2000')
  })
})

describe('exactlyOnce where blocks may have any number of partitions', () => {
  it('is refused, but for blocks of one', async () => {
    const table = await createTable(100, 'PARTITION BY p')
    const settings = { throw_on_max_partitions_per_insert_block: 0 }
    const options = { exactlyOnce: true, settings }
    await expect(connection.prepare(`INSERT INTO ${table}`, options)).rejects.toMatchObject({
      code: 'CANNOT_HOLD_PROMISE',
      message: expect.stringContaining('any number'),
    })
    const split = await connection.prepare(`INSERT INTO ${table}`, { ...options, splitByPartition: true })
    await split.rollback()
  })
})

async function unknownBlock(table: string, from: Connection): Promise<readonly SealedBlock[]> {
  const statement = await from.prepare(`INSERT INTO ${table}`, { flushInterval: 0, retry: { attempts: 1 } })
  loseFirstAnswer()
  await statement.exec({ id: 0, p: 0 })
  await statement.commit().catch(() => {})
  const blocks = statement.takeBlocks()
  expect(blocks.map(({ state }) => state)).toEqual(['unknown'])
  return blocks
}

describe('what else the process sends to the table', () => {
  it('through another connection, counts', async () => {
    const table = await createTable(10)
    const one = await connect({ url: proxy.url, logger })
    const blocks = await unknownBlock(table, one)
    await one.close()
    const more = await connection.prepare(`INSERT INTO ${table}`, { blockSize: 1, flushInterval: 0 })
    await more.execMany(Array.from({ length: 12 }, (_, id) => ({ id: id + 1, p: 0 })))
    await more.commit()
    await expect(connection.deliver(blocks)).rejects.toMatchObject({ code: 'CANNOT_HOLD_PROMISE' })
    expect(await countOf(table)).toBe('13')
  })
  it('by deliver(), goes after what is in doubt', async () => {
    const table = await createTable(10)
    const others: SealedBlock[] = []
    for (let id = 1; id <= 12; id++) {
      const statement = await connection.prepare(`INSERT INTO ${table}`, { flushInterval: 0, retry: { attempts: 1 } })
      proxy.script(() => ({ stores: false, tell: { code: 60, status: 404 } }))
      await statement.exec({ id, p: 0 })
      await statement.commit().catch(() => {})
      others.push(...statement.takeBlocks())
    }
    const unknown = await unknownBlock(table, connection)
    const { rows } = await connection.deliver([...others, ...unknown])
    expect([rows, await countOf(table)]).toEqual([13, '13'])
  })
})

it('Null has nothing to remember: a lost answer ends no statement', async () => {
  await front.query('CREATE TABLE nowhere (id UInt32, p UInt16) ENGINE = Null')
  const statement = await connection.prepare('INSERT INTO nowhere', { flushInterval: 0 })
  loseFirstAnswer()
  await statement.exec({ id: 1, p: 1 })
  expect(await statement.commit()).toMatchObject({ rows: 1, retries: 1, possibleDuplicates: 0 })
})
