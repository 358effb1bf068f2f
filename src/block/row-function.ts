// The function that stages one row: a straight list of columns, the common case of each written out.
//
// It is generated per statement, because a loop over columns calls `put` through one call site that has seen every kind of
// column, and V8 then looks up each call. Names enter the text through JSON.stringify only. Where the process forbids
// generated code, the loop over `put` does the same, and the tests hold both to the same bytes.

import type { RowSource, StagedColumn, StagingContext } from '../column/column.ts'
import { STAGED, type StageResult } from './builder.ts'

/** Reads one column's value from a row given by name. */
export interface NamedColumn {
  readonly name: string
  readonly column: StagedColumn
  /** For `n.a` of a flattened Nested: what the row has under that name, or else what its `n`, an array of objects, says. */
  readonly fromNested?: (row: Record<string, unknown>, own: unknown) => unknown
}

/**
 * Stages a row's values.
 *
 * @param index  in the block
 * @param slot   in the strip
 */
// biome-ignore lint/suspicious/noExplicitAny: a row is whatever the caller has; the columns check every value of it
export type RowFunction = (row: any, index: number, slot: number) => void

export type StageFunction = (row: object | readonly unknown[], rowIndex?: number) => StageResult

/** Where the stage function hands over: see NativeBuilder. */
interface StageOwner {
  stageValues(row: readonly unknown[], rowIndex?: number): StageResult
  settle(row: object, index: number, rowIndex?: number): StageResult
  refuse(error: unknown, row: unknown, rowIndex?: number): StageResult
}

/** Above this many columns the list is cut, so that each function stays small enough for the optimiser. */
const COLUMNS_PER_FUNCTION = 32
/**
 * Above this many columns a long common case stays a call: written out a thousand times it is more code than the processor keeps
 * at hand. 65 instead of 150 ns a short text at 1,000 columns, no difference at 100 (bench/wide).
 */
const COLUMNS_WRITTEN_OUT = 128
/** Characters of the source of a number; that of a text has five times as many. */
const SHORT_SOURCE = 200

/**
 * Stages a row and counts it, unless the owner has to look at it. With few columns all of it is one function, so that a row
 * costs one call.
 */
export function stageFunction(
  columns: readonly NamedColumn[],
  context: StagingContext,
  owner: StageOwner,
): StageFunction {
  if (columns.length <= COLUMNS_PER_FUNCTION) {
    const source = new FunctionSource()
    const [ctx, own] = [source.name(context), source.name(owner)]
    const generated = source.compile<StageFunction>(`function stage(row, rowIndex) {
if (Array.isArray(row)) return ${own}.stageValues(row, rowIndex)
const index = ${ctx}.rowCount, slot = index - ${ctx}.stripStart
try {
${columnLines(columns, nameSource, source, 0, false).join('\n')}
} catch (error) { return ${own}.refuse(error, row, rowIndex) }
if (index + 1 < ${ctx}.checkRows && ${ctx}.byteBound < ${ctx}.checkBytes) {
  ${ctx}.rowCount = index + 1
  return ${STAGED}
}
return ${own}.settle(row, index, rowIndex)
}`)
    if (generated) return generated
  }
  const stageRow = byName(columns)
  return (row, rowIndex) => {
    if (Array.isArray(row)) return owner.stageValues(row, rowIndex)
    const index = context.rowCount
    try {
      stageRow(row, index, index - context.stripStart)
    } catch (error) {
      return owner.refuse(error, row, rowIndex)
    }
    if (index + 1 < context.checkRows && context.byteBound < context.checkBytes) {
      context.rowCount = index + 1
      return STAGED
    }
    return owner.settle(row, index, rowIndex)
  }
}

/** Stages the values of a row given by column name. */
export function byName(columns: readonly NamedColumn[]): RowFunction {
  return generate(columns, nameSource) ?? plainByName(columns)
}

/** Stages the values of a row given as an array in column order. */
export function byPosition(columns: readonly NamedColumn[]): RowFunction {
  return generate(columns, (_, position) => `row[${position}]`) ?? plainByPosition(columns)
}

/** `byName` without generated code. */
export function plainByName(columns: readonly NamedColumn[]): RowFunction {
  return (row, index, slot) => {
    for (const { name, column, fromNested } of columns) {
      const value = ownValue(row, name)
      column.put(column.inStrips ? slot : index, fromNested ? fromNested(row, value) : value)
    }
  }
}

/** `byPosition` without generated code. */
export function plainByPosition(columns: readonly NamedColumn[]): RowFunction {
  return (row, index, slot) => {
    for (let i = 0; i < columns.length; i++) {
      const { column } = columns[i]
      column.put(column.inStrips ? slot : index, row[i])
    }
  }
}

/** What the row has under a name; a missing `toString` is not found on the prototype. */
export function ownValue(row: Record<string, unknown>, name: string): unknown {
  return isInherited(name) && !Object.hasOwn(row, name) ? undefined : row[name]
}

type ValueSource = (column: NamedColumn, position: number, source: FunctionSource) => string

const nameSource: ValueSource = (named, _, source) => {
  const key = JSON.stringify(named.name)
  // As ownValue() does it.
  const value = isInherited(named.name) ? `(Object.hasOwn(row, ${key}) ? row[${key}] : undefined)` : `row[${key}]`
  return named.fromNested ? `${source.name(named.fromNested)}(row, ${value})` : value
}

function isInherited(name: string): boolean {
  return name in Object.prototype
}

function columnLines(
  columns: readonly NamedColumn[],
  value: ValueSource,
  source: FunctionSource,
  start: number,
  isWide: boolean,
): string[] {
  return columns.map((named, i) => {
    const { column } = named
    const local = source.local()
    const index = column.inStrips ? 'slot' : 'index'
    const short = `${source.name(column)}.put(${index}, ${local})`
    const long = column.putSource(source, index, local)
    return `const ${local} = ${value(named, start + i, source)}\n${isWide && long.length > SHORT_SOURCE ? short : long}`
  })
}

function generate(columns: readonly NamedColumn[], value: ValueSource): RowFunction | undefined {
  const functions: RowFunction[] = []
  const isWide = columns.length > COLUMNS_WRITTEN_OUT
  for (let start = 0; start < columns.length; start += COLUMNS_PER_FUNCTION) {
    const source = new FunctionSource()
    const lines = columnLines(columns.slice(start, start + COLUMNS_PER_FUNCTION), value, source, start, isWide)
    const generated = source.compile<RowFunction>(`function stageRow(row, index, slot) {\n${lines.join('\n')}\n}`)
    if (!generated) return undefined
    functions.push(generated)
  }
  if (functions.length === 1) return functions[0]
  return (row, index, slot) => {
    for (const stage of functions) stage(row, index, slot)
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
    return column.tellsMoves ? this.name(column[name]) : `${this.name(column)}.${name}`
  }

  local(): string {
    return `v${this.#locals++}`
  }

  /** Undefined where the process forbids generated code (--disallow-code-generation-from-strings). */
  compile<F>(text: string): F | undefined {
    // V8 keeps what it learned about a text it has seen before, and then takes the values for variables instead of constants:
    // each function is a text of its own.
    const body = `'use strict' // ${++written}\nreturn ${text}`
    try {
      return new Function(...this.#names.values(), body)(...this.#names.keys()) as F
    } catch (error) {
      if (error instanceof EvalError) return undefined
      throw error
    }
  }
}
