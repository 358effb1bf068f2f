// What check() says of tables of a real server of 2018: few settings, no tokens, no grants. Its Replicated tables are in
// check-replicas.test.ts.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connect } from '../../src/index.ts'
import { readFacts } from '../../src/statement/check/facts.ts'
import { partsPerMinute } from '../../src/statement/check/pressure.ts'
import { openTransport } from '../../src/transport/target.ts'
import { serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'

const silent = () => {}
const logger = { debug: silent, info: silent, warn: silent, error: silent }

describe.runIf(serverAvailable())('an old server', () => {
  let far: TestServer
  let server: TestServer
  let connection: Connection
  beforeAll(async () => {
    far = await startServer()
    const replica = (port: number) => `<replica><host>127.0.0.1</host><port>${port}</port></replica>`
    const log =
      '<part_log><database>system</database><table>part_log</table><flush_interval_milliseconds>100</flush_interval_milliseconds></part_log>'
    const config = (tcpPort: number) => `${log}<remote_servers>
      <far><shard>${replica(far.tcpPort)}</shard></far>
      <here><shard>${replica(tcpPort)}</shard></here>
      <both><shard>${replica(tcpPort)}</shard><shard>${replica(far.tcpPort)}</shard></both>
    </remote_servers>`
    server = await startServer({ config })
    connection = await connect({ url: server.url, logger })
    for (const each of [server, far]) {
      await each.query(
        'CREATE TABLE plain (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS parts_to_delay_insert = 50',
      )
    }
  })
  afterAll(async () => {
    await connection?.close()
    await Promise.all([server?.stop(), far?.stop()])
  })

  it('a plain table: nothing recognises a repeated block, and nothing could be set that would', async () => {
    const { promises, deduplicatesBy, exactlyOnce } = await connection.check('plain')
    expect({ deduplicatesBy, exactlyOnce }).toEqual({ deduplicatesBy: 'nothing', exactlyOnce: false })
    expect(promises.noDuplicates).toMatchObject({
      answer: 'no',
      reason: expect.stringMatching(/only Replicated tables can/),
      remedies: [],
    })
    expect(promises).toMatchObject({ writable: { answer: 'yes' }, noLoss: { answer: 'yes' }, atomic: { per: 'block' } })
    expect(promises.keepsUp.reason).toMatch(/delayed from 50 on, refused from 300/)
  })

  it('the part log tells how fast parts come in', async () => {
    await connection.command('CREATE TABLE busy (n UInt32) ENGINE = MergeTree ORDER BY n')
    for (let n = 0; n < 5; n++) await connection.command(`INSERT INTO busy VALUES (${n})`)
    const { transport } = openTransport({ url: server.url })
    await transport.ping()
    const facts = (await readFacts(transport, 18, { database: 'default', table: 'busy' }))!
    const deadline = performance.now() + 20_000
    let found = await partsPerMinute(transport, facts)
    expect(found).toEqual({ source: 'parts', rate: 1 }) // until the log is written
    for (; found?.source !== 'part_log' && performance.now() < deadline; await sleep(200)) {
      found = await partsPerMinute(transport, facts)
    }
    expect(found).toEqual({ source: 'part_log', rate: expect.toSatisfy((rate: number) => rate >= 3 && rate <= 5) }) // or a minute ended
    await transport.close()
  })

  it('Distributed over this server, another one, and both', async () => {
    for (const cluster of ['here', 'far', 'both']) {
      await connection.command(
        `CREATE TABLE d_${cluster} (n UInt32) ENGINE = Distributed(${cluster}, default, plain, n)`,
      )
    }
    const [here, distant, both] = await Promise.all(
      ['here', 'far', 'both'].map((cluster) => connection.check(`d_${cluster}`)),
    )
    for (const { promises } of [here!, distant!, both!]) {
      expect(promises.noDuplicates).toMatchObject({
        answer: 'no',
        reason: expect.stringContaining('`default`.`plain` (MergeTree)'),
      })
      expect(promises.noLoss.answer).toBe('yes')
    }
    expect([here, distant, both].map((report) => report!.promises.atomic.per)).toEqual(['block', 'block', 'nothing'])
    expect([here, distant, both].map((report) => report!.promises.keepsUp.answer)).toEqual([
      'yes',
      'unproven',
      'unproven',
    ])

    await far.query('DROP TABLE plain')
    const { promises } = await connection.check('d_both')
    expect(promises.noDuplicates).toMatchObject({
      answer: 'unproven',
      reason: expect.stringContaining('found on 1 of 2 hosts'),
    })
  })

  it.each([1, 2])('a user who may only read (readonly = %i)', async (readonly) => {
    const readOnly = await startServer({ profile: { readonly } })
    try {
      await using reader = await connect({ url: readOnly.url, logger })
      expect((await reader.check('system.one')).promises.writable).toMatchObject({
        answer: 'no',
        reason: expect.stringContaining(`the setting readonly is ${readonly}`),
      })
    } finally {
      await readOnly.stop()
    }
  })
})
