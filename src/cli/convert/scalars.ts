// Codecs of single values. Ranges, digits and lengths are the statement's to check: it does so for every caller, with better words.

import { show } from '../../errors.ts'
import type { TypeNode } from '../../types/node.ts'
import { JsonNumber, sourceText } from '../input/ndjson.ts'
import { type Codec, type CodecContext, NEEDS_SOURCE, refuse } from './codec.ts'
import { boolFromText, floatFromText, integerFromText } from './numbers.ts'

/** (U)Int8..32, and 64..256 where digits beyond a double's travel as text. */
export function integerCodec(context: CodecContext, isWide: boolean, isByte: boolean): Codec {
  const text = (text: string) => {
    const trimmed = text.trim()
    const integer = integerFromText(trimmed)
    if (integer !== undefined) return isWide ? integer : Number(integer)
    // ClickHouse without a Bool type keeps booleans in UInt8.
    if (isByte && /^(true|false)$/i.test(trimmed)) return trimmed.length === 4
    return refuse(context, 'BAD_TEXT', text, `${show(text)} is no integer`)
  }
  return { text, json: scalarJson(text), empty: 0 }
}

export function floatCodec(context: CodecContext): Codec {
  const text = (text: string) =>
    floatFromText(text.trim()) ?? refuse(context, 'BAD_TEXT', text, `${show(text)} is no number that a Float64 holds`)
  const other = scalarJson(text)
  const json = (value: unknown) => {
    // JSON has no infinities: this one was a number like 1e400.
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
      refuse(
        context,
        'VALUE_OUT_OF_RANGE',
        value,
        'the number is too large for a Float64',
        'Write it as text, "inf", if infinity is meant.',
      )
    }
    return other(value)
  }
  return { text, json, empty: 0 }
}

export function decimalCodec(): Codec {
  const text = (text: string) => text.trim()
  return { text, json: scalarJson(text), empty: 0 }
}

export function boolCodec(context: CodecContext): Codec {
  const text = (text: string) =>
    boolFromText(text.trim()) ?? refuse(context, 'BAD_TEXT', text, `${show(text)} is neither true nor false`)
  return { text, json: scalarJson(text), empty: false }
}

/** Numbers, booleans, objects and arrays become their JSON text, digits as in the file. */
export function stringCodec(context: CodecContext): Codec {
  const json = (value: unknown) => {
    if (typeof value === 'string' || value === null) return value
    if (typeof value === 'boolean') return String(value)
    if (!context.source.exact) throw NEEDS_SOURCE
    return sourceText(value)
  }
  return { text: (text) => text, json, empty: '', takesEmptyText: true }
}

export function enumCodec(node: TypeNode & { name: 'Enum8' | 'Enum16' }): Codec {
  const labels = new Set(node.values.map(({ label }) => label))
  const text = (text: string) => {
    if (labels.has(text)) return text
    const code = integerFromText(text.trim())
    return typeof code === 'number' ? code : text
  }
  return { text, json: scalarJson(text), takesEmptyText: labels.has('') }
}

/** UUID, IPv4, IPv6, Time: the statement reads their text. */
export function trimmedCodec(): Codec {
  const text = (text: string) => text.trim()
  return { text, json: scalarJson(text) }
}

/** Variant, Dynamic, JSON: the value as it is; whole numbers that a double would change become bigints. */
export function anyCodec(): Codec {
  return { text: (text) => text, json: unwrapNumbers }
}

function unwrapNumbers(value: unknown): unknown {
  if (value instanceof JsonNumber) return /^-?\d+$/.test(value.text) ? BigInt(value.text) : Number(value.text)
  if (Array.isArray(value)) return value.map(unwrapNumbers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unwrapNumbers(member)]))
}

/** JSON numbers and booleans pass, text and long numbers are read as text. */
export function scalarJson(text: (text: string) => unknown): (value: unknown) => unknown {
  return (value) => {
    if (typeof value === 'string') return text(value)
    return value instanceof JsonNumber ? text(value.text) : value
  }
}
