import { describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import {
  builderOf,
  columnOf,
  decodesTo,
  encodes,
  expectRefused,
  rejects,
  sealedBytes,
  thrown,
} from '../support/columns.ts'

const u64 = (...values: number[]) =>
  values.map((value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer).toString('hex')).join(' ')

describe('Array(T): one UInt64 a row with the element count up to and including that row, then all elements', () => {
  encodes('Array(UInt8)', [[1, 2], [], [3]], `${u64(2, 2, 3)}   01 02 03`)
  encodes('Array(UInt8)', [[], []], u64(0, 0))
  encodes('Array(String)', [['a', ''], ['b']], `${u64(2, 3)}   01 61 00 01 62`)
  encodes('Array(Array(UInt8))', [[[1, 2], [], [3]]], `${u64(3)}   ${u64(2, 2, 3)}   01 02 03`)
  encodes('Array(Array(UInt8))', [[], [[]], [[], [7]]], `${u64(0, 1, 3)}   ${u64(0, 0, 1)}   07`)
  encodes(
    'Array(Tuple(UInt8, String))',
    [
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    `${u64(2)}   01 02   01 61 01 62`,
  )
  encodes('Array(LowCardinality(String))', [[], []], `${u64(1)}   ${u64(0, 0)}`)
})

describe('typed arrays are arrays', () => {
  encodes('Array(UInt8)', [Uint8Array.of(1, 255), Buffer.of(2)], `${u64(2, 3)}   01 ff 02`)
  encodes('Array(UInt64)', [BigUint64Array.of(2n ** 64n - 1n)], `${u64(1)}   ffffffffffffffff`)
  encodes('Array(Float32)', [Float32Array.of(1.5), Float64Array.of(-0)], `${u64(1, 2)}   0000c03f 00000080`)
  encodes('Array(Int8)', [Int32Array.of(-1, 127), Uint8ClampedArray.of(5)], `${u64(2, 3)}   ff 7f 05`)
  rejects('Array(UInt8)', [Int16Array.of(1, 256)], { code: 'VALUE_OUT_OF_RANGE', column: 'c[1]' })
  rejects('Array(Int8)', [Uint8Array.of(128)], { code: 'VALUE_OUT_OF_RANGE', column: 'c[0]' })
})

describe('an element that is refused is named by its place', () => {
  rejects(
    'Array(UInt8)',
    [
      [1, 2],
      [3, 4, 256],
    ],
    { code: 'VALUE_OUT_OF_RANGE', row: 1, column: 'c[2]', type: 'UInt8' },
  )
  rejects(
    'Array(Array(UInt8))',
    [
      [[1], [2, 3]],
      [[], [4, -1]],
    ],
    { code: 'VALUE_OUT_OF_RANGE', row: 1, column: 'c[1][1]' },
  )
  rejects('Array(Array(Array(UInt8)))', [[[[1]], [[2], [3, 'x']]]], { code: 'WRONG_TYPE', column: 'c[1][1][1]' })
  rejects(
    'Array(Tuple(id UInt8, name String))',
    [
      [{ id: 1, name: 'a' }],
      [
        { id: 1, name: 'b' },
        { id: 2, name: 3 },
      ],
    ],
    { code: 'WRONG_TYPE', row: 1, column: 'c[1].name' },
  )
  rejects(
    'Array(Tuple(UInt8, Array(String)))',
    [
      [
        [1, ['a']],
        [2, ['b', 7]],
      ],
    ],
    { code: 'WRONG_TYPE', column: 'c[1].2[1]' },
  )
  rejects('Tuple(a Array(Nullable(UInt8)))', [[[1]], { a: [null, 300] }], {
    code: 'VALUE_OUT_OF_RANGE',
    row: 1,
    column: 'c.a[1]',
  })
  rejects('Map(String, Array(UInt8))', [{ k: [1], l: [2, -1] }], { code: 'VALUE_OUT_OF_RANGE', column: 'c[1][1]' })
  rejects('Array(LowCardinality(UInt8))', [[1], [2, 300]], { code: 'VALUE_OUT_OF_RANGE', row: 1, column: 'c[1]' })
  rejects('Array(LowCardinality(String))', [['a'], ['b', 5]], { code: 'WRONG_TYPE', row: 1, column: 'c[1]' })
})

describe('undefined and null', () => {
  rejects('Array(UInt8)', [null], { code: 'NOT_NULLABLE', column: 'c' })
  rejects('Array(UInt8)', [undefined], { code: 'MISSING_VALUE', column: 'c' })
  rejects('Array(UInt8)', [[1, null]], { code: 'NOT_NULLABLE', column: 'c[1]' })
  rejects('Array(UInt8)', [[1, undefined]], { code: 'MISSING_VALUE', column: 'c[1]' })
  // biome-ignore lint/suspicious/noSparseArray: the hole is the question
  rejects('Array(UInt8)', [[1, , 3]], { code: 'MISSING_VALUE', column: 'c[1]' })
  rejects('Array(Array(UInt8))', [[[1], null]], { code: 'NOT_NULLABLE', column: 'c[1]' })
})

describe('nothing else is an array', () => {
  for (const value of [
    'abc',
    1,
    {},
    new Set([1]),
    new Map(),
    new DataView(new ArrayBuffer(1)),
    new ArrayBuffer(1),
    { length: 1, 0: 1 },
    [1][Symbol.iterator](),
  ]) {
    rejects('Array(UInt8)', [[1], value], {
      code: 'WRONG_TYPE',
      row: 1,
      column: 'c',
      hint: /an array or a typed array/,
    })
  }
})

describe('a class of its own, a frozen one, one with more keys: elements 0 to length - 1 count', () => {
  class Tags extends Array<string> {}
  const more = Object.assign(['a'], { b: 'c' })
  decodesTo('Array(String)', [Tags.of('a', 'b'), Object.freeze(['c']), more], [['a', 'b'], ['c'], ['a']])
})

describe('any number of elements', () => {
  it('a million in one row', () => {
    const elements = Array.from({ length: 1_000_000 }, (_, i) => i)
    const builder = builderOf({ c: 'Array(UInt32)' })
    builder.stage([[1]], 0)
    builder.stage([elements], 1)
    builder.stage({ c: Uint32Array.from(elements) }, 2)
    builder.stage([[2]], 3)
    const rows = columnOf(sealedBytes(builder)) as number[][]
    expect(rows.map(({ length }) => length)).toEqual([1, 1_000_000, 1_000_000, 1])
    expect(rows[1]!.every((value, i) => value === i) && rows[2]!.every((value, i) => value === i)).toBe(true)
    expect(rows[3]).toEqual([2])
  })

  it('more than the memory can hold: refused, and the rows after it are right', () => {
    const builder = builderOf({ a: 'Array(UInt32)', b: 'Array(UInt64)', s: 'Array(String)' })
    builder.stage({ a: [], b: [], s: [] }, 0)
    expectRefused(
      thrown(() => builder.stage({ a: new Array(2 ** 32 - 1), b: [], s: [] }, 1)),
      { code: 'BAD_OPTION', hint: /fewer large values/ },
    )
    expectRefused(
      thrown(() => builder.stage({ a: [], b: new Array(2 ** 29), s: [] }, 1)),
      { code: 'BAD_OPTION' },
    )
    expectRefused(
      thrown(() => builder.stage({ a: [], b: [], s: new Array(2 ** 30) }, 1)),
      { code: 'BAD_OPTION' },
    )
    const many = Array.from({ length: 5000 }, (_, i) => i)
    builder.stage({ a: many, b: many, s: many.map((i) => `value number ${i}`) }, 1)
    const rows = decodeBlocks(sealedBytes(builder))[0]!.rows
    expect(rows).toEqual([
      [[], [], []],
      [many, many.map(BigInt), many.map((i) => `value number ${i}`)],
    ])
  })
})
