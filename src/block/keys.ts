import { EncodeError, type ErrorPlace } from '../errors.ts'
import { closestName } from '../types/closest.ts'
import type { NestedGroup, PlannedColumn } from './plan.ts'

/**
 * Refuses a row that has a key no column has: a misspelled name would otherwise become a default without a word.
 *
 * @throws {EncodeError} UNKNOWN_COLUMN, naming the closest column
 */
export function checkKeys(
  row: object,
  rowIndex: number,
  columns: readonly PlannedColumn[],
  groups: readonly NestedGroup[],
  table?: string,
): void {
  const names = namesOf(columns)
  for (const key of Object.keys(row)) {
    if (names.has(key)) continue
    const group = groups.find(({ name }) => name === key)
    if (group) checkNested((row as Record<string, unknown>)[key], group, rowIndex, table)
    else refuseKey('the row', key, names, { row: rowIndex, table })
  }
}

const known = new WeakMap<readonly PlannedColumn[], ReadonlySet<string>>()

function namesOf(columns: readonly PlannedColumn[]): ReadonlySet<string> {
  const names = known.get(columns) ?? new Set(columns.map(({ name }) => name))
  known.set(columns, names)
  return names
}

function checkNested(list: unknown, group: NestedGroup, rowIndex: number, table?: string): void {
  if (!Array.isArray(list)) return // the column itself refuses it
  const parts = group.members.map(({ part }) => part)
  for (const item of list) {
    for (const key of Object.keys(item ?? {})) {
      if (!parts.includes(key))
        refuseKey(
          'the row',
          `${group.name}.${key}`,
          group.members.map(({ name }) => name),
          { row: rowIndex, table },
        )
    }
  }
}

/** @param what  has the key */
export function refuseKey(
  what: string,
  key: string,
  names: Iterable<string>,
  { row, table }: Pick<ErrorPlace, 'row' | 'table'>,
): never {
  const closest = closestName(key, names)
  throw new EncodeError(
    'UNKNOWN_COLUMN',
    `${what} has a key ${JSON.stringify(key)} that is no column of this statement`,
    {
      table,
      column: key,
      row,
      hint:
        closest === undefined
          ? 'Remove the key, or pass ignoreUnknown: true.'
          : `Did you mean ${JSON.stringify(closest)}? To drop such keys pass ignoreUnknown: true.`,
    },
  )
}
