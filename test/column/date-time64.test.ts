import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

const at = (text: string) => new Date(text)
const type = (scale: number) => `DateTime64(${scale})`
const SCALES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

describe('DateTime64(P): Int64 count of 10^-P seconds since the epoch', () => {
  encodes(type(3), [at('1969-12-31T23:59:59.999Z'), 1, 2n], 'ffffffffffffffff 0100000000000000 0200000000000000')
  encodes(type(0), [1000, at('1970-01-01T00:00:01.999Z')], '0100000000000000 0100000000000000')
  encodes(type(6), [1], 'e803000000000000')
  encodes(type(9), [-1], 'c0bdf0ffffffffff')
  encodes("DateTime64(3, 'Asia/Tokyo')", ['1970-01-01T09:00:00.001+09:00'], '0100000000000000')
})

describe('a Date is floored to a tick, also before 1970', () => {
  for (const [scale, ticks] of [
    [0, [1n, -1n, -1n, 0n]],
    [1, [12n, -1n, -10n, 0n]],
    [2, [123n, -1n, -100n, 0n]],
    [3, [1234n, -1n, -999n, 0n]],
    [4, [12340n, -10n, -9990n, 0n]],
    [6, [1234000n, -1000n, -999000n, 0n]],
    [9, [1234000000n, -1000000n, -999000000n, 0n]],
  ] as const) {
    const dates = [1234, -1, -999, 0].map((ms) => new Date(ms))
    const decoded = scale <= 3 ? ticks.map((tick) => new Date(Number(tick) * 10 ** (3 - scale))) : ticks
    decodesTo(type(scale), dates, decoded)
  }
})

describe('first and last value at every scale; one tick beyond is refused', () => {
  for (const scale of SCALES) {
    const perSecond = 10n ** BigInt(scale)
    const first = scale === 9 ? -(2n ** 63n) : -62_135_596_800n * perSecond
    const last = scale >= 8 ? 2n ** 63n - 1n : 253_402_300_800n * perSecond - 1n
    decodesTo(type(scale), [first, last, 0n])
    rejects(type(scale), [first, first - 1n], {
      code: 'VALUE_OUT_OF_RANGE',
      row: 1,
      hint: /holds \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d/,
    })
    rejects(type(scale), [last, last + 1n], { code: 'VALUE_OUT_OF_RANGE', row: 1 })
    const nines = scale === 0 ? '' : `.${'9'.repeat(scale)}`
    if (scale < 8) {
      decodesTo(
        type(scale),
        ['0001-01-01T00:00:00Z', `9999-12-31T23:59:59${nines}Z`],
        [first, last].map((tick) => (scale <= 3 ? new Date(Number(tick) * 10 ** (3 - scale)) : tick)),
      )
      rejects(type(scale), [`0000-12-31T23:59:59${nines}Z`], {
        code: 'VALUE_OUT_OF_RANGE',
        hint: /0001-01-01 to 9999-12-31/,
      })
      rejects(type(scale), ['9999-12-31T23:59:59-00:01'], { code: 'VALUE_OUT_OF_RANGE' })
      // As milliseconds and as Date objects.
      const firstMs = -62_135_596_800_000
      const lastMs = 253_402_300_799_999
      decodesTo(type(scale), [new Date(firstMs), firstMs], Array(2).fill(scale <= 3 ? new Date(firstMs) : first))
      rejects(type(scale), [new Date(firstMs - 1)], { code: 'VALUE_OUT_OF_RANGE' })
      rejects(type(scale), [firstMs - 1000], { code: 'VALUE_OUT_OF_RANGE' })
      rejects(type(scale), [new Date(lastMs), new Date(lastMs + 1)], { code: 'VALUE_OUT_OF_RANGE', row: 1 })
      rejects(type(scale), [lastMs + 1], { code: 'VALUE_OUT_OF_RANGE' })
    }
  }
  decodesTo(type(8), ['0001-01-01T00:00:00Z', '4892-10-07T21:52:48.54775807Z'], [-6213559680000000000n, 2n ** 63n - 1n])
  // Far away it does not matter whether it is a whole number of ticks.
  rejects(type(1), [300_000_000_000_001], { code: 'VALUE_OUT_OF_RANGE' })
  rejects(type(8), ['4892-10-07T21:52:48.54775808Z'], { code: 'VALUE_OUT_OF_RANGE', hint: /4892-10-07/ })
  decodesTo(
    type(9),
    ['1677-09-21T00:12:43.145224192Z', '2262-04-11T23:47:16.854775807Z'],
    [-(2n ** 63n), 2n ** 63n - 1n],
  )
  rejects(type(9), ['1677-09-21T00:12:43.145224191Z'], { code: 'VALUE_OUT_OF_RANGE', hint: /1677-09-21 to 2262-04-11/ })
  rejects(type(9), ['2262-04-11T23:47:16.854775808Z'], { code: 'VALUE_OUT_OF_RANGE' })
  decodesTo(type(9), [new Date(9223372036854), -9223372036854], [9223372036854000000n, -9223372036854000000n])
  rejects(type(9), [new Date(9223372036855)], { code: 'VALUE_OUT_OF_RANGE' })
  rejects(type(9), [-9223372036855], { code: 'VALUE_OUT_OF_RANGE' })
  rejects(type(3), [new Date(8.64e15)], { code: 'VALUE_OUT_OF_RANGE' })
})

