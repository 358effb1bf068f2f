// What check() says of Replicated tables, held against what they do: 18.16 with a ZooKeeper, which knows blocks by their content.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connect } from '../../src/index.ts'
import { serverAvailable, type TestServer } from '../support/clickhouse-server.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { startReplicas, zookeeperAvailable } from '../support/zookeeper.ts'

const silent = () => {}
const logger = { debug: silent, info: silent, warn: silent, error: silent }

describe.runIf(serverAvailable() && zookeeperAvailable())('Replicated tables', () => {
  let replicas: Awaited<ReturnType<typeof startReplicas>>
  let server: TestServer
  let proxy: FaultProxy
  let connection: Connection
  beforeAll(async () => {
    replicas = await startReplicas(1)
    server = replicas.replicas[0]!
    proxy = await startFaultProxy(server.url)
    connection = await connect({ url: proxy.url, logger, retry: { minDelay: 10, maxDelay: 50 } })
  })
  afterAll(async () => {
    await connection?.close()
    await proxy?.close()
    await replicas?.stop()
  })

  const create = (table: string, settings = '', partition = '') =>
    server.query(
      `CREATE TABLE ${table} (n UInt32, p UInt8) ENGINE = ReplicatedMergeTree('/${table}', '{replica}') ${partition} ORDER BY n ${settings}`,
    )
  const count = async (table: string) => Number(await server.query(`SELECT count() FROM ${table}`))
  const insert = async (table: string, rows: { n: number; p: number }[], losesAnswer = false) => {
    const statement = await connection.prepare(table)
    if (losesAnswer) proxy.arm({ cutResponseAt: 0 })
    await statement.execMany(rows)
    return await statement.commit()
  }

  it('recognise a repeated block by its content; two equal ones that were both meant are one', async () => {
    await create('t')
    const report = await connection.check('t')
    expect(report).toMatchObject({
      engine: 'ReplicatedMergeTree',
      deduplicationWindow: 100,
      deduplicationSeconds: 604_800,
      deduplicatesBy: 'content',
      exactlyOnce: false,
      promises: { noLoss: { answer: 'no' }, noDuplicates: { answer: 'yes' }, writable: { answer: 'yes' } },
    })
    expect(report.outage.reason).toMatch(/50 of 100 entries are used, 7 days at most/)
    await expect(connection.prepare('t', { exactlyOnce: true })).rejects.toMatchObject({ code: 'CANNOT_HOLD_PROMISE' })

    expect(await insert('t', [{ n: 1, p: 0 }], true)).toMatchObject({ rows: 1, retries: 1, possibleDuplicates: 0 })
    expect(await count('t')).toBe(1)
    expect(await insert('t', [{ n: 1, p: 0 }])).toMatchObject({ rows: 1, retries: 0 })
    expect(await count('t')).toBe(1)
  })

  it('forget it by age: a block in doubt that is older is not sent again, and would come twice', async () => {
    await create(
      'young',
      'SETTINGS replicated_deduplication_window_seconds = 1, cleanup_delay_period = 1, cleanup_delay_period_random_add = 1',
    )
    let made = 0
    const lose = async (n: number, acceptDuplicates: boolean) => {
      const statement = await connection.prepare('young', { acceptDuplicates })
      proxy.arm({ cutResponseAt: 0 })
      const struck = proxy.struckCount
      await statement.exec({ n, p: 0 })
      const end = statement.commit().catch((error: unknown) => error)
      while (proxy.struckCount === struck) await sleep(1)
      await proxy.down()
      proxy.cutAll()
      // The age is that before the newest block, so there has to be one.
      const others = ++made
      await sleep(1100)
      await server.query(`INSERT INTO young VALUES (${1000 + others}, 0)`)
      const known = () => server.query("SELECT count() FROM system.zookeeper WHERE path = '/young/blocks'")
      while ((await known()) !== '1') await sleep(100)
      await proxy.up()
      return await end
    }
    expect(await lose(1, false)).toMatchObject({
      code: 'DELIVERY_FAILED',
      message: expect.stringMatching(/may be stored, and is not sent again: .*the table remembers blocks for 1 s/),
      blocks: [{ state: 'unknown' }],
    })
    expect(await server.query('SELECT countIf(n = 1) FROM young')).toBe('1')
    expect(await lose(2, true)).toMatchObject({ rows: 1, possibleDuplicates: 1 })
    expect(await server.query('SELECT countIf(n = 2) FROM young')).toBe('2')
  })

  it('forget it by count, of all partitions together', async () => {
    await create(
      'small',
      'SETTINGS replicated_deduplication_window = 4, cleanup_delay_period = 1, cleanup_delay_period_random_add = 1',
      'PARTITION BY p',
    )
    for (let p = 0; p < 6; p++) await insert('small', [{ n: p, p }])
    const known = async () =>
      (await server.query("SELECT name FROM system.zookeeper WHERE path = '/small/blocks'")).split('\n')
    while ((await known()).length > 4) await sleep(100)
    await insert('small', [{ n: 0, p: 0 }])
    await insert('small', [{ n: 5, p: 5 }])
    expect(await count('small')).toBe(7)
  })

  it('with a view: rows that came with a repeated block are missing in it', async () => {
    await create('source', '', 'PARTITION BY p')
    await create('target')
    await server.query('CREATE MATERIALIZED VIEW seen TO target AS SELECT n, p FROM source')
    const { noLoss } = (await connection.check('source')).promises
    expect(noLoss).toMatchObject({ answer: 'no', reason: expect.stringContaining('does not reach its views') })
    // The first partition of the second block is known: as if only that had been stored by a first attempt.
    await insert('source', [{ n: 1, p: 0 }])
    await insert('source', [
      { n: 1, p: 0 },
      { n: 2, p: 1 },
    ])
    expect([await count('source'), await count('target')]).toEqual([2, 1])
  })
})
