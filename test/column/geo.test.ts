import { afterAll, describe, expect, it } from 'vitest'
import { decodeBlocks, typed } from '../../src/native.ts'
import { builderOf, decodesTo, encodes, rejects, sealedBytes } from '../support/columns.ts'
import { Embedded } from '../support/embedded.ts'
import { readBack } from '../support/read-back.ts'

const f64 = (...values: number[]) => Buffer.from(Float64Array.from(values).buffer).toString('hex')
const u64 = (...values: number[]) => Buffer.from(BigUint64Array.from(values.map(BigInt)).buffer).toString('hex')

describe('Point is Tuple(Float64, Float64): all x, then all y', () => {
  encodes(
    'Point',
    [
      [1, 2],
      [3, -0.5],
    ],
    `${f64(1, 3)} ${f64(2, -0.5)}`,
  )
  encodes('Nullable(Point)', [[1, 2], null], `00 01 ${f64(1, 0)} ${f64(2, 0)}`)
  rejects('Point', [[1, 2], [1]], { code: 'WRONG_ARITY', type: 'Point' })
  rejects('Point', [[1, 2, 3]], { code: 'WRONG_ARITY' })
  rejects('Point', [[1, '2']], { code: 'WRONG_TYPE', type: 'Float64', column: 'c.2' })
  rejects('Point', [{ x: 1, y: 2 }], { code: 'WRONG_TYPE', type: 'Point' })
  rejects('Point', [null], { code: 'NOT_NULLABLE', type: 'Point' })
})

describe('Ring and LineString are arrays of points, Polygon and MultiLineString arrays of those, MultiPolygon one more', () => {
  const ring = [
    [0, 0],
    [1, 0],
    [1, 1],
  ]
  for (const type of ['Ring', 'LineString']) {
    encodes(type, [ring, []], `${u64(3, 3)}  ${f64(0, 1, 1)} ${f64(0, 0, 1)}`)
  }
  for (const type of ['Polygon', 'MultiLineString']) {
    encodes(type, [[ring, []], []], `${u64(2, 2)} ${u64(3, 3)}  ${f64(0, 1, 1)} ${f64(0, 0, 1)}`)
  }
  encodes('MultiPolygon', [[[ring]], [[]]], `${u64(1, 2)} ${u64(1, 1)} ${u64(3)}  ${f64(0, 1, 1)} ${f64(0, 0, 1)}`)
  encodes('Array(Point)', [ring], `${u64(3)}  ${f64(0, 1, 1)} ${f64(0, 0, 1)}`)
  rejects('Ring', [[[1, 2], [3]]], { code: 'WRONG_ARITY', type: 'Point', column: 'c[1]' })
  rejects(
    'Polygon',
    [
      [],
      [
        [[1, 2]],
        [
          [1, 2],
          [null, 3],
        ],
      ],
    ],
    { code: 'NOT_NULLABLE', column: 'c[1][1].1' },
  )
  rejects('MultiPolygon', [[[[[1, 2]]]], ring], { code: 'WRONG_TYPE', type: 'Ring', column: 'c[0][0]' })
  rejects('LineString', ['LINESTRING (0 0)'], { code: 'WRONG_TYPE', type: 'LineString', hint: /an array/ })
})

describe('Geometry is a Variant of the six: LineString 0, MultiLineString 1, MultiPolygon 2, Point 3, Polygon 4, Ring 5', () => {
  const mode = u64(0)
  encodes('Geometry', [typed('Point', [1, 2]), null], `${mode}  03 ff  ${f64(1)} ${f64(2)}`)
  encodes(
    'Geometry',
    [typed('Ring', []), typed('LineString', [[1, 2]])],
    `${mode}  05 00  ${u64(1)} ${f64(1)} ${f64(2)}  ${u64(0)}`,
  )
  decodesTo('Array(Geometry)', [[typed('Polygon', [[[1, 2]]]), null], []], [[[[[1, 2]]], null], []])
  rejects('Geometry', [null, [1, 2]], { code: 'WRONG_TYPE', message: /Point or Polygon or Ring/, hint: /typed/ })
  rejects('Geometry', [typed('Array(Point)', [])], { code: 'WRONG_TYPE', message: /no alternative/ })
  rejects('Geometry', [typed('Polygon', [[1, 2]])], { code: 'WRONG_TYPE', type: 'Point', column: 'c[0][0]' })
})

describe('a missing value is zero, empty, or NULL in a Geometry', () => {
  for (const [type, zero] of [
    ['Point', [0, 0]],
    ['Ring', []],
    ['LineString', []],
    ['Polygon', []],
    ['MultiLineString', []],
    ['MultiPolygon', []],
    ['Geometry', null],
  ] as const) {
    it(type, () => {
      const builder = builderOf({ c: type, n: 'UInt8' })
      builder.stage({ n: 1 })
      expect(decodeBlocks(sealedBytes(builder))[0]!.rows).toEqual([[zero, 1]])
    })
  }
})

describe('the engine reads what was meant', () => {
  const engine = new Embedded()
  afterAll(() => engine[Symbol.dispose]())

  it('areas', async () => {
    const square = [
      [0, 0],
      [0, 4],
      [4, 4],
      [4, 0],
      [0, 0],
    ]
    const hole = [
      [1, 1],
      [2, 1],
      [2, 2],
      [1, 2],
      [1, 1],
    ]
    expect(await readBack(engine, 'Polygon', [[square], [square, hole]], 'polygonAreaCartesian(c)')).toEqual([
      [16],
      [15],
    ])
    expect(
      await readBack(engine, 'MultiPolygon', [[[square], [[...hole].reverse()]]], 'length(c), polygonAreaCartesian(c)'),
    ).toEqual([[2, 17]])
  })

  for (const [type, values, read] of [
    ['Tuple(p Point, name LowCardinality(String))', [{ p: [1, 2], name: 'a' }], [{ p: [1, 2], name: 'a' }]],
    ['Map(String, Ring)', [{ a: [[1, 2]], b: [] }], [{ a: [[1, 2]], b: [] }]],
    ['Geometry', [typed('Point', [1, 2]), null, typed('MultiPolygon', [[[[1, 2]]]])], [[1, 2], null, [[[[1, 2]]]]]],
    ['Array(Geometry)', [[typed('Ring', [[1, 2]]), null], []], [[[[1, 2]], null], []]],
    ['Variant(Point, String)', [[1, 2], 'x'], [[1, 2], 'x']],
    ['Nullable(Point)', [null, [1, 2]], [null, [1, 2]]],
  ] as [string, unknown[], unknown[]][]) {
    it(type, async () => expect(await readBack(engine, type, values)).toEqual(read.map((value) => [value])))
  }
})
