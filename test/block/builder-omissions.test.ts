// A key a row leaves out: what JSONEachRow would have stored is what a statement stores, on the engine itself.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connect } from '../../src/index.ts'

let connection: Connection
let tableCount = 0
beforeAll(async () => {
  const silent = () => {}
  connection = await connect({ url: 'chdb:', logger: { debug: silent, info: silent, warn: silent, error: silent } })
})
afterAll(() => connection.close())

type Rows = readonly Record<string, unknown>[]

/** Both ways into tables of the same columns; the rows are told apart by `id`. */
async function both(
  columns: string,
  rows: Rows,
  list?: string,
): Promise<{ ours: unknown[]; theirs: unknown[]; earlySeals: number; blocks: number }> {
  const [ours, theirs] = [`ours${++tableCount}`, `theirs${tableCount}`]
  for (const table of [ours, theirs]) {
    await connection.command(`CREATE TABLE ${table} (id UInt32, ${columns}) ENGINE = Memory`)
  }
  const numbered = rows.map((row, id) => ({ id, ...row }))
  const statement = await connection.prepare(list === undefined ? ours : `INSERT INTO ${ours} (${list})`)
  for (const row of numbered) await statement.exec(row)
  const { blocks } = await statement.commit()
  const { earlySeals } = statement.stats as unknown as { earlySeals: number }
  const text = numbered.map((row) => JSON.stringify(row)).join('\n')
  await connection.command(`INSERT INTO ${theirs} ${list === undefined ? '' : `(${list})`} FORMAT JSONEachRow ${text}`)
  const read = (table: string) => connection.query(`SELECT * FROM ${table} ORDER BY id`)
  return { ours: await read(ours), theirs: await read(theirs), earlySeals, blocks }
}

/** Without, with, and in turns: rows that all leave `v` out, rows of which some do, rows of which none does. */
function patterns(value: unknown): Record<string, Rows> {
  return {
    'absent in the whole block': [{}, {}, {}],
    'given in some rows': [{ v: value }, {}, { v: value }, {}, {}],
    'left out first': [{}, { v: value }],
    'given in every row': [{ v: value }, { v: value }],
  }
}

const WITHOUT_DEFAULT: Record<string, unknown> = {
  UInt8: 7,
  Int64: '-7',
  UInt256: '7',
  Float64: 1.5,
  Bool: true,
  'Decimal(9, 2)': '1.5',
  String: 'x',
  'FixedString(3)': 'abc',
  Date: '2024-02-29',
  UUID: '00112233-4455-6677-8899-aabbccddeeff',
  IPv4: '1.2.3.4',
  IPv6: '2001:db8::1',
  "Enum8('a' = -1, 'b' = 2)": 'b',
  "Enum16('z' = 5, 'y' = 300)": 'y',
  "Enum8('high' = 100, 'low' = 1)": 'high',
  'Nullable(UInt8)': 7,
  "Nullable(Enum8('a' = 1))": 'a',
  'LowCardinality(String)': 'x',
  'LowCardinality(Nullable(String))': 'x',
  'LowCardinality(FixedString(2))': 'ab',
  'Array(UInt8)': [1, 2],
  'Map(String, UInt8)': { k: 1 },
  'Tuple(UInt8, String)': [1, 'x'],
  'Tuple(a UInt8, b Array(String))': { a: 1, b: ['x'] },
  "Tuple(Date, Enum8('p' = 5, 'q' = 6))": ['2024-02-29', 'q'],
}

describe('no DEFAULT: the type’s zero, NULL where it is Nullable, the lowest code of an Enum', () => {
  for (const [type, value] of Object.entries(WITHOUT_DEFAULT)) {
    it(type, async () => {
      for (const [title, rows] of Object.entries(patterns(value))) {
        const { ours, theirs, blocks } = await both(`v ${type}`, rows)
        expect(ours, title).toEqual(theirs)
        expect(ours, title).toHaveLength(rows.length)
        expect(blocks, title).toBe(1)
      }
    })
  }
  it('DateTime, DateTime64: the epoch, as the session’s zone prints it', async () => {
    for (const [type, value] of [
      ['DateTime', 5],
      ["DateTime('UTC')", 5],
      ['DateTime64(3)', 5000],
      ["DateTime64(9, 'UTC')", 5000],
      ['Nullable(DateTime64(3))', 5000],
    ] as const) {
      const { ours, theirs } = await both(`v ${type}`, [{}, {}])
      expect(ours, type).toEqual(theirs)
      const mixed = await both(`v ${type}`, [{}, { v: value }, {}])
      expect(mixed.ours[0], type).toEqual((theirs as unknown[])[0])
      expect(mixed.ours[1], type).not.toEqual(mixed.ours[0])
    }
  })
})

