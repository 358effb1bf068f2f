// Random values of the types that hold values of other types, or of more than one: Variant, Dynamic, JSON, geo, QBit.

import { formatType, parseType, typed } from '../../src/native.ts'
import type { Below, RandomType } from './random-rows.ts'

type Inner = (below: Below, depth: number) => RandomType

/** `inner` makes the types inside. */
export function randomModern(below: Below, depth: number, inner: Inner): RandomType {
  switch (below(8)) {
    case 0:
    case 1:
      return variant(below, depth, inner)
    case 2:
    case 3:
      return dynamic(below, depth, inner)
    case 4:
    case 5:
      return json(below)
    case 6:
      return geo(below)
    default:
      return below(2) ? qbit(below) : interval(below)
  }
}

/** Only types that an alternative can have, each once. */
function alternatives(below: Below, depth: number, inner: Inner, count: number): Map<string, RandomType> {
  const types = new Map<string, RandomType>()
  while (types.size < count) {
    const type = inner(below, Math.max(0, depth - 1))
    if (/^(Nullable|Variant|Dynamic|Geometry|LowCardinality\(Nullable)/.test(type.type)) continue
    types.set(formatType(parseType(type.type)), type)
  }
  return types
}

function pick<T>(below: Below, values: Iterable<T>): T {
  const list = [...values]
  return list[below(list.length)]!
}

/** NULL is a value of every Variant and Dynamic. */
function badOf(type: RandomType): unknown {
  return typed(type.type, type.bad() ?? Symbol('bad'))
}

function variant(below: Below, depth: number, inner: Inner): RandomType {
  const types = alternatives(below, depth, inner, 1 + below(4))
  return {
    type: `Variant(${[...types.keys()].join(', ')})`,
    good: () => {
      if (below(5) === 0) return { input: null, decoded: null }
      const type = pick(below, types.values())
      const { input, decoded } = type.good()
      return { input: typed(type.type, input), decoded }
    },
    bad: () =>
      below(3)
        ? badOf(pick(below, types.values()))
        : pick(below, [Symbol('bad'), typed('Nullable(UInt8)', 1), typed('NoType', 1), () => 1]),
  }
}

function dynamic(below: Below, depth: number, inner: Inner): RandomType {
  const types = alternatives(below, depth, inner, 1 + below(4))
  return {
    type: below(4) ? 'Dynamic' : `Dynamic(max_types=${below(255)})`,
    good: () => {
      if (below(6) === 0) return { input: null, decoded: null }
      if (below(2) === 0) return inferred(below, 3)
      const type = below(12) ? pick(below, types.values()) : pick(below, alternatives(below, depth, inner, 1).values())
      const { input, decoded } = type.good()
      return { input: typed(type.type, input), decoded }
    },
    bad: () => {
      if (below(3) === 0) return badOf(pick(below, types.values()))
      return pick(below, [
        Symbol('bad'),
        () => 1,
        [1, Symbol('bad')],
        [1, ['x', 2n ** 64n]],
        [undefined],
        new Map([[{}, 1]]),
        typed('Variant(UInt8)', 1),
        typed('AggregateFunction(sum, UInt8)', 1),
        typed(`FixedString(${1 + below(20)})`, 5),
        [new Date(Number.NaN)],
        { a: Number.NaN },
      ])
    },
  }
}

interface Value {
  readonly input: unknown
  readonly decoded: unknown
}

/** A value whose type is found by looking at it. */
function inferred(below: Below, depth: number): Value {
  switch (below(depth > 0 ? 12 : 7)) {
    case 0:
      return itself(below(2) === 1)
    case 1:
      return integer(below(2 ** 31) - 2 ** 30)
    case 2:
      return itself(BigInt(below(2 ** 31)) << BigInt(below(34)))
    case 3:
      return itself(0.5 + below(1000))
    case 4:
      return itself(`text ${below(10_000)}`)
    case 5:
      return itself(new Date(below(2 ** 31)))
    case 6:
      return itself({ key: `value ${below(100)}`, list: [1, { a: 'b' }] })
    case 7: {
      const numbers = [1.5, below(10)]
      return { input: Float32Array.from(numbers), decoded: numbers }
    }
    case 8: {
      const numbers = Array.from({ length: below(4) }, () => below(100))
      return {
        input: new Map(numbers.map((n) => [`k${n}`, n])),
        decoded: new Map(numbers.map((n) => [`k${n}`, BigInt(n)])),
      }
    }
    case 9:
      return arrayOf(Array.from({ length: below(4) }, () => (below(4) ? integer(below(100)) : itself(null))))
    case 10:
      return arrayOf(Array.from({ length: below(4) }, () => itself(below(4) ? `${below(100)}` : null)))
    default: {
      const more = Array.from({ length: below(4) }, () => inferred(below, depth - 1))
      return arrayOf([itself('text'), itself(true), itself(null), ...more]) // of Dynamic
    }
  }
}

function itself(value: unknown): Value {
  return { input: value, decoded: value }
}
function integer(value: number): Value {
  return { input: value, decoded: BigInt(value) }
}
function arrayOf(values: readonly Value[]): Value {
  return { input: values.map(({ input }) => input), decoded: values.map(({ decoded }) => decoded) }
}

function json(below: Below): RandomType {
  const keys = ['a', 'key', 'ключ', '__proto__', 'toString', 'k1', 'k2', 'k3']
  const value = (depth: number): unknown => {
    switch (below(depth > 0 ? 9 : 6)) {
      case 0:
        return below(2 ** 31) - 2 ** 30
      case 1:
        return below(2 ** 31) / 7
      case 2:
        return BigInt(below(2 ** 31)) << 32n
      case 3:
        return below(2) === 1
      case 4:
        return `${'é"\\\n'.repeat(below(3))}${'x'.repeat(below(60))}`
      case 5:
        return null
      case 6:
        return Array.from({ length: below(4) }, () => value(depth - 1))
      default:
        return object(depth - 1)
    }
  }
  const object = (depth: number): object =>
    Object.fromEntries(keys.filter(() => below(4) === 0).map((key) => [key, value(depth)]))
  const good = () => {
    const input = object(3)
    const text = JSON.stringify(input, (_, member) => (typeof member === 'bigint' ? Number(member) : member))
    // Above 2^53 the decoder gives a bigint, and the text has lost digits.
    return below(2) && !/\d{16}/.test(text)
      ? { input: text, decoded: JSON.parse(text) }
      : { input, decoded: asJson(input) }
  }
  return {
    type: below(2) ? 'JSON' : 'JSON(max_dynamic_paths=4, t UInt8)',
    good,
    bad: () =>
      pick<unknown>(below, [
        '{',
        '[]',
        '{"a":1,"a":2}',
        `${JSON.stringify({ list: [{ x: 1 }] }).slice(0, -3)}1e999}]}`,
        { a: { b: 1 }, 'a.b': 1 },
        { a: [1, { b: Number.NaN }] },
        { a: undefined, b: [undefined] },
        { a: 2n ** 64n },
        { a: Symbol('bad') },
        [],
        null,
        5,
        new Map(),
      ]),
  }
}

/** Integers that fit a number are numbers. */
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asJson(member)]))
}

