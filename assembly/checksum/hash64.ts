// The 64-bit content hash of a block: the last part of its token. Nobody but us computes it, so it is made for speed; it has
// to tell apart any two blocks that are not the same bytes, whoever made them by mistake. It is no defence against a forger.
//
//   the concatenation of all pieces, wherever they are cut:
//
//   ├─ group of 1024 bytes = 16 stripes of 64 ─┼─ group ─┼─ … ─┼─ last group, its last stripe filled up with zeros ─┤
//
//   a stripe   ┌─ d0 ─┬─ d1 ─┬─ d2 ─┬─ d3 ─┐   each 16 bytes, four u32 lanes
//              └──────┴──────┴──────┴──────┘
//   with x = d0 ^ key, y = d1 ^ key       sum0 += x[0..1] * y[0..1] + the upper halves of d0, d1
//                                         sum1 += x[2..3] * y[2..3] + the lower halves of d0, d1
//   and d2, d3 into sum2, sum3 alike; the products are 32 x 32 = 64 bits.
//
// The keys differ for the 16 stripes of a group, so stripes that change places change the sum; after each group the sums
// are scrambled, so groups do too. A word is added plainly to the sum its product does not go to: a factor of zero
// cannot hide a change. The byte length goes in last, so the zeros of the last stripe are told from zeros of the block.
//
// in    list     count x (u32 ptr, u32 byteLength)
// out   result   u64
//
// Allocates nothing, cannot fail. The plain twin is in test/checksum/hash64.test.ts.

const STRIPE: usize = 64;
const GROUP: usize = 16 * STRIPE;

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME3: u64 = 0x165667b19e3779f9;

/** What is left of pieces, until it is a whole group. */
const pending: usize = memory.data(1024, 16);
/** sum0 to sum3 between two calls. */
const sums: usize = memory.data(64, 16);
/** Stripe i takes its four keys from byte 16 * i on, the scramble those of stripe 15. */
const keys: usize = memory.data(16 * 15 + 64, 16);

// 38 words of a counter of golden-ratio steps, mixed (splitmix64 started at 0): nothing up the sleeve, no two alike.
for (let i: usize = 0; i < 16 * 15 + 64; i += 8) {
  store<u64>(keys + i, avalanche((<u64>(i >> 3) + 1) * 0x9e3779b97f4a7c15));
}

/** Writes the hash of the pieces, one after the other, to `result`. */
export function hashPieces(list: usize, count: u32, result: usize): void {
  memory.copy(sums, keys, STRIPE);
  let total: u64 = 0;
  let filled: usize = 0;
  for (const end = list + (<usize>count << 3); list < end; list += 8) {
    let ptr: usize = load<u32>(list);
    let byteLength: usize = load<u32>(list, 4);
    total += byteLength;
    if (filled != 0) {
      const room = min(GROUP - filled, byteLength);
      memory.copy(pending + filled, ptr, room);
      filled += room;
      if (filled < GROUP) continue;
      addGroups(pending, pending + GROUP);
      ptr += room;
      byteLength -= room;
    }
    const whole = ptr + (byteLength & ~(GROUP - 1));
    addGroups(ptr, whole);
    filled = byteLength & (GROUP - 1);
    memory.copy(pending, whole, filled);
  }
  const padded = (filled + STRIPE - 1) & ~(STRIPE - 1);
  memory.fill(pending + filled, 0, padded - filled);
  addStripes(pending, pending + padded);
  store<u64>(result, finish(total));
}

/** Whole groups, each followed by a scramble. */
function addGroups(ptr: usize, end: usize): void {
  for (; ptr < end; ptr += GROUP) {
    addStripes(ptr, ptr + GROUP);
    for (let i: usize = 0; i < STRIPE; i += 16) {
      let sum = v128.load(sums + i);
      sum = v128.xor(sum, i64x2.shr_u(sum, 47));
      sum = v128.xor(sum, v128.load(keys + 16 * 15 + i));
      v128.store(sums + i, i64x2.mul(sum, i64x2.splat(PRIME1)));
    }
  }
}

/** At most one group. */
function addStripes(ptr: usize, end: usize): void {
  let sum0 = v128.load(sums);
  let sum1 = v128.load(sums, 16);
  let sum2 = v128.load(sums, 32);
  let sum3 = v128.load(sums, 48);
  for (let key = keys; ptr < end; ptr += STRIPE, key += 16) {
    const d0 = v128.load(ptr);
    const d1 = v128.load(ptr, 16);
    const x0 = v128.xor(d0, v128.load(key));
    const y0 = v128.xor(d1, v128.load(key, 16));
    sum0 = i64x2.add(sum0, i64x2.extmul_low_i32x4_u(x0, y0));
    sum1 = i64x2.add(sum1, i64x2.extmul_high_i32x4_u(x0, y0));
    sum0 = i64x2.add(sum0, v128.shuffle<i64>(d0, d1, 1, 3));
    sum1 = i64x2.add(sum1, v128.shuffle<i64>(d0, d1, 0, 2));
    const d2 = v128.load(ptr, 32);
    const d3 = v128.load(ptr, 48);
    const x2 = v128.xor(d2, v128.load(key, 32));
    const y2 = v128.xor(d3, v128.load(key, 48));
    sum2 = i64x2.add(sum2, i64x2.extmul_low_i32x4_u(x2, y2));
    sum3 = i64x2.add(sum3, i64x2.extmul_high_i32x4_u(x2, y2));
    sum2 = i64x2.add(sum2, v128.shuffle<i64>(d2, d3, 1, 3));
    sum3 = i64x2.add(sum3, v128.shuffle<i64>(d2, d3, 0, 2));
  }
  v128.store(sums, sum0);
  v128.store(sums, sum1, 16);
  v128.store(sums, sum2, 32);
  v128.store(sums, sum3, 48);
}

/** Folds the eight words of the sums and the length into one. */
function finish(total: u64): u64 {
  let hash = total * PRIME1;
  for (let i: usize = 0; i < STRIPE; i += 8) {
    const word = rotl<u64>(load<u64>(sums + i) * PRIME2, 31) * PRIME1;
    hash = rotl<u64>(hash ^ word, 27) * PRIME1 + PRIME3;
  }
  return avalanche(hash);
}

/** Every bit of the word reaches every bit of the result; no two words give the same. */
function avalanche(word: u64): u64 {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}
