// When the table is looked at, and what a look that fails means: on a server that only records.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Connection, connect, DeliveryError, type Statement, type StatementOptions } from '../../src/index.ts'
import { failure } from '../support/inserts.ts'
import {
  exceptionReply,
  type LyingOptions,
  type LyingServer,
  type RecordedRequest,
  type Reply,
  startLyingServer,
} from '../support/lying-server.ts'

const isLook = (sql: string) => sql.includes('system.columns')
const KNOWN = ['insert_deduplication_token', 'input_format_null_as_default']
const CHECKING = [...KNOWN, 'input_format_native_allow_types_conversion']

let server: LyingServer
let connection: Connection
let elapsed = 0
let types: Record<string, string>
let warnings: unknown[][] = []

beforeEach(() => {
  types = { n: 'UInt32' }
  elapsed = 0
  warnings = []
  const now = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => now() + elapsed)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await server.close()
  await connection.close({ deadline: 0 })
})

/** A statement whose looks are answered from `types`, or as `look` says. */
async function prepare(
  settings: readonly string[],
  more: { look?: () => Reply | undefined; insert?: LyingOptions['insert']; options?: StatementOptions } = {},
): Promise<Statement> {
  server = await startLyingServer({
    insert: more.insert,
    rows: (sql) => {
      if (sql.includes('system.settings')) return settings.map((name) => ({ name }))
      if (sql.includes('system.tables')) return [{ engine: 'Memory', engine_full: 'Memory' }]
      if (!isLook(sql)) return undefined
      return (
        more.look?.() ??
        Object.entries(types).map(([name, type]) => ({ name, type, default_kind: '', default_expression: '' }))
      )
    },
  })
  const silent = () => {}
  const warn = (...warning: unknown[]) => void warnings.push(warning)
  const logger = { debug: silent, info: silent, warn, error: silent }
  connection = await connect({ url: server.url, logger, retry: { minDelay: 1, maxDelay: 5 } })
  return await connection.prepare('events', { flushInterval: 0, ...more.options })
}

const looks = (): RecordedRequest[] => server.queries.filter(({ sql }) => isLook(sql))

async function send(statement: Statement): Promise<void> {
  await statement.exec({ n: 1 })
  await statement.flush()
}

describe('how often the table is looked at', () => {
  it('once a second while blocks are sent, where the server checks types; not for flush() and commit()', async () => {
    const statement = await prepare(CHECKING)
    for (let n = 0; n < 10; n++) await send(statement)
    expect(looks()).toHaveLength(1) // that of prepare()
    elapsed += 1_000
    for (let n = 0; n < 10; n++) await send(statement)
    expect(looks()).toHaveLength(2)
    elapsed += 60_000
    await statement.commit()
    expect(looks()).toHaveLength(2)
  })

  it('every 100 ms where it does not, and behind the last block', async () => {
    const statement = await prepare(KNOWN)
    await send(statement)
    expect(looks()).toHaveLength(2) // prepare() and flush()
    elapsed += 100
    await statement.exec({ n: 1 })
    await statement.commit()
    expect(looks()).toHaveLength(4) // before the block and behind it
  })

  it('never, with columns that are declared, where the server checks types', async () => {
    const statement = await prepare(CHECKING, { options: { columns: [{ name: 'n', type: 'UInt32' }] } })
    elapsed += 10_000
    await send(statement)
    await statement.commit()
    expect(looks()).toHaveLength(0)
  })

  it('once for all blocks that wait for it', async () => {
    const statement = await prepare(CHECKING, { options: { blockSize: 1 } })
    elapsed += 1_000
    await statement.execMany(Array.from({ length: 20 }, (_, n) => ({ n })))
    await statement.commit()
    expect(looks()).toHaveLength(2)
    expect(server.inserts).toHaveLength(20)
  })
})

describe('a look that fails', () => {
  it('for want of rights does not stop the block, and is logged', async () => {
    const denied = exceptionReply(497, 'ACCESS_DENIED', 'Not enough privileges', 403)
    let isDenied = false
    const statement = await prepare(KNOWN, { look: () => (isDenied ? denied : undefined) })
    isDenied = true
    elapsed += 1_000
    await statement.exec({ n: 1 })
    expect(await statement.commit()).toMatchObject({ rows: 1 })
    expect(looks()).toHaveLength(3)
    const look = { table: '`default`.`events`', cause: 'Code 497 ACCESS_DENIED' }
    expect(warnings.filter(([message]) => message === 'look')).toEqual([
      ['look', look],
      ['look', look],
    ])
  })

  it('of a table that shows no columns does not stop it either: the insert says what is wrong', async () => {
    const statement = await prepare(CHECKING)
    types = {}
    elapsed += 1_000
    await send(statement)
    expect(statement.stats).toMatchObject({ acknowledged: 1 })
    await statement.commit()
  })

  it('on its way is an attempt of the block that failed before it was sent, and is repeated', async () => {
    let cuts = 0
    const statement = await prepare(CHECKING, { look: () => (cuts > 0 && cuts-- ? { close: 'before' } : undefined) })
    const retries: unknown[] = []
    statement.on('retry', ({ error }) => retries.push(error))
    cuts = 2
    elapsed += 1_000
    await send(statement)
    expect(retries).toMatchObject([{ blockMayHaveArrived: false }, { blockMayHaveArrived: false }])
    expect(server.inserts).toHaveLength(1)
    await statement.commit()
  })

  it('for good leaves the block where it is: not sent', async () => {
    let isDown = false
    const statement = await prepare(CHECKING, {
      look: () => (isDown ? { close: 'before' } : undefined),
      options: { retry: { attempts: 3 } },
    })
    isDown = true
    elapsed += 1_000
    await statement.exec({ n: 1 })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.blocks).toMatchObject([{ state: 'sealed', attempts: 0 }])
    expect(server.inserts).toHaveLength(0)
  })
})

describe('rows that went in before a change was seen', () => {
  it('are named by the next look, and by every call from then on', async () => {
    const statement = await prepare(KNOWN)
    await send(statement)
    await statement.exec({ n: 1 })
    types = { n: 'UInt16' }
    const named = {
      code: 'SCHEMA_CHANGED',
      message: expect.stringContaining('rows 1..1 may be stored with other values'),
    }
    await expect(statement.flush()).rejects.toMatchObject(named)
    await expect(statement.flush()).rejects.toMatchObject(named)
    await statement.exec({ n: 1 })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.cause).toMatchObject(named)
    expect(error.blocks.at(-1)).toMatchObject({ state: 'sealed' })
    await statement.rollback()
  })

  it('are not those that the server refused', async () => {
    const statement = await prepare(KNOWN, { insert: () => exceptionReply(368, 'BAD_CAST', 'Bad cast', 500) })
    await statement.exec({ n: 1 })
    types = { n: 'UInt16' }
    const error = await failure(statement.commit(), DeliveryError)
    expect(error).toMatchObject({ serverCode: 368, cause: { code: 'SCHEMA_CHANGED' }, blocks: [{ state: 'rejected' }] })
    expect(error.message).not.toContain('may be stored')
    await statement.rollback()
  })
})
