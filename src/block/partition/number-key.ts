// From the number that a column holds to the one that its partition has. Two rows that are one partition to the server may be
// two here (where it cuts a result off to fit its type), never the other way round.

import type { TypeNode } from '../../types/node.ts'
import { monthOfDay, type Zone } from './zone.ts'

export interface NumberKey {
  /** Of a number that is exact. */
  readonly of: (value: number) => number
  /** Of one beyond 2^53. */
  readonly ofLarge: (value: bigint) => number | bigint
}

/** The number itself. */
export const PLAIN: NumberKey = { of: (value) => value, ofLarge: (value) => value }

/** Unlike the server's, it is never cut off. */
export function intDivKey(divisor: number): NumberKey {
  return { of: (value) => Math.trunc(value / divisor), ofLarge: (value) => shortest(value / BigInt(divisor)) }
}

export function moduloKey(divisor: number): NumberKey {
  return { of: (value) => value % divisor, ofLarge: (value) => Number(value % BigInt(divisor)) }
}

/** One number in one form, however it was found. */
function shortest(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Of days since 1970-01-01. A week is one that begins on Monday, or on Sunday. */
const OF_DAY = {
  day: (day: number) => day,
  month: monthOfDay,
  quarter: (day: number) => Math.floor(monthOfDay(day) / 3),
  year: (day: number) => Math.floor(monthOfDay(day) / 12),
  monday: (day: number) => Math.floor((day + 3) / 7),
  sunday: (day: number) => Math.floor((day + 4) / 7),
}

export type Span = keyof typeof OF_DAY | 'hour'

/** Of a column of dates or times; the zone is that of the times. */
export function timeKey(span: Span, node: TypeNode, zone: Zone): NumberKey {
  const ticks = node.name === 'DateTime64' ? 10 ** node.scale : 1
  if (span === 'hour') {
    const ofSeconds = (seconds: number) => Math.floor(seconds / 3600)
    return {
      of: (value) => ofSeconds(Math.floor(value / ticks)),
      ofLarge: (value) => ofSeconds(wholeSeconds(value, ticks)),
    }
  }
  const ofDay = OF_DAY[span]
  if (node.name === 'Date' || node.name === 'Date32') return { of: remembering(ofDay), ofLarge: never }
  const ofSeconds = (seconds: number) => {
    const day = zone.dayOf(seconds)
    // Beyond what the server has a calendar for, nobody knows what it makes of a time: each is one of its own.
    return day < FIRST_DAY || day > LAST_DAY ? seconds : ofDay(day)
  }
  return { of: rememberingDays(ofSeconds, zone, ticks), ofLarge: (value) => ofSeconds(wholeSeconds(value, ticks)) }
}

/** 1900-01-01 and 2299-12-31. */
const FIRST_DAY = -25_567
const LAST_DAY = 120_529

/** Rows that follow each other are mostly of one day: two comparisons then, instead of a calendar. */
function rememberingDays(ofSeconds: (seconds: number) => number, zone: Zone, ticks: number): (value: number) => number {
  let from = Number.NaN
  let to = Number.NaN
  let lastKey = 0
  return (value) => {
    if (value >= from && value < to) return lastKey
    const seconds = Math.floor(value / ticks)
    lastKey = ofSeconds(seconds)
    // Where a second is its own key, there is no day to remember.
    const isDay = lastKey !== seconds
    from = isDay ? zone.dayStart * ticks : Number.NaN
    to = isDay ? zone.dayEnd * ticks : Number.NaN
    return lastKey
  }
}

function wholeSeconds(value: bigint, ticks: number): number {
  // The nearest double is off by less than 2^-52 of it: only beside a full second that matters.
  const seconds = Number(value) / ticks
  const whole = Math.floor(seconds)
  const rest = seconds - whole
  if (rest > 1e-3 && rest < 1 - 1e-3) return whole
  const exact = value / BigInt(ticks)
  return Number(exact * BigInt(ticks) > value ? exact - 1n : exact)
}

function never(): never {
  throw new Error('a number of four bytes is never beyond 2^53')
}

/** Rows that follow each other are mostly of one day. */
function remembering(of: (day: number) => number): (day: number) => number {
  let lastDay = Number.NaN
  let lastKey = 0
  return (day) => {
    if (day === lastDay) return lastKey
    lastDay = day
    lastKey = of(day)
    return lastKey
  }
}
