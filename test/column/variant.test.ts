import { afterAll, describe, expect, it } from 'vitest'
import { decodeBlocks, encodeBlock, typed } from '../../src/native.ts'
import { builderOf, decodesTo, encodes, rejects, sealedBytes, thrown } from '../support/columns.ts'
import { Embedded } from '../support/embedded.ts'
import { readBack } from '../support/read-back.ts'

const MODE = '0000000000000000'

describe('Variant(T1, T2, …): mode 0, a discriminator a row (ff is NULL), then the values of each alternative, dense', () => {
  encodes('Variant(String, UInt8)', ['x', 5, null], `${MODE}  00 01 ff   01 78   05`)
  encodes('Variant(String, UInt8)', [null, null], `${MODE}  ff ff`)
  encodes('Variant(UInt8, String)', [5], `${MODE}  01   05`)
  encodes('Variant(UInt64)', [1, null], `${MODE}  00 ff   0100000000000000`)
})

describe('prefixes: those of every alternative, used or not, in the order of their names, before any data', () => {
  const version = '0100000000000000'
  encodes('Variant(LowCardinality(String), UInt8)', [3], `${MODE} ${version}   01   03`)
  encodes(
    'Variant(Array(LowCardinality(String)), JSON, LowCardinality(String))',
    [null],
    `${MODE} ${version} ${version} ${version}   ff`,
  )
  encodes('Array(Variant(LowCardinality(String), UInt8))', [[], []], `${MODE} ${version}  ${'00'.repeat(16)}`)
  encodes(
    'Tuple(Variant(LowCardinality(String), UInt8), Array(Variant(String, UInt8)))',
    [[3, ['x']]],
    `${MODE} ${version} ${MODE}   01 03   0100000000000000  00 01 78`,
  )
})

/** `value` alone is the same block as typed(alternative, value). */
function chooses(type: string, value: unknown, alternative: string): void {
  it(`${type}   ${typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? value)} is ${alternative}`, () => {
    const encode = (one: unknown) => Buffer.from(encodeBlock([{ name: 'c', type }], [[one]])).toString('hex')
    expect(encode(value)).toBe(encode(typed(alternative, value)))
  })
}

describe('the kind of a value decides where one alternative has it for its own', () => {
  const all = 'Variant(Bool, DateTime64(3), JSON, String, UInt64)'
  chooses(all, true, 'Bool')
  chooses(all, new Date(0), 'DateTime64(3)')
  chooses(all, { a: 1 }, 'JSON')
  chooses(all, 'text', 'String')
  chooses(all, '{"a":1}', 'String')
  chooses(all, 5, 'UInt64')
  chooses(all, 5n, 'UInt64')
  chooses(all, Uint8Array.of(255), 'String')
  chooses('Variant(Float64, UInt128)', 5, 'Float64')
  chooses('Variant(Float64, UInt128)', 5n, 'UInt128')
  chooses('Variant(UInt64, UInt8)', 5n, 'UInt64')
  chooses('Variant(Float64, UUID)', '00112233-4455-6677-8899-aabbccddeeff', 'UUID')
  chooses('Variant(Decimal(9, 2), Float64)', '1.50', 'Decimal(9, 2)')
  chooses('Variant(Decimal(9, 2), Float64)', 1.5, 'Float64')
  chooses("Variant(Enum8('a' = 1), UInt8)", 'a', "Enum8('a' = 1)")
  chooses("Variant(Enum8('a' = 1), UInt8)", 1, 'UInt8')
  chooses('Variant(Date, String)', new Date(0), 'Date')
  chooses('Variant(Date, String)', '2024-01-02', 'String')
  chooses('Variant(Time, UInt8)', '01:02:03', 'Time')
  chooses('Variant(Array(UInt8), String)', [1], 'Array(UInt8)')
  chooses('Variant(Array(UInt8), String)', Int8Array.of(1), 'Array(UInt8)')
  chooses('Variant(Array(UInt8), Tuple(a UInt8, b String))', { a: 1, b: 'x' }, 'Tuple(a UInt8, b String)')
  chooses('Variant(Array(UInt8), Map(String, UInt8))', new Map([['a', 1]]), 'Map(String, UInt8)')
  chooses('Variant(Array(UInt8), Map(String, UInt8))', { a: 1 }, 'Map(String, UInt8)')
  chooses('Variant(Array(UInt8), Map(String, UInt8))', [1, 2], 'Array(UInt8)')
  chooses('Variant(LowCardinality(String), UInt8)', 'a', 'LowCardinality(String)')
  chooses('Variant(Point, UInt8)', [1, 2], 'Point')
  chooses('Variant(QBit(Float32, 2), UInt8)', [1, 2], 'QBit(Float32, 2)')
  chooses('Variant(IntervalDay, UInt8)', 5, 'UInt8')
})

