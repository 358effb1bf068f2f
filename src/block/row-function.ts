// The function that stages one row: a straight list of `column.put(index, row.name)`.
//
// It is generated per statement, because a loop over columns calls `put` through one call site that has seen every kind of
// column, and V8 then looks up each call. With a literal list each call site knows one column and is inlined (24 ns against
// 70-97 ns for the clickstream row). Names enter the text through JSON.stringify only. Where the process forbids generated
// code, the loop does the same.

import type { StagedColumn } from '../column/column.ts'

/** Reads one column's value from a row given by name. */
export interface NamedColumn {
  readonly name: string
  readonly column: StagedColumn
  /** For `n.a` of a flattened Nested: reads it from the row's `n`, an array of objects, when `n.a` is not there. */
  readonly fromNested?: (row: Record<string, unknown>) => unknown
}

// biome-ignore lint/suspicious/noExplicitAny: a row is whatever the caller has; the columns check every value of it
export type RowFunction = (row: any, index: number) => void

/** Above this many columns the list is cut, so that each function stays small enough for the optimiser. */
const COLUMNS_PER_FUNCTION = 32

/** Stages a row given by column name. */
export function byName(columns: readonly NamedColumn[]): RowFunction {
  return (
    generate(columns, ({ name, fromNested }, i) => {
      const key = JSON.stringify(name)
      // A missing `toString` must not be found on the prototype.
      const value = name in Object.prototype ? `(hasOwn(row, ${key}) ? row[${key}] : undefined)` : `row[${key}]`
      return fromNested ? `(${value} ?? n${i}.fromNested(row))` : value
    }) ??
    ((row: Record<string, unknown>, index) => {
      for (const { name, column, fromNested } of columns) {
        const value = name in Object.prototype && !Object.hasOwn(row, name) ? undefined : row[name]
        column.put(index, fromNested ? (value ?? fromNested(row)) : value)
      }
    })
  )
}

/** Stages a row given as an array in column order. */
export function byPosition(columns: readonly NamedColumn[]): RowFunction {
  return (
    generate(columns, (_, i) => `row[${i}]`) ??
    ((row: readonly unknown[], index) => {
      for (let i = 0; i < columns.length; i++) columns[i].column.put(index, row[i])
    })
  )
}

function generate(
  columns: readonly NamedColumn[],
  value: (column: NamedColumn, i: number) => string,
): RowFunction | undefined {
  const functions: RowFunction[] = []
  for (let start = 0; start < columns.length; start += COLUMNS_PER_FUNCTION) {
    const part = columns.slice(start, start + COLUMNS_PER_FUNCTION)
    const parameters = part.flatMap((_, i) => [`c${start + i}`, `n${start + i}`])
    const lines = part.map((column, i) => `  c${start + i}.put(index, ${value(column, start + i)})`)
    const text = `'use strict'\nreturn function stageRow(row, index) {\n${lines.join('\n')}\n}`
    let make: (...values: unknown[]) => RowFunction
    try {
      make = new Function('hasOwn', ...parameters, text) as typeof make
    } catch (error) {
      if (error instanceof EvalError) return undefined // --disallow-code-generation-from-strings
      throw error
    }
    functions.push(make(Object.hasOwn, ...part.flatMap((column) => [column.column, column])))
  }
  if (functions.length === 1) return functions[0]
  return (row, index) => {
    for (const stage of functions) stage(row, index)
  }
}
