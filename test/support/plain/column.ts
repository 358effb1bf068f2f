// The plain encoder: the Native format a second time, written straight from its description and from the README's table of values,
// without a line of src/column or of the core. Whole columns at a time, no staging, nothing kept from block to block. The tests
// hold the core against it byte for byte, and the benchmarks its speed.

import type { ErrorCode } from '../../../src/errors.ts'
import { Output } from './output.ts'

/** A column of one type; `values` are all that it has in the block, also inside of arrays. */
export interface PlainColumn {
  /** What stands before all data of the outermost column. Few types look at the values for it. */
  prefix(out: Output, values: () => readonly unknown[]): void
  /** Called with at least one value. Throws Illegal where a leaf meets an illegal one. */
  data(out: Output, values: readonly unknown[]): void
  /** The first thing wrong with a value, from the outside in and from the left to the right. */
  fault(value: unknown): Fault | undefined
}

export interface Fault {
  readonly code: ErrorCode
  /** Where in the value: `[3].name`, ` key`. */
  readonly path: string
  readonly value: unknown
}

/** Stands for the value under a NULL, which is nobody's: all its bytes are 0, its texts and arrays are empty. */
export const ZERO = Symbol('zero')

/** Thrown by a leaf. */
export class Illegal {
  readonly code: ErrorCode
  constructor(code: ErrorCode) {
    this.code = code
  }
}

export function illegal(code: ErrorCode): never {
  throw new Illegal(code)
}

/** A value that is of none of the kinds a type takes. */
export function wrongKind(value: unknown): never {
  illegal(value === undefined ? 'MISSING_VALUE' : value === null ? 'NOT_NULLABLE' : 'WRONG_TYPE')
}

export function wrongKindFault(value: unknown): Fault {
  return {
    code: value === undefined ? 'MISSING_VALUE' : value === null ? 'NOT_NULLABLE' : 'WRONG_TYPE',
    path: '',
    value,
  }
}

/** `fault` of a part, as the fault of the whole. */
export function inside(part: string, fault: Fault | undefined): Fault | undefined {
  return fault && { ...fault, path: part + fault.path }
}

const nowhere = new Output()

/** A type without others inside. */
export function leaf(data: (out: Output, values: readonly unknown[]) => void): PlainColumn {
  return {
    prefix() {},
    data,
    fault(value) {
      try {
        nowhere.clear()
        data(nowhere, [value])
        return undefined
      } catch (error) {
        if (error instanceof Illegal) return { code: error.code, path: '', value }
        throw error
      }
    },
  }
}

/** A leaf whose values all take `width` bytes. */
export function fixed(width: number, write: (view: DataView, at: number, value: unknown) => void): PlainColumn {
  return leaf((out, values) => {
    const start = out.reserve(values.length * width)
    for (let i = 0; i < values.length; i++) {
      if (values[i] !== ZERO) write(out.view, start + i * width, values[i])
    }
  })
}
