// Date, Date32, DateTime and DateTime64 columns out of texts.
//
//   Date 1970-01-02 ──▶ 01 00        Date32 1900-01-01 ──▶ 21 9c ff ff        DateTime 1970-01-01T00:00:01Z ──▶ 01 00 00 00
//   DateTime64(3) 1969-12-31 23:59:59.999+00:00 ──▶ ff ff ff ff ff ff ff ff
//
// For in, out and what is returned see uuid.ts. Times without seconds are left to put().
//
// Sixteen characters at once are held against a pattern: after an exclusive or with it digits are 0 to 9 and signs are 0.

import { hasFault, isDigit, lastDigits, powerOfTen, sixteenDigits } from './digits';

const NO_DAY: i32 = i32.MIN_VALUE;
const NO_TIME: i64 = i64.MIN_VALUE;

export function parseDates(out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize): u32 {
  for (; row < count; row++) {
    let days = 0;
    if (!nulls || !load<u8>(nulls + row)) {
      days = readDate(text, offsets + (<usize>row << 2));
      if (<u32>days > 0xffff) return row;
    }
    store<u16>(out + (<usize>row << 1), <u16>days);
  }
  return count;
}

export function parseDate32s(
  out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize, first: i32, last: i32,
): u32 {
  for (; row < count; row++) {
    let days = 0;
    if (!nulls || !load<u8>(nulls + row)) {
      days = readDate(text, offsets + (<usize>row << 2));
      if (days < first || days > last) return row;
    }
    store<i32>(out + (<usize>row << 2), days);
  }
  return count;
}

export function parseDateTimes(out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize): u32 {
  for (; row < count; row++) {
    let seconds: i64 = 0;
    if (!nulls || !load<u8>(nulls + row)) {
      const from = text + load<u32>(offsets + (<usize>row << 2));
      const end = text + load<u32>(offsets + (<usize>row << 2), 4);
      seconds = readSeconds(from);
      if (!isUtc(from, end)) {
        if (!readRest(from + 19, end, 0)) return row;
        seconds -= offset;
      }
      if (<u64>seconds > 0xffffffff) return row;
    }
    store<u32>(out + (<usize>row << 2), <u32>seconds);
  }
  return count;
}

export function parseDateTime64s(
  out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize, scale: u32,
): u32 {
  const perSecond = <i64>powerOfTen(scale);
  // Inside of both the years 0001 to 9999 and what an Int64 of ticks holds; put() knows the last second before each end.
  const first = max<i64>(-62135596800, i64.MIN_VALUE / perSecond + 1);
  const last = min<i64>(253402300799, i64.MAX_VALUE / perSecond - 1);
  for (; row < count; row++) {
    let ticks: i64 = 0;
    if (!nulls || !load<u8>(nulls + row)) {
      const from = text + load<u32>(offsets + (<usize>row << 2));
      const end = text + load<u32>(offsets + (<usize>row << 2), 4);
      let seconds = readSeconds(from);
      if (!isUtc(from, end)) {
        if (!readRest(from + 19, end, scale)) return row;
        seconds -= offset;
        ticks = fraction;
      }
      if (seconds < first || seconds > last) return row;
      ticks += seconds * perSecond;
    }
    store<i64>(out + (<usize>row << 3), ticks);
  }
  return count;
}

/**
 * Patterns; and what may be added to what they leave of a character without reaching the top bit: 127 to a sign, 118 to a digit,
 * less room for first digits: of a month up to 1, of a day up to 3, of an hour up to 2, of minutes and seconds up to 5. Read from
 * memory, see hex.ts.
 */
const TIME = memory.data<u8>([48, 48, 48, 48, 45, 48, 48, 45, 48, 48, 0, 48, 48, 58, 48, 48], 16);
const TIME_ROOM = memory.data<u8>([118, 118, 118, 118, 127, 126, 118, 127, 124, 118, 0, 125, 118, 127, 122, 118], 16);
/** Characters 5 to 20, of which ':SS' are looked at. */
const END = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 58, 48, 48, 0, 0], 16);
const END_ROOM = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 127, 122, 118, 0, 0], 16);
const END_LANES = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 0, 0], 16);
const DIGITS = memory.data<u8>([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 255, 255, 255, 255], 16);
const TENS = memory.data<u64>([0x0a010a010a010a01, 0x0a010a010a010a01], 16);
/** Century and year, month and day, hours and minutes, seconds. */
const WEIGHTS = memory.data<u16>([100, 1, 64, 1, 3600, 60, 1, 0], 16);

/**
 * Of digits 'YYYYMMDDHHMMSS' the year, month * 64 + day, the seconds of hours and minutes, and the seconds.
 */
// @ts-ignore: decorator
@inline
function partsOf(digits: v128): v128 {
  return i32x4.dot_i16x8_s(i16x8.shr_u(i16x8.mul(digits, v128.load(TENS)), 8), v128.load(WEIGHTS));
}

/** Days since 1970-01-01 of exactly 'YYYY-MM-DD', or NO_DAY. */
// @ts-ignore: decorator
@inline
function readDate(text: usize, place: usize): i32 {
  const start = load<u32>(place);
  const left = v128.xor(v128.load(text + start), v128.load(TIME));
  const faults = i8x16.bitmask(i8x16.add_sat_u(left, v128.load(TIME_ROOM))) & 0x3ff;
  if (faults | ((load<u32>(place, 4) - start) ^ 10)) return NO_DAY;
  return daysOf(i64x2.extract_lane(partsOf(v128.swizzle(left, v128.load(DIGITS))), 0));
}

