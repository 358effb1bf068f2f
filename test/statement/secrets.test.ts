// Logs, channels and metrics of runs in which everything fails: none of them holds what a row says, a password, a literal of the SQL,
// or the words of a server, which may quote any of these.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { channels } from '../../src/engine/channels.ts'
import { type Connection, connect, type Logger, prometheus, type StatementOptions } from '../../src/index.ts'
import {
  exceptionReply,
  type LyingServer,
  type RecordedRequest,
  type Reply,
  startLyingServer,
} from '../support/lying-server.ts'
import { COLUMNS } from './lying.ts'

const ROW = 'planted-in-the-row'
const LITERAL = 'planted-in-the-sql'
const PASSWORD = 'planted-password'
const SECRETS = [ROW, LITERAL, PASSWORD, 'planted-in-an-answer', '424242']
const quoting = `cannot take '${ROW}', 424242: planted-in-an-answer (while parsing ${LITERAL}, password=${PASSWORD})`

let said: unknown[] = []
let server: LyingServer
const names = [channels.sealed, channels.settled, channels.retry, channels.wait, channels.drain]
  .map(({ name }) => name)
  .concat(['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((event) => `tracing:sluice:insert:${event}`))
const note = (message: unknown, name: string | symbol) => void said.push(name, message)
const line =
  (level: string) =>
  (...parts: unknown[]) =>
    void said.push(level, ...parts)
const logger: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }

beforeEach(async () => {
  said = []
  server = await startLyingServer()
  for (const name of names) subscribe(name, note)
  process.on('warning', note as never)
})
afterEach(async () => {
  for (const name of names) unsubscribe(name, note)
  process.off('warning', note as never)
  await server.close()
})

function expectNoSecrets(connection: Connection): void {
  const text = `${inspect(said, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null })}${prometheus(connection)}`
  expect(text).toContain('events') // else nothing was said
  for (const secret of SECRETS) expect(text).not.toContain(secret)
}

async function failingRun(
  answer: (request: RecordedRequest) => Reply | undefined,
  options: StatementOptions = {},
): Promise<Connection> {
  server.script({
    insert: answer,
    rows: (sql) => {
      if (sql.includes('system.tables')) {
        return [{ engine: 'MergeTree', engine_full: '', partition_key: '', dependencies_table: [] }]
      }
      if (!sql.includes('system.columns')) return undefined
      return COLUMNS.map((column) => ({ ...column, default_kind: '', default_expression: '' }))
    },
  })
  const connection = await connect({
    url: `http://writer:${PASSWORD}@127.0.0.1:${server.port}`,
    retry: { minDelay: 1, maxDelay: 5 },
    logger,
  })
  const insert = `INSERT INTO events (n, text) SETTINGS log_comment = '${LITERAL}'`
  const statement = await connection.prepare(insert, { maxPendingBlocks: 1, blockSize: 1, ...options })
  const rejected = (error: unknown) => void said.push('rejected', (error as { code: string }).code)
  // What does not fit is thrown, with its value, to the caller alone.
  expect(() => statement.exec({ n: -424242, text: ROW })).toThrow()
  expect(() => statement.exec({ n: 1, [ROW]: 1 })).toThrow()
  await Promise.resolve(statement.exec({ n: 424242, text: ROW })).catch(rejected)
  await statement.commit().catch(rejected)
  const blocks = statement.takeBlocks()
  await connection.deliver(blocks, { acceptDuplicates: true, retry: { attempts: 2 } }).catch(rejected)
  return connection
}

for (const [code, name] of [
  [60, 'UNKNOWN_TABLE'],
  [27, 'CANNOT_PARSE_INPUT_ASSERTION_FAILED'],
  [53, 'TYPE_MISMATCH'],
  [469, 'VIOLATED_CONSTRAINT'],
  [395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
  [1001, 'STD_EXCEPTION'],
  [4711, 'A_CODE_OF_THE_FUTURE'],
] as const) {
  it(`a server that refuses with ${code} ${name} and quotes the row`, async () => {
    const connection = await failingRun(() => exceptionReply(code, name, quoting))
    expect(said).toContain('rejected')
    expectNoSecrets(connection)
    await connection.close()
  })
}

it('one that refuses rows, which go to onReject', async () => {
  let rejectedCount = 0
  const onReject = () => void rejectedCount++
  const connection = await failingRun(() => exceptionReply(469, 'VIOLATED_CONSTRAINT', quoting), { onReject })
  expect(rejectedCount).toBe(1)
  expectNoSecrets(connection)
  await connection.close()
})

it('one that is overloaded, and quotes it in every answer until the attempts are used up', async () => {
  const connection = await failingRun(() => exceptionReply(252, 'TOO_MANY_PARTS', quoting), { retry: { attempts: 3 } })
  expect(said.filter((one) => one === 'retry').length).toBeGreaterThan(1)
  expectNoSecrets(connection)
  await connection.close()
})

it('a proxy that answers with the request', async () => {
  const connection = await failingRun(({ index }) => ({ status: index ? 418 : 503, body: quoting }))
  expectNoSecrets(connection)
  await connection.close()
})

it('a lying 200, a lost answer, an answer that is cut', async () => {
  const connection = await failingRun(
    ({ index }) =>
      [{ body: quoting }, { close: 'before' as const }, { close: 'inside' as const, body: quoting }][index % 3],
    { retry: { attempts: 4 } },
  )
  expectNoSecrets(connection)
  await connection.close()
})

it('a signal that fires with a reason of its own', async () => {
  const controller = new AbortController()
  const connection = await failingRun(
    ({ index }) => {
      controller.abort(new Error(quoting))
      return index === 0 ? { hang: true } : undefined
    },
    { signal: controller.signal, retry: { attempts: 1 } },
  )
  expectNoSecrets(connection)
  await connection.close({ deadline: 10 })
})