function geo(below: Below): RandomType {
  const point = () => [below(100) - 50, below(100) / 8]
  const points = () => Array.from({ length: below(4) }, point)
  const rings = () => Array.from({ length: below(3) }, points)
  const shapes = { Point: point, Ring: points, LineString: points, Polygon: rings, MultiLineString: rings }
  const [type, good] = pick(below, Object.entries(shapes))
  const bad = () => pick<unknown>(below, [[1], [[1]], [[1, 2], [3]], 'x', null, [[[['x', 1]]]], { x: 1 }])
  if (below(3) > 0) return { type, good: () => itself(good()), bad }
  return {
    type: 'Geometry',
    good: () => {
      if (below(5) === 0) return itself(null)
      const [name, shape] = pick(below, Object.entries(shapes))
      const value = shape()
      return { input: typed(name, value), decoded: value }
    },
    bad: () => typed(type, bad() ?? 5),
  }
}

function qbit(below: Below): RandomType {
  const [element, size] = pick(below, [
    ['Float32', 1 + below(20)] as const,
    ['BFloat16', 3] as const,
    ['Float64', 9] as const,
    ['Int8', 8] as const,
  ])
  const good = () => Array.from({ length: size }, () => below(100) - 50)
  return {
    type: `QBit(${element}, ${size})`,
    good: () => {
      const numbers = good()
      return { input: element === 'Float32' && below(2) ? Float32Array.from(numbers) : numbers, decoded: numbers }
    },
    bad: () => pick<unknown>(below, [[...good(), 1], [...good().slice(1), 'x'], [...good().slice(1), null], 'x', null]),
  }
}

function interval(below: Below): RandomType {
  return {
    type: pick(below, ['IntervalDay', 'IntervalNanosecond', 'SimpleAggregateFunction(sum, Int64)']),
    good: () => integer(below(2 ** 31) - 2 ** 30),
    bad: () => pick<unknown>(below, [0.5, 2n ** 63n, 'x', null]),
  }
}
