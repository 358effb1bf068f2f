// Typed arrays as whole columns: the same bytes as the same numbers in rows, and the same refusals, whether they are copied as they
// are or looked at one by one.

import { describe, expect, it } from 'vitest'
import type { TypedArray } from '../../src/column/column-data.ts'
import { encodeBlock, encodeColumns } from '../../src/native.ts'
import { builderOf, sealedBytes, thrown } from '../support/columns.ts'

const ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const

const TYPES = [
  ...[
    'UInt8',
    'UInt16',
    'UInt32',
    'UInt64',
    'UInt128',
    'UInt256',
    'Int8',
    'Int16',
    'Int32',
    'Int64',
    'Int128',
    'Int256',
  ],
  ...[
    'Float32',
    'Float64',
    'BFloat16',
    'Bool',
    'Decimal(9, 2)',
    'Decimal(38, 2)',
    'String',
    'FixedString(8)',
    'UUID',
    'IPv4',
    'IPv6',
  ],
  ...['Date', 'Date32', 'DateTime', 'DateTime64(3)', 'DateTime64(9)', 'DateTime64(0)', 'Time', 'Time64(3)'],
  ...[
    "Enum8('a' = -1, 'b' = 0, 'c' = 1)",
    "Enum16('a' = -300, 'c' = 2)",
    'Nullable(Date32)',
    "Nullable(Enum8('b' = 2))",
  ],
  ...[
    'LowCardinality(UInt16)',
    'LowCardinality(Nullable(Date))',
    'Array(UInt8)',
    'Map(UInt8, UInt8)',
    'Variant(UInt64, String)',
  ],
]

/** The edges of every width, and a few between; as an array of this kind holds them. */
function valuesOf(Kind: (typeof ARRAYS)[number]): TypedArray {
  const edges = [
    0,
    1,
    2,
    -1,
    127,
    128,
    -128,
    -129,
    255,
    256,
    32767,
    -32768,
    65535,
    65536,
    2 ** 31,
    -(2 ** 31),
    2 ** 32 - 1,
    2 ** 32,
  ]
  const wide = [-25567, -25568, 120529, 120530, 3_599_999, 3_600_000, 1e15, -300, 1e17, 2 ** 53 - 1]
  if (Kind === BigInt64Array) return BigInt64Array.from([...edges, ...wide].map(BigInt))
  if (Kind === BigUint64Array) return BigUint64Array.from([...edges, ...wide].map((value) => BigInt(Math.abs(value))))
  const odd =
    Kind === Float64Array || Kind === Float32Array ? [1.5, Number.NaN, -0, 1e39, Number.POSITIVE_INFINITY] : []
  return (Kind as typeof Float64Array).from([...edges, ...wide, ...odd])
}

describe.each(TYPES)('%s takes of a typed array what it takes of a row', (type) => {
  it.each(ARRAYS.map((Kind) => [Kind.name, Kind] as const))('%s', (_, Kind) => {
    const values = valuesOf(Kind)
    const good: number[] = []
    for (let i = 0; i < values.length; i++) {
      const byRow = outcome(() => encodeBlock([{ name: 'c', type }], [[values[i]]]))
      const byColumn = outcome(() => encodeColumns([{ name: 'c', type, data: values.subarray(i, i + 1) }]))
      expect(byColumn, `${values[i]}`).toEqual(byRow)
      if (typeof byRow === 'string') good.push(i)
    }
    if (good.length === 0) return
    // Many of them, in front of a bad one.
    const many = Array.from({ length: 3000 }, (_, i) => values[good[i % good.length]!]!)
    const data = (Kind as typeof Float64Array).from(many as number[])
    expect(hex(encodeColumns([{ name: 'c', type, data }]))).toBe(
      hex(
        encodeBlock(
          [{ name: 'c', type }],
          many.map((value) => [value]),
        ),
      ),
    )
    const bad = values.findIndex((_, i) => !good.includes(i))
    if (bad < 0) return
    data[2345] = values[bad] as number
    const error = thrown(() => encodeColumns([{ name: 'c', type, data }]))
    const { code } = thrown(() => encodeBlock([{ name: 'c', type }], [[values[bad]]])) as { code: string }
    expect(error).toMatchObject({ code, row: 2345, column: 'c', value: values[bad] })
  })
})

