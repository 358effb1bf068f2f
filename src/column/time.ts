// Time: Int32 seconds. Time64(P): Int64 count of 10^-P seconds. Both from -999:59:59 to 999:59:59.
//
//   Time64(3) -00:00:01.500 ──▶ 24 fa ff ff ff ff ff ff

import { show } from '../errors.ts'
import { two } from './calendar.ts'
import { FixedColumn, type StagedColumn, type StagingContext } from './column.ts'
import { type ArrayKind, SIGNED } from './column-data.ts'
import { POWERS_OF_TEN, putSafe } from './ticks.ts'

/** 999:59:59 */
const LAST_SECOND = 3_599_999
const RANGE = 'holds -999:59:59 to 999:59:59.'

/** Ticks of 10^-scale seconds, less than 3.6e15 of them, of a text or a number of seconds. */
function ticksOf(column: StagedColumn, index: number, value: unknown, scale: number): number {
  let ticks: number
  if (typeof value === 'string') {
    ticks = clockTicks(value, scale)
    if (Number.isNaN(ticks))
      column.refuse(
        'BAD_TEXT',
        index,
        value,
        `${show(value)} is no time of day`,
        "Write it as 'HH:MM:SS', with a fraction where the column has one.",
      )
  } else if (typeof value !== 'number') return column.refuseType(index, value, "'HH:MM:SS', or a number of seconds")
  else if (Number.isNaN(value)) return column.refuse('NOT_A_NUMBER', index, value, 'NaN is no time')
  else if (Math.abs(value) < LAST_SECOND + 1) ticks = secondsTicks(value, POWERS_OF_TEN[scale])
  else return column.refuse('VALUE_OUT_OF_RANGE', index, value, `${value} does not fit`, `${column.type} ${RANGE}`)
  if (ticks === TOO_FINE)
    column.refuse(
      'TOO_MANY_DIGITS',
      index,
      value,
      `${show(value)} has more digits than ${column.type} holds`,
      'Cut them, or widen the column.',
    )
  return ticks
}

/** Stands for a time between two ticks. */
const TOO_FINE = Number.POSITIVE_INFINITY

const PLUS = 43
const MINUS = 45
const DOT = 46
const COLON = 58

/** Ticks of 'HH:MM[:SS[.fraction]]', hours of up to three digits; NaN where the text is none. */
function clockTicks(text: string, scale: number): number {
  const { length } = text
  const sign = text.charCodeAt(0)
  const first = sign === MINUS || sign === PLUS ? 1 : 0
  let at = first
  let ticks = 0
  for (; at < length && text.charCodeAt(at) !== COLON; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    ticks = ticks * 10 + digit
  }
  if (at === first || at > first + 3 || at === length) return Number.NaN
  ticks = ticks * 60 + sixty(text, at + 1)
  at += 3
  const hasSeconds = text.charCodeAt(at) === COLON
  ticks = ticks * 60 + (hasSeconds ? sixty(text, at + 1) : 0)
  if (hasSeconds) at += 3
  let digits = 0
  let isFine = false
  if (at < length) {
    if (!hasSeconds || text.charCodeAt(at) !== DOT || ++at === length) return Number.NaN
    for (; at < length; at++) {
      const digit = text.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) return Number.NaN
      if (digits < scale) {
        ticks = ticks * 10 + digit
        digits++
      } else if (digit > 0) isFine = true
    }
  }
  if (isFine && !Number.isNaN(ticks)) return TOO_FINE
  ticks *= POWERS_OF_TEN[scale - digits]
  return sign === MINUS ? -ticks : ticks
}

/** Minutes or seconds; NaN where there are none. */
function sixty(text: string, at: number): number {
  const value = two(text, at)
  return value >= 0 && value < 60 ? value : Number.NaN
}

/**
 * Ticks of a number whose shortest decimal form has no more digits than they count: then, and only then, it is the float nearest to
 * a whole number of ticks. The product may be one off.
 */
function secondsTicks(seconds: number, perSecond: number): number {
  const near = Math.round(seconds * perSecond)
  for (let ticks = near - 1; ticks <= near + 1; ticks++) if (ticks / perSecond === seconds) return ticks
  return TOO_FINE
}

export class TimeColumn extends FixedColumn {
  #values: Int32Array = new Int32Array(0)
  protected bind(): void {
    this.#values = this.context.arena.i32(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    this.#values[index] = ticksOf(this, index, value, 0)
  }
  protected override viewFor(kind: ArrayKind): Int32Array | undefined {
    return SIGNED[32].includes(kind) ? this.#values : undefined
  }
  protected override findStray(index: number, end: number): number {
    return this.context.arena.core.findOutside32(this.ptr, index, end, -LAST_SECOND, LAST_SECOND) >>> 0
  }
  putDefault(index: number): void {
    this.#values[index] = 0
  }
}

export class Time64Column extends FixedColumn {
  #words: Int32Array = new Int32Array(0)
  #ticks: BigInt64Array = new BigInt64Array(0)
  readonly #scale: number
  readonly #maxTicks: bigint
  /** Address of the first and the last tick. */
  readonly #boundsPtr: number
  constructor(context: StagingContext, type: string, scale: number) {
    super(context, type, 8)
    this.#scale = scale
    this.#maxTicks = BigInt(LAST_SECOND + 1) * BigInt(POWERS_OF_TEN[scale]) - 1n
    this.#boundsPtr = context.arena.reserve(16)
    context.arena.i64(this.#boundsPtr, 2).set([-this.#maxTicks, this.#maxTicks])
  }
  protected bind(): void {
    this.#words = this.context.arena.i32(this.ptr, this.capacity * 2)
    this.#ticks = this.context.arena.i64(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    if (typeof value === 'bigint') {
      if (value > this.#maxTicks || value < -this.#maxTicks)
        this.refuse('VALUE_OUT_OF_RANGE', index, value, `${value}n ticks do not fit`, `${this.type} ${RANGE}`)
      this.#ticks[index] = value
      return
    }
    putSafe(this.#words, index, ticksOf(this, index, value, this.#scale))
  }
  protected override viewFor(kind: ArrayKind): BigInt64Array | undefined {
    return kind === 'BigInt64Array' ? this.#ticks : undefined
  }
  protected override findStray(index: number, end: number): number {
    return this.context.arena.core.findOutside64(this.ptr, index, end, this.#boundsPtr) >>> 0
  }
  putDefault(index: number): void {
    putSafe(this.#words, index, 0)
  }
}
