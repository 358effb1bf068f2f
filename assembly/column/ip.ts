// IPv4 and IPv6 columns out of texts.
//
//   IPv4 1.2.3.4 ──▶ 04 03 02 01        IPv6 ::1:2 ──▶ fourteen 00… 00 01 00 02
//
// For in, out and what is returned see uuid.ts. An IPv6 column takes an IPv4 address as ::ffff:a.b.c.d.

import { isDigit } from './digits';
import { faultsOf, joinPairs, nibbles } from './hex';

/** Vectors, two words each; read from memory, see hex.ts. */
const VECTORS = memory.data<u64>([
  0x2e2e2e2e2e2e2e2e, 0x2e2e2e2e2e2e2e2e, // '.'
  0x3030303030303030, 0x3030303030303030, // '0'
  0x7676767676767676, 0x7676767676767676, // 118: the last sum with it that leaves the top bit clear is that of 9
  0x0a010a010a010a01, 0x0a010a010a010a01, // 10, 1
  0x0001006400010064, 0x0001006400010064, // 100, 1
  0x7fffff007fffff00, 0x7fffff007fffff00, // the last sum with it that leaves the top bit clear is that of 255
  0x3a3a3a3a3a3a3a3a, 0x3a3a3a3a3a3a3a3a, // ':'
], 16);

/**
 * Where the digits of an IPv4 address stand, by the bits of its points and of its end. There are 81 ways, and the upper eight bits
 * of the product with this factor tell all of them apart.
 *
 *   '1.20.30.4'    bits 1, 4, 7 and 9    lanes  - - - 8   - - 5 6   - - 2 3   - - - 0    the last octet first
 *                                        first digits of more than one: lanes 6 and 10
 */
const FACTOR: u32 = 0x611ae56d;
const LANES = memory.data(256 * 16, 16);
/** The bits and, from bit 16 on, the lanes of first digits. */
const WAYS = memory.data(256 * 4, 16);
for (let way = 0; way < 81; way++) {
  let bits: u32 = 0;
  let end: u32 = 0;
  for (let octet: u32 = 0, rest = way; octet < 4; octet++, rest /= 3) {
    end += 1 + rest % 3;
    bits |= 1 << end++;
  }
  const place = (bits * FACTOR) >> 24;
  const lanes = LANES + (<usize>place << 4);
  memory.fill(lanes, 255, 16);
  let firsts: u32 = 0;
  for (let octet: u32 = 0, start: u32 = 0, rest = way; octet < 4; octet++, rest /= 3) {
    const length: u32 = 1 + rest % 3;
    const lane = 16 - octet * 4 - length;
    for (let digit: u32 = 0; digit < length; digit++) store<u8>(lanes + lane + digit, <u8>(start + digit));
    if (length > 1) firsts |= 1 << lane;
    start += length + 1;
  }
  store<u32>(WAYS + (<usize>place << 2), bits | (firsts << 16));
}

export function parseIPv4s(out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize): u32 {
  for (; row < count; row++) {
    let address: u32 = 0;
    if (!nulls || !load<u8>(nulls + row)) {
      const from = text + load<u32>(offsets + (<usize>row << 2));
      const length = <u32>(text + load<u32>(offsets + (<usize>row << 2), 4) - from);
      if (length > 15) return row;
      const chars = v128.load(from);
      const points = <u32>i8x16.bitmask(i8x16.eq(chars, v128.load(VECTORS)));
      const bits = (points | (1 << length)) & ((2 << length) - 1);
      const place = (bits * FACTOR) >> 24;
      const way = load<u32>(<usize>place << 2, WAYS);
      if ((way & 0xffff) != bits) return row;
      const digits = v128.swizzle(i8x16.sub(chars, v128.load(VECTORS, 16)), v128.load(<usize>place << 4, LANES));
      const faults = <u32>i8x16.bitmask(i8x16.add_sat_u(digits, v128.load(VECTORS, 32)));
      const zeros = <u32>i8x16.bitmask(i8x16.eq(digits, i64x2.splat(0)));
      if (faults | (zeros & (way >> 16))) return row;
      const pairs = i16x8.shr_u(i16x8.mul(digits, v128.load(VECTORS, 48)), 8);
      const octets = i32x4.dot_i16x8_s(pairs, v128.load(VECTORS, 64));
      if (i32x4.bitmask(i32x4.add(octets, v128.load(VECTORS, 80)))) return row;
      const words = i16x8.narrow_i32x4_u(octets, octets);
      address = <u32>i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0);
    }
    store<u32>(out + (<usize>row << 2), address);
  }
  return count;
}

