import { describe, expect, it } from 'vitest'
import { SchemaError } from '../../src/errors.ts'
import { formatType } from '../../src/types/format.ts'
import { parseType } from '../../src/types/parse.ts'
import { random } from '../support/random.ts'
import { loadAllVectors } from '../support/vectors.ts'

const seeds = [
  ...new Set(loadAllVectors().map(({ type }) => type)),
  "JSON(max_dynamic_paths=7, a.b UInt8, `c d` Array(JSON), SKIP e.f, SKIP REGEXP 'g\\\\d')",
  "AggregateFunction(1, sumMapFiltered([1, (2, 'x')]), Array(UInt8), Map(String, UInt8))",
  "Tuple(`a``b` Nested(x INT(11) UNSIGNED, y DOUBLE PRECISION), b Enum('\\x41', 'it''s' = 5))",
]
const snippets = [
  ...'()\'`"\\,=+-. \n09aZ_',
  '((',
  '))',
  "''",
  'Array(',
  'Nullable(',
  'Enum8(',
  'UInt8',
  'x Date',
  'SKIP ',
  '\\x',
  '0x',
  '💥',
  '\ud800',
  '\0',
]

describe('parseType ends, whatever it is given: with a type that prints and parses to itself, or a SchemaError', () => {
  const { seed, below } = random('SLUICE_SEED')
  it(`5,000 mutations of real types (seed ${seed})`, () => {
    let taken = 0
    for (let round = 0; round < 5_000; round++) {
      let type = seeds[below(seeds.length)]!
      for (let edits = 1 + below(4); edits > 0; edits--) {
        const at = below(type.length + 1)
        const end = Math.min(type.length, at + below(6))
        const other = seeds[below(seeds.length)]!
        const piece = [
          snippets[below(snippets.length)]!,
          '',
          type.slice(at, end).repeat(2),
          other.slice(below(other.length)),
        ][below(4)]!
        type = type.slice(0, at) + piece + type.slice(end)
      }
      try {
        const canonical = formatType(parseType(type))
        expect(formatType(parseType(canonical)), type).toBe(canonical)
        taken++
      } catch (error) {
        if (!(error instanceof SchemaError))
          throw new Error(`seed ${seed}, type ${JSON.stringify(type)}`, { cause: error })
      }
    }
    expect(taken).toBeGreaterThan(100) // else only refusals were tried
  })

  it('long runs of every snippet end in linear time', () => {
    for (const snippet of snippets) {
      for (const before of ['', "Enum8('", 'Tuple(`', 'JSON(', 'AggregateFunction(f(']) {
        const start = performance.now()
        expect(() => parseType(before + snippet.repeat(100_000))).toThrow(SchemaError)
        expect(performance.now() - start, `${before}${snippet}`).toBeLessThan(1_000)
      }
    }
  })
})
