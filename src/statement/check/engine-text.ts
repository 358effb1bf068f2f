// What system.tables says of a table in SQL: engine_full and create_table_query. ClickHouse prints them itself, so they are read, not
// checked; older versions leave names without quotes.
//
//   Distributed('logs', 'db', 'events', cityHash64(id))   ──▶   ['logs', 'db', 'events', 'cityHash64(id)']
//   MergeTree ORDER BY n SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 1000   ──▶   {…: '1000'}
//   CREATE MATERIALIZED VIEW db.v TO db.`t x` (`n` UInt32) AS SELECT …   ──▶   {database: 'db', table: 't x'}

import { isIdentifier, Reader } from '../insert-tokens.ts'
import type { TableName } from '../table.ts'

/** The arguments of an engine: names and texts without quotes, expressions as they stand there. */
export function engineArguments(engineFull: string): string[] {
  const reader = new Reader(engineFull)
  if (!reader.isSymbol('(', 1)) return []
  reader.next()
  reader.next()
  const found: string[] = []
  for (let depth = 1; depth > 0 && reader.peek().kind !== 'end'; ) {
    const first = reader.peek()
    let tokens = 0
    while (reader.peek().kind !== 'end' && !(depth === 1 && (reader.isSymbol(',') || reader.isSymbol(')')))) {
      if (reader.isSymbol('(')) depth++
      if (reader.isSymbol(')')) depth--
      reader.next()
      tokens++
    }
    const end = reader.next()
    if (end.text === ')') depth--
    if (tokens > 0) found.push(tokens === 1 ? first.text : engineFull.slice(first.start, end.start).trim())
  }
  return found
}

/** The SETTINGS of a table's own definition. */
export function engineSettings(engineFull: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>()
  const reader = new Reader(engineFull)
  let depth = 0
  while (reader.peek().kind !== 'end' && !(depth === 0 && reader.isWord('SETTINGS'))) {
    if (reader.isSymbol('(')) depth++
    if (reader.isSymbol(')')) depth--
    reader.next()
  }
  while (reader.isWord('SETTINGS') || reader.isSymbol(',')) {
    reader.next()
    const name = reader.next()
    reader.next() // =
    settings.set(name.text, reader.next().text)
  }
  return settings
}

/** Where a materialized view writes: the table after TO; undefined: a table of its own. */
export function viewTarget(createQuery: string, database: string): TableName | undefined {
  const reader = new Reader(createQuery)
  for (const _ of ['CREATE', 'MATERIALIZED', 'VIEW', 'db', '.', 'v']) reader.next() // a view may itself be called `to`
  while (reader.peek().kind !== 'end') {
    if (reader.isSymbol('(') || reader.isWord('AS') || reader.isWord('ENGINE')) return undefined
    if (reader.isWord('TO') && isIdentifier(reader.peek(1))) {
      reader.next()
      const first = reader.next().text
      if (!reader.isSymbol('.')) return { database, table: first }
      reader.next()
      return { database: first, table: reader.next().text }
    }
    reader.next()
  }
  return undefined
}
