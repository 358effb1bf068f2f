// The content hash of a block, the last part of its token: 64 bits over all pieces, one after the other.
//
//   the bytes, wherever they   ├─ a ─┬─ b ─┬─ c ─┬─ d ─┬─ e ─┬─ f ─┬─ g ─┬─ h ─┼─ a ─┬─ … ─┼─ rest, < 64 bytes ─┤
//   are cut into pieces           8     8     8     8     8     8     8     8
//
//   each of the lanes a … h    lane = rotl((lane ^ word) * PRIME1, 29)
//   then                       the lanes folded into one, + byte length, the rest mixed in, avalanche
//
// in    list     count x (u32 ptr, u32 byteLength)
// out   result   u64
//
// A round maps lanes to lanes and words to lanes one to one, so blocks that differ in one word leave different lanes, and the
// order of words counts. One multiplication a word is what makes it fast: XXH64, with two, is bound by them at 12 GB/s where
// this runs at 23, and every block goes through here on the caller's thread. Sums of 32-bit products (the way of XXH3) were as
// fast, but blocks that differ in swapped rows collided.
//
// Allocates nothing, cannot fail.

const STRIPE: usize = 64;

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME3: u64 = 0x165667b19e3779f9;
const PRIME4: u64 = 0x85ebca77c2b2ae63;
const PRIME5: u64 = 0x27d4eb2f165667c5;

/** What is left of pieces, until it is a whole stripe. */
const pending: usize = memory.data(64, 16);
let a: u64 = 0;
let b: u64 = 0;
let c: u64 = 0;
let d: u64 = 0;
let e: u64 = 0;
let f: u64 = 0;
let g: u64 = 0;
let h: u64 = 0;
let total: u64 = 0;
let filled: usize = 0;

/** In three calls, so that bytes can be copied elsewhere while they are in the cache; one hash at a time. */
export function hashBegin(): void {
  a = PRIME1;
  b = PRIME2;
  c = PRIME3;
  d = PRIME4;
  e = ~PRIME1;
  f = ~PRIME2;
  g = ~PRIME3;
  h = ~PRIME4;
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
  let e0 = e;
  let f0 = f;
  let g0 = g;
  let h0 = h;
  for (; ptr < end; ptr += STRIPE) {
    a0 = round(a0, load<u64>(ptr));
    b0 = round(b0, load<u64>(ptr, 8));
    c0 = round(c0, load<u64>(ptr, 16));
    d0 = round(d0, load<u64>(ptr, 24));
    e0 = round(e0, load<u64>(ptr, 32));
    f0 = round(f0, load<u64>(ptr, 40));
    g0 = round(g0, load<u64>(ptr, 48));
    h0 = round(h0, load<u64>(ptr, 56));
  }
  a = a0;
  b = b0;
  c = c0;
  d = d0;
  e = e0;
  f = f0;
  g = g0;
  h = h0;
}

// @ts-ignore: decorator
@inline
function round(lane: u64, word: u64): u64 {
  return rotl<u64>((lane ^ word) * PRIME1, 29);
}

/** The hash of `total` bytes, of which the last few, from `rest` to `end`, are not in the lanes yet. */
function finish(total: u64, rest: usize, end: usize): u64 {
  let hash = PRIME5;
  if (total >= STRIPE) {
    hash = fold(fold(fold(fold(hash, a), b), c), d);
    hash = fold(fold(fold(fold(hash, e), f), g), h);
  }
  hash += total;
  for (; rest + 8 <= end; rest += 8) hash = fold(hash, load<u64>(rest));
  for (; rest < end; rest++) hash = rotl<u64>(hash ^ (<u64>load<u8>(rest) * PRIME5), 11) * PRIME1;
  hash = (hash ^ (hash >> 33)) * PRIME2;
  hash = (hash ^ (hash >> 29)) * PRIME3;
  return hash ^ (hash >> 32);
}

function fold(hash: u64, word: u64): u64 {
  word = (word ^ (word >> 32)) * PRIME2;
  return rotl<u64>(hash ^ word ^ (word >> 29), 27) * PRIME1 + PRIME4;
}