describe('Date32: the type’s own default, 1900-01-01, as VALUES and ALTER give it', () => {
  // JSONEachRow of 26.7 stands alone with 1970-01-01.
  for (const type of ['Date32', 'LowCardinality(Date32)', 'Tuple(Date32, UInt8)']) {
    it(type, async () => {
      await connection.command('SET allow_suspicious_low_cardinality_types = 1')
      const value = type.startsWith('Tuple') ? ['2024-02-29', 1] : '2024-02-29'
      const { ours } = await both(`v ${type}`, [{}, { v: value }, {}])
      await connection.command(`INSERT INTO ours${tableCount} (id) VALUES (3)`)
      const rows = (await connection.query(`SELECT * FROM ours${tableCount} ORDER BY id`)) as { v: unknown }[]
      expect(JSON.stringify(rows[3]!.v)).toMatch(/1900-01-01/)
      expect(rows.map(({ v }) => v)).toEqual([rows[3]!.v, value, rows[3]!.v, rows[3]!.v])
      expect(ours).toEqual(rows.slice(0, 3))
    })
  }
})

describe('DEFAULT of a plain or LowCardinality column: in one block with rows that have a value', () => {
  const columns: Record<string, unknown> = {
    'v UInt8 DEFAULT 42': 7,
    'v Int64 DEFAULT id * 1000 - 1': '-7',
    "v String DEFAULT concat('row ', toString(id))": 'x',
    "v String DEFAULT 'constant'": '',
    "v FixedString(4) DEFAULT 'ab'": 'abcd',
    "v LowCardinality(String) DEFAULT 'dict'": 'x',
    "v LowCardinality(String) DEFAULT if(id % 2, 'odd', '')": '',
    "v LowCardinality(FixedString(2)) DEFAULT 'zz'": 'ab',
    'v Decimal(9, 2) DEFAULT 1.25': '0',
    "v Date DEFAULT '2020-02-02'": '2024-02-29',
    "v Date32 DEFAULT '1900-01-01'": '2024-02-29',
    'v Float64 DEFAULT 0.5': 0,
    'v Bool DEFAULT true': false,
    "v UUID DEFAULT '00000000-0000-0000-0000-000000000001'": '00112233-4455-6677-8899-aabbccddeeff',
    "v IPv4 DEFAULT '127.0.0.1'": '1.2.3.4',
    "v Enum8('a' = 1, 'b' = 2) DEFAULT 'b'": 'a',
    "v Enum8('a' = -1, 'b' = 0) DEFAULT 'a'": 'b',
    "v Enum16('a' = 1, 'b' = 2) DEFAULT if(id % 2, 'a', 'b')": 'a',
    'v UInt256 DEFAULT 5': '1',
    "v String DEFAULT w, w String DEFAULT 'from w'": 'x',
    "w String DEFAULT 'from w', v String DEFAULT w": 'x',
  }
  for (const [definition, value] of Object.entries(columns)) {
    it(definition, async () => {
      for (const [title, rows] of Object.entries(patterns(value))) {
        const { ours, theirs, blocks, earlySeals } = await both(definition, rows)
        expect(ours, title).toEqual(theirs)
        expect([blocks, earlySeals], title).toEqual([1, 0])
      }
    })
  }
  it('LowCardinality of numbers and dates, which the engine calls suspicious', async () => {
    await connection.command('SET allow_suspicious_low_cardinality_types = 1')
    for (const [definition, value] of [
      ['v LowCardinality(UInt16) DEFAULT 300', 7],
      ['v LowCardinality(UInt16) DEFAULT id', 0],
      ["v LowCardinality(Date) DEFAULT '2020-02-02'", '2024-02-29'],
      ["v LowCardinality(Date32) DEFAULT '1950-02-02'", '2024-02-29'],
      ['v LowCardinality(UInt16)', 7],
    ] as const) {
      for (const [title, rows] of Object.entries(patterns(value))) {
        const { ours, theirs, blocks } = await both(definition, rows)
        expect(ours, `${definition}, ${title}`).toEqual(theirs)
        expect(blocks).toBe(1)
      }
    }
  })
})

