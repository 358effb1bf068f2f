// Integer columns of 1 to 32 bytes out of texts: two's complement, little endian.
//
//   Int16   '-2', '+7', '007' ──▶ fe ff   07 00   07 00
//
// For in, out and what is returned see uuid.ts. Texts of more than 38 digits for 128 bits, or 76 for 256, are left to put(): some
// of them fit.

import { hasFault, isDigit, lastDigits, readLimbs, sixteenDigits, writeInteger, writeLimbs } from './digits';

export function parseIntegers(
  out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize, width: u32, isSigned: bool,
): u32 {
  // The largest magnitude above and below zero; wider columns hold every u64, signed or not.
  const most: u64 = width > 8 ? u64.MAX_VALUE : u64.MAX_VALUE >> (64 - (width << 3) + (isSigned ? 1 : 0));
  const least: u64 = !isSigned ? 0 : width > 8 ? u64.MAX_VALUE : most + 1;
  for (; row < count; row++) {
    const to = out + <usize>row * width;
    if (nulls && load<u8>(nulls + row)) {
      memory.fill(to, 0, width);
      continue;
    }
    let from = text + load<u32>(offsets + (<usize>row << 2));
    const end = text + load<u32>(offsets + (<usize>row << 2) + 4);
    if (from == end) return row;
    const sign = <u32>load<u8>(from);
    const negative = sign == 45;
    from += <usize>(negative | (sign == 43));
    if (from == end) return row;
    while (end - from > 16 && load<u8>(from) == 48) from++;
    const length = <u32>(end - from);
    let value: u64;
    if (length <= 16) {
      const digits = lastDigits(end, length);
      if (hasFault(digits)) return row;
      value = sixteenDigits(digits);
    } else if (width > 8) {
      if (length > (width == 16 ? 38 : 76) || (negative && !isSigned)) return row;
      for (let at = from; at < end; at++) if (!isDigit(load<u8>(at))) return row;
      readLimbs(from, end, end, 0);
      writeLimbs(to, width, negative);
      continue;
    } else {
      if (length > 20) return row;
      const highDigits = lastDigits(end - 16, length - 16);
      const lowDigits = lastDigits(end, 16);
      if (hasFault(i8x16.max_u(highDigits, lowDigits))) return row;
      const high = sixteenDigits(highDigits);
      const low = sixteenDigits(lowDigits);
      // 2^64 is 1844 6744073709551616.
      if (high > 1844 || (high == 1844 && low > 6744073709551615)) return row;
      value = high * 10000000000000000 + low;
    }
    if (value > (negative ? least : most)) return row;
    writeInteger(to, width, value, negative);
  }
  return count;
}
