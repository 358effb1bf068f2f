// What the random types have in common.

/** A whole number from 0 up to and without `limit`. */
export type Below = (limit: number) => number

/** A value that means something, in three forms. */
export interface Value {
  /** One of the forms a caller may pass. */
  readonly input: unknown
  /** What decodeBlocks() gives. */
  readonly decoded: unknown
  /** What the engine prints as JSON: see engine-json.ts. */
  readonly shown: unknown
}

export interface RandomType {
  readonly type: string
  good(): Value
  /** Something that the column refuses. */
  bad(): unknown
}

/** A random type of at most `depth` composites around its leaves. */
export type MakeType = (below: Below, depth: number) => RandomType

export function pick<T>(below: Below, ...values: readonly T[]): T {
  return values[below(values.length)]!
}

/** A type without others inside. The first two bad values are those just past the ends of its range, where it has one. */
export function leaf(below: Below, type: string, good: () => Value, ...bad: readonly unknown[]): RandomType {
  return {
    type,
    good,
    bad: () => pick(below, ...[NEVER, bad, bad.slice(0, 2), bad.slice(0, 2)][below(4)]!),
  }
}

/** No leaf takes one of these. */
const NEVER = [Symbol('bad'), () => 1, { no: 'value' }, /x/, null, [1], new Map(), new Set(['a'])]

/** A whole number from `min` to `max`, often one of the ends or a small one. */
export function between(below: Below, min: bigint, max: bigint): bigint {
  const near = BigInt(below(300)) * (min < 0n && below(2) ? -1n : 1n)
  const kind = below(8)
  if (kind === 0) return pick(below, min, max)
  if (kind < 3) return near < min || near > max ? min : near
  let random = 0n
  let bits = 0
  for (let limit = max - min; limit > 0n; limit >>= 32n, bits += 32) random = (random << 32n) | BigInt(below(2 ** 32))
  return min + ((random % (max - min + 1n)) >> BigInt(below(3) ? 0 : below(bits)))
}

/** Names and labels that need quotes or escapes, and such that objects have already. */
export const ODD_NAMES = [
  'a',
  'with space',
  "it's",
  '`',
  '"',
  '\\',
  'new\nline',
  'ключ',
  '🚀',
  'null',
  'toString',
  '__proto__',
]

/** A name or a label in ClickHouse's quotes. */
export function quoted(text: string, quote: "'" | '`'): string {
  return `${quote}${text.replace(/[\\'`]/g, '\\$&').replaceAll('\n', '\\n')}${quote}`
}

/** A whole number times 10^-scale, all digits behind the point. */
export function decimalText(scaled: bigint, scale: number): string {
  const digits = `${scaled < 0n ? -scaled : scaled}`.padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return `${scaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`
}
