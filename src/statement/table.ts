import { SchemaError, ServerError } from '../errors.ts'
import type { Transport } from '../transport/transport.ts'
import { closestName } from '../types/closest.ts'
import type { Column } from '../types/node.ts'
import { quoteIdentifier, quoteString } from './quote.ts'

export interface TableName {
  readonly database: string
  readonly table: string
}

/** What small reads need of a transport. */
export type Reader = Pick<Transport, 'query'>

/** Reads at these hosts only. */
export function readerOf(transport: Transport, hosts: readonly string[]): Reader {
  return { query: (sql, options) => transport.query(sql, { ...options, hosts }) }
}

/** `` `db`.`table` ``; without a database (a file) only the table. */
export function quoteTable({ database, table }: TableName): string {
  return database === '' ? quoteIdentifier(table) : `${quoteIdentifier(database)}.${quoteIdentifier(table)}`
}

/**
 * All columns of a table, in the table's order, types exactly as they stand in system.columns.
 *
 * @throws {SchemaError} UNKNOWN_TABLE, with the closest name; its cause is the server's own exception
 */
export async function describeTable(transport: Reader, name: TableName): Promise<Column[]> {
  const columns = await columnsOf(transport, name)
  if (columns.length === 0) throw await unknownTable(transport, name)
  return columns
}

/** The same; none where the table is gone or may not be seen. */
export async function columnsOf(transport: Reader, name: TableName, signal?: AbortSignal): Promise<Column[]> {
  const rows = await transport.query(
    `SELECT name, type, default_kind, default_expression FROM system.columns WHERE ${inTable(name, 'table')}`,
    { signal },
  )
  return rows.map((row) => ({
    name: String(row.name),
    type: String(row.type),
    defaultKind: String(row.default_kind) as Column['defaultKind'],
    defaultExpression: String(row.default_expression),
  }))
}

/** A condition on `database` and the column that holds the table's name. */
export function inTable({ database, table }: TableName, column: 'table' | 'name'): string {
  return `database = ${quoteString(database)} AND ${column} = ${quoteString(table)}`
}

/**
 * The columns to stage: those of the INSERT's list in its order, else every column that takes values and is not EPHEMERAL.
 *
 * @throws {SchemaError} UNKNOWN_COLUMN, COLUMN_NOT_INSERTABLE
 */
export function selectColumns(
  columns: readonly Column[],
  list: readonly string[] | undefined,
  table: string,
): readonly Column[] {
  if (list === undefined) {
    const insertable = columns.filter(({ defaultKind }) => defaultKind === '' || defaultKind === 'DEFAULT')
    if (insertable.length > 0) return insertable
    throw new SchemaError('COLUMN_NOT_INSERTABLE', `${table} has no column that takes values.`, { table })
  }
  return list.map((name) => {
    const column = columns.find((candidate) => candidate.name === name)
    if (column === undefined) {
      const meant = closestName(
        name,
        columns.map((candidate) => candidate.name),
      )
      throw new SchemaError('UNKNOWN_COLUMN', `${table} has no column ${JSON.stringify(name)}.`, {
        table,
        column: name,
        hint:
          meant === undefined
            ? `It has ${columns
                .slice(0, 20)
                .map((candidate) => candidate.name)
                .join(', ')}.`
            : `Did you mean ${JSON.stringify(meant)}?`,
      })
    }
    if (column.defaultKind === 'MATERIALIZED' || column.defaultKind === 'ALIAS') {
      throw new SchemaError(
        'COLUMN_NOT_INSERTABLE',
        `${table}.${name} is ${column.defaultKind}: the server computes it.`,
        {
          table,
          column: name,
          type: column.type,
          hint: 'Leave it out of the column list.',
        },
      )
    }
    return column
  })
}

/** Why a table shows no columns. */
export async function unknownTable(transport: Reader, name: TableName): Promise<Error> {
  // The server says itself why it shows no columns: no such table, no such database, no right to see it.
  const cause = await transport.query(`SELECT * FROM ${quoteTable(name)} LIMIT 0`).then(
    () => undefined,
    (error: unknown) => error,
  )
  const missing = cause === undefined || (cause instanceof ServerError && [60, 81].includes(cause.serverCode))
  if (!missing) return cause as Error
  const tables = await transport.query(`SELECT name FROM system.tables WHERE database = ${quoteString(name.database)}`)
  const meant = closestName(
    name.table,
    tables.map((row) => String(row.name)),
  )
  return new SchemaError('UNKNOWN_TABLE', `There is no table ${quoteTable(name)}.`, {
    table: name.table,
    hint:
      meant !== undefined
        ? `Did you mean ${quoteIdentifier(meant)}?`
        : tables.length === 0
          ? `The database ${quoteIdentifier(name.database)} has no tables, or does not exist: name another as db.table.`
          : 'Create it first, or name its database: db.table.',
    cause,
  })
}
