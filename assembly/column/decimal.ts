// Decimal(P, S) column out of texts: the value * 10^S as a signed integer of 4, 8, 16 or 32 bytes.
//
//   Decimal(9, 2)   '-1.5', '7' ──▶ 6a ff ff ff   bc 02 00 00
//
// For in, out and what is returned see uuid.ts. Texts with an exponent are left to put().

import { isDigit, NO_DIGITS, powerOfTen, readLimbs, sixteenDigits, writeInteger, writeLimbs } from './digits';

export function parseDecimals(
  out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize, width: u32, precision: u32, scale: u32,
): u32 {
  const limit = powerOfTen(min(precision, 18));
  const last = offsets + (<usize>count << 2);
  let place = offsets + (<usize>row << 2);
  out += <usize>row * width;
  for (; place < last; place += 4, out += width) {
    if (nulls && load<u8>(nulls + ((place - offsets) >> 2))) {
      memory.fill(out, 0, width);
      continue;
    }
    let from = text + load<u32>(place);
    const end = text + load<u32>(place, 4);
    const sign = <u32>load<u8>(from);
    const negative = sign == 45;
    from += <usize>(negative | (sign == 43));
    const length = <u32>(end - from);
    if (length <= 16) {
      // The first point; without one the bit behind the text.
      const point = ctz((1 << length) | i8x16.bitmask(i8x16.eq(v128.load(from), i8x16.splat(46))));
      const behind = max<i32>(length - point - 1, 0);
      const zeros = <i32>scale - behind;
      if (zeros >= 0 && <i32>point + <i32>scale <= 18) {
        const value = sixteenDigits(from, length, point);
        const scaled = value * powerOfTen(zeros);
        if (value == NO_DIGITS || scaled >= limit || length <= <u32>(point == 0)) return <u32>((place - offsets) >> 2);
        const sign = -<u64>negative;
        const signed = (scaled ^ sign) - sign;
        if (width == 8) store<u64>(out, signed);
        else if (width == 4) store<u32>(out, <u32>signed);
        else writeInteger(out, width, scaled, negative);
        continue;
      }
    }
    if (!parseLong(out, from, end, negative, width, precision, scale)) return <u32>((place - offsets) >> 2);
  }
  return count;
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
