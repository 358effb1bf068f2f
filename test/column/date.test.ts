import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

const at = (text: string) => new Date(text)
const DAY = 86_400_000

describe('Date: UInt16 days since 1970-01-01', () => {
  encodes('Date', ['1970-01-01', '1970-01-02', '2149-06-06', 19782, -0], '0000 0100 ffff 464d 0000')
  decodesTo(
    'Date',
    ['2024-02-29', '2000-02-29', '1999-12-31', '2100-02-28'],
    ['2024-02-29', '2000-02-29', '1999-12-31', '2100-02-28'],
  )
  decodesTo('Date', [0, 65535], ['1970-01-01', '2149-06-06'])
})

describe('a Date object is floored to its UTC day', () => {
  decodesTo('Date', [at('1970-01-02T00:00:00.000Z'), at('1970-01-02T23:59:59.999Z')], ['1970-01-02', '1970-01-02'])
  decodesTo('Date', [at('2149-06-06T23:59:59.999Z'), new Date(0)], ['2149-06-06', '1970-01-01'])
  decodesTo('Date32', [at('1969-12-31T23:59:59.999Z'), at('1900-01-01T00:00:00Z')], ['1969-12-31', '1900-01-01'])
})

describe('Date32: Int32 days, 1900-01-01 to 2299-12-31', () => {
  encodes('Date32', ['1900-01-01', '1970-01-01', '2299-12-31'], '219cffff 00000000 d1d60100')
  decodesTo(
    'Date32',
    [-25567, 120529, '1969-12-31', '1900-03-01'],
    ['1900-01-01', '2299-12-31', '1969-12-31', '1900-03-01'],
  )
  decodesTo('Date32', [at('2299-12-31T23:59:59.999Z')], ['2299-12-31'])
})

describe('one day beyond is refused', () => {
  for (const value of ['2149-06-07', '1969-12-31', 65536, -1, at('2149-06-07T00:00:00Z'), new Date(-1)]) {
    rejects('Date', [0, value], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint: /1970-01-01 to 2149-06-06/ })
  }
  for (const value of [
    '2300-01-01',
    '1899-12-31',
    120530,
    -25568,
    at('2300-01-01T00:00:00Z'),
    new Date(-25567 * DAY - 1),
  ]) {
    rejects('Date32', [0, value], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint: /1900-01-01 to 2299-12-31/ })
  }
  rejects('Date', [Number.POSITIVE_INFINITY], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('Date', [1_700_000_000], { code: 'VALUE_OUT_OF_RANGE', hint: /not seconds/ })
  rejects('Date32', [Date.UTC(2024, 0)], { code: 'VALUE_OUT_OF_RANGE', hint: /days since 1970-01-01/ })
})

describe('text that is no calendar date, and numbers that are no days', () => {
  for (const type of ['Date', 'Date32']) {
    for (const text of [
      '',
      '2023-02-29',
      '1900-02-29',
      '2100-02-29',
      '2024-13-01',
      '2024-00-01',
      '2024-01-00',
      '2024-04-31',
      '24-01-01',
      '2024-1-1',
      '2024/01/01',
      '2024-01-01T00:00:00Z',
      ' 2024-01-01',
      '2024-01-01 ',
      '20240101',
      '2024-01-0١',
      '+02024-01-01',
    ]) {
      rejects(type, [text], { code: 'BAD_TEXT', hint: /YYYY-MM-DD/ })
    }
    rejects(type, [1.5], { code: 'NOT_AN_INTEGER', hint: /days since/ })
    rejects(type, [Number.NaN], { code: 'NOT_A_NUMBER' })
    rejects(type, [new Date(Number.NaN)], { code: 'NOT_A_NUMBER' })
    rejects(type, [1n], { code: 'WRONG_TYPE', hint: /YYYY-MM-DD/ })
    rejects(type, [true], { code: 'WRONG_TYPE' })
    rejects(type, [null], { code: 'NOT_NULLABLE' })
    rejects(type, [undefined], { code: 'MISSING_VALUE' })
  }
})

