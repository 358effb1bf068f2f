// The layouts of Arrow as whole columns: validity bitmaps, UTF-8 with offsets, lists.

import { describe, expect, it } from 'vitest'
import type { ColumnData } from '../../src/column/column-data.ts'
import { encodeBlock, encodeColumns } from '../../src/native.ts'
import { encodes, thrown } from '../support/columns.ts'
import { random } from '../support/random.ts'

const { seed, below } = random('SEED')

/** The column is what these values are in rows. */
function means(type: string, data: ColumnData, values: readonly unknown[]): void {
  it(`${type}   ${values.length} rows`, () => {
    expect(hex(encodeColumns([{ name: 'c', type, data }]))).toBe(
      hex(
        encodeBlock(
          [{ name: 'c', type }],
          values.map((value) => [value]),
        ),
      ),
    )
  })
}

function refuses(title: string, type: string, data: unknown, error: object): void {
  it(title, () => {
    expect(thrown(() => encodeColumns([{ name: 'c', type, data: data as ColumnData }]))).toMatchObject(error)
  })
}

describe('validity: bit i & 7 of byte i >> 3 is 0 where row i is NULL', () => {
  encodes('Nullable(UInt8)', [7, null, 9], '00 01 00   07 00 09')
  means('Nullable(UInt8)', { values: Uint8Array.of(7, 8, 9), validity: Uint8Array.of(0b101) }, [7, null, 9])
  means('Nullable(UInt8)', { values: [7, 8, 9], validity: Uint8Array.of(0b101) }, [7, null, 9])
  means('Nullable(UInt8)', { values: [7, null, 9], validity: Uint8Array.of(0b011) }, [7, null, null])
  means('Nullable(UInt8)', { values: ['7', '8', '9'], validity: Uint8Array.of(0b101) }, [7, null, 9])
  for (const validity of [undefined, null, new Uint8Array(0)])
    means('Nullable(UInt8)', { values: Uint8Array.of(7, 8), validity }, [7, 8])
  means('UInt8', { values: Uint8Array.of(7, 8), validity: Uint8Array.of(0xff) }, [7, 8])
  means('Nullable(Float64)', { values: { values: Float64Array.of(1, 2), validity: Uint8Array.of(1) } }, [1, null])

  describe('from bit validityOffset on', () => {
    for (const validityOffset of [0, 1, 7, 8, 13]) {
      const validity = new Uint8Array(4)
      for (const row of [0, 2, 3, 10]) validity[(row + validityOffset) >> 3]! |= 1 << ((row + validityOffset) & 7)
      const values = Array.from({ length: 11 }, (_, row) => row)
      means(
        'Nullable(Int32)',
        { values: Int32Array.from(values), validity, validityOffset },
        values.map((row) => ([0, 2, 3, 10].includes(row) ? row : null)),
      )
    }
  })

  describe('what stands under a NULL is nobody’s: zeros are sent, and nothing of it is refused', () => {
    const validity = Uint8Array.of(0b101)
    means('Nullable(Date32)', { values: Int32Array.of(1, 2 ** 31 - 1, 2), validity }, [1, null, 2])
    means('Nullable(DateTime64(3))', { values: BigInt64Array.of(1n, -(2n ** 63n), 2n), validity }, [1n, null, 2n])
    means('Nullable(UInt8)', { values: Float64Array.of(1, Number.NaN, 2), validity }, [1, null, 2])
    means("Nullable(Enum8('a' = 1, 'b' = 2))", { values: Int8Array.of(1, 99, 2), validity }, ['a', null, 'b'])
    means('Nullable(UUID)', { values: ['', 'x', ''], validity: Uint8Array.of(0) }, [null, null, null])
    means('Nullable(String)', { bytes: Buffer.from('abcdef'), offsets: Int32Array.of(0, 2, 4, 6), validity }, [
      'ab',
      null,
      'ef',
    ])
    means(
      'Nullable(FixedString(2))',
      { bytes: Buffer.from('abcdefgh'), offsets: Int32Array.of(0, 2, 7, 8), validity },
      ['ab', null, 'h'],
    )
    means('LowCardinality(Nullable(String))', { values: ['a', 'b', 'a'], validity }, ['a', null, 'a'])
    means('LowCardinality(Nullable(UInt32))', { values: Uint32Array.of(5, 6, 5), validity }, [5, null, 5])
    means('Nullable(Tuple(UInt8, String))', { values: [[1, 'a'], 'no tuple', [2, 'b']], validity }, [
      [1, 'a'],
      null,
      [2, 'b'],
    ])
  })

  for (const [type, values] of [
    ['LowCardinality(UInt8)', Uint8Array.of(1, 2)],
    ['UUID', ['00112233-4455-6677-8899-aabbccddeeff', '']],
    ['LowCardinality(String)', ['a', 'b']],
    ['Decimal(9, 2)', [1, 2]],
  ] as const)
    refuses(`NULL in ${type}`, type, { values, validity: Uint8Array.of(1) }, { code: 'NOT_NULLABLE', row: 1 })
  refuses(
    'NULL in a String column',
    'String',
    { bytes: Buffer.from('ab'), offsets: Int32Array.of(0, 1, 2), validity: Uint8Array.of(2) },
    { code: 'NOT_NULLABLE', row: 0 },
  )
  refuses(
    'NULL in a column that is not Nullable',
    'UInt8',
    { values: Uint8Array.of(1, 2), validity: Uint8Array.of(1) },
    {
      code: 'NOT_NULLABLE',
      row: 1,
    },
  )
  refuses(
    'a NULL array',
    'Array(UInt8)',
    { values: [[1], [2]], validity: Uint8Array.of(1) },
    {
      code: 'NOT_NULLABLE',
      row: 1,
    },
  )
  refuses(
    'too few bits',
    'Nullable(UInt8)',
    { values: new Uint8Array(9), validity: new Uint8Array(1) },
    {
      code: 'WRONG_TYPE',
      column: 'c',
      message: expect.stringContaining('1 bytes for 9 bits'),
    },
  )
  refuses(
    'one byte a row',
    'Nullable(UInt8)',
    { values: new Uint8Array(100), validity: new Uint8Array(100).fill(1) },
    {
      code: 'WRONG_TYPE',
      message: expect.stringContaining('one byte a row'),
    },
  )
  refuses('an array of booleans', 'Nullable(UInt8)', { values: [1], validity: [true] }, { code: 'WRONG_TYPE' })
  refuses(
    'an offset that is none',
    'Nullable(UInt8)',
    { values: [1], validity: new Uint8Array(1), validityOffset: -1 },
    {
      code: 'WRONG_TYPE',
    },
  )
})

