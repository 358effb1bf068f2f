// Date: UInt16 days since 1970-01-01. Date32: Int32 days. DateTime: UInt32 seconds since the epoch.
//
//   Date 1970-01-02 ──▶ 01 00        Date32 1900-01-01 ──▶ 21 9c ff ff        DateTime 1970-01-01T00:00:01Z ──▶ 01 00 00 00
//
// Numbers are days here and seconds in DateTime. The server checks no range: a day or second too many would wrap silently.

import { show } from '../errors.ts'
import { Instant, parseDays, readInstant } from './calendar.ts'
import { FixedColumn, Refusal, type RowSource, type StagedColumn } from './column.ts'
import { type ArrayKind, SIGNED, UNSIGNED } from './column-data.ts'
import type { TextParser } from './texts.ts'

/**
 * A Date for sure; what else is one goes the long way. The constructor is found through the map that V8 checks anyway, where
 * `instanceof` walks the prototypes (3 ns).
 */
export function isDate(value: string): string {
  return `${value} != null && ${value}.constructor === Date`
}

const DAY_MS = 86_400_000

// The row function compares milliseconds, and the store into the typed array drops the fraction: Math.floor and a look at its
// result took another 3 ns.

/** The days of the rare forms: text, and numbers that need a check. */
function otherDays(
  column: StagedColumn,
  index: number,
  value: unknown,
  min: number,
  max: number,
  range: string,
): number {
  let days: number
  if (value instanceof Date) {
    days = Math.floor(value.getTime() / DAY_MS)
    if (Number.isNaN(days)) throw new Refusal('NOT_A_NUMBER', column, index, value, 'an invalid Date')
  } else if (typeof value === 'string') {
    days = parseDays(value)
    if (Number.isNaN(days))
      throw new Refusal(
        'BAD_TEXT',
        column,
        index,
        value,
        `${show(value)} is no calendar date`,
        "Write it as 'YYYY-MM-DD', or pass a Date.",
      )
  } else if (typeof value === 'number') {
    days = value
    if (Number.isNaN(days)) throw new Refusal('NOT_A_NUMBER', column, index, value, 'NaN is no day')
    if (!Number.isInteger(days) && Number.isFinite(days))
      throw new Refusal(
        'NOT_AN_INTEGER',
        column,
        index,
        value,
        `${days} has a fraction`,
        'A number means days since 1970-01-01.',
      )
  } else column.refuseType(index, value, "a Date, 'YYYY-MM-DD' or a number of days")
  if (days < min || days > max) {
    const looksLikeTime = typeof value === 'number' && value > 1e8
    throw new Refusal(
      'VALUE_OUT_OF_RANGE',
      column,
      index,
      value,
      `${show(value)} does not fit`,
      looksLikeTime
        ? 'A number means days since 1970-01-01, not seconds: pass a Date.'
        : `${column.type} holds ${range}.`,
    )
  }
  return days
}

