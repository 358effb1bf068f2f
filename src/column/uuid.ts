// UUID: two UInt64, high half first, each little endian; so each half of the text is reversed byte by byte.
//
//   00112233-4455-6677-8899-aabbccddeeff ──▶ 77 66 55 44 33 22 11 00   ff ee dd cc bb aa 99 88

import { show } from '../errors.ts'
import { FixedColumn, type StagingContext } from './column.ts'
import type { TextParser } from './texts.ts'

/** Value of a hex digit by character code; negative for every other character. */
export const HEX = new Int8Array(2 ** 16).fill(-1)
for (let i = 0; i < 16; i++) {
  HEX['0123456789abcdef'.charCodeAt(i)] = i
  HEX['0123456789ABCDEF'.charCodeAt(i)] = i
}

/** Four hex digits; negative where one of them is none. */
function hex(text: string, at: number): number {
  return (
    (HEX[text.charCodeAt(at)] << 12) |
    (HEX[text.charCodeAt(at + 1)] << 8) |
    (HEX[text.charCodeAt(at + 2)] << 4) |
    HEX[text.charCodeAt(at + 3)]
  )
}

const DASH = 45

export class UuidColumn extends FixedColumn {
  #bytes: Uint8Array = new Uint8Array(0)
  /** The same memory: four words a value. */
  #words: Uint32Array = new Uint32Array(0)
  protected override readonly parser: TextParser = this.context.arena.core.parseUuids
  constructor(context: StagingContext, type: string) {
    super(context, type, 16)
  }
  protected bind(): void {
    this.#bytes = this.context.arena.u8(this.ptr, this.capacity * 16)
    this.#words = this.context.arena.u32(this.ptr, this.capacity * 4)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'string') this.#putText(index, value)
    else if (value instanceof Uint8Array) {
      if (value.byteLength !== 16) this.refuse('BAD_TEXT', index, value, `a UUID has 16 bytes, not ${value.byteLength}`)
      for (let i = 0; i < 8; i++) {
        this.#bytes[index * 16 + i] = value[7 - i]
        this.#bytes[index * 16 + 8 + i] = value[15 - i]
      }
    } else if (typeof value === 'bigint') {
      if (value < 0n || value >> 128n)
        this.refuse('VALUE_OUT_OF_RANGE', index, value, `${value}n does not fit`, 'A UUID has 128 bits, unsigned.')
      let high = value >> 64n
      let low = value
      for (let i = 0; i < 8; i++) {
        this.#bytes[index * 16 + i] = Number(high & 0xffn)
        this.#bytes[index * 16 + 8 + i] = Number(low & 0xffn)
        high >>= 8n
        low >>= 8n
      }
    } else if (value === undefined) this.putMissing(index)
    else this.refuseType(index, value, 'its text form, 16 bytes or a bigint')
  }
  putDefault(index: number): void {
    this.#bytes.fill(0, index * 16, index * 16 + 16)
  }
  #putText(index: number, text: string): void {
    if (text.length !== 36) this.#refuseText(index, text)
    const a = hex(text, 0)
    const b = hex(text, 4)
    const c = hex(text, 9)
    const d = hex(text, 14)
    const e = hex(text, 19)
    const f = hex(text, 24)
    const g = hex(text, 28)
    const h = hex(text, 32)
    const dashes =
      (text.charCodeAt(8) ^ DASH) |
      (text.charCodeAt(13) ^ DASH) |
      (text.charCodeAt(18) ^ DASH) |
      (text.charCodeAt(23) ^ DASH)
    if ((a | b | c | d | e | f | g | h) < 0 || dashes !== 0) this.#refuseText(index, text)
    const words = this.#words
    const at = index * 4
    words[at] = (c << 16) | d
    words[at + 1] = (a << 16) | b
    words[at + 2] = (g << 16) | h
    words[at + 3] = (e << 16) | f
  }
  #refuseText(index: number, text: string): never {
    this.refuse(
      'BAD_TEXT',
      index,
      text,
      `${show(text)} is no UUID`,
      "Write it as 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'.",
    )
  }
}
