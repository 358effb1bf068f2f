// Regions of text → records: the text of one row each, with the physical line it starts on. Parsing a record is another
// step (ndjson.ts, csv.ts, tsv.ts), so that skipped rows cost nothing and a refused one can be kept word for word.

import { StorageError } from '../../errors.ts'
import type { Region } from './text.ts'

export interface RecordBatch {
  /** One row each, without its line end. */
  readonly texts: string[]
  /** The line each record starts on, from 1. */
  readonly lines: number[]
  /** False when some bytes were not UTF-8: records that are not well-formed text are damaged. */
  readonly valid: boolean
}

export type Splitter = (region: Region, isLast: boolean) => RecordBatch

export async function* readRecords(regions: AsyncIterable<Region>, split: Splitter): AsyncGenerator<RecordBatch> {
  for await (const region of regions) yield split(region, false)
  const rest = split({ text: '', valid: true }, true)
  if (rest.texts.length > 0) yield rest
}

/** NDJSON and TSV: a line is a record. Empty lines are records too; their parsers know what they mean. */
export function lineSplitter(): Splitter {
  let line = 1
  return ({ text, valid }) => {
    const texts: string[] = []
    const lines: number[] = []
    for (let start = 0; start < text.length; line++) {
      const end = next(text, '\n', start)
      texts.push(slice(text, start, end))
      lines.push(line)
      start = end + 1
    }
    return { texts, lines, valid }
  }
}

/**
 * CSV: a quoted field may hold line ends. A quote opens a field only as its first character (blanks before it aside), as in
 * ClickHouse: `5" pipe` is a plain value, so a stray quote never swallows the lines after it.
 */
export function csvSplitter(delimiter: string): Splitter {
  let line = 1
  // A record whose quoted field is still open at the region's end: its pieces so far.
  let open: string[] = []
  let openLine = 0
  let openLength = 0
  let valid = true
  return (region, isLast) => {
    const { text } = region
    const texts: string[] = []
    const lines: number[] = []
    valid &&= region.valid
    let quote = -1
    for (let start = 0; start < text.length; ) {
      if (quote < start) quote = next(text, '"', start)
      let end = next(text, '\n', start)
      if (open.length > 0) end = recordEnd(text, start, delimiter, true)
      else if (quote < end) end = recordEnd(text, start, delimiter, false)
      if (open.length === 0) openLine = line
      line += end < 0 ? countLines(text, start, text.length) : countLines(text, start, end) + 1
      if (end < 0) {
        open.push(text.substring(start))
        openLength += text.length - start
        if (openLength > FIELD_LENGTH_MAX) throw unclosed(openLine)
        break
      }
      texts.push(open.length === 0 ? slice(text, start, end) : slice([...open, text.substring(start, end)].join('')))
      lines.push(openLine)
      open = []
      openLength = 0
      start = end + 1
    }
    if (isLast && open.length > 0) {
      // The closing quote never came; the parser says so when it sees the record.
      texts.push(slice(open.join('')))
      lines.push(openLine)
    }
    return { texts, lines, valid }
  }
}

/** Characters of one quoted field; no block could hold more. */
const FIELD_LENGTH_MAX = 256 * 1024 * 1024

function unclosed(line: number): StorageError {
  return new StorageError(
    'BAD_INPUT',
    `the quoted field that opens on line ${line} does not end within ${FIELD_LENGTH_MAX / 2 ** 20} MiB`,
    {
      hint: 'A quote is missing there, or a quote inside a field is not doubled.',
    },
  )
}

/**
 * Where the record at `at` ends; -1 when its quoted field is still open at the text's end.
 * @param isQuoted  whether `at` is already inside a quoted field
 */
function recordEnd(text: string, at: number, delimiter: string, isQuoted: boolean): number {
  let newline = -1
  for (;;) {
    const content = isQuoted ? at : quotedContent(text, at, delimiter)
    isQuoted = false
    if (content !== undefined) {
      const close = closingQuote(text, content)
      if (close < 0) return -1
      at = close + 1
    }
    if (newline < at) newline = next(text, '\n', at)
    const fieldEnd = next(text, delimiter, at)
    if (fieldEnd >= newline) return newline
    at = fieldEnd + 1
  }
}

/** Where the content of the field at `at` starts if the field is quoted. */
export function quotedContent(text: string, at: number, delimiter: string): number | undefined {
  for (;;) {
    const code = text.charCodeAt(at++)
    if (code === 34) return at
    if (code !== 32 && (code !== 9 || delimiter === '\t')) return undefined
  }
}

/** Index of the quote that closes a field whose content starts at `at` (doubled quotes are content), or -1. */
export function closingQuote(text: string, at: number): number {
  let quote = text.indexOf('"', at)
  while (quote >= 0 && text.charCodeAt(quote + 1) === 34) quote = text.indexOf('"', quote + 2)
  return quote
}

/** indexOf, with the text's end for "none": one comparison fewer for every caller. */
export function next(text: string, what: string, at: number): number {
  const found = text.indexOf(what, at)
  return found < 0 ? text.length : found
}

function countLines(text: string, start: number, end: number): number {
  let count = 0
  for (let at = next(text, '\n', start); at < end; at = next(text, '\n', at + 1)) count++
  return count
}

/** A record without the carriage return of a CRLF line end. */
function slice(text: string, start = 0, end = text.length): string {
  return text.substring(start, end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end)
}
