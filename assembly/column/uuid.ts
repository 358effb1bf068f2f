// UUID column out of texts: each half of the digits reversed byte by byte, as src/column/uuid.ts does for one value.
//
//   00112233-4455-6677-8899-aabbccddeeff ──▶ 77 66 55 44 33 22 11 00   ff ee dd cc bb aa 99 88
//
// What all parsers of a column of texts have in common:
//
//   in    text, offsets u32[count + 1]   value i is the bytes from text + offsets[i] up to text + offsets[i + 1]; 32 bytes in
//                                        front of the first one and 48 behind the last one may be read
//         nulls u8[count]                1 = NULL: the text is not looked at, zeros are written; address 0 for no NULLs
//   out                                  the values from row 0 on
//
// A parser works from `row` on and returns the first row whose text it does not take, or `count`. What it takes, the column's
// put() in TypeScript takes too, and makes the same bytes of; what it leaves goes to put(), which refuses it or knows the form.

import { faultsOf, joinPairs, nibbles } from './hex';

/** Of the characters 8 to 23 the dashes, and their lanes. */
const DASHES = memory.data<u8>([45, 0, 0, 0, 0, 45, 0, 0, 0, 0, 45, 0, 0, 0, 0, 45], 16);
const DASH_LANES = memory.data<u8>([255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255], 16);
/** 1 and 256: two bytes, a lane each, as one number with the first one on top. */
const SWAP = memory.data<u64>([0x0001010000010100, 0x0001010000010100], 16);

export function parseUuids(out: usize, text: usize, offsets: usize, row: u32, count: u32, nulls: usize): u32 {
  let place = offsets + (<usize>row << 2);
  const last = offsets + (<usize>count << 2);
  out += <usize>row << 4;
  let start = load<u32>(place);
  while (place < last) {
    const end = load<u32>(place, 4);
    // One condition inside of the other: the compiler makes more of 'and' (0.3 ns).
    if (nulls) {
      if (load<u8>(nulls + ((place - offsets) >> 2))) {
        v128.store(out, i64x2.splat(0));
        start = end;
        place += 4;
        out += 16;
        continue;
      }
    }
    const from = text + start;
    // The digits without the dashes, in three parts each half.
    const high = nibbles(v128.load32_lane(from, v128.load32_lane(from, v128.load64_zero(from), 2, 9), 3, 14));
    const low = nibbles(v128.load32_lane(from, v128.load(from, 20), 0, 19));
    const noDash = v128.andnot(v128.load(DASH_LANES), i8x16.eq(v128.load(from, 8), v128.load(DASHES)));
    const faults = i8x16.bitmask(v128.or(noDash, faultsOf(v128.or(high, low))));
    if (faults | ((end - start) ^ 36)) return <u32>((place - offsets) >> 2);
    const units = i16x8.narrow_i32x4_u(
      i32x4.dot_i16x8_s(joinPairs(high), v128.load(SWAP)),
      i32x4.dot_i16x8_s(joinPairs(low), v128.load(SWAP)));
    v128.store(out, v128.shuffle<i16>(units, units, 3, 2, 1, 0, 7, 6, 5, 4));
    start = end;
    place += 4;
    out += 16;
  }
  return count;
}
