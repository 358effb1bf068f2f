// Random columns and values for the model of the builder: what goes in, what the decoder gives for it, and values gone bad at
// any depth.

import { randomModern } from './random-modern.ts'
import { asDecoded } from './vectors.ts'

export type Below = (limit: number) => number

export interface RandomType {
  readonly type: string
  /** What a caller passes, and what the block decodes to. */
  good(): { readonly input: unknown; readonly decoded: unknown }
  /** Something the column refuses. */
  bad(): unknown
}

/** A type of at most `depth` composites around its leaves. */
export function randomType(below: Below, depth: number): RandomType {
  if (below(8) === 0) return randomModern(below, depth, randomType)
  if (depth > 0 && below(3) > 0) {
    switch (below(4)) {
      case 0:
        return arrayOf(below, randomType(below, depth - 1))
      case 1:
        return mapOf(below, randomKey(below), randomType(below, depth - 1))
      default: {
        const tuple = tupleOf(
          below,
          Array.from({ length: 1 + below(3) }, () => randomType(below, depth - 1)),
        )
        return below(6) === 0 ? nullable(below, tuple) : tuple
      }
    }
  }
  const leaf = randomLeaf(below)
  return below(4) === 0 && !leaf.type.startsWith('LowCardinality') ? nullable(below, leaf) : leaf
}

const LETTERS = ['a', 'bc', ' ', 'é', '日', '🚀', '\ud83d', '\ude80', '\0', 'zz']

/** Mostly short, sometimes of joining length, sometimes longer than a page of memory. */
export function randomText(below: Below): string {
  const length = [0, 3, 12, 13, 40, 60, 130][below(7)]!
  const text = below(3)
    ? 'x'.repeat(below(length + 1))
    : Array.from({ length: below(length + 1) }, () => LETTERS[below(LETTERS.length)]).join('')
  return below(120) === 0 ? text + 'long '.repeat(below(20_000)) : text
}

const utf8 = new TextEncoder()

function randomString(below: Below): unknown {
  if (below(12) === 0) return Uint8Array.from({ length: below(40) }, () => below(256))
  if (below(12) === 0) return utf8.encode(randomText(below))
  return randomText(below)
}

function randomLeaf(below: Below): RandomType {
  const pick = <T>(...values: readonly T[]): T => values[below(values.length)]!
  const signed = (limit: number) => below(limit) * (below(2) ? 1 : -1)
  const leaf = (type: string, value: () => unknown, ...bad: readonly unknown[]): RandomType => ({
    type,
    good: () => {
      const input = value()
      return { input, decoded: asDecoded(type, input) }
    },
    bad: () => (below(4) === 0 ? pick<unknown>(Symbol('bad'), () => 1, { no: 'value' }, /x/) : pick(...bad)),
  })
  const scale = below(10)
  const digits = () => String(below(1_000_000))
  switch (below(24)) {
    case 0:
      return leaf('UInt8', () => below(256), 256, -1, 1.5, Number.NaN, '7')
    case 1:
      return leaf('Int16', () => below(65536) - 32768, 32768, 0.5)
    case 2:
      return leaf('UInt32', () => below(2 ** 32), 2 ** 32, -1)
    case 3:
      return leaf(
        'UInt64',
        () => pick<number | bigint>(below(2 ** 31), BigInt(below(2 ** 31)) << 33n),
        2 ** 53,
        -1n,
        'x',
      )
    case 4:
      return leaf('Int64', () => signed(2 ** 31) * 2 ** 21, 2n ** 63n, 1.5)
    case 5:
      return leaf('UInt256', () => BigInt(below(2 ** 31)) ** 8n, 2n ** 256n, '0x1')
    case 6:
      return leaf('Float64', () => signed(1000) / 7, '1', 2n ** 70n + 1n)
    case 7:
      return leaf('Float32', () => below(1000) / 8, 1e300, true)
    case 8:
      return leaf('Bool', () => below(2) === 1, 2, 'true')
    case 9:
      return leaf('Decimal(18, 4)', () => `${digits()}.${below(1000)}`, '1.00001', 1e300, Number.NaN)
    case 10:
      return leaf('Decimal(38, 10)', () => `${1 + below(999)}${digits()}.${below(1000)}`, 'x', 1e30)
    case 11:
      return leaf('FixedString(5)', () => pick<unknown>('abcde', 'é', '', Uint8Array.of(255, 0, 254)), 'abcdef', 7)
    case 12:
      return leaf(
        'Date',
        () => pick<unknown>(below(65536), new Date(below(2 ** 31) * 1000)),
        70000,
        '2024-13-01',
        new Date(Number.NaN),
      )
    case 13:
      return leaf(
        'DateTime',
        () => pick<unknown>(below(2 ** 32), new Date(below(2 ** 31) * 1000)),
        2 ** 32,
        new Date(-1),
        '2024',
      )
    case 14:
      return leaf(
        `DateTime64(${scale})`,
        () => pick<unknown>(BigInt(signed(2 ** 31)), new Date(signed(2 ** 31) * 1000)),
        1e17,
        2n ** 70n,
        'now',
      )
    case 15:
      return leaf('Time64(3)', () => BigInt(signed(2 ** 31)), '24', 1e9)
    case 16:
      return leaf('UUID', () => crypto.randomUUID(), 'x'.repeat(36), new Uint8Array(15), 5)
    case 17:
      return leaf('IPv4', () => [below(256), below(256), below(256), below(256)].join('.'), '1.2.3.256', -1)
    case 18: {
      const type = leaf('IPv6', () => '::', '::g', new Uint8Array(4))
      return {
        ...type,
        good: () => {
          const word = (1 + below(65535)).toString(16)
          const decoded = `2001:db8::${word}`
          const bytes = Uint8Array.from(Buffer.from(`20010db8${'0'.repeat(20)}${word.padStart(4, '0')}`, 'hex'))
          return { input: pick<unknown>(decoded, bytes, BigInt(`0x${Buffer.from(bytes).toString('hex')}`)), decoded }
        },
      }
    }
    case 19:
      return leaf("Enum8('a' = -5, 'b' = 7, '' = 9)", () => pick('a', 'b', ''), 'c', 0)
    case 20:
      return leaf('LowCardinality(String)', () => (below(3) ? `key ${below(20)}` : randomString(below)), 5, null)
    case 21:
      return nullable(
        below,
        leaf('LowCardinality(String)', () => (below(3) ? `key ${below(20)}` : randomString(below)), 5),
        'LowCardinality(Nullable(String))',
      )
    case 22:
      return leaf('LowCardinality(UInt32)', () => 1 + below(50), -1, 'x')
    default:
      return leaf('String', () => randomString(below), 5, null)
  }
}

