import type { Column } from '../types/node.ts'
import { type ColumnChange, describeColumn, isComputed, schemaChanged } from './schema-drift.ts'
import { selectColumns, type TableName } from './table.ts'
import { takesValues } from './type-change.ts'

/**
 * The columns a statement goes on with when its table has other ones than before; undefined where that makes no difference.
 *
 * Those it has keep their places, so that a row given as an array means the same or has the wrong length; new ones come behind.
 * A column that is gone would take the values of its rows along, also where it only has another name now: that is not followed.
 *
 * @param list  the columns of the INSERT, where it names them: then new ones are not its business
 * @throws {SchemaError} SCHEMA_CHANGED where rows could lose values, or mean others
 */
export function followColumns(
  name: TableName,
  was: readonly Column[],
  table: readonly Column[],
  list: readonly string[] | undefined,
): readonly Column[] | undefined {
  const now = new Map(table.map((column) => [column.name, column]))
  const lost: ColumnChange[] = []
  const next: Column[] = []
  for (const column of was) {
    const current = now.get(column.name)
    if (current !== undefined && takesRowsOf(column, current)) next.push(current)
    else
      lost.push({ column: column.name, was: describeColumn(column), ...(current && { is: describeColumn(current) }) })
  }
  if (lost.length > 0) throw schemaChanged(name, lost)
  if (list === undefined) {
    const had = new Set(was.map((column) => column.name))
    next.push(...selectColumns(table, undefined, name.table).filter((column) => !had.has(column.name)))
  }
  return isSame(was, next) ? undefined : next
}

function takesRowsOf(was: Column, is: Column): boolean {
  if ((isComputed(was) || isComputed(is)) && was.defaultKind !== is.defaultKind) return false
  return takesValues(was.type, is.type)
}

function isSame(a: readonly Column[], b: readonly Column[]): boolean {
  const plain = ({ name, type, defaultKind, defaultExpression }: Column) => [name, type, defaultKind, defaultExpression]
  return JSON.stringify(a.map(plain)) === JSON.stringify(b.map(plain))
}
