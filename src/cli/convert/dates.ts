// Codecs of Date, Date32, DateTime and DateTime64. Text without a zone is in the column's zone (see times.ts).
//
// Numbers: days in a Date, seconds in a DateTime. In a DateTime64 the size tells the unit, so that seconds from Python,
// milliseconds from JavaScript and microseconds from Postgres all mean what they meant there:
//
//   1704103200      ──▶ seconds (below 9,908,870,400, the year 2284)          1704103200.25  ──▶ seconds
//   1704103200123   ──▶ milliseconds            1704103200123456  ──▶ microseconds            ... ──▶ nanoseconds

import { parseDays } from '../../column/calendar.ts'
import { show } from '../../errors.ts'
import { JsonNumber } from '../input/ndjson.ts'
import { type Codec, type CodecContext, refuse } from './codec.ts'
import { decimalFromText } from './numbers.ts'
import { scalarJson } from './scalars.ts'
import { type Moment, momentFromText, UTC, wallSeconds } from './times.ts'

export function dateCodec(context: CodecContext, isDate32: boolean): Codec {
  const text = (text: string) => {
    const days = parseDays(text)
    return Number.isNaN(days) ? otherDate(context, text) : days
  }
  return isDate32 ? { text, json: scalarJson(text) } : { text, json: scalarJson(text), empty: 0 }
}

/** YYYYMMDD, a time at midnight, and what ClickHouse 18 and MySQL print for nothing. */
function otherDate(context: CodecContext, text: string): number {
  const trimmed = text.trim()
  if (trimmed === '0000-00-00') return 0
  const compact = /^(\d{4})(\d\d)(\d\d)$/.exec(trimmed)
  const days = parseDays(compact ? `${compact[1]}-${compact[2]}-${compact[3]}` : trimmed.slice(0, 10))
  if (!Number.isNaN(days) && (compact || trimmed.length === 10)) return days
  // The date as written counts, whatever the zone: 2024-01-01T00:00:00+02:00 is the first of January.
  const moment = Number.isNaN(days) ? undefined : momentFromText(trimmed, UTC)
  if (moment === undefined || moment === 'skipped') {
    refuse(context, 'BAD_TEXT', text, `${show(text)} is no calendar date`, 'Write it as YYYY-MM-DD.')
  }
  const isMidnight = /^.{10}[Tt ]00:00(:00([.,]0+)?)?(?![\d:.,])/.test(trimmed)
  if (isMidnight || context.floorTimes) return days
  return refuse(
    context,
    'TOO_MANY_DIGITS',
    text,
    `${show(text)} has a time of day`,
    'A Date holds none: --floor-times cuts it, or make the column DateTime.',
  )
}

export function dateTimeCodec(context: CodecContext): Codec {
  const text = (text: string) => {
    const wall = wallSeconds(text)
    if (!Number.isNaN(wall) && context.zone === UTC) return wall
    const trimmed = text.trim()
    if (/^\d{1,10}$/.test(trimmed)) return Number(trimmed)
    const { seconds, nanos, isFiner } = momentOf(context, trimmed)
    if ((nanos !== 0 || isFiner) && !context.floorTimes) {
      refuse(
        context,
        'TOO_MANY_DIGITS',
        text,
        `${show(text)} has a fraction of a second`,
        'A DateTime holds whole seconds: --floor-times cuts it, or make the column DateTime64(3).',
      )
    }
    return seconds
  }
  const other = scalarJson(text)
  const json = (value: unknown) => (typeof value === 'number' && context.floorTimes ? Math.floor(value) : other(value))
  return { text, json, empty: 0 }
}

/** Values leave as unix milliseconds where that is exact, else as a bigint of ticks. */
export function dateTime64Codec(context: CodecContext, scale: number): Codec {
  const tickNanos = 10 ** (9 - scale)
  const ticksOf = (moment: Moment, value: unknown): number | bigint => {
    const excess = moment.nanos % tickNanos
    if ((excess !== 0 || moment.isFiner) && !context.floorTimes) {
      refuse(
        context,
        'TOO_MANY_DIGITS',
        value,
        `${show(value)} has more than ${scale} digits of a second`,
        `--floor-times cuts them, or make the column DateTime64(${scale < 6 ? 6 : 9}).`,
      )
    }
    const nanos = moment.nanos - excess
    if (nanos % 1_000_000 === 0) return moment.seconds * 1000 + nanos / 1_000_000
    return BigInt(moment.seconds) * BigInt(10 ** scale) + BigInt(nanos / tickNanos)
  }
  const text = (text: string) => {
    const wall = wallSeconds(text)
    if (!Number.isNaN(wall) && context.zone === UTC) return wall * 1000
    const trimmed = text.trim()
    const decimal = /^[\d.+-]+$/.test(trimmed) ? decimalFromText(trimmed) : undefined
    return ticksOf(decimal === undefined ? momentOf(context, trimmed) : momentFromUnix(decimal), text)
  }
  const json = (value: unknown) => {
    if (typeof value === 'string') return text(value)
    if (typeof value !== 'number' && !(value instanceof JsonNumber)) return value
    const decimal = decimalFromText(value instanceof JsonNumber ? value.text : String(value))
    return decimal === undefined
      ? value
      : ticksOf(momentFromUnix(decimal), value instanceof JsonNumber ? value.text : value)
  }
  return { text, json, empty: 0 }
}

function momentOf(context: CodecContext, text: string): Moment {
  if (text === '0000-00-00 00:00:00') return { seconds: 0, nanos: 0, isFiner: false }
  const moment = momentFromText(text, context.zone)
  if (moment === undefined)
    refuse(
      context,
      'BAD_TEXT',
      text,
      `${show(text)} is no time`,
      "Write it as 'YYYY-MM-DD hh:mm:ss', with a zone or without.",
    )
  if (moment === 'skipped') {
    refuse(
      context,
      'BAD_TEXT',
      text,
      `${show(text)} does not exist in this time zone: its clock was set forward over it`,
      'Append the zone: +02:00, or Z.',
    )
  }
  return moment
}

/** Seconds up to here; the same border as in ClickHouse. */
const SECONDS_MAX = 9_908_870_400

/** A plain decimal number of seconds, milliseconds, microseconds or nanoseconds since 1970. */
export function momentFromUnix(decimal: string): Moment {
  const [whole = '', fraction = ''] = decimal.split('.')
  const size = Math.abs(Number(whole))
  const digits = size < SECONDS_MAX ? 0 : size < SECONDS_MAX * 1e3 ? 3 : size < SECONDS_MAX * 1e6 ? 6 : 9
  const isNegative = whole.startsWith('-')
  const units = whole.replace('-', '').padStart(digits + 1, '0')
  const seconds = Number(units.slice(0, units.length - digits))
  const below = units.slice(units.length - digits) + fraction
  const nanos = Number(below.slice(0, 9).padEnd(9, '0'))
  const isFiner = /[1-9]/.test(below.slice(9))
  if (!isNegative || (nanos === 0 && !isFiner)) return { seconds: isNegative ? -seconds : seconds, nanos, isFiner }
  // Before 1970 the fraction still counts forward from the second below.
  return { seconds: -seconds - 1, nanos: isFiner ? 999_999_999 - nanos : 1_000_000_000 - nanos, isFiner }
}
