// Date and time text → seconds since 1970 and nanoseconds.
//
//   2024-01-31                       2024-01-31 10:00:00            2024-01-31T10:00:00.123456Z
//   2024-01-31 10:00                 2024-01-31T10:00:00+02:00      2024-01-31 10:00:00.5 UTC
//
// Text without a zone is in the column's zone if its type names one, else in --timezone, else UTC.

import { parseDays } from '../../column/calendar.ts'

const TIME_TEXT =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?$/

export interface Moment {
  /** Seconds since 1970-01-01 00:00:00 UTC. */
  readonly seconds: number
  /** 0..999,999,999 */
  readonly nanos: number
  /** Whether a digit beyond nanoseconds is not zero. */
  readonly isFiner: boolean
}

export interface Zone {
  /** Seconds on the zone's clock face → seconds in UTC; undefined where the clock skipped that time. */
  toUtc(wallSeconds: number): number | undefined
}

export const UTC: Zone = { toUtc: (seconds) => seconds }

/** The moment; undefined when the text is no date or time, 'skipped' when the zone's clock never showed it. */
export function momentFromText(text: string, zone: Zone): Moment | undefined | 'skipped' {
  const match = TIME_TEXT.exec(text)
  if (!match) return undefined
  const [, date, hour = '0', minute = '0', second = '0', fraction = '', offset] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const wall = parseDays(date!) * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  if (Number.isNaN(wall)) return undefined
  const seconds = offset === undefined ? zone.toUtc(wall) : wall - offsetSeconds(offset)
  if (seconds === undefined) return 'skipped'
  return { seconds, nanos: Number(fraction.slice(0, 9).padEnd(9, '0')), isFiner: /[1-9]/.test(fraction.slice(9)) }
}

/**
 * Seconds on the clock face of exactly 'YYYY-MM-DD hh:mm:ss' (or with a T), else NaN. By character codes: several times faster
 * than the expression above, and what most files hold.
 */
export function wallSeconds(text: string): number {
  if (text.length !== 19 || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return Number.NaN
  const separator = text.charCodeAt(10)
  if (separator !== 32 && separator !== 84) return Number.NaN
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN
  return parseDays(text.substring(0, 10)) * 86_400 + hour * 3600 + minute * 60 + second
}

/** NaN when these are no two digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** '+02:00', '+0200', '+02' or 'Z' in seconds. */
function offsetSeconds(offset: string): number {
  const match = /^([+-])(\d\d):?(\d\d)?:?(\d\d)?$/.exec(offset)
  if (!match) return 0
  const [, sign, hours, minutes = '0', seconds = '0'] = match
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? -size : size
}

/**
 * A named zone. A time that the clock shows twice (summer time ends) is taken as the first, a skipped one is refused.
 * @throws {RangeError} the zone is unknown here
 */
export function namedZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', hour: 'numeric' })
  if (['UTC', 'Etc/UTC', 'GMT'].includes(name)) return UTC
  const offsetAt = (utcSeconds: number): number => {
    const part = format.formatToParts(utcSeconds * 1000).find(({ type }) => type === 'timeZoneName')!.value
    return offsetSeconds(part.slice(3))
  }
  const resolve = (wall: number): number | undefined => {
    // The offsets a day before and a day after are the only two that can hold; the larger one gives the earlier moment.
    const offsets = [offsetAt(wall - 86_400), offsetAt(wall + 86_400)].sort((a, b) => b - a)
    return offsets.find((offset) => offsetAt(wall - offset) === offset)
  }
  // Asking Intl takes microseconds. Clocks change at quarters of an hour since 1973; before that every time asks.
  const known = new Map<number, number | undefined>()
  return {
    toUtc(wall) {
      const quarter = wall < 94_694_400 ? wall : Math.floor(wall / 900) * 900
      let offset = known.get(quarter)
      if (offset === undefined && !known.has(quarter)) {
        if (known.size > 100_000) known.clear()
        offset = resolve(wall)
        known.set(quarter, offset)
      }
      return offset === undefined ? undefined : wall - offset
    },
  }
}
