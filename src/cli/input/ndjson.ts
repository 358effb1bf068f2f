// One NDJSON record → an object whose numbers are what the file says.
//
// JSON.parse turns every number into a double: 9007199254740993 becomes ...992 without a word, and Node 20 has no way to ask
// for the source text. So a record that holds a number of 16 or more digits is parsed a second time, here, and numbers that a
// double would change arrive as JsonNumber with their text. The converters (../convert.ts) know both.

import { StorageError, show } from '../../errors.ts'

/** A number as the file spells it, because a double is not equal to it: 9007199254740993, 1.10, 0.1000000000000000000001. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

// A double holds 15 digits exactly. Only numbers stand directly behind ':', ',' or '['; a match inside a string costs time, never digits.
const MANY_DIGITS = /[:,[]\s*-?[\d.]{16}/

/**
 * @param exact  parse every number exactly, short ones too (1.10 for a String column)
 * @throws {StorageError} BAD_INPUT: no JSON, or no object.
 */
export function parseJsonRow(record: string, exact: boolean): Record<string, unknown> {
  let row: unknown
  try {
    row = JSON.parse(record)
    if (exact || MANY_DIGITS.test(record)) row = parseExactly(record)
  } catch (error) {
    if (error instanceof RangeError)
      throw new StorageError('BAD_INPUT', 'the JSON is nested too deeply', { cause: error })
    throw new StorageError('BAD_INPUT', `not valid JSON: ${(error as Error).message}`, {
      hint: hintFor(record),
      cause: error,
    })
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>
  const what = row instanceof JsonNumber ? 'a number' : Array.isArray(row) ? 'an array' : show(row)
  throw new StorageError('BAD_INPUT', `a line must be one JSON object, this is ${what}`, { hint: hintFor(record) })
}

function hintFor(record: string): string {
  return /^\s*\[/.test(record)
    ? 'One object per line is expected. Unroll an array first: jq -c ".[]" file.json | sluice load <table> --format ndjson'
    : 'One object per line is expected, without commas between the lines.'
}

/** Text that JSON.parse has accepted → the same value, with JsonNumber where a double would differ from the source. */
export function parseExactly(text: string): unknown {
  let at = 0
  return value()

  function value(): unknown {
    blanks()
    switch (text[at]) {
      case '{':
        return object()
      case '[':
        return array()
      case '"':
        return string()
      case 't':
        at += 4
        return true
      case 'f':
        at += 5
        return false
      case 'n':
        at += 4
        return null
      default:
        return number()
    }
  }

  function object(): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    for (at++, blanks(); text[at] !== '}'; blanks()) {
      if (text[at] === ',') at++
      blanks()
      const key = string()
      blanks()
      at++ // the colon
      const member = value()
      if (key === '__proto__')
        Object.defineProperty(result, key, { value: member, enumerable: true, configurable: true, writable: true })
      else result[key] = member
    }
    at++
    return result
  }

  function array(): unknown[] {
    const result: unknown[] = []
    for (at++, blanks(); text[at] !== ']'; blanks()) {
      if (text[at] === ',') at++
      result.push(value())
    }
    at++
    return result
  }

  function string(): string {
    const start = at
    let end = text.indexOf('"', at + 1)
    at = end + 1
    const plain = text.substring(start + 1, end)
    if (!plain.includes('\\')) return plain
    while (isEscaped(end)) end = text.indexOf('"', end + 1)
    at = end + 1
    return JSON.parse(text.substring(start, at)) as string
  }

  function isEscaped(quote: number): boolean {
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === 92) backslashes++
    return backslashes % 2 === 1
  }

  function number(): number | JsonNumber {
    const start = at
    while (at < text.length && '+-.eE0123456789'.includes(text[at]!)) at++
    const source = text.substring(start, at)
    const double = Number(source)
    return String(double) === source ? double : new JsonNumber(source)
  }

  function blanks(): void {
    for (let code = text.charCodeAt(at); code === 32 || (code >= 9 && code <= 13); ) code = text.charCodeAt(++at)
  }
}

/** A value as JSON text again, digits as in the source: for a String column that is given a number, an object or an array. */
export function sourceText(value: unknown): string {
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(sourceText).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${sourceText(member)}`)
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value)
}
