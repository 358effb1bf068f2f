// Our blocks, inserted into the real engine as the transport inserts them, and read back.

import { afterAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { encodeBlock } from '../../src/native.ts'
import { builderOf, sealedBytes } from '../support/columns.ts'
import { Embedded } from '../support/embedded.ts'
import { loadBehaviour } from '../support/vectors.ts'

const engine = new Embedded()
afterAll(() => engine[Symbol.dispose]())
engine.run('SET enable_time_time64_type = 1')
// What every insert of ours says: nothing is converted, nothing unknown is dropped.
engine.run('SET input_format_native_allow_types_conversion = 0')
engine.run('SET input_format_skip_unknown_fields = 0')
engine.run('SET async_insert = 0')

let tableCount = 0
function create(columns: string): string {
  const table = `t.round${tableCount++}`
  engine.run(`CREATE TABLE ${table} (${columns}) ENGINE = Memory`)
  return table
}

/** Rows and the texts JSONEachRow takes for them: [type, values, JSON where it is not the value itself]. */
const KINDS: readonly (readonly [type: string, values: readonly unknown[], json?: (value: never) => unknown])[] = [
  ['UInt8', [0, 1, 255, true]],
  ['Int8', [-128, 127]],
  ['UInt16', [65535]],
  ['Int16', [-32768]],
  ['UInt32', [4294967295]],
  ['Int32', [-2147483648]],
  ['UInt64', [0, 2n ** 64n - 1n, '18446744073709551615'], String],
  ['Int64', [-(2n ** 63n), 2n ** 63n - 1n, -1], String],
  ['UInt128', [2n ** 128n - 1n], String],
  ['Int128', [-(2n ** 127n)], String],
  ['UInt256', [2n ** 256n - 1n], String],
  ['Int256', [-(2n ** 255n), -1], String],
  ['Float32', [1.5, -0.25, 1e30]],
  ['Float64', [0.1, -1e300, 5e-324]],
  ['BFloat16', [1.5, 1.1]],
  ['Bool', [true, false, 1]],
  ['Decimal(9, 2)', ['-1.5', 1.15, 3n], String],
  ['Decimal(18, 4)', ['12345678901234.5678', -1], String],
  ['Decimal(38, 10)', ['1234567890123456789012345678.0123456789'], String],
  ['Decimal(76, 0)', ['9'.repeat(76), `-${'9'.repeat(76)}`], String],
  ['String', ['', 'héllo', '日本 🚀', 'a\0b', 'x'.repeat(20_000)]],
  ['FixedString(4)', ['ab', 'abcd', '']],
  ['Date', ['1970-01-01', '2149-06-06', '2024-02-29']],
  ['Date32', ['1900-01-01', '2299-12-31', '1969-12-31']],
  ["DateTime('UTC')", [new Date(0), new Date(4294967295000), 1700000000], unixSeconds],
  ["DateTime64(3, 'UTC')", [new Date(-1), new Date(1700000000123), '2024-02-29T12:34:56.789Z'], unixSeconds],
  [
    "DateTime64(9, 'UTC')",
    ['2024-02-29T12:34:56.123456789Z', '1969-12-31T23:59:59.999999999Z'],
    (value: string) => value.replace('T', ' ').replace('Z', ''),
  ],
  ['Time', ['12:34:56', '-999:59:59', '999:59:59']],
  ['Time64(3)', ['12:34:56.789', '-00:00:00.001']],
  ['UUID', ['00112233-4455-6677-8899-aabbccddeeff', 'ffffffff-ffff-ffff-ffff-ffffffffffff']],
  ['IPv4', ['0.0.0.0', '192.0.2.1', '255.255.255.255']],
  ['IPv6', ['::', '2001:db8::1', '::ffff:192.0.2.1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']],
  ["Enum8('a' = -128, 'b' = 0, 'it\\'s' = 127)", ['a', 'b', "it's"]],
  ["Enum16('x' = -32768, 'y' = 300)", ['x', 'y']],
  ['Nullable(UInt8)', [null, 0, 7]],
  ['Nullable(String)', [null, '', 'x']],
  ['Nullable(Tuple(a UInt8, b Nullable(String)))', [null, { a: 1, b: null }]],
  ['LowCardinality(String)', ['a', 'b', 'a', '']],
  ['LowCardinality(Nullable(String))', [null, '', 'x', null]],
  ['LowCardinality(UInt16)', [300, 0, 300]],
  ['LowCardinality(Nullable(UInt16))', [null, 0, 300]],
  ['LowCardinality(Date32)', ['1900-01-01', '1970-01-01']],
  ['LowCardinality(FixedString(3))', ['abc', '', 'ab']],
  ['LowCardinality(UUID)', ['00112233-4455-6677-8899-aabbccddeeff']],
  ['Array(UInt8)', [[], [1, 2], [255]]],
  ['Array(Array(String))', [[['a'], [], ['b', '']], []]],
  ['Array(Nullable(Int32))', [[null, -1], []]],
  ['Array(LowCardinality(Nullable(String)))', [['a', null], [], ['a', 'b']]],
  ['Tuple(UInt8, String)', [[1, 'x']]],
  ['Tuple(a UInt8, b Array(Tuple(c String, d Nullable(UInt8))))', [{ a: 1, b: [{ c: 'x', d: null }] }]],
  ['Tuple()', [[], []]],
  ['Map(String, UInt8)', [{ k: 1 }, {}]],
  ['Map(LowCardinality(String), Array(UInt8))', [{ k: [1, 2], l: [] }]],
  [
    'Map(UInt8, Map(String, String))',
    [new Map([[7, { a: 'b' }]])],
    (map: Map<number, unknown>) => Object.fromEntries(map),
  ],
  [
    'Nested(a UInt8, b String)',
    [
      [
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ],
      [],
    ],
  ],
]

function unixSeconds(value: Date | number | string): unknown {
  if (typeof value === 'number') return value
  const date = new Date(value)
  return date
    .toISOString()
    .replace('T', ' ')
    .replace('Z', '')
    .replace(/\.000$/, '')
}

describe('the same rows as JSON text and as our block are the same rows to the engine', () => {
  it('type by type', async () => {
    for (const [type, values, json] of KINDS) {
      const [ours, theirs] = [create(`c ${type}`), create(`c ${type}`)]
      await engine.insert(
        ours,
        encodeBlock(
          [{ name: 'c', type }],
          values.map((value) => [value]),
        ),
      )
      const lines = values.map((value) => JSON.stringify({ c: json ? json(value as never) : value }))
      await engine.insert(theirs, lines.join('\n'), 'JSONEachRow')
      const [read, expected] = await Promise.all(
        [ours, theirs].map((table) => engine.bytes(`SELECT c FROM ${table}`, 'RowBinary')),
      )
      expect(Buffer.from(read!).toString('latin1'), type).toBe(Buffer.from(expected!).toString('latin1'))
      expect(engine.rows(`SELECT toUInt32(count()) FROM ${ours}`), type).toEqual([[values.length]])
    }
  })

  it('all types in one block, 1 row and 1,000 rows', async () => {
    for (const count of [1, 1000]) {
      const columns = KINDS.map(([type], i) => ({ name: `c${i}`, type }))
      const ddl = columns.map(({ name, type }) => `${name} ${type}`).join(', ')
      const [ours, theirs] = [create(ddl), create(ddl)]
      const picked = Array.from({ length: count }, (_, row) =>
        KINDS.map(([, values], i) => values[(row * 7 + i) % values.length]),
      )
      await engine.insert(ours, encodeBlock(columns, picked))
      const lines = picked.map((row) =>
        JSON.stringify(
          Object.fromEntries(row.map((value, i) => [`c${i}`, KINDS[i]![2] ? KINDS[i]![2]!(value as never) : value])),
        ),
      )
      await engine.insert(theirs, lines.join('\n'), 'JSONEachRow')
      const [read, expected] = await Promise.all(
        [ours, theirs].map((table) => engine.bytes(`SELECT * FROM ${table}`, 'RowBinary')),
      )
      expect(Buffer.compare(read!, expected!)).toBe(0)
    }
  })

  it('1,000 columns', async () => {
    const columns = Array.from({ length: 1000 }, (_, i) => ({ name: `c${i}`, type: KINDS[i % KINDS.length]![0] }))
    const ours = create(columns.map(({ name, type }) => `${name} ${type}`).join(', '))
    const rows = Array.from({ length: 7 }, (_, row) =>
      columns.map((_, i) => KINDS[i % KINDS.length]![1][row % KINDS[i % KINDS.length]![1].length]),
    )
    const block = encodeBlock(columns, rows)
    await engine.insert(ours, block)
    // What the engine gives back is what our own decoder reads in the block.
    const [read] = decodeBlocks(await engine.bytes(`SELECT * FROM ${ours}`))
    expect(read!.rows).toStrictEqual(decodeBlocks(block)[0]!.rows)
  })

  it('50 MB in one value', async () => {
    const table = create('c String')
    await engine.insert(
      table,
      encodeBlock([{ name: 'c', type: 'String' }], [[`${'x'.repeat(49_999_998)}é`], ['after']]),
    )
    expect(engine.rows(`SELECT toUInt32(length(c)), right(c, 2) FROM ${table} ORDER BY 1`)).toEqual([
      [5, 'er'],
      [50_000_000, 'é'],
    ])
  })
})

describe('of the bodies the engine refuses, or takes as something else, we write none', () => {
  const refused = loadBehaviour().filter(({ result }) => !result.ok)
  it('there are such bodies', () => expect(refused.length).toBeGreaterThan(20))
  it('for the columns of each a block of ours is taken', async () => {
    for (const { name, ddl } of refused) {
      const table = `t.behaviour${tableCount++}`
      engine.run(ddl.replace(/CREATE TABLE t\b/, `CREATE TABLE ${table}`))
      const columns = engine.rows(
        `SELECT name, type FROM system.columns WHERE database = 't' AND table = '${table.slice(2)}'`,
      ) as [string, string][]
      let block: Uint8Array
      try {
        const builder = builderOf(Object.fromEntries(columns), { table })
        // Nothing given: every column has its type's zero.
        builder.stage({})
        block = sealedBytes(builder)
      } catch (error) {
        expect(error, name).toMatchObject({ code: 'UNSUPPORTED_TYPE' })
        continue
      }
      await engine.insert(table, block)
      expect(engine.rows(`SELECT 1 FROM ${table}`), name).toHaveLength(1)
    }
  })
})
