// IPv4 and IPv6 columns out of texts.
//
//   IPv4 1.2.3.4 ──▶ 04 03 02 01        IPv6 ::1:2 ──▶ fourteen 00… 00 01 00 02
//
// For in, out and what is returned see uuid.ts. An IPv6 column takes an IPv4 address as ::ffff:a.b.c.d.

import { isDigit } from './digits';

const NO_ADDRESS: u64 = u64.MAX_VALUE;

/** The address between `from` and `end`; no octet has a leading zero. */
function readIPv4(from: usize, end: usize): u64 {
  let address: u64 = 0;
  let octets = 0;
  while (true) {
    const start = from;
    let octet: u32 = 0;
    while (from < end && from - start < 3 && isDigit(load<u8>(from))) octet = octet * 10 + (load<u8>(from++) - 48);
    if (from == start || octet > 255 || (from - start > 1 && load<u8>(start) == 48)) return NO_ADDRESS;
    address = (address << 8) | octet;
    if (++octets == 4) return from == end ? address : NO_ADDRESS;
    if (from == end || load<u8>(from++) != 46) break;
  }
  return NO_ADDRESS;
}

export function parseIPv4s(out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize): u32 {
  for (; row < count; row++) {
    let address: u64 = 0;
    if (!nulls || !load<u8>(nulls + row)) {
      const place = offsets + (<usize>row << 2);
      address = readIPv4(text + load<u32>(place), text + load<u32>(place + 4));
      if (address == NO_ADDRESS) return row;
    }
    store<u32>(out + (<usize>row << 2), <u32>address);
  }
  return count;
}

export function parseIPv6s(out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize): u32 {
  for (; row < count; row++) {
    const to = out + (<usize>row << 4);
    v128.store(to, i64x2.splat(0));
    if (nulls && load<u8>(nulls + row)) continue;
    const place = offsets + (<usize>row << 2);
    if (!readIPv6(to, text + load<u32>(place), text + load<u32>(place + 4))) return row;
  }
  return count;
}

/** The value of a hex digit, or 16 and more. */
// @ts-ignore: decorator
@inline
function hexDigit(char: u32): u32 {
  const letter = (char | 0x20) - 97;
  return isDigit(char) ? char - 48 : letter < 6 ? letter + 10 : 16;
}

/** Groups of 16 bits into the zeroed bytes at `out`; '::' stands for at least one group of zeros. */
function readIPv6(out: usize, from: usize, end: usize): bool {
  const last = out + 16;
  let to = out;
  let gap: usize = 0; // where '::' stood in the bytes
  if (end - from >= 2 && load<u8>(from) == 58) {
    if (load<u8>(from + 1) != 58) return false;
    gap = to;
    from += 2;
  }
  while (from < end) {
    const start = from;
    let group: u32 = 0;
    let digit: u32 = 0;
    while (from < end && from - start < 4 && (digit = hexDigit(load<u8>(from))) < 16) {
      group = (group << 4) | digit;
      from++;
    }
    if (from < end && load<u8>(from) == 46) {
      // The last 32 bits in IPv4 form; alone it is an IPv4 address.
      const address = readIPv4(start, end);
      if (address == NO_ADDRESS) return false;
      if (to == out && gap == 0) {
        store<u16>(out + 10, 0xffff);
        to = out + 12;
      }
      if (last - to < 4) return false;
      store<u32>(to, bswap(<u32>address));
      to += 4;
      break;
    }
    if (from == start || to == last) return false;
    store<u16>(to, bswap(<u16>group));
    to += 2;
    if (from == end) break;
    if (load<u8>(from++) != 58 || from == end) return false;
    if (load<u8>(from) == 58) {
      if (gap != 0) return false;
      gap = to;
      from++;
    }
  }
  if (gap == 0) return to == last;
  if (to == last) return false;
  // What was read behind the gap moves to the end.
  const tail = to - gap;
  memory.copy(last - tail, gap, tail);
  memory.fill(gap, 0, last - tail - gap);
  return true;
}
