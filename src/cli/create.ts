// `--create`: the columns and the CREATE TABLE that the first rows of an input suggest.

import { SluiceError, StorageError } from '../errors.ts'
import { quoteIdentifier } from '../statement/quote.ts'
import type { ServerInfo } from '../transport/transport.ts'
import { abilitiesOf, ColumnGuess, SAMPLE_ROWS } from './infer.ts'
import { parseJsonRow } from './input/ndjson.ts'
import type { RecordBatch } from './input/records.ts'
import { joined, type Source } from './input/source.ts'

export interface GuessedColumn {
  readonly name: string
  readonly type: string
}

/** Characters of sample kept in memory at most. */
const SAMPLE_LENGTH_MAX = 64 * 1024 * 1024

/**
 * Guesses the columns of `source` from its first rows; the rows stay to be read.
 * @throws {StorageError} BAD_INPUT: there is no row to guess from.
 */
export async function guessColumns(source: Source, release: ServerInfo['release']): Promise<GuessedColumn[]> {
  const guesses = new Map<string, ColumnGuess>(source.names?.map((name) => [name, new ColumnGuess()]))
  const guessOf = (name: string): ColumnGuess => {
    const guess = guesses.get(name) ?? new ColumnGuess()
    guesses.set(name, guess)
    return guess
  }
  let rowCount = 0
  for (const text of await sampleOf(source)) {
    if (text === '' && !source.hasEmptyRows) continue
    try {
      if (source.fields) {
        const fields = source.fields(text)
        source.names?.forEach((name, i) => {
          const field = fields[i]
          if (field === null) guessOf(name).addNull()
          else guessOf(name).addText(field ?? '')
        })
      } else {
        for (const [name, value] of Object.entries(parseJsonRow(text, false))) guessOf(name).addJson(value)
      }
      rowCount++
    } catch (error) {
      // A record that cannot be read says nothing about types; the load itself will report it.
      if (!(error instanceof SluiceError)) throw error
    }
  }
  if (rowCount === 0) {
    throw new StorageError('BAD_INPUT', `${source.input.name} has no row to guess the columns from`, {
      hint: 'Create the table yourself, then load without --create.',
    })
  }
  const abilities = abilitiesOf(release)
  return [...guesses].map(([name, guess]) => ({ name, type: guess.type(rowCount, abilities) }))
}

/** The first records' texts; they are put back in front of the others. */
async function sampleOf(source: Source): Promise<string[]> {
  const taken: RecordBatch[] = []
  const texts: string[] = []
  for (let length = 0; texts.length < SAMPLE_ROWS && length < SAMPLE_LENGTH_MAX; ) {
    const next = await source.batches.next()
    if (next.done) break
    taken.push(next.value)
    for (const text of next.value.texts) {
      texts.push(text)
      length += text.length
    }
  }
  source.batches = joined(taken, source.batches)
  return texts.slice(0, SAMPLE_ROWS)
}

export function createTableSql(
  table: string,
  columns: readonly GuessedColumn[],
  release: ServerInfo['release'],
): string {
  const width = Math.max(...columns.map(({ name }) => quoteIdentifier(name).length))
  const lines = columns.map(({ name, type }) => `    ${quoteIdentifier(name).padEnd(width)} ${type}`)
  // Without this a plain MergeTree forgets the tokens of blocks, and a block that is sent again after a lost answer counts twice.
  const knowsWindow = release[0] === 0 || release[0] >= 22
  return [
    `CREATE TABLE ${table}`,
    '(',
    lines.join(',\n'),
    ')',
    'ENGINE = MergeTree',
    `ORDER BY ${orderBy(columns)}`,
    ...(knowsWindow ? ['SETTINGS non_replicated_deduplication_window = 1000'] : []),
  ].join('\n')
}

/** A repeated text first, then the first time: what queries filter by. Else an id. A key column must not be Nullable. */
function orderBy(columns: readonly GuessedColumn[]): string {
  const repeated = columns.find(({ type }) => type === 'LowCardinality(String)')
  const time = columns.find(({ type }) => /^DateTime/.test(type)) ?? columns.find(({ type }) => /^Date/.test(type))
  const id = columns.find(({ name, type }) => /(^|_)id$/i.test(name) && !/Nullable|Array/.test(type))
  const key = time ? [repeated, time] : [id]
  const names = key.flatMap((column) => (column ? [quoteIdentifier(column.name)] : []))
  return names.length === 0 ? 'tuple()' : names.length === 1 ? names[0]! : `(${names.join(', ')})`
}