export function parseIPv6s(out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize): u32 {
  for (; row < count; row++) {
    const to = out + (<usize>row << 4);
    if (nulls && load<u8>(nulls + row)) {
      v128.store(to, i64x2.splat(0));
      continue;
    }
    const from = text + load<u32>(offsets + (<usize>row << 2));
    const end = text + load<u32>(offsets + (<usize>row << 2), 4);
    if (readGroups(to, from, end)) continue;
    v128.store(to, i64x2.splat(0));
    if (!readIPv6(to, from, end)) return row;
  }
  return count;
}

/** The text's digits, four zeros before them; and of each group four digits. Working memory of one address. */
const NIBBLES = memory.data(4 + 48, 4);
const GROUPS = memory.data(32, 16);
/** The longest address of hex digits and colons. */
const GROUPS_LENGTH: u32 = 39;

/** An address of hex digits and colons; false for all that is none, or has points. Reads 48 bytes. */
function readGroups(out: usize, from: usize, end: usize): bool {
  const length = <u32>(end - from);
  if (length > GROUPS_LENGTH) return false;
  const a = v128.load(from);
  const b = v128.load(from, 16);
  const c = v128.load(from, 32);
  const within = (<u64>1 << length) - 1;
  const colon = v128.load(VECTORS, 96);
  const colons = within & bits48(i8x16.eq(a, colon), i8x16.eq(b, colon), i8x16.eq(c, colon));
  const aDigits = nibbles(a);
  const bDigits = nibbles(b);
  const cDigits = nibbles(c);
  if (within & ~colons & bits48(faultsOf(aDigits), faultsOf(bDigits), faultsOf(cDigits))) return false;
  v128.store(NIBBLES, aDigits, 4);
  v128.store(NIBBLES, bDigits, 20);
  v128.store(NIBBLES, cDigits, 36);

  let ends = colons | (within + 1);
  let start: u32 = 0;
  // '::', where its second colon ends a group of no digits.
  const doubles = colons & (colons >> 1);
  const gap = <u32>ctz(doubles) + 1;
  if (doubles) {
    if (doubles & (doubles - 1)) return false;
    v128.store(GROUPS, i64x2.splat(0));
    v128.store(GROUPS, i64x2.splat(0), 16);
    if (gap == 1) {
      ends &= ~1;
      start = 1;
    }
    if (gap == length - 1) ends &= within;
  }
  let group: u32 = 0;
  do {
    const place = <u32>ctz(ends);
    ends &= ends - 1;
    const digits = place - start;
    if (digits - 1 < 4) {
      if (group == 8) return false;
      store<u32>(GROUPS + (<usize>group << 2), load<u32>(NIBBLES + place) & -(1 << (32 - (digits << 3))));
      group++;
    } else {
      if (digits != 0 || place != gap) return false;
      const next = 8 - <u32>popcnt(ends);
      if (<i32>next <= <i32>group) return false;
      group = next;
    }
    start = place + 1;
  } while (ends);
  if (group != 8) return false;
  v128.store(out, i8x16.narrow_i16x8_u(joinPairs(v128.load(GROUPS)), joinPairs(v128.load(GROUPS, 16))));
  return true;
}

/** The top bits of 48 lanes. */
// @ts-ignore: decorator
@inline
function bits48(a: v128, b: v128, c: v128): u64 {
  return <u64>(<u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16)) | (<u64>i8x16.bitmask(c) << 32);
}

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