describe('where no alternative has the kind for its own, the only one that takes it', () => {
  chooses('Variant(DateTime, UInt8)', '2024-01-02T03:04:05Z', 'DateTime')
  chooses('Variant(DateTime, String)', 5, 'DateTime')
  chooses('Variant(String, UInt8)', 5n, 'UInt8')
  chooses('Variant(String, UInt8)', true, 'UInt8')
  chooses('Variant(Decimal(9, 2), String)', 1.5, 'Decimal(9, 2)')
  chooses('Variant(JSON, UInt8)', '{"a":1}', 'JSON')
  chooses('Variant(IntervalDay, String)', 5, 'IntervalDay')
  chooses('Variant(Map(String, UInt8), UInt8)', [['a', 1]], 'Map(String, UInt8)')
})

describe('where the kind does not decide, the error names the candidates and the way to say which', () => {
  const refused = (type: string, value: unknown, candidates: string, first: string) =>
    rejects(type, [value], {
      code: 'WRONG_TYPE',
      type,
      message: new RegExp(`can mean ${candidates.replace(/[()]/g, '\\$&')}`),
      hint: new RegExp(`typed\\("${first.replace(/[()]/g, '\\$&')}", value\\)`),
    })
  refused('Variant(String, UUID)', 'x', 'String or UUID', 'String')
  refused('Variant(Float64, Int64)', 1.5, 'Float64 or Int64', 'Float64')
  refused('Variant(UInt16, UInt8)', 1, 'UInt16 or UInt8', 'UInt16')
  refused('Variant(UInt16, UInt8)', true, 'UInt16 or UInt8', 'UInt16')
  refused('Variant(Date, DateTime)', new Date(0), 'Date or DateTime', 'Date')
  refused('Variant(Array(String), Array(UInt8))', [1], 'Array(String) or Array(UInt8)', 'Array(String)')
  refused('Variant(JSON, Map(String, UInt8))', {}, 'JSON or Map(String, UInt8)', 'JSON')
  refused('Variant(IntervalDay, IntervalYear)', 1, 'IntervalDay or IntervalYear', 'IntervalDay')
  refused('Geometry', [1, 2], 'LineString or MultiLineString or MultiPolygon or Point or Polygon or Ring', 'LineString')
})

describe('where no alternative takes the value', () => {
  for (const value of [true, [1], new Date(0), {}, new Map(), Symbol('x'), () => 1]) {
    rejects('Variant(IPv6, String)', [value], {
      code: 'WRONG_TYPE',
      hint: /a value of IPv6, String, or null/,
    })
  }
  rejects('Variant(String, UInt8)', ['x', undefined], { code: 'MISSING_VALUE' })
})

describe('typed(type, value) names the alternative, in any spelling of it', () => {
  decodesTo(
    'Variant(Int32, String, UInt8)',
    [typed('INT', 5), typed('UInt8', 5), typed('TEXT', 'x'), typed(' Int32 ', -1), typed('UInt8', null)],
    [5, 5, 'x', -1, null],
  )
  rejects('Variant(String, UInt8)', [typed('UInt8', 5), typed('UInt16', 5)], {
    code: 'WRONG_TYPE',
    message: /UInt16 is no alternative/,
    hint: /alternatives are String, UInt8/,
  })
  rejects('Variant(String, UInt8)', [typed('UInt7', 5)], { code: 'UNKNOWN_TYPE', hint: /Did you mean UInt/ })
  rejects('Variant(String, UInt8)', [typed('Array(', 5)], { code: 'BAD_TYPE' })
  rejects('Variant(String, UInt8)', [typed(5 as unknown as string, 5)], { code: 'BAD_TYPE' })
  rejects('Variant(String, UInt8)', [typed('UInt8', undefined)], { code: 'MISSING_VALUE' })
})

describe('typed() is for Variant and Dynamic alone: elsewhere it is no object with the keys type and value', () => {
  for (const type of ['UInt8', 'Map(String, String)', 'JSON', 'Nullable(String)']) {
    rejects(type, [typed('String', 'x')], { code: 'WRONG_TYPE', type: type.replace(/Nullable\((.*)\)/, '$1') })
  }
})

describe('a value its alternative refuses is named with its place and the alternative’s type', () => {
  rejects('Variant(String, UInt8)', ['x', 256], { code: 'VALUE_OUT_OF_RANGE', type: 'UInt8', column: 'c' })
  rejects('Variant(Array(UInt8), String)', ['x', [1, 2, 300]], { code: 'VALUE_OUT_OF_RANGE', column: 'c[2]' })
  rejects('Array(Variant(Array(UInt8), String))', [['x'], ['y', [1], [1, -1]]], {
    code: 'VALUE_OUT_OF_RANGE',
    column: 'c[2][1]',
  })
  rejects('Map(String, Variant(Tuple(a UInt8), String))', [{ k: { a: 300 } }], {
    code: 'VALUE_OUT_OF_RANGE',
    column: 'c[0].a',
  })
})

