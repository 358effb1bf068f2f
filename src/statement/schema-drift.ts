// What the table has and what a block was made for, compared by name and type.

import { SchemaError } from '../errors.ts'
import type { Column } from '../types/node.ts'
import { quoteTable, type TableName } from './table.ts'
import { compareTypes } from './type-change.ts'

export interface ColumnChange {
  readonly column: string
  /** Its type, `UInt8`, with what is special about it: `UInt8 MATERIALIZED`. */
  readonly was: string
  /** Undefined: the table has no such column any more. */
  readonly is?: string
}

/**
 * What keeps blocks made for the columns `was` out of a table that has the columns `is`. A column that was added does not:
 * blocks name theirs.
 *
 * @param by.typesAreChecked  whether the server itself refuses a block of other types than the table's
 * @param by.nullsAsDefault   but for NULL, which this block lets stand for a DEFAULT
 */
export function disturbances(was: readonly Column[], is: readonly Column[], by: Checks): ColumnChange[] {
  const changes: ColumnChange[] = []
  const now = new Map(is.map((column) => [column.name, column]))
  for (const column of was) {
    const current = now.get(column.name)
    const change = { column: column.name, was: describeColumn(column) }
    if (current === undefined) changes.push(change)
    else if (!takesSuchBlocks(column, current, by)) changes.push({ ...change, is: describeColumn(current) })
  }
  return changes
}

interface Checks {
  readonly typesAreChecked: boolean
  readonly nullsAsDefault: boolean
}

function takesSuchBlocks(was: Column, is: Column, { typesAreChecked, nullsAsDefault }: Checks): boolean {
  // Of an EPHEMERAL column values are taken and dropped, without a word.
  if (isComputed(is) && is.defaultKind !== was.defaultKind) return false
  const change = compareTypes(was.type, is.type, nullsAsDefault)
  return change === 'same' || (change === 'checked' && typesAreChecked)
}

/** Whether its values are not, or not simply, those that were inserted. */
export function isComputed({ defaultKind }: Column): boolean {
  return defaultKind !== '' && defaultKind !== 'DEFAULT'
}

export function describeColumn(column: Column): string {
  return isComputed(column) ? `${column.type} ${column.defaultKind}` : column.type
}

/** @param more.consequence  what follows from it for rows that are in the table already, or not yet */
export function schemaChanged(
  name: TableName,
  changes: readonly ColumnChange[],
  more: { consequence?: string; hint?: string; cause?: unknown } = {},
): SchemaError {
  const [first] = changes
  const named = changes.slice(0, NAMED_MAX).map(describeChange)
  if (changes.length > NAMED_MAX) named.push(`${changes.length - NAMED_MAX} more`)
  const { consequence, hint = PREPARE_AGAIN, cause } = more
  return new SchemaError(
    'SCHEMA_CHANGED',
    `${quoteTable(name)} changed since prepare(): ${named.join('; ')}${consequence ? `. ${consequence}` : ''}`,
    { table: name.table, column: first?.column, type: first?.was, hint, cause },
  )
}

const NAMED_MAX = 10

export const PREPARE_AGAIN =
  'prepare again, and exec the rows of `sealed` and `rejected` blocks; or change the table back and give takeBlocks() to deliver().'

function describeChange({ column, was, is }: ColumnChange): string {
  const name = JSON.stringify(column)
  return is === undefined
    ? `the column ${name} (${short(was)}) is gone`
    : `${name} was ${short(was)} and is ${short(is)} now`
}

/** An Enum can have thousands of labels. */
function short(type: string): string {
  return type.length <= 200 ? type : `${type.slice(0, 200)}…`
}
