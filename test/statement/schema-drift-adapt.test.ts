// onSchemaChange 'adapt': rows that were accepted arrive as they were given, whatever their table has become meanwhile, or the
// statement ends and says which did not.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BlockReport,
  type Connection,
  connect,
  DeliveryError,
  EncodeError,
  SchemaError,
  type Statement,
  type StatementOptions,
} from '../../src/index.ts'
import { typed } from '../../src/native.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { failure } from '../support/inserts.ts'
import { range } from './lying.ts'

let connection: Connection
let tableCount = 0

beforeAll(async () => {
  const silent = () => {}
  connection = await connect({ url: 'chdb:', logger: { debug: silent, info: silent, warn: silent, error: silent } })
})
afterAll(() => connection.close())

async function createTable(columns: string, on = connection): Promise<string> {
  const table = `t${tableCount++}`
  await on.command(`CREATE TABLE ${table} (id UInt32, ${columns}) ENGINE = MergeTree ORDER BY id`)
  return table
}

async function prepare(table: string, options: StatementOptions = {}, on = connection): Promise<Statement> {
  return await on.prepare(table, { onSchemaChange: 'adapt', flushInterval: 0, ...options })
}

async function alter(table: string, what: string, on = connection): Promise<void> {
  await on.command(`ALTER TABLE ${table} ${what}`)
}

/** The rows of the statement are each in one state, and what is in no state is none. */
function accountOf({ stats }: Statement): object {
  const { accepted, staged, sealed, sent, acknowledged, rejected, unknown } = stats
  const unaccounted = accepted - staged - sealed - sent - acknowledged - rejected - unknown
  return { accepted, acknowledged, unaccounted }
}

