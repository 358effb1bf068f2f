// String: VarUInt byte length, then the bytes; the body is kept in its final form all the time.
//
//   'héllo' ──▶ 06 68 c3 a9 6c 6c 6f
//
// A call into V8's UTF-8 writer costs 60 ns and 0.4 ns a character, one into its Latin-1 writer half of both; so there are
// three ways to write a text:
//   up to 12 characters   a loop over character codes, straight into the body
//   longer                joined to one JavaScript string ("rope"), written at once as Latin-1, turned into UTF-8 and cut
//                         into values by the core: 45 instead of 105 ns for a message of 110 characters
//   not Latin-1           joined, too, and written as UTF-8. Where they are mixed with others they wait beside the rope, because
//                         one of them makes all of it two bytes a character, and the core puts them where they belong.
// Which way a column goes is decided from the values before.
//
// `ends[i]` is the offset behind value i in the body; for the values still in the rope it is their length in UTF-16 units, or
// ELSEWHERE.

import type { Pieces } from '../wasm/pieces.ts'
import { Refusal, type RowSource, StagedColumn, type StagingContext, type TextWay } from './column.ts'
import { type ColumnSource, TextSource } from './column-data.ts'
import { textsWithin, writeTexts } from './texts.ts'

/** Longest value the character loop takes; from 13 characters on the rope is cheaper. */
const SHORT = 12
/** Values and characters in the rope before it is written: what stays in the first-level cache. */
const ROPE_VALUES = 256
const ROPE_CHARS = 8 * 1024
/** So many that are long or not ASCII among short ones, and they join the rope again until it is seen how long they are. */
const LONG_COUNT_MAX = 64
/** Where they come among so few values, they join it even if they are short: of every second or more it costs less. */
const FOREIGN_WITHIN = 2 * LONG_COUNT_MAX
/** As the core has it. */
const ELSEWHERE = 0xffffffff
/** Longer ones beyond Latin-1 are written one by one: the ends of those that are joined have to be searched for. */
const WIDE_JOINED_MAX = 40
/** A longer value never joins the rope. */
const LONG = 64 * 1024
/**
 * A character beyond Latin-1. V8 knows of a string whether it needs two bytes a character, and fails this on the others
 * without looking at them (19 ns); nothing else in JavaScript tells.
 */
const WIDE = /[\u0100-\uffff]/

/** Room kept behind the body: for a short value, and for copies that run over. */
const SLACK = 32

const TAKES = 'a string, or a Uint8Array of raw bytes'