function randomKey(below: Below): RandomType {
  for (;;) {
    const key = randomLeaf(below)
    if (!/Nullable|Float/.test(key.type)) return key
  }
}

function nullable(below: Below, inner: RandomType, type = `Nullable(${inner.type})`): RandomType {
  return {
    type,
    good: () => (below(3) === 0 ? { input: null, decoded: null } : inner.good()),
    bad: () => inner.bad() ?? Symbol('bad'),
  }
}

function arrayOf(below: Below, inner: RandomType): RandomType {
  const length = () => (below(200) === 0 ? below(3000) : below(5))
  const good = () => Array.from({ length: length() }, () => inner.good())
  return {
    type: `Array(${inner.type})`,
    good: () => {
      const elements = good()
      return { input: elements.map(({ input }) => input), decoded: elements.map(({ decoded }) => decoded) }
    },
    bad: () => {
      if (below(8) === 0) return below(2) ? 'no array' : null
      const elements: unknown[] = good().map(({ input }) => input)
      elements.splice(below(elements.length + 1), 0, below(8) ? inner.bad() : undefined)
      return elements
    },
  }
}

function mapOf(below: Below, key: RandomType, value: RandomType): RandomType {
  // Pairs, so that keys may repeat; the decoder gives a Map where they do not.
  const good = () => Array.from({ length: below(4) }, () => [key.good(), value.good()] as const)
  return {
    type: `Map(${key.type}, ${value.type})`,
    good: () => {
      const pairs = good()
      const decoded = pairs.map(([k, v]) => [k.decoded, v.decoded] as const)
      const map = new Map(decoded)
      return {
        input: pairs.map(([k, v]) => [k.input, v.input]),
        decoded: map.size === decoded.length ? map : decoded.map((pair) => [...pair]),
      }
    },
    bad: () => {
      if (below(8) === 0) return below(2) ? 'no map' : null
      const entries: unknown[] = good().map(([k, v]) => [k.input, v.input])
      const broken = [[key.bad(), value.good().input], [key.good().input, value.bad()], 'no entry'][below(3)]
      entries.splice(below(entries.length + 1), 0, broken)
      return entries
    },
  }
}

function tupleOf(below: Below, elements: readonly RandomType[]): RandomType {
  const named = below(2) === 0
  const names = elements.map((_, i) => `e${i}`)
  const shape = (values: readonly unknown[]) =>
    named ? Object.fromEntries(values.map((value, i) => [names[i], value])) : [...values]
  return {
    type: `Tuple(${elements.map(({ type }, i) => (named ? `${names[i]} ${type}` : type)).join(', ')})`,
    good: () => {
      const parts = elements.map((element) => element.good())
      const inputs = parts.map(({ input }) => input)
      return { input: below(2) ? inputs : shape(inputs), decoded: shape(parts.map(({ decoded }) => decoded)) }
    },
    bad: () => {
      if (below(8) === 0) return below(2) ? [] : null
      const at = below(elements.length)
      return shape(elements.map((element, i) => (i === at ? element.bad() : element.good().input)))
    },
  }
}
