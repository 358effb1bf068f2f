import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonNumber, parseExactly, parseJsonRow, sourceText } from '../../src/cli/input/ndjson.ts'

const number = (text: string) => new JsonNumber(text)

describe('parseJsonRow: numbers keep the digits of the file', () => {
  const cases: [string, Record<string, unknown>][] = [
    ['{"a":1,"b":-1.5,"c":9007199254740991}', { a: 1, b: -1.5, c: 9007199254740991 }],
    ['{"a":9007199254740993}', { a: number('9007199254740993') }],
    ['{"a": -18446744073709551615 }', { a: number('-18446744073709551615') }],
    ['{"a":[1,123456789012345678]}', { a: [1, number('123456789012345678')] }],
    ['{"a":{"b":12345678.123456789}}', { a: { b: number('12345678.123456789') } }],
    ['{"a":0.1000000000000000055511151231257827}', { a: number('0.1000000000000000055511151231257827') }],
    ['{"a":"9007199254740993"}', { a: '9007199254740993' }],
    ['{"a":": 9007199254740993","b":9007199254740993}', { a: ': 9007199254740993', b: number('9007199254740993') }],
    ['{"a\\"b\\\\":9007199254740993,"\\u00e9":"\\\\"}', { 'a"b\\': number('9007199254740993'), é: '\\' }],
    [
      '{"a":[ ],"b":{ },"c":null,"d":true,"e":false,"f":9007199254740993}',
      { a: [], b: {}, c: null, d: true, e: false, f: number('9007199254740993') },
    ],
  ]
  for (const [text, row] of cases) it(text, () => expect(parseJsonRow(text, false)).toEqual(row))

  it('knows every number’s text where that is asked for', () => {
    expect(parseJsonRow('{"a":1.10,"b":1e2,"c":1.5,"d":-0}', true)).toEqual({
      a: number('1.10'),
      b: number('1e2'),
      c: 1.5,
      d: number('-0'),
    })
  })

  it('takes __proto__ for a key like any other', () => {
    const row = parseJsonRow('{"__proto__":{"x":9007199254740993}}', false)
    expect(Object.keys(row)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
  })

  const refused: [string, RegExp][] = [
    ['{"a":1', /not valid JSON/],
    ['{"a":1},', /not valid JSON/],
    ['[1,2]', /one JSON object, this is an array/],
    ['12', /one JSON object, this is 12/],
    ['null', /one JSON object, this is null/],
    ['[{"a":1},', /jq -c/],
  ]
  for (const [text, message] of refused)
    it(`refuses ${text}`, () => expect(() => parseJsonRow(text, false)).toThrow(message))

  it('refuses what is nested too deeply for it, without ending the process', () => {
    const deep = `{"a":${'['.repeat(50_000)}9007199254740993${']'.repeat(50_000)}}`
    expect(() => parseJsonRow(deep, false)).toThrow(/nested too deeply|not valid JSON/)
  })
})

describe('parseExactly is JSON.parse, apart from numbers', () => {
  const unwrap = (value: unknown): unknown => {
    if (value instanceof JsonNumber) return Number(value.text)
    if (Array.isArray(value)) return value.map(unwrap)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unwrap(member)]))
  }
  it('for random JSON, with and without blanks', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), null, indent)
        expect(unwrap(parseExactly(text))).toEqual(JSON.parse(text))
      }),
      { numRuns: 1000 },
    )
  })
  it('sourceText gives the text back', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(JSON.parse(sourceText(parseExactly(json)))).toEqual(JSON.parse(json))
      }),
      { numRuns: 300 },
    )
    expect(sourceText(parseExactly('{"a":[1.10,9007199254740993,"x\\n"],"b":null}'))).toBe(
      '{"a":[1.10,9007199254740993,"x\\n"],"b":null}',
    )
  })
})
