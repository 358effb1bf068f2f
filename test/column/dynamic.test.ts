import { afterAll, describe, expect, it } from 'vitest'
import { decodeBlocks, encodeBlock, typed } from '../../src/native.ts'
import { builderOf, decodesTo, encodes, rejects, sealedBytes, thrown } from '../support/columns.ts'
import { Embedded } from '../support/embedded.ts'
import { readBack } from '../support/read-back.ts'

const VERSION = '0300000000000000'
const hex = (text: string) => Buffer.from(text).toString('hex')
const name = (type: string) => `${Buffer.from([type.length]).toString('hex')} ${hex(type)}`

const engine = new Embedded()
afterAll(() => engine[Symbol.dispose]())

describe('Dynamic: version 3, the types of the block; a code a row, the number of types for NULL; then each type’s values', () => {
  encodes(
    'Dynamic',
    [typed('UInt8', 8), null, 'x'],
    `${VERSION} 02 ${name('UInt8')} ${name('String')}   00 02 01   08   01 78`,
  )
  encodes('Dynamic', [null, null], `${VERSION} 00   00 00`)
  encodes('Dynamic', ['b', 'a'], `${VERSION} 01 ${name('String')}   00 00   01 62 01 61`)
  encodes('Array(Dynamic)', [[], []], `${VERSION} 00   ${'00'.repeat(16)}`)
  encodes(
    'Dynamic',
    [typed('LowCardinality(String)', 'a'), typed('Array(Dynamic)', [])],
    `${VERSION} 02 ${name('LowCardinality(String)')} ${name('Array(Dynamic)')}  0100000000000000  ${VERSION} 00
     00 01   0006000000000000 0200000000000000 00 01 61 0100000000000000 01   0000000000000000`,
  )
})

