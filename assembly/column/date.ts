// Date, Date32, DateTime and DateTime64 columns out of texts.
//
//   Date 1970-01-02 ──▶ 01 00        Date32 1900-01-01 ──▶ 21 9c ff ff        DateTime 1970-01-01T00:00:01Z ──▶ 01 00 00 00
//   DateTime64(3) 1969-12-31 23:59:59.999+00:00 ──▶ ff ff ff ff ff ff ff ff
//
// For in, out and what is returned see uuid.ts. Times without seconds are left to put().

import { isDigit, powerOfTen } from './digits';

const NO_DAY: i32 = i32.MIN_VALUE;

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
    seconds = 0;
    if (!nulls || !load<u8>(nulls + row)) {
      if (!readInstant(text, offsets + (<usize>row << 2), 0) || <u64>seconds > 0xffffffff) return row;
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
    seconds = 0;
    ticks = 0;
    if (!nulls || !load<u8>(nulls + row)) {
      if (!readInstant(text, offsets + (<usize>row << 2), scale) || seconds < first || seconds > last) return row;
    }
    store<i64>(out + (<usize>row << 3), seconds * perSecond + ticks);
  }
  return count;
}

/** Pairs of digits as eight 16-bit lanes; false where a character is no digit. */
let pairs: v128 = i64x2.splat(0);

// @ts-ignore: decorator
@inline
function readPairs(chars: v128): bool {
  const digits = i8x16.sub(chars, i8x16.splat(48));
  pairs = i16x8.add(i16x8.mul(v128.and(digits, i16x8.splat(0xff)), i16x8.splat(10)), i16x8.shr_u(digits, 8));
  return i8x16.all_true(i8x16.le_u(digits, i8x16.splat(9)));
}

/** Days since 1970-01-01 of exactly 'YYYY-MM-DD', or NO_DAY. */
function readDate(text: usize, place: usize): i32 {
  const start = load<u32>(place);
  if (load<u32>(place + 4) - start != 10) return NO_DAY;
  const from = text + start;
  const chars = v128.load(from);
  if (!readPairs(v128.shuffle<i8>(chars, chars, 0, 1, 2, 3, 5, 6, 8, 9, 0, 1, 2, 3, 5, 6, 8, 9))) return NO_DAY;
  if (load<u8>(from + 4) != 45 || load<u8>(from + 7) != 45) return NO_DAY;
  return days();
}

/** Days of the first four pairs: the century, its year, month, day. */
// @ts-ignore: decorator
@inline
function days(): i32 {
  const year = <i32>i16x8.extract_lane_u(pairs, 0) * 100 + <i32>i16x8.extract_lane_u(pairs, 1);
  const month = <i32>i16x8.extract_lane_u(pairs, 2);
  const day = <i32>i16x8.extract_lane_u(pairs, 3);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return NO_DAY;
  return daysFromCivil(year, month, day);
}

// @ts-ignore: decorator
@inline
function daysInMonth(year: i32, month: i32): i32 {
  if (month == 2) return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return 30 + ((month ^ (month >> 3)) & 1);
}

/** The calendar of src/column/calendar.ts, for years from 0 on. */
// @ts-ignore: decorator
@inline
function daysFromCivil(year: i32, month: i32, day: i32): i32 {
  // Counted from 400 years before, so that no quotient is negative.
  const y = <u32>(month <= 2 ? year + 399 : year + 400);
  const era = y / 400;
  const yearOfEra = y - era * 400;
  const dayOfYear = (153 * <u32>(month + (month > 2 ? -3 : 9)) + 2) / 5 + <u32>day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return <i32>(era * 146097 + dayOfEra) - 719468 - 146097;
}

/** What readInstant() found: seconds since the epoch, floored, and the fraction as a count of 10^-scale seconds. */
let seconds: i64 = 0;
let ticks: i64 = 0;

/**
 * 'YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM|±HHMM|±HH)', 'T' may be a space; digits of the fraction beyond `scale` are zeros.
 */
function readInstant(text: usize, place: usize, scale: u32): bool {
  let from = text + load<u32>(place);
  const end = text + load<u32>(place + 4);
  if (<i32>(end - from) < 20) return false;
  const a = v128.load(from); // characters 0..15
  const b = v128.load(from + 4); // 4..19
  if (!readPairs(v128.shuffle<i8>(a, b, 0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 29, 30, 0, 1))) return false;
  if (load<u8>(from + 4) != 45 || load<u8>(from + 7) != 45 || load<u8>(from + 13) != 58 || load<u8>(from + 16) != 58) {
    return false;
  }
  const separator = load<u8>(from + 10);
  if ((separator | 0x20) != 116 && separator != 32) return false;
  const day = days();
  const hour = <i32>i16x8.extract_lane_u(pairs, 4);
  const minute = <i32>i16x8.extract_lane_u(pairs, 5);
  const second = <i32>i16x8.extract_lane_u(pairs, 6);
  if (day == NO_DAY || hour > 23 || minute > 59 || second > 59) return false;
  from += 19;
  let fraction: u64 = 0;
  if (load<u8>(from) == 46) {
    const start = ++from;
    let digits: u32 = 0;
    for (; from < end && isDigit(load<u8>(from)); from++) {
      const digit = <u64>(load<u8>(from) - 48);
      if (digits < scale) fraction = fraction * 10 + digit;
      else if (digit != 0) return false;
      digits++;
    }
    if (from == start) return false;
    if (digits < scale) fraction *= powerOfTen(scale - digits);
  }
  if (!readOffset(from, end)) return false;
  seconds = <i64>day * 86400 + hour * 3600 + minute * 60 + second - offset;
  ticks = <i64>fraction;
  return true;
}

/** What readOffset() found: seconds east of UTC. */
let offset: i32 = 0;

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
