// A table that changes while a statement is open, on an engine that compares types: nothing is stored that was not given.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Connection,
  connect,
  DeliveryError,
  type Row,
  SchemaError,
  ServerError,
  type Statement,
} from '../../src/index.ts'
import { failure } from '../support/inserts.ts'

let connection: Connection
let tableCount = 0

beforeAll(async () => {
  const silent = () => {}
  connection = await connect({ url: 'chdb:', logger: { debug: silent, info: silent, warn: silent, error: silent } })
})
afterAll(() => connection.close())

async function createTable(columns: string): Promise<string> {
  const table = `t${tableCount++}`
  await connection.command(`CREATE TABLE ${table} (id UInt32, ${columns}) ENGINE = MergeTree ORDER BY id`)
  return table
}

/** A statement whose open block holds the row, on a table that was changed since. */
async function staged(columns: string, change: Change, row: object): Promise<[table: string, statement: Statement]> {
  const table = await createTable(columns)
  const statement = await connection.prepare(table, { flushInterval: 0 })
  await statement.exec({ id: 1, ...row })
  await change(table)
  return [table, statement]
}

type Change = (table: string) => Promise<void>

const alter =
  (what: string): Change =>
  (table) =>
    connection.command(`ALTER TABLE ${table} ${what}`)

const recreate =
  (columns: string): Change =>
  async (table) => {
    await connection.command(`DROP TABLE ${table}`)
    await connection.command(`CREATE TABLE ${table} (id UInt32, ${columns}) ENGINE = MergeTree ORDER BY id`)
  }

async function countOf(table: string): Promise<number> {
  return Number((await connection.query(`SELECT count() AS n FROM ${table}`))[0]!.n)
}

/** commit() fails with a cause that names the change; the table has no row more. */
async function refusesToCommit(
  table: string,
  statement: Statement,
  named: string,
  expected: { state?: string; serverCode?: number },
): Promise<void> {
  const error = await failure(statement.commit(), DeliveryError)
  expect(error.cause).toBeInstanceOf(SchemaError)
  expect(error.cause).toMatchObject({ code: 'SCHEMA_CHANGED', table })
  expect(error.message).toContain(`\`default\`.\`${table}\` changed since prepare(): ${named}`)
  expect(error.hint).toMatch(/^prepare again/)
  expect(error.blocks).toMatchObject([{ state: expected.state ?? 'rejected', rowCount: 1 }])
  expect(error.serverCode).toBe(expected.serverCode)
  expect(await countOf(table)).toBe(0)
  await statement.rollback()
}

