// Decimal(P, S) column out of texts: the value * 10^S as a signed integer of 4, 8, 16 or 32 bytes.
//
//   Decimal(9, 2)   '-1.5', '7' ──▶ 6a ff ff ff   bc 02 00 00
//
// For in, out and what is returned see uuid.ts. Texts with an exponent are left to put().

import { hasFault, isDigit, lastDigits, powerOfTen, readLimbs, sixteenDigits, writeLimbs } from './digits';

/** Read from memory, see hex.ts. */
const POINT = memory.data<u64>([0x2e2e2e2e2e2e2e2e, 0x2e2e2e2e2e2e2e2e], 16);

export function parseDecimals(
  out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize, width: u32, precision: u32, scale: u32,
): u32 {
  while (true) {
    row = parseShort(out, text, offsets, row, count, nulls, width, scale, min(scale, 18), min(precision, 18));
    if (row == count) return row;
    const place = offsets + (<usize>row << 2);
    let from = text + load<u32>(place);
    const sign = <u32>load<u8>(from);
    from += <usize>(sign == 45 || sign == 43);
    if (!parseLong(out + <usize>row * width, from, text + load<u32>(place, 4), sign == 45, width, precision, scale)) return row;
    row++;
  }
}

/** By the number of characters behind the point: the lanes without the point, those in front of it one to the right. */
const WITHOUT_POINT = memory.data(17 * 16, 16);
for (let behind = 0; behind <= 16; behind++) {
  for (let lane = 0; lane < 16; lane++) store<u8>(WITHOUT_POINT + behind * 16 + lane, <u8>(lane > 15 - behind ? lane : lane - 1));
}

/** Texts of up to 16 characters behind the sign and up to 18 digits with those of the scale; returns the first that is none. */
function parseShort(
  out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize, width: u32, scale: u32, zerosMax: u32, digitsMax: u32,
): u32 {
  const points = v128.load(POINT);
  const last = offsets + (<usize>count << 2);
  let place = offsets + (<usize>row << 2);
  out += <usize>row * width;
  let start = text + load<u32>(place);
  for (; place < last; place += 4, out += width) {
    const end = text + load<u32>(place, 4);
    let signed: u64 = 0;
    let isNull: u32 = 0;
    if (nulls) isNull = load<u8>(nulls + ((place - offsets) >> 2));
    if (!isNull) {
      const isNegative = load<u8>(start) == 45;
      const length = <u32>(end - start) - <u32>isNegative;
      if (length > 16) break;
      // Behind the last point in front of `end`, which may be one of the text before.
      const behind = <u32>clz(i8x16.bitmask(i8x16.eq(v128.load(end - 16), points))) - 16;
      const hasPoint = behind < length;
      const zeros = scale - (hasPoint ? behind : 0);
      const digits = v128.swizzle(lastDigits(end, length), v128.load(<usize>behind << 4, WITHOUT_POINT));
      if (zeros > zerosMax) break;
      if (length == <u32>hasPoint) break;
      if (hasFault(digits)) break;
      const value = sixteenDigits(digits);
      if (value >= powerOfTen(digitsMax - zeros)) break;
      const scaled = value * powerOfTen(zeros);
      signed = (scaled ^ -<u64>isNegative) + <u64>isNegative;
    }
    if (width == 8) store<u64>(out, signed);
    else if (width == 4) store<u32>(out, <u32>signed);
    else {
      const upper = <i64>signed >> 63;
      store<u64>(out, signed);
      store<i64>(out, upper, 8);
      if (width == 32) v128.store(out, i64x2.splat(upper), 16);
    }
    start = end;
  }
  return <u32>((place - offsets) >> 2);
}

/** A text of any length. */
function parseLong(out: usize, from: usize, end: usize, negative: bool, width: u32, precision: u32, scale: u32): bool {
  let point = end;
  for (let at = from; at < end; at++) {
    const char = <u32>load<u8>(at);
    if (char == 46 && point == end) point = at;
    else if (!isDigit(char)) return false;
  }
  const hasPoint = point != end;
  // No digit at all; a negative length where the sign was read from behind an empty text.
  if (<i32>(end - from) <= <i32>hasPoint) return false;
  let behind = hasPoint ? <i32>(end - point - 1) : 0;
  // Digits that the column has no room for may be zeros.
  while (behind > <i32>scale && load<u8>(end - 1) == 48) {
    end--;
    behind--;
  }
  if (behind > <i32>scale) return false;
  while (from < end && (from == point || load<u8>(from) == 48)) from++;
  const digits = <i32>(end - from) - <i32>(hasPoint && point >= from && point < end);
  const zeros = <i32>scale - behind;
  if (digits > 0 && digits + zeros > <i32>precision) return false;
  readLimbs(from, end, point, digits > 0 ? zeros : 0);
  writeLimbs(out, width, negative);
  return true;
}
