// Random types of all that ClickHouse has, one inside another, and values of them: what goes in, what comes back, and values gone bad
// at any depth.

import { dictionaryLeaf, randomLeaf } from './leaves.ts'
import { randomModern } from './modern.ts'
import { type Below, ODD_NAMES, pick, quoted, type RandomType, type Value } from './value.ts'

export type { Below, RandomType, Value } from './value.ts'

/** A type of at most `depth` composites around its leaves. */
export function randomType(below: Below, depth: number): RandomType {
  if (below(8) === 0) return randomModern(below, depth, randomType)
  if (depth > 0 && below(3) > 0) {
    switch (below(8)) {
      case 0:
      case 1:
        return arrayOf(below, randomType(below, depth - 1))
      case 2:
      case 3:
        return mapOf(below, randomKey(below, depth), randomType(below, depth - 1))
      case 4:
        return nestedOf(below, depth)
      default: {
        const tuple = tupleOf(below, elementsOf(below, depth, below(12) ? 1 + below(3) : 0), below(2) === 0)
        return below(6) === 0 ? nullable(below, tuple) : tuple
      }
    }
  }
  if (below(5) === 0) return dictionary(below)
  const leaf = below(12) ? randomLeaf(below) : simpleAggregate(randomLeaf(below))
  return below(4) === 0 ? nullable(below, leaf) : leaf
}

function dictionary(below: Below): RandomType {
  const leaf = dictionaryLeaf(below)
  const inner = below(8) ? leaf : simpleAggregate(leaf)
  const wrapped = below(2) ? inner : nullable(below, inner)
  return {
    type: `LowCardinality(${wrapped.type})`,
    good: () => {
      const value = wrapped.good()
      return Object.is(value.shown, -0) ? { ...value, shown: 0 } : value // the engine's dictionaries know one zero
    },
    bad: wrapped.bad,
  }
}

function simpleAggregate(inner: RandomType): RandomType {
  return { ...inner, type: `SimpleAggregateFunction(anyLast, ${inner.type})` }
}

