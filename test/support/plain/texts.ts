// String and FixedString, and the types that are written as texts: UUID, IPv4, IPv6.

import { fixed, illegal, leaf, type PlainColumn, wrongKind, ZERO } from './column.ts'
import { putBig } from './numbers.ts'

const utf8 = new TextEncoder()

/** UTF-8 of a text (half a surrogate pair becomes U+FFFD), or bytes as they are. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  return typeof value === 'string' ? utf8.encode(value) : wrongKind(value)
}

export const string = leaf((out, values) => {
  for (const value of values) out.text(value === ZERO ? '' : bytesOf(value))
})

/** Padded with zeros. */
export function fixedString(length: number): PlainColumn {
  return fixed(length, (view, at, value) => {
    const bytes = bytesOf(value)
    if (bytes.length > length) illegal('TOO_LONG')
    putBytes(view, at, bytes)
  })
}

function putBytes(view: DataView, at: number, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) view.setUint8(at + i, bytes[i]!)
}

/** Two UInt64, the high half first, each with its lowest byte first. */
export const uuid = fixed(16, (view, at, value) => {
  const number = uuidOf(value)
  putBig(view, at, 8, number >> 64n)
  putBig(view, at + 8, 8, number)
})

function uuidOf(value: unknown): bigint {
  if (typeof value === 'string') {
    const [text] = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.exec(value) ?? illegal('BAD_TEXT')
    return BigInt(`0x${text.replaceAll('-', '')}`)
  }
  return in128Bits(value)
}

/** 16 bytes, the highest first, or the number they spell. */
function in128Bits(value: unknown): bigint {
  if (value instanceof Uint8Array) return value.length === 16 ? spelled(value) : illegal('BAD_TEXT')
  if (typeof value !== 'bigint') wrongKind(value)
  return value >= 0n && value < 2n ** 128n ? value : illegal('VALUE_OUT_OF_RANGE')
}

function spelled(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n)
}

/** A UInt32, the lowest byte first. */
export const ipv4 = fixed(4, (view, at, value) => {
  if (typeof value === 'string') view.setUint32(at, addressOf(value) ?? illegal('BAD_TEXT'), true)
  else if (value instanceof Uint8Array) {
    if (value.length !== 4) illegal('BAD_TEXT')
    view.setUint32(at, Number(spelled(value)), true)
  } else {
    if (typeof value !== 'number' && typeof value !== 'bigint') wrongKind(value)
    const number = Number(value)
    if (!Number.isInteger(number) || number < 0 || number > 4_294_967_295) illegal('VALUE_OUT_OF_RANGE')
    view.setUint32(at, number, true)
  }
})

/** Of 'a.b.c.d' without leading zeros. */
function addressOf(text: string): number | undefined {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1)
  if (!octets?.every((octet) => String(Number(octet)) === octet && Number(octet) < 256)) return undefined
  return octets.reduce((address, octet) => address * 256 + Number(octet), 0)
}

/** 16 bytes as the network has them; an IPv4 address is ::ffff:a.b.c.d. */
export const ipv6 = fixed(16, (view, at, value) => {
  const number = typeof value === 'string' ? (ipv6Of(value) ?? illegal('BAD_TEXT')) : in128Bits(value)
  view.setBigUint64(at, number >> 64n)
  view.setBigUint64(at + 8, number & 0xffffffffffffffffn)
})

function ipv6Of(text: string): bigint | undefined {
  const mapped = addressOf(text)
  if (mapped !== undefined) return 0xffff_0000_0000n + BigInt(mapped)
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, i) => wordsOf(half, i === halves.length - 1))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  // '::' stands for at least one word.
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const words = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]
  return words.reduce((number, word) => number * 65536n + BigInt(word), 0n)
}

/** The words of 'a:b:c', or undefined; the last ones of an address may be an IPv4 address. */
function wordsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const words: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    const address = isLast && i === parts.length - 1 ? addressOf(part) : undefined
    if (address !== undefined) words.push(address >>> 16, address & 0xffff)
    else if (/^[0-9a-f]{1,4}$/i.test(part)) words.push(Number.parseInt(part, 16))
    else return undefined
  }
  return words
}