describe('products of milliseconds are exact', () => {
  const ms = [1, 999, 1000, 16777215, 16777216, 2 ** 31, 2 ** 32, 2 ** 40 + 1, 9223372036853].flatMap((value) => [
    value,
    -value,
  ])
  for (const scale of [4, 5, 6, 7, 8, 9])
    decodesTo(
      type(scale),
      ms,
      ms.map((value) => BigInt(value) * 10n ** BigInt(scale - 3)),
    )
  decodesTo(
    type(3),
    ms,
    ms.map((value) => new Date(value)),
  )
})

describe('ISO text with up to P digits of a second', () => {
  decodesTo(
    type(9),
    [
      '1970-01-01T00:00:00.1Z',
      '1970-01-01T00:00:00.123456789Z',
      '1970-01-01 00:00:01+00:00',
      '1969-12-31T23:59:59.999999999Z',
      '1970-01-01T01:00:00.000000001+01:00',
    ],
    [100000000n, 123456789n, 1000000000n, -1n, 1n],
  )
  decodesTo(
    type(6),
    ['2024-02-29T12:34:56.123456Z', '2024-02-29T12:34:56.12Z', '2024-02-29T12:34:56.123456000Z'],
    [1709210096123456n, 1709210096120000n, 1709210096123456n],
  )
  decodesTo(type(0), ['2024-02-29T12:34:56Z', '2024-02-29T12:34:56.000Z'], Array(2).fill(at('2024-02-29T12:34:56Z')))
  for (const scale of SCALES) {
    rejects(type(scale), [`2024-02-29T12:34:56.${'0'.repeat(scale)}1Z`], {
      code: 'TOO_MANY_DIGITS',
      hint: /DateTime64\(/,
    })
  }
  rejects(type(3), ['2024-02-29T12:34:56.123'], { code: 'BAD_TEXT', hint: /Append 'Z'/ })
  rejects(type(3), ['yesterday'], { code: 'BAD_TEXT', hint: /YYYY-MM-DDTHH:MM:SSZ/ })
})

describe('a number means whole unix milliseconds, and no finer than a tick', () => {
  decodesTo(type(0), [5000, -1000], [new Date(5000), new Date(-1000)])
  decodesTo(type(2), [10, -20], [new Date(10), new Date(-20)])
  rejects(type(0), [5001], { code: 'TOO_MANY_DIGITS', hint: /floor it/ })
  rejects(type(2), [1005], { code: 'TOO_MANY_DIGITS' })
  rejects(type(3), [1.5], { code: 'TOO_MANY_DIGITS', hint: /whole unix milliseconds/ })
  rejects(type(6), [1.5], { code: 'TOO_MANY_DIGITS', hint: /bigint of ticks/ })
  for (const scale of [0, 3, 6, 9]) {
    rejects(type(scale), [Number.NaN], { code: 'NOT_A_NUMBER' })
    rejects(type(scale), [new Date(Number.NaN)], { code: 'NOT_A_NUMBER' })
    rejects(type(scale), [Number.POSITIVE_INFINITY], { code: 'VALUE_OUT_OF_RANGE' })
    rejects(type(scale), [Number.NEGATIVE_INFINITY], { code: 'VALUE_OUT_OF_RANGE' })
    rejects(type(scale), [true], { code: 'WRONG_TYPE', hint: /a bigint of ticks/ })
    rejects(type(scale), [null], { code: 'NOT_NULLABLE' })
    rejects(type(scale), [undefined], { code: 'MISSING_VALUE' })
  }
})