/** Keys are anything that is not Nullable. */
function randomKey(below: Below, depth: number): RandomType {
  for (;;) {
    const key = below(4)
      ? below(3)
        ? randomLeaf(below)
        : dictionary(below)
      : randomType(below, Math.max(0, depth - 2))
    if (!/^(LowCardinality\(|SimpleAggregateFunction\(\w+, )*Nullable/.test(key.type)) return key
  }
}

export function nullable(below: Below, inner: RandomType): RandomType {
  return {
    type: `Nullable(${inner.type})`,
    good: () => (below(3) === 0 ? { input: null, decoded: null, shown: null } : inner.good()),
    bad: () => inner.bad() ?? Symbol('bad'),
  }
}

function arrayOf(below: Below, inner: RandomType): RandomType {
  const length = () => (below(200) === 0 ? below(600) : below(5))
  const good = () => Array.from({ length: length() }, () => inner.good())
  return {
    type: `Array(${inner.type})`,
    good: () => {
      const elements = good()
      return { input: arrayForm(below, elements), decoded: decodedOf(elements), shown: shownOf(elements) }
    },
    bad: () => {
      if (below(8) === 0) return pick<unknown>(below, 'no array', null, 5, new Set([1]), {})
      const elements = inputsOf(good())
      elements.splice(below(elements.length + 1), 0, below(8) ? inner.bad() : undefined)
      return elements
    },
  }
}

function inputsOf(values: readonly Value[]): unknown[] {
  return values.map(({ input }) => input)
}
function decodedOf(values: readonly Value[]): unknown[] {
  return values.map(({ decoded }) => decoded)
}
function shownOf(values: readonly Value[]): unknown[] {
  return values.map(({ shown }) => shown)
}

const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
]

/** A typed array where one holds the very same values. */
function arrayForm(below: Below, elements: readonly Value[]): unknown {
  const inputs = inputsOf(elements)
  if (inputs.length === 0 || below(3)) return inputs
  if (inputs.every((input) => typeof input === 'bigint')) {
    const typed = pick<BigInt64Array | BigUint64Array>(below, BigInt64Array.from(inputs), BigUint64Array.from(inputs))
    return inputs.every((input, i) => input === typed[i]) ? typed : inputs
  }
  if (!inputs.every((input) => typeof input === 'number')) return inputs
  const typed = pick(below, ...TYPED_ARRAYS).from(inputs)
  return inputs.every((input, i) => Object.is(input, typed[i])) ? typed : inputs
}

function mapOf(below: Below, key: RandomType, item: RandomType): RandomType {
  const good = () => Array.from({ length: below(4) }, () => [key.good(), item.good()] as const)
  return {
    type: `Map(${key.type}, ${item.type})`,
    good: () => {
      const pairs = good()
      const decoded = pairs.map(([k, v]) => [k.decoded, v.decoded] as const)
      const keys = new Set(decoded.map(([k]) => whatItSays(k)))
      const entries = pairs.map(([k, v]) => [k.input, v.input] as const)
      return {
        input: mapForm(below, entries),
        // Pairs where keys repeat.
        decoded: keys.size === decoded.length ? new Map(decoded) : decoded.map((pair) => [...pair]),
        shown: pairs.map(([k, v]) => [k.shown, v.shown]),
      }
    },
    bad: () => {
      if (below(8) === 0) return pick<unknown>(below, 'no map', null, 5, new Date(0), new Uint8Array(2), new Set([1]))
      const entries: unknown[] = good().map(([k, v]) => [k.input, v.input])
      const broken = [[key.bad(), item.good().input], [key.good().input, item.bad()], 'no entry', ['k'], [1, 2, 3]][
        below(5)
      ]
      entries.splice(below(entries.length + 1), 0, broken)
      return entries
    },
  }
}

/** Dates and bytes repeat by what they say, not by which object says it. */
function whatItSays(key: unknown): unknown {
  if (key instanceof Date) return key.getTime()
  return key instanceof Uint8Array ? `bytes ${key.join()}` : key
}

/** A Map or an object, where one says the same. */
function mapForm(below: Below, entries: readonly (readonly [unknown, unknown])[]): unknown {
  const map = new Map(entries)
  const isSame = map.size === entries.length && entries.every(([key]) => !Object.is(key, -0)) // which is 0 in a Map
  if (isSame && below(2)) return map
  // Keys that look like indexes would come first in an object.
  const areNames = entries.every(([key]) => typeof key === 'string' && !/^(0|[1-9]\d*)$/.test(key))
  return isSame && areNames && below(2) ? Object.fromEntries(entries) : entries.map((entry) => [...entry])
}

function elementsOf(below: Below, depth: number, count: number): RandomType[] {
  return Array.from({ length: count }, () => randomType(below, Math.max(0, depth - 1)))
}

function namesOf(below: Below, elements: readonly RandomType[]): string[] {
  // '__proto__' and what objects have from there are read as any other name where the row has them for its own.
  return elements.map((_, i) => (below(8) ? `e${i}` : `${pick(below, ...ODD_NAMES)}${i}`))
}

function tupleOf(below: Below, elements: readonly RandomType[], isNamed: boolean): RandomType {
  const names = isNamed ? namesOf(below, elements) : []
  const asObject = (values: readonly unknown[]) => Object.fromEntries(names.map((name, i) => [name, values[i]]))
  const shape = (values: readonly unknown[]) => (names.length > 0 ? asObject(values) : [...values])
  const list = elements.map(({ type }, i) => (names.length > 0 ? `${quoted(names[i]!, '`')} ${type}` : type))
  return {
    type: `Tuple(${list.join(', ')})`,
    good: () => {
      const parts = elements.map((element) => element.good())
      return {
        input: below(2) ? inputsOf(parts) : shape(inputsOf(parts)),
        decoded: shape(decodedOf(parts)),
        shown: shownOf(parts),
      }
    },
    bad: () => {
      const whole = elements.map((element) => element.good().input)
      if (elements.length === 0 || below(6) === 0) {
        return pick<unknown>(
          below,
          null,
          'no tuple',
          [...whole, 1],
          names.length > 0 ? { ...asObject(whole), other: 1 } : {},
        )
      }
      const at = below(elements.length)
      whole[at] = elements[at]!.bad()
      return below(2) ? whole : shape(whole)
    },
  }
}

/** An array of tuples under another name. */
function nestedOf(below: Below, depth: number): RandomType {
  const rows = arrayOf(below, tupleOf(below, elementsOf(below, depth - 1, 1 + below(2)), true))
  return { ...rows, type: rows.type.replace(/^Array\(Tuple\((.*)\)\)$/s, 'Nested($1)') }
}
