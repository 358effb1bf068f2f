// Random values of the types that hold values of other types, or of more than one: Variant, Dynamic, JSON, geo, QBit.

import { formatType, parseType, typed } from '../../../src/native.ts'
import { whyNotAlternative } from '../../../src/types/check.ts'
import { json } from './json.ts'
import { type Below, type MakeType, pick, type RandomType, type Value } from './value.ts'

/** `inner` makes the types inside. */
export function randomModern(below: Below, depth: number, inner: MakeType): RandomType {
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
      return qbit(below)
  }
}

/** Only types that an alternative can have, each once. */
function alternatives(below: Below, depth: number, inner: MakeType, count: number): Map<string, RandomType> {
  const types = new Map<string, RandomType>()
  while (types.size < count) {
    const type = inner(below, Math.max(0, depth - 1))
    const node = parseType(type.type)
    if (whyNotAlternative(node) === undefined) types.set(formatType(node), type)
  }
  return types
}

const NULL: Value = { input: null, decoded: null, shown: null }

/** NULL is a value of every Variant and Dynamic. */
function badOf(type: RandomType): unknown {
  return typed(type.type, type.bad() ?? Symbol('bad'))
}

function typedValue(type: RandomType): Value {
  const value = type.good()
  return { ...value, input: typed(type.type, value.input) }
}

function variant(below: Below, depth: number, inner: MakeType): RandomType {
  const types = alternatives(below, depth, inner, 1 + below(4))
  return {
    type: `Variant(${[...types.keys()].join(', ')})`,
    good: () => (below(5) === 0 ? NULL : typedValue(pick(below, ...types.values()))),
    bad: () =>
      below(3)
        ? badOf(pick(below, ...types.values()))
        : pick<unknown>(
            below,
            Symbol('bad'),
            typed('Nullable(UInt8)', 1),
            typed('NoType', 1),
            typed('Array(', 1),
            () => 1,
          ),
  }
}

function dynamic(below: Below, depth: number, inner: MakeType): RandomType {
  const types = alternatives(below, depth, inner, 1 + below(4))
  return {
    type: below(4) ? 'Dynamic' : `Dynamic(max_types=${below(255)})`,
    good: () => {
      if (below(6) === 0) return NULL
      if (below(2) === 0) return inferred(below, 3)
      if (below(40) === 0) return { input: typed('Array(Nothing)', []), decoded: [], shown: [] }
      return typedValue(pick(below, ...(below(12) ? types : alternatives(below, depth, inner, 1)).values()))
    },
    bad: () => {
      if (below(3) === 0) return badOf(pick(below, ...types.values()))
      return pick<unknown>(
        below,
        Symbol('bad'),
        () => 1,
        [1, Symbol('bad')],
        [1, ['x', 2n ** 64n]],
        [undefined],
        new Map([[{}, 1]]),
        new Map([['k', () => 1]]),
        typed('Variant(UInt8)', 1),
        typed('AggregateFunction(sum, UInt8)', 1),
        typed(`FixedString(${1 + below(20)})`, 5),
        [new Date(Number.NaN)],
        { a: Number.NaN },
      )
    },
  }
}

/** A value whose type is found by looking at it. */
function inferred(below: Below, depth: number): Value {
  switch (below(depth > 0 ? 12 : 7)) {
    case 0:
      return itself(below(2) === 1)
    case 1:
      return integer(below(2 ** 31) - 2 ** 30)
    case 2: {
      const value = BigInt(below(2 ** 31)) << BigInt(below(34))
      return itself(value <= 2n ** 63n && below(2) ? -value : value)
    }
    case 3:
      return itself(0.5 + below(1000))
    case 4:
      return itself(`text ${below(10_000)}`)
    case 5: {
      const date = new Date(below(2 ** 31))
      return { input: date, decoded: date, shown: date.toISOString() }
    }
    case 6: {
      const object = { key: `value ${below(100)}`, list: [1, { a: 'b' }] }
      return { input: object, decoded: object, shown: { ...object, list: [1n, { a: 'b' }] } }
    }
    case 7: {
      const numbers = [1.5, below(10)]
      return { input: Float32Array.from(numbers), decoded: numbers, shown: numbers }
    }
    case 8: {
      const numbers = [...new Set(Array.from({ length: below(4) }, () => below(100)))]
      const pairs = numbers.map((n) => [`k${n}`, BigInt(n)] as const)
      return {
        input: new Map(numbers.map((n) => [`k${n}`, n])),
        decoded: new Map(pairs),
        // Nothing tells what the values of an empty Map are.
        shown: pairs,
      }
    }
    case 9:
      return arrayOf(Array.from({ length: below(4) }, () => (below(4) ? integer(below(100)) : NULL)))
    case 10:
      return arrayOf(Array.from({ length: below(4) }, () => (below(4) ? itself(`${below(100)}`) : NULL)))
    default: {
      const more = Array.from({ length: below(4) }, () => inferred(below, depth - 1))
      return arrayOf([itself('text'), itself(true), NULL, ...more]) // of Dynamic
    }
  }
}

function itself(value: unknown): Value {
  return { input: value, decoded: value, shown: value }
}
function integer(value: number): Value {
  return { input: value, decoded: BigInt(value), shown: BigInt(value) }
}
function arrayOf(values: readonly Value[]): Value {
  return {
    input: values.map(({ input }) => input),
    decoded: values.map(({ decoded }) => decoded),
    shown: values.map(({ shown }) => shown),
  }
}

function geo(below: Below): RandomType {
  const point = () => [below(100) - 50, below(100) / 8]
  const points = () => Array.from({ length: below(4) }, point)
  const rings = () => Array.from({ length: below(3) }, points)
  const polygons = () => Array.from({ length: below(3) }, rings)
  const shapes = {
    Point: point,
    Ring: points,
    LineString: points,
    Polygon: rings,
    MultiLineString: rings,
    MultiPolygon: polygons,
  }
  const [type, good] = pick(below, ...Object.entries(shapes))
  const bad = () => pick<unknown>(below, [[1]], [[[1]]], [[1, 2], [3]], 'x', null, [[[['x', 1]]]], { x: 1 })
  if (below(3) > 0) return { type, good: () => itself(good()), bad }
  return {
    type: 'Geometry',
    good: () => {
      if (below(5) === 0) return NULL
      const [name, shape] = pick(below, ...Object.entries(shapes))
      const value = shape()
      return { ...itself(value), input: typed(name, value) }
    },
    bad: () => typed(type, bad() ?? 5),
  }
}

function qbit(below: Below): RandomType {
  const [element, parameters, size] = pick(
    below,
    ...([1 + below(20), 9] as const).flatMap((n) =>
      (['Float32', 'BFloat16', 'Float64', 'Int8'] as const).map((name) => [name, `${n}` as string, n] as const),
    ),
    ['Float32', '32, 16' as string, 32] as const,
    ['BFloat16', '24, 8' as string, 24] as const,
  )
  const good = () => Array.from({ length: size }, () => below(100) - 50)
  return {
    type: `QBit(${element}, ${parameters})`,
    good: () => {
      const numbers = good()
      return { ...itself(numbers), input: below(2) ? Float32Array.from(numbers) : numbers }
    },
    bad: () =>
      pick<unknown>(below, [...good(), 1], [...good().slice(1), 'x'], [...good().slice(1), null], 'x', null, {}),
  }
}