describe('a block that the changed table does not take is refused whole, and the error names the change', () => {
  // prettier-ignore
  const cases: [title: string, columns: string, change: Change, row: object, named: string, serverCode: number][] = [
    ['dropped', 'a UInt8', alter('DROP COLUMN a'), { a: 1 }, 'the column "a" (UInt8) is gone', 16],
    ['renamed', 'a UInt8', alter('RENAME COLUMN a TO b'), { a: 1 }, 'the column "a" (UInt8) is gone', 16],
    ['narrowed', 'a UInt32', alter('MODIFY COLUMN a UInt16'), { a: 70_000 }, '"a" was UInt32 and is UInt16 now', 53],
    ['widened', 'a UInt32', alter('MODIFY COLUMN a UInt64'), { a: 70_000 }, '"a" was UInt32 and is UInt64 now', 53],
    ['another sign', 'a Int32', alter('MODIFY COLUMN a UInt32'), { a: -1 }, '"a" was Int32 and is UInt32 now', 53],
    ['a text', 'a UInt32', alter('MODIFY COLUMN a String'), { a: 1 }, '"a" was UInt32 and is String now', 53],
    [
      'Nullable',
      'a UInt8',
      alter('MODIFY COLUMN a Nullable(UInt8)'),
      { a: 1 },
      '"a" was UInt8 and is Nullable(UInt8) now',
      53,
    ],
    [
      'not Nullable, NULL',
      'a Nullable(UInt8)',
      alter('MODIFY COLUMN a UInt8 DEFAULT 9'),
      { a: null },
      '"a" was Nullable(UInt8) and is UInt8 now',
      53,
    ],
    [
      'not Nullable, a value',
      'a Nullable(UInt8)',
      alter('MODIFY COLUMN a UInt8 DEFAULT 9'),
      { a: 1 },
      '"a" was Nullable(UInt8) and is UInt8 now',
      53,
    ],
    [
      'not Nullable, inside',
      'a Array(Nullable(UInt8))',
      recreate('a Array(UInt8)'),
      { a: [null] },
      '"a" was Array(Nullable(UInt8)) and is Array(UInt8) now',
      53,
    ],
    [
      'a wider Enum',
      "a Enum8('x' = 1)",
      alter("MODIFY COLUMN a Enum16('x' = 1)"),
      { a: 'x' },
      `"a" was Enum8('x' = 1) and is Enum16('x' = 1) now`,
      53,
    ],
    [
      'more digits',
      'a DateTime64(3)',
      alter('MODIFY COLUMN a DateTime64(6)'),
      { a: 1 },
      '"a" was DateTime64(3) and is DateTime64(6) now',
      53,
    ],
    [
      'another length',
      'a FixedString(3)',
      alter('MODIFY COLUMN a FixedString(5)'),
      { a: 'abc' },
      '"a" was FixedString(3) and is FixedString(5) now',
      53,
    ],
    [
      'an element',
      'a Array(UInt8)',
      alter('MODIFY COLUMN a Array(UInt16)'),
      { a: [1] },
      '"a" was Array(UInt8) and is Array(UInt16) now',
      53,
    ],
    [
      'computed',
      'a UInt8',
      alter('MODIFY COLUMN a UInt8 MATERIALIZED 1'),
      { a: 1 },
      '"a" was UInt8 and is UInt8 MATERIALIZED now',
      44,
    ],
    [
      'an alias',
      'a UInt8',
      alter('MODIFY COLUMN a UInt8 ALIAS 1'),
      { a: 1 },
      '"a" was UInt8 and is UInt8 ALIAS now',
      16,
    ],
    ['another case', 'a UInt8', recreate('A UInt8'), { a: 1 }, 'the column "a" (UInt8) is gone', 16],
    [
      'another type under the name',
      'a String',
      recreate('a UInt64'),
      { a: 'x' },
      '"a" was String and is UInt64 now',
      53,
    ],
    [
      'a member of a Nested',
      'n Nested(x UInt8, y UInt8)',
      alter('DROP COLUMN n.y'),
      { n: [{ x: 1, y: 2 }] },
      'the column "n.y" (Array(UInt8)) is gone',
      16,
    ],
    [
      'two columns',
      'a UInt8, b UInt8',
      recreate('b UInt16'),
      { a: 1, b: 1 },
      'the column "a" (UInt8) is gone; "b" was UInt8 and is UInt16 now',
      16,
    ],
  ]
  for (const [title, columns, change, row, named, serverCode] of cases) {
    it(title, async () => refusesToCommit(...(await staged(columns, change, row)), named, { serverCode }))
  }

  it('an element more in a Tuple is an error inside of the server: whether the block is stored is not known', async () => {
    const [table, statement] = await staged('a Tuple(UInt8)', recreate('a Tuple(UInt8, UInt8)'), { a: [1] })
    const named = '"a" was Tuple(UInt8) and is Tuple(UInt8, UInt8) now'
    await refusesToCommit(table, statement, named, { state: 'unknown', serverCode: 49 })
  })

  it('a table that is gone is told as before', async () => {
    const [, statement] = await staged('a UInt8', (table) => connection.command(`DROP TABLE ${table}`), { a: 1 })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error).toMatchObject({ serverCode: 60, cause: expect.any(ServerError), hint: expect.stringMatching(/gone/) })
    await statement.rollback()
  })

  it('a table of declared columns is looked at after a refusal too', async () => {
    const table = await createTable('a UInt16')
    const columns = [
      { name: 'id', type: 'UInt32' },
      { name: 'a', type: 'UInt32' },
    ]
    const statement = await connection.prepare(table, { columns })
    await statement.exec([1, 70_000])
    await refusesToCommit(table, statement, '"a" was UInt32 and is UInt16 now', { serverCode: 53 })
  })

  it('a refusal for another reason keeps its own', async () => {
    const table = await createTable('a UInt8, CONSTRAINT small CHECK a < 10')
    const statement = await connection.prepare(table)
    await statement.exec({ id: 1, a: 20 })
    await alter('ADD COLUMN b UInt8')(table)
    const error = await failure(statement.commit(), DeliveryError)
    expect(error).toMatchObject({ serverCode: 469, cause: expect.any(ServerError) })
    await statement.rollback()
  })
})

