import { SchemaError } from '../errors.ts'
import type { TypeNode } from '../types/node.ts'
import { parseType } from '../types/parse.ts'
import type { TypedValue } from '../types/typed.ts'
import { Refusal, type StagedColumn } from './column.ts'

/** Spellings of types a column remembers: type texts made of data must not fill the memory. */
const SPELLINGS_MAX = 1000

/** What the type texts given to typed() mean to a column, each text read once. */
export class Spellings<T> {
  readonly #known = new Map<string, T>()
  get(type: string): T | undefined {
    return this.#known.get(type)
  }
  set(type: string, meaning: T): void {
    if (this.#known.size >= SPELLINGS_MAX) this.#known.clear()
    this.#known.set(type, meaning)
  }
}

/** The type that typed() names, or what `make` builds of it. A type that is none is the fault of the row that names it. */
export function typeOf<T>(
  column: StagedColumn,
  index: number,
  { type, value }: TypedValue,
  make: (node: TypeNode) => T,
): T {
  if (typeof type !== 'string') {
    throw new Refusal(
      'BAD_TYPE',
      column,
      index,
      value,
      'typed() was given no type',
      "It takes a text: typed('UInt8', 1).",
    )
  }
  try {
    return make(parseType(type))
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    throw new Refusal(error.code, column, index, value, error.message.split('\n', 1)[0], error.hint)
  }
}
