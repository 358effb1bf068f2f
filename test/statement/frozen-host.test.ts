// A host that takes connections and never answers, beside one that works: no deadline waits for it.

import { afterEach, expect, it } from 'vitest'
import { type Connection, connect, DeliveryError } from '../../src/index.ts'
import { failure } from '../support/inserts.ts'
import { type LyingOptions, type LyingServer, startLyingServer } from '../support/lying-server.ts'

const servers: LyingServer[] = []
const opened: Connection[] = []
afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close({ deadline: 1 })
  for (const server of servers.splice(0)) await server.close()
})

async function server(options: LyingOptions): Promise<LyingServer> {
  const started = await startLyingServer(options)
  servers.push(started)
  return started
}

const COLUMNS = [{ name: 'n', type: 'UInt32' }]
const LOST: LyingOptions = { insert: () => ({ close: 'before' }) }
/** What tells a deduplication log from others. */
const isAboutLogs = (sql: string) => /serverUUID/.test(sql)

it('the deadline of a block whose answer was lost', async () => {
  const [works, frozen] = [
    await server(LOST),
    await server({ rows: (sql) => (isAboutLogs(sql) ? { hang: true } : undefined) }),
  ]
  const connection = await connect({ url: [works.url, frozen.url] })
  opened.push(connection)
  const retry = { deadline: 1_000, attemptTimeout: 500, minDelay: 5, maxDelay: 20 }
  const statement = await connection.prepare('t', { columns: COLUMNS, flushInterval: 0, retry })
  await statement.exec({ n: 1 })
  const error = await failure(statement.commit(), DeliveryError)
  expect(error.blocks).toMatchObject([{ state: 'unknown' }])
}, 8_000)

it('the deadline of close() while deliver() asks it', async () => {
  let isFrozen = false
  const works = await server(LOST)
  const frozen = await server({ rows: (sql) => (isFrozen && isAboutLogs(sql) ? { hang: true } : undefined) })
  const one = await connect({ url: works.url, retry: { attempts: 1 } })
  opened.push(one)
  const statement = await one.prepare('t', { columns: COLUMNS, flushInterval: 0 })
  await statement.exec({ n: 1 })
  await failure(statement.commit(), DeliveryError)
  const blocks = statement.takeBlocks()
  isFrozen = true
  const two = await connect({ url: [works.url, frozen.url] })
  opened.push(two)
  const delivering = two.deliver(blocks).catch((error) => error)
  await two.close({ deadline: 200 })
  expect(await delivering).toBeInstanceOf(Error)
}, 8_000)
