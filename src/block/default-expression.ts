// Which DEFAULT expressions the server can compute while it reads a block.
//
// NULL means DEFAULT only there, and there the server knows no other columns than those of the INSERT's list: an expression that
// refers to a MATERIALIZED or ALIAS column, or to one that is not in the list, ends the insert with error 47.

import type { Column } from '../types/node.ts'

/** Names of the columns without a DEFAULT, and of those whose DEFAULT refers to such columns alone. */
export function computableColumns(columns: readonly Column[]): ReadonlySet<string> {
  const byName = new Map(columns.map((column) => [column.name, column]))
  const known = new Map<string, boolean>()
  const isComputable = (name: string): boolean => {
    const column = byName.get(name)
    if (column === undefined) return false
    let answer = known.get(name)
    if (answer === undefined) {
      known.set(name, false) // a circle is nothing to rely on
      answer = namesIn(column.defaultExpression).every((own) => isComputable(own) || isComputable(own.split('.')[0]!))
      known.set(name, answer)
    }
    return answer
  }
  return new Set(columns.map(({ name }) => name).filter(isComputable))
}

/** A literal, a number, a function's name, an identifier; in this order, so that each is taken for what it is. */
const TOKEN =
  /'(?:[^'\\]|\\.|'')*'|\d[\w.]*|[a-z_][\w]*(?=\s*\()|`((?:[^`\\]|\\.)*)`|"((?:[^"\\]|\\.)*)"|([a-z_]\w*(?:\.\w+)*)/gi
const KEYWORDS = new Set([
  'and',
  'or',
  'not',
  'in',
  'like',
  'ilike',
  'is',
  'null',
  'true',
  'false',
  'global',
  'div',
  'mod',
])

/** Identifiers of an expression as system.columns prints it: functions and CAST are calls, types are texts. */
function namesIn(expression: string): string[] {
  const names: string[] = []
  for (const [, backquoted, quoted, word] of expression.matchAll(TOKEN)) {
    const name = backquoted?.replace(/\\(.)/g, '$1') ?? quoted?.replace(/\\(.)/g, '$1') ?? word
    if (name !== undefined && !KEYWORDS.has(name.toLowerCase())) names.push(name)
  }
  return names
}
