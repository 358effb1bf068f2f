// Types around other types: Nullable, Array, Map, Tuple, QBit, LowCardinality; and Nothing.

import type { TupleElement } from '../../../src/types/node.ts'
import { TypedValue } from '../../../src/types/typed.ts'
import { type Fault, inside, leaf, type PlainColumn, wrongKind, wrongKindFault, ZERO } from './column.ts'
import { Output } from './output.ts'

/** A byte a value, 1 = NULL; then the values, something under each NULL. */
export function nullable(inner: PlainColumn): PlainColumn {
  const isNull = (value: unknown) => value === null || value === ZERO
  const shown = (values: readonly unknown[]) => values.map((value) => (isNull(value) ? ZERO : value))
  return {
    prefix: (out, values) => inner.prefix(out, () => shown(values())),
    data(out, values) {
      for (const value of values) out.uint(1, isNull(value) ? 1 : 0)
      inner.data(out, shown(values))
    },
    fault: (value) => (value === null ? undefined : inner.fault(value)),
  }
}

/** The end of each array among the elements, then all elements. */
export function array(inner: PlainColumn): PlainColumn {
  return {
    prefix: (out, values) => inner.prefix(out, () => elementsOf(values())),
    data(out, values) {
      let end = 0
      for (const value of values) {
        if (value !== ZERO) end += (value as ArrayLike<unknown>).length
        out.uint(8, end)
      }
      if (end > 0) inner.data(out, elementsOf(values))
    },
    fault: (value) => (isArray(value) ? firstFault(value, (element) => inner.fault(element)) : wrongKindFault(value)),
  }
}

function elementsOf(arrays: readonly unknown[]): unknown[] {
  const elements: unknown[] = []
  for (const array of arrays) {
    const { length } = array === ZERO ? [] : (array as ArrayLike<unknown>)
    for (let i = 0; i < length; i++) elements.push((array as ArrayLike<unknown>)[i])
  }
  return elements
}

function isArray(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}

function firstFault(
  values: ArrayLike<unknown>,
  faultOf: (value: unknown, index: number) => Fault | undefined,
): Fault | undefined {
  for (let i = 0; i < values.length; i++) {
    const fault = faultOf(values[i], i)
    if (fault) return inside(`[${i}]`, fault)
  }
  return undefined
}

/**
 * As an array of entries: the ends, then all keys, then all values.
 *
 * @param hasSmallKeys  the keys are integers that take no texts elsewhere; the keys of an object are always texts
 */
export function map(keys: PlainColumn, items: PlainColumn, hasSmallKeys: boolean): PlainColumn {
  const entriesOf = (value: unknown) => {
    const isObject = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Map)
    if (!isObject || !hasSmallKeys) return entriesIn(value)
    return entriesIn(value).map(([key, item]): [unknown, unknown] => [integerIn(key), item])
  }
  const part = (values: readonly unknown[], at: 0 | 1) =>
    values.flatMap((value) => entriesOf(value).map((entry) => entry[at]))
  return {
    prefix(out, values) {
      keys.prefix(out, () => part(values(), 0))
      items.prefix(out, () => part(values(), 1))
    },
    data(out, values) {
      let end = 0
      for (const value of values) {
        end += entriesOf(value).length
        out.uint(8, end)
      }
      if (end === 0) return
      keys.data(out, part(values, 0))
      items.data(out, part(values, 1))
    },
    fault(value) {
      if (typeof value !== 'object' || value === null) return wrongKindFault(value)
      if (!Array.isArray(value) && !(value instanceof Map) && !isKeyed(value)) return wrongKindFault(value)
      const isPair = (entry: unknown) => Array.isArray(entry) && entry.length === 2
      let place = ''
      for (const [i, entry] of entriesOf(value).entries()) {
        if (!isPair(entry)) return { code: 'WRONG_TYPE', path: '', value }
        if (entry[0] instanceof NoInteger) return { code: 'BAD_TEXT', path: `[${i}] key`, value: entry[0].text }
        place = `[${i}]`
        const fault = inside(`${place} key`, keys.fault(entry[0])) ?? inside(place, items.fault(entry[1]))
        if (fault) return fault
      }
      return undefined
    },
  }
}

class NoInteger {
  readonly text: unknown
  constructor(text: unknown) {
    this.text = text
  }
}

function integerIn(key: unknown): bigint | NoInteger {
  return /^[+-]?[0-9]+$/.test(key as string) ? BigInt((key as string).replace('+', '')) : new NoInteger(key)
}

function entriesIn(value: unknown): [unknown, unknown][] {
  if (value === ZERO) return []
  if (value instanceof Map) return [...value]
  return Array.isArray(value) ? Array.from(value) : Object.entries(value as object)
}

/** Whether an object is what its own keys say: a Date, a Set, a Promise, bytes are not. */
export function isKeyed(value: object): boolean {
  return !(value instanceof TypedValue) && Object.prototype.toString.call(value) === '[object Object]'
}

