import { describe, expect, it } from 'vitest'
import {
  builderOf,
  columnOf,
  dataOf,
  decodesTo,
  encodes,
  expectRefused,
  rejects,
  sealedBytes,
  thrown,
} from '../support/columns.ts'

const VERSION = '0100000000000000'
const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer).toString('hex')
/** Flags of a section: keys are here, new dictionary, width of an index. */
const BYTE = '0006000000000000'

describe('LowCardinality(T): a dictionary of the distinct values by first appearance behind the default, then one index a row', () => {
  encodes(
    'LowCardinality(String)',
    ['a', 'b', 'a', ''],
    `${VERSION} ${BYTE} ${u64(3)} 00 0161 0162 ${u64(4)} 01 02 01 00`,
  )
  encodes('LowCardinality(String)', [''], `${VERSION} ${BYTE} ${u64(1)} 00 ${u64(1)} 00`)
  encodes('LowCardinality(UInt16)', [7, 0, 7, 258], `${VERSION} ${BYTE} ${u64(3)} 0000 0700 0201 ${u64(4)} 01 00 01 02`)
  encodes(
    'LowCardinality(FixedString(2))',
    ['ab', 'a', '', 'ab'],
    `${VERSION} ${BYTE} ${u64(3)} 0000 6162 6100 ${u64(4)} 01 02 00 01`,
  )
  encodes('LowCardinality(Date)', ['1970-01-02', 0], `${VERSION} ${BYTE} ${u64(2)} 0000 0100 ${u64(2)} 01 00`)
  encodes(
    'LowCardinality(UUID)',
    [0n, 1n],
    `${VERSION} ${BYTE} ${u64(2)} ${'00'.repeat(16)} ${'00'.repeat(8)}0100000000000000 ${u64(2)} 00 01`,
  )
})

describe('Nullable(T) inside: index 0 is NULL, index 1 the default', () => {
  encodes(
    'LowCardinality(Nullable(String))',
    [null, '', 'a'],
    `${VERSION} ${BYTE} ${u64(3)} 00 00 0161 ${u64(3)} 00 01 02`,
  )
  encodes('LowCardinality(Nullable(UInt8))', [5, null, 0], `${VERSION} ${BYTE} ${u64(3)} 00 00 05 ${u64(3)} 02 00 01`)
  encodes('LowCardinality(Nullable(String))', [null, null], `${VERSION} ${BYTE} ${u64(2)} 00 00 ${u64(2)} 00 00`)
})

describe('a SimpleAggregateFunction(f, T) inside is a T, and a Nullable one a Nullable T', () => {
  const of = (type: string) => `LowCardinality(${type})`
  const any = (type: string) => `SimpleAggregateFunction(anyLast, ${type})`
  const texts = `${VERSION} ${BYTE} ${u64(3)} 00 00 0161 ${u64(3)} 02 00 02`
  encodes(of(any('String')), ['a', 'b', 'a'], `${VERSION} ${BYTE} ${u64(3)} 00 0161 0162 ${u64(3)} 01 02 01`)
  encodes(of(any('Nullable(String)')), ['a', null, 'a'], texts)
  encodes(of(`Nullable(${any('String')})`), ['a', null, 'a'], texts)
  encodes(of(any('UInt16')), [7, 0], `${VERSION} ${BYTE} ${u64(2)} 0000 0700 ${u64(2)} 01 00`)
  encodes(of(any('Nullable(UInt16)')), [7, null], `${VERSION} ${BYTE} ${u64(3)} 0000 0000 0700 ${u64(2)} 02 00`)
})

describe('under a NULL there is the zero of the type, which has its place in the dictionary already', () => {
  encodes(
    'Nullable(Tuple(LowCardinality(Date32)))',
    [null, ['1970-01-02']],
    `${VERSION} 01 00 ${BYTE} ${u64(2)} 00000000 01000000 ${u64(2)} 00 01`,
  )
})