describe('the type a value gets where none is named', () => {
  const map = (...entries: [unknown, unknown][]) => new Map(entries)
  const cases: [unknown, string, string?][] = [
    // value, type, and the JSON for which the engine itself finds the same type
    [true, 'Bool', 'true'],
    [1, 'Int64', '1'],
    [-1, 'Int64', '-1'],
    [2 ** 53 - 1, 'Int64', '9007199254740991'],
    [2 ** 53, 'Float64'],
    [0, 'Int64', '0'],
    [-0, 'Float64'],
    [0.5, 'Float64', '0.5'],
    [1e300, 'Float64', '1e300'],
    [Number.NaN, 'Float64'],
    [Number.POSITIVE_INFINITY, 'Float64'],
    [2n ** 63n - 1n, 'Int64', '9223372036854775807'],
    [2n ** 63n, 'UInt64', '9223372036854775808'],
    [2n ** 64n - 1n, 'UInt64', '18446744073709551615'],
    [-(2n ** 63n), 'Int64', '-9223372036854775808'],
    ['text', 'String', '"text"'],
    ['', 'String', '""'],
    ['2024-01-02', 'String'],
    [Uint8Array.of(1, 255), 'String'],
    [new Date(1), 'DateTime64(3)'],
    [null, 'None', 'null'],
    [typed('UInt8', null), 'None'],
    [{ a: 1 }, 'JSON'],
    [{}, 'JSON'],
    [[1, 2], 'Array(Int64)', '[1,2]'],
    [[1, -2], 'Array(Int64)', '[1,-2]'],
    [[1, null], 'Array(Nullable(Int64))', '[1,null]'],
    [[1, 0.5], 'Array(Float64)', '[1,0.5]'],
    [[1, 2n ** 63n], 'Array(UInt64)', '[1,9223372036854775808]'],
    [[-1, 2n ** 63n], 'Array(Dynamic)', '[-1,9223372036854775808]'],
    [['a', 'b'], 'Array(String)', '["a","b"]'],
    [['a', null], 'Array(Nullable(String))', '["a",null]'],
    [[true], 'Array(Bool)', '[true]'],
    [[true, 1], 'Array(Dynamic)'],
    [[1, 'x'], 'Array(Dynamic)', '[1,"x"]'],
    [[1, 'x', null], 'Array(Dynamic)', '[1,"x",null]'],
    [[], 'Array(String)', '[]'],
    [[null], 'Array(Nullable(String))', '[null]'],
    [[[1], [2, 3]], 'Array(Array(Int64))', '[[1],[2,3]]'],
    [[[], [1]], 'Array(Array(Int64))', '[[],[1]]'],
    [[[1], []], 'Array(Array(Int64))', '[[1],[]]'],
    [[[[]], [[1]], []], 'Array(Array(Array(Int64)))'],
    [[[null], [1]], 'Array(Array(Nullable(Int64)))', '[[null],[1]]'],
    [[[1], [0.5]], 'Array(Array(Float64))', '[[1],[0.5]]'],
    [[[1], ['x']], 'Array(Dynamic)', '[[1],["x"]]'],
    [[1, [2]], 'Array(Dynamic)', '[1,[2]]'],
    [[[1], null], 'Array(Dynamic)'],
    [[{ a: 1 }, { b: 2 }], 'Array(JSON)'],
    [[{ a: 1 }, null], 'Array(Nullable(JSON))'],
    [[{ a: 1 }, 1], 'Array(Dynamic)'],
    [[new Date(0)], 'Array(DateTime64(3))'],
    [[typed('UInt8', 1), 2], 'Array(Dynamic)'],
    [[map()], 'Array(Dynamic)'],
    [map(['a', 1]), 'Map(String, Int64)'],
    [map(['a', 1], ['b', null]), 'Map(String, Nullable(Int64))'],
    [map(['a', 1], ['b', 'x']), 'Map(String, Dynamic)'],
    [map(['a', [1]]), 'Map(String, Array(Int64))'],
    [map(['a', map(['b', 1])]), 'Map(String, Dynamic)'],
    [map([1, 'a'], [-2, 'b']), 'Map(Int64, String)'],
    [map([1n, 'a']), 'Map(Int64, String)'],
    [map(), 'Map(String, String)'],
    [Int8Array.of(1), 'Array(Int8)'],
    [Int16Array.of(1), 'Array(Int16)'],
    [Int32Array.of(1), 'Array(Int32)'],
    [BigInt64Array.of(1n), 'Array(Int64)'],
    [Uint8ClampedArray.of(1), 'Array(UInt8)'],
    [Uint16Array.of(1), 'Array(UInt16)'],
    [Uint32Array.of(1), 'Array(UInt32)'],
    [BigUint64Array.of(1n), 'Array(UInt64)'],
    [Float32Array.of(1), 'Array(Float32)'],
    [Float64Array.of(1), 'Array(Float64)'],
    [[Float32Array.of(1)], 'Array(Array(Float32))'],
  ]

  it('in every row of one block, as the engine names it', async () => {
    const types = await readBack(
      engine,
      'Dynamic',
      cases.map(([value]) => value),
      'dynamicType(c)',
    )
    expect(types.map(([type]) => type)).toEqual(cases.map(([, type]) => type))
  })

  it('is the type the engine finds in the same JSON', async () => {
    const table = engine.createTable('Dynamic')
    const lines = cases.flatMap(([, type, json]) => (json === undefined ? [] : [{ type, json }]))
    await engine.insert(table, lines.map(({ json }) => `{"c":${json}}\n`).join(''), 'JSONEachRow')
    expect(engine.rows(`SELECT dynamicType(c) FROM ${table}`)).toEqual(lines.map(({ type }) => [type]))
  })

  it('and the decoder gives the values back', () => {
    const decoded = (value: unknown): unknown => {
      if (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)) return BigInt(value)
      return value
    }
    const scalars = cases.map(([value]) => value).filter((value) => typeof value !== 'object' || value === null)
    const [block] = decodeBlocks(
      encodeBlock(
        [{ name: 'c', type: 'Dynamic' }],
        scalars.map((value) => [value]),
      ),
    )
    expect(block!.rows).toStrictEqual(scalars.map((value) => [decoded(value)]))
  })
})

