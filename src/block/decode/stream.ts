// Bytes that arrive in pieces. What reads them is a generator, which stands still (`yield`) where it needs the next piece: so
// a file of any size passes through the memory of a few pieces, and the loops over values stay plain loops.

import { isUtf8 } from 'node:buffer'
import { EngineError } from '../../errors.ts'
import type { Head } from './head.ts'

/** A stretch of reading that may stand still; ends with a T. */
export type Steps<T = void> = Generator<undefined, T, undefined>

/** Names and type names are held whole; no server writes longer ones. */
const TEXT_BYTES_MAX = 16 * 2 ** 20

/** Bytes that are no Native block: BAD_BLOCK, and where. */
export class BlockDamage extends EngineError {
  /** From the first byte of the stream. */
  readonly offset: number

  constructor(offset: number, place: string, reason: string) {
    super('BAD_BLOCK', `byte ${offset}${place && ` (${shortened(place)})`}: ${reason}`)
    this.offset = offset
  }
}

/** Like ByteReader, but in front of a stream: every step is checked against what is left, where that is known. */
export class ByteStream {
  /** Where we are, for messages: `column "a" UInt8`. */
  place = ''
  readonly #byteLength: number
  #window: Buffer = Buffer.alloc(0)
  /** What of the window has arrived: from `#at` on it was not read. */
  #piece: Buffer = this.#window
  #at = 0
  /** Offset of the piece's first byte. */
  #base = 0
  #isEnded = false

  /** @param byteLength  of the whole stream, where it is known: then a count that cannot be is an error at once */
  constructor(byteLength = Number.POSITIVE_INFINITY) {
    this.#byteLength = byteLength
  }

  get offset(): number {
    return this.#base + this.#at
  }

  /** Takes the next piece: a copy of it, so its owner may use it again. */
  feed(piece: Buffer): void {
    const rest = this.#piece.length - this.#at
    const byteLength = rest + piece.length
    const from = this.#window
    if (byteLength > from.length) this.#window = Buffer.allocUnsafeSlow(byteLength * 2)
    from.copy(this.#window, 0, this.#at, this.#piece.length)
    this.#window.set(piece, rest)
    this.#base += this.#at
    this.#at = 0
    this.#piece = this.#window.subarray(0, byteLength)
  }

  end(): void {
    this.#isEnded = true
  }

  *isAtEnd(): Steps<boolean> {
    while (this.#at === this.#piece.length) {
      if (this.#isEnded) return true
      yield
    }
    return false
  }

  /** Steps over these bytes if they come next, and are there whole. */
  accept(bytes: Buffer | undefined): boolean {
    const piece = this.#piece
    const at = this.#at
    if (bytes === undefined || bytes.length > piece.length - at) return false
    for (let i = 0; i < bytes.length; i++) if (piece[at + i] !== bytes[i]) return false
    this.#at += bytes.length
    return true
  }

  /** The next bytes: whole units of `unit` bytes, at least one of them, at most `byteLength` bytes. Valid until the next step. */
  *some(byteLength: number, unit: number): Steps<Buffer> {
    while (this.#piece.length - this.#at < unit) {
      if (this.#isEnded) throw this.bad(`${byteLength} bytes expected, ${this.#piece.length - this.#at} left`)
      yield
    }
    const there = Math.min(byteLength, this.#piece.length - this.#at)
    const start = this.#at
    this.#at += there - (there % unit)
    return this.#piece.subarray(start, this.#at)
  }

  /** Steps over `byteLength` bytes, and copies them where a head is given. */
  *skip(byteLength: number, head?: Head): Steps {
    const start = this.offset
    const all = this.#byteLength - start
    if (byteLength > all) throw this.bad(`${byteLength} bytes expected, ${all} left`)
    for (let left = byteLength; left > 0; ) {
      const there = Math.min(left, this.#piece.length - this.#at)
      if (there > 0) {
        head?.push(this.#piece.subarray(this.#at, this.#at + there))
        this.#at += there
        left -= there
      } else if (this.#isEnded) throw this.bad(`${byteLength} bytes expected, ${byteLength - left} left`, start)
      else yield
    }
  }

  /** Refuses `count` things of at least `byteLength` bytes where the stream has not so many bytes from `offset` on. */
  expect(count: number, byteLength: number, what: string, offset: number = this.offset): void {
    const left = this.#byteLength - offset
    if (count * byteLength > left) throw this.bad(`${count} ${what} announced, ${left} bytes left`, offset)
  }

  *byte(): Steps<number> {
    return (yield* this.some(1, 1))[0]!
  }

  /** As ByteReader: exact below 2^53, and what is larger cannot be true. */
  *uint64(): Steps<number> {
    return readUint64(yield* this.some(8, 8), 0)
  }

  *varint(): Steps<number> {
    const start = this.offset
    let value = 0
    let unit = 1
    for (let i = 0; i < 10; i++) {
      // No step of its own where the byte is there: a generator per byte is what short blocks would spend their time on.
      const byte = this.#at < this.#piece.length ? this.#piece[this.#at++]! : yield* this.byte()
      value += (byte & 127) * unit
      if (byte < 128) return value
      unit *= 128
    }
    throw this.bad('a VarUInt of more than ten bytes', start)
  }

  /** A name. */
  *text(): Steps<string> {
    const start = this.offset
    const byteLength = yield* this.varint()
    if (byteLength > Math.min(TEXT_BYTES_MAX, this.#byteLength)) throw this.bad(`a name of ${byteLength} bytes`, start)
    if (byteLength === 0) return ''
    const bytes = yield* this.some(byteLength, byteLength)
    if (!isUtf8(bytes)) throw this.bad('a name that is not UTF-8', start)
    return bytes.toString()
  }

  /** Steps over `count` strings, each after its length. */
  *strings(count: number, head?: Head): Steps {
    for (let left = count; left > 0; left--) {
      left -= this.#wholeStrings(left, head)
      if (left === 0) return
      const byteLength = yield* this.varint()
      head?.varint(byteLength)
      yield* this.skip(byteLength, head)
    }
  }

  /** Steps over the strings that lie whole in the piece; returns how many. */
  #wholeStrings(count: number, head: Head | undefined): number {
    const piece = this.#piece
    const start = this.#at
    let done = 0
    for (let at = start; done < count; done++) {
      // Behind the piece a byte reads as 0: that ends the length, and `at` is then behind the piece.
      let byte = piece[at++]! | 0
      let byteLength = byte & 127
      for (let unit = 128; byte > 127 && unit < 2 ** 35; unit *= 128) {
        byte = piece[at++]! | 0
        byteLength += (byte & 127) * unit
      }
      at += byteLength
      if (byte > 127 || at > piece.length) break
      this.#at = at
    }
    head?.push(piece.subarray(start, this.#at))
    return done
  }

  bad(reason: string, offset: number = this.offset): BlockDamage {
    return new BlockDamage(offset, this.place, reason)
  }
}

export function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 0x1_0000_0000 + bytes.readUInt32LE(at)
}

function shortened(place: string): string {
  return place.length > 200 ? `${place.slice(0, 200)}…` : place
}
