// Against a server that compares no types: a look at the table before a block stands in for what it does not do.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Connection, connect, DeliveryError, SchemaError, type Statement } from '../../src/index.ts'
import { serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { failure } from '../support/inserts.ts'

/** Longer than a look is good for. */
const LATER = 110

describe.skipIf(!serverAvailable())('clickhouse-server 18.16', () => {
  let server: TestServer
  let connection: Connection
  let tableCount = 0

  beforeAll(async () => {
    server = await startServer()
    const silent = () => {}
    const logger = { debug: silent, info: silent, warn: silent, error: silent }
    connection = await connect({ url: server.url, logger })
  })
  afterAll(async () => {
    await connection?.close()
    await server?.stop()
  })

  async function createTable(columns: string): Promise<string> {
    const table = `t${tableCount++}`
    await connection.command(`CREATE TABLE ${table} (id UInt32, ${columns}) ENGINE = MergeTree ORDER BY id`)
    return table
  }

  async function countOf(table: string): Promise<string> {
    return await server.query(`SELECT count() FROM ${table}`)
  }

  const prepare = (table: string, options = {}): Promise<Statement> =>
    connection.prepare(table, { flushInterval: 0, ...options })

  // prettier-ignore
  const cases: [title: string, columns: string, change: string, row: object, named: string][] = [
    ['another width', 'a UInt32', 'MODIFY COLUMN a UInt16', { a: 70_000 }, '"a" was UInt32 and is UInt16 now'],
    [
      'Nullable, which would bring the server down',
      'a UInt32',
      'MODIFY COLUMN a Nullable(UInt32)',
      { a: 1 },
      '"a" was UInt32 and is Nullable(UInt32) now',
    ],
    [
      'another length, which would spoil the table',
      'a FixedString(3)',
      'MODIFY COLUMN a FixedString(5)',
      { a: 'abc' },
      '"a" was FixedString(3) and is FixedString(5) now',
    ],
    [
      'a wider Enum',
      "a Enum8('x' = 1)",
      "MODIFY COLUMN a Enum16('x' = 1)",
      { a: 'x' },
      `"a" was Enum8('x' = 1) and is Enum16('x' = 1) now`,
    ],
    ['a column that is gone', 'a UInt8', 'DROP COLUMN a', { a: 1 }, 'the column "a" (UInt8) is gone'],
    [
      'a computed one',
      'a UInt8',
      'MODIFY COLUMN a UInt8 MATERIALIZED 1',
      { a: 1 },
      '"a" was UInt8 and is UInt8 MATERIALIZED now',
    ],
  ]
  describe('a block that is not for the table any more is not sent', () => {
    for (const [title, columns, change, row, named] of cases) {
      it(title, async () => {
        const table = await createTable(columns)
        const statement = await prepare(table)
        await statement.exec({ id: 1, ...row })
        await connection.command(`ALTER TABLE ${table} ${change}`)
        await sleep(LATER)
        const error = await failure(statement.commit(), DeliveryError)
        expect(error.cause).toMatchObject({ code: 'SCHEMA_CHANGED', table })
        expect(error.message).toContain(named)
        expect(error.blocks).toMatchObject([{ state: 'sealed', attempts: 0 }])
        expect(await countOf(table)).toBe('0')
        await statement.rollback()
      })
    }

    it('nor one of declared columns that were never the table’s', async () => {
      const table = await createTable('a UInt16')
      const columns = [
        { name: 'id', type: 'UInt32' },
        { name: 'a', type: 'UInt32' },
      ]
      const statement = await prepare(table, { columns })
      await statement.exec([1, 70_000])
      const error = await failure(statement.commit(), DeliveryError)
      expect(error.message).toContain('"a" was UInt32 and is UInt16 now')
      await statement.rollback()
    })

    it('nor by deliver()', async () => {
      const table = await createTable('a FixedString(3)')
      const statement = await prepare(table)
      await statement.exec({ id: 1, a: 'abc' })
      await connection.command(`ALTER TABLE ${table} MODIFY COLUMN a FixedString(5)`)
      await sleep(LATER)
      await failure(statement.commit(), DeliveryError)
      await failure(connection.deliver(statement.takeBlocks()), DeliveryError)
      expect(await countOf(table)).toBe('0')
    })
  })

  it('what means the same does not disturb', async () => {
    const table = await createTable("a Enum8('x' = 1), b DateTime('UTC')")
    const statement = await prepare(table)
    await statement.exec({ id: 1, a: 'x', b: 1 })
    await connection.command(
      `ALTER TABLE ${table} MODIFY COLUMN a Enum8('x' = 1, 'y' = 2), MODIFY COLUMN b DateTime('Asia/Tokyo'), ADD COLUMN c UInt8`,
    )
    await sleep(LATER)
    await statement.commit()
    expect(await server.query(`SELECT * FROM ${table}`)).toBe('1\tx\t1970-01-01 09:00:01\t0')
  })

  describe('a block within the time of a look', () => {
    it('that the server itself refuses is named as ever', async () => {
      const table = await createTable('a UInt32')
      const statement = await prepare(table)
      await statement.exec({ id: 1, a: 70_000 })
      await statement.flush() // looks, and is the reason why the next one does not
      await connection.command(`ALTER TABLE ${table} MODIFY COLUMN a UInt16`)
      await statement.exec({ id: 2, a: 70_000 })
      const error = await failure(statement.commit(), DeliveryError)
      expect(error.message).toContain('"a" was UInt32 and is UInt16 now')
      expect(error.cause).toBeInstanceOf(SchemaError)
      await statement.rollback()
    })

    it('is found at flush() and at commit(), though its rows are acknowledged, and named', async () => {
      const table = await createTable("a Enum8('x' = 1)")
      const statement = await prepare(table)
      const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now()) // however slow this machine is
      await statement.exec({ id: 1, a: 'x' })
      await server.query(`DROP TABLE ${table}`)
      await server.query(`CREATE TABLE ${table} (id UInt32, a Enum8('p' = 1)) ENGINE = MergeTree ORDER BY id`)
      for (const call of [() => statement.flush(), () => statement.commit()]) {
        const error = await failure(call(), SchemaError)
        expect(error).toMatchObject({ code: 'SCHEMA_CHANGED', column: 'a' })
        expect(error.message).toContain('The server does not notice this: rows 0..0 may be stored with other values')
      }
      clock.mockRestore()
      expect(statement.stats).toMatchObject({ accepted: 1, acknowledged: 1 })
      await expect(statement.flush()).rejects.toMatchObject({ code: 'STATEMENT_CLOSED' })
    })
  })

  describe("onSchemaChange: 'adapt'", () => {
    it('follows where nothing was sent since the last look', async () => {
      const table = await createTable('a UInt8')
      const statement = await prepare(table, { onSchemaChange: 'adapt' })
      await statement.exec({ id: 1, a: 255 })
      await connection.command(`ALTER TABLE ${table} MODIFY COLUMN a Int32, ADD COLUMN b String`)
      await sleep(LATER)
      await statement.flush()
      await statement.exec({ id: 2, a: -70_000, b: 'new' })
      await statement.commit()
      expect(await server.query(`SELECT * FROM ${table} ORDER BY id`)).toBe('1\t255\t\n2\t-70000\tnew')
    })
  })
})
