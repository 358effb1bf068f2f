// Reads the text given to prepare(): an INSERT without data, or the bare name of a table.
//
//   INSERT [INTO] [TABLE] [db.]table [(a, b)] [SETTINGS k = v, ...] [FORMAT name | VALUES [(?, ?)]] [;]
//
// Only what names the target is kept. The format is ours (Native), and inline data has no place here: it would have to
// be dropped without a word, so it is refused.

import { UsageError } from '../errors.ts'
import type { SettingValue } from '../transport/transport.ts'

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
  const sign = reader.isSymbol('-') ? (reader.next(), -1) : 1
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

/** An identifier that must not be mistaken for anything else: always in backticks, `\` and `` ` `` escaped. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&').replace(/\n/g, '\\n')}\``
}

/** A string literal: `\` and `'` escaped. */
export function quoteString(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'end'
  /** Without quotes, escapes resolved. */
  readonly text: string
  readonly start: number
}

const CLAUSES = ['VALUES', 'FORMAT', 'SETTINGS', 'SELECT', 'WITH', 'FROM', 'WATCH']

function isIdentifier(token: Token): boolean {
  return token.kind === 'word' || token.kind === 'quoted'
}

class Reader {
  readonly #text: string
  readonly #tokens: Token[]
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  /** The token `ahead` places from here; the last one is always `end`. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  next(): Token {
    const token = this.peek()
    this.#at++
    return token
  }

  isWord(upper: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text.toUpperCase() === upper
  }

  isClause(ahead: number): boolean {
    return CLAUSES.some((word) => this.isWord(word, ahead))
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  identifier(wanted: string): string {
    const token = this.next()
    if (!isIdentifier(token)) return this.refuseAt(token, wanted)
    if (token.text === '') return this.refuseAt(token, `${wanted}, which cannot be empty`)
    return token.text
  }

  refuse(wanted: string, hint?: string): never {
    return this.refuseAt(this.peek(), wanted, hint)
  }

  refuseAt(token: Token, wanted: string, hint?: string): never {
    throw badInsert(this.#text, token.start, `expected ${wanted}, found ${describeToken(token)}`, hint)
  }
}

/** What stands there, without showing a string literal: it may be somebody's data. */
function describeToken(token: Token): string {
  if (token.kind === 'end') return 'the end'
  if (token.kind === 'string') return 'a string'
  return JSON.stringify(token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text)
}

function badInsert(text: string, position: number, reason: string, hint?: string): UsageError {
  const before = text.slice(0, position).split('\n')
  const place = `position ${position} (line ${before.length}, column ${before.at(-1)!.length + 1})`
  return new UsageError('BAD_INSERT', `The INSERT cannot be prepared: at ${place} ${reason}.`, {
    hint:
      hint ??
      'INSERT INTO [db.]table [(a, b)] [SETTINGS name = value] [FORMAT Native | VALUES], or only the name of a table.',
  })
}

// Comments as the server knows them: -- and # to the end of the line, /* */ over lines. Sticky, so every match starts
// where the last one ended.
const SPACE = /(?:\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)+/y
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const NUMBER = /0x[0-9a-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy
const QUOTED = {
  '`': /`((?:[^`\\]|\\[\s\S]|``)*)`/y,
  '"': /"((?:[^"\\]|\\[\s\S]|"")*)"/y,
  "'": /'((?:[^'\\]|\\[\s\S]|'')*)'/y,
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found
  }
  for (;;) {
    match(SPACE)
    const start = at
    const char = text[at]
    if (char === undefined) {
      tokens.push({ kind: 'end', text: '', start })
      return tokens
    }
    if (text.startsWith('/*', at)) throw badInsert(text, start, 'a comment begins that never ends')
    if (char === '`' || char === '"' || char === "'") {
      const found = match(QUOTED[char])
      if (!found) throw badInsert(text, start, `a quote ${char} opens that is never closed`)
      tokens.push({ kind: char === "'" ? 'string' : 'quoted', text: unescape(found[1]!, char), start })
      continue
    }
    const word = match(WORD)
    if (word) {
      tokens.push({ kind: 'word', text: word[0], start })
      continue
    }
    const number = match(NUMBER)
    if (number) {
      tokens.push({ kind: 'number', text: number[0], start })
      continue
    }
    at++
    tokens.push({ kind: 'symbol', text: char, start })
  }
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', 0: '\0', b: '\b', f: '\f', a: '\x07', v: '\v' }

/** `\n`, `\\`, `\xHH` and the doubled quote, as ClickHouse resolves them; an unknown escape keeps its backslash. */
function unescape(body: string, quote: string): string {
  return body.replace(/\\x([0-9a-fA-F]{2})|\\([\s\S])|(``|""|'')/g, (whole, hex, escaped, doubled) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (escaped !== undefined) return ESCAPES[escaped] ?? ('\\`"\''.includes(escaped) ? escaped : whole)
    return doubled[0] === quote ? quote : whole
  })
}
