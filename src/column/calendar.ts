// Text and numbers of calendars; no Date object is made on the way in.

/** Days since 1970-01-01 of a civil date (proleptic Gregorian, as ClickHouse counts). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysInMonth(year: number, month: number): number {
  if (month === 2 && ((year % 4 === 0 && year % 100 !== 0) || year % 400 === 0)) return 29
  return MONTH_DAYS[month - 1]
}

/** The two digits at `at`, or NaN. */
export function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** Days of 'YYYY-MM-DD', or NaN where the text begins with no such date. */
function daysAtStart(text: string): number {
  const year = two(text, 0) * 100 + two(text, 2)
  const month = two(text, 5)
  const day = two(text, 8)
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return Number.NaN
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return Number.NaN
  return daysFromCivil(year, month, day)
}

/** Days of exactly 'YYYY-MM-DD', or NaN. */
export function parseDays(text: string): number {
  return text.length === 10 ? daysAtStart(text) : Number.NaN
}

export interface Instant {
  /** Whole seconds since the epoch, floored. */
  seconds: number
  /** The digits behind the point, as written; '' for none. */
  fraction: string
}

export type InstantFault = 'syntax' | 'no zone'

/**
 * 'YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM|±HHMM|±HH)', 'T' may be a space. The zone is required: a text without one means
 * another instant on another machine.
 */
export function parseInstant(text: string): Instant | InstantFault {
  const days = daysAtStart(text)
  const separator = text.charCodeAt(10)
  if (Number.isNaN(days) || (separator !== 84 && separator !== 116 && separator !== 32)) return 'syntax'
  const hour = two(text, 11)
  const minute = two(text, 14)
  let seconds = 0
  let at = 16
  let fraction = ''
  if (text.charCodeAt(13) !== 58) return 'syntax'
  if (text.charCodeAt(16) === 58) {
    seconds = two(text, 17)
    at = 19
    if (text.charCodeAt(at) === 46) {
      const start = ++at
      while (isDigit(text.charCodeAt(at))) at++
      if (at === start) return 'syntax'
      fraction = text.slice(start, at)
    }
  }
  if (!(hour <= 23 && minute <= 59 && seconds <= 59)) return 'syntax'
  const offset = parseOffset(text, at)
  if (typeof offset === 'string') return offset
  return { seconds: days * 86400 + hour * 3600 + minute * 60 + seconds - offset, fraction }
}

/** Seconds east of UTC. */
function parseOffset(text: string, at: number): number | InstantFault {
  const rest = text.length - at
  if (rest === 0) return 'no zone'
  const sign = text.charCodeAt(at)
  if (rest === 1 && (sign === 90 || sign === 122)) return 0
  if (sign !== 43 && sign !== 45) return 'syntax'
  const hours = two(text, at + 1)
  let minutes = 0
  if (rest === 6 && text.charCodeAt(at + 3) === 58) minutes = two(text, at + 4)
  else if (rest === 5) minutes = two(text, at + 3)
  else if (rest !== 3) return 'syntax'
  if (!(hours <= 18 && minutes <= 59)) return 'syntax'
  return (hours * 3600 + minutes * 60) * (sign === 45 ? -1 : 1)
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