describe('DateTime: UInt32 seconds since the epoch; the zone of the type leaves no trace', () => {
  encodes('DateTime', [0, 1, 4294967295, at('1970-01-01T00:00:01.999Z')], '00000000 01000000 ffffffff 01000000')
  decodesTo(
    'DateTime',
    [at('2106-02-07T06:28:15.999Z'), '1970-01-01T00:00:00Z', -0],
    [at('2106-02-07T06:28:15Z'), new Date(0), new Date(0)],
  )
  encodes("DateTime('Asia/Tokyo')", [0, '1970-01-01T09:00:00+09:00'], '00000000 00000000')
})

describe('ISO text with a zone', () => {
  decodesTo(
    'DateTime',
    [
      '2024-02-29T12:34:56Z',
      '2024-02-29 12:34:56z',
      '2024-02-29t12:34:56+00:00',
      '2024-02-29T14:04:56+01:30',
      '2024-02-29T14:04:56+0130',
      '2024-02-29T13:34:56+01',
      '2024-02-28T23:34:56-13:00',
      '2024-02-29T12:34:56.000Z',
      '2024-02-29T12:34Z',
    ],
    [...Array(8).fill(at('2024-02-29T12:34:56Z')), at('2024-02-29T12:34:00Z')],
  )
  rejects('DateTime', ['2024-02-29T12:34:56'], { code: 'BAD_TEXT', hint: /Append 'Z'/ })
  rejects('DateTime', ['2024-02-29 12:34:56'], { code: 'BAD_TEXT', hint: /another instant on another machine/ })
  rejects('DateTime', ['2024-02-29T12:34:56.5Z'], { code: 'TOO_MANY_DIGITS', hint: /DateTime64/ })
  for (const text of [
    '',
    'now',
    '2024-02-30T00:00:00Z',
    '2024-02-29',
    '2024-02-29Z',
    '2024-02-29T24:00:00Z',
    '2024-02-29T12:60:00Z',
    '2024-02-29T12:34:60Z',
    '2024-02-29T12:34:56.Z',
    '2024-02-29T1:34:56Z',
    '2024-02-29T12:34:56 Z',
    '2024-02-29T12:34:56+1',
    '2024-02-29T12:34:56+01:3',
    '2024-02-29T12:34:56+01:60',
    '2024-02-29T12:34:56+19:00',
    '2024-02-29T12:34:56ZZ',
    '2024-02-29T12:34:56 UTC',
    '1709210096',
    ' 2024-02-29T12:34:56Z',
  ]) {
    rejects('DateTime', [text], { code: 'BAD_TEXT' })
  }
})

describe('one second beyond is refused; milliseconds in a seconds column say so', () => {
  const range = /1970-01-01 00:00:00 to 2106-02-07 06:28:15/
  for (const value of [
    -1,
    4294967296,
    at('2106-02-07T06:28:16Z'),
    new Date(-1),
    '1969-12-31T23:59:59Z',
    '2106-02-07T06:28:16Z',
    '1970-01-01T00:00:00+00:01',
  ]) {
    rejects('DateTime', [0, value], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint: range })
  }
  rejects('DateTime', [Date.UTC(2024, 0)], {
    code: 'VALUE_OUT_OF_RANGE',
    hint: /looks like milliseconds: pass new Date\(value\)/,
  })
  rejects('DateTime', [Date.UTC(2024, 0) + 0.5], { code: 'VALUE_OUT_OF_RANGE', hint: /milliseconds/ })
  rejects('DateTime', [1.5], { code: 'NOT_AN_INTEGER', hint: /floor it/ })
  rejects('DateTime', [Number.NaN], { code: 'NOT_A_NUMBER' })
  rejects('DateTime', [new Date(Number.NaN)], { code: 'NOT_A_NUMBER' })
  rejects('DateTime', [1n], { code: 'WRONG_TYPE', hint: /unix seconds/ })
  rejects('DateTime', [null], { code: 'NOT_NULLABLE' })
  rejects('DateTime', [undefined], { code: 'MISSING_VALUE' })
})

describe('only what a Date is counts as one', () => {
  class Later extends Date {}
  decodesTo('DateTime', [new Later(5000)], [new Date(5000)])
  decodesTo('Date', [new Later(DAY)], ['1970-01-02'])
  for (const type of ['Date', 'Date32', 'DateTime', 'DateTime64(3)', 'DateTime64(6)']) {
    rejects(type, [{ constructor: Date }], { code: 'WRONG_TYPE' })
    rejects(type, [{ getTime: () => 0 }], { code: 'WRONG_TYPE' })
  }
})
