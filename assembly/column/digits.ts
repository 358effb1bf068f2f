// Decimal digits out of texts: up to 16 at once, or any number into the limbs of a wide integer.

const TENS = memory.data<u64>([
  1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
  10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
  10000000000000000000,
]);

/** 10^exponent, for 0 to 19. */
// @ts-ignore: decorator
@inline
export function powerOfTen(exponent: u32): u64 {
  return load<u64>(<usize>exponent << 3, TENS);
}

/** Vectors, two words each; read from memory, see hex.ts. */
const VECTORS = memory.data<u64>([
  0x3030303030303030, 0x3030303030303030, // '0'
  0x7676767676767676, 0x7676767676767676, // 118: the last sum with it that leaves the top bit clear is that of 9
  0x0a010a010a010a01, 0x0a010a010a010a01, // 10, 1
  0x0001006400010064, 0x0001006400010064, // 100, 1
  0x0001271000012710, 0x0001271000012710, // 10000, 1
], 16);

/** Masks that keep the last 0 to 16 lanes. */
const LAST = memory.data(17 * 16, 16);
for (let count = 0; count <= 16; count++) memory.fill(LAST + count * 16 + 16 - count, 255, count);

/** The last `length` (0 to 16) characters in front of `end` as digits less '0', zeros before them. Reads 16 bytes. */
// @ts-ignore: decorator
@inline
export function lastDigits(end: usize, length: u32): v128 {
  return v128.and(i8x16.sub(v128.load(end - 16), v128.load(VECTORS)), v128.load(<usize>length << 4, LAST));
}

/** Whether a lane is no digit. */
// @ts-ignore: decorator
@inline
export function hasFault(digits: v128): bool {
  return i8x16.bitmask(i8x16.add_sat_u(digits, v128.load(VECTORS, 16))) != 0;
}

/**
 * The value of sixteen digits.
 *
 *   lanes                        0 0 0 0 0 0 0 0 0 0 0 1 2 3 4 5
 *   pairs * (10, 1)              0   0   0   0   0   1   23  45
 *   pairs of pairs * (100, 1)    0       0       1       2345
 *   and * (10000, 1)             0               12345
 */
// @ts-ignore: decorator
@inline
export function sixteenDigits(digits: v128): u64 {
  const pairs = i16x8.shr_u(i16x8.mul(digits, v128.load(VECTORS, 32)), 8);
  const fours = i32x4.dot_i16x8_s(pairs, v128.load(VECTORS, 48));
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(fours, fours), v128.load(VECTORS, 64));
  const both = i64x2.extract_lane(eights, 0);
  return (both & 0xffffffff) * 100000000 + (<u64>both >> 32);
}

/** A 256-bit unsigned integer, lowest limb first; working memory of one value. */
const LIMBS = memory.data(32, 16);
const LIMB_COUNT: usize = 8;

/** limbs = limbs * factor + more; the caller knows that it fits. */
function multiplyAdd(factor: u64, more: u64): void {
  let carry = more;
  for (let limb = LIMBS; limb < LIMBS + LIMB_COUNT * 4; limb += 4) {
    carry += <u64>load<u32>(limb) * factor;
    store<u32>(limb, <u32>carry);
    carry >>= 32;
  }
}

/**
 * Reads up to 76 digits from `from` to `end`, skipping the one character at `point` (`end` for none), times 10^zeros, into the
 * limbs. The digits were checked before.
 */
export function readLimbs(from: usize, end: usize, point: usize, zeros: u32): void {
  memory.fill(LIMBS, 0, LIMB_COUNT * 4);
  let group: u64 = 0;
  let size: u32 = 0;
  for (; from < end; from++) {
    if (from == point) continue;
    group = group * 10 + <u64>(load<u8>(from) - 48);
    if (++size == 9) {
      multiplyAdd(1000000000, group);
      group = size = 0;
    }
  }
  multiplyAdd(powerOfTen(size), group);
  for (; zeros >= 9; zeros -= 9) multiplyAdd(1000000000, 0);
  multiplyAdd(powerOfTen(zeros), 0);
}

/** Writes the low `width` bytes of the limbs, or of their two's complement. */
export function writeLimbs(out: usize, width: u32, negative: bool): void {
  const flip: u32 = negative ? u32.MAX_VALUE : 0;
  let carry: u64 = negative ? 1 : 0;
  for (let i: usize = 0; i < width; i += 4) {
    carry += <u64>(load<u32>(LIMBS + i) ^ flip);
    store<u32>(out + i, <u32>carry);
    carry >>= 32;
  }
}

/** Writes a 64-bit magnitude, or its two's complement, into `width` (1 to 32) bytes. */
// @ts-ignore: decorator
@inline
export function writeInteger(out: usize, width: u32, magnitude: u64, negative: bool): void {
  const value = negative ? -magnitude : magnitude;
  if (width == 8) store<u64>(out, value);
  else if (width == 4) store<u32>(out, <u32>value);
  else if (width == 2) store<u16>(out, <u16>value);
  else if (width == 1) store<u8>(out, <u8>value);
  else {
    store<u64>(out, value);
    const upper: u64 = negative && magnitude != 0 ? u64.MAX_VALUE : 0;
    for (let i: usize = 8; i < width; i += 8) store<u64>(out + i, upper);
  }
}

// @ts-ignore: decorator
@inline
export function isDigit(char: u32): bool {
  return char - 48 < 10;
}