/** By month * 64 + day, twice: days of a common and of a leap year in front of it; NO_DATE where there is no such day. */
const DATES = memory.data(20 * 64 * 4, 16);
const NO_DATE: u32 = 0xffff;
/** By year: days from 1970-01-01 to its first one, twice, and one more for a leap year. */
const YEARS = memory.data(400 * 4, 16);
const FIRST_YEAR: u32 = 1900;
for (let isLeap: u32 = 0; isLeap < 2; isLeap++) {
  let before: u32 = 0;
  for (let month: u32 = 0; month < 20; month++) {
    const length: u32 = month < 1 || month > 12 ? 0 : month == 2 ? 28 + isLeap : 30 + ((month ^ (month >> 3)) & 1);
    for (let day: u32 = 0; day < 64; day++) {
      store<u16>(DATES + (month << 8) + (day << 2) + (isLeap << 1), <u16>(day - 1 < length ? before + day - 1 : NO_DATE));
    }
    before += length;
  }
}
for (let year: u32 = 0; year < 400; year++) store<i32>(YEARS + (year << 2), yearOf(FIRST_YEAR + year));

/** What YEARS holds, for every year from 0 on. */
function yearOf(year: u32): i32 {
  const isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const leapYears = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;
  return (<i32>(year * 365 + leapYears) - 719528) * 2 + i32(isLeap);
}

/** Days since 1970-01-01 of a year and, from bit 32 on, month * 64 + day; NO_DAY where there is no such day. */
// @ts-ignore: decorator
@inline
function daysOf(parts: u64): i32 {
  const year = <u32>parts;
  const place = year - FIRST_YEAR;
  const days = place < 400 ? load<i32>(<usize>place << 2, YEARS) : yearOf(year);
  const date = <u32>load<u16>((<usize>(parts >> 32) << 2) | ((<usize>days & 1) << 1), DATES);
  return date == NO_DATE ? NO_DAY : (days >> 1) + <i32>date;
}

/** Whether the text is 'YYYY-MM-DDTHH:MM:SSZ' as far as its length and its end go. */
// @ts-ignore: decorator
@inline
function isUtc(from: usize, end: usize): bool {
  return ((<u32>(end - from) ^ 20) | (load<u8>(from, 19) ^ 90)) == 0;
}

/** Seconds since the epoch of 'YYYY-MM-DDTHH:MM:SS', where 'T' may be a space, or NO_TIME. Reads 21 bytes. */
// @ts-ignore: decorator
@inline
function readSeconds(from: usize): i64 {
  const left = v128.xor(v128.load(from), v128.load(TIME));
  const leftEnd = v128.and(v128.xor(v128.load(from, 5), v128.load(END)), v128.load(END_LANES));
  const faults = v128.or(i8x16.add_sat_u(left, v128.load(TIME_ROOM)), i8x16.add_sat_u(leftEnd, v128.load(END_ROOM)));
  if (i8x16.bitmask(faults)) return NO_TIME;
  const separator = <u32>load<u8>(from, 10);
  if (separator != 84 && separator != 32 && separator != 116) return NO_TIME;
  const parts = partsOf(v128.or(v128.swizzle(left, v128.load(DIGITS)), leftEnd));
  const day = daysOf(i64x2.extract_lane(parts, 0));
  const time = <u64>i64x2.extract_lane(parts, 1);
  const minutes = <u32>time;
  if (day == NO_DAY || minutes >= 86400) return NO_TIME;
  return <i64>day * 86400 + <i64>(minutes + <u32>(time >> 32));
}

/** What readRest() found: a count of 10^-scale seconds, and seconds east of UTC. */
let fraction: i64 = 0;
let offset: i64 = 0;

/** '[.fraction](Z|±HH:MM|±HHMM|±HH)' up to the end; digits of the fraction beyond `scale` are zeros. */
function readRest(from: usize, end: usize, scale: u32): bool {
  fraction = 0;
  if (from < end && load<u8>(from) == 46) {
    const start = ++from;
    while (from < end && isDigit(load<u8>(from))) from++;
    let digits = <u32>(from - start);
    if (digits == 0) return false;
    let last = from;
    for (; digits > scale; digits--) if (load<u8>(--last) != 48) return false;
    fraction = <i64>(sixteenDigits(lastDigits(last, digits)) * powerOfTen(scale - digits));
  }
  return readOffset(from, end);
}

/** 'Z', '±HH', '±HHMM' or '±HH:MM' up to the end. */
function readOffset(from: usize, end: usize): bool {
  const length = <i32>(end - from);
  if (length < 1) return false;
  const sign = load<u8>(from);
  if ((sign | 0x20) == 122) {
    offset = 0;
    return length == 1;
  }
  if (sign != 43 && sign != 45) return false;
  const hours = length >= 3 ? readTwo(from + 1) : -1;
  let minutes = 0;
  if (length == 6 && load<u8>(from + 3) == 58) minutes = readTwo(from + 4);
  else if (length == 5) minutes = readTwo(from + 3);
  else if (length != 3) return false;
  if (<u32>hours > 18 || <u32>minutes > 59) return false;
  offset = (hours * 3600 + minutes * 60) * (sign == 45 ? -1 : 1);
  return true;
}

/** Two digits, or -1. */
function readTwo(from: usize): i32 {
  const tens = load<u8>(from);
  const ones = load<u8>(from + 1);
  return isDigit(tens) && isDigit(ones) ? <i32>(tens - 48) * 10 + <i32>(ones - 48) : -1;
}
