// UUID: two UInt64, high half first, each little endian; so each half of the text is reversed byte by byte.
//
//   00112233-4455-6677-8899-aabbccddeeff ──▶ 77 66 55 44 33 22 11 00   ff ee dd cc bb aa 99 88

import { show } from '../errors.ts'
import { FixedColumn, type StagingContext } from './column.ts'
import type { TextParser } from './texts.ts'

/** Value of a hex digit by character code; 255, or undefined, for every other. */
export const HEX = new Uint8Array(128).fill(255)
for (let i = 0; i < 16; i++) {
  HEX['0123456789abcdef'.charCodeAt(i)] = i
  HEX['0123456789ABCDEF'.charCodeAt(i)] = i
}
/** Place in the text of the digits of byte 0..15 as they stand in the column. */
const PLACES = [16, 14, 11, 9, 6, 4, 2, 0, 34, 32, 30, 28, 26, 24, 21, 19]

export class UuidColumn extends FixedColumn {
  #bytes: Uint8Array = new Uint8Array(0)
  protected override readonly parser: TextParser = this.context.arena.core.parseUuids
  constructor(context: StagingContext, type: string) {
    super(context, type, 16)
  }
  protected bind(): void {
    this.#bytes = this.context.arena.u8(this.ptr, this.capacity * 16)
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
    const bytes = this.#bytes
    const start = index * 16
    let faults = text.length ^ 36
    for (let i = 0; i < 16; i++) {
      const high = HEX[text.charCodeAt(PLACES[i])]
      const low = HEX[text.charCodeAt(PLACES[i] + 1)]
      faults |= (high | low) & 0xf0
      bytes[start + i] = (high << 4) | low
      // A character above 127 reads undefined: not a number, and no fault bit.
      if (high === undefined || low === undefined) faults = 1
    }
    if (
      faults ||
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
