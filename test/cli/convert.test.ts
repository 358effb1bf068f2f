import { describe, expect, it } from 'vitest'
import { decimalFromText, floatFromText, integerFromText } from '../../src/cli/convert/numbers.ts'
import { type ConvertOptions, fieldConverter, jsonConverter } from '../../src/cli/convert.ts'
import type { Column } from '../../src/types/node.ts'

const column = (type: string, defaultExpression = ''): Column => ({
  name: 'c',
  type,
  defaultKind: defaultExpression ? 'DEFAULT' : '',
  defaultExpression,
})

function fromField(type: string, field: string | null | undefined, options: ConvertOptions = {}): unknown {
  const row = fieldConverter([column(type)], options)([field])
  return Array.isArray(row) ? row[0] : row
}
function fromJson(type: string, json: string, options: ConvertOptions = {}): unknown {
  return jsonConverter([column(type)], options)(`{"c":${json}}`).c
}

describe('text of numbers', () => {
  it('integers keep every digit', () => {
    const cases: [string, number | string | undefined][] = [
      ['0', 0],
      ['-5', -5],
      ['+5', 5],
      ['007', 7],
      ['999999999999999', 999999999999999],
      ['9007199254740993', '9007199254740993'],
      ['-9223372036854775808', '-9223372036854775808'],
      ['1.0', 1],
      ['1.2e1', 12],
      ['100e-2', 1],
      ['00000000000000000000012', 12],
      ['1.5', undefined],
      ['', undefined],
      [' 1', undefined],
      ['0x10', undefined],
      ['1,000', undefined],
      ['-', undefined],
      ['.', undefined],
      ['e5', undefined],
      ['NaN', undefined],
    ]
    for (const [text, integer] of cases) expect([text, integerFromText(text)]).toEqual([text, integer])
  })
  it('decimals lose exponents and needless zeros', () => {
    const cases: [string, string | undefined][] = [
      ['1.50', '1.5'],
      ['-12e-3', '-0.012'],
      ['.5', '0.5'],
      ['5.', '5'],
      ['1e3', '1000'],
      ['-0', '0'],
      ['000.100', '0.1'],
      ['123456789.123456789e4', '1234567891234.56789'],
      ['1,5', undefined],
      ['', undefined],
    ]
    for (const [text, decimal] of cases) expect([text, decimalFromText(text)]).toEqual([text, decimal])
  })
  it('floats take their names and refuse what is too large', () => {
    const cases: [string, number | undefined][] = [
      ['1.5', 1.5],
      ['-1e-3', -0.001],
      ['nan', Number.NaN],
      ['INF', Infinity],
      ['-inf', -Infinity],
      ['Infinity', Infinity],
      ['1e400', undefined],
      ['0x10', undefined],
      ['', undefined],
      ['1.5.2', undefined],
      ['.', undefined],
      ['e5', undefined],
      ['constructor', undefined],
    ]
    for (const [text, float] of cases) expect([text, floatFromText(text)]).toEqual([text, float])
  })
})