/** The values of the first element, then those of the second, ... */
export function tuple(columns: readonly PlainColumn[], elements: readonly TupleElement[]): PlainColumn {
  const names = elements.map(({ name }) => name)
  const isNamed = names[0] !== undefined
  const part = (value: unknown, i: number): unknown =>
    value === ZERO ? ZERO : Array.isArray(value) ? value[i] : (value as Record<string, unknown>)[names[i]!]
  const parts = (values: readonly unknown[], i: number) => values.map((value) => part(value, i))
  return {
    prefix(out, values) {
      for (const [i, column] of columns.entries()) column.prefix(out, () => parts(values(), i))
    },
    data(out, values) {
      for (const [i, column] of columns.entries()) column.data(out, parts(values, i))
    },
    fault(value) {
      if (Array.isArray(value)) {
        if (value.length !== columns.length) return { code: 'WRONG_ARITY', path: '', value }
      } else {
        if (!isNamed || typeof value !== 'object' || value === null) return wrongKindFault(value)
        for (const key in value) if (!names.includes(key)) return { code: 'UNKNOWN_COLUMN', path: '', value }
      }
      for (const [i, column] of columns.entries()) {
        const fault = inside(`.${names[i] ?? i + 1}`, column.fault(part(value, i)))
        if (fault) return fault
      }
      return undefined
    },
  }
}

const DIGIT_0 = 0x30

/** A Tuple of nothing: one byte a value. */
export const emptyTuple = leaf((out, values) => {
  for (const value of values) {
    if (value !== ZERO && !(Array.isArray(value) && value.length === 0)) wrongKind(value)
    out.uint(1, DIGIT_0)
  }
})

/** No value is one of Nothing, but NULL needs something under it. */
export const nothing = leaf((out, values) => {
  for (const value of values) {
    if (value !== ZERO) wrongKind(value)
    out.uint(1, DIGIT_0)
  }
})

/**
 * The planes of each group of `stride` elements, the highest bit first: for every row ceil(stride / 8) bytes, element i in bit
 * i % 8 of the last byte but i / 8.
 */
export function qbit(element: PlainColumn, width: number, dimension: number, stride: number): PlainColumn {
  const planeBytes = Math.ceil(stride / 8)
  return {
    prefix() {},
    data(out, values) {
      const elements = new Output()
      const zeros = new Array<unknown>(dimension).fill(ZERO)
      element.data(elements, elementsOf(values.map((value) => (value === ZERO ? zeros : value))))
      const bytes = elements.bytes()
      for (let group = 0; group < dimension; group += stride) {
        for (let bit = width * 8 - 1; bit >= 0; bit--) {
          const plane = out.reserve(values.length * planeBytes)
          for (let row = 0; row < values.length; row++) {
            for (let i = 0; i < stride; i++) {
              if (((bytes[(row * dimension + group + i) * width + (bit >> 3)]! >> (bit & 7)) & 1) === 0) continue
              const at = plane + (row + 1) * planeBytes - 1 - (i >> 3)
              out.view.setUint8(at, out.view.getUint8(at) | (1 << (i & 7)))
            }
          }
        }
      }
    },
    fault(value) {
      if (!isArray(value)) return wrongKindFault(value)
      if (value.length !== dimension) return { code: 'WRONG_ARITY', path: '', value }
      return firstFault(value, (item) => element.fault(item))
    },
  }
}

const VERSION = 1
/** The keys are here, and are new ones. */
const FLAGS = 0x600

/**
 * The distinct values, the type's zero first (before it NULL, which has its bytes), the others as they first appear; then the index
 * of each value. 256 keys take indexes of two bytes already, as the engine has it.
 */
export function lowCardinality(inner: PlainColumn, isNullable: boolean): PlainColumn {
  const one = new Output()
  const bytesOf = (value: unknown) => {
    one.clear()
    inner.data(one, [value])
    return Buffer.from(one.bytes())
  }
  return {
    prefix: (out) => out.uint(8, VERSION),
    data(out, values) {
      const zero = bytesOf(ZERO)
      const keys = isNullable ? [zero, zero] : [zero]
      const known = new Map([[zero.toString('latin1'), keys.length - 1]])
      const indexes = values.map((value) => {
        if (isNullable && (value === null || value === ZERO)) return 0
        const bytes = bytesOf(value)
        const name = bytes.toString('latin1')
        const index = known.get(name) ?? keys.push(bytes) - 1
        known.set(name, index)
        return index
      })
      const widthLog2 = keys.length < 256 ? 0 : keys.length < 65_536 ? 1 : 2
      out.uint(8, FLAGS + widthLog2)
      out.uint(8, keys.length)
      for (const key of keys) out.raw(key)
      out.uint(8, values.length)
      for (const index of indexes) out.uint(1 << widthLog2, index)
    },
    fault: (value) => (isNullable && value === null ? undefined : inner.fault(value)),
  }
}
