// Which alternatives of a Variant a JavaScript value can mean. The kind of the value decides, never the value: a rule that
// looked at values would meet its first 3 among the 1.5s on some night in production.

import type { TypeNode } from '../types/node.ts'

export type Kind = 'string' | 'number' | 'bigint' | 'boolean' | 'Date' | 'bytes' | 'array' | 'Map' | 'object'

/** Undefined for functions, symbols, null and undefined. A Uint8Array is bytes, other typed arrays are arrays. */
export function kindOf(value: unknown): Kind | undefined {
  const kind = typeof value
  switch (kind) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return kind
    case 'object':
      if (value === null) return undefined
      if (Array.isArray(value)) return 'array'
      if (value instanceof Date) return 'Date'
      if (value instanceof Map) return 'Map'
      if (ArrayBuffer.isView(value) && !(value instanceof DataView))
        return value instanceof Uint8Array ? 'bytes' : 'array'
      return 'object'
    default:
      return undefined
  }
}

interface Takes {
  /** The kinds in which a program has values of the type. */
  readonly own: readonly Kind[]
  /** Other forms the column takes: they decide where no alternative has the kind for its own. */
  readonly also: readonly Kind[]
}

function takes(node: TypeNode): Takes {
  switch (node.name) {
    case 'LowCardinality':
    case 'Nullable':
      return takes(node.inner)
    case 'SimpleAggregateFunction':
      return takes(node.args[0])
    case 'Bool':
      return { own: ['boolean'], also: ['number'] }
    case 'UInt8':
    case 'UInt16':
    case 'UInt32':
    case 'Int8':
    case 'Int16':
    case 'Int32':
      return { own: ['number'], also: ['bigint', 'boolean'] }
    case 'UInt64':
    case 'Int64':
      return { own: ['number', 'bigint'], also: ['string', 'boolean'] }
    case 'UInt128':
    case 'UInt256':
    case 'Int128':
    case 'Int256':
      return { own: ['bigint'], also: ['number', 'string', 'boolean'] }
    case 'Float32':
    case 'Float64':
    case 'BFloat16':
      return { own: ['number'], also: ['bigint'] }
    case 'Decimal':
      return { own: ['string'], also: ['number', 'bigint'] }
    case 'String':
    case 'FixedString':
      return { own: ['string', 'bytes'], also: [] }
    case 'Enum8':
    case 'Enum16':
      return { own: ['string'], also: ['number'] }
    case 'UUID':
    case 'IPv6':
      return { own: ['string'], also: ['bytes', 'bigint'] }
    case 'IPv4':
      return { own: ['string'], also: ['bytes', 'number', 'bigint'] }
    case 'Time':
    case 'Time64':
      return { own: ['string'], also: ['number', 'bigint'] }
    case 'Date':
    case 'Date32':
    case 'DateTime':
      return { own: ['Date'], also: ['string', 'number'] }
    case 'DateTime64':
      return { own: ['Date'], also: ['string', 'number', 'bigint'] }
    case 'Map':
      return { own: ['Map', 'object'], also: ['array'] }
    case 'Tuple':
      return node.elements[0]?.name === undefined ? { own: ['array'], also: [] } : { own: ['object'], also: ['array'] }
    case 'JSON':
      return { own: ['object'], also: ['string'] }
    case 'Array':
      return { own: ['array'], also: ['bytes'] }
    default:
      return node.name.startsWith('Interval')
        ? { own: [], also: ['number', 'bigint', 'string'] }
        : { own: ['array'], also: [] } // Nested, QBit, the geo types
  }
}

/** The alternatives that a value of this kind can mean, by index: one where the kind decides. */
export function candidates(alternatives: readonly TypeNode[], kind: Kind): number[] {
  const all = alternatives.map(takes)
  const own = indexesOf(all, ({ own }) => own.includes(kind))
  return own.length > 0 ? own : indexesOf(all, ({ also }) => also.includes(kind))
}

function indexesOf<T>(items: readonly T[], has: (item: T) => boolean): number[] {
  return items.flatMap((item, index) => (has(item) ? [index] : []))
}