export class DateColumn extends FixedColumn {
  values: Uint16Array = new Uint16Array(0)
  protected override readonly parser: TextParser = this.context.arena.core.parseDates
  protected bind(): void {
    this.values = this.context.arena.u16(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'string') {
      const days = parseDays(value)
      if ((days & 0xffff) === days) {
        this.values[index] = days
        return
      }
    } else if (value instanceof Date) {
      const days = Math.floor(value.getTime() / DAY_MS)
      if ((days & 0xffff) === days) {
        this.values[index] = days
        return
      }
    }
    if (value === undefined) this.putMissing(index)
    else this.values[index] = otherDays(this, index, value, 0, 0xffff, '1970-01-01 to 2149-06-06')
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    const ms = source.local()
    return `const ${ms} = ${isDate(value)} ? ${value}.getTime() : -1
  if (${ms} >= 0 && ${ms} < ${2 ** 16 * DAY_MS}) ${source.view(this, 'values')}[${index}] = ${ms} / ${DAY_MS}; else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Uint16Array | undefined {
    return UNSIGNED[16].includes(kind) ? this.values : undefined
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

export class Date32Column extends FixedColumn {
  values: Int32Array = new Int32Array(0)
  protected override readonly parser: TextParser = (out, text, offsets, row, count, nulls) =>
    this.context.arena.core.parseDate32s(out, text, offsets, row, count, nulls, FIRST_DATE32, LAST_DATE32)
  protected bind(): void {
    this.values = this.context.arena.i32(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === undefined) this.putMissing(index)
    else this.values[index] = otherDays(this, index, value, FIRST_DATE32, LAST_DATE32, '1900-01-01 to 2299-12-31')
  }
  protected override viewFor(kind: ArrayKind): Int32Array | undefined {
    return SIGNED[32].includes(kind) ? this.values : undefined
  }
  protected override findStray(index: number, end: number): number {
    return this.context.arena.core.findOutside32(this.ptr, index, end, FIRST_DATE32, LAST_DATE32) >>> 0
  }
  putDefault(index: number): void {
    this.values[index] = FIRST_DATE32
  }
  override putZero(index: number): void {
    this.values[index] = 0
  }
}

const FIRST_DATE32 = -25567
const LAST_DATE32 = 120529

const instant = new Instant()

export class DateTimeColumn extends FixedColumn {
  values: Uint32Array = new Uint32Array(0)
  protected override readonly parser: TextParser = this.context.arena.core.parseDateTimes
  protected bind(): void {
    this.values = this.context.arena.u32(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value instanceof Date) {
      const seconds = Math.floor(value.getTime() / 1000)
      if (seconds >>> 0 === seconds) {
        this.values[index] = seconds
        return
      }
    }
    if (typeof value === 'number' && value >>> 0 === value) this.values[index] = value
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = this.#otherSeconds(index, value)
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    const [seconds, ms] = [source.view(this, 'values'), source.local()]
    return `if (typeof ${value} === 'number' && ${value} >>> 0 === ${value}) ${seconds}[${index}] = ${value}; else {
    const ${ms} = ${isDate(value)} ? ${value}.getTime() : -1
    if (${ms} >= 0 && ${ms} < ${2 ** 32 * 1000}) ${seconds}[${index}] = ${ms} / 1000; else ${column}.put(${index}, ${value})
  }`
  }
  protected override viewFor(kind: ArrayKind): Uint32Array | undefined {
    return UNSIGNED[32].includes(kind) ? this.values : undefined
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }

  #otherSeconds(index: number, value: unknown): number {
    let seconds: number
    if (value instanceof Date) {
      seconds = Math.floor(value.getTime() / 1000)
      if (Number.isNaN(seconds)) this.refuse('NOT_A_NUMBER', index, value, 'an invalid Date')
    } else if (typeof value === 'string') {
      const fault = readInstant(value, instant)
      if (fault !== undefined) return refuseInstant(this, index, value, fault)
      if (instant.nanoseconds > 0 || instant.isFiner) {
        this.refuse(
          'TOO_MANY_DIGITS',
          index,
          value,
          `${show(value)} has a fraction of a second`,
          'DateTime holds whole seconds: cut the fraction, or make the column DateTime64.',
        )
      }
      seconds = instant.seconds
    } else if (typeof value === 'number') {
      seconds = value
      if (Number.isNaN(seconds)) this.refuse('NOT_A_NUMBER', index, value, 'NaN is no time')
    } else this.refuseType(index, value, 'a Date, an ISO text with a zone or a number of unix seconds')
    if (seconds < 0 || seconds > 0xffffffff) {
      const milliseconds = typeof value === 'number' && value > 1e11
      this.refuse(
        'VALUE_OUT_OF_RANGE',
        index,
        value,
        `${show(value)} does not fit`,
        milliseconds
          ? 'A number means unix seconds here, and this looks like milliseconds: pass new Date(value), or make the column DateTime64(3).'
          : 'DateTime holds 1970-01-01 00:00:00 to 2106-02-07 06:28:15 UTC: make the column DateTime64.',
      )
    }
    if (!Number.isInteger(seconds)) {
      this.refuse(
        'NOT_AN_INTEGER',
        index,
        value,
        `${seconds} has a fraction`,
        'DateTime holds whole seconds: floor it, or make the column DateTime64.',
      )
    }
    return seconds
  }
}

export function refuseInstant(column: StagedColumn, index: number, value: string, fault: 'syntax' | 'no zone'): never {
  if (fault === 'no zone') {
    throw new Refusal(
      'BAD_TEXT',
      column,
      index,
      value,
      `${show(value)} names no time zone`,
      "Append 'Z' or an offset such as '+02:00': without one the text is another instant on another machine.",
    )
  }
  throw new Refusal(
    'BAD_TEXT',
    column,
    index,
    value,
    `${show(value)} is no time`,
    "Write it as 'YYYY-MM-DDTHH:MM:SSZ', or pass a Date.",
  )
}
