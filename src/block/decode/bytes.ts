import { isUtf8 } from 'node:buffer'
import { EngineError } from '../../errors.ts'

/** Empty JSON objects in their flattened form, and runs of equal discriminators: a block may be full of them. */
const SPARE_VALUES = 2 ** 20

/** Walks over bytes it does not trust: every step is checked against the end. */
export class ByteReader {
  readonly view: DataView
  readonly buffer: Buffer
  /** Where we are, for messages: `column "a" UInt8`. */
  place = ''
  #at = 0
  /** How many values that take no byte may still come. */
  #spare: number

  constructor(bytes: Uint8Array) {
    this.#spare = SPARE_VALUES + bytes.byteLength * 4
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get at(): number {
    return this.#at
  }

  get remaining(): number {
    return this.buffer.length - this.#at
  }

  /** Steps over `byteLength` bytes; returns where they begin. */
  skip(byteLength: number): number {
    const start = this.#at
    if (byteLength > this.buffer.length - start) {
      throw this.bad(`${byteLength} bytes expected, ${this.remaining} left`)
    }
    this.#at = start + byteLength
    return start
  }

  /** `count`, if so many things of at least `byteLength` bytes can still follow. Call it before allocating for them. */
  count(count: number, byteLength: number, what: string): number {
    if (count * byteLength > this.remaining) throw this.bad(`${count} ${what} announced, ${this.remaining} bytes left`)
    return count
  }

  /** `count`, if so many values can still follow: of some types a value may take no byte. */
  countValues(count: number, what: string): number {
    return count - this.remaining <= this.#spare ? count : this.count(count, 1, what)
  }

  /** `count` values were read from `start` on. Many values in few bytes are fine once, and a way to fill the memory in the end. */
  countRead(count: number, start: number): void {
    const byteless = count - (this.#at - start)
    if (byteless <= 0) return
    this.#spare -= byteless
    if (this.#spare < 0) throw this.bad(`${count} values in ${this.#at - start} bytes, after others like them`, start)
  }

  byte(): number {
    return this.buffer[this.skip(1)]!
  }

  /** A UInt64 as a number; exact below 2^53, and every count above that fails against the bytes that are left. */
  uint64(): number {
    const start = this.skip(8)
    return this.view.getUint32(start + 4, true) * 0x1_0000_0000 + this.view.getUint32(start, true)
  }

  /** A VarUInt of up to ten bytes. */
  varint(): number {
    const start = this.#at
    let value = 0
    let unit = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.byte()
      value += (byte & 127) * unit
      if (byte < 128) return value
      unit *= 128
    }
    throw this.bad('a VarUInt of more than ten bytes', start)
  }

  /** End offsets of `count` rows of an Array, Map or Nested; as many elements are still to come. */
  offsets(count: number): number[] {
    const start = this.skip(count * 8)
    const ends = new Array<number>(count)
    let last = 0
    for (let i = 0; i < count; i++) {
      const at = start + i * 8
      const end = this.view.getUint32(at + 4, true) * 0x1_0000_0000 + this.view.getUint32(at, true)
      if (end < last) throw this.bad(`array offset ${end} after ${last}`, at)
      ends[i] = last = end
    }
    this.countValues(last, 'array elements')
    return ends
  }

  /** A length-prefixed string as the value of a String column. */
  string(): string | Uint8Array {
    const byteLength = this.varint()
    const start = this.skip(byteLength)
    return this.textAt(start, start + byteLength)
  }

  /** A length-prefixed string that must be text: a name. */
  text(): string {
    const start = this.#at
    const text = this.string()
    if (typeof text !== 'string') throw this.bad('a name that is not UTF-8', start)
    return text
  }

  /** Text, or a copy of the bytes where they are no UTF-8. */
  textAt(start: number, end: number): string | Uint8Array {
    const text = this.buffer.toString('utf8', start, end)
    // Only text with the replacement character can have lost something on the way.
    if (!text.includes('\ufffd') || isUtf8(this.buffer.subarray(start, end))) return text
    return new Uint8Array(this.buffer.subarray(start, end))
  }

  bad(reason: string, at: number = this.#at): EngineError {
    const place = this.place.length > 200 ? `${this.place.slice(0, 200)}…` : this.place
    return new EngineError('BAD_BLOCK', `Not a Native block, byte ${at}${place && ` (${place})`}: ${reason}`)
  }
}