describe('a part of an array', () => {
  it('begins and ends where it says, also inside of a Buffer', () => {
    const all = Float64Array.from({ length: 100 }, (_, i) => i)
    const part = all.subarray(10, 13)
    expect(hex(encodeColumns([{ name: 'c', type: 'Float64', data: part }]))).toBe(
      hex(encodeBlock([{ name: 'c', type: 'Float64' }], [[10], [11], [12]])),
    )
    const bytes = Buffer.from('xabcx').subarray(1, 4)
    expect(hex(encodeColumns([{ name: 'c', type: 'UInt8', data: bytes }]))).toMatch(/616263$/)
  })

  it('goes into blocks row by row as the open block has room', () => {
    const builder = builderOf({ a: 'UInt32', b: 'Nullable(Int64)' }, { blockSize: 10 })
    const given = builder.readColumns({
      a: Uint32Array.from({ length: 25 }, (_, i) => i),
      b: BigInt64Array.from({ length: 25 }, (_, i) => -BigInt(i)),
    })
    const blocks: string[] = []
    for (let at = 0; at < 25; ) {
      at += builder.stageColumns(given, at)
      blocks.push(hex(sealedBytes(builder)))
    }
    const columns = [
      { name: 'a', type: 'UInt32' },
      { name: 'b', type: 'Nullable(Int64)' },
    ]
    const rows = Array.from({ length: 25 }, (_, i) => [i, -BigInt(i)])
    expect(blocks).toEqual([0, 10, 20].map((start) => hex(encodeBlock(columns, rows.slice(start, start + 10)))))
    builder.free()
  })
})

describe('typed arrays inside of an Array column', () => {
  const type = 'Array(Float32)'
  it.each([0, 1, 15, 16, 17, 1000])('%d elements', (length) => {
    const value = Float32Array.from({ length }, (_, i) => i / 4)
    const rows = [[value], [[]], [value]]
    const plain = rows.map(([one]) => [Array.from(one as Float32Array)])
    expect(hex(encodeBlock([{ name: 'c', type }], rows))).toBe(hex(encodeBlock([{ name: 'c', type }], plain)))
  })

  it('a bad element is named by its place', () => {
    const value = Int32Array.from({ length: 50 }, (_, i) => (i === 40 ? 120530 : i))
    for (const rows of [[[value]], [[[]], [value]]]) {
      expect(thrown(() => encodeBlock([{ name: 'c', type: 'Array(Date32)' }], rows))).toMatchObject({
        code: 'VALUE_OUT_OF_RANGE',
        column: 'c[40]',
        row: rows.length - 1,
      })
    }
  })
})

function outcome(encode: () => Uint8Array): unknown {
  try {
    return hex(encode())
  } catch (error) {
    const { code, row, column, message } = error as { code: string; row: number; column: string; message: string }
    return { code, row, column, message }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('an array whose memory is gone says that it is empty, and is refused', () => {
  const transferred = <T extends ArrayBufferView>(values: T): T => {
    structuredClone(values.buffer, { transfer: [values.buffer as ArrayBuffer] })
    return values
  }
  const cut = (length: number): Uint8Array => {
    const Resizable = ArrayBuffer as unknown as new (
      byteLength: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(byteLength: number): void }
    const buffer = new Resizable(length, { maxByteLength: length })
    const values = new Uint8Array(buffer, 1, length - 1)
    buffer.resize(1)
    return values
  }
  const error = { code: 'WRONG_TYPE', column: 'c', message: expect.stringContaining('lost its memory') }

  it('as a column', () => {
    for (const data of [
      transferred(Float64Array.of(1, 2)),
      cut(8),
      { values: cut(8) },
      { values: Uint8Array.of(1), validity: transferred(Uint8Array.of(0)) },
      { values: transferred(Uint8Array.of(1)), offsets: Int32Array.of(0, 0) },
    ])
      expect(thrown(() => encodeColumns([{ name: 'c', type: 'Nullable(Float64)', data }]))).toMatchObject(error)
  })

  for (const type of [
    'String',
    'FixedString(4)',
    'LowCardinality(String)',
    'Nullable(String)',
    'Array(UInt8)',
    'Dynamic',
  ]) {
    it(`as a value of ${type}`, () => {
      for (const value of [transferred(Uint8Array.of(1, 2)), cut(8)]) {
        expect(thrown(() => encodeBlock([{ name: 'c', type }], [[value]]))).toMatchObject(error)
      }
      expect(encodeBlock([{ name: 'c', type }], [[new Uint8Array(0)]]).length).toBeGreaterThan(0)
    })
  }
})
