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

/** Negative where one of the last hex() calls met something else. */
let met = 0

/** Four hex digits. */
function hex(text: string, at: number): number {
  const a = HEX[text.charCodeAt(at)]
  const b = HEX[text.charCodeAt(at + 1)]
  const c = HEX[text.charCodeAt(at + 2)]
  const d = HEX[text.charCodeAt(at + 3)]
  met |= a | b | c | d
  return (a << 12) | (b << 8) | (c << 4) | d
}

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
    const words = this.#words
    const at = index * 4
    met = 0
    if (text.length === 36) {
      words[at + 1] = (hex(text, 0) << 16) | hex(text, 4)
      words[at] = (hex(text, 9) << 16) | hex(text, 14)
      words[at + 3] = (hex(text, 19) << 16) | hex(text, 24)
      words[at + 2] = (hex(text, 28) << 16) | hex(text, 32)
    } else met = -1
    if (
      met < 0 ||
      text.charCodeAt(8) !== 45 ||
      text.charCodeAt(13) !== 45 ||
      text.charCodeAt(18) !== 45 ||
      text.charCodeAt(23) !== 45
    ) {
      this.refuse(
        'BAD_TEXT',
        index,
        text,
        `${show(text)} is no UUID`,
        "Write it as 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'.",
      )
    }
  }
}
