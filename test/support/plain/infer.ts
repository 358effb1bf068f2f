// The type that a value has by itself: of a Variant's alternatives the one that takes this kind of value, and in a Dynamic the type
// the README names.

import { formatType } from '../../../src/types/format.ts'
import type { TypeNode } from '../../../src/types/node.ts'
import { TypedValue } from '../../../src/types/typed.ts'

/** Kinds that are a type's own, and after the bar those that it also takes; an alternative that has the kind for its own wins. */
const KINDS: readonly [RegExp, string][] = [
  [/^Bool$/, 'boolean | number'],
  [/^U?Int(8|16|32)$/, 'number | bigint boolean'],
  [/^U?Int64$/, 'number bigint | string boolean'],
  [/^U?Int(128|256)$/, 'bigint | number string boolean'],
  [/Float/, 'number | bigint'],
  [/^Decimal$/, 'string | number bigint'],
  [/^(Fixed)?String$/, 'string bytes |'],
  [/^Enum/, 'string | number'],
  [/^(UUID|IPv6)$/, 'string | bytes bigint'],
  [/^IPv4$/, 'string | bytes number bigint'],
  [/^Time(64)?$/, 'string | number bigint'],
  [/^(Date|Date32|DateTime)$/, 'Date | string number'],
  [/^DateTime64$/, 'Date | string number bigint'],
  [/^Map$/, 'Map object | array'],
  [/^JSON$/, 'object | string'],
  [/^Array$/, 'array | bytes'],
  [/^Interval/, '| number bigint string'],
  [/^/, 'array |'], // Nested, QBit, the geo types, a Tuple without names
]

function kindsOf(node: TypeNode): [own: string[], also: string[]] {
  if (node.name === 'LowCardinality' || node.name === 'Nullable') return kindsOf(node.inner)
  if (node.name === 'SimpleAggregateFunction') return kindsOf(node.args[0]!)
  const isNamed = node.name === 'Tuple' && node.elements[0]?.name !== undefined
  const kinds = isNamed ? 'object | array' : KINDS.find(([names]) => names.test(node.name))![1]
  const [own, also] = kinds.split('|').map((list) => list.trim().split(' '))
  return [own!, also!]
}

/** The alternatives that a value can mean: exactly one, or it must say which. */
export function alternativesFor(alternatives: readonly TypeNode[]): (value: unknown) => readonly number[] {
  const kinds = alternatives.map(kindsOf)
  const having = (rank: 0 | 1, kind: string) =>
    kinds.flatMap((kindsOfOne, i) => (kindsOfOne[rank].includes(kind) ? [i] : []))
  const found = new Map<string, readonly number[]>()
  for (const kind of new Set(kinds.flat(2))) {
    const own = having(0, kind)
    found.set(kind, own.length > 0 ? own : having(1, kind))
  }
  return (value) => found.get(kindOf(value)) ?? []
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Date) return 'Date'
  if (value instanceof Map) return 'Map'
  return isArray(value) ? 'array' : 'object'
}

function isArray(value: object): boolean {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}

/** What is known of a type: of an empty array only that it is one, of a NULL nothing but that. */
type Known = TypeNode | 'any' | 'null' | 'none'

const type = (name: string): TypeNode => ({ name }) as TypeNode
const arrayOf = (inner: TypeNode): TypeNode => ({ name: 'Array', inner })
const nullableOf = (inner: TypeNode): TypeNode => ({ name: 'Nullable', inner })
const DYNAMIC: TypeNode = { name: 'Dynamic' }
const JSON_TYPE: TypeNode = { name: 'JSON', parameters: [] }
const TIME: TypeNode = { name: 'DateTime64', scale: 3 }
/** Stands for the elements of an empty array until others say what they are. */
const UNKNOWN = type('Nothing')
/** An Int64 with a value below 0, which no UInt64 can take up. */
const NEGATIVE = type('Int64')

/** Arrays in arrays that are looked into. */
const DEPTH_MAX = 90

/** The type of a value of a Dynamic; undefined where it has none. */
export function inferType(value: unknown): TypeNode | undefined {
  const known = infer(value, 0)
  return known === 'none' ? undefined : settled(known)
}

