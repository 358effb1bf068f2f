// String: VarUInt byte length, then the bytes; the body is kept in its final form all the time.
//
//   'héllo' ──▶ 06 68 c3 a9 6c 6c 6f
//
// Three ways to write a text, because a call into V8's UTF-8 writer costs 40-60 ns whatever the length:
//   up to 12 characters   a loop over character codes, straight into the body
//   13 to 60              joined to one JavaScript string ("rope"), written at once, cut into values by the core
//   longer                one write each, straight into the body
// Which way a column goes is decided from the average length of the values before.
//
// `ends[i]` is the offset behind value i in the body; for the values still in the rope it is their length in UTF-16 units.

import type { Pieces } from '../wasm/pieces.ts'
import { Refusal, StagedColumn, type StagingContext } from './column.ts'

/** Longest value the character loop takes; from 13 characters on the rope is cheaper. */
const SHORT = 12
/** From this average length on, one write a value is as cheap as the rope and spares its second copy. */
const LONG = 60
/** Values in the rope before it is written. */
const ROPE_VALUES = 256
/** One non-Latin value makes the whole rope two bytes a character, three times slower to write: keep it short then. */
const ROPE_VALUES_MIXED = 32
/** A value longer than this never joins the rope. */
const ROPE_CHARS = 16 * 1024

const TAKES = 'a string, or a Uint8Array of raw bytes'

export class StringColumn extends StagedColumn {
  readonly minWidth = 1
  /** Address and size of the body, and where its next value goes. */
  bodyPtr = 0
  bodyEnd = 0
  #bodyCapacity = 0
  #body: Buffer = Buffer.alloc(0)
  endsPtr = 0
  #endsCapacity = 0
  #ends: Uint32Array = new Uint32Array(0)
  /** Values not yet in the body: `rope` is them joined, the first is number `settled`. */
  #rope = ''
  #settled = 0
  #joins = false
  #ropeValues = ROPE_VALUES

