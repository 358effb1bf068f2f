import { describe, expect, it } from 'vitest'
import { SchemaError } from '../../src/errors.ts'
import { formatType } from '../../src/types/format.ts'
import type { TypeNode } from '../../src/types/node.ts'
import { parseType, TYPE_DEPTH_MAX } from '../../src/types/parse.ts'

function refusal(type: string): SchemaError {
  try {
    parseType(type)
  } catch (error) {
    expect(error).toBeInstanceOf(SchemaError)
    return error as SchemaError
  }
  throw new Error(`${type} was taken`)
}

describe('parseType: a tree whose names are ClickHouse’s own', () => {
  const cases: [type: string, node: TypeNode][] = [
    ['UInt8', { name: 'UInt8' }],
    ['INT UNSIGNED', { name: 'UInt32' }],
    ['FixedString(16)', { name: 'FixedString', length: 16 }],
    ['Decimal64(4)', { name: 'Decimal', precision: 18, scale: 4 }],
    ['DateTime', { name: 'DateTime' }],
    ["DateTime('UTC')", { name: 'DateTime', zone: 'UTC' }],
    ["DateTime64(3, 'UTC')", { name: 'DateTime64', scale: 3, zone: 'UTC' }],
    ['Time64(9)', { name: 'Time64', scale: 9 }],
    [
      "Enum('b' = 2, 'a' = -1, 'c')",
      {
        name: 'Enum8',
        values: [
          { label: 'a', code: -1 },
          { label: 'c', code: 0 },
          { label: 'b', code: 2 },
        ],
      },
    ],
    ['Nullable(String)', { name: 'Nullable', inner: { name: 'String' } }],
    ['Tuple(UInt8, Bool)', { name: 'Tuple', elements: [{ type: { name: 'UInt8' } }, { type: { name: 'Bool' } }] }],
    ['Nested(`a b` UInt8)', { name: 'Nested', elements: [{ name: 'a b', type: { name: 'UInt8' } }] }],
    ['Map(String, Date)', { name: 'Map', key: { name: 'String' }, value: { name: 'Date' } }],
    // Sorted by name: this is the order of the discriminators.
    [
      'Variant(UInt8, String, UInt16)',
      { name: 'Variant', alternatives: [{ name: 'String' }, { name: 'UInt16' }, { name: 'UInt8' }] },
    ],
    ['Dynamic(max_types=3)', { name: 'Dynamic', maxTypes: 3 }],
    ['Dynamic(max_types=32)', { name: 'Dynamic' }],
    [
      "JSON(SKIP REGEXP 'r', SKIP s, b.c UInt8, max_dynamic_paths=9)",
      {
        name: 'JSON',
        parameters: [
          { setting: 'max_dynamic_paths', value: 9 },
          { path: 'b.c', type: { name: 'UInt8' } },
          { skip: 's' },
          { skipRegexp: 'r' },
        ],
      },
    ],
    ['QBit(Float32, 16, 8)', { name: 'QBit', element: { name: 'Float32' }, dimension: 16, stride: 8 }],
    ['QBit(Float32, 16, 16)', { name: 'QBit', element: { name: 'Float32' }, dimension: 16 }],
    ['AggregateFunction(count)', { name: 'AggregateFunction', function: 'count', args: [] }],
    [
      'AggregateFunction(1, quantiles(0.5,0.9), UInt64)',
      { name: 'AggregateFunction', function: 'quantiles(0.5, 0.9)', args: [{ name: 'UInt64' }], version: 1 },
    ],
  ]
  for (const [type, node] of cases) it(type, () => expect(parseType(type)).toStrictEqual(node))
})

describe('UNKNOWN_TYPE names the nearest type', () => {
  for (const [type, nearest] of [
    ['uint32', 'UInt32'],
    ['Unit8', 'UInt8'],
    ['Strng', 'String'],
    ['DateTme64(3)', 'DateTime64'],
    ['LowCardinalty(String)', 'LowCardinality'],
    ['Array(Nulable(UInt8))', 'Nullable'],
    ['INTEGR', 'INTEGER'],
  ] as const) {
    it(`${type}: did you mean ${nearest}?`, () => {
      const error = refusal(type)
      expect(error.code).toBe('UNKNOWN_TYPE')
      expect(error.hint).toContain(`Did you mean ${nearest}?`)
      expect(error.type).toBe(type)
    })
  }

  it('and none where none is near', () => {
    expect(refusal('Frobnicate').hint).toBeUndefined()
    expect(refusal('x'.repeat(100_000)).message.length).toBeLessThan(200)
  })

  it('the position is that of the name', () => {
    expect(refusal('Array( uint8)').message).toContain('at position 8')
  })
})

