import { describe, expect, it } from 'vitest'
import { encodeBlock } from '../../src/native.ts'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

describe('Time: Int32 seconds. Time64(P): Int64 count of 10^-P seconds', () => {
  encodes('Time', ['00:00:01', -1, '-00:00:02', 0], '01000000 ffffffff feffffff 00000000')
  encodes('Time64(3)', ['-00:00:01.500', 1.5, -1n], '24faffffffffffff dc05000000000000 ffffffffffffffff')
  encodes('Time64(0)', ['00:00:01', -1], '0100000000000000 ffffffffffffffff')
})

describe('text, seconds and ticks', () => {
  decodesTo(
    'Time',
    ['12:34:56', '1:02:03', '+01:00:00', '12:34', '-999:59:59', '999:59:59', 3661, -0],
    ['12:34:56', '01:02:03', '01:00:00', '12:34:00', '-999:59:59', '999:59:59', '01:01:01', '00:00:00'],
  )
  decodesTo(
    'Time64(9)',
    ['00:00:00.000000001', '999:59:59.999999999', '-999:59:59.999999999', 1e-9, 0.1, 1n],
    [
      '00:00:00.000000001',
      '999:59:59.999999999',
      '-999:59:59.999999999',
      '00:00:00.000000001',
      '00:00:00.100000000',
      '00:00:00.000000001',
    ],
  )
  decodesTo(
    'Time64(3)',
    ['01:02:03.5', '01:02:03.500000', 3599999.999, -3599999.999],
    ['01:02:03.500', '01:02:03.500', '999:59:59.999', '-999:59:59.999'],
  )
  decodesTo('Time', ['00:00:01.000', 1.0], ['00:00:01', '00:00:01'])

  it('a number is the ticks it was written as', () => {
    for (const scale of [1, 3, 6, 9]) {
      const perSecond = 10n ** BigInt(scale)
      const ticks = Array.from(
        { length: 2000 },
        (_, i) => (3_600_000n * perSecond - 1n) / BigInt(2 * i + 1) - BigInt(i),
      )
      const column = (values: readonly unknown[]) =>
        encodeBlock(
          [{ name: 'c', type: `Time64(${scale})` }],
          values.map((value) => [value]),
        )
      const written = ticks.map((tick) =>
        Number(`${tick / perSecond}.${String(tick % perSecond).padStart(scale, '0')}`),
      )
      expect(Buffer.compare(column(written), column(ticks)), `Time64(${scale})`).toBe(0)
    }
  })
})

describe('±999:59:59 and its last tick; one beyond is refused', () => {
  for (const value of [3_600_000, -3_600_000, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    rejects('Time', [0, value], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint: /-999:59:59 to 999:59:59/ })
    rejects('Time64(3)', [value], { code: 'VALUE_OUT_OF_RANGE' })
  }
  for (const scale of [0, 3, 6, 9]) {
    const last = 3_600_000n * 10n ** BigInt(scale) - 1n
    decodesTo(`Time64(${scale})`, [last, -last])
    rejects(`Time64(${scale})`, [last + 1n], { code: 'VALUE_OUT_OF_RANGE', hint: /999:59:59/ })
    rejects(`Time64(${scale})`, [-last - 1n], { code: 'VALUE_OUT_OF_RANGE' })
  }
})

describe('nothing is rounded', () => {
  rejects('Time', ['00:00:00.5'], { code: 'TOO_MANY_DIGITS', hint: /widen the column/ })
  rejects('Time', [1.5], { code: 'TOO_MANY_DIGITS' })
  rejects('Time64(3)', ['00:00:00.0001'], { code: 'TOO_MANY_DIGITS' })
  rejects('Time64(3)', [1.0005], { code: 'TOO_MANY_DIGITS' })
  rejects('Time64(9)', [1e-10], { code: 'TOO_MANY_DIGITS' })
  rejects('Time64(9)', [1e-30], { code: 'TOO_MANY_DIGITS' })
  rejects('Time64(9)', [1.0000000000000001e-7], { code: 'TOO_MANY_DIGITS' })
  rejects('Time64(9)', [3599999.9999999995], { code: 'TOO_MANY_DIGITS' })
  rejects('Time', [Number.MIN_VALUE], { code: 'TOO_MANY_DIGITS' })
})

describe('nothing else is a time', () => {
  for (const type of ['Time', 'Time64(3)']) {
    for (const text of [
      '',
      '12',
      '12:60:00',
      '12:00:60',
      '1000:00:00',
      '12:00:00.',
      '12:00:00Z',
      ' 12:00:00',
      '12:0:0',
      '12:34.5',
      '12:34:56:78',
      ':34:56',
      '+:34',
      '12:34:5x',
      '12:34:56.x',
      '1e3',
      '24h',
    ]) {
      rejects(type, [text], { code: 'BAD_TEXT', hint: /HH:MM:SS/ })
    }
    rejects(type, [Number.NaN], { code: 'NOT_A_NUMBER' })
    rejects(type, [new Date(0)], { code: 'WRONG_TYPE' })
    rejects(type, [true], { code: 'WRONG_TYPE' })
    rejects(type, [null], { code: 'NOT_NULLABLE' })
    rejects(type, [undefined], { code: 'MISSING_VALUE' })
  }
  rejects('Time', [1n], { code: 'WRONG_TYPE' })
})
