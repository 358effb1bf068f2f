import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvFields, tsvFields } from '../../src/cli/input/csv.ts'
import { csvSplitter } from '../../src/cli/input/records.ts'

describe('csvFields: text, null for the NULL text, undefined for nothing', () => {
  const cases: [string, (string | null | undefined)[]][] = [
    ['a,b', ['a', 'b']],
    ['', [undefined]],
    [',', [undefined, undefined]],
    ['"",\\N,"\\N"', ['', null, '\\N']],
    ['"a,b","c""d"', ['a,b', 'c"d']],
    ['"""",x', ['"', 'x']],
    ['5" pipe,a "b" c', ['5" pipe', 'a "b" c']],
    [' a , b ', [' a ', ' b ']],
    [' "a" , "b"', ['a', 'b']],
    ['a,"b\r\nc"', ['a', 'b\r\nc']],
    ['a,', ['a', undefined]],
  ]
  for (const [record, fields] of cases)
    it(JSON.stringify(record), () => expect([...csvFields(',', '\\N')(record)]).toEqual(fields))

  it('with another delimiter and NULL text', () => {
    expect([...csvFields(';', 'NULL')('a,b;NULL;"NULL";')]).toEqual(['a,b', null, 'NULL', undefined])
    expect([...csvFields('\t', '\\N')('a\t"b\tc"\t"d"')]).toEqual(['a', 'b\tc', 'd'])
    expect([...csvFields(',', '')('a,,""')]).toEqual(['a', null, ''])
  })

  it('gives the same array for every record, as long as the record is', () => {
    const fields = csvFields(',', '\\N')
    expect([...fields('a,b,c')]).toEqual(['a', 'b', 'c'])
    expect([...fields('d')]).toEqual(['d'])
  })

  it('refuses a quote that does not close, and text behind one that did', () => {
    expect(() => csvFields(',', '\\N')('a,"b')).toThrow(/field 2: the quote does not close/)
    expect(() => csvFields(',', '\\N')('"a"b,c')).toThrow(/field 1: text follows the closing quote/)
  })
})

describe('csvFields and csvSplitter read what csv-parse reads', () => {
  const field = fc.string({ unit: fc.constantFrom('a', 'b', ' ', ',', '"', '\n', '\r', 'é', '1'), maxLength: 8 })
  // Values that start with a blank and a quote are read as quoted here, as ClickHouse does; csv-parse refuses or keeps them.
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const written = field.map((text) => ({ text, csv: /[",\n\r]/.test(text) || text === '' ? quoted(text) : text }))

  it('for random fields', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(written, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('\n', '\r\n'),
        (rows, newline) => {
          const text = rows.map((row) => row.map(({ csv }) => csv).join(',')).join(newline) + newline
          const theirs = parse(text, { relax_column_count: true, record_delimiter: newline }) as string[][]
          const fields = csvFields(',', '\\N')
          const ours = csvSplitter(',')({ text, valid: true }, false).texts.map((record) => [...fields(record)])
          expect(ours).toEqual(theirs)
          expect(ours).toEqual(rows.map((row) => row.map(({ text }) => text)))
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('tsvFields: backslash escapes, no quotes', () => {
  const cases: [string, (string | null)[]][] = [
    ['a\tb', ['a', 'b']],
    ['', ['']],
    ['\\N\t\\\\N\tN', [null, '\\N', 'N']],
    ['a\\tb\\nc\\\\d\t"x"', ['a\tb\nc\\d', '"x"']],
    ["\\b\\f\\r\\0\\'", ["\b\f\r\0'"]],
    ['\\x41\\q', ['A\\q']],
  ]
  for (const [record, fields] of cases)
    it(JSON.stringify(record), () => expect([...tsvFields('\\N')(record)]).toEqual(fields))
})
