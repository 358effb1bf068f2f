// Time: Int32 seconds. Time64(P): Int64 count of 10^-P seconds. Both from -999:59:59 to 999:59:59.
//
//   Time64(3) -00:00:01.500 ──▶ 24 fa ff ff ff ff ff ff

import { show } from '../errors.ts'
import { FixedColumn, type StagedColumn, type StagingContext } from './column.ts'
import { type ArrayKind, SIGNED } from './column-data.ts'
import { fractionTicks, POWERS_OF_TEN, putSafe } from './ticks.ts'

const CLOCK = /^([+-]?)(\d{1,3}):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?$/
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/
/** Stands for everything below the finest tick. */
const SUBTLE = '0.0000000001'
/** 999:59:59 */
const LAST_SECOND = 3_599_999
const RANGE = 'holds -999:59:59 to 999:59:59.'

interface Duration {
  negative: boolean
  seconds: number
  fraction: string
}

/** 'HH:MM:SS[.fraction]', or a number of seconds in its shortest decimal form. */
function parseDuration(column: StagedColumn, index: number, value: unknown): Duration {
  if (typeof value === 'string') {
    const parts = CLOCK.exec(value)
    if (!parts)
      column.refuse(
        'BAD_TEXT',
        index,
        value,
        `${show(value)} is no time of day`,
        "Write it as 'HH:MM:SS', with a fraction where the column has one.",
      )
    const seconds = Number(parts[2]) * 3600 + Number(parts[3]) * 60 + Number(parts[4] ?? 0)
    return { negative: parts[1] === '-', seconds, fraction: parts[5] ?? '' }
  }
  if (typeof value !== 'number') return column.refuseType(index, value, "'HH:MM:SS', or a number of seconds")
  if (Number.isNaN(value)) column.refuse('NOT_A_NUMBER', index, value, 'NaN is no time')
  if (Math.abs(value) > LAST_SECOND + 1)
    column.refuse('VALUE_OUT_OF_RANGE', index, value, `${value} does not fit`, `${column.type} ${RANGE}`)
  // Below 1e-6 the shortest form has an exponent; toFixed(20) spells out what a Time64(9) can hold.
  const text = Math.abs(value) < 1e-9 && value !== 0 ? SUBTLE : String(value)
  const parts = DECIMAL.exec(text) ?? DECIMAL.exec(value.toFixed(20))!
  return { negative: parts[1] === '-', seconds: Number(parts[2]), fraction: parts[3] ?? '' }
}

function checkRange(column: StagedColumn, index: number, value: unknown, duration: Duration, ticks: number): void {
  if (ticks < 0)
    column.refuse(
      'TOO_MANY_DIGITS',
      index,
      value,
      `${show(value)} has more digits than ${column.type} holds`,
      'Cut them, or widen the column.',
    )
  if (duration.seconds > LAST_SECOND)
    column.refuse('VALUE_OUT_OF_RANGE', index, value, `${show(value)} does not fit`, `${column.type} ${RANGE}`)
}

export class TimeColumn extends FixedColumn {
  #values: Int32Array = new Int32Array(0)
  protected bind(): void {
    this.#values = this.context.arena.i32(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    const duration = parseDuration(this, index, value)
    checkRange(this, index, value, duration, fractionTicks(duration.fraction, 0))
    this.#values[index] = duration.negative ? -duration.seconds : duration.seconds
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
    const duration = parseDuration(this, index, value)
    const fraction = fractionTicks(duration.fraction, this.#scale)
    checkRange(this, index, value, duration, fraction)
    const ticks = duration.seconds * POWERS_OF_TEN[this.#scale] + fraction // below 3.6e15, a safe integer
    putSafe(this.#words, index, duration.negative ? -ticks : ticks)
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