function infer(value: unknown, depth: number): Known {
  switch (typeof value) {
    case 'undefined':
      return 'any' // its column refuses it
    case 'string':
      return type('String')
    case 'boolean':
      return type('Bool')
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return type('Float64')
      return value < 0 ? NEGATIVE : type('Int64')
    case 'bigint':
      return value < 0n ? NEGATIVE : type(value < 2n ** 63n ? 'Int64' : 'UInt64')
    case 'object':
      return value === null ? 'null' : inferObject(value, depth)
    default:
      return 'none'
  }
}

function inferObject(value: object, depth: number): Known {
  if (Array.isArray(value)) {
    if (depth === DEPTH_MAX) return 'none'
    const element = common(value, depth + 1)
    return element === 'none'
      ? element
      : arrayOf(element === 'any' ? UNKNOWN : element === 'null' ? nullableOf(UNKNOWN) : element)
  }
  if (value instanceof Date) return TIME
  if (value instanceof Uint8Array) return type('String')
  if (ArrayBuffer.isView(value)) {
    const name = /^(?:Big)?(Int|Uint|Float)(8|16|32|64)(?:Clamped)?Array$/.exec(value.constructor.name)
    return name ? arrayOf(type(`${name[1]!.replace('Uint', 'UInt')}${name[2]}`)) : 'none'
  }
  if (value instanceof TypedValue) return DYNAMIC
  if (value instanceof Map) return depth === 0 ? inferMap(value) : DYNAMIC
  return JSON_TYPE
}

function inferMap(map: ReadonlyMap<unknown, unknown>): Known {
  const keys = common([...map.keys()], 1)
  const items = common([...map.values()], 1)
  if (items === 'none') return 'none'
  const key = keys === 'any' ? type('String') : keys
  if (typeof key === 'string' || !/^(String|Int64)$/.test(key.name)) return 'none'
  return { name: 'Map', key: settled(key), value: settled(items) }
}

/** The type that all values have in common. */
function common(values: readonly unknown[], depth: number): Known {
  let all: Known = 'any'
  for (const value of Array.from(values)) {
    all = both(all, infer(value, depth))
    if (all === 'none' || (all as TypeNode).name === 'Dynamic') break
  }
  return all
}

function both(a: Known, b: Known): Known {
  if (a === 'any' || b === 'any') return a === 'any' ? b : a
  if (a === 'none' || b === 'none') return 'none'
  if (a === 'null' || b === 'null') {
    const other = a === 'null' ? b : a
    if (other === 'null') return 'null'
    return other.name === 'Array' || other.name === 'Map' || other.name === 'Dynamic' ? DYNAMIC : nullable(other)
  }
  return bothTypes(a, b) ?? DYNAMIC
}

/** The type that holds values of both, undefined where that is none but a Dynamic. */
function bothTypes(a: TypeNode, b: TypeNode): TypeNode | undefined {
  // An empty array is one of anything.
  if (a === UNKNOWN || b === UNKNOWN) return a === UNKNOWN ? b : a
  if (a.name === 'Array' && b.name === 'Array') {
    const inner = bothTypes(a.inner, b.inner)
    return inner && arrayOf(inner)
  }
  if (a.name === 'Array' || b.name === 'Array') return undefined
  if (a.name !== 'Nullable' && b.name !== 'Nullable') return bothScalars(a, b)
  const merged = bothTypes(bare(a), bare(b))
  return merged && (merged.name === 'Dynamic' ? merged : nullable(merged))
}

function bothScalars(a: TypeNode, b: TypeNode): TypeNode | undefined {
  const names = [formatType(a), formatType(b)].sort().join()
  if (formatType(a) === formatType(b)) return a === NEGATIVE ? a : b
  if (names === 'Float64,Int64') return type('Float64')
  return names === 'Int64,UInt64' && a !== NEGATIVE && b !== NEGATIVE ? type('UInt64') : undefined
}

function bare(node: TypeNode): TypeNode {
  return node.name === 'Nullable' ? node.inner : node
}

function nullable(node: TypeNode): TypeNode {
  return node.name === 'Nullable' ? node : nullableOf(node)
}

/** With nothing unknown: what no value tells is a String. */
function settled(known: Known): TypeNode {
  if (known === 'any' || known === 'none') return type('String')
  if (known === 'null') return nullableOf(type('String'))
  if (known === UNKNOWN) return type('String')
  if (known.name === 'Array' || known.name === 'Nullable') return { name: known.name, inner: settled(known.inner) }
  return known
}
