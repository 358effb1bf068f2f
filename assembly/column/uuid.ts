// UUID column out of texts: each half of the digits reversed byte by byte, as src/column/uuid.ts does for one value.
//
//   00112233-4455-6677-8899-aabbccddeeff ──▶ 77 66 55 44 33 22 11 00   ff ee dd cc bb aa 99 88
//
// What all parsers of a column of texts have in common:
//
//   in    text, offsets u32[count + 1]   value i is the bytes from text + offsets[i] up to text + offsets[i + 1]; TEXT_SLACK bytes
//                                        behind the last one may be read
//         nulls u8[count]                1 = NULL: the text is not looked at, zeros are written; address 0 for no NULLs
//   out                                  the values from row 0 on
//
// A parser works from `row` on and returns the first row whose text it does not take, or `count`. What it takes, the column's
// put() in TypeScript takes too, and makes the same bytes of; what it leaves goes to put(), which refuses it or knows the form.

/** Hex digits of both cases as 0..15, sixteen at a time; what is none becomes larger than 15. */
// @ts-ignore: decorator
@inline
function nibbles(chars: v128): v128 {
  // '0'..'9' are the only characters that the saturating subtraction leaves in f0..f9.
  const digits = i8x16.sub(i8x16.sub_sat_u(i8x16.add(chars, i8x16.splat(-58)), i8x16.splat(6)), i8x16.splat(-16));
  const letters = i8x16.add_sat_u(i8x16.sub(v128.and(chars, i8x16.splat(-33)), i8x16.splat(65)), i8x16.splat(10));
  return i8x16.min_u(digits, letters);
}

/** Pairs of nibbles, the high one first, as eight 16-bit lanes with a byte in each. */
// @ts-ignore: decorator
@inline
function joinPairs(nibbles: v128): v128 {
  return i16x8.shr_u(i16x8.mul(nibbles, i16x8.splat(0x1001)), 8);
}

export function parseUuids(out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize): u32 {
  let place = offsets + (<usize>row << 2);
  const last = offsets + (<usize>count << 2);
  out += <usize>row << 4;
  let start = load<u32>(place);
  while (place < last) {
    const end = load<u32>(place, 4);
    if (nulls && load<u8>(nulls + ((place - offsets) >> 2))) {
      v128.store(out, i64x2.splat(0));
    } else {
      const from = text + start;
      // The digits without the dashes at 8, 13, 18 and 23, in three parts each half.
      const high = v128.load32_lane(from + 14, v128.load32_lane(from + 9, v128.load64_zero(from), 2), 3);
      const low = v128.load32_lane(from + 19, v128.load32_lane(from + 24, v128.load64_zero(from + 28), 2), 3);
      const dashes = ((load<u64>(from, 8) & 0x0000ff00000000ff) ^ 0x00002d000000002d)
        | ((load<u64>(from, 16) & 0xff00000000ff0000) ^ 0x2d000000002d0000);
      const highDigits = nibbles(high);
      const lowDigits = nibbles(low);
      const faults = i8x16.bitmask(i8x16.add_sat_u(v128.or(highDigits, lowDigits), i8x16.splat(112)));
      if (dashes | <u64>faults | <u64>((end - start) ^ 36)) return <u32>((place - offsets) >> 2);
      const bytes = i8x16.narrow_i16x8_u(joinPairs(highDigits), joinPairs(lowDigits));
      v128.store(out, v128.shuffle<i8>(bytes, bytes, 7, 6, 5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 13, 12, 15, 14));
    }
    start = end;
    place += 4;
    out += 16;
  }
  return count;
}