describe('a type that takes the values of the old one: rows on their way end as ALTER leaves those that are stored', () => {
  const texts = ['', 'é', 'a longer text of some words', '\0']
  // prettier-ignore
  const cases: [was: string, is: string, values: unknown[]][] = [
    ['UInt8', 'UInt64', [0, 1, 255]],
    ['UInt64', 'UInt8', [0, 200n, 255]],
    ['Int32', 'Int256', [-(2 ** 31), 0, 2 ** 31 - 1]],
    ['UInt32', 'Int64', [0, 2 ** 32 - 1]],
    ['Int64', 'Int16', [-32_768, 32_767n]],
    ['UInt128', 'Int128', [0n, 2n ** 127n - 1n]],
    ['Float32', 'Float64', [Math.fround(0.1), -0, Number.NaN, Number.NEGATIVE_INFINITY, Math.fround(1.5e38)]],
    ['Decimal(9, 2)', 'Decimal(18, 4)', ['-1234567.89', 0, '0.01']],
    ['Decimal(18, 4)', 'Decimal(9, 4)', ['-12345.6789', 1n]],
    ['Decimal(30, 2)', 'Decimal(60, 30)', ['1234567890123456789012345678.99']],
    ['Date', 'Date32', ['1970-01-01', '2149-06-06', 19_000]],
    ['Date32', 'Date', ['1970-01-01', '2149-06-06']],
    ["Enum8('a' = -1, 'b' = 2)", "Enum16('b' = 2, 'a' = -1, 'c' = 300)", ['a', 2]],
    ['FixedString(3)', 'FixedString(5)', ['abc', '', Uint8Array.of(255, 0, 1)]],
    ['String', 'LowCardinality(String)', [...texts, Uint8Array.of(255, 254), '\uFEFFbom']],
    ['LowCardinality(String)', 'Nullable(String)', texts],
    ['LowCardinality(Nullable(String))', 'Nullable(String)', [null, 'x', '']],
    ['String', 'LowCardinality(Nullable(String))', ['', 'x']],
    ['UInt8', 'Nullable(UInt16)', [0, 1]],
    ['Nullable(UInt8)', 'Nullable(Int32)', [0, null, 255]],
    ['Nullable(UInt8)', 'UInt8 DEFAULT 9', [0, 255]],
    ['Array(UInt8)', 'Array(UInt32)', [[], [1, 2, 255]]],
    ['Array(Array(UInt8))', 'Array(Array(Nullable(Int16)))', [[[]], [[1], [], [2, 3]]]],
    [
      'Map(String, UInt8)',
      'Map(LowCardinality(String), UInt16)',
      [
        {},
        { a: 1, b: 2 },
        [
          ['k', 1],
          ['k', 2],
        ],
      ],
    ],
    ['Tuple(UInt8, String)', 'Tuple(UInt16, LowCardinality(String))', [[1, 'x']]],
    ['Tuple(x UInt8, `__proto__` UInt8)', 'Tuple(x UInt16, `__proto__` UInt16)', [[1, 2]]],
    ["DateTime('UTC')", "DateTime('Asia/Tokyo')", [0, new Date(86_400_000)]],
    ["DateTime64(6, 'UTC')", "DateTime64(6, 'Asia/Tokyo')", [0, 123_456_789n]],
    ['SimpleAggregateFunction(sum, UInt64)', 'UInt64', [1]],
  ]
  for (const [was, is, values] of cases) {
    it(`${was} → ${is}`, async () => {
      // A column beside it that is refused in any case, so that the rows go again.
      const table = await createTable(`a ${was}, other UInt8, s String`)
      const statement = await prepare(table)
      for (const [id, a] of values.entries()) await statement.exec({ id, a, other: id, s: `row ${id}` })
      await statement.flush()
      for (const [id, a] of values.entries()) await statement.exec({ id: id + 1000, a, other: id, s: `row ${id}` })
      await alter(table, `MODIFY COLUMN a ${is}, MODIFY COLUMN other UInt16`)
      await statement.flush()
      expect(statement.columns).toEqual(await connection.describe(table))
      // And new rows of the same values.
      for (const [id, a] of values.entries()) await statement.exec({ id: id + 2000, a, other: 300, s: `row ${id}` })
      await statement.commit()
      expect(accountOf(statement)).toMatchObject({ acknowledged: 3 * values.length, unaccounted: 0 })
      const differing = await connection.query(`
        SELECT a.id, toString(a.a) AS old, toString(b.a) AS again, toString(c.a) AS fresh FROM ${table} a
        LEFT JOIN ${table} b ON b.id = a.id + 1000 LEFT JOIN ${table} c ON c.id = a.id + 2000
        WHERE a.id < 1000 AND (old != again OR old != fresh OR a.s != b.s OR a.other != b.other)
        SETTINGS join_use_nulls = 1`)
      expect(differing).toEqual([])
      expect(await connection.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: `${3 * values.length}` }])
    })
  }
})

