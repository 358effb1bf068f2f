// Date, Date32, DateTime, DateTime64, Time and Time64.

import { fixed, illegal, type PlainColumn, wrongKind } from './column.ts'
import { timesTenTo } from './numbers.ts'

const DAY_MS = 86_400_000
/** 0001-01-01T00:00:00Z, and the second before year 10000. */
const FIRST_SECOND = -62_135_596_800n
const LAST_SECOND = 253_402_300_799n
const INT64_MAX = 2n ** 63n - 1n
/** 999:59:59 */
const LAST_CLOCK_SECOND = 3_599_999n

/** Days since 1970-01-01. */
export const date = fixed(2, (view, at, value) => view.setUint16(at, daysOf(value, 0, 65_535), true))
/** 1900-01-01 to 2299-12-31. */
export const date32 = fixed(4, (view, at, value) => view.setInt32(at, daysOf(value, -25_567, 120_529), true))

function daysOf(value: unknown, min: number, max: number): number {
  let days: number
  if (value instanceof Date) days = Math.floor(value.getTime() / DAY_MS)
  else if (typeof value === 'string') days = dayOf(value)
  else if (typeof value === 'number') days = value
  else wrongKind(value)
  if (Number.isNaN(days)) illegal('NOT_A_NUMBER')
  if (Number.isFinite(days) && !Number.isInteger(days)) illegal('NOT_AN_INTEGER')
  if (days < min || days > max) illegal('VALUE_OUT_OF_RANGE')
  return days
}

/** Days of 'YYYY-MM-DD'; JavaScript takes a 31st of every month, which comes back as another day. */
function dayOf(text: string): number {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) illegal('BAD_TEXT')
  const day = new Date(`${text}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text) illegal('BAD_TEXT')
  return day.getTime() / DAY_MS
}

/** Seconds since the epoch; the zone is about text only. */
export const dateTime = fixed(4, (view, at, value) => {
  let seconds: number
  if (value instanceof Date) seconds = Math.floor(value.getTime() / 1000)
  else if (typeof value === 'string') seconds = Number(ticksOf(value, 0))
  else if (typeof value === 'number') seconds = value
  else wrongKind(value)
  if (Number.isNaN(seconds)) illegal('NOT_A_NUMBER')
  if (seconds < 0 || seconds > 4_294_967_295) illegal('VALUE_OUT_OF_RANGE')
  if (!Number.isInteger(seconds)) illegal('NOT_AN_INTEGER')
  view.setUint32(at, seconds, true)
})

/** Ticks of 10^-scale seconds since the epoch: numbers are whole milliseconds, bigints are ticks, a Date is floored. */
export function dateTime64(scale: number): PlainColumn {
  const perSecond = 10n ** BigInt(scale)
  const min = largest(FIRST_SECOND * perSecond, -INT64_MAX - 1n)
  const max = -largest(-(LAST_SECOND + 1n) * perSecond + 1n, -INT64_MAX)
  const msPerTick = scale < 3 ? 10 ** (3 - scale) : 1
  return fixed(8, (view, at, value) => {
    const ticks =
      typeof value === 'bigint'
        ? value
        : typeof value === 'string'
          ? ticksOf(value, scale)
          : value instanceof Date
            ? ticksOfMs(value.getTime(), scale)
            : typeof value === 'number'
              ? ticksOfMs(value, scale)
              : wrongKind(value)
    if (ticks < min || ticks > max) illegal('VALUE_OUT_OF_RANGE')
    if (typeof value === 'number' && value % msPerTick !== 0) illegal('TOO_MANY_DIGITS')
    view.setBigInt64(at, ticks, true)
  })
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function ticksOfMs(ms: number, scale: number): bigint {
  if (Number.isNaN(ms)) illegal('NOT_A_NUMBER')
  if (!Number.isFinite(ms)) illegal('VALUE_OUT_OF_RANGE')
  return scale < 3 ? BigInt(Math.floor(ms / 10 ** (3 - scale))) : BigInt(Math.floor(ms)) * 10n ** BigInt(scale - 3)
}

const INSTANT =
  /^(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d+)?)?(?:[Zz]|([+-])(0\d|1[0-8])(?::?([0-5]\d))?)$/

/** Ticks of 'YYYY-MM-DDTHH:MM[:SS[.f]]' with a zone: without one a text is another instant on another machine. */
function ticksOf(text: string, scale: number): bigint {
  const [, day, hour, minute, second = '0', fraction = '', sign, zoneHours = '0', zoneMinutes = '0'] =
    INSTANT.exec(text) ?? illegal('BAD_TEXT')
  const local = dayOf(day!) * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  const east = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60
  const utc = BigInt(local - (sign === '-' ? -east : east))
  return utc * 10n ** BigInt(scale) + timesTenTo(scale, `0${fraction}`)
}

/** Seconds of a day, or of up to 999 hours and both signs. */
export const time = fixed(4, (view, at, value) => view.setInt32(at, Number(clockTicks(value, 0)), true))

export function time64(scale: number): PlainColumn {
  const max = (LAST_CLOCK_SECOND + 1n) * 10n ** BigInt(scale) - 1n
  return fixed(8, (view, at, value) => {
    if (typeof value === 'bigint' && (value < -max || value > max)) illegal('VALUE_OUT_OF_RANGE')
    view.setBigInt64(at, typeof value === 'bigint' ? value : clockTicks(value, scale), true)
  })
}

const CLOCK = /^([+-]?)(\d{1,3}):([0-5]\d)(?::([0-5]\d)(\.\d+)?)?$/

/** Ticks of 'HH:MM[:SS[.f]]', or of a number of seconds in its shortest form. */
function clockTicks(value: unknown, scale: number): bigint {
  if (typeof value === 'string') {
    const [, sign, hours, minutes, seconds = '0', fraction = ''] = CLOCK.exec(value) ?? illegal('BAD_TEXT')
    const whole = BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
    const ticks = whole * 10n ** BigInt(scale) + timesTenTo(scale, `0${fraction}`)
    return sign === '-' ? -ticks : ticks
  }
  if (typeof value !== 'number') wrongKind(value)
  if (Number.isNaN(value)) illegal('NOT_A_NUMBER')
  if (Math.abs(value) > 3_600_000) illegal('VALUE_OUT_OF_RANGE')
  const ticks = timesTenTo(scale, String(value))
  if (Math.abs(value) === 3_600_000) illegal('VALUE_OUT_OF_RANGE')
  return ticks
}
