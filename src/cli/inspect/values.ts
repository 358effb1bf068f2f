// Decoded values as text for people and as JSON for programs. Times are shown in UTC, because a block does not always say
// its zone.

import { clockText, dayText } from '../../block/decode/text.ts'
import { geoStructure } from '../../types/geo.ts'
import type { TypeNode } from '../../types/node.ts'

/** Longer texts are cut before they are looked at; a value may have megabytes. */
const TEXT_LENGTH_MAX = 1000
const ELEMENTS_MAX = 200

type Convert = (value: unknown) => unknown

/** Makes text of the times in values of this type, with the digits of their column; leaves all else as it is. */
export function timesAsText(node: TypeNode): Convert {
  return convertTimes(node) ?? ((value) => value)
}

/** Undefined where a type has no times: then nothing is copied. */
function convertTimes(node: TypeNode): Convert | undefined {
  switch (node.name) {
    case 'DateTime':
      return (value) => momentText(BigInt((value as Date).getTime()) / 1000n, 0)
    case 'DateTime64':
      return (value) => momentText(ticksOf(value as Date | bigint, node.scale), node.scale)
    case 'Nullable': {
      const inner = convertTimes(node.inner)
      return inner && ((value) => (value === null ? null : inner(value)))
    }
    case 'LowCardinality':
      return convertTimes(node.inner.name === 'Nullable' ? node.inner : { name: 'Nullable', inner: node.inner })
    case 'SimpleAggregateFunction':
      return convertTimes(node.args[0]!)
    case 'Array': {
      const inner = convertTimes(node.inner)
      return inner && ((value) => (value as unknown[]).map(inner))
    }
    case 'Nested':
      return convertTimes({ name: 'Array', inner: { name: 'Tuple', elements: node.elements } })
    case 'Tuple': {
      const parts = node.elements.map(({ type }) => convertTimes(type))
      if (parts.every((part) => part === undefined)) return undefined
      const convert = (i: number, value: unknown) => (parts[i] === undefined ? value : parts[i](value))
      return (value) =>
        Array.isArray(value)
          ? value.map((part, i) => convert(i, part))
          : Object.fromEntries(Object.entries(value as object).map(([name, part], i) => [name, convert(i, part)]))
    }
    case 'Map': {
      const key = convertTimes(node.key)
      const value = convertTimes(node.value)
      if (key === undefined && value === undefined) return undefined
      return (map) => {
        const entries = [...(map as Iterable<[unknown, unknown]>)].map(([k, v]): [unknown, unknown] => [
          key ? key(k) : k,
          value ? value(v) : v,
        ])
        return Array.isArray(map) ? entries : new Map(entries)
      }
    }
    default: {
      const structure = geoStructure(node)
      return structure === undefined ? undefined : convertTimes(structure)
    }
  }
}

/** The decoder has Dates up to milliseconds, and ticks where those are not enough. */
function ticksOf(value: Date | bigint, scale: number): bigint {
  if (typeof value === 'bigint') return value
  const ms = BigInt(value.getTime())
  return scale >= 3 ? ms * 10n ** BigInt(scale - 3) : ms / 10n ** BigInt(3 - scale)
}

function momentText(ticks: bigint, scale: number): string {
  const perDay = 86_400n * 10n ** BigInt(scale)
  const inDay = ((ticks % perDay) + perDay) % perDay
  return `${dayText(Number((ticks - inDay) / perDay))} ${clockText(inDay, scale)}`
}

/** One line without control characters, of at most about TEXT_LENGTH_MAX characters. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? printable(value) : nestedText(value)
}

function nestedText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${printable(value).replaceAll("'", "\\'")}'`
    case 'number':
      return Number.isFinite(value) ? numberText(value) : Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
    case 'object':
      return value === null ? 'NULL' : objectText(value)
    default:
      return String(value)
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function objectText(value: object): string {
  if (value instanceof Date) return momentText(BigInt(value.getTime()), 3)
  if (value instanceof Uint8Array) return `0x${Buffer.from(value.subarray(0, TEXT_LENGTH_MAX / 2)).toString('hex')}`
  if (Array.isArray(value)) return `[${listText(value, nestedText)}]`
  const entries = value instanceof Map ? value : Object.entries(value)
  return `{${listText(entries, ([key, item]) => `${nestedText(key)}: ${nestedText(item)}`)}}`
}

/** Stops when enough is there. */
function listText<T>(items: Iterable<T>, text: (item: T) => string): string {
  const parts: string[] = []
  let length = 0
  for (const item of items) {
    if (parts.length === ELEMENTS_MAX || length > TEXT_LENGTH_MAX) {
      parts.push('…')
      break
    }
    const part = text(item)
    parts.push(part)
    length += part.length
  }
  return parts.join(', ')
}

/** A value's text, shortened; a backslash of its own is doubled. */
function printable(text: string): string {
  const start = text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text
  return clean(start.replaceAll('\\', '\\\\'))
}

// Control, format (which turn text around or hide it), private and unassigned characters, lone surrogates, line separators.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu
const ESCAPES = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\0', '\\0'],
])

/** A text of a file must not move the cursor, change colours or turn the line around. */
export function clean(text: string): string {
  return text.replace(UNPRINTABLE, (character) => ESCAPES.get(character) ?? hexEscape(character.codePointAt(0)!))
}

function hexEscape(code: number): string {
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

/** What JSON.stringify() takes: bigints and numbers that JSON has not become texts, bytes {hex}, maps objects. */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : nestedText(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return momentText(BigInt(value.getTime()), 3)
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(jsonValue)
  if (!(value instanceof Map)) return jsonObject(Object.entries(value))
  const isObject = [...value.keys()].every((key) => typeof key === 'string')
  return isObject ? jsonObject(value) : [...value].map(jsonValue)
}

function jsonObject(entries: Iterable<[string, unknown]>): object {
  return Object.fromEntries([...entries].map(([key, value]) => [key, jsonValue(value)]))
}