describe('what would lose or change a value ends the statement, and its rows are still there', () => {
  // prettier-ignore
  const cases: [title: string, columns: string, what: string, row: object, message: string][] = [
    ['a column that is gone', 'a UInt8', 'DROP COLUMN a', { a: 1 }, 'the column "a" (UInt8) is gone'],
    ['another name', 'a UInt8', 'RENAME COLUMN a TO b', { a: 1 }, 'the column "a" (UInt8) is gone'],
    [
      'a value that does not fit any more',
      'a UInt32',
      'MODIFY COLUMN a UInt16',
      { a: 70_000 },
      '"a" was UInt32 and is UInt16 now. The value of row 1 does not fit "a" UInt16',
    ],
    [
      'NULL',
      'a Nullable(UInt8)',
      'MODIFY COLUMN a UInt8 DEFAULT 9',
      { a: null },
      'The value of row 1 does not fit "a" UInt8',
    ],
    [
      'digits',
      'a Decimal(9, 4)',
      'MODIFY COLUMN a Decimal(9, 2)',
      { a: '1.2345' },
      'The value of row 1 does not fit "a" Decimal(9, 2)',
    ],
    [
      'seconds, which are no milliseconds',
      "a DateTime('UTC')",
      "MODIFY COLUMN a DateTime64(3, 'UTC')",
      { a: 1 },
      `"a" was DateTime('UTC') and is DateTime64(3, 'UTC') now`,
    ],
    [
      'ticks of another size',
      'a DateTime64(3)',
      'MODIFY COLUMN a DateTime64(6)',
      { a: 1n },
      '"a" was DateTime64(3) and is DateTime64(6) now',
    ],
    ['a text of a number', 'a UInt8', 'MODIFY COLUMN a String', { a: 1 }, '"a" was UInt8 and is String now'],
    ['rounding', 'a Float64', 'MODIFY COLUMN a Float32', { a: 0.1 }, '"a" was Float64 and is Float32 now'],
    [
      'another column that is gone',
      'a UInt8, b UInt8 DEFAULT 1',
      'MODIFY COLUMN a UInt16, DROP COLUMN b',
      { a: 1 },
      '"a" was UInt8 and is UInt16 now. It cannot be followed: `default`.`t',
    ],
    [
      'a new column of a type that cannot be written',
      'a UInt8',
      'MODIFY COLUMN a UInt16, ADD COLUMN s AggregateFunction(uniq, String)',
      { a: 1 },
      'It cannot be followed: t',
    ],
    [
      'computed',
      'a UInt8',
      'MODIFY COLUMN a UInt8 MATERIALIZED 1',
      { a: 1 },
      '"a" was UInt8 and is UInt8 MATERIALIZED now',
    ],
    [
      'a Dynamic beside it, which may be another type when it was read',
      'a UInt8, d Dynamic',
      'MODIFY COLUMN a UInt16',
      { a: 1, d: typed('UInt8', 1) },
      'Its rows cannot be read back without loss',
    ],
  ]
  for (const [title, columns, what, row, message] of cases) {
    it(title, async () => {
      const table = await createTable(columns)
      const statement = await prepare(table)
      await statement.exec({ id: 0, ...row })
      await statement.flush()
      await statement.exec({ id: 1, ...row })
      await alter(table, what).catch(async () => {
        // What ALTER refuses for rows that are there, it may do without them.
        await connection.command(`TRUNCATE TABLE ${table}`)
        await alter(table, what)
      })
      const [stored] = await connection.query(`SELECT count() AS n FROM ${table}`)
      const error = await failure(statement.commit(), DeliveryError)
      expect(error.cause).toBeInstanceOf(SchemaError)
      expect(error.message).toContain(message)
      expect(error.blocks).toMatchObject([{ state: 'acknowledged' }, { state: 'rejected', firstRow: 1, rowCount: 1 }])
      expect(accountOf(statement)).toEqual({ accepted: 2, acknowledged: 1, unaccounted: 0 })
      expect(statement.takeBlocks()).toMatchObject([{ firstRow: 1, rowCount: 1 }])
      expect(await connection.query(`SELECT count() AS n FROM ${table}`)).toEqual([stored])
    })
  }
})

