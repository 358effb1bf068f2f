// Which format an input has: --format says it, else the name's extension, else its first bytes.

import { StorageError, UsageError } from '../../errors.ts'

export type Format = 'ndjson' | 'csv' | 'tsv'
export const FORMATS: readonly Format[] = ['ndjson', 'csv', 'tsv']

const EXTENSIONS = new Map<string, Format>([
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['json', 'ndjson'],
  ['csv', 'csv'],
  ['tsv', 'tsv'],
  ['tab', 'tsv'],
])

export function formatOfName(name: string): Format | undefined {
  const extension = /\.([a-z]+)(?:\.gz)?$/i.exec(name)?.[1] ?? ''
  return EXTENSIONS.get(extension.toLowerCase())
}

/**
 * @param head  the first bytes, a whole line if possible; at least one
 * @throws {UsageError} BAD_OPTION: it could be anything. {StorageError} BAD_INPUT: it is none of ours.
 */
export function formatOfHead(name: string, head: Buffer): Format {
  if (head.includes(0)) {
    throw new StorageError('BAD_INPUT', `${name} is binary: NDJSON, CSV or TSV is expected`, {
      hint: 'Say what it is with --format if it is text after all.',
    })
  }
  const line = head
    .toString()
    .replace(/^\ufeff/, '')
    .trimStart()
    .split(/\r?\n/, 1)[0]!
  if (line.startsWith('{')) return 'ndjson'
  if (line.startsWith('[')) {
    throw new StorageError('BAD_INPUT', `${name} is one JSON array: one object per line is expected`, {
      hint: 'Unroll it: jq -c ".[]" file.json | sluice load <table> --format ndjson',
    })
  }
  if (line.includes('\t')) return 'tsv'
  if (line.includes(',')) return 'csv'
  throw new UsageError('BAD_OPTION', `the format of ${name} cannot be told from its first line`, {
    hint: 'Say it: --format ndjson, csv or tsv (and --delimiter for CSV).',
  })
}
