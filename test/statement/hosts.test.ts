import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type Connection,
  type ConnectOptions,
  connect,
  DeliveryError,
  EngineError,
  type Logger,
} from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { failure } from '../support/inserts.ts'
import { startReplicas, zookeeperAvailable } from '../support/zookeeper.ts'
import { range } from './lying.ts'

const silent = () => {}
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }

/** Servers behind proxies, and connections to all of them. */
async function waysTo(urls: readonly string[], options: ConnectOptions = {}) {
  const proxies = await Promise.all(urls.map((url) => startFaultProxy(url)))
  const connection = () =>
    connect({
      url: proxies.map(({ url }) => url),
      logger,
      connectTimeout: 2_000,
      retry: { minDelay: 5, maxDelay: 20 },
      ...options,
    })
  const names = proxies.map(({ port }) => `127.0.0.1:${port}`)
  return { proxies, names, connection }
}

const takenDown = async (proxy: FaultProxy) => {
  await proxy.down()
  proxy.cutAll('reset')
}

describe('two servers that know nothing of each other’s blocks', () => {
  let fronts: [ChdbFront, ChdbFront]
  let a: FaultProxy
  let b: FaultProxy
  let names: string[]
  let open: (options?: ConnectOptions) => Promise<Connection>
  const opened: Connection[] = []
  beforeAll(async () => {
    fronts = await Promise.all([startFront(), startFront()])
  })
  afterAll(() => Promise.all((fronts ?? []).map((front) => front.stop())))
  beforeEach(async () => {
    for (const front of fronts) {
      await front.query('DROP TABLE IF EXISTS t SYNC')
      await front.query(
        'CREATE TABLE t (n UInt32, text String) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100',
      )
    }
    const ways = await waysTo(fronts.map(({ url }) => url))
    ;[a, b] = ways.proxies as [FaultProxy, FaultProxy]
    names = ways.names
    open = async (options = {}) => {
      const connection = await connect({
        url: [a.url, b.url],
        logger,
        connectTimeout: 2_000,
        retry: { minDelay: 5, maxDelay: 20 },
        ...options,
      })
      opened.push(connection)
      return connection
    }
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connection) => connection.close({ deadline: 0 })))
    await Promise.all([a.close(), b.close()])
  })

  const rowsAt = async (front: ChdbFront) => Number(await front.query('SELECT count() FROM t'))
  const stored = () => Promise.all(fronts.map(rowsAt))

  it('the first is down: everything goes through the second, and back when the first answers again', async () => {
    await a.down()
    const connection = await open()
    const statement = await connection.prepare('t', { blockSize: 10 })
    for (const n of range(30)) await statement.exec({ n })
    await statement.flush()
    expect(await stored()).toEqual([0, 30])
    await a.up()
    const used: (string | undefined)[] = []
    statement.on('block', ({ host }) => used.push(host))
    let n = 30
    await expect
      .poll(
        async () => {
          for (const one of range(n + 10, n)) await statement.exec({ n: one })
          n += 10
          await statement.flush()
          return used.at(-1)
        },
        { timeout: 10_000 },
      )
      .toBe(names[0])
    expect(await statement.commit()).toMatchObject({ rows: n, retries: 0 })
    expect((await stored()).reduce((sum, rows) => sum + rows)).toBe(n)
  })

  it('one goes down half-way: blocks go to the other at once, and every row is there', async () => {
    const connection = await open({ retry: { minDelay: 5_000, maxDelay: 5_000 } })
    const statement = await connection.prepare('t', { blockSize: 10 })
    const pauses: number[] = []
    statement.on('retry', ({ delayMs }) => pauses.push(delayMs))
    for (const n of range(50)) await statement.exec({ n })
    await statement.flush()
    await takenDown(a)
    for (const n of range(100, 50)) await statement.exec({ n })
    expect(await statement.commit()).toMatchObject({ rows: 100 })
    expect(await stored()).toEqual([50, 50])
    expect(new Set(pauses)).toEqual(new Set([0]))
  })

  it('round_robin: the blocks of one statement are spread over both', async () => {
    const connection = await open({ loadBalancing: 'round_robin' })
    const statement = await connection.prepare('t', { blockSize: 10 })
    const used: (string | undefined)[] = []
    statement.on('block', ({ host }) => used.push(host))
    for (const n of range(100)) await statement.exec({ n })
    await statement.commit()
    expect(await stored()).toEqual([50, 50])
    expect(used.filter((host) => host === names[0])).toHaveLength(5)
  })

  it('a block that is cut in the middle of its bytes cannot be stored, and goes to the other', async () => {
    const connection = await open()
    const statement = await connection.prepare('t', { compression: 'none' })
    a.arm({ cutRequestAt: 2_000_000, how: 'reset' })
    const text = 'x'.repeat(4_000)
    for (const n of range(4_000)) await statement.exec({ n, text })
    expect(await statement.commit()).toMatchObject({ rows: 4_000, blocks: 1 })
    expect(a.struckCount).toBe(1)
    expect(await stored()).toEqual([0, 4_000])
  })

  describe('a block whose answer was lost', () => {
    /** One block that A stored without a word, and rows behind it; then A is gone. */
    async function doubtful() {
      const connection = await open({ retry: { minDelay: 5, maxDelay: 20, deadline: 700 } })
      const statement = await connection.prepare('t', { blockSize: 10 })
      a.arm({ cutResponseAt: 0 })
      statement.on('retry', () => void takenDown(a))
      for (const n of range(10)) await statement.exec({ n })
      const error = await failure(statement.commit(), DeliveryError)
      return { connection, statement, error }
    }

    it('stays with the host that may have it, and is unknown at the end', async () => {
      const { error } = await doubtful()
      expect(error).toMatchObject({
        code: 'DEADLINE_EXCEEDED',
        blocks: [{ state: 'unknown', host: names[0] }],
        hint: expect.stringContaining(`may be stored at ${names[0]}, and no other host would recognise it`),
      })
      expect(error.message).toContain(`was not acknowledged within 700 ms at ${names[0]}`)
      expect(await stored()).toEqual([10, 0])
    })

    it('is delivered once that host answers again, and is not there twice', async () => {
      const { connection, statement } = await doubtful()
      const blocks = statement.takeBlocks()
      expect(blocks).toMatchObject([{ state: 'unknown', host: names[0] }])
      await a.up()
      expect(await connection.deliver(blocks)).toMatchObject({ rows: 10 })
      expect(await stored()).toEqual([10, 0])
    })

    it('is refused by a connection to others, unless duplicates are accepted', async () => {
      const { statement } = await doubtful()
      const blocks = statement.takeBlocks()
      const elsewhere = await open({ url: fronts[1].url })
      const error = await failure(elsewhere.deliver(blocks), EngineError)
      expect(error.code).toBe('CANNOT_HOLD_PROMISE')
      expect(error.message).toContain(`may be stored at ${names[0]}`)
      expect(await stored()).toEqual([10, 0])
      await elsewhere.deliver(blocks, { acceptDuplicates: true })
      expect(await stored()).toEqual([10, 10])
    })

    it('is taken by a connection that knows its host by another address', async () => {
      const { statement } = await doubtful()
      const direct = await open({ url: [fronts[1].url, fronts[0].url] })
      expect(await direct.deliver(statement.takeBlocks())).toMatchObject({ rows: 10 })
      expect(await stored()).toEqual([10, 0])
    })

    it('does not keep other blocks from going to the other host', async () => {
      const connection = await open()
      const statement = await connection.prepare('t', { blockSize: 10 })
      a.arm({ cutResponseAt: 0 })
      statement.on('retry', ({ attempt }) => {
        if (attempt === 1) void takenDown(a)
      })
      for (const n of range(10)) await statement.exec({ n })
      await expect.poll(() => statement.stats.retries).toBeGreaterThan(0)
      for (const n of range(30, 10)) await statement.exec({ n })
      await expect.poll(() => statement.stats.acknowledged).toBe(20)
      await a.up()
      expect(await statement.commit()).toMatchObject({ rows: 30 })
      expect(await stored()).toEqual([10, 20])
    })
  })

  it('one server under two addresses recognises its blocks at either', async () => {
    const other = await startFaultProxy(fronts[0].url)
    const connection = await open({ url: [a.url, other.url] })
    const statement = await connection.prepare('t', { blockSize: 10, exactlyOnce: true })
    a.arm({ cutResponseAt: 0 })
    statement.on('retry', () => void takenDown(a))
    for (const n of range(10)) await statement.exec({ n })
    expect(await statement.commit()).toMatchObject({ rows: 10, retries: 1 })
    expect(await stored()).toEqual([10, 0])
    await other.close()
  })

  it('reads ask the other host: columns, promises, queries', async () => {
    const connection = await open()
    await takenDown(a)
    expect(await connection.describe('t')).toHaveLength(2)
    expect(await connection.check('t')).toMatchObject({ exactlyOnce: true })
    expect(await connection.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await connection.command('CREATE TABLE IF NOT EXISTS made (n UInt8) ENGINE = Memory')
    const statement = await connection.prepare('t')
    await statement.exec({ n: 1 })
    await statement.commit()
    expect(await stored()).toEqual([0, 1])
  })

  it('a command whose answer was lost is not given to the other', async () => {
    const connection = await open()
    a.arm({ cutResponseAt: 0 })
    await expect(connection.command('CREATE TABLE once (n UInt8) ENGINE = Memory')).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      blockMayHaveArrived: true,
    })
    expect(await fronts[1].query('EXISTS TABLE once')).toBe('0')
  })

  describe('exactlyOnce', () => {
    it('refuses where one of the hosts cannot hold it', async () => {
      await fronts[1].query('ALTER TABLE t MODIFY SETTING non_replicated_deduplication_window = 0')
      const connection = await open()
      const error = await failure(connection.prepare('t', { exactlyOnce: true }), EngineError)
      expect(error.code).toBe('CANNOT_HOLD_PROMISE')
      expect(error.message).toContain(`at ${names[1]}`)
    })

    it('leaves out a host that cannot be asked, and says so', async () => {
      await b.down()
      const connection = await open({ retry: { minDelay: 5, maxDelay: 20, deadline: 500 } })
      const statement = await connection.prepare('t', { exactlyOnce: true })
      expect(statement.stats.warnings).toEqual([expect.stringContaining(`${names[1]} does not answer`)])
      await b.up()
      await takenDown(a)
      await statement.exec({ n: 1 })
      await failure(statement.commit(), DeliveryError)
      expect(await stored()).toEqual([0, 0])
    })
  })

  it('deterministic tokens need one log: refused, because another run may have used the other host', async () => {
    const connection = await open()
    const options = { engineId: 'nightly', deterministic: true }
    const error = await failure(connection.prepare('t', options), EngineError)
    expect(error.code).toBe('CANNOT_HOLD_PROMISE')
    expect(error.message).toContain(`of ${names[0]} and ${names[1]}`)
    const one = await open({ url: a.url })
    await (await one.prepare('t', options)).rollback()
  })

  it('a host that does not answer keeps neither the connection from closing nor the process alive', async () => {
    const connection = await open({ connectTimeout: 60_000 })
    const statement = await connection.prepare('t', { blockSize: 1 })
    await takenDown(a)
    await statement.exec({ n: 1 })
    await statement.flush()
    a.program(() => ({ stallRequestAt: 0 })) // a black hole from now on
    await a.up()
    const began = performance.now()
    while (a.openCount === 0 && performance.now() - began < 5_000) {
      await statement.exec({ n: 2 })
      await statement.flush() // one of these asks A, which says nothing
    }
    expect(a.openCount).toBeGreaterThan(0)
    const closing = performance.now()
    await connection.close()
    expect(performance.now() - closing).toBeLessThan(2_000)
  })
})

