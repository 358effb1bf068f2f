// IPv4: UInt32, little endian. IPv6: 16 bytes in network order; an IPv4 address in it is ::ffff:a.b.c.d.
//
//   IPv4 1.2.3.4 ──▶ 04 03 02 01        IPv6 ::1:2 ──▶ fourteen 00… 00 01 00 02

import { show } from '../errors.ts'
import { FixedColumn, type StagingContext } from './column.ts'
import { type ArrayKind, UNSIGNED } from './column-data.ts'
import type { TextParser } from './texts.ts'
import { HEX } from './uuid.ts'

const DOT = 46
const COLON = 58

/** The address as a number, or -1. No octet with a leading zero: readers disagree whether it is octal. */
export function parseIPv4(text: string): number {
  let address = 0
  let octet = -1
  let dots = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) {
      if (octet < 0 || dots === 3) return -1
      address = (address << 8) | octet
      octet = -1
      dots++
    } else {
      const digit = code - 48
      if (digit < 0 || digit > 9 || octet === 0) return -1
      octet = octet < 0 ? digit : octet * 10 + digit
      if (octet > 255) return -1
    }
  }
  return dots === 3 && octet >= 0 ? ((address << 8) | octet) >>> 0 : -1
}

export class IPv4Column extends FixedColumn {
  #values: Uint32Array = new Uint32Array(0)
  protected override readonly parser: TextParser = this.context.arena.core.parseIPv4s
  protected bind(): void {
    this.#values = this.context.arena.u32(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'string') {
      const address = parseIPv4(value)
      if (address < 0)
        this.refuse('BAD_TEXT', index, value, `${show(value)} is no IPv4 address`, "Write it as '192.0.2.1'.")
      this.#values[index] = address
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      if (!(value >= 0 && value <= 0xffffffff) || (typeof value === 'number' && !Number.isInteger(value))) {
        this.refuse(
          'VALUE_OUT_OF_RANGE',
          index,
          value,
          `${show(value)} does not fit`,
          'An IPv4 address is a whole number from 0 to 4294967295.',
        )
      }
      this.#values[index] = Number(value)
    } else if (value instanceof Uint8Array) {
      if (value.byteLength !== 4)
        this.refuse('BAD_TEXT', index, value, `an IPv4 address has 4 bytes, not ${value.byteLength}`)
      this.#values[index] = ((value[0] << 24) | (value[1] << 16) | (value[2] << 8) | value[3]) >>> 0
    } else if (value === undefined) this.putMissing(index)
    else this.refuseType(index, value, "'192.0.2.1', 4 bytes or a 32-bit number")
  }
  putDefault(index: number): void {
    this.#values[index] = 0
  }
  protected override viewFor(kind: ArrayKind): Uint32Array | undefined {
    return UNSIGNED[32].includes(kind) ? this.#values : undefined
  }
}

export class IPv6Column extends FixedColumn {
  #bytes: Uint8Array = new Uint8Array(0)
  protected override readonly parser: TextParser = this.context.arena.core.parseIPv6s
  constructor(context: StagingContext, type: string) {
    super(context, type, 16)
  }
  protected bind(): void {
    this.#bytes = this.context.arena.u8(this.ptr, this.capacity * 16)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'string') this.#putText(index, value)
    else if (value instanceof Uint8Array) {
      if (value.byteLength !== 16)
        this.refuse('BAD_TEXT', index, value, `an IPv6 address has 16 bytes, not ${value.byteLength}`)
      this.#bytes.set(value, index * 16)
    } else if (typeof value === 'bigint') {
      if (value < 0n || value >> 128n)
        this.refuse(
          'VALUE_OUT_OF_RANGE',
          index,
          value,
          `${value}n does not fit`,
          'An IPv6 address has 128 bits, unsigned.',
        )
      let rest = value
      for (let i = 15; i >= 0; i--) {
        this.#bytes[index * 16 + i] = Number(rest & 0xffn)
        rest >>= 8n
      }
    } else if (value === undefined) this.putMissing(index)
    else this.refuseType(index, value, "'2001:db8::1', 16 bytes or a bigint")
  }
  putDefault(index: number): void {
    this.#bytes.fill(0, index * 16, index * 16 + 16)
  }

  #putText(index: number, text: string): void {
    const start = index * 16
    const bytes = this.#bytes
    const mapped = parseIPv4(text)
    if (mapped >= 0) {
      bytes.fill(0, start, start + 10)
      bytes[start + 10] = 0xff
      bytes[start + 11] = 0xff
      putIPv4(bytes, start + 12, mapped)
      return
    }
    if (!putIPv6(bytes, start, text))
      this.refuse('BAD_TEXT', index, text, `${show(text)} is no IPv6 address`, "Write it as '2001:db8::1'.")
  }
}

/** Writes the 16 bytes of 'a:b::c', or of 'a::1.2.3.4', at `start`; false where the text is no address. */
function putIPv6(bytes: Uint8Array, start: number, text: string): boolean {
  const { length } = text
  const end = start + 16
  let out = start
  /** Where the zeros of '::' go. */
  let gap = -1
  let at = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false
    gap = start
    at = 2
  }
  while (at < length) {
    const first = at
    let word = 0
    let separator = COLON
    for (; at < length; at++) {
      separator = text.charCodeAt(at)
      const digit = HEX[separator]
      if (digit < 0 || at === first + 4) break
      word = (word << 4) | digit
    }
    if (separator === DOT) {
      const address = parseIPv4(text.slice(first))
      if (address < 0 || out + 4 > end) return false
      putIPv4(bytes, out, address)
      out += 4
      break
    }
    if (at === first || out === end) return false
    bytes[out] = word >> 8
    bytes[out + 1] = word
    out += 2
    if (at === length) break
    if (separator !== COLON || ++at === length) return false
    if (text.charCodeAt(at) !== COLON) continue
    if (gap >= 0) return false
    gap = out
    at++
  }
  if (gap < 0) return out === end
  if (out === end) return false
  const behind = out - gap
  for (let i = 1; i <= behind; i++) bytes[end - i] = bytes[out - i]
  for (let i = gap; i < end - behind; i++) bytes[i] = 0
  return true
}

function putIPv4(bytes: Uint8Array, at: number, address: number): void {
  bytes[at] = address >>> 24
  bytes[at + 1] = (address >>> 16) & 0xff
  bytes[at + 2] = (address >>> 8) & 0xff
  bytes[at + 3] = address & 0xff
}