describe('DEFAULT of a Nullable or composite column: a row with other omissions begins a block', () => {
  const columns: Record<string, unknown> = {
    'v Nullable(UInt8) DEFAULT 42': 7,
    'v Nullable(UInt8) DEFAULT NULL': 7,
    "v LowCardinality(Nullable(String)) DEFAULT 'x'": 'y',
    'v Array(UInt8) DEFAULT [1, 2]': [3],
    "v Map(String, UInt8) DEFAULT map('k', 1)": { l: 2 },
    "v Tuple(UInt8, String) DEFAULT (1, 'x')": [2, 'y'],
  }
  for (const [definition, value] of Object.entries(columns)) {
    it(definition, async () => {
      const expectedSeals: Record<string, number> = { 'given in some rows': 3, 'left out first': 1 }
      for (const [title, rows] of Object.entries(patterns(value))) {
        const { ours, theirs, blocks, earlySeals } = await both(definition, rows)
        expect(ours, title).toEqual(theirs)
        expect(earlySeals, title).toBe(expectedSeals[title] ?? 0)
        expect(blocks, title).toBe(earlySeals + 1)
      }
      // null is NULL, where there is one, and no missing value.
      if (/Nullable/.test(definition)) {
        const { ours, theirs } = await both(definition, [{ v: null }, {}, { v: null }])
        expect(ours).toEqual(theirs)
      }
    })
  }
})

describe('a DEFAULT that refers to other columns', () => {
  // NULL takes the DEFAULT while the block is read, where only the INSERT's columns are known.
  const chain =
    "v UInt16 DEFAULT id + 1, a UInt16 DEFAULT v + 1, b UInt16 DEFAULT a + 1, c String DEFAULT concat(toString(b), '!')"
  it('given, left out of some rows, left out of all', async () => {
    for (const rows of [
      [{}, { v: 100 }],
      [{ a: 50 }, {}, { b: 7 }],
      [{ c: 'x' }, {}],
      [{ v: 1, c: 'x' }, { a: 1 }],
      [{ b: 1 }, { b: 2 }],
    ]) {
      const { ours, theirs, blocks } = await both(chain, rows)
      expect(ours, JSON.stringify(rows)).toEqual(theirs)
      expect(blocks).toBe(1)
    }
  })

  it('to a composite column that is left out', async () => {
    const { ours, theirs, earlySeals } = await both('v UInt16 DEFAULT length(a), a Array(UInt8) DEFAULT [1, 2]', [
      {},
      { v: 7 },
      {},
    ])
    expect(ours).toEqual(theirs)
    expect(earlySeals).toBe(0)
  })

  it('to a column that is not in the INSERT’s list: a row with other omissions begins a block', async () => {
    const columns =
      "z UInt16 DEFAULT id + 5, v UInt16 DEFAULT z + 1, w UInt16 DEFAULT v + 1, `o'd``d` UInt16 DEFAULT 3, x UInt16 DEFAULT `o'd``d` + 1"
    for (const rows of [
      [{}, { v: 7 }, {}],
      [{ w: 1 }, {}, { v: 1 }],
      [{ x: 1 }, {}],
    ]) {
      const { ours, theirs, earlySeals } = await both(columns, rows, 'id, v, w, x')
      expect(ours, JSON.stringify(rows)).toEqual(theirs)
      expect(earlySeals).toBe(rows.length - 1)
    }
  })

  it('to MATERIALIZED and ALIAS columns', async () => {
    const columns =
      'm UInt16 MATERIALIZED id * 2, v UInt16 DEFAULT m + 1, l UInt16 ALIAS id * 3, z UInt16 DEFAULT l, k UInt16 DEFAULT 9'
    for (const rows of [
      [{}, { v: 7 }, { z: 9 }, { k: 1 }, {}],
      [{ v: 1 }, { v: 2, k: 3 }],
      [{ k: 1 }, {}],
    ]) {
      const { ours, theirs } = await both(columns, rows)
      expect(ours, JSON.stringify(rows)).toEqual(theirs)
    }
  })

  it('in every notation', async () => {
    for (const expression of [
      'arrayMap(x -> x + id, [1])[1]',
      'CASE WHEN id = 1 THEN 2 ELSE 3 END',
      'id BETWEEN 1 AND 2',
      'CAST(`id` AS UInt16)',
      "if(true, length('it''s `z` (y) \\\\'), 0)",
      'NOT id IN (1, 2)',
      'toUInt16(1e2) + 0x10',
      'tuple(id, 5).2',
      '-1 + 5',
    ]) {
      const { ours, theirs } = await both(`v UInt16 DEFAULT ${expression}`, [{}, { v: 7 }, {}])
      expect(ours, expression).toEqual(theirs)
    }
  })
})

