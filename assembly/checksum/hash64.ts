// The content hash of a block, the last part of its token: XXH64 with seed 0 over all pieces, one after the other. Since it
// is a standard hash, `xxHash64()` in ClickHouse and `xxhsum -H64` find the same number for a block that was written to a file.
//
//   the bytes, wherever they   ├─ a ─┬─ b ─┬─ c ─┬─ d ─┼─ a ─┬─ b ─┬─ c ─┬─ d ─┼─ … ─┼─ rest, < 32 bytes ─┤
//   are cut into pieces           8     8     8     8
//
//   each of the lanes a, b, c, d     lane = rotl(lane + word * PRIME2, 31) * PRIME1
//   then                             the lanes folded into one, + byte length, the rest mixed in, avalanche
//
// in    list     count x (u32 ptr, u32 byteLength)
// out   result   u64
//
// A round maps lanes to lanes one to one, so blocks that differ in one word leave different lanes, and the order of words
// counts. Sums of 32-bit products (the way of XXH3, with extmul) ran 1.4x as fast in cache and alike from memory, but blocks
// that differ in swapped rows collided: such a sum knows about 32 bits of a pair of small differences.
//
// Allocates nothing, cannot fail.

const STRIPE: usize = 32;

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME3: u64 = 0x165667b19e3779f9;
const PRIME4: u64 = 0x85ebca77c2b2ae63;
const PRIME5: u64 = 0x27d4eb2f165667c5;

/** What is left of pieces, until it is a whole stripe. */
const pending: usize = memory.data(32, 16);
let a: u64 = 0;
let b: u64 = 0;
let c: u64 = 0;
let d: u64 = 0;

let total: u64 = 0;
let filled: usize = 0;

/** Writes the hash of the pieces, one after the other, to `result`. */
export function hashPieces(list: usize, count: u32, result: usize): void {
  hashBegin();
  for (const end = list + (<usize>count << 3); list < end; list += 8) hashAdd(load<u32>(list), load<u32>(list, 4));
  hashEnd(result);
}

/** The same in three calls, so that bytes can be copied elsewhere while they are in the cache; one hash at a time. */
export function hashBegin(): void {
  a = PRIME1 + PRIME2;
  b = PRIME2;
  c = 0;
  d = 0 - PRIME1;
  total = 0;
  filled = 0;
}

export function hashAdd(ptr: usize, byteLength: usize): void {
  total += byteLength;
  if (filled != 0) {
    const taken = min<usize>(STRIPE - filled, byteLength);
    memory.copy(pending + filled, ptr, taken);
    filled += taken;
    if (filled < STRIPE) return;
    addStripes(pending, pending + STRIPE);
    ptr += taken;
    byteLength -= taken;
  }
  const rest = ptr + (byteLength & ~(STRIPE - 1));
  addStripes(ptr, rest);
  filled = byteLength & (STRIPE - 1);
  memory.copy(pending, rest, filled);
}

export function hashEnd(result: usize): void {
  store<u64>(result, finish(total, pending, pending + filled));
}

function addStripes(ptr: usize, end: usize): void {
  let a0 = a;
  let b0 = b;
  let c0 = c;
  let d0 = d;
  for (; ptr < end; ptr += STRIPE) {
    a0 = round(a0, load<u64>(ptr));
    b0 = round(b0, load<u64>(ptr, 8));
    c0 = round(c0, load<u64>(ptr, 16));
    d0 = round(d0, load<u64>(ptr, 24));
  }
  a = a0;
  b = b0;
  c = c0;
  d = d0;
}

// @ts-ignore: decorator
@inline
function round(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * PRIME2, 31) * PRIME1;
}

/** The hash of `total` bytes, of which the last few, from `rest` to `end`, are not in the lanes yet. */
function finish(total: u64, rest: usize, end: usize): u64 {
  let hash = PRIME5;
  if (total >= STRIPE) {
    hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    hash = fold(hash, a);
    hash = fold(hash, b);
    hash = fold(hash, c);
    hash = fold(hash, d);
  }
  hash += total;
  for (; rest + 8 <= end; rest += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(rest)), 27) * PRIME1 + PRIME4;
  if (rest + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(rest) * PRIME1), 23) * PRIME2 + PRIME3;
    rest += 4;
  }
  for (; rest < end; rest++) hash = rotl<u64>(hash ^ (<u64>load<u8>(rest) * PRIME5), 11) * PRIME1;
  hash = (hash ^ (hash >> 33)) * PRIME2;
  hash = (hash ^ (hash >> 29)) * PRIME3;
  return hash ^ (hash >> 32);
}

function fold(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME1 + PRIME4;
}
