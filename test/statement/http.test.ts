import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connect, DeliveryError, type Logger, SchemaError } from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { PASSWORD_USER, serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { failure } from '../support/inserts.ts'
import { range } from './lying.ts'

const silent = () => {}
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }

describe.skipIf(!serverAvailable())('ClickHouse 18.16, a server that knows few settings', () => {
  let server: TestServer
  let connection: Connection
  beforeAll(async () => {
    server = await startServer()
    connection = await connect({ url: server.url, logger })
  })
  afterAll(async () => {
    await connection?.close()
    await server?.stop()
  })

  for (const compression of ['none', 'lz4'] as const) {
    it(`15 columns, blockSize 11, 1000 rows, compression ${compression}: 91 blocks, count() is 1000`, async () => {
      const names = range(15).map((index) => `c${index}`)
      const types = ['UInt32', 'String', 'Array(UInt8)']
      await connection.command(
        `CREATE TABLE wide_${compression} (${names.map((name, index) => `${name} ${types[index % 3]}`).join(', ')}) ENGINE = MergeTree ORDER BY c0`,
      )
      const statement = await connection.prepare(`INSERT INTO wide_${compression}`, { blockSize: 11, compression })
      expect(statement.columns.map(({ name }) => name)).toEqual(names)
      for (const n of range(1000)) await statement.exec(names.map((_, index) => [n, `row ${n}`, [n % 256]][index % 3]))
      expect(await statement.commit()).toMatchObject({ rows: 1000, blocks: 91 })
      expect(
        await connection.query(`SELECT count() AS n, sum(c0) AS s, uniqExact(c1) AS u FROM wide_${compression}`),
      ).toEqual([{ n: '1000', s: '499500', u: '1000' }])
    })
  }

  it('MATERIALIZED and ALIAS columns are skipped, missing keys take the DEFAULT though the block cannot say NULL', async () => {
    await connection.command(
      'CREATE TABLE defaults (id UInt8, d UInt8 DEFAULT id + 100, m UInt8 MATERIALIZED id + 1, l UInt8 ALIAS id + 2, q Nullable(String)) ENGINE = MergeTree ORDER BY id',
    )
    const statement = await connection.prepare('defaults')
    expect(statement.columns.map(({ name }) => name)).toEqual(['id', 'd', 'q'])
    for (const id of range(4)) await statement.exec(id % 2 === 0 ? { id } : { id, d: 7, q: 'x' })
    expect(statement.stats.earlySeals).toBe(3)
    await statement.commit()
    expect(await connection.query('SELECT id, d, m, q FROM defaults ORDER BY id')).toEqual([
      { id: 0, d: 100, m: 1, q: null },
      { id: 1, d: 7, m: 2, q: 'x' },
      { id: 2, d: 102, m: 3, q: null },
      { id: 3, d: 7, m: 4, q: 'x' },
    ])
    await expect(connection.prepare('INSERT INTO defaults (m)')).rejects.toMatchObject({
      code: 'COLUMN_NOT_INSERTABLE',
    })
  })

  it('code 60 at prepare, with the closest table', async () => {
    await connection.command('CREATE TABLE events (n UInt8) ENGINE = MergeTree ORDER BY n')
    const error = await failure<SchemaError>(connection.prepare('INSERT INTO evnets'), SchemaError)
    expect(error).toMatchObject({ code: 'UNKNOWN_TABLE', hint: 'Did you mean `events`?', cause: { serverCode: 60 } })
  })

  it('code 60 in a block: the table went away', async () => {
    await connection.command('CREATE TABLE fleeting (n UInt8) ENGINE = MergeTree ORDER BY n')
    const statement = await connection.prepare('fleeting')
    await statement.exec({ n: 1 })
    await connection.command('DROP TABLE fleeting')
    const error = await failure(statement.commit(), DeliveryError)
    expect(error).toMatchObject({
      code: 'DELIVERY_FAILED',
      serverCode: 60,
      blocks: [{ state: 'rejected', firstRow: 0, rowCount: 1, attempts: 1 }],
    })
    expect(error.queryId).toBe(`${error.blocks[0]!.token}:1`)
    const blocks = statement.takeBlocks()
    await connection.command('CREATE TABLE fleeting (n UInt8) ENGINE = MergeTree ORDER BY n')
    expect(await connection.deliver(blocks)).toMatchObject({ rows: 1 })
    expect(await connection.query('SELECT * FROM fleeting')).toEqual([{ n: 1 }])
  })

  it('check() says that only replicated tables recognise a block here', async () => {
    await connection.command('CREATE TABLE plain (n UInt8) ENGINE = MergeTree ORDER BY n')
    expect(await connection.check('plain')).toMatchObject({
      engine: 'MergeTree',
      deduplicatesBy: 'nothing',
      exactlyOnce: false,
      warnings: [expect.stringMatching(/only Replicated tables can/)],
    })
  })

  it('a slow way and a fast producer: memory stays bounded, timers keep firing', async () => {
    await connection.command('CREATE TABLE slow (n UInt32, text String) ENGINE = Null')
    const proxy = await startFaultProxy(server.url)
    await using through = await connect({ url: proxy.url, logger })
    const statement = await through.prepare('slow', { blockBytes: 1 << 20, maxPendingBlocks: 4 })
    proxy.throttle(40 << 20)
    const text = 'x'.repeat(1000)
    let fired = 0
    const timer = setInterval(() => fired++, 10)
    const [rssBefore, began] = [process.memoryUsage.rss(), performance.now()]
    let most = 0
    for (const n of range(150_000)) {
      const pause = statement.exec({ n, text })
      if (pause === undefined) continue
      await pause
      most = Math.max(most, process.memoryUsage.rss() - rssBefore)
    }
    await statement.commit()
    clearInterval(timer)
    const elapsed = performance.now() - began
    expect(elapsed).toBeGreaterThan(1500)
    expect(most).toBeLessThan(5 * (1 << 20) + (64 << 20))
    expect(fired).toBeGreaterThan(elapsed / 30)
    expect(statement.stats.waits).toBeGreaterThan(50)
    await through.close()
    await proxy.close()
  })

  it('a user with a password, named in the URL', async () => {
    const { username, password } = PASSWORD_USER
    const url = server.url.replace('http://', `http://${username}:${encodeURIComponent(password)}@`)
    await connection.command('CREATE TABLE theirs (n UInt8) ENGINE = MergeTree ORDER BY n')
    await using other = await connect({ url, logger })
    const statement = await other.prepare('default.theirs')
    await statement.exec({ n: 1 })
    await statement.commit()
    expect(
      await other.query('SELECT currentUser() AS who, n FROM theirs').catch(() => other.query('SELECT n FROM theirs')),
    ).toMatchObject([{ n: 1 }])
    await expect(connect(url.replace('p%40', 'x'))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  })
})

describe('a modern server over HTTP', () => {
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

  const WINDOW = 'SETTINGS non_replicated_deduplication_window = 100'

  it('a server that stores a block and dies before it answers: the retry adds nothing', async () => {
    await connection.command(`CREATE TABLE once (n UInt32) ENGINE = MergeTree ORDER BY n ${WINDOW}`)
    const statement = await connection.prepare('once', { blockSize: 100, exactlyOnce: true })
    await front.dieAfterInserts(3)
    const revived = front.exited().then(() => front.restart())
    for (const n of range(1000)) await statement.exec({ n })
    const summary = await statement.commit()
    await revived
    expect(summary.retries).toBeGreaterThan(0)
    expect(await connection.query('SELECT count() AS c, uniqExact(n) AS u FROM once')).toEqual([
      { c: '1000', u: '1000' },
    ])
  })

  it('a connection cut anywhere: the count is exact', async () => {
    await connection.command(`CREATE TABLE cut (n UInt32) ENGINE = MergeTree ORDER BY n ${WINDOW}`)
    const proxy = await startFaultProxy(front.url)
    await using through = await connect({ url: proxy.url, logger, retry: { minDelay: 5, maxDelay: 20 } })
    const statement = await through.prepare('cut', { blockSize: 100 })
    const faults = [
      { cutRequestAt: 0 },
      { cutRequestAt: 500 },
      { cutRequestAt: 900 },
      { cutResponseAt: 0 },
      { cutResponseAt: 40 },
    ]
    for (const [index, fault] of faults.entries()) {
      proxy.arm(fault)
      for (const n of range(100)) await statement.exec({ n: index * 100 + n })
      await statement.flush()
    }
    expect(proxy.struckCount).toBe(faults.length)
    expect(await statement.commit()).toMatchObject({ rows: 500, blocks: 5 })
    expect(await connection.query('SELECT count() AS c, uniqExact(n) AS u FROM cut')).toEqual([{ c: '500', u: '500' }])
    await proxy.close()
  })

  it('too many partitions in one block: one attempt, and advice', async () => {
    await connection.command('CREATE TABLE parted (n UInt32) ENGINE = MergeTree PARTITION BY n ORDER BY n')
    const statement = await connection.prepare('parted')
    for (const n of range(101)) await statement.exec({ n })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error).toMatchObject({
      serverCode: 252,
      hint: expect.stringMatching(/sort the rows by partition/),
      blocks: [{ state: 'rejected', attempts: 1 }],
    })
    await statement.rollback()
  })

  it('a column changed since prepare: error 53, never a wrapped value', async () => {
    await connection.command('CREATE TABLE altered (n UInt32) ENGINE = MergeTree ORDER BY tuple()')
    const statement = await connection.prepare('altered')
    await statement.exec({ n: 70_000 })
    await connection.command('ALTER TABLE altered MODIFY COLUMN n UInt16')
    expect(await failure(statement.commit(), DeliveryError)).toMatchObject({
      serverCode: 53,
      hint: expect.stringMatching(/prepare again/),
      blocks: [{ state: 'rejected' }],
    })
    expect(await connection.query('SELECT count() AS n FROM altered')).toEqual([{ n: '0' }])
  })
})
