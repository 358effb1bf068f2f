import { afterAll, describe, expect, it } from 'vitest'
import { decodeBlocks, encodeBlock } from '../../src/native.ts'
import { builderOf, decodesTo, encodes, rejects, sealedBytes, thrown } from '../support/columns.ts'
import { Embedded } from '../support/embedded.ts'
import { readBack } from '../support/read-back.ts'

describe('QBit(T, N): a plane of ceil(N / 8) bytes a row for each bit, the highest first; element i is bit i % 8 of byte last - i / 8', () => {
  // 3f80, 4000, 4040
  encodes('QBit(BFloat16, 3)', [[1, 2, 3]], '00 06 01 01 01 01 01 01 01 04 00 00 00 00 00 00')
  // Two rows: each plane has a byte of the first and one of the second.
  encodes(
    'QBit(Int8, 2)',
    [
      [1, -128],
      [127, 0],
    ],
    '02 00  00 01  00 01  00 01  00 01  00 01  00 01  01 01',
  )
  encodes('QBit(Int8, 9)', [[1, 0, 0, 0, 0, 0, 0, 0, 2]], '0000 0000 0000 0000 0000 0000 0100 0001')
  encodes('QBit(Float64, 1)', [[-2]], `01 01 ${'00'.repeat(62)}`)
})

describe('elements are checked as those of a column of T', () => {
  decodesTo(
    'QBit(Float32, 3)',
    [[1, 2, 3], Float32Array.of(0.5, -1, 0), [1n, Number.NaN, -0]],
    [
      [1, 2, 3],
      [0.5, -1, 0],
      [1, Number.NaN, -0],
    ],
  )
  decodesTo('QBit(BFloat16, 2)', [[1.1, 1e38]], [[1.09375, 9.969209968386869e37]])
  decodesTo('QBit(Float64, 2)', [Float64Array.of(0.1, 5e-324)], [[0.1, 5e-324]])
  rejects(
    'QBit(Float32, 3)',
    [
      [1, 2, 3],
      [1, 2],
    ],
    { code: 'WRONG_ARITY', message: /2 elements for a vector of 3/ },
  )
  rejects('QBit(Float32, 3)', [[1, 2, 3, 4]], { code: 'WRONG_ARITY' })
  rejects('QBit(Float32, 3)', [[1, '2', 3]], { code: 'WRONG_TYPE', type: 'Float32', column: 'c[1]' })
  rejects('QBit(Float32, 3)', [[1, 2, null]], { code: 'NOT_NULLABLE', column: 'c[2]' })
  rejects('QBit(Float32, 3)', [[1, undefined, 3]], { code: 'MISSING_VALUE', column: 'c[1]' })
  rejects('QBit(Float32, 3)', [new Array(3)], { code: 'MISSING_VALUE', column: 'c[0]' })
  rejects('QBit(Float32, 3)', [[1, 1e300, 3]], { code: 'VALUE_OUT_OF_RANGE', column: 'c[1]' })
  rejects('QBit(Int8, 2)', [[127, 128]], { code: 'VALUE_OUT_OF_RANGE', column: 'c[1]' })
  rejects('QBit(Float32, 3)', ['abc'], { code: 'WRONG_TYPE', hint: /typed array/ })
  rejects('QBit(Float32, 3)', [null], { code: 'NOT_NULLABLE', type: 'QBit(Float32, 3)' })
  rejects(
    'Array(QBit(Float32, 2))',
    [
      [[1, 2]],
      [
        [1, 2],
        [1, 'x'],
      ],
    ],
    { code: 'WRONG_TYPE', column: 'c[1][1]' },
  )
})

describe('a missing value is a vector of zeros', () => {
  it('also where another row’s bits lay', () => {
    const builder = builderOf({ c: 'QBit(Float32, 9)', n: 'UInt8' })
    for (let block = 0; block < 2; block++) {
      builder.stage({ c: Array(9).fill(-1), n: 1 })
      builder.stage({ n: 2 })
      builder.stage({ c: Array(9).fill(1), n: 3 })
      expect(decodeBlocks(sealedBytes(builder))[0]!.rows).toEqual([
        [Array(9).fill(-1), 1],
        [Array(9).fill(0), 2],
        [Array(9).fill(1), 3],
      ])
      for (let i = 0; i < 3; i++) builder.stage({ c: Array(9).fill(-1), n: 1 })
      builder.reset()
    }
  })
})

describe('planes move when there are more vectors than there is room for', () => {
  it.each(['Variant(QBit(Float64, 10), String)', 'Variant(QBit(Int8, 16, 8), String)'])('%s', (type) => {
    const dimension = type.includes('Int8') ? 16 : 10
    const rows = Array.from({ length: 6000 }, (_, i) => [
      i % 50 === 0 ? `text ${i}` : Array.from({ length: dimension }, (_, k) => (i * 31 + k * 7) % 127),
    ])
    expect(decodeBlocks(encodeBlock([{ name: 'c', type }], rows))[0]!.rows).toEqual(rows)
  })

  it('and a refused row leaves nothing', () => {
    const clean = builderOf({ c: 'Array(QBit(Float32, 5))' })
    const dirty = builderOf({ c: 'Array(QBit(Float32, 5))' }, { table: 'dirty' })
    for (let i = 0; i < 300; i++) {
      expect(thrown(() => dirty.stage([[Array(5).fill(-1), [1, 2, 3, 4, 'x']]]))).toHaveProperty('code')
      for (const builder of [clean, dirty]) builder.stage([[Array(5).fill(i), [i, 1, 2, 3, -4]]])
    }
    expect(Buffer.compare(sealedBytes(dirty), sealedBytes(clean))).toBe(0)
  })
})

describe('the engine reads what was meant', () => {
  const engine = new Embedded()
  afterAll(() => engine[Symbol.dispose]())

  for (const type of ['Float32', 'Float64', 'BFloat16', 'Int8']) {
    for (const shape of ['1', '7', '8', '9', '64', '100', '16, 8', '48, 16']) {
      it(`QBit(${type}, ${shape})`, async () => {
        const [dimension] = shape.split(',').map(Number)
        const rows = Array.from({ length: 5 }, (_, i) =>
          Array.from({ length: dimension! }, (_, k) => ((i * 37 + k * 11) % 120) - 60),
        )
        expect(await readBack(engine, `QBit(${type}, ${shape})`, rows)).toEqual(rows.map((row) => [row]))
      })
    }
  }

  it('a search by distance', async () => {
    const vectors = [Float32Array.of(1, 0, 0, 0), Float32Array.of(4, 4, 0, 0), Float32Array.of(1, 2, 0, 0)]
    const select = 'L2DistanceTransposed(c, [1, 0, 0, 0]::Array(Float32), 32)'
    expect(await readBack(engine, 'QBit(Float32, 4)', vectors, select)).toEqual([[0], [5], [2]])
  })
})