describe.skipIf(!serverAvailable())('servers of different versions', () => {
  let front: ChdbFront
  let old: TestServer
  beforeAll(async () => {
    ;[front, old] = await Promise.all([startFront(), startServer()])
    for (const server of [front, old]) await server.query('CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n')
  })
  afterAll(() => Promise.all([front?.stop(), old?.stop()]))

  it('a setting that one of them does not know is an error that names it', async () => {
    await using connection = await connect({ url: [front.url, old.url], logger, loadBalancing: 'round_robin' })
    const statement = await connection.prepare('t', { blockSize: 1 })
    const error = await failure(
      (async () => {
        for (const n of range(4)) await statement.exec({ n })
        await statement.commit()
      })(),
      DeliveryError,
    )
    expect(error).toMatchObject({ serverCode: 115, hint: expect.stringContaining('the others must know the same') })
    expect(error.message).toContain(`at 127.0.0.1:${old.httpPort}`)
  })
})

describe.skipIf(!serverAvailable() || !zookeeperAvailable())('replicas, which share a deduplication log', () => {
  let replicas: [TestServer, TestServer]
  let stop: () => Promise<void>
  beforeAll(async () => {
    const started = await startReplicas(2)
    replicas = started.replicas as [TestServer, TestServer]
    stop = started.stop
  }, 60_000)
  afterAll(() => stop?.())

  async function createTable(name: string): Promise<void> {
    for (const replica of replicas) {
      await replica.query(
        `CREATE TABLE ${name} (n UInt32) ENGINE = ReplicatedMergeTree('/sluice/${name}', '{replica}') ORDER BY n`,
      )
    }
  }
  const countAt = (replica: TestServer, table: string) => replica.query(`SELECT count(), uniqExact(n) FROM ${table}`)

  it('a block that one stored before it was killed is recognised by the other', async () => {
    await createTable('killed')
    await replicas[1].query('SYSTEM STOP FETCHES killed') // it has to know the block without having its rows
    const { proxies, names, connection } = await waysTo(replicas.map(({ url }) => url))
    const [a, b] = proxies as [FaultProxy, FaultProxy]
    await using through = await connection()
    const statement = await through.prepare('killed', { blockSize: 100 })
    const retries: string[] = []
    statement.on('retry', async ({ attempt }) => {
      retries.push(`attempt ${attempt}`)
      await a.down()
      await replicas[0].kill()
    })
    a.arm({ cutResponseAt: 0 })
    for (const n of range(100)) await statement.exec({ n })
    const used: (string | undefined)[] = []
    statement.on('block', ({ host, state }) => used.push(`${host} ${state}`))
    await statement.flush()
    expect(retries[0]).toBe('attempt 1')
    for (const n of range(200, 100)) await statement.exec({ n })
    expect(await statement.commit()).toMatchObject({ rows: 200 })
    expect(used.at(-1)).toBe(`${names[1]} acknowledged`)
    // Of the first block only the dead one has the rows, and it did not come twice.
    expect(await countAt(replicas[1], 'killed')).toBe('100\t100')
    await replicas[0].restart()
    await replicas[1].query('SYSTEM START FETCHES killed')
    await Promise.all([a.close(), b.close()])
    for (const replica of replicas) {
      await expect.poll(() => countAt(replica, 'killed'), { timeout: 45_000 }).toBe('200\t200')
    }
  })

  it('a block taken from a connection to one is delivered through another', async () => {
    await createTable('taken')
    const { proxies, connection } = await waysTo([replicas[0].url], { retry: { deadline: 300, minDelay: 5 } })
    const [a] = proxies as [FaultProxy]
    await using through = await connection()
    const statement = await through.prepare('taken')
    a.arm({ cutResponseAt: 0 })
    statement.on('retry', () => void takenDown(a))
    for (const n of range(50)) await statement.exec({ n })
    await failure(statement.commit(), DeliveryError)
    const blocks = statement.takeBlocks()
    expect(blocks).toMatchObject([{ state: 'unknown' }])
    await using other = await connect({ url: replicas[1].url, logger })
    expect(await other.deliver(blocks)).toMatchObject({ rows: 50 })
    for (const replica of replicas) {
      await expect.poll(() => countAt(replica, 'taken'), { timeout: 45_000 }).toBe('50\t50')
    }
    await a.close()
  })

  it('deterministic tokens are theirs together', async () => {
    await createTable('nightly')
    await using connection = await connect({ url: replicas.map(({ url }) => url), logger })
    const statement = await connection.prepare('nightly', { engineId: 'nightly', deterministic: true })
    await statement.rollback()
  })
})