  constructor(context: StagingContext, type: string) {
    super(context, type)
    context.arena.onMove(() => this.#bind())
  }

  put(index: number, value: unknown): void {
    if (typeof value !== 'string') return this.#putOther(index, value)
    const length = value.length
    this.context.byteBound += length * 3 + 4
    if (this.#joins && length <= ROPE_CHARS) {
      this.#rope += value
      this.#ends[index] = length
      if (index - this.#settled >= this.#ropeValues || this.#rope.length > ROPE_CHARS) this.#settle(index + 1)
      return
    }
    if (this.#settled !== index) this.#settle(index)
    let out = this.bodyEnd
    if (out + length * 3 + 8 > this.#bodyCapacity) this.#growBody(out + length * 3 + 8)
    const body = this.#body
    if (length <= SHORT) {
      body[out++] = length
      let i = 0
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 127) break
        body[out++] = code
      }
      if (i === length) {
        this.bodyEnd = out
        this.#ends[index] = out
        this.#settled = index + 1
        return
      }
      out = this.bodyEnd
    }
    this.#putWhole(index, value, out)
  }

  /** One write into V8; the width of the length is guessed from the characters and put right when it was wrong. */
  #putWhole(index: number, value: string, out: number): void {
    const guessed = varUIntWidth(value.length)
    const written = this.#body.write(value, out + guessed)
    const width = varUIntWidth(written)
    if (width !== guessed) this.#body.copyWithin(out + width, out + guessed, out + guessed + written)
    this.#endValue(index, out, written)
  }

  #endValue(index: number, out: number, byteLength: number): void {
    const end = writeVarUInt(this.#body, out, byteLength) + byteLength
    this.bodyEnd = end
    this.#ends[index] = end
    this.#settled = index + 1
  }

  #putOther(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    if (!(value instanceof Uint8Array)) return this.refuseType(index, value, TAKES)
    if (this.#settled !== index) this.#settle(index)
    const byteLength = value.byteLength
    this.context.byteBound += byteLength + 5
    if (this.bodyEnd + byteLength + 8 > this.#bodyCapacity) this.#growBody(this.bodyEnd + byteLength + 8)
    this.#body.set(value, this.bodyEnd + varUIntWidth(byteLength))
    this.#endValue(index, this.bodyEnd, byteLength)
  }

  putDefault(index: number): void {
    this.put(index, '')
  }

  /** Writes the rope into the body; values below `count` are then all there. */
  #settle(count: number): void {
    const { core } = this.context.arena
    const rope = this.#rope
    const values = count - this.#settled
    if (values === 0) return
    const scratch = this.context.scratch
    const units = rope.length
    scratch.ensure(units * 3 + 16)
    const byteLength = units === 0 ? 0 : scratch.buffer.write(rope, 0)
    const bound = this.bodyEnd + core.textBound(values, byteLength)
    if (bound > this.#bodyCapacity) this.#growBody(bound)
    const ends = this.endsPtr + this.#settled * 4
    const end =
      byteLength === units
        ? core.writeAsciiText(this.bodyPtr, this.bodyEnd, ends, scratch.ptr, values)
        : core.writeUtf8Text(this.bodyPtr, this.bodyEnd, ends, scratch.ptr, scratch.ptr + byteLength, values)
    const average = units / values
    this.#ropeValues = byteLength === units ? ROPE_VALUES : ROPE_VALUES_MIXED
    this.#joins = average > SHORT - 2 && average < LONG
    this.bodyEnd = end >>> 0
    this.#settled = count
    this.#rope = ''
  }

  countBytes(count: number): number {
    if (count > this.#settled) this.#settle(count)
    return count === 0 ? 0 : this.#ends[count - 1]
  }

  ensure(count: number): void {
    if (count <= this.#endsCapacity) return
    const capacity = this.parent ? Math.max(count, this.#endsCapacity * 2, 1024) : count
    const from = this.endsPtr
    this.endsPtr = this.context.arena.reserve(capacity * 4)
    this.context.arena.move(this.endsPtr, from, this.#endsCapacity * 4)
    this.#endsCapacity = capacity
    this.#bind()
  }

  override truncate(count: number): void {
    if (count > this.#settled) {
      let units = 0
      for (let i = this.#settled; i < count; i++) units += this.#ends[i]
      this.#rope = this.#rope.slice(0, units)
    } else {
      this.#rope = ''
      this.#settled = count
      this.bodyEnd = count === 0 ? 0 : this.#ends[count - 1]
    }
  }

  data(pieces: Pieces, count: number): void {
    this.#settle(count)
    pieces.add(this.bodyPtr, this.bodyEnd)
  }

  override reset(): void {
    if (this.#settled > 0) {
      const average = this.bodyEnd / this.#settled - 1
      this.#joins = average > SHORT - 2 && average < LONG
    }
    this.truncate(0)
  }

  #growBody(byteLength: number): void {
    const capacity = Math.max(byteLength, this.#bodyCapacity * 2, 16 * 1024)
    const from = this.bodyPtr
    this.bodyPtr = this.context.arena.reserve(capacity)
    this.context.arena.move(this.bodyPtr, from, this.bodyEnd)
    this.#bodyCapacity = capacity
    this.#bind()
  }

  #bind(): void {
    this.#body = this.context.arena.node(this.bodyPtr, this.#bodyCapacity)
    this.#ends = this.context.arena.u32(this.endsPtr, this.#endsCapacity)
  }
}

/** `invalidText: 'refuse'`: a lone surrogate is an error instead of U+FFFD. */
export class StrictStringColumn extends StringColumn {
  override put(index: number, value: unknown): void {
    if (typeof value === 'string' && !value.isWellFormed()) {
      throw new Refusal(
        'INVALID_TEXT',
        this,
        index,
        value,
        'the text holds a lone surrogate, which UTF-8 cannot carry',
        'Mend it with value.toWellFormed(), or pass the raw bytes as a Uint8Array.',
      )
    }
    super.put(index, value)
  }
}

function varUIntWidth(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5
}

function writeVarUInt(out: Uint8Array, at: number, value: number): number {
  let rest = value
  let offset = at
  while (rest > 127) {
    out[offset++] = (rest & 127) | 128
    rest >>>= 7
  }
  out[offset++] = rest
  return offset
}