describe('several columns at once', () => {
  const columns =
    "a UInt8 DEFAULT 1, b String DEFAULT concat('b', toString(a)), c Array(UInt8) DEFAULT [a], d Nullable(String), e LowCardinality(String) DEFAULT 'e', f Enum8('x' = 3, 'y' = 4), g String"
  const values: Record<string, unknown> = { a: 9, b: 'bb', c: [7], d: 'dd', e: 'ee', f: 'y', g: 'gg' }
  it('every subset of the columns, each after each', async () => {
    const names = Object.keys(values)
    const rows = Array.from({ length: 128 }, (_, bits) =>
      Object.fromEntries(names.filter((_, i) => (bits >> i) & 1).map((name) => [name, values[name]])),
    )
    // Some order in which omissions change often.
    const shuffled = rows.map((_, i) => rows[(i * 37) % 128]!)
    const { ours, theirs, earlySeals } = await both(columns, shuffled)
    expect(ours).toEqual(theirs)
    expect(earlySeals).toBeGreaterThan(30)
  })

  it('every column left out: the row of defaults', async () => {
    const table = `empty${++tableCount}`
    await connection.command(
      `CREATE TABLE ${table} (a UInt8 DEFAULT 5, b String DEFAULT 'x', c Array(UInt8) DEFAULT [1]) ENGINE = Memory`,
    )
    const statement = await connection.prepare(table)
    for (let row = 0; row < 3; row++) await statement.exec({})
    await statement.commit()
    expect(await connection.query(`SELECT * FROM ${table}`)).toEqual(Array(3).fill({ a: 5, b: 'x', c: [1] }))
  })

  it('every column left out where none can travel as NULL: refused, because a block of no columns ends the input', async () => {
    const table = `composite${++tableCount}`
    await connection.command(
      `CREATE TABLE ${table} (c Array(UInt8) DEFAULT [1], d Nullable(UInt8) DEFAULT 2) ENGINE = Memory`,
    )
    const statement = await connection.prepare(table)
    await statement.exec({ c: [7] })
    expect(() => statement.exec({})).toThrow(expect.objectContaining({ code: 'MISSING_VALUE' }))
    await statement.exec({ d: 3 })
    await statement.commit()
    expect(await connection.query(`SELECT * FROM ${table} ORDER BY d`)).toEqual([
      { c: [7], d: 2 },
      { c: [1], d: 3 },
    ])
  })
})

describe('EPHEMERAL columns, named in the INSERT', () => {
  it('feed the DEFAULT of others; left out, they have their own default', async () => {
    const columns = "raw String EPHEMERAL 'none', v String DEFAULT concat('<', raw, '>')"
    for (const rows of [
      [{ raw: 'a' }, { raw: 'b' }],
      [{}, {}],
      [{ raw: 'a' }, {}],
      [{}, { raw: 'a' }],
      [
        { raw: 'a', v: 'own' },
        { raw: 'b', v: 'mine' },
      ],
    ]) {
      const { ours, theirs } = await both(columns, rows, 'id, raw, v')
      expect(ours, JSON.stringify(rows)).toEqual(theirs)
    }
  })
  it('without a default of its own', async () => {
    const columns = 'raw UInt8 EPHEMERAL, v UInt16 DEFAULT raw * 10'
    for (const rows of [
      [{ raw: 5 }, { raw: 6 }],
      [{}, {}],
      [{ raw: 5 }, {}],
    ]) {
      const { ours, theirs } = await both(columns, rows, 'id, raw, v')
      expect(ours, JSON.stringify(rows)).toEqual(theirs)
    }
  })
})

describe('undefined is a missing key', () => {
  it('in a row by name', async () => {
    const { ours } = await both('v UInt8 DEFAULT 42, w Nullable(String)', [
      { v: undefined, w: undefined },
      { v: 1, w: 'x' },
    ])
    expect(ours).toEqual([
      { id: 0, v: 42, w: null },
      { id: 1, v: 1, w: 'x' },
    ])
  })
})