describe('BAD_TYPE says what was expected, what was found and where, counted from 1', () => {
  for (const [type, ...parts] of [
    ['', 'expected a type', 'the end', 'position 1'],
    ['Array(UInt8', 'expected ")"', 'the end', 'position 12'],
    ['Array(UInt8))', 'expected the end', '")"', 'position 13'],
    ['Array(UInt8) x', 'expected the end', '"x"', 'position 14'],
    ['Map(String)', '2 parameters', 'position 4'],
    ["Enum8('a' = 1, b = 2)", 'a label in single quotes', '"b"', 'position 16'],
    ["Enum8('a' = 1, 'a' = 2)", '"a" occurs twice', 'position 16'],
    ["Enum8('a' = 1, 'b' = 1)", '"a" and "b" are both 1', 'position 16'],
    ["Enum8('a' = 200)", "200 is outside Enum8's -128..127", 'position 7'],
    ["DateTime('UTC)", "no closing '", 'position 10'],
    ["Enum8('\\xff' = 1)", 'no UTF-8', 'position 8'],
    ['Tuple(`a UInt8)', 'no closing `', 'position 7'],
    ['Array(Nullable(Array(UInt8)))', 'Array cannot be inside Nullable', 'position 7'],
    ['Decimal(80)', '1..76', 'position 1'],
    ['JSON(max_paths=3)', 'max_dynamic_types or max_dynamic_paths', 'position 6'],
    ['AggregateFunction(quantiles(0.5, UInt8)', 'expected ")"', 'the end'],
    ['AggregateFunction(quantiles(0.5], UInt8)', 'expected a literal or ")"', '"]"'],
  ]) {
    it(type || 'nothing at all', () => {
      const error = refusal(type!)
      expect(error.code).toBe('BAD_TYPE')
      for (const part of parts) expect(error.message).toContain(part)
    })
  }

  it('what is no text', () => {
    for (const type of [undefined, null, 5, {}, ['UInt8']])
      expect(() => parseType(type as never)).toThrow(expect.objectContaining({ code: 'BAD_TYPE' }))
  })

  it('a long type is shown around the place', () => {
    const labels = Array.from({ length: 5000 }, (_, i) => `'label ${i}' = ${i}`)
    labels[2500] = 'oops'
    const { message } = refusal(`Enum16(${labels.join(', ')})`)
    expect(message).toContain('oops')
    expect(message.length).toBeLessThan(300)
  })
})

describe(`types nest ${TYPE_DEPTH_MAX} levels deep and no deeper`, () => {
  const nested = (levels: number, open: string, close: string) =>
    `${open.repeat(levels - 1)}UInt8${close.repeat(levels - 1)}`

  it('the deepest one is taken and printed', () => {
    const deepest = nested(TYPE_DEPTH_MAX, 'Array(', ')')
    expect(formatType(parseType(deepest))).toBe(deepest)
  })

  for (const [open, close] of [
    ['Array(', ')'],
    ['Tuple(a ', ')'],
    ['Map(String, ', ')'],
    ['JSON(a ', ')'],
    ['Variant(Array(', '))'],
    ['AggregateFunction(sum, ', ')'],
  ] as const) {
    it(`${open}…${close}: one level more, or a million, is BAD_TYPE`, () => {
      for (const levels of [TYPE_DEPTH_MAX + 1, 1_000_000]) {
        const error = refusal(nested(levels, open, close))
        expect(error.code).toBe('BAD_TYPE')
        expect(error.message).toContain('nested deeper than 100 levels')
      }
    })
  }

  it('an unclosed million costs no more', () => {
    expect(refusal('Array('.repeat(1_000_000)).code).toBe('BAD_TYPE')
    expect(refusal(`AggregateFunction(f${'('.repeat(1_000_000)}`).code).toBe('BAD_TYPE')
    expect(refusal(`AggregateFunction(f${'('.repeat(300_000)}${'()'.repeat(300_000)}`).code).toBe('BAD_TYPE')
  })
})

describe('formatType writes one line, whatever the labels hold', () => {
  for (const label of ["it's", 'back\\slash', 'new\nline', 'tab\tnul\0', '\b\f\r', '`', '"', '日本 😀', '']) {
    it(JSON.stringify(label), () => {
      const node: TypeNode = {
        name: 'Tuple',
        elements: [{ name: label || '_', type: { name: 'Enum8', values: [{ label, code: 1 }] } }],
      }
      const text = formatType(node)
      expect(text).not.toContain('\n')
      expect(parseType(text)).toStrictEqual(node)
    })
  }
})
