// Text and numbers of calendars; no Date object is made on the way in.

import { POWERS_OF_TEN } from './ticks.ts'

/** Days since 1970-01-01 of a civil date (proleptic Gregorian, as ClickHouse counts), from year 0 on. */
export function daysFromCivil(year: number, month: number, day: number): number {
  // Years begin in March, so that the leap day is the last one; 400 more years keep them positive.
  const y = (month <= 2 ? year + 399 : year + 400) | 0
  const dayOfYear = ((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0
  return y * 365 + (y >> 2) - ((y / 100) | 0) + ((y / 400) | 0) + dayOfYear + day - 1 - (719468 + 146097)
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year & 3) === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return 30 + ((month + (month >> 3)) & 1)
}

/** The two digits at `at`, or -1. */
export function two(text: string, at: number): number {
  if (at + 2 > text.length) return -1
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return (tens | (9 - tens) | ones | (9 - ones)) < 0 ? -1 : tens * 10 + ones
}

/**
 * Days of 'YYYY-MM-DD', or NaN where the text begins with no such date. Integers all through, and one look at all digits: reading
 * the characters is most of what is left.
 */
function daysAtStart(text: string): number {
  if (text.length < 10) return Number.NaN
  const a = text.charCodeAt(0) - 48
  const b = text.charCodeAt(1) - 48
  const c = text.charCodeAt(2) - 48
  const d = text.charCodeAt(3) - 48
  const e = text.charCodeAt(5) - 48
  const f = text.charCodeAt(6) - 48
  const g = text.charCodeAt(8) - 48
  const h = text.charCodeAt(9) - 48
  // Negative where one is below 0 or above 9.
  const bad =
    a | (9 - a) | b | (9 - b) | c | (9 - c) | d | (9 - d) | e | (9 - e) | f | (9 - f) | g | (9 - g) | h | (9 - h)
  if (bad < 0 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return Number.NaN
  const year = a * 1000 + b * 100 + c * 10 + d
  const month = e * 10 + f
  const day = g * 10 + h
  if (month < 1 || month > 12 || day < 1 || (day > 28 && day > daysInMonth(year, month))) return Number.NaN
  return daysFromCivil(year, month, day)
}

/** Days of exactly 'YYYY-MM-DD', or NaN. */
export function parseDays(text: string): number {
  return text.length === 10 ? daysAtStart(text) : Number.NaN
}

/** What readInstant() found. */
export class Instant {
  /** Whole seconds since the epoch, floored. */
  seconds = 0
  /** The first nine digits behind the point. */
  nanoseconds = 0
  /** How many digits stand behind the point. */
  digits = 0
  /** One of them beyond the ninth is not 0. */
  isFiner = false
}

export type InstantFault = 'syntax' | 'no zone'

/**
 * 'YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM|±HHMM|±HH)', 'T' may be a space. The zone is required: a text without one means
 * another instant on another machine.
 *
 * @param found  filled where there is no fault
 */
export function readInstant(text: string, found: Instant): InstantFault | undefined {
  const days = daysAtStart(text)
  const separator = text.charCodeAt(10)
  if (Number.isNaN(days) || (separator !== 84 && separator !== 116 && separator !== 32)) return 'syntax'
  const hour = two(text, 11)
  const minute = two(text, 14)
  let second = 0
  let at = 16
  found.nanoseconds = found.digits = 0
  found.isFiner = false
  if (text.charCodeAt(13) !== 58) return 'syntax'
  if (text.charCodeAt(16) === 58) {
    second = two(text, 17)
    at = 19
    if (text.charCodeAt(at) === 46) {
      at = readFraction(text, at + 1, found)
      if (found.digits === 0) return 'syntax'
    }
  }
  if ((hour | minute | second) < 0 || hour > 23 || minute > 59 || second > 59) return 'syntax'
  let offset = 0
  const zone = text.charCodeAt(at)
  if (at + 1 !== text.length || (zone !== 90 && zone !== 122)) {
    const given = parseOffset(text, at)
    if (typeof given === 'string') return given
    offset = given
  }
  found.seconds = days * 86400 + (hour * 3600 + minute * 60 + second - offset)
  return undefined
}

/** The first index behind the digits. */
function readFraction(text: string, start: number, found: Instant): number {
  const { length } = text
  let at = start
  let value = 0
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit >>> 0 > 9) break
    if (at - start < 9) value = value * 10 + digit
    else if (digit > 0) found.isFiner = true
  }
  found.digits = at - start
  found.nanoseconds = value * POWERS_OF_TEN[Math.max(0, 9 - found.digits)]
  return at
}

/** Seconds east of UTC. */
function parseOffset(text: string, at: number): number | InstantFault {
  const rest = text.length - at
  if (rest === 0) return 'no zone'
  const sign = text.charCodeAt(at)
  if (sign !== 43 && sign !== 45) return 'syntax'
  const hours = two(text, at + 1)
  let minutes = 0
  if (rest === 6 && text.charCodeAt(at + 3) === 58) minutes = two(text, at + 4)
  else if (rest === 5) minutes = two(text, at + 3)
  else if (rest !== 3) return 'syntax'
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return 'syntax'
  return (hours * 3600 + minutes * 60) * (sign === 45 ? -1 : 1)
}
