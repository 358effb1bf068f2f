// The function that stages one row: a straight list of columns, the common case of each written out.
//
// It is generated per statement, because a loop over columns calls `put` through one call site that has seen every kind of
// column, and V8 then looks up each call. Names enter the text through JSON.stringify only. Where the process forbids
// generated code, the loop over `put` does the same, and the tests hold both to the same bytes.

import type { RowSource, StagedColumn } from '../column/column.ts'

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
  const generated = generate(columns, (named, _, source) => {
    const key = JSON.stringify(named.name)
    // A missing `toString` must not be found on the prototype.
    const value = isInherited(named.name) ? `(Object.hasOwn(row, ${key}) ? row[${key}] : undefined)` : `row[${key}]`
    return named.fromNested ? `(${value} ?? ${source.name(named.fromNested)}(row))` : value
  })
  if (generated) return generated
  return (row, index) => {
    for (const { name, column, fromNested } of columns) {
      const value = isInherited(name) && !Object.hasOwn(row, name) ? undefined : row[name]
      column.put(index, fromNested ? (value ?? fromNested(row)) : value)
    }
  }
}

/** Stages a row given as an array in column order. */
export function byPosition(columns: readonly NamedColumn[]): RowFunction {
  const generated = generate(columns, (_, i) => `row[${i}]`)
  if (generated) return generated
  return (row, index) => {
    for (let i = 0; i < columns.length; i++) columns[i].column.put(index, row[i])
  }
}

function isInherited(name: string): boolean {
  return name in Object.prototype
}

type ValueSource = (column: NamedColumn, position: number, source: FunctionSource) => string

function generate(columns: readonly NamedColumn[], value: ValueSource): RowFunction | undefined {
  const functions: RowFunction[] = []
  for (let start = 0; start < columns.length; start += COLUMNS_PER_FUNCTION) {
    const source = new FunctionSource()
    const lines = columns.slice(start, start + COLUMNS_PER_FUNCTION).map((named, i) => {
      const local = source.local()
      return `const ${local} = ${value(named, start + i, source)}\n${named.column.putSource(source, 'index', local)}`
    })
    const make = source.compile(lines)
    if (!make) return undefined
    functions.push(make)
  }
  if (functions.length === 1) return functions[0]
  return (row, index) => {
    for (const stage of functions) stage(row, index)
  }
}

let written = 0

/** The text of one function, and the values it refers to by identifier. */
class FunctionSource implements RowSource {
  readonly #names = new Map<unknown, string>()
  #locals = 0

  name(value: unknown): string {
    const name = this.#names.get(value) ?? `c${this.#names.size}`
    this.#names.set(value, name)
    return name
  }

  view<Name extends string>(column: StagedColumn & { readonly [name in Name]: unknown }, name: Name): string {
    return column.isRowLevel ? this.name(column[name]) : `${this.name(column)}.${name}`
  }

  local(): string {
    return `v${this.#locals++}`
  }

  /** Undefined where the process forbids generated code (--disallow-code-generation-from-strings). */
  compile(lines: readonly string[]): RowFunction | undefined {
    // V8 keeps what it learned about a text it has seen before, and then takes the values for variables instead of constants:
    // each function is a text of its own.
    const text = `'use strict' // ${++written}\nreturn function stageRow(row, index) {\n${lines.join('\n')}\n}`
    try {
      return new Function(...this.#names.values(), text)(...this.#names.keys()) as RowFunction
    } catch (error) {
      if (error instanceof EvalError) return undefined
      throw error
    }
  }
}