describe('inside arrays, tuples and maps: one dictionary for all elements, none where there is no element', () => {
  encodes(
    'Array(LowCardinality(String))',
    [['a', 'b'], [], ['a']],
    `${VERSION} ${u64(2)} ${u64(2)} ${u64(3)} ${BYTE} ${u64(3)} 00 0161 0162 ${u64(3)} 01 02 01`,
  )
  encodes('Array(LowCardinality(UInt8))', [[]], `${VERSION} ${u64(0)}`)
  encodes('Tuple(LowCardinality(String), UInt8)', [['a', 1]], `${VERSION} ${BYTE} ${u64(2)} 00 0161 ${u64(1)} 01   01`)
  encodes(
    'Map(LowCardinality(String), LowCardinality(Nullable(String)))',
    [{ k: null }],
    `${VERSION} ${VERSION} ${u64(1)} ${BYTE} ${u64(2)} 00 016b ${u64(1)} 01 ${BYTE} ${u64(2)} 00 00 ${u64(1)} 00`,
  )
})

describe('texts and bytes that are the same are one key; bytes that are no UTF-8 are keys, too', () => {
  const b = (...values: number[]) => Uint8Array.from(values)
  encodes(
    'LowCardinality(String)',
    ['é', b(0xc3, 0xa9), b(0xff), b(0xff), b(), b(0xfe)],
    `${VERSION} ${BYTE} ${u64(4)} 00 02c3a9 01ff 01fe ${u64(6)} 01 01 02 02 00 03`,
  )
  // 'ÿ' is c3 bf, and no bytes ff, although both are one character of code 255 somewhere.
  encodes(
    'LowCardinality(String)',
    ['ÿ', b(0xff), b(0xc3, 0xbf)],
    `${VERSION} ${BYTE} ${u64(3)} 00 02c3bf 01ff ${u64(3)} 01 02 01`,
  )
  decodesTo(
    'LowCardinality(String)',
    ['\ufeff', '', Buffer.from('\ufeff'), 'a\0', 'a'],
    ['\ufeff', '', '\ufeff', 'a\0', 'a'],
  )
  // Halves of a surrogate pair are U+FFFD in UTF-8, which is one key.
  encodes(
    'LowCardinality(String)',
    ['\ud83d', '\ude80', 'a', '\ufffd', '\ud83d'],
    `${VERSION} ${BYTE} ${u64(3)} 00 03efbfbd 0161 ${u64(5)} 01 01 02 01 01`,
  )
  decodesTo('LowCardinality(Float64)', [-0, 0, Number.NaN, 1], [-0, 0, Number.NaN, 1])
})

describe('the index widens where the engine widens it: 256 keys take two bytes, 65,536 take four', () => {
  for (const [type, keyOf] of [
    ['LowCardinality(String)', (i: number) => `key number ${i}`],
    ['LowCardinality(Nullable(String))', (i: number) => `k${i}`],
    ['LowCardinality(UInt32)', (i: number) => i + 1],
    ['LowCardinality(Nullable(UInt32))', (i: number) => i + 1],
  ] as const) {
    const reserved = type.includes('Nullable') ? 2 : 1
    for (const [keyCount, width] of [
      [255, 1],
      [256, 2],
      [257, 2],
      [65535, 2],
      [65536, 4],
      [65537, 4],
    ] as const) {
      it(`${type} with ${keyCount} keys: ${width} bytes`, () => {
        const distinct = keyCount - reserved
        const values = Array.from({ length: distinct + 10 }, (_, i) => keyOf(i % distinct))
        const builder = builderOf({ c: type }, { blockSize: 2 ** 18 })
        values.forEach((value, row) => {
          builder.stage([value], row)
        })
        const block = sealedBytes(builder)
        const data = Buffer.from(dataOf(type, values, block))
        expect([data.readUInt32LE(8), data.readUInt32LE(16)]).toEqual([0x600 + Math.log2(width), keyCount])
        expect(data.readUInt32LE(data.byteLength - values.length * width - 8)).toBe(values.length)
        expect(columnOf(block)).toEqual(values)
      })
    }
  }
})