describe('the blocks that take the place of others', () => {
  it('hold the same rows in the same places, under new tokens; nobody is told of a refusal', async () => {
    const table = await createTable('a UInt32, s String')
    const statement = await prepare(table, { blockSize: 10, maxPendingBlocks: 10 })
    const told: BlockReport[] = []
    const rejected: BlockReport[] = []
    const schemas: unknown[] = []
    statement.on('block', (report) => told.push(report))
    statement.on('reject', (report) => rejected.push(report))
    statement.on('schema', ({ columns, before }) => schemas.push([before[1]!.type, columns[1]!.type]))
    for (const id of range(20)) await statement.exec({ id, a: id, s: 'x' })
    await statement.whenAcknowledged(19)
    const altered = alter(table, 'MODIFY COLUMN a UInt64')
    for (const id of range(75, 20)) await statement.exec({ id, a: id, s: 'y'.repeat(id) })
    await statement.whenAcknowledged(69)
    await altered
    const summary = await statement.commit()

    expect(schemas).toEqual([['UInt32', 'UInt64']])
    expect(rejected).toEqual([])
    const order = [...told].sort((a, b) => a.firstRow - b.firstRow)
    expect(order.map(({ firstRow, rowCount, state }) => [firstRow, rowCount, state])).toEqual(
      [10, 20, 30, 40, 50, 60, 70, 75].map((rowEnd, index, ends) => {
        const firstRow = index === 0 ? 0 : ends[index - 1]!
        return [firstRow, rowEnd - firstRow, 'acknowledged']
      }),
    )
    expect(summary).toMatchObject({ rows: 75, blocks: 8, rejected: 0 })
    expect(summary.tokens).toEqual(order.map(({ token }) => token))
    expect(new Set(summary.tokens).size).toBe(8)
    expect(statement.stats.bytes).toBe(told.reduce((sum, { bytes }) => sum + bytes, 0))
    expect(accountOf(statement)).toEqual({ accepted: 75, acknowledged: 75, unaccounted: 0 })
    const [sums] = await connection.query(`SELECT count() AS n, uniqExact(id) AS ids, sum(a) AS a FROM ${table}`)
    expect(sums).toEqual({ n: '75', ids: '75', a: `${(74 * 75) / 2}` })
  })

  it('are several where the rows grew beyond blockBytes', async () => {
    const table = await createTable('a Array(UInt8)')
    const statement = await prepare(table, { blockBytes: 5_000 })
    for (const id of range(40)) await statement.exec({ id, a: range(100) })
    expect(statement.stats).toMatchObject({ blocks: 0, staged: 40 })
    await alter(table, 'MODIFY COLUMN a Array(UInt64)')
    const { rows, blocks, tokens } = await statement.commit()
    expect(rows).toBe(40)
    expect(blocks).toBeGreaterThan(4)
    expect(tokens).toHaveLength(blocks)
    expect(await connection.query(`SELECT count() AS n, sum(arraySum(a)) AS s FROM ${table}`)).toEqual([
      { n: '40', s: `${40 * 4950}` },
    ])
  })

  it('leave out what was left out: the DEFAULTs are the table’s', async () => {
    const table = await createTable(
      "a UInt8, d UInt16 DEFAULT id * 2, e LowCardinality(String) DEFAULT 'none', n Nullable(UInt8) DEFAULT 7",
    )
    const statement = await prepare(table, { holdUntilCommit: true })
    await statement.exec({ id: 1, a: 1 })
    await statement.exec({ id: 2, a: 1, d: 5, e: 'x' })
    await statement.exec({ id: 3, a: 1, d: 6 })
    await statement.exec({ id: 4, a: 1, n: null })
    await alter(table, "MODIFY COLUMN a UInt16, MODIFY COLUMN e LowCardinality(String) DEFAULT 'nothing'")
    await statement.commit()
    expect(await connection.query(`SELECT * FROM ${table} ORDER BY id`)).toEqual([
      { id: 1, a: 1, d: 2, e: 'nothing', n: 7 },
      { id: 2, a: 1, d: 5, e: 'x', n: 7 },
      { id: 3, a: 1, d: 6, e: 'nothing', n: 7 },
      { id: 4, a: 1, d: 8, e: 'nothing', n: null },
    ])
  })

  it('still leave it out where the column has become Nullable', async () => {
    const table = await createTable('a UInt16 DEFAULT 7')
    const statement = await prepare(table)
    await statement.exec({ id: 1, a: 1 })
    await statement.exec({ id: 2 }) // travels as NULL
    await alter(table, 'MODIFY COLUMN a Nullable(UInt16)')
    await sleep(1_050)
    await statement.exec({ id: 3, a: 3 })
    await statement.commit()
    expect(await connection.query(`SELECT a FROM ${table} ORDER BY id`)).toEqual([{ a: 1 }, { a: 7 }, { a: 3 }])
  })

  it('take a Nested along, member by member', async () => {
    const table = await createTable('a UInt8, n Nested(x UInt8, y String)')
    const statement = await prepare(table)
    await statement.exec({
      id: 1,
      a: 1,
      n: [
        { x: 1, y: 'a' },
        { x: 2, y: 'b' },
      ],
    })
    await alter(table, 'MODIFY COLUMN a UInt16')
    await alter(table, 'ADD COLUMN n.z Array(UInt8)')
    await statement.flush()
    await statement.exec({ id: 2, a: 300, n: [{ x: 1, y: 'a', z: 3 }] })
    await statement.commit()
    expect(await connection.query(`SELECT * FROM ${table} ORDER BY id`)).toEqual([
      { id: 1, a: 1, 'n.x': [1, 2], 'n.y': ['a', 'b'], 'n.z': [0, 0] },
      { id: 2, a: 300, 'n.x': [1], 'n.y': ['a'], 'n.z': [3] },
    ])
  })

  it('are made at commit() of what was held until then', async () => {
    const table = await createTable('a UInt8')
    const statement = await prepare(table, { holdUntilCommit: true, blockSize: 10 })
    for (const id of range(35)) await statement.exec({ id, a: id })
    await alter(table, 'MODIFY COLUMN a Int64')
    expect(await statement.commit()).toMatchObject({ rows: 35, blocks: 4 })
    expect(await connection.query(`SELECT sum(a) AS s FROM ${table}`)).toEqual([{ s: `${(34 * 35) / 2}` }])
  })

  it('are made a second time where the table changes a second time', async () => {
    const table = await createTable('a UInt8')
    const statement = await prepare(table, { blockSize: 5, maxPendingBlocks: 10 })
    for (const type of ['UInt16', 'UInt32', 'UInt64', 'Int128']) {
      const altered = alter(table, `MODIFY COLUMN a ${type}`)
      for (const id of range(23)) await statement.exec({ id, a: id })
      await altered
    }
    await statement.commit()
    expect(statement.columns[1]!.type).toBe('Int128')
    expect(await connection.query(`SELECT count() AS n, sum(a) AS s FROM ${table}`)).toEqual([{ n: '92', s: '1012' }])
  })

  it('are made of whole columns too, and whole columns follow', async () => {
    const table = await createTable('a UInt8')
    const statement = await prepare(table, { blockSize: 40, maxPendingBlocks: 10 })
    await statement.execColumns({ id: range(100), a: Uint8Array.from(range(100)) })
    await alter(table, 'MODIFY COLUMN a UInt32, ADD COLUMN b UInt8')
    await statement.execColumns({ id: range(150, 100), a: range(150, 100) })
    await statement.flush()
    await statement.execColumns({
      id: range(200, 150),
      a: range(200, 150).map((n) => n * 1000),
      b: Uint8Array.from(range(50)),
    })
    expect(await statement.commit()).toMatchObject({ rows: 200 })
    const [sums] = await connection.query(
      `SELECT count() AS n, uniqExact(id) AS ids, countIf(a != if(id < 150, id, id * 1000)) AS wrong, sum(b) AS b FROM ${table}`,
    )
    expect(sums).toEqual({ n: '200', ids: '200', wrong: '0', b: `${(49 * 50) / 2}` })
  })

  it('are made of compressed blocks too, over HTTP', async () => {
    const front: ChdbFront = await startFront()
    const remote = await connect(front.url)
    try {
      const table = await createTable('a UInt8, s String', remote)
      const statement = await prepare(table, { compression: 'lz4', blockSize: 100 }, remote)
      for (const id of range(450)) await statement.exec({ id, a: id % 256, s: 'text '.repeat(id % 7) })
      await alter(table, 'MODIFY COLUMN a Nullable(UInt32)', remote)
      for (const id of range(550, 450)) await statement.exec({ id, a: id % 256, s: 'text '.repeat(id % 7) })
      await statement.commit()
      const [sums] = await remote.query(
        `SELECT count() AS n, uniqExact(id) AS ids, countIf(a != id % 256 OR s != repeat('text ', id % 7)) AS wrong FROM ${table}`,
      )
      expect(sums).toEqual({ n: '550', ids: '550', wrong: '0' })
    } finally {
      await remote.close()
      await front.stop()
    }
  })
})