export class StringColumn extends StagedColumn {
  readonly minWidth = 1
  override get boundWidth(): number {
    return SHORT + 1
  }
  override get textWay(): TextWay {
    if (!this.#joins) return 'short'
    return this.#isMixed ? 'mixed' : 'joined'
  }
  bodyPtr = 0
  /** Where the next value goes. */
  bodyEnd = 0
  #bodyCapacity = 0
  /** Up to here a short value fits without a look at the capacity. */
  shortLimit = -1
  /** SHORT while values go straight into the body, -1 while they join the rope. */
  shortMax = -1
  body: Buffer = Buffer.alloc(0)
  endsPtr = 0
  #endsCapacity = 0
  ends: Uint32Array = new Uint32Array(0)
  /** `ropeCount` values from number `ropeStart` on, joined; they are not in the body yet. */
  #rope = ''
  /** Those of them that are beyond Latin-1, where the column is mixed; and their units. */
  readonly #wide: string[] = []
  #wideUnits = 0
  #ropeStart = 0
  #ropeCount = 0
  /** The first values do: how long they are is known when the rope is written. */
  #joins = true
  /** Values since then that were written one by one because they are long, or not ASCII. */
  #longCount = 0
  /** Number of the first of them. */
  #longStart = 0
  /** Many short ones of this block are not ASCII. */
  #isForeign = false
  /** Look at each value before it joins the rope: the last one was made wide by some of its values. */
  #isMixed = false
  #sawWide = false

  constructor(context: StagingContext, type: string) {
    super(context, type)
    context.arena.onMove(() => this.#bind())
  }

  put(index: number, value: unknown): void {
    if (typeof value !== 'string') return this.#putOther(index, value)
    const { length } = value
    if (length <= this.shortMax && this.bodyEnd <= this.shortLimit) {
      const { body } = this
      let out = this.bodyEnd
      let i = 0
      body[out++] = length
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 127) break
        body[out++] = code
      }
      if (i === length) {
        this.bodyEnd = out
        this.ends[index] = out
        return
      }
    }
    this.putLong(index, value)
  }

  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    const body = source.view(this, 'body')
    const [out, at, code] = [source.local(), source.local(), source.local()]
    return `if (typeof ${value} === 'string' && ${value}.length <= ${column}.shortMax && ${column}.bodyEnd <= ${column}.shortLimit) {
    let ${out} = ${column}.bodyEnd, ${at} = 0
    ${body}[${out}++] = ${value}.length
    for (; ${at} < ${value}.length; ${at}++) {
      const ${code} = ${value}.charCodeAt(${at})
      if (${code} > 127) break
      ${body}[${out}++] = ${code}
    }
    if (${at} === ${value}.length) ${source.view(this, 'ends')}[${index}] = ${column}.bodyEnd = ${out}; else ${column}.putLong(${index}, ${value})
  } else ${column}.put(${index}, ${value})`
  }

  /** Bytes and offsets need no JavaScript strings on their way. */
  override putColumn(index: number, source: ColumnSource, from: number, count: number, nulls = 0): number {
    const texts = source.unmasked
    if (!(texts instanceof TextSource) || (nulls === 0 && source.hidesNulls(from, count)))
      return this.putEach(index, source, from, count, nulls)
    const { context } = this
    const enough = context.byteBound + context.columnBytesMax
    if (this.#ropeCount > 0) this.#settle()
    let at = 0
    while (at < count && context.byteBound <= enough) {
      const rows = textsWithin(texts, from + at, count - at)
      if (rows === 0) source.stage(this, index + at, from + at, nulls !== 0)
      else this.#putTexts(index + at, texts, from + at, rows, nulls === 0 ? 0 : nulls + at)
      at += Math.max(rows, 1)
    }
    return at
  }
  #putTexts(index: number, texts: TextSource, from: number, count: number, nulls: number): void {
    const { arena, scratch } = this.context
    const { core } = arena
    const byteLength = texts.offsets[from + count] - texts.offsets[from]
    this.context.byteBound += byteLength + count * 5
    this.#ensureBody(this.bodyEnd + core.textBound(count, byteLength))
    const text = writeTexts(this.context, texts, from, count)
    const ends = this.endsPtr + index * 4
    this.bodyEnd = core.writeTexts(this.bodyPtr, this.bodyEnd, ends, text, scratch.ptr, count, nulls) >>> 0
  }

  /** A text that joins the rope, is long, or is not ASCII. */
  putLong(index: number, value: string): void {
    const { length } = value
    this.context.byteBound += length * 3
    if (this.#joins && length <= LONG) {
      if (this.#ropeCount++ === 0) this.#ropeStart = index
      if (this.#isMixed && WIDE.test(value)) {
        this.#wide.push(value)
        this.#wideUnits += length
        this.ends[index] = ELSEWHERE
      } else {
        this.#rope += value
        this.ends[index] = length
      }
      if (this.#ropeCount >= ROPE_VALUES || this.#rope.length + this.#wideUnits > ROPE_CHARS) this.#settle()
      return
    }
    if (this.#ropeCount > 0) this.#settle()
    if (!this.#joins) {
      if (++this.#longCount === 1) this.#longStart = index
      if (this.#longCount === LONG_COUNT_MAX) {
        this.#isForeign ||= length <= SHORT && index - this.#longStart < FOREIGN_WITHIN
        this.#choose(length)
      }
    }
    this.#ensureBody(this.bodyEnd + varUIntWidth(length) + length * 3)
    this.ends[index] = this.bodyEnd = writeValue(this.body, this.bodyEnd, value)
  }

  #putOther(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    if (!(value instanceof Uint8Array)) return this.refuseType(index, value, TAKES)
    if (this.#ropeCount > 0) this.#settle()
    const { byteLength } = value
    if (byteLength === 0) this.requireBuffer(index, value)
    this.context.byteBound += byteLength + 5
    this.#ensureBody(this.bodyEnd + byteLength)
    this.body.set(value, this.bodyEnd + varUIntWidth(byteLength))
    this.#endValue(index, byteLength)
  }

  /** The value's bytes stand behind the room for their length. */
  #endValue(index: number, byteLength: number): void {
    this.bodyEnd = writeVarUInt(this.body, this.bodyEnd, byteLength) + byteLength
    this.ends[index] = this.bodyEnd
  }

  putDefault(index: number): void {
    this.put(index, '')
  }

  /** Writes the rope, and what waits beside it, into the body. */
  #settle(): void {
    const rope = this.#rope
    const count = this.#ropeCount
    const units = rope.length + this.#wideUnits
    this.#rope = ''
    this.#ropeCount = 0
    if (this.#wideUnits > 0) {
      this.#sawWide = true
      this.#writeMixed(rope, count)
    } else if (!this.#isMixed && WIDE.test(rope)) {
      this.#isMixed = this.#sawWide = true
      this.#writeUtf8(rope, count)
    } else this.#writeLatin1(rope, count)
    this.#choose(units / count)
  }

  #writeLatin1(rope: string, count: number): void {
    const { core } = this.context.arena
    const { scratch } = this.context
    const units = rope.length
    scratch.ensure(units + SLACK)
    scratch.buffer.write(rope, 0, 'latin1')
    this.#ensureBody(this.bodyEnd + core.textBound(count, units * 2))
    const ends = this.endsPtr + this.#ropeStart * 4
    this.bodyEnd = core.writeLatin1Text(this.bodyPtr, this.bodyEnd, ends, scratch.ptr, units, count) >>> 0
  }

  #writeUtf8(rope: string, count: number): void {
    const { core } = this.context.arena
    const { scratch } = this.context
    scratch.ensure(rope.length * 3 + SLACK)
    const byteLength = scratch.buffer.write(rope, 0)
    this.#ensureBody(this.bodyEnd + core.textBound(count, byteLength))
    const ends = this.endsPtr + this.#ropeStart * 4
    const textEnd = scratch.ptr + byteLength
    this.bodyEnd = core.writeUtf8Text(this.bodyPtr, this.bodyEnd, ends, scratch.ptr, textEnd, count) >>> 0
  }

  #writeMixed(rope: string, count: number): void {
    const { arena, scratch } = this.context
    const { core } = arena
    const wideCount = this.#wide.length
    const othersBound = core.textBound(wideCount, this.#wideUnits * 3)
    //   scratch   Latin-1 text │ ends of the others │ their body │ their text, joined
    const endsStart = align4(rope.length + SLACK)
    const othersStart = endsStart + wideCount * 4
    const joinedStart = othersStart + othersBound
    scratch.ensure(joinedStart + this.#wideUnits * 3 + SLACK)
    scratch.buffer.write(rope, 0, 'latin1')
    const ends = arena.u32(scratch.ptr + endsStart, wideCount)
    const othersBytes =
      this.#wideUnits > WIDE_JOINED_MAX * wideCount
        ? this.#writeEach(scratch.buffer.subarray(othersStart), ends)
        : this.#writeJoined(othersStart, joinedStart, ends)
    this.#forgetWide()
    this.#ensureBody(this.bodyEnd + core.textBound(count, rope.length * 2 + othersBytes))
    this.bodyEnd =
      core.writeMixedText(
        this.bodyPtr,
        this.bodyEnd,
        this.endsPtr + this.#ropeStart * 4,
        scratch.ptr,
        scratch.ptr + othersStart,
        scratch.ptr + endsStart,
        count,
      ) >>> 0
  }

  /** What is beyond Latin-1, value by value, as a body. Returns its end. */
  #writeEach(body: Buffer, ends: Uint32Array): number {
    let end = 0
    for (let i = 0; i < this.#wide.length; i++) {
      end = writeValue(body, end, this.#wide[i])
      ends[i] = end
    }
    return end
  }

  /** The same, at once. */
  #writeJoined(othersStart: number, joinedStart: number, ends: Uint32Array): number {
    const { arena, scratch } = this.context
    for (let i = 0; i < ends.length; i++) ends[i] = this.#wide[i].length
    const from = scratch.ptr + joinedStart
    const to = from + scratch.buffer.write(this.#wide.join(''), joinedStart)
    return arena.core.writeUtf8Text(scratch.ptr + othersStart, 0, ends.byteOffset, from, to, ends.length)
  }

  #forgetWide(): void {
    this.#wide.length = this.#wideUnits = 0
  }

  /** Decides how the next values are written, from the average length of those before. */
  #choose(averageLength: number): void {
    this.#joins = averageLength > SHORT - 2 || this.#isForeign
    this.shortMax = this.#joins ? -1 : SHORT
    this.#longCount = 0
  }

  countBytes(count: number): number {
    if (this.#ropeCount > 0) this.#settle()
    return count === 0 ? 0 : this.ends[count - 1]
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
    if (this.#ropeCount > 0 && count > this.#ropeStart) {
      let units = 0
      let wideCount = 0
      for (let i = this.#ropeStart; i < count; i++) {
        if (this.ends[i] === ELSEWHERE) wideCount++
        else units += this.ends[i]
      }
      this.#rope = this.#rope.slice(0, units)
      this.#ropeCount = count - this.#ropeStart
      for (const text of this.#wide.splice(wideCount)) this.#wideUnits -= text.length
    } else {
      this.#rope = ''
      this.#forgetWide()
      this.#ropeCount = 0
      this.bodyEnd = count === 0 ? 0 : this.ends[count - 1]
    }
  }

  data(pieces: Pieces, count: number): void {
    const byteLength = this.countBytes(count) // may move the body
    pieces.add(this.bodyPtr, byteLength)
    this.#isForeign = false
    if (count > 0) this.#choose(this.bodyEnd / count - 1)
    this.#isMixed = this.#sawWide
    this.#sawWide = false
  }

  #ensureBody(byteLength: number): void {
    if (byteLength + SLACK <= this.#bodyCapacity) return
    const capacity = Math.max(
      byteLength + SLACK,
      this.#bodyCapacity * 4,
      this.isRowLevel ? this.context.textBytes : 16 * 1024,
    )
    const from = this.bodyPtr
    this.bodyPtr = this.context.arena.reserve(capacity)
    this.context.arena.move(this.bodyPtr, from, this.bodyEnd)
    this.#bodyCapacity = capacity
    this.shortLimit = capacity - SLACK
    this.#bind()
    this.context.regionMoved()
  }

  #bind(): void {
    this.body = this.context.arena.node(this.bodyPtr, this.#bodyCapacity)
    this.ends = this.context.arena.u32(this.endsPtr, this.#endsCapacity)
  }
}

/** `invalidText: 'refuse'`: a lone surrogate is an error instead of U+FFFD. */
export class StrictStringColumn extends StringColumn {
  override putSource(source: RowSource, index: string, value: string): string {
    return `${source.name(this)}.put(${index}, ${value})`
  }
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

/** Writes length and UTF-8 of a value at `start`; returns the end. */
function writeValue(out: Buffer, start: number, value: string): number {
  // The width of the length is guessed from the characters, and put right when it was wrong.
  const guessed = varUIntWidth(value.length)
  const written = out.write(value, start + guessed)
  const width = varUIntWidth(written)
  if (width !== guessed) out.copyWithin(start + width, start + guessed, start + guessed + written)
  return writeVarUInt(out, start, written) + written
}

function align4(byteLength: number): number {
  return (byteLength + 3) & ~3
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
