// What the engine prints of values as JSON, against what the values mean.

import { inspect } from 'node:util'

/** Settings under which JSONCompactEachRow says all of a value. */
export const JSON_SETTINGS = [
  'output_format_json_quote_64bit_integers = 1',
  'output_format_json_quote_denormals = 1',
  'output_format_json_quote_decimals = 1',
  'output_format_json_named_tuples_as_objects = 0',
  'output_format_json_map_as_array_of_tuples = 1',
  'output_format_decimal_trailing_zeros = 1',
  "date_time_output_format = 'iso'",
].join(', ')

/** One array a row; texts have one character a byte, because not every String is UTF-8. */
export function parseRows(bytes: Uint8Array): unknown[][] {
  const lines = Buffer.from(bytes).toString('latin1').split('\n').filter(Boolean)
  return lines.map((line) => bytewise(JSON.parse(line.replace(BARE, '"$&"'))) as unknown[])
}

/** The elements of a QBit are printed without the quotes that no number of JSON goes without. */
const BARE = /(?<=[[,])-?(nan|inf)(?=[\],])/g

/** The engine escapes these two characters, which it takes for the ends of a JavaScript line. */
function bytewise(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/[\u2028\u2029]/g, (end) => Buffer.from(end).toString('latin1'))
  return Array.isArray(value) ? value.map(bytewise) : value
}

/**
 * The first place where the engine printed something else; undefined where there is none.
 *
 * @param shown  integers of 64 bits and more, and those in a JSON, are bigints
 */
export function difference(shown: unknown, read: unknown, path = ''): string | undefined {
  if (Array.isArray(shown)) {
    if (!Array.isArray(read) || read.length !== shown.length) return told(shown, read, path)
    return first(shown, (value, i) => difference(value, read[i], `${path}[${i}]`))
  }
  if (typeof shown === 'bigint')
    return read === String(shown) || read === Number(shown) ? undefined : told(shown, read, path)
  if (typeof shown === 'number') return isSameFloat(shown, read) ? undefined : told(shown, read, path)
  if (typeof shown !== 'object' || shown === null) return Object.is(shown, read) ? undefined : told(shown, read, path)
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return told(shown, read, path)
  const [keys, members] = [Object.keys(shown), read as Record<string, unknown>]
  if (keys.length !== Object.keys(members).length) return told(shown, read, path)
  return first(keys, (key) =>
    Object.hasOwn(members, key)
      ? difference((shown as Record<string, unknown>)[key], members[key], `${path}.${key}`)
      : told(shown, read, path),
  )
}

function first<T>(values: readonly T[], find: (value: T, i: number) => string | undefined): string | undefined {
  for (let i = 0; i < values.length; i++) {
    const found = find(values[i]!, i)
    if (found !== undefined) return found
  }
  return undefined
}

function told(shown: unknown, read: unknown, path: string): string {
  return `${path || 'the value'} is ${inspect(read)} to the engine, not ${inspect(shown)}`
}

/** A Float32 is printed with as few digits as tell it from other Float32. */
function isSameFloat(shown: number, read: unknown): boolean {
  const number = typeof read === 'string' ? { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }[read] : read
  return typeof number === 'number' && (Object.is(number, shown) || Object.is(Math.fround(number), shown))
}
