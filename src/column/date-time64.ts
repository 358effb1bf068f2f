// DateTime64(P): Int64 count of 10^-P seconds since the epoch.
//
//   DateTime64(3) 1969-12-31T23:59:59.999Z ──▶ ff ff ff ff ff ff ff ff
//
// Numbers are unix milliseconds, bigints are ticks. Years 0001 to 9999, or what an Int64 holds where that ends earlier.

import { show } from '../errors.ts'
import { Instant, readInstant } from './calendar.ts'
import { FixedColumn, type RowSource, type StagingContext } from './column.ts'
import type { ArrayKind } from './column-data.ts'
import { isDate, refuseInstant } from './date.ts'
import type { TextParser } from './texts.ts'
import { POWERS_OF_TEN, putProduct } from './ticks.ts'

const FIRST_SECOND = -62_135_596_800n // 0001-01-01T00:00:00Z
const LAST_SECOND = 253_402_300_799n // 9999-12-31T23:59:59Z
const NANOS_PER_MS = 1_000_000
const INT64_MAX = (1n << 63n) - 1n

const instant = new Instant()

export class DateTime64Column extends FixedColumn {
  words: Int32Array = new Int32Array(0)
  #ticks: BigInt64Array = new BigInt64Array(0)
  readonly #scale: number
  protected override readonly parser: TextParser = (out, text, offsets, row, count, nulls) =>
    this.context.arena.core.parseDateTime64s(out, text, offsets, row, count, nulls, this.#scale)
  /** Address of the first and the last tick. */
  readonly #boundsPtr: number
  /** Milliseconds that are one tick (P < 3), and ticks that are one millisecond (P >= 3). */
  readonly #msPerTick: number
  readonly #ticksPerMs: number
  readonly #minTicks: bigint
  readonly #maxTicks: bigint
  readonly #minMs: number
  readonly #maxMs: number

  constructor(context: StagingContext, type: string, scale: number) {
    super(context, type, 8)
    this.#scale = scale
    this.#msPerTick = scale < 3 ? POWERS_OF_TEN[3 - scale] : 1
    this.#ticksPerMs = scale > 3 ? POWERS_OF_TEN[scale - 3] : 1
    const perSecond = BigInt(POWERS_OF_TEN[scale])
    const min = FIRST_SECOND * perSecond
    const max = (LAST_SECOND + 1n) * perSecond - 1n
    this.#minTicks = min < -INT64_MAX - 1n ? -INT64_MAX - 1n : min
    this.#maxTicks = max > INT64_MAX ? INT64_MAX : max
    this.#boundsPtr = context.arena.reserve(16)
    context.arena.i64(this.#boundsPtr, 2).set([this.#minTicks, this.#maxTicks])
    // Whole milliseconds inside the ticks' range; BigInt division cuts towards zero, so both ends stay inside.
    this.#minMs = Number(
      scale < 3 ? this.#minTicks * BigInt(this.#msPerTick) : this.#minTicks / BigInt(this.#ticksPerMs),
    )
    this.#maxMs = Number(
      scale < 3 ? (this.#maxTicks + 1n) * BigInt(this.#msPerTick) - 1n : this.#maxTicks / BigInt(this.#ticksPerMs),
    )
  }
  protected bind(): void {
    this.words = this.context.arena.i32(this.ptr, this.capacity * 2)
    this.#ticks = this.context.arena.i64(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    let ms: number
    if (value instanceof Date) ms = value.getTime()
    else if (typeof value === 'number') {
      ms = value
      if (Math.floor(ms / this.#msPerTick) * this.#msPerTick !== ms) this.#refuseNumber(index, value)
    } else if (typeof value === 'string') return this.#putInstant(index, value)
    else return this.#putOther(index, value)
    if (!(ms >= this.#minMs && ms <= this.#maxMs)) this.#refuseMs(index, value, ms)
    putProduct(this.words, index, this.#msPerTick === 1 ? ms : Math.floor(ms / this.#msPerTick), this.#ticksPerMs)
  }
  /** With three digits milliseconds are ticks. */
  override putSource(source: RowSource, index: string, value: string): string {
    if (this.#scale !== 3) return super.putSource(source, index, value)
    const column = source.name(this)
    const ms = source.local()
    return `const ${ms} = ${isDate(value)} ? ${value}.getTime() : typeof ${value} === 'number' ? ${value} : NaN
  if (${ms} >= ${this.#minMs} && ${ms} <= ${this.#maxMs} && Math.floor(${ms}) === ${ms}) {
    ${source.view(this, 'words')}[${index} * 2] = ${ms} | 0
    ${source.view(this, 'words')}[${index} * 2 + 1] = Math.floor(${ms} / 4294967296) | 0
  } else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): BigInt64Array | undefined {
    return kind === 'BigInt64Array' ? this.#ticks : undefined
  }
  protected override findStray(index: number, end: number): number {
    return this.context.arena.core.findOutside64(this.ptr, index, end, this.#boundsPtr) >>> 0
  }
  putDefault(index: number): void {
    this.words[index * 2] = 0
    this.words[index * 2 + 1] = 0
  }

  #putInstant(index: number, text: string): void {
    const fault = readInstant(text, instant)
    if (fault !== undefined) return refuseInstant(this, index, text, fault)
    const { seconds, nanoseconds, digits, isFiner } = instant
    const scale = this.#scale
    const nanosPerTick = POWERS_OF_TEN[9 - scale]
    if (isFiner || nanoseconds % nanosPerTick !== 0) {
      this.refuse(
        'TOO_MANY_DIGITS',
        index,
        text,
        `${show(text)} has more than ${scale} digits of a second`,
        `Cut them, or make the column DateTime64(${Math.min(9, digits)}).`,
      )
    }
    const ms = seconds * 1000 + Math.floor(nanoseconds / NANOS_PER_MS)
    if (!(ms > this.#minMs && ms < this.#maxMs)) {
      const ticks = BigInt(seconds) * BigInt(POWERS_OF_TEN[scale]) + BigInt(nanoseconds / nanosPerTick)
      if (ticks < this.#minTicks || ticks > this.#maxTicks) this.#refuseRange(index, text)
      this.#ticks[index] = ticks
    } else if (scale > 3) {
      putProduct(this.words, index, ms, this.#ticksPerMs, (nanoseconds % NANOS_PER_MS) / nanosPerTick)
    } else putProduct(this.words, index, ms / this.#msPerTick, 1)
  }

  #putOther(index: number, value: unknown): void {
    if (typeof value === 'bigint') {
      if (value < this.#minTicks || value > this.#maxTicks) this.#refuseRange(index, value)
      this.#ticks[index] = value
    } else if (value === undefined) this.putMissing(index)
    else
      this.refuseType(
        index,
        value,
        'a Date, an ISO text with a zone, a number of unix milliseconds or a bigint of ticks',
      )
  }

  #refuseNumber(index: number, value: number): void {
    if (!(value >= this.#minMs && value <= this.#maxMs)) return // the range check names it
    this.refuse(
      'TOO_MANY_DIGITS',
      index,
      value,
      `${value} is no whole number of ${this.#msPerTick === 1 ? 'milliseconds' : `ticks of ${this.#msPerTick} ms`}`,
      'A number means whole unix milliseconds: floor it, pass a Date (which is floored), or a bigint of ticks.',
    )
  }
  #refuseMs(index: number, value: unknown, ms: number): never {
    if (Number.isNaN(ms))
      this.refuse('NOT_A_NUMBER', index, value, value instanceof Date ? 'an invalid Date' : 'NaN is no time')
    return this.#refuseRange(index, value)
  }
  #refuseRange(index: number, value: unknown): never {
    const first = this.#scale === 9 ? '1677-09-21' : '0001-01-01'
    const last = this.#scale === 9 ? '2262-04-11' : this.#scale === 8 ? '4892-10-07' : '9999-12-31'
    this.refuse(
      'VALUE_OUT_OF_RANGE',
      index,
      value,
      `${show(value)} does not fit`,
      `${this.type} holds ${first} to ${last}.`,
    )
  }
}
