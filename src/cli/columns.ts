// Which columns an input fills.

import { SchemaError } from '../errors.ts'
import { closestName } from '../types/closest.ts'
import type { Column } from '../types/node.ts'
import type { Source } from './input/source.ts'

export interface Filled {
  readonly columns: readonly Column[]
  /** CSV and TSV: the field of each column. */
  readonly fields: readonly number[]
}

/**
 * Finds the source's names among the table's columns.
 * @throws {SchemaError} UNKNOWN_COLUMN naming the closest one
 */
export function matchColumns(
  table: string,
  source: Source,
  given: readonly string[] | undefined,
  all: readonly Column[],
  ignoreUnknown: boolean,
): Filled {
  const names = source.names ?? given
  if (names === undefined) {
    return { columns: all.filter(isInsertable), fields: [] }
  }
  const columns: Column[] = []
  const fields: number[] = []
  for (const [i, name] of names.entries()) {
    const column = all.find((candidate) => candidate.name === name)
    if (column) {
      columns.push(column)
      fields.push(i)
    } else if (!ignoreUnknown) throw unknownColumn(table, source, names, name, all)
  }
  if (columns.length === 0) throw unknownColumn(table, source, names, names[0] ?? '', all)
  return { columns, fields }
}

/** Takes values without being named. */
export function isInsertable({ defaultKind }: Column): boolean {
  return defaultKind === '' || defaultKind === 'DEFAULT'
}

function unknownColumn(
  table: string,
  source: Source,
  names: readonly string[],
  name: string,
  all: readonly Column[],
): SchemaError {
  const known = all.map((column) => column.name)
  const meant = closestName(name, known)
  const isRow = source.headerText !== undefined && !names.some((candidate) => known.includes(candidate))
  const hint = isRow
    ? `The first line names no column of the table. If it is a row: --no-header --columns ${known.slice(0, 3).join(',')},...`
    : meant !== undefined
      ? `Did you mean ${JSON.stringify(meant)}? --columns gives other names, --ignore-unknown leaves such columns out.`
      : `The table has ${known.slice(0, 20).join(', ')}. --ignore-unknown leaves such columns out.`
  return new SchemaError(
    'UNKNOWN_COLUMN',
    `${table} has no column ${JSON.stringify(name)}, which ${source.input.name} has`,
    { hint },
  )
}
