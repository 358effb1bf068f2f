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

const E1 = '0100000000000000'
const E2 = '0200000000000000'

describe('Map(K, V): as Array(Tuple(K, V)): ends, all keys, all values', () => {
  encodes('Map(String, UInt8)', [{ k: 1, l: 2 }, {}], `${E2} ${E2}   01 6b 01 6c   01 02`)
  encodes('Map(String, UInt8)', [new Map([['k', 1]]), [['l', 2]]], `${E1} ${E2}   01 6b 01 6c   01 02`)
  encodes('Map(String, UInt8)', [{}, new Map(), []], '00'.repeat(24))
  encodes('Map(UInt8, String)', [new Map([[7, 'a']])], `${E1}   07   01 61`)
  encodes('Map(UInt64, UInt8)', [JSON.parse('{"18446744073709551615": 1}')], `${E1}   ffffffffffffffff   01`)
  encodes('Map(UInt8, UInt8)', [{ 7: 1, 255: 2 }], '02 00 00 00 00 00 00 00   07 ff   01 02')
  encodes(
    'Map(LowCardinality(Int16), UInt8)',
    [{ '-2': 1 }],
    `${E1}   0100000000000000 0006000000000000 0200000000000000 0000 feff 0100000000000000 01   01`,
  )
  rejects('Map(UInt8, UInt8)', [{ 256: 1 }], { code: 'VALUE_OUT_OF_RANGE', column: 'c[0] key' })
  rejects('Map(UInt8, UInt8)', [{ a: 1 }], { code: 'BAD_TEXT', column: 'c[0] key' })
  rejects('Map(UInt8, UInt8)', [new Map([['7', 1]])], { code: 'WRONG_TYPE', column: 'c[0] key' })
  encodes('Map(String, Map(String, UInt8))', [{ a: { b: 1 } }], `${E1}   01 61   ${E1}   01 62   01`)
})

describe('order and repeated keys stay as they come', () => {
  encodes(
    'Map(String, UInt8)',
    [
      [
        ['k', 1],
        ['k', 2],
        ['a', 3],
      ],
    ],
    '0300000000000000   01 6b 01 6b 01 61   01 02 03',
  )
  decodesTo(
    'Map(String, UInt8)',
    [{ b: 1, a: 2, 10: 3, 9: 4 }],
    [
      new Map([
        ['9', 4],
        ['10', 3],
        ['b', 1],
        ['a', 2],
      ]),
    ],
  )
})

describe('own keys of an object, whatever they are called', () => {
  decodesTo(
    'Map(String, String)',
    [JSON.parse('{"__proto__": "a", "toString": "b", "": "c", "é🚀": "d"}')],
    [
      new Map([
        ['__proto__', 'a'],
        ['toString', 'b'],
        ['', 'c'],
        ['é🚀', 'd'],
      ]),
    ],
  )
  class Attributes {
    host = 'a'
    get size() {
      return 1
    }
  }
  decodesTo(
    'Map(String, String)',
    [
      Object.assign(Object.create({ inherited: 'x' }), { own: 'y' }),
      Object.assign(Object.create(null), { a: 'b' }),
      new Attributes(),
      Object.freeze({ f: 'g' }),
    ],
    [new Map([['own', 'y']]), new Map([['a', 'b']]), new Map([['host', 'a']]), new Map([['f', 'g']])],
  )
  decodesTo('Map(String, String)', [{ a: 'b', [Symbol('s')]: 1 }], [new Map([['a', 'b']])])
})

describe('a Map of a class of its own', () => {
  it('gives as many entries as it gives, whatever its size says', () => {
    class Liar extends Map<string, string> {
      override get size() {
        return 0
      }
    }
    const entries = Array.from({ length: 5000 }, (_, i): [string, string] => [
      `key number ${i}`,
      `a value that is joined ${i}`,
    ])
    const builder = builderOf({ before: 'String', c: 'Map(String, String)', after: 'Array(UInt32)' })
    const row = ['x', new Liar(entries), entries.map((_, i) => i)]
    builder.stage(row)
    builder.stage(row)
    const rows = decodeBlocks(sealedBytes(builder))[0]!.rows
    expect(rows).toEqual(Array(2).fill(['x', new Map(entries), entries.map((_, i) => i)]))
  })
  it('or an array with more entries than the memory can hold', () => {
    const builder = builderOf({ c: 'Map(String, String)' })
    expectRefused(
      thrown(() => builder.stage([new Array(2 ** 31)])),
      { code: 'BAD_OPTION' },
    )
    builder.stage([{ a: 'b' }])
    expect(columnOf(sealedBytes(builder))).toEqual([new Map([['a', 'b']])])
  })
})

describe('the entry is named in the error, and whether it is its key', () => {
  rejects('Map(String, UInt8)', [{ a: 1 }, { a: 1, b: 256 }], {
    code: 'VALUE_OUT_OF_RANGE',
    row: 1,
    column: 'c[1]',
    type: 'UInt8',
  })
  rejects(
    'Map(UInt8, UInt8)',
    [
      new Map([
        [1, 1],
        [256, 2],
      ]),
    ],
    { code: 'VALUE_OUT_OF_RANGE', column: 'c[1] key' },
  )
  rejects('Map(String, Tuple(x UInt8))', [{ a: { x: -1 } }], { code: 'VALUE_OUT_OF_RANGE', column: 'c[0].x' })
  rejects('Map(String, UInt8)', [{ a: undefined }], { code: 'MISSING_VALUE', column: 'c[0]' })
  rejects('Map(String, UInt8)', [{ a: null }], { code: 'NOT_NULLABLE', column: 'c[0]' })
  rejects('Map(String, UInt8)', [new Map([[null, 1]])], { code: 'NOT_NULLABLE', column: 'c[0] key' })
  rejects('Map(String, UInt8)', [[['a', 1], ['b']]], { code: 'WRONG_TYPE', message: /entry 1 is no \[key, value\]/ })
  rejects('Map(String, UInt8)', [[['a', 1, 2]]], { code: 'WRONG_TYPE', hint: /an array of \[key, value\]/ })
  rejects('Map(String, UInt8)', [['ab']], { code: 'WRONG_TYPE' })
  // biome-ignore lint/suspicious/noSparseArray: the hole is the question
  rejects('Map(String, UInt8)', [[, ['a', 1]]], { code: 'WRONG_TYPE', message: /entry 0/ })
})

describe('what has no keys of its own is no map', () => {
  for (const value of [
    new Date(0),
    Promise.resolve({}),
    new Set([['a', 1]]),
    new WeakMap(),
    Uint8Array.of(1),
    /x/,
    new URLSearchParams('a=1'),
    new Error('x'),
    new Map([['a', 1]]).entries(),
    'a',
    1,
    true,
  ]) {
    rejects('Map(String, UInt8)', [{ a: 1 }, value], {
      code: 'WRONG_TYPE',
      row: 1,
      column: 'c',
      hint: /a Map, an object, or an array of \[key, value\]/,
    })
  }
  rejects('Map(String, UInt8)', [null], { code: 'NOT_NULLABLE' })
  rejects('Map(String, UInt8)', [undefined], { code: 'MISSING_VALUE' })
})