describe('bytes and offsets', () => {
  const bytes = Buffer.from('héllo wörld')
  const offsets = [0, 6, 6, 13]
  for (const Kind of [Int32Array, Uint32Array])
    means('String', { bytes, offsets: (Kind as typeof Int32Array).from(offsets) }, ['héllo', '', ' wörld'])
  means('String', { bytes, offsets: BigInt64Array.from(offsets.map(BigInt)) }, ['héllo', '', ' wörld'])
  means('String', { bytes, offsets: Int32Array.of(7, 13) }, ['wörld'])
  means('String', { bytes: Uint8Array.of(0xff, 0), offsets: Int32Array.of(0, 2) }, [Uint8Array.of(0xff, 0)])
  means('FixedString(7)', { bytes, offsets: Int32Array.from(offsets) }, ['héllo', '', ' wörld'])
  means('LowCardinality(String)', { bytes: Buffer.from('aba'), offsets: Int32Array.of(0, 1, 2, 3) }, ['a', 'b', 'a'])
  means('LowCardinality(FixedString(1))', { bytes: Buffer.from('aba'), offsets: Int32Array.of(0, 1, 2, 3) }, [
    'a',
    'b',
    'a',
  ])
  means('LowCardinality(UInt16)', { bytes: Buffer.from('1213'), offsets: Int32Array.of(0, 2, 4) }, [12, 13])
  means("Enum8('a' = 1, 'b' = 2)", { bytes: Buffer.from('ba'), offsets: Int32Array.of(0, 1, 2) }, ['b', 'a'])
  means('JSON', { bytes: Buffer.from('{"a":1}{}'), offsets: Int32Array.of(0, 7, 9) }, ['{"a":1}', '{}'])
  means('Variant(String, UInt8)', { bytes: Buffer.from('ab'), offsets: Int32Array.of(0, 1, 2) }, ['a', 'b'])

  it('of all lengths, in any number', () => {
    const values = Array.from({ length: 4000 }, () => {
      const length = [0, 3, 16, 127, 128, 300, 20_000][below(below(50) ? 5 : 7)]!
      return Buffer.alloc(below(length + 1), 'aé')
    })
    values[1234] = Buffer.alloc(600_000, 'long')
    const places = [0]
    for (const { length } of values) places.push(places.at(-1)! + length)
    const data = { bytes: Buffer.concat(values), offsets: Int32Array.from(places) }
    const rows = values.map((value) => [new Uint8Array(value)])
    for (const type of ['String', 'LowCardinality(String)'])
      expect(
        hex(encodeColumns([{ name: 'c', type, data }])) === hex(encodeBlock([{ name: 'c', type }], rows)),
        `SEED=${seed}`,
      ).toBe(true)
  })

  it('that are no UTF-8 and make the memory grow, as keys of a dictionary', () => {
    const size = 150_000
    const bytes = new Uint8Array(20 * size).map((_, i) => 0x80 + i / size)
    const data = { bytes, offsets: Int32Array.from({ length: 21 }, (_, i) => i * size) }
    const rows = Array.from({ length: 20 }, (_, i) => [bytes.slice(i * size, (i + 1) * size)])
    const columns = [{ name: 'c', type: 'LowCardinality(String)' }]
    expect(hex(encodeColumns([{ ...columns[0]!, data }])) === hex(encodeBlock(columns, rows))).toBe(true)
  })

  for (const [what, given, message] of [
    ['offsets that descend', { bytes, offsets: Int32Array.of(0, 5, 4) }, 'offsets descend'],
    ['offsets below 0', { bytes, offsets: Int32Array.of(-1, 5) }, 'offsets descend'],
    ['offsets behind the bytes', { bytes, offsets: Int32Array.of(0, 14) }, 'offsets end at 14 of 13'],
    ['no offsets', { bytes, offsets: new Int32Array(0) }, 'offsets are empty'],
    ['offsets of another kind', { bytes, offsets: [0, 1] }, 'offsets are an array of 2'],
    ['offsets above 32 bits', { bytes, offsets: BigInt64Array.of(0n, 2n ** 32n) }, 'offsets end at 4294967295 of 13'],
    ['a bare object', {}, 'is no column'],
    ['a misspelt part', { values: [1], validty: Uint8Array.of(0) }, '"validty" is no part of a column'],
    ['a string', 'abc', 'is no column'],
    ['a DataView', new DataView(new ArrayBuffer(8)), 'is no column'],
    ['nothing', undefined, 'null is no column'],
  ] as const) {
    refuses(what, 'String', given, { code: 'WRONG_TYPE', column: 'c', message: expect.stringContaining(message) })
  }
  it.each([
    'String',
    'FixedString(9)',
    'UInt16',
    'Nullable(Int64)',
    'LowCardinality(String)',
    "Enum8('1' = 1)",
    'Array(Int8)',
  ])('offsets that descend anywhere: %s', (type) => {
    for (const [count, at] of [
      [2, 1],
      [9, 8],
      [5000, 1],
      [5000, 1024],
      [5000, 1025],
      [5000, 4999],
    ] as const) {
      // One digit each, but one place is behind all bytes, or in front of the places before it.
      for (const place of at > 1 ? [0, count + 1, 0xffffffff] : [count + 1, 0xffffffff]) {
        const places = Uint32Array.from({ length: count + 1 }, (_, i) => (i === at ? place : i))
        const texts = { bytes: Buffer.alloc(count, '1'), offsets: places }
        const data = type.startsWith('Array') ? { values: new Int8Array(count), offsets: places } : texts
        expect(
          thrown(() => encodeColumns([{ name: 'c', type, data }])),
          `place ${at} of ${count} is ${place}`,
        ).toMatchObject({ code: 'WRONG_TYPE', column: 'c', message: expect.stringContaining('offsets') })
      }
    }
  })
  refuses(
    'a text that is too long',
    'FixedString(3)',
    { bytes, offsets: Int32Array.from(offsets) },
    {
      code: 'TOO_LONG',
      row: 0,
    },
  )
})