describe('what no server notices is found by a look before the block, if the last is older than a second', () => {
  // prettier-ignore
  const cases: [title: string, columns: string, change: Change, row: object, named: string][] = [
    [
      'elements in another order',
      'a Tuple(x UInt8, y UInt8)',
      alter('MODIFY COLUMN a Tuple(y UInt8, x UInt8)'),
      { a: { x: 1, y: 2 } },
      '"a" was Tuple(x UInt8, y UInt8) and is Tuple(y UInt8, x UInt8) now',
    ],
    [
      'deeper inside',
      'a Array(Tuple(x UInt8, y UInt8))',
      alter('MODIFY COLUMN a Array(Tuple(y UInt8, x UInt8))'),
      { a: [{ x: 1, y: 2 }] },
      '"a" was Array(',
    ],
    ['another label', "a Enum8('x' = 1, 'y' = 2)", recreate("a Enum8('y' = 1, 'x' = 2)"), { a: 'x' }, '"a" was Enum8('],
    ['a label less', "a Enum8('x' = 1, 'y' = 2)", recreate("a Enum8('x' = 1)"), { a: 'y' }, '"a" was Enum8('],
    [
      'fewer digits',
      'a Decimal(9, 2)',
      recreate('a Decimal(4, 2)'),
      { a: '9999999.99' },
      '"a" was Decimal(9, 2) and is Decimal(4, 2) now',
    ],
    ['a number as a Bool', 'a UInt8', recreate('a Bool'), { a: 7 }, '"a" was UInt8 and is Bool now'],
    [
      'EPHEMERAL',
      'a UInt8',
      alter('MODIFY COLUMN a UInt8 EPHEMERAL'),
      { a: 7 },
      '"a" was UInt8 and is UInt8 EPHEMERAL now',
    ],
    ['an element more', 'a Tuple(UInt8)', recreate('a Tuple(UInt8, UInt8)'), { a: [1] }, '"a" was Tuple('],
  ]
  it.each(cases)('%s', { concurrent: true }, async (_, columns, change, row, named) => {
    const [table, statement] = await staged(columns, change, row)
    await sleep(1_050)
    await refusesToCommit(table, statement, named, { state: 'sealed' })
  })

  for (const [title, what, named] of [
    ['a DEFAULT, where the column has become Nullable', 'a Nullable(UInt8)', '"a" was UInt8 and'],
    [
      'NULL beside a DEFAULT, where its column is not Nullable any more',
      'n UInt8 DEFAULT 1',
      '"n" was Nullable(UInt8) and',
    ],
  ] as const) {
    it(title, async () => {
      const table = await createTable('a UInt8 DEFAULT 7, n Nullable(UInt8)')
      const statement = await connection.prepare(table, { flushInterval: 0 })
      await statement.exec({ id: 1, a: 1, n: null })
      await statement.exec({ id: 2, n: null }) // now NULL stands for 7 in the column a
      await alter(`MODIFY COLUMN ${what}`)(table)
      await sleep(1_050)
      const error = await failure(statement.commit(), DeliveryError)
      expect(error.blocks).toMatchObject([{ state: 'sealed', rowCount: 2 }])
      expect(error.message).toContain(named)
      await statement.rollback()
    })
  }

  it('rows that were sent within that second are named', async () => {
    const table = await createTable('a Tuple(x UInt8, y UInt8)')
    const statement = await connection.prepare(table)
    await statement.exec({ id: 1, a: { x: 1, y: 2 } })
    await statement.flush()
    await alter('MODIFY COLUMN a Tuple(y UInt8, x UInt8)')(table)
    await statement.exec({ id: 2, a: { x: 1, y: 2 } })
    await statement.flush()
    await sleep(1_050)
    await statement.exec({ id: 3, a: { x: 1, y: 2 } })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.message).toContain('The server does not notice this: rows 0..0, 1..1 may be stored with other values')
    await statement.rollback()
  })
})

