import type { ByteReader } from './bytes.ts'

/** Sets a property whose name came from outside: a plain assignment to `__proto__` would swap the prototype instead. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
  } else {
    ;(target as Record<string, unknown>)[key] = value
  }
}

/** Entries as a Map; as they are where keys repeat: ClickHouse keeps those, a Map cannot. Dates and bytes repeat by what they say. */
export function asMap(entries: [unknown, unknown][]): Map<unknown, unknown> | [unknown, unknown][] {
  const keys = new Set(entries.map(([key]) => plainKey(key)))
  return keys.size === entries.length ? new Map(entries) : entries
}

function plainKey(key: unknown): unknown {
  if (key instanceof Date) return key.getTime()
  return key instanceof Uint8Array ? `bytes ${Buffer.from(key).toString('hex')}` : key
}

// A path is written once and makes objects in every row: without a limit, few bytes would make many objects.
const PATH_PARTS_MAX = 256

/** `a.b` = 1 ──▶ {a: {b: 1}}. */
export function setPath(reader: ByteReader, row: object, path: string, value: unknown): void {
  const parts = path.split('.', PATH_PARTS_MAX + 1)
  if (parts.length > PATH_PARTS_MAX) throw reader.bad(`a JSON path of more than ${PATH_PARTS_MAX} parts`)
  const last = parts.pop()!
  let target = row
  for (const part of parts) {
    const next = Object.hasOwn(target, part) ? (target as Record<string, unknown>)[part] : {}
    if (typeof next !== 'object' || next === null) throw reader.bad(`the JSON path ${path} leads through a value`)
    setOwn(target, part, next)
    target = next
  }
  if (Object.hasOwn(target, last)) throw reader.bad(`the JSON path ${path} has two values in one row`)
  setOwn(target, last, value)
}

/** JSON has one kind of number: 64-bit integers become numbers where that loses nothing. */
export function jsonNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return safeNumber(value)
  return Array.isArray(value) ? value.map(jsonNumbers) : value
}

function safeNumber(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** JSON.parse, but an integer beyond 2^53 becomes a bigint instead of its neighbour. */
export function parseJsonText(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  // Such integers travel through JSON.parse as strings that begin with a mark no string of this text has. Strings are
  // brought into one spelling first, or an escape could hide the mark.
  const plain = text.replace(TOKENS, (token) => (token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token))
  let mark = '\ue000'
  while (plain.includes(mark)) mark += '\ue000'
  const marked = plain.replace(TOKENS, (token) => {
    const isWide = /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token))
    return isWide ? `"${mark}${token}"` : token
  })
  return JSON.parse(marked, (_, value) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  )
}