describe('lists', () => {
  const offsets = Int32Array.of(1, 3, 3, 4)
  means('Array(Int16)', { values: Int16Array.of(0, 1, 2, 3), offsets }, [[1, 2], [], [3]])
  means('Array(Int16)', { values: [0, 1, 2, 3], offsets }, [[1, 2], [], [3]])
  means('Array(Int16)', { values: ['x', '1', '2', '3'], offsets }, [[1, 2], [], [3]])
  means(
    'Array(Nullable(Int16))',
    { values: { values: Int16Array.of(0, 1, 2, 3), validity: Uint8Array.of(0b1011) }, offsets },
    [[1, null], [], [3]],
  )
  means('Array(String)', { values: { bytes: Buffer.from('abcd'), offsets: Int32Array.of(0, 0, 1, 3, 4) }, offsets }, [
    ['a', 'bc'],
    [],
    ['d'],
  ])
  means(
    'Array(Array(UInt8))',
    { values: { values: Uint8Array.of(1, 2, 3), offsets: Int32Array.of(0, 0, 1, 3, 3) }, offsets },
    [[[1], [2, 3]], [], [[]]],
  )
  means('Array(LowCardinality(String))', { values: ['', 'a', 'a', 'b'], offsets }, [['a', 'a'], [], ['b']])
  means('Array(Tuple(UInt8, String))', { values: [0, [1, 'a'], [2, 'b'], [3, 'c']], offsets }, [
    [
      [1, 'a'],
      [2, 'b'],
    ],
    [],
    [[3, 'c']],
  ])
  means('Array(UInt8)', { values: { values: [1, 2], offsets: Int32Array.of(0, 1, 2) }, validity: Uint8Array.of(3) }, [
    [1],
    [2],
  ])
  means('Variant(Array(UInt8), String)', { values: [1, 2], offsets: Int32Array.of(0, 2, 2) }, [[1, 2], []])

  it('a bad element is named by row and place', () => {
    for (const values of [Int32Array.of(1, 2, 200_000, 3), ['1970-01-01', '1970-01-01', 'x', '1970-01-01']]) {
      for (const [places, column, row] of [
        [[0, 1, 4], 'c[1]', 1],
        [[0, 0, 3, 3, 4], 'c[2]', 1],
        [[2, 3], 'c[0]', 0],
      ] as const) {
        const data = { values, offsets: Int32Array.from(places) }
        expect(thrown(() => encodeColumns([{ name: 'c', type: 'Array(Date32)', data }]))).toMatchObject({ column, row })
      }
    }
    const nested = {
      values: { values: [1, 2, 3, -1, 5], offsets: Int32Array.of(0, 2, 5) },
      offsets: Int32Array.of(0, 0, 2),
    }
    expect(thrown(() => encodeColumns([{ name: 'c', type: 'Array(Array(UInt8))', data: nested }]))).toMatchObject({
      column: 'c[1][1]',
      row: 1,
      value: -1,
    })
  })

  it('arrays of many texts are cut at block bytes like rows are', async () => {
    const { builderOf, sealedBytes } = await import('../support/columns.ts')
    const rowCount = 300
    const texts = Array.from({ length: rowCount * 3 }, (_, i) => 'x'.repeat(i % 90))
    const places = Int32Array.from({ length: rowCount + 1 }, (_, i) => i * 3)
    const ends = [0]
    for (const { length } of texts) ends.push(ends.at(-1)! + length)
    const blocks = [true, false].map((byColumns) => {
      const builder = builderOf({ c: 'Array(String)' }, { blockBytes: 4000 })
      const sealed: string[] = []
      if (byColumns) {
        const values = { bytes: Buffer.from(texts.join('')), offsets: Int32Array.from(ends) }
        const given = builder.readColumns({ c: { values, offsets: places } })
        for (let at = 0; at < rowCount; ) {
          at += builder.stageColumns(given, at)
          if (builder.isFull) sealed.push(hex(sealedBytes(builder)))
        }
      } else {
        for (let i = 0; i < rowCount; i++)
          if (builder.stage([texts.slice(i * 3, i * 3 + 3)]) !== 0) sealed.push(hex(sealedBytes(builder)))
      }
      if (builder.rowCount > 0) sealed.push(hex(sealedBytes(builder)))
      builder.free()
      return sealed
    })
    expect(blocks[0]!.length).toBeGreaterThan(8)
    expect(blocks[0]).toEqual(blocks[1])
  })

  it('arrays in arrays of more text than a block holds, in one row and in many: each text is sent once', async () => {
    const { builderOf, columnOf, sealedBytes } = await import('../support/columns.ts')
    const type = 'Array(Array(Array(String)))'
    // The core takes up to 1,024 texts at a time, so a block ends somewhere among the texts of an array.
    const rows = [3, 400, 2, 700, 1].map((length, row) =>
      Array.from({ length }, (_, i) =>
        Array.from({ length: i % 4 }, (_, j) =>
          Array.from({ length: (i + j) % 9 }, (_, k) => `${row}.${i}.${j}.${k} ${'é'.repeat(k * 9)}`),
        ),
      ),
    )
    const lists = (values: readonly (readonly unknown[])[], inner: (flat: never[]) => ColumnData): ColumnData => {
      const ends = [0]
      for (const { length } of values) ends.push(ends.at(-1)! + length)
      return { values: inner(values.flat(1) as never[]), offsets: Int32Array.from(ends) }
    }
    const texts = (values: readonly string[]): ColumnData => {
      const parts = values.map((value) => Buffer.from(value))
      const ends = [0]
      for (const { length } of parts) ends.push(ends.at(-1)! + length)
      return { bytes: Buffer.concat(parts), offsets: Int32Array.from(ends) }
    }
    const builder = builderOf({ c: type, after: 'UInt8' }, { blockBytes: 60_000 })
    const c = lists(rows, (outer) => lists(outer, (middle) => lists(middle, texts)))
    const given = builder.readColumns({ c, after: new Uint8Array(rows.length) })
    const decoded: unknown[] = []
    let blockCount = 0
    for (let at = 0; at < rows.length; blockCount++) {
      at += builder.stageColumns(given, at)
      decoded.push(...columnOf(sealedBytes(builder)))
    }
    builder.free()
    expect(blockCount).toBeGreaterThan(2)
    expect(decoded).toEqual(rows)
  })
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
