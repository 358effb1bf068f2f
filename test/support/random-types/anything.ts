// Values of all kinds, for columns that may take them or not.

import { typed } from '../../../src/native.ts'
import { TypedValue } from '../../../src/types/typed.ts'
import { type Below, pick } from './value.ts'

class Point {
  readonly x = 1
}

const VALUES: readonly (() => unknown)[] = [
  ...[
    null,
    undefined,
    true,
    false,
    0,
    -0,
    1,
    2,
    -1,
    0.5,
    7,
    255,
    256,
    1e9,
    1.7e12,
    2 ** 53,
    -(2 ** 31),
    1e-7,
    1e21,
    1e300,
  ],
  ...[
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0n,
    1n,
    -1n,
    2n ** 63n,
    2n ** 64n,
    -(2n ** 127n),
    10n ** 80n,
  ],
  ...[
    '',
    '0',
    '1',
    '-1',
    '+7',
    '1.5',
    '1e3',
    '0x10',
    'a',
    'key 3',
    'é',
    '\ud800',
    'x'.repeat(36),
    'null',
    '{}',
    '{"a":[1]}',
    '[1]',
  ],
  ...['2024-02-29', '2024-02-29T12:34:56Z', '2024-02-29 12:34:56.789+02:00', '12:34:56', '1.2.3.4', '::1'],
  ...['00112233-4455-6677-8899-aabbccddeeff', '18446744073709551615', '.5', '1.'],
].map((value) => () => value)

const OBJECTS: readonly (() => unknown)[] = [
  () => new Date(1_700_000_000_123),
  () => new Date(0),
  () => new Date(-1),
  () => new Date(Number.NaN),
  () => Buffer.from('abcd'),
  () => new Uint8Array(16),
  () => Uint8Array.of(255, 254),
  () => new Uint8ClampedArray(3),
  () => Float32Array.of(1.5, -2),
  () => new Float64Array(20),
  () => BigInt64Array.of(-1n, 5n),
  () => new BigUint64Array(17),
  () => new DataView(new ArrayBuffer(4)),
  () => [],
  () => [1],
  () => [1, 2],
  () => [[1, 2]],
  () => ['a', null],
  () => [['a', 1]],
  () => [undefined],
  () => new Array(2),
  () => ({}),
  () => ({ a: 1 }),
  () => ({ e0: 1, e1: 'x' }),
  () => new Map(),
  () => new Map([['a', 1]]),
  () => new Set([1]),
  () => new Point(),
  () => Object.create(null),
  () => new Error('x'),
  () => /x/,
  () => Object(1),
  () => Symbol('s'),
  () => () => 1,
  () => Promise.resolve(),
  () => typed('UInt8', 1),
  () => typed('String', 'x'),
  () => typed('Array(Nullable(Int64))', [1, null]),
  () => typed('Point', [1, 2]),
  () => typed('UInt8', null),
  () => typed('NoType', 1),
  () => typed('Dynamic', 1),
  () => typed(5 as never, 1),
]

export function anything(below: Below): unknown {
  return pick(below, ...(below(2) ? VALUES : OBJECTS))()
}

/** The value with anything in place of it, or of something inside of it. */
export function mutated(below: Below, value: unknown): unknown {
  if (below(4) === 0) return anything(below)
  if (value instanceof TypedValue) return typed(value.type, mutated(below, value.value))
  if (Array.isArray(value)) return value.length === 0 ? anything(below) : withOneMutated(below, value)
  if (value instanceof Map) {
    const items = withOneMutated(below, [...value.values()])
    return new Map([...value.keys()].map((key, i) => [key, items[i]]))
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return anything(below)
  }
  const items = withOneMutated(below, Object.values(value))
  return Object.fromEntries(Object.keys(value).map((key, i) => [key, items[i]]))
}

function withOneMutated(below: Below, values: readonly unknown[]): unknown[] {
  const at = below(values.length || 1)
  return values.map((value, i) => (i === at ? mutated(below, value) : value))
}
