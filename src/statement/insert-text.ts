// Reads the text given to prepare(): an INSERT without data, or the bare name of a table.
//
//   INSERT [INTO] [TABLE] [db.]table [(a, b)] [SETTINGS k = v, ...] [FORMAT name | VALUES [(?, ?)]] [;]
//
// Only what names the target is kept. The format is ours (Native), and inline data has no place here: it would have to
// be dropped without a word, so it is refused.

import { UsageError } from '../errors.ts'
import type { SettingValue } from '../transport/transport.ts'
import { isIdentifier, Reader } from './insert-tokens.ts'

export interface InsertText {
  readonly database?: string
  readonly table: string
  /** The columns in the order of the list; absent without a list. */
  readonly columns?: readonly string[]
  readonly settings: Readonly<Record<string, SettingValue>>
}

/**
 * @throws {UsageError} BAD_INSERT with line and column of the first token that does not belong.
 * @see https://clickhouse.com/docs/sql-reference/statements/insert-into
 */
export function parseInsert(text: string): InsertText {
  if (typeof text !== 'string') {
    throw new UsageError('BAD_INSERT', `prepare() takes an INSERT, or the name of a table, not ${typeof text}.`)
  }
  const reader = new Reader(text)
  const isInsert = reader.isWord('INSERT') && reader.peek(1).kind !== 'end' && !reader.isSymbol('.', 1)
  if (!isInsert) return readBareTable(reader)
  reader.next()
  if (reader.isWord('INTO')) reader.next()
  if (reader.isWord('FUNCTION') || (reader.isWord('TABLE') && reader.isWord('FUNCTION', 1))) {
    reader.refuse(
      'a table, not a table function',
      'Rows can be prepared for a table only: create a table with that engine and insert into it.',
    )
  }
  // A table may itself be called `table`, so the keyword is one only in front of another name.
  if (reader.isWord('TABLE') && isIdentifier(reader.peek(1)) && !reader.isClause(1)) reader.next()
  const target = readTable(reader)
  const columns = reader.isSymbol('(') ? readColumns(reader) : undefined
  const settings = reader.isWord('SETTINGS') ? readSettings(reader) : {}
  readTail(reader)
  return { ...target, ...(columns && { columns }), settings }
}

function readBareTable(reader: Reader): InsertText {
  if (!isIdentifier(reader.peek())) reader.refuse('an INSERT or the name of a table')
  const target = readTable(reader)
  if (reader.peek().kind !== 'end') {
    reader.refuse(
      'the end of the table’s name',
      'Give prepare() an INSERT INTO ..., or only the name of a table: events, db.events, `odd-name`.',
    )
  }
  return { ...target, settings: {} }
}

function readTable(reader: Reader): { database?: string; table: string } {
  const first = reader.identifier('the name of a table')
  if (!reader.isSymbol('.')) return { table: first }
  reader.next()
  const table = reader.identifier('the name of a table after the database')
  if (reader.isSymbol('.')) {
    reader.refuse('one database and one table', 'Put a name that has dots of its own in backticks: db.`a.b`.')
  }
  return { database: first, table }
}

function readColumns(reader: Reader): string[] {
  const columns: string[] = []
  do {
    reader.next() // the parenthesis or the comma
    if (reader.isSymbol('*')) {
      reader.refuse('the name of a column', 'Leave the list out to insert into every column, or name the columns.')
    }
    if (columns.length === 0 && (reader.isWord('SELECT') || reader.isWord('WITH'))) refuseSelect(reader)
    let name = reader.identifier('the name of a column')
    // Columns of a flattened Nested structure are called `n.a`, with or without backticks around the whole.
    while (reader.isSymbol('.')) {
      reader.next()
      name += `.${reader.identifier('the name of a column')}`
    }
    if (columns.includes(name)) reader.refuse(`each column once, not ${JSON.stringify(name)} twice`)
    columns.push(name)
  } while (reader.isSymbol(','))
  if (!reader.isSymbol(')')) reader.refuse("',' or ')'")
  reader.next()
  return columns
}

function readSettings(reader: Reader): Record<string, SettingValue> {
  const settings: Record<string, SettingValue> = {}
  do {
    reader.next() // SETTINGS or the comma
    const name = reader.identifier('the name of a setting')
    if (!reader.isSymbol('=')) reader.refuse("'='")
    reader.next()
    settings[name] = readSettingValue(reader)
  } while (reader.isSymbol(','))
  return settings
}

function readSettingValue(reader: Reader): SettingValue {
  const sign = reader.isSymbol('-') ? -1 : 1
  if (sign === -1) reader.next()
  const token = reader.next()
  if (token.kind === 'number') {
    // A UInt64 setting does not fit a double: such a value stays text, which the server reads just as well.
    const number = sign * Number(token.text)
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? (sign < 0 ? '-' : '') + token.text : number
  }
  if (sign === 1 && token.kind === 'string') return token.text
  if (sign === 1 && token.kind === 'word' && /^(true|false)$/i.test(token.text))
    return token.text.toLowerCase() === 'true'
  return reader.refuseAt(token, "a setting's value: a number, a 'string', true or false")
}

function readTail(reader: Reader): void {
  if (
    reader.isWord('SELECT') ||
    reader.isWord('WITH') ||
    reader.isWord('WATCH') ||
    reader.isWord('EXPLAIN') ||
    reader.isSymbol('(')
  ) {
    refuseSelect(reader)
  }
  if (reader.isWord('FROM')) {
    reader.refuse(
      'no data source',
      'INSERT ... FROM INFILE is read by the server: run it with command(), or exec() the rows.',
    )
  }
  if (reader.isWord('FORMAT')) {
    reader.next()
    reader.identifier('the name of a format')
  } else if (reader.isWord('VALUES')) {
    reader.next()
    readPlaceholders(reader)
  }
  if (reader.isSymbol(';')) reader.next()
  if (reader.peek().kind !== 'end') {
    reader.refuse('the end of the INSERT', 'Rows go to exec(); data inside the text would not be inserted.')
  }
}

/** `(?, ?)`, `($1, $2)`, `(:a, :b)`: what other drivers want after VALUES. They carry no data, so they may stand. */
function readPlaceholders(reader: Reader): void {
  while (reader.isSymbol('(')) {
    do {
      reader.next()
      if (reader.isSymbol('?')) reader.next()
      else if (reader.isSymbol('$') || reader.isSymbol(':')) {
        reader.next()
        reader.next()
      } else
        reader.refuse(
          'a placeholder (?, $1 or :name)',
          'Rows go to exec(); data inside the text would not be inserted.',
        )
    } while (reader.isSymbol(','))
    if (!reader.isSymbol(')')) reader.refuse("',' or ')'")
    reader.next()
    if (reader.isSymbol(',')) reader.next()
  }
}

function refuseSelect(reader: Reader): never {
  return reader.refuse('no query', 'INSERT ... SELECT runs on the server alone: use command() for it.')
}
