import { describe, expect, it } from 'vitest'
import { Spread } from '../../src/cli/inspect/spread.ts'
import { shorten, tableLines, textWidth, verticalLines } from '../../src/cli/inspect/table.ts'
import { clean, jsonValue, timesAsText, valueText } from '../../src/cli/inspect/values.ts'
import { parseType } from '../../src/types/parse.ts'

describe('a value as text', () => {
  for (const [value, text] of [
    ['a', 'a'],
    ['', ''],
    ["it's", "it's"],
    ['a\tb\nc\\d', 'a\\tb\\nc\\\\d'],
    ['\x1b[31m\x07\x9b', '\\x1b[31m\\x07\\x9b'],
    ['\u202eabc\u200b\ud800', '\\u{202e}abc\\u{200b}\\u{d800}'],
    ['grüße 日本 👍', 'grüße 日本 👍'],
    [null, 'NULL'],
    [true, 'true'],
    [-0, '-0'],
    [Number.NaN, 'nan'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    [2n ** 64n, '18446744073709551616'],
    [new Uint8Array([0xc3, 0x28]), '0xc328'],
    [new Date(-1), '1969-12-31 23:59:59.999'],
    [['a', null, 1n, "it's"], "['a', NULL, 1, 'it\\'s']"],
    [new Map([['k', [1, 2]]]), "{'k': [1, 2]}"],
    [
      [
        ['k', 1],
        ['k', 2],
      ],
      "[['k', 1], ['k', 2]]",
    ],
    [{ a: { b: 'x' } }, "{'a': {'b': 'x'}}"],
  ] as [unknown, string][]) {
    it(text, () => expect(valueText(value)).toBe(text))
  }

  it('of megabytes is cut before work is put into it', () => {
    expect(valueText('x'.repeat(10_000_000))).toBe(`${'x'.repeat(1000)}…`)
    expect(valueText(new Array(1_000_000).fill(7)).length).toBeLessThan(1000)
    expect(valueText(new Uint8Array(1_000_000)).length).toBeLessThan(1100)
    expect(valueText(new Array(50).fill('x'.repeat(900))).length).toBeLessThan(5000)
  })
})

describe('times have the digits of their column', () => {
  const shown = (type: string, value: unknown) => timesAsText(parseType(type))(value)
  for (const [type, value, text] of [
    ['DateTime', new Date(1_700_000_000_000), '2023-11-14 22:13:20'],
    ["DateTime('Europe/Berlin')", new Date(0), '1970-01-01 00:00:00'],
    ['DateTime64(0)', new Date(-1000), '1969-12-31 23:59:59'],
    ['DateTime64(1)', new Date(-500), '1969-12-31 23:59:59.5'],
    ['DateTime64(3)', new Date(1), '1970-01-01 00:00:00.001'],
    ['DateTime64(3)', 8_640_000_000_000_001n, '+275760-09-13 00:00:00.001'],
    ['DateTime64(9)', -1n, '1969-12-31 23:59:59.999999999'],
    ['Nullable(DateTime64(6))', null, null],
    ['Array(Nullable(DateTime))', [new Date(0), null], ['1970-01-01 00:00:00', null]],
    ['LowCardinality(Nullable(DateTime))', null, null],
    ['Tuple(a UInt8, b DateTime)', { a: 1, b: new Date(0) }, { a: 1, b: '1970-01-01 00:00:00' }],
    ['Map(String, DateTime)', new Map([['k', new Date(0)]]), new Map([['k', '1970-01-01 00:00:00']])],
    [
      'Map(DateTime, UInt8)',
      [
        [new Date(0), 1],
        [new Date(0), 2],
      ],
      [
        ['1970-01-01 00:00:00', 1],
        ['1970-01-01 00:00:00', 2],
      ],
    ],
    ['Nested(t DateTime, n UInt8)', [{ t: new Date(0), n: 1 }], [{ t: '1970-01-01 00:00:00', n: 1 }]],
    ['SimpleAggregateFunction(max, DateTime)', new Date(0), '1970-01-01 00:00:00'],
    ['String', 'x', 'x'],
  ] as [string, unknown, unknown][]) {
    it(`${type}: ${JSON.stringify(text)}`, () => expect(shown(type, value)).toStrictEqual(text))
  }

  it('a value without times is not copied', () => {
    const value = [['a', 1]]
    expect(shown('Array(Tuple(String, UInt8))', value)).toBe(value)
  })
})

describe('a value as JSON', () => {
  it('loses nothing', () => {
    expect(
      jsonValue({
        wide: 2n ** 64n,
        nan: Number.NaN,
        inf: Number.POSITIVE_INFINITY,
        bytes: new Uint8Array([0xc3, 0x28]),
        map: new Map([['k', 1n]]),
        numbered: new Map([[1, 'x']]),
        list: [null, true, 'x', 1.5],
      }),
    ).toStrictEqual({
      wide: '18446744073709551616',
      nan: 'nan',
      inf: 'inf',
      bytes: { hex: 'c328' },
      map: { k: '1' },
      numbered: [[1, 'x']],
      list: [null, true, 'x', 1.5],
    })
  })
})

describe('tables', () => {
  const columns = [
    { title: 'n', cells: ['1', '20'], isNumber: true },
    { title: 'text', cells: ['日本', 'e\u0301té'] },
    { title: 'last', cells: ['x', 'a long text that goes on and on'] },
  ]

  it('align by what characters take on a screen', () => {
    expect(tableLines(columns, 80)).toEqual([
      ' n  text  last',
      ' 1  日本  x',
      '20  e\u0301té   a long text that goes on and on',
    ])
    expect([textWidth('abc'), textWidth('日本'), textWidth('👍'), textWidth('e\u0301')]).toEqual([3, 4, 2, 1])
  })

  it('shorten the widest column to fit, and give up where nothing readable is left', () => {
    expect(tableLines(columns, 30)).toEqual([' n  text  last', ' 1  日本  x', '20  e\u0301té   a long text that go…'])
    expect(tableLines(columns, 22)).toHaveLength(3)
    expect(tableLines(columns, 21)).toBeUndefined()
  })

  it('a column that may run over is never shortened', () => {
    const over = [columns[0]!, { ...columns[2]!, runsOver: true }]
    expect(tableLines(over, 10)![2]).toBe('20  a long text that goes on and on')
  })

  it('vertically, values stand below each other', () => {
    expect(
      verticalLines(
        [
          ['a', 'x'],
          ['long name', 'y'.repeat(50)],
        ],
        40,
      ),
    ).toEqual(['a:         x', `long name: ${'y'.repeat(28)}…`])
  })

  it('wide characters are not cut in half', () => expect(shorten('日本語', 4)).toBe('日…'))

  it('names keep their backslashes', () => expect(clean('a\\b\x1b')).toBe('a\\b\\x1b'))
})

describe('least, median and largest', () => {
  for (const [values, summary] of [
    [[], undefined],
    [[5], { min: 5, median: 5, max: 5 }],
    [[1, 2, 3, 4], { min: 1, median: 2, max: 4 }],
    [[9, 1, 1, 1, 7], { min: 1, median: 1, max: 9 }],
  ] as const) {
    it(`of ${JSON.stringify(values)}`, () => {
      const spread = new Spread()
      for (const value of values) spread.add(value)
      expect(spread.summary()).toEqual(summary)
    })
  }
})