describe('a column that is added', () => {
  it('is found at the next block, and filled by name from then on', async () => {
    const table = await createTable('a UInt8')
    const statement = await prepare(table)
    await statement.exec({ id: 1, a: 1 })
    await alter(table, "ADD COLUMN b String DEFAULT 'old' FIRST")
    await sleep(1_050)
    await statement.flush()
    expect(statement.columns.map(({ name }) => name)).toEqual(['id', 'a', 'b'])
    await statement.exec({ id: 2, a: 2, b: 'new' })
    await statement.commit()
    expect(await connection.query(`SELECT id, b FROM ${table} ORDER BY id`)).toEqual([
      { id: 1, b: 'old' },
      { id: 2, b: 'new' },
    ])
  })

  it('is found when a first row is refused for it, so that no producer waits for ever', async () => {
    const table = await createTable('a UInt8')
    const statement = await prepare(table)
    await alter(table, 'ADD COLUMN b UInt8')
    await sleep(1_050)
    const found = new Promise((resolve) => statement.on('schema', resolve))
    expect(() => statement.exec({ id: 1, a: 1, b: 1 })).toThrow(/no column "b"|b/)
    await found
    await statement.exec({ id: 1, a: 1, b: 1 })
    expect(await statement.commit()).toMatchObject({ rows: 1 })
  })

  it('makes a row given as an array one value short, which is an error that names the columns', async () => {
    const table = await createTable('a UInt8')
    const statement = await prepare(table)
    await statement.exec([1, 1])
    await alter(table, 'MODIFY COLUMN a UInt16, ADD COLUMN b UInt8')
    await statement.flush()
    const error = (() => {
      try {
        return statement.exec([2, 2])
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(EncodeError)
    expect(error).toMatchObject({ code: 'WRONG_ARITY', hint: expect.stringContaining('id, a, b') })
    await statement.exec([2, 300, 3])
    await statement.commit()
    expect(await connection.query(`SELECT * FROM ${table} ORDER BY id`)).toEqual([
      { id: 1, a: 1, b: 0 },
      { id: 2, a: 300, b: 3 },
    ])
  })

  it('is not the business of an INSERT that lists its columns', async () => {
    const table = await createTable('a UInt8, c UInt8')
    const statement = await connection.prepare(`INSERT INTO ${table} (a, id)`, { onSchemaChange: 'adapt' })
    await statement.exec([1, 1])
    await alter(table, 'MODIFY COLUMN a UInt16, ADD COLUMN b UInt8, DROP COLUMN c')
    await statement.flush()
    expect(statement.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['a UInt16', 'id UInt32'])
    await statement.exec([300, 2])
    await statement.commit()
    expect(await connection.query(`SELECT * FROM ${table} ORDER BY id`)).toEqual([
      { id: 1, a: 1, b: 0 },
      { id: 2, a: 300, b: 0 },
    ])
  })
})

it('a column that no row fills may go; the others go on as they are', async () => {
  const table = await createTable('a UInt8, b UInt8 DEFAULT 1')
  const statement = await prepare(table)
  await statement.exec({ id: 1, a: 1 })
  await alter(table, 'DROP COLUMN b')
  await statement.flush()
  await statement.exec({ id: 2, a: 2 })
  expect(await statement.commit()).toMatchObject({ rows: 2 })
})

it('without the option the same ALTER ends the statement', async () => {
  const table = await createTable('a UInt8')
  const statement = await connection.prepare(table)
  await statement.exec({ id: 1, a: 1 })
  await alter(table, 'MODIFY COLUMN a UInt16')
  const error = await failure(statement.commit(), DeliveryError)
  expect(error.hint).toContain("onSchemaChange: 'adapt' follows what loses nothing")
  await statement.rollback()
})
