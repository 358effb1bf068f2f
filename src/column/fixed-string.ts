// FixedString(N): N raw bytes; shorter values are padded with zeros on the right, longer ones refused.
//
//   FixedString(4)   'ab', 'abcd' ──▶ 61 62 00 00   61 62 63 64

import { FixedColumn, type StagingContext } from './column.ts'
import type { TextParser } from './texts.ts'

/** Up to this width bytes go one by one: a call that moves several costs 30 to 60 ns, whatever their number. */
const LOOPED = 64

export class FixedStringColumn extends FixedColumn {
  #bytes: Buffer = Buffer.alloc(0)
  protected override readonly parser: TextParser = (out, text, offsets, row, count, nulls) =>
    this.context.arena.core.padStrings(out, text, offsets, row, count, nulls, this.width)
  constructor(context: StagingContext, type: string, length: number) {
    super(context, type, length)
  }
  protected bind(): void {
    this.#bytes = this.context.arena.node(this.ptr, this.capacity * this.width)
  }
  put(index: number, value: unknown): void {
    const start = index * this.width
    if (typeof value === 'string') this.#putText(index, start, value)
    else if (value instanceof Uint8Array) {
      const bytes = this.#bytes
      const { length } = value
      if (length > this.width) this.#refuseLength(index, value, length)
      if (length === 0) this.requireBuffer(index, value)
      if (this.width > LOOPED) bytes.set(value, start)
      else for (let i = 0; i < length; i++) bytes[start + i] = value[i]
      this.#pad(start + length, start + this.width)
    } else if (value === undefined) this.putMissing(index)
    else this.refuseType(index, value, 'a string, or a Uint8Array of raw bytes')
  }
  #putText(index: number, start: number, value: string): void {
    const bytes = this.#bytes
    const { length } = value
    let ascii = 0
    if (length <= this.width && this.width <= LOOPED) {
      for (; ascii < length; ascii++) {
        const code = value.charCodeAt(ascii)
        if (code > 127) break
        bytes[start + ascii] = code
      }
    }
    let end = start + length
    if (ascii < length) {
      if (this.context.refuseInvalidText && !value.isWellFormed()) {
        this.refuse(
          'INVALID_TEXT',
          index,
          value,
          'the text holds a lone surrogate, which UTF-8 cannot carry',
          'Pass the raw bytes as a Uint8Array.',
        )
      }
      const byteLength = Buffer.byteLength(value)
      if (byteLength > this.width) this.#refuseLength(index, value, byteLength)
      end = start + bytes.write(value, start, byteLength)
    }
    this.#pad(end, start + this.width)
  }
  #pad(from: number, to: number): void {
    const bytes = this.#bytes
    if (this.width > LOOPED) bytes.fill(0, from, to)
    else for (let at = from; at < to; at++) bytes[at] = 0
  }
  /** Its texts may be any bytes. */
  override get readsText(): boolean {
    return false
  }
  putDefault(index: number): void {
    this.#bytes.fill(0, index * this.width, (index + 1) * this.width)
  }
  #refuseLength(index: number, value: unknown, byteLength: number): never {
    this.refuse(
      'TOO_LONG',
      index,
      value,
      `${byteLength} bytes do not fit`,
      `${this.type} holds ${this.width} bytes of UTF-8: cut the value, or make the column String.`,
    )
  }
}