describe('keys that only refused rows used vanish', () => {
  for (const type of [
    'LowCardinality(String)',
    'LowCardinality(Nullable(String))',
    'Array(LowCardinality(String))',
    'LowCardinality(UInt32)',
  ]) {
    it(type, () => {
      const wrap = (text: string, i: number) =>
        type.startsWith('Array') ? [text, 'shared', text] : type.includes('UInt') ? i : text
      const clean = builderOf({ c: type, n: 'UInt8' })
      const dirty = builderOf({ c: type, n: 'UInt8' }, { table: 'dirty' })
      for (let i = 0; i < 600; i++) {
        const good = { c: wrap(`good ${i % 90}`, i % 90), n: 1 }
        // The bad rows' keys are new, known, bytes, or a good key of later.
        const bad = [`bad ${i}`, `good ${i % 90}`, `good ${(i + 1) % 90}`, ''][i % 4]!
        expectRefused(
          thrown(() => dirty.stage({ c: wrap(bad, 1000 + i), n: 256 }, i)),
          { code: 'VALUE_OUT_OF_RANGE', column: 'n' },
        )
        if (!type.includes('UInt')) {
          const bytes = Uint8Array.of(0xff, i & 0xff)
          const row = type.startsWith('Array') ? [bytes] : bytes
          expect(() => dirty.stage([row, -1], i)).toThrow()
        }
        clean.stage(good, i)
        dirty.stage(i % 2 ? good : [good.c, good.n], i)
      }
      expect(Buffer.from(sealedBytes(dirty)).equals(sealedBytes(clean))).toBe(true)
    })
  }
})

describe('every block has a dictionary of its own', () => {
  it('the second block knows nothing of the first', () => {
    const builder = builderOf({ c: 'LowCardinality(String)', d: 'LowCardinality(Nullable(UInt8))' })
    const rows = [
      ['a', 1],
      ['b', null],
    ]
    const encodedAnew = (row: unknown[]) => {
      const fresh = builderOf({ c: 'LowCardinality(String)', d: 'LowCardinality(Nullable(UInt8))' })
      fresh.stage(row, 0)
      return sealedBytes(fresh)
    }
    for (const row of [...rows, ...rows]) {
      builder.stage(row, 0)
      expect(sealedBytes(builder)).toEqual(encodedAnew(row))
    }
  })
})

describe('values of T are checked as ever', () => {
  rejects('LowCardinality(UInt8)', [1, 256], { code: 'VALUE_OUT_OF_RANGE', row: 1, column: 'c', type: 'UInt8' })
  rejects('LowCardinality(FixedString(2))', ['abc'], { code: 'TOO_LONG' })
  rejects('LowCardinality(String)', ['a', 5], {
    code: 'WRONG_TYPE',
    row: 1,
    column: 'c',
    hint: /a string, or a Uint8Array/,
  })
  rejects('LowCardinality(String)', [null], { code: 'NOT_NULLABLE' })
  rejects('LowCardinality(UInt8)', [null], { code: 'NOT_NULLABLE' })
  rejects('LowCardinality(String)', [undefined], { code: 'MISSING_VALUE' })
  rejects('LowCardinality(Nullable(String))', [undefined], { code: 'MISSING_VALUE' })
  rejects('LowCardinality(Nullable(UInt8))', [undefined], { code: 'MISSING_VALUE' })
  rejects('LowCardinality(Nullable(UInt8))', [null, -1], { code: 'VALUE_OUT_OF_RANGE', row: 1 })
})

describe('types without a dictionary form', () => {
  for (const type of [
    'LowCardinality(Decimal(9, 2))',
    'LowCardinality(DateTime64(3))',
    "LowCardinality(Enum8('a' = 1))",
    'LowCardinality(Array(String))',
    'LowCardinality(LowCardinality(String))',
    'LowCardinality(Tuple())',
    'Nullable(LowCardinality(String))',
  ]) {
    it(type, () => expect(thrown(() => builderOf({ c: type }))).toMatchObject({ code: 'BAD_TYPE', column: 'c' }))
  }
})
