import { afterAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/native.ts'
import { builderOf, decodesTo, encodes, rejects, sealedBytes } from '../support/columns.ts'
import { Embedded } from '../support/embedded.ts'
import { readBack } from '../support/read-back.ts'

const UNITS = [
  'Nanosecond',
  'Microsecond',
  'Millisecond',
  'Second',
  'Minute',
  'Hour',
  'Day',
  'Week',
  'Month',
  'Quarter',
  'Year',
]

const engine = new Embedded()
afterAll(() => engine[Symbol.dispose]())

describe('Interval*: the count as Int64', () => {
  encodes('IntervalDay', [3, -1n, '258'], '0300000000000000 ffffffffffffffff 0201000000000000')
  decodesTo('IntervalYear', [2n ** 63n - 1n, -(2n ** 63n), '0'], [2n ** 63n - 1n, -(2n ** 63n), 0n])
  decodesTo('LowCardinality(IntervalHour)', [5, 6, 5], [5n, 6n, 5n])
  decodesTo('Nullable(IntervalWeek)', [5, null], [5n, null])
  rejects('IntervalDay', [1, 2n ** 63n], { code: 'VALUE_OUT_OF_RANGE', type: 'IntervalDay' })
  rejects('IntervalDay', [1, 0.5], { code: 'NOT_AN_INTEGER' })
  rejects('IntervalDay', [1, 2 ** 53], { code: 'UNSAFE_INTEGER' })
  rejects('IntervalDay', [1, '1 day'], { code: 'BAD_TEXT' })
  rejects('IntervalDay', [1, new Date(0)], { code: 'WRONG_TYPE' })
  rejects('IntervalDay', [1, null], { code: 'NOT_NULLABLE' })

  it('a missing value is 0', () => {
    const builder = builderOf({ c: 'IntervalDay', n: 'UInt8' })
    builder.stage({ n: 1 })
    expect(decodeBlocks(sealedBytes(builder))[0]!.rows).toEqual([[0n, 1]])
  })

  it.each(UNITS)('Interval%s', async (unit) => {
    const select = `toTypeName(c), toString(c), toString(c = toInterval${unit}(3))`
    expect(await readBack(engine, `Interval${unit}`, [3, -4n], select)).toEqual([
      [`Interval${unit}`, '3', '1'],
      [`Interval${unit}`, '-4', '0'],
    ])
  })
})

describe('SimpleAggregateFunction(f, T) is T', () => {
  encodes('SimpleAggregateFunction(sum, UInt16)', [1, 258], '0100 0201')
  encodes('SimpleAggregateFunction(anyLast, Nullable(UInt8))', [1, null], '00 01 01 00')
  encodes(
    'SimpleAggregateFunction(groupArrayArray, Array(UInt8))',
    [[1, 2], []],
    '0200000000000000 0200000000000000 01 02',
  )
  rejects('SimpleAggregateFunction(sum, UInt16)', [65536], { code: 'VALUE_OUT_OF_RANGE', type: 'UInt16' })
  rejects('SimpleAggregateFunction(max, DateTime)', [null], { code: 'NOT_NULLABLE' })

  it('merges in the engine', async () => {
    engine.run(
      'CREATE TABLE t.totals (k UInt8, c SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY k',
    )
    const builder = builderOf({ k: 'UInt8', c: 'SimpleAggregateFunction(sum, UInt64)' })
    for (let i = 1; i <= 100; i++) builder.stage([i % 2, i])
    await engine.insert('t.totals', sealedBytes(builder))
    expect(engine.rows('SELECT k, toUInt32(c) FROM t.totals FINAL ORDER BY k')).toEqual([
      [0, 2550],
      [1, 2500],
    ])
  })

  for (const [type, value] of [
    ['SimpleAggregateFunction(any, LowCardinality(Nullable(String)))', 'x'],
    ['SimpleAggregateFunction(groupUniqArrayArray, Array(String))', ['a', 'b']],
    ['SimpleAggregateFunction(sumMap, Tuple(Array(UInt8), Array(UInt64)))', [[1], [2]]],
    ['SimpleAggregateFunction(max, DateTime64(3))', 5],
    ['Tuple(SimpleAggregateFunction(sum, Float64))', [1.5]],
  ] as const) {
    it(type, async () => {
      const [[read]] = (await readBack(engine, type, [value])) as [[unknown]]
      expect(read).toEqual(value === 5 ? '1970-01-01 00:00:00.005' : value)
    })
  }
})