describe('a CSV or TSV field becomes what the column takes', () => {
  const cases: [string, string | null | undefined, unknown][] = [
    ['UInt8', '42', 42],
    ['UInt8', ' 42 ', 42],
    ['UInt8', 'true', true],
    ['Int32', '-7.0', -7],
    ['UInt64', '18446744073709551615', '18446744073709551615'],
    ['Int256', '-123456789012345678901234567890', '-123456789012345678901234567890'],
    ['Float64', '1e3', 1000],
    ['Float64', 'nan', Number.NaN],
    ['Bool', 'Yes', true],
    ['Bool', '0', false],
    ['Decimal(9, 2)', ' 1.50 ', '1.50'],
    ['String', ' a ', ' a '],
    ['String', '', ''],
    ['String', undefined, ''],
    ['FixedString(3)', 'abc', 'abc'],
    ['Nullable(String)', '', ''],
    ['Nullable(String)', undefined, null],
    ['LowCardinality(Nullable(String))', undefined, null],
    ['LowCardinality(String)', 'a', 'a'],
    ['UInt8', undefined, 0],
    ['UInt8', '', 0],
    ['Nullable(UInt8)', '', null],
    ['Nullable(UInt8)', '7', 7],
    ['UInt8', null, null],
    ["Enum8('a' = 1, '' = 2)", 'a', 'a'],
    ["Enum8('a' = 1, '' = 2)", '', ''],
    ["Enum8('a' = 1)", '1', 1],
    ["Enum8('1' = 5)", '1', '1'],
    ["Enum8('a' = 1)", 'b', 'b'],
    ['Date', '2024-01-31', 19753],
    ['Date', '20240131', 19753],
    ['Date', '0000-00-00', 0],
    ['Date', '2024-01-31 00:00:00', 19753],
    ['Date', '2024-01-31T00:00:00.000+02:00', 19753],
    ['Date32', '1900-01-01', -25567],
    ['DateTime', '2024-01-01 10:00:00', 1704103200],
    ['DateTime', '2024-01-01T10:00:00.000Z', 1704103200],
    ['DateTime', '2024-01-01', 1704067200],
    ['DateTime', '1704103200', 1704103200],
    ['DateTime', '0000-00-00 00:00:00', 0],
    ["DateTime('Europe/Berlin')", '2024-01-01 10:00:00', 1704099600],
    ["DateTime('Europe/Berlin')", '2024-01-01 10:00:00Z', 1704103200],
    ['DateTime64(3)', '2024-01-01 10:00:00', 1704103200000],
    ['DateTime64(3)', '2024-01-01 10:00:00.123', 1704103200123],
    ['DateTime64(6)', '2024-01-01 10:00:00.123456', 1704103200123456n],
    ['DateTime64(6)', '2024-01-01 10:00:00.123000', 1704103200123],
    ['DateTime64(3)', '1704103200', 1704103200000],
    ['DateTime64(9)', '1704103200.000000001', 1704103200000000001n],
    ['DateTime64(3)', '1969-12-31 23:59:59.999', -1],
    ["DateTime64(3, 'Europe/Berlin')", '2024-07-01 10:00:00', 1719820800000],
    ['UUID', ' 61f0c404-5cb3-11e7-907b-a6006ad3dba0', '61f0c404-5cb3-11e7-907b-a6006ad3dba0'],
    ['IPv4', '127.0.0.1', '127.0.0.1'],
    ['Array(Int16)', '[1,2]', [1, 2]],
    ['Array(Int16)', '[]', []],
    ['Array(Int16)', ' [ 1 , 2 ] ', [1, 2]],
    ['Array(Int16)', undefined, []],
    ['Array(String)', "['a,b','it\\'s','x''y']", ['a,b', "it's", "x'y"]],
    ['Array(String)', '["a","\\u00e9\\n"]', ['a', 'é\n']],
    ['Array(Nullable(Int8))', '[1,NULL,null]', [1, null, null]],
    ['Array(Array(UInt8))', '[[1],[],[2,3]]', [[1], [], [2, 3]]],
    ['Array(Date)', "['2024-01-31']", [19753]],
    ['Array(DateTime)', '[2024-01-01 10:00:00]', [1704103200]],
    ['Tuple(UInt8, String)', "(1,'a')", [1, 'a']],
    ['Tuple(a UInt8, b String)', '[1,"a"]', [1, 'a']],
    [
      'Map(String, UInt8)',
      "{'a':1,'b':2}",
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    ['Map(UInt8, Array(UInt8))', '{1:[2]}', [[1, [2]]]],
    ['Point', '(1.5,2)', [1.5, 2]],
    [
      'Ring',
      '[(0,0),(1,1)]',
      [
        [0, 0],
        [1, 1],
      ],
    ],
    ['SimpleAggregateFunction(sum, UInt64)', '5', 5],
    ['JSON', '{"a":1}', '{"a":1}'],
  ]
  for (const [type, field, value] of cases)
    it(`${type} ${JSON.stringify(field)}`, () => expect(fromField(type, field)).toEqual(value))

  it('a missing value without a plain zero, or with a DEFAULT, is left to the server', () => {
    const convert = fieldConverter([column('UInt8', '7'), { ...column('String'), name: 'd' }], {})
    expect(convert([undefined, 'x'])).toEqual({ d: 'x' })
    expect(convert(['', 'x'])).toEqual({ d: 'x' })
    expect(convert(['1', 'x'])).toEqual([1, 'x'])
    expect(fromField('UUID', '')).toEqual({})
    expect(fromField("Enum8('a' = 3)", undefined)).toEqual({})
  })

  const refused: [string, string, string][] = [
    ['UInt8', 'abc', 'BAD_TEXT'],
    ['UInt8', '1.5', 'BAD_TEXT'],
    ['Float64', '1,5', 'BAD_TEXT'],
    ['Float64', '1e400', 'BAD_TEXT'],
    ['Bool', '2', 'BAD_TEXT'],
    ['Bool', 'constructor', 'BAD_TEXT'],
    ['Date', '31.01.2024', 'BAD_TEXT'],
    ['Date', '2023-02-29', 'BAD_TEXT'],
    ['Date', '2024-01-31 10:00:00', 'TOO_MANY_DIGITS'],
    ['DateTime', '2024-01-01 10:00:00.5', 'TOO_MANY_DIGITS'],
    ['DateTime', 'yesterday', 'BAD_TEXT'],
    ["DateTime('Europe/Berlin')", '2024-03-31 02:30:00', 'BAD_TEXT'],
    ['DateTime64(3)', '2024-01-01 10:00:00.1234', 'TOO_MANY_DIGITS'],
    ['DateTime64(3)', '1704103200123456', 'TOO_MANY_DIGITS'],
    ['Array(Int8)', '[1,2', 'BAD_TEXT'],
    ['Array(Int8)', '1,2', 'BAD_TEXT'],
    ['Array(Int8)', '[1,2] 3', 'BAD_TEXT'],
    ['Array(Int8)', '[1,,2]', 'BAD_TEXT'],
    ['Array(String)', "['a]", 'BAD_TEXT'],
    ['Array(Int8)', "[1,'x']", 'BAD_TEXT'],
    ['Map(String, Int8)', '{a 1}', 'BAD_TEXT'],
  ]
  for (const [type, field, code] of refused) {
    it(`refuses ${type} ${JSON.stringify(field)}`, () => {
      expect(() => fromField(type, field)).toThrow(expect.objectContaining({ code, column: 'c', type }))
    })
  }

  it('--floor-times cuts what is too fine', () => {
    const options = { floorTimes: true }
    expect(fromField('DateTime', '2024-01-01 10:00:00.9', options)).toBe(1704103200)
    expect(fromField('DateTime64(1)', '2024-01-01 10:00:00.99', options)).toBe(1704103200900)
    expect(fromField('DateTime64(1)', '1969-12-31 23:59:59.99', options)).toBe(-100)
    expect(fromField('Date', '2024-01-31 10:00:00', options)).toBe(19753)
    expect(fromJson('DateTime', '1704103200.9', options)).toBe(1704103200)
  })

  it('--timezone is for columns that name none', () => {
    const options = { timezone: 'America/New_York' }
    expect(fromField('DateTime', '2024-01-01 10:00:00', options)).toBe(1704121200)
    expect(fromField("DateTime('Europe/Berlin')", '2024-01-01 10:00:00', options)).toBe(1704099600)
    expect(() => fromField('DateTime', '', { timezone: 'Mars/Base' })).toThrow(/Mars\/Base/)
  })
})

describe('a JSON value becomes what the column takes', () => {
  const cases: [string, string, unknown][] = [
    ['UInt8', '42', 42],
    ['UInt8', '"42"', 42],
    ['UInt8', 'true', true],
    ['UInt8', 'null', null],
    ['UInt8', '1.5', 1.5],
    ['UInt64', '18446744073709551615', '18446744073709551615'],
    ['UInt64', '"18446744073709551615"', '18446744073709551615'],
    ['Int64', '-9007199254740993', '-9007199254740993'],
    ['Int64', '1.00000000000000000', 1],
    ['Array(UInt64)', '[1,9007199254740993]', [1, '9007199254740993']],
    ['Nullable(Int64)', '9007199254740993', '9007199254740993'],
    ['Decimal(38, 20)', '0.12345678901234567890', '0.12345678901234567890'],
    ['Decimal(9, 2)', '1.5', 1.5],
    ['Float64', '0.1000000000000000055511151231257827', 0.1],
    ['Float64', '"nan"', Number.NaN],
    ['String', '"a"', 'a'],
    ['String', '1.10', '1.10'],
    ['String', '12345678901234567890', '12345678901234567890'],
    ['String', 'true', 'true'],
    ['String', '{"a":[1.0,"x"]}', '{"a":[1.0,"x"]}'],
    ['String', '[9007199254740993]', '[9007199254740993]'],
    ['Nullable(String)', 'null', null],
    ['Date', '"2024-01-31"', 19753],
    ['Date', '"2024-01-31T00:00:00.000Z"', 19753],
    ['Date', '19753', 19753],
    ['DateTime', '"2024-01-01T10:00:00.000Z"', 1704103200],
    ['DateTime', '1704103200', 1704103200],
    ['DateTime64(3)', '"2024-01-01T10:00:00.123Z"', 1704103200123],
    ['DateTime64(3)', '1704103200', 1704103200000],
    ['DateTime64(3)', '1704103200.25', 1704103200250],
    ['DateTime64(3)', '1704103200123', 1704103200123],
    ['DateTime64(9)', '1704103200123456789', 1704103200123456789n],
    ['DateTime64(6)', '1704103200.123456', 1704103200123456n],
    ['UUID', '"61f0c404-5cb3-11e7-907b-a6006ad3dba0"', '61f0c404-5cb3-11e7-907b-a6006ad3dba0'],
    ['Array(Date)', '["2024-01-31",null]', [19753, null]],
    ['Array(Int16)', '"[1,2]"', [1, 2]],
    ['Tuple(UInt64, Date)', '[9007199254740993,"2024-01-31"]', ['9007199254740993', 19753]],
    ['Tuple(a Date, b String)', '{"a":"2024-01-31","b":"x"}', { a: 19753, b: 'x' }],
    ['Map(String, Date)', '{"a":"2024-01-31"}', [['a', 19753]]],
    ['Map(UInt8, UInt8)', '{"1":2}', [[1, 2]]],
    ['JSON', '{"a":9007199254740993,"b":[1.5]}', { a: 9007199254740993n, b: [1.5] }],
    ['Dynamic', '9007199254740993', 9007199254740993n],
    ["Enum8('a' = 1)", '"a"', 'a'],
    ["Enum8('a' = 1)", '1', 1],
    ['Bool', '"no"', false],
  ]
  for (const [type, json, value] of cases) it(`${type} ${json}`, () => expect(fromJson(type, json)).toEqual(value))

  it('refuses a number that no double holds', () => {
    expect(() => fromJson('Float64', '1e400')).toThrow(expect.objectContaining({ code: 'VALUE_OUT_OF_RANGE' }))
    expect(() => fromJson('Array(Float64)', '[-1e400]')).toThrow(
      expect.objectContaining({ code: 'VALUE_OUT_OF_RANGE' }),
    )
  })

  it('leaves a missing column missing, and unknown keys to the statement', () => {
    expect(jsonConverter([column('UInt8')], {})('{"d":1}')).toEqual({ d: 1 })
  })
})