it('a type text made of data is forgotten again', () => {
  const spellings = Array.from({ length: 2500 }, (_, i) => [typed(`UInt8${' '.repeat(i)}`, i % 256)])
  const [block] = decodeBlocks(encodeBlock([{ name: 'c', type: 'Variant(String, UInt8)' }], spellings))
  expect(block!.rows).toEqual(spellings.map((_, i) => [i % 256]))
})

describe('refused rows were never there', () => {
  it('whatever alternative they were for, and however far they came', () => {
    const type = 'Variant(Array(String), LowCardinality(String), Tuple(a Array(UInt8), b String), UInt8)'
    const good = [[['a', 'b']], [typed('LowCardinality(String)', 'lc')], [5], [null], [{ a: [1, 2], b: 'z' }]]
    const bad = [[['new', 5]], [typed('LowCardinality(String)', 5)], [256], [Symbol('x')], [{ a: [1, 2, 3], b: 5 }]]
    const clean = builderOf({ c: type })
    const dirty = builderOf({ c: type }, { table: 'dirty' })
    for (let round = 0; round < 20; round++) {
      for (const row of good) {
        clean.stage(row)
        dirty.stage(row)
        expect(thrown(() => dirty.stage(bad[round % bad.length]!))).toHaveProperty('code')
      }
    }
    expect(Buffer.compare(sealedBytes(dirty), sealedBytes(clean))).toBe(0)
  })
})

describe('the engine reads what was meant', () => {
  const engine = new Embedded()
  afterAll(() => engine[Symbol.dispose]())

  it('every alternative, NULL, and their names', async () => {
    const type = 'Variant(Array(LowCardinality(String)), Bool, DateTime, Float64, LowCardinality(String), UInt64, UUID)'
    const uuid = '00112233-4455-6677-8899-aabbccddeeff'
    const values = [
      ['a', 'b', 'a'],
      true,
      null,
      new Date(1000),
      typed('Float64', 0.5),
      typed('LowCardinality(String)', 'a'),
      2n ** 64n - 1n,
      typed('UUID', uuid),
      [],
      typed('LowCardinality(String)', ''),
    ]
    expect(await readBack(engine, type, values, 'variantType(c), toString(c)')).toEqual([
      ['Array(LowCardinality(String))', "['a','b','a']"],
      ['Bool', 'true'],
      ['None', ''],
      ['DateTime', '1970-01-01 00:00:01'],
      ['Float64', '0.5'],
      ['LowCardinality(String)', 'a'],
      ['UInt64', '18446744073709551615'],
      ['UUID', uuid],
      ['Array(LowCardinality(String))', '[]'],
      ['LowCardinality(String)', ''],
    ])
  })

  for (const [type, values, read] of [
    ['Array(Variant(String, UInt8))', [['a', 1, null], []], [['a', 1, null], []]],
    ['Map(String, Variant(Array(String), UInt8))', [{ a: 1, b: ['x'] }, {}], [{ a: 1, b: ['x'] }, {}]],
    [
      'Tuple(v Variant(Array(Variant(String, UInt8)), Map(String, LowCardinality(String))), n LowCardinality(String))',
      [
        { v: [1, 'x', null], n: 'a' },
        { v: new Map([['k', 'a']]), n: 'b' },
      ],
      [
        { v: [1, 'x', null], n: 'a' },
        { v: { k: 'a' }, n: 'b' },
      ],
    ],
    [
      'Variant(JSON, Tuple(a Nullable(UInt8), b Array(Nullable(String))))',
      [typed('JSON', { a: 1 }), typed('Tuple(a Nullable(UInt8), b Array(Nullable(String)))', [null, ['x', null]])],
      [{ a: 1 }, { a: null, b: ['x', null] }],
    ],
    ['Array(Array(Variant(Array(UInt8), String)))', [[[], [[1], 'x']], []], [[[], [[1], 'x']], []]],
  ] as [string, unknown[], unknown[]][]) {
    it(type, async () => {
      expect(await readBack(engine, type, values)).toEqual(read.map((value) => [value]))
    })
  }

  it('65,536 rows of changing alternatives', async () => {
    const values = Array.from({ length: 65_536 }, (_, i) => (i % 3 === 0 ? `text ${i}` : i % 3 === 1 ? i : null))
    const select = "countIf(variantType(c) = 'String'), sum(c.UInt32), countIf(c IS NULL), max(length(c.String))"
    const texts = values.filter((value) => typeof value === 'string')
    const numbers = values.filter((value) => typeof value === 'number')
    expect(await readBack(engine, 'Variant(String, UInt32)', values, select)).toEqual([
      [texts.length, numbers.reduce((sum, n) => sum + n, 0), 65_536 - texts.length - numbers.length, 10],
    ])
  })
})
