// One CSV or TSV record → its fields. A field is text, null (the NULL text, unquoted) or undefined (empty and unquoted:
// the value is missing, as a missing key in JSON is).
//
//   CSV   1,,\N,"",a "b"      ──▶   '1'  undefined  null  ''  'a "b"'
//   TSV   1<tab><tab>\N<tab>a\tb   ──▶   '1'  ''  null  'a<tab>b'
//
// TSV is ClickHouse's: backslash escapes, no quotes. The quoted kind is CSV with a tab: --format csv --delimiter tab.
//
// Not left to a library: on a clickstream file csv-parse 7 takes 4,500 ns a record, 32,000 ns when it must tell "" from
// nothing; this takes 300 ns. test/cli/csv.test.ts holds both to the same fields.

import { StorageError } from '../../errors.ts'
import { closingQuote, next, quotedContent } from './records.ts'

export type Field = string | null | undefined

/** Fills and returns one array, the same for every record. */
export type FieldParser = (record: string) => Field[]

/** @throws (the parser) {StorageError} BAD_INPUT: a quote that does not close, or text after one that did. */
export function csvFields(delimiter: string, nullText: string): FieldParser {
  const fields: Field[] = []
  const unquoted = (text: string): Field => (text === nullText ? null : text === '' ? undefined : text)
  return (record) => {
    let count = 0
    let quote = next(record, '"', 0)
    for (let at = 0; ; ) {
      let end = next(record, delimiter, at)
      const content = quote < end || quote === at ? quotedContent(record, at, delimiter) : undefined
      if (content === undefined) {
        fields[count++] = unquoted(record.substring(at, end))
      } else {
        const close = closingQuote(record, content)
        if (close < 0) throw badQuote(count, 'the quote does not close')
        const text = record.substring(content, close)
        fields[count++] = text.includes('"') ? text.replaceAll('""', '"') : text
        end = next(record, delimiter, close + 1)
        if (end > close + 1 && record.substring(close + 1, end).trim() !== '')
          throw badQuote(count - 1, 'text follows the closing quote')
      }
      if (end === record.length) break
      at = end + 1
      if (quote < at) quote = next(record, '"', at)
    }
    if (fields.length !== count) fields.length = count
    return fields
  }
}

function badQuote(index: number, reason: string): StorageError {
  return new StorageError('BAD_INPUT', `field ${index + 1}: ${reason}`, {
    hint: 'A quote inside a quoted field is written twice: "say ""hi""".',
  })
}

export function tsvFields(nullText: string): FieldParser {
  const fields: Field[] = []
  return (record) => {
    let count = 0
    for (let at = 0; ; ) {
      const end = next(record, '\t', at)
      const text = record.substring(at, end)
      fields[count++] = text === nullText ? null : text.includes('\\') ? unescaped(text) : text
      if (end === record.length) break
      at = end + 1
    }
    if (fields.length !== count) fields.length = count
    return fields
  }
}

/** Escapes as ClickHouse reads them; of an unknown one the backslash stays. */
function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-7][0-9a-fA-F])|([bfrnt0av\\'"`/=]))/g, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', r: '\r', n: '\n', t: '\t', 0: '\0', a: '\x07', v: '\v' }
