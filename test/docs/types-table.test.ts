// The README's table of types: every kind of value it says a type accepts, and what decodeBlocks makes of it. The list of
// types is the engine's own.

import { afterAll, describe, expect, it } from 'vitest'
import { connect } from '../../src/index.ts'
import { decodeBlocks, encodeBlock, typed } from '../../src/native.ts'
import { chapter, readRepositoryFile, tableRows } from './markdown.ts'

const text = chapter(readRepositoryFile('README.md'), 'Types')
const rows = tableRows(text)
const connection = await connect('chdb:')
afterAll(() => connection.close())

const DAY = new Date('2024-02-03T04:05:06.789Z')
const bytes = (...values: number[]) => Uint8Array.from(values)
const sixteen = new Uint8Array(16).fill(1)
const uuid = '00112233-4455-6677-8899-aabbccddeeff'

type Example = readonly [type: string, value: unknown, decoded: unknown]

/** By the first cell of the row. */
const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  '`Int8` `Int16` `Int32` `UInt8` `UInt16` `UInt32`': ['Int8', 'Int16', 'Int32', 'UInt8', 'UInt16', 'UInt32'].flatMap(
    (type): Example[] => [
      [type, 7, 7],
      [type, 7n, 7],
      [type, true, 1],
    ],
  ),
  '`Int64` `Int128` `Int256` `UInt64` `UInt128` `UInt256`': [
    'Int64',
    'Int128',
    'Int256',
    'UInt64',
    'UInt128',
    'UInt256',
  ].flatMap((type): Example[] => [
    [type, 7n, 7n],
    [type, Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
    [type, '9007199254740993', 9007199254740993n],
    [type, true, 1n],
  ]),
  '`Float32` `Float64` `BFloat16`': ['Float32', 'Float64', 'BFloat16'].flatMap((type): Example[] => [
    [type, 1.5, 1.5],
    [type, Number.NaN, Number.NaN],
    [type, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [type, 4n, 4],
  ]),
  '`Bool`': [
    ['Bool', true, true],
    ['Bool', false, false],
    ['Bool', 1, true],
    ['Bool', 0, false],
  ],
  '`Decimal(P, S)`': [
    ['Decimal(9, 2)', '1.5', '1.50'],
    ['Decimal(38, 2)', 1.25, '1.25'],
    ['Decimal(76, 2)', 3n, '3.00'],
  ],
  '`String`': [
    ['String', 'é', 'é'],
    ['String', bytes(0x61), 'a'],
    ['String', bytes(0xff), bytes(0xff)],
  ],
  '`FixedString(N)`': [
    ['FixedString(2)', 'a', 'a\0'],
    ['FixedString(2)', bytes(0xf0, 0xf0), bytes(0xf0, 0xf0)],
  ],
  '`Date` `Date32`': ['Date', 'Date32'].flatMap((type): Example[] => [
    [type, DAY, '2024-02-03'],
    [type, '2024-02-03', '2024-02-03'],
    [type, 1, '1970-01-02'],
  ]),
  '`DateTime`': [
    ['DateTime', DAY, new Date('2024-02-03T04:05:06Z')],
    ['DateTime', '2024-02-03 04:05:06+01:00', new Date('2024-02-03T03:05:06Z')],
    ["DateTime('Asia/Tokyo')", 1, new Date(1000)],
  ],
  '`DateTime64(P)`': [
    ['DateTime64(3)', DAY, DAY],
    ['DateTime64(3)', '2024-02-03T04:05:06.789Z', DAY],
    ['DateTime64(1)', 1500, new Date(1500)],
    ['DateTime64(3)', 1500n, new Date(1500)],
    ['DateTime64(6)', 1500, 1_500_000n],
  ],
  '`Time` `Time64(P)`': [
    ['Time', '01:02:03', '01:02:03'],
    ['Time', 3723, '01:02:03'],
    ['Time64(3)', '01:02:03.5', '01:02:03.500'],
    ['Time64(3)', 1.5, '00:00:01.500'],
    ['Time64(3)', 1500n, '00:00:01.500'],
  ],
  '`UUID`': [
    ['UUID', uuid, uuid],
    ['UUID', sixteen, '01010101-0101-0101-0101-010101010101'],
    ['UUID', 1n, '00000000-0000-0000-0000-000000000001'],
  ],
  '`IPv4` `IPv6`': [
    ['IPv4', '192.0.2.1', '192.0.2.1'],
    ['IPv4', bytes(192, 0, 2, 1), '192.0.2.1'],
    ['IPv4', 1, '0.0.0.1'],
    ['IPv4', 1n, '0.0.0.1'],
    ['IPv6', '2001:db8::1', '2001:db8::1'],
    ['IPv6', sixteen, '101:101:101:101:101:101:101:101'],
    ['IPv6', 1n, '::1'],
  ],
  '`Enum8` `Enum16`': ['Enum8', 'Enum16'].flatMap((type): Example[] => [
    [`${type}('a' = 1)`, 'a', 'a'],
    [`${type}('a' = 1)`, 1, 'a'],
  ]),
  '`Nullable(T)`': [
    ['Nullable(UInt8)', 1, 1],
    ['Nullable(UInt8)', null, null],
  ],
  '`LowCardinality(T)`': [
    ['LowCardinality(String)', 'a', 'a'],
    ['LowCardinality(Nullable(UInt8))', null, null],
  ],
  '`Array(T)`': [
    ['Array(UInt8)', [1, 2], [1, 2]],
    ['Array(UInt8)', bytes(1, 2), [1, 2]],
  ],
  '`Tuple(A, B)`': [
    ['Tuple(UInt8, String)', [1, 'a'], [1, 'a']],
    ['Tuple(a UInt8, b String)', { a: 1, b: 'x' }, { a: 1, b: 'x' }],
    ['Tuple(a UInt8, b String)', [1, 'x'], { a: 1, b: 'x' }],
  ],
  '`Map(K, V)`': [
    ['Map(String, UInt8)', new Map([['a', 1]]), new Map([['a', 1]])],
    ['Map(String, UInt8)', { a: 1 }, new Map([['a', 1]])],
    [
      'Map(String, UInt8)',
      [
        ['a', 1],
        ['a', 2],
      ],
      [
        ['a', 1],
        ['a', 2],
      ],
    ],
  ],
  '`Nested(a A, b B)`': [
    ['Nested(a UInt8, b String)', [{ a: 1, b: 'x' }], [{ a: 1, b: 'x' }]],
    ['Nested(a UInt8, b String)', [[1, 'x']], [{ a: 1, b: 'x' }]],
  ],
  '`Variant(A, B)` `Dynamic` `Geometry`': [
    ['Variant(String, UInt8)', 5, 5],
    ['Variant(UInt8, UInt64)', typed('UInt64', 5n), 5n],
    ['Variant(String, UInt8)', null, null],
    ['Dynamic', 'x', 'x'],
    ['Dynamic', true, true],
    ['Dynamic', 5, 5n],
    ['Dynamic', 2n ** 63n, 2n ** 63n],
    ['Dynamic', 0.5, 0.5],
    ['Dynamic', DAY, DAY],
    ['Dynamic', [1, 2], [1n, 2n]],
    ['Dynamic', { a: 1 }, { a: 1 }],
    ['Dynamic', new Map([['a', 'b']]), new Map([['a', 'b']])],
    ['Dynamic', typed('Date', '2024-02-03'), '2024-02-03'],
    ['Geometry', typed('Point', [1, 2]), [1, 2]],
    ['Geometry', null, null],
  ],
  '`JSON`': [
    ['JSON', { a: { b: [1] } }, { a: { b: [1] } }],
    ['JSON', '{"a":1}', { a: 1 }],
    ['JSON(a UInt32)', { a: 1 }, { a: 1 }],
  ],
  '`Point`': [['Point', [1, 2], [1, 2]]],
  '`Ring` `LineString` `Polygon` `MultiLineString` `MultiPolygon`': [
    ['Ring', [[1, 2]], [[1, 2]]],
    ['LineString', [[1, 2]], [[1, 2]]],
    ['Polygon', [[[1, 2]]], [[[1, 2]]]],
    ['MultiLineString', [[[1, 2]]], [[[1, 2]]]],
    ['MultiPolygon', [[[[1, 2]]]], [[[[1, 2]]]]],
  ],
  '`QBit(T, N)`': [
    ['QBit(Float32, 2)', [1, 2], [1, 2]],
    ['QBit(Float32, 2)', Float32Array.of(1, 2), [1, 2]],
  ],
  '`IntervalSecond` … `IntervalYear`': [
    ['IntervalDay', 3, 3n],
    ['IntervalYear', 3n, 3n],
    ['IntervalSecond', '3', 3n],
  ],
  '`SimpleAggregateFunction(f, T)`': [['SimpleAggregateFunction(sum, UInt64)', 5n, 5n]],
}

describe('every row of the table', () => {
  it('has its examples here', () => expect(rows.map(([cell]) => cell)).toEqual(Object.keys(EXAMPLES)))

  for (const [cell, examples] of Object.entries(EXAMPLES)) {
    it(`${cell} accepts what the table says`, () => {
      for (const [type, value, decoded] of examples) {
        const [block] = decodeBlocks(encodeBlock([{ name: 'a', type }], [[value]]))
        expect(block!.rows[0]![0], type).toEqual(decoded)
      }
    })
  }

  it('a flattened Nested takes columns, or objects under its name', () => {
    const columns = [
      { name: 'n.a', type: 'Array(UInt8)' },
      { name: 'n.b', type: 'Array(String)' },
    ]
    const block = encodeBlock(columns, [{ 'n.a': [1], 'n.b': ['x'] }, { n: [{ a: 1, b: 'x' }] }])
    expect(decodeBlocks(block)[0]!.rows).toEqual([
      [[1], ['x']],
      [[1], ['x']],
    ])
  })
})

describe('types that are not in the table', () => {
  it('AggregateFunction is refused with the ways around it', () => {
    const encode = () => encodeBlock([{ name: 'a', type: 'AggregateFunction(sum, UInt8)' }], [[null]])
    expect(encode).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_TYPE', hint: expect.stringContaining('EPHEMERAL') }),
    )
  })

  it('together with the table they are all the types the engine has', async () => {
    const families = await connection.query<{ name: string }>(
      "SELECT name FROM system.data_type_families WHERE alias_to = ''",
    )
    // Other names of a type in the table: Decimal32, DateTime32, Enum.
    const known = new Set([
      ...rows.flatMap(([cell]) => [...cell!.matchAll(/`(\w+)/g)].map(([, name]) => name)),
      ...['AggregateFunction', 'Nothing'],
      ...['Decimal32', 'Decimal64', 'Decimal128', 'Decimal256', 'DateTime32', 'Enum'],
    ])
    const unknown = families.map(({ name }) => name).filter((name) => !known.has(name) && !/^Interval/.test(name))
    expect(unknown).toEqual([])
  })
})
