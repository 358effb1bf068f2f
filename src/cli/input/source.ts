// One input as records: opened, unpacked, its format known and its header read.

import { StorageError } from '../../errors.ts'
import { csvFields, type FieldParser, tsvFields } from './csv.ts'
import { type Format, formatOfHead, formatOfName } from './format.ts'
import { type Input, prepend, takeHead } from './open.ts'
import { csvSplitter, lineSplitter, type RecordBatch, readRecords } from './records.ts'
import { readRegions } from './text.ts'

export interface SourceOptions {
  format?: Format
  /** One character; CSV only. */
  delimiter: string
  /** The unquoted text that means NULL. */
  nullText: string
  /** Whether the first record of CSV and TSV names the columns. */
  hasHeader: boolean
  /** Names given by the user: of the fields in CSV and TSV, instead of the header's. */
  columns?: readonly string[]
}

export interface Source {
  readonly input: Input
  readonly format: Format
  /** CSV and TSV: the fields' names. Absent for NDJSON, and for an empty file. */
  readonly names?: readonly string[]
  /** The header as it stands in the file. */
  readonly headerText?: string
  /** CSV and TSV: splits a record. */
  readonly fields?: FieldParser
  /** Records without the header; empty lines that mean nothing are still in it as ''. */
  batches: AsyncGenerator<RecordBatch>
  /** Whether an empty line is a row: a TSV of one column. */
  readonly hasEmptyRows: boolean
}

const HEAD_BYTES = 64 * 1024

/** Reads the input's head. @throws {StorageError} FILE_FAILED, BAD_INPUT; {UsageError} BAD_OPTION where the format cannot be told. */
export async function openSource(input: Input, options: SourceOptions): Promise<Source> {
  const head = await takeHead(input.pieces, HEAD_BYTES, (bytes) => bytes.includes(10))
  const format =
    options.format ?? formatOfName(input.name) ?? (head.length === 0 ? 'ndjson' : formatOfHead(input.name, head))
  const regions = readRegions(input.name, prepend(head, input.pieces))
  const batches = readRecords(regions, format === 'csv' ? csvSplitter(options.delimiter) : lineSplitter())
  if (format === 'ndjson') return { input, format, batches, hasEmptyRows: false }

  const fields = format === 'csv' ? csvFields(options.delimiter, options.nullText) : tsvFields(options.nullText)
  if (!options.hasHeader)
    return {
      input,
      format,
      names: options.columns,
      fields,
      batches,
      hasEmptyRows: format === 'tsv' && options.columns?.length === 1,
    }

  const first = await batches.next()
  if (first.done) return { input, format, fields, batches, hasEmptyRows: false }
  const { headerText, rest } = takeHeader(first.value)
  const names = options.columns ?? namesOf(input.name, headerText, fields)
  return {
    input,
    format,
    names,
    headerText,
    fields,
    batches: joined([rest], batches),
    hasEmptyRows: format === 'tsv' && names.length === 1,
  }
}

function takeHeader(batch: RecordBatch): { headerText: string; rest: RecordBatch } {
  const at = Math.max(
    0,
    batch.texts.findIndex((text) => text !== ''),
  )
  return {
    headerText: batch.texts[at]!,
    rest: { ...batch, texts: batch.texts.slice(at + 1), lines: batch.lines.slice(at + 1) },
  }
}

function namesOf(file: string, headerText: string, fields: FieldParser): string[] {
  const names = fields(headerText).map((field) => (field ?? '').trim())
  const duplicate = names.find((name, i) => names.indexOf(name) !== i)
  const fault = names.includes('')
    ? 'a column without a name'
    : duplicate === undefined
      ? undefined
      : `the column ${JSON.stringify(duplicate)} twice`
  if (fault === undefined) return names
  throw new StorageError('BAD_INPUT', `the header of ${file} has ${fault}`, {
    hint: 'Give the names instead: --columns a,b,c (and --no-header if the first line is a row).',
  })
}

/** Records that were already taken, then the others. */
export async function* joined(
  first: readonly RecordBatch[],
  rest: AsyncGenerator<RecordBatch>,
): AsyncGenerator<RecordBatch> {
  yield* first
  yield* rest
}