describe('typed(type, value) names it', () => {
  decodesTo(
    'Dynamic',
    [
      typed('UInt8', 255),
      typed('INT', -5),
      typed('Decimal(9, 2)', '1.5'),
      typed('Date', '2024-01-02'),
      typed('String', 'x'),
    ],
    [255, -5, '1.50', '2024-01-02', 'x'],
  )
  decodesTo('Dynamic', [typed('Array(Array(Dynamic))', [[1, 'x'], []])], [[[1n, 'x'], []]])
  decodesTo('Dynamic', [typed('Array(Nothing)', []), typed('Tuple()', [])], [[], []])
  for (const type of ['Nullable(UInt8)', 'LowCardinality(Nullable(String))', 'Variant(UInt8)', 'Dynamic', 'Geometry']) {
    rejects('Dynamic', [1, typed(type, 1)], { code: 'WRONG_TYPE', message: /no value of a Dynamic is a/ })
  }
  rejects('Dynamic', [1, typed('UInt7', 1)], { code: 'UNKNOWN_TYPE' })
  rejects('Dynamic', [1, typed('Enum8()', 1)], { code: 'BAD_TYPE' })
  rejects('Dynamic', [1, typed('AggregateFunction(sum, UInt8)', 1)], { code: 'UNSUPPORTED_TYPE', hint: /EPHEMERAL/ })
  rejects('Dynamic', [1, typed('UInt8', undefined)], { code: 'MISSING_VALUE' })
})

describe('refusals', () => {
  rejects('Dynamic', [1, undefined], { code: 'MISSING_VALUE' })
  rejects('Dynamic', [1, Symbol('x')], { code: 'WRONG_TYPE', hint: /typed\(/ })
  rejects('Dynamic', [1, () => 1], { code: 'WRONG_TYPE' })
  rejects('Dynamic', [1, [1, () => 1]], { code: 'WRONG_TYPE' })
  rejects('Dynamic', [1, new Map([[true, 1]])], { code: 'WRONG_TYPE' })
  rejects('Dynamic', [1, new DataView(new ArrayBuffer(4))], { code: 'WRONG_TYPE' })
  rejects('Dynamic', [1, new Set([1])], { code: 'WRONG_TYPE', type: 'JSON' })
  rejects('Dynamic', [1, 2n ** 64n], { code: 'VALUE_OUT_OF_RANGE', type: 'UInt64' })
  rejects('Dynamic', [1, new Date(Number.NaN)], { code: 'NOT_A_NUMBER', type: 'DateTime64(3)' })
  rejects('Dynamic', [1, typed('UInt8', 256)], { code: 'VALUE_OUT_OF_RANGE', type: 'UInt8' })
  rejects('Dynamic', [1, [1, undefined]], { code: 'MISSING_VALUE', column: 'c[1]' })
  rejects('Dynamic', [1, [undefined]], { code: 'MISSING_VALUE', column: 'c[0]' })
  rejects('Dynamic', [1, ['x', [1, ['y', { a: [Number.NaN] }]]]], { code: 'NOT_A_NUMBER', column: 'c[1][1][1].a[0]' })
  it('an array that holds itself', () => {
    const circle: unknown[] = [1]
    circle.push(circle)
    const error = thrown(() => encodeBlock([{ name: 'c', type: 'Dynamic' }], [[circle]]))
    expect(error).toMatchObject({ code: 'WRONG_TYPE', row: 0, column: 'c' })
  })
})

describe('refused rows were never there, nor their types', () => {
  it('byte for byte', () => {
    const good = ['x', 1, null, [1, 'x'], typed('UInt8', 1), { a: 1 }, new Map([['k', 1]])]
    const bad = [typed('UInt16', -1), [1, 'x', Symbol('y')], { a: Number.NaN }, ['a', 2n ** 64n], typed('Date', 'x')]
    const clean = builderOf({ c: 'Dynamic' })
    const dirty = builderOf({ c: 'Dynamic' }, { table: 'dirty' })
    const run = () => {
      for (let round = 0; round < 20; round++) {
        expect(thrown(() => dirty.stage([bad[round % bad.length]]))).toHaveProperty('code')
        clean.stage([good[round % good.length]])
        dirty.stage([good[round % good.length]])
      }
      expect(Buffer.compare(sealedBytes(dirty), sealedBytes(clean))).toBe(0)
    }
    run()
    run() // the next block begins without the types of the last
  })

  it('a type of refused rows alone takes no place on the list', () => {
    const builder = builderOf({ c: 'Dynamic' })
    expect(thrown(() => builder.stage([typed('UInt16', -1)]))).toHaveProperty('code', 'VALUE_OUT_OF_RANGE')
    builder.stage(['x'])
    expect(Buffer.from(sealedBytes(builder)).includes('UInt16')).toBe(false)
  })
})

describe('many types', () => {
  const ofTypes = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => typed(`Enum8('${from + i}' = 1)`, `${from + i}`))

  it.each([1, 254, 255, 256, 257, 1000])('%i in one block, with NULL, and the engine knows each', async (count) => {
    const values = [null, ...ofTypes(count), null, ...ofTypes(1)]
    const select = 'uniqExact(dynamicType(c)) - 1, countIf(c IS NULL), groupArrayIf(toString(c), c IS NOT NULL)'
    const labels = [...Array.from({ length: count }, (_, i) => `${i}`), '0']
    expect(await readBack(engine, 'Dynamic', values, select)).toEqual([[count, 2, labels]])
    const [block] = decodeBlocks(
      encodeBlock(
        [{ name: 'c', type: 'Dynamic' }],
        values.map((value) => [value]),
      ),
    )
    expect(block!.rows.map(([value]) => value)).toEqual([null, ...labels.slice(0, -1), null, '0'])
  })

  it('1,001 are refused, and those before stay', () => {
    const builder = builderOf({ c: 'Dynamic' })
    for (const value of ofTypes(1000)) builder.stage([value])
    expect(thrown(() => builder.stage(ofTypes(1, 1000)))).toMatchObject({
      code: 'WRONG_TYPE',
      message: expect.stringContaining("Enum8('1000' = 1) would be type 1001 of this column"),
      hint: expect.stringContaining('into the value'),
    })
    builder.stage(ofTypes(1, 7))
    expect(decodeBlocks(sealedBytes(builder))[0]!.rows).toHaveLength(1001)
  })

  it('are not counted against the next statement', () => {
    for (let statement = 0; statement < 3; statement++) {
      const rows = ofTypes(900, 900 * statement).map((value) => [value])
      expect(decodeBlocks(encodeBlock([{ name: 'c', type: 'Dynamic' }], rows))[0]!.rows).toHaveLength(900)
    }
  })
})