describe('what changes no value does not disturb', () => {
  // prettier-ignore
  const cases: [title: string, columns: string, change: Change, row: Row, stored: object][] = [
    ['a column more', 'a UInt8', alter('ADD COLUMN b UInt8 DEFAULT a + 1'), { a: 1 }, { a: 1, b: 2 }],
    ['a column more, before the others', 'a UInt8', alter('ADD COLUMN b String FIRST'), { a: 1 }, { a: 1, b: '' }],
    ['an unused column less', 'a UInt8, b UInt8 DEFAULT 1', alter('DROP COLUMN b'), { a: 1 }, { a: 1 }],
    ['another DEFAULT', 'a UInt8, b UInt8 DEFAULT 1', alter('MODIFY COLUMN b DEFAULT 2'), { a: 1 }, { a: 1, b: 2 }],
    ['a dictionary', 'a String', alter('MODIFY COLUMN a LowCardinality(String)'), { a: 'x' }, { a: 'x' }],
    ['no dictionary', 'a LowCardinality(String)', alter('MODIFY COLUMN a String'), { a: 'x' }, { a: 'x' }],
    ['more labels', "a Enum8('x' = 1)", alter("MODIFY COLUMN a Enum8('x' = 1, 'y' = 2)"), { a: 'x' }, { a: 'x' }],
    [
      'another zone',
      "a DateTime('UTC')",
      alter("MODIFY COLUMN a DateTime('Asia/Tokyo')"),
      { a: 0 },
      { a: '1970-01-01 09:00:00' },
    ],
    ['a recreated table', 'a UInt8', recreate('b UInt8, a UInt8'), { a: 1 }, { a: 1, b: 0 }],
  ]
  for (const looks of [false, true]) {
    describe(looks ? 'after a look' : 'without one', () => {
      it.each(cases)('%s', { concurrent: true }, async (_, columns, change, row, stored) => {
        const [table, statement] = await staged(columns, change, row)
        if (looks) await sleep(1_050)
        expect(await statement.commit()).toMatchObject({ rows: 1, rejected: 0 })
        expect(await connection.query(`SELECT * FROM ${table}`)).toEqual([{ id: 1, ...stored }])
      })
    })
  }
})

describe('between two blocks, and while blocks are on their way', () => {
  it('those before are acknowledged, those behind are refused, and every row is accounted for', async () => {
    const table = await createTable('a UInt32')
    const statement = await connection.prepare(table, { blockSize: 10, maxPendingBlocks: 20 })
    for (let id = 0; id < 50; id++) void statement.exec({ id, a: 70_000 + id })
    await statement.whenAcknowledged(29)
    const altered = alter('MODIFY COLUMN a UInt16')(table)
    for (let id = 50; id < 100; id++) void statement.exec({ id, a: id })
    const error = await failure(statement.commit(), DeliveryError)
    await altered
    const { accepted, acknowledged, rejected, sealed, unknown, staged: open } = statement.stats
    expect({ accepted, lost: accepted - acknowledged - rejected - sealed - unknown - open }).toEqual({
      accepted: 100,
      lost: 0,
    })
    expect({ rejected, unknown }).toEqual({ rejected: 10, unknown: 0 })
    expect(acknowledged).toBeGreaterThanOrEqual(30)
    expect(await countOf(table)).toBe(acknowledged)
    expect(error.blocks.filter(({ state }) => state === 'acknowledged')).toHaveLength(acknowledged / 10)

    await alter('MODIFY COLUMN a UInt32')(table)
    await connection.deliver(statement.takeBlocks())
    const [sum] = await connection.query(`SELECT count() AS n, uniqExact(id) AS ids, max(id) AS last FROM ${table}`)
    expect(sum).toEqual({ n: '100', ids: '100', last: 99 })
  })

  it('deliver() names the change of a table that is still another', async () => {
    const [table, statement] = await staged('a UInt32', alter('MODIFY COLUMN a UInt16'), { a: 70_000 })
    await failure(statement.commit(), DeliveryError)
    const error = await failure(connection.deliver(statement.takeBlocks()), DeliveryError)
    expect(error.message).toContain('"a" was UInt32 and is UInt16 now')
    expect(await countOf(table)).toBe(0)
  })

  it('deliver() looks at the table first, for what the server would not notice', async () => {
    const [table, statement] = await staged("a Enum8('x' = 1), b UInt32", alter('MODIFY COLUMN b UInt16'), {
      a: 'x',
      b: 1,
    })
    await failure(statement.commit(), DeliveryError)
    await recreate("a Enum8('p' = 1), b UInt32")(table)
    const error = await failure(connection.deliver(statement.takeBlocks()), DeliveryError)
    expect(error).toMatchObject({ blocks: [{ state: 'sealed' }], serverCode: undefined })
    expect(error.message).toContain(`"a" was Enum8('x' = 1) and is Enum8('p' = 1) now`)
  })
})
