// The type a value gets in a Dynamic column where typed() does not name one: the one the server itself gives to the same
// JSON, but for texts, which stay String (the server reads dates out of them), and objects, which are JSON.
//
//   true, 7, -7n, 2n ** 63n, 0.5   Bool, Int64, Int64, UInt64, Float64
//   'x', bytes, new Date()         String, String, DateTime64(3)
//   [1, 2], [1, null], [1, 0.5]    Array(Int64), Array(Nullable(Int64)), Array(Float64)
//   [1, 'x'], [], [[], [1]]        Array(Dynamic), Array(String), Array(Array(Int64))
//   Float32Array, {…}, Map         Array(Float32), JSON, Map(String, T) or Map(Int64, T)
//
// A type is a number here, so that looking at an array allocates nothing: a leaf, whether it is Nullable, how many arrays
// are around it, and the key of a Map around all of that.

import { TypedValue } from '../types/typed.ts'

/** Values that have no type: functions, symbols, maps with other keys, arrays in arrays without end. */
export const NO_TYPE = -1

const LEAVES = [
  'String', // of nothing but NULLs and empty arrays
  'Dynamic',
  'Bool',
  'Int64',
  'Int64', // with a value below 0
  'UInt64',
  'Float64',
  'String',
  'DateTime64(3)',
  'JSON',
  'Int8',
  'Int16',
  'Int32',
  'UInt8',
  'UInt16',
  'UInt32',
  'Float32',
] as const
const UNKNOWN = 0
const DYNAMIC = 1
const BOOL = 2
const POSITIVE = 3
const NEGATIVE = 4
const UINT64 = 5
const FLOAT64 = 6
const STRING = 7
const TIME = 8
const OBJECT = 9
const TYPED_ARRAYS: Record<string, number> = {
  Int8Array: 10,
  Int16Array: 11,
  Int32Array: 12,
  Uint8ClampedArray: 13,
  Uint16Array: 14,
  Uint32Array: 15,
  Float32Array: 16,
  Float64Array: FLOAT64,
  BigInt64Array: POSITIVE,
  BigUint64Array: UINT64,
}

// leaf + 32 * Nullable + 64 * arrays + 8192 * key
const NULLABLE = 32
const ARRAY = 64
const MAP = 8192
const DEPTH_MAX = 90
const INT64_MAX = 0x7fffffffffffffffn

/** A number that stands for the type of `value`, which is not null; NO_TYPE where it has none. */
export function inferType(value: unknown): number {
  const code = infer(value, 0)
  return code === NO_TYPE || leafOf(code) !== NEGATIVE ? code : code - NEGATIVE + POSITIVE
}

/** The text of the type. */
export function typeName(code: number): string {
  const leaf = LEAVES[leafOf(code)]
  let name = code & NULLABLE ? `Nullable(${leaf})` : leaf
  for (let depth = depthOf(code); depth > 0; depth--) name = `Array(${name})`
  return code < MAP ? name : `Map(${LEAVES[Math.floor(code / MAP)]}, ${name})`
}

function leafOf(code: number): number {
  return code & 31
}
function depthOf(code: number): number {
  return (code & (MAP - 1)) >> 6
}

function infer(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return STRING
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return FLOAT64
      return value < 0 ? NEGATIVE : POSITIVE
    case 'bigint':
      return value < 0n ? NEGATIVE : value <= INT64_MAX ? POSITIVE : UINT64
    case 'boolean':
      return BOOL
    case 'undefined':
      return UNKNOWN // its column refuses it, and names the place
    case 'object':
      return inferObject(value, depth)
    default:
      return NO_TYPE
  }
}

function inferObject(value: object | null, depth: number): number {
  if (value === null) return UNKNOWN + NULLABLE
  if (Array.isArray(value)) return inferArray(value, depth)
  if (value instanceof Date) return TIME
  if (value instanceof Uint8Array) return STRING
  if (ArrayBuffer.isView(value)) {
    const leaf = TYPED_ARRAYS[value.constructor.name]
    return leaf === undefined ? NO_TYPE : leaf + ARRAY
  }
  if (value instanceof TypedValue) return DYNAMIC
  if (value instanceof Map) return depth === 0 ? inferMap(value) : DYNAMIC
  return OBJECT
}

function inferArray(value: readonly unknown[], depth: number): number {
  if (depth === DEPTH_MAX) return NO_TYPE
  let elements = UNKNOWN
  for (let i = 0; i < value.length && elements !== DYNAMIC && elements !== NO_TYPE; i++) {
    elements = merge(elements, infer(value[i], depth + 1))
  }
  return elements === NO_TYPE ? NO_TYPE : elements + ARRAY
}

function inferMap(value: ReadonlyMap<unknown, unknown>): number {
  let keys = UNKNOWN
  let values = UNKNOWN
  for (const [key, item] of value) {
    keys = merge(keys, infer(key, 1))
    values = merge(values, infer(item, 1))
    if (values === NO_TYPE) return NO_TYPE
  }
  if (keys === UNKNOWN) keys = STRING
  if (keys === NEGATIVE) keys = POSITIVE
  return keys === STRING || keys === POSITIVE ? keys * MAP + values : NO_TYPE
}

/** The type that holds values of both. */
function merge(a: number, b: number): number {
  if (a === b || b === UNKNOWN) return a
  if (a === UNKNOWN) return b
  if (a === NO_TYPE || b === NO_TYPE) return NO_TYPE
  const null_ = (a | b) & NULLABLE
  if (a === UNKNOWN + NULLABLE || b === UNKNOWN + NULLABLE) {
    const other = a === UNKNOWN + NULLABLE ? b : a
    return depthOf(other) > 0 || other === DYNAMIC ? DYNAMIC : other | NULLABLE
  }
  const [leafA, leafB] = [leafOf(a), leafOf(b)]
  const [depthA, depthB] = [depthOf(a), depthOf(b)]
  // An empty array is one of anything.
  if (leafA === UNKNOWN && (depthA === depthB || (depthA < depthB && !(a & NULLABLE)))) return withNull(b, null_)
  if (leafB === UNKNOWN && (depthA === depthB || (depthB < depthA && !(b & NULLABLE)))) return withNull(a, null_)
  if (depthA !== depthB) return DYNAMIC
  if (leafA === leafB) return a | null_
  const [low, high] = leafA < leafB ? [leafA, leafB] : [leafB, leafA]
  const areNumbers = low >= POSITIVE && high <= FLOAT64
  if (!areNumbers || (low === NEGATIVE && high === UINT64) || low === UINT64) return DYNAMIC
  return depthA * ARRAY + high + null_
}

/** Dynamic holds NULL as it is. */
function withNull(code: number, null_: number): number {
  return leafOf(code) === DYNAMIC ? code : code | null_
}