describe('the engine reads what was meant', () => {
  for (const [type, values, read] of [
    ['Dynamic', ['x', 1, null, [1, 'y', null]], ['x', 1, null, [1, 'y', null]]],
    ['Dynamic(max_types=1)', ['x', 1, null, true], ['x', 1, null, true]],
    ['Dynamic(max_types=0)', ['x', 1, null], ['x', 1, null]],
    ['Array(Dynamic)', [['x', 1, null], []], [['x', 1, null], []]],
    ['Map(String, Dynamic)', [{ a: 1, b: ['x', 2], c: { d: 1 } }], [{ a: 1, b: ['x', 2], c: { d: 1 } }]],
    ['Tuple(Dynamic, LowCardinality(String), Dynamic)', [[1, 'a', 'x']], [[1, 'a', 'x']]],
    ['Tuple(a Array(Array(Dynamic)), b Dynamic)', [{ a: [[], [1, 'x']], b: [[1]] }], [{ a: [[], [1, 'x']], b: [[1]] }]],
    [
      'Dynamic',
      [
        typed('Tuple(a LowCardinality(String), b Array(Variant(String, UInt8)))', ['x', ['y', 1]]),
        typed('Array(LowCardinality(Nullable(String)))', ['z', null]),
        typed('Point', [1, 2]),
        typed('QBit(Float32, 2)', [1, 2]),
        typed('IntervalDay', 3),
        typed('Nested(a UInt8)', [{ a: 1 }]),
        typed('Array(Nothing)', []),
      ],
      [{ a: 'x', b: ['y', 1] }, ['z', null], [1, 2], [1, 2], 3, [{ a: 1 }], []],
    ],
  ] as [string, unknown[], unknown[]][]) {
    it(`${type}   ${JSON.stringify(read)}`, async () => {
      expect(await readBack(engine, type, values)).toEqual(read.map((value) => [value]))
    })
  }

  it('arrays of mixed values, 80 deep', async () => {
    let value: unknown = 'core'
    for (let i = 0; i < 80; i++) value = [i, value]
    expect(await readBack(engine, 'Dynamic', [value])).toEqual([[value]])
  })
})
