// LZ4 blocks: the body of a frame of method 0x82.
//
//   sequence   ┌───────┬────────────┬──────────┬──────────┬────────────┐
//              │ token │ more of L  │ literals │  offset  │ more of M  │   again and again; the last one
//              └───────┴────────────┴──────────┴──────────┴────────────┘   ends after its literals
//               L    M  255 255 … n   L bytes     u16 LE    255 255 … n
//
//   token      high 4 bits L, low 4 bits M; 15 means that bytes follow which are added to it, up to one that is not 255
//   match      M + 4 bytes, the ones that stand `offset` (1..65535) before the place they go to; the two may overlap
//
//   "abcabcabcabcabcabcabcabc"   ──▶   3c 61 62 63  03 00    three literals, then 12 + 4 bytes from 3 before
//                                      50 62 63 61 62 63     five literals
//
// Rules for whoever writes: the last 5 bytes are literals, and no match begins within the last 12.
//
// Allocates nothing. Reads the given bytes and writes the given region only, whatever the bytes are.

const MATCH_MIN: usize = 4;
const OFFSET_MAX: usize = 65535;
const LAST_LITERALS: usize = 5;
/** The format asks for 12. With 16, literals before a match can be read 16 at a time without leaving the input. */
const TAIL: usize = 16;
/** After every 32 misses in a row the step grows by a byte, so noise costs next to nothing: 12 GB/s (bench/lz4). */
const MISSES_BITS: usize = 5;
/** With 13 bits log rows were 1 % smaller and 6 % slower, numbers 1.5 % and 18 %: the table crowds the first-level cache. */
const HASH_BITS: usize = 12;
/** Scratch for the compressor: where bytes were seen last. */
export const LZ4_TABLE_BYTES: usize = 4 << HASH_BITS;

/**
 * Compresses `byteLength` bytes at `src`; returns the byte length at `out`, or 0 when `limit` bytes do not hold it: that is
 * decided before each sequence, by up to 16 bytes too early. `table` is LZ4_TABLE_BYTES of scratch.
 */
export function lz4Compress(src: usize, byteLength: u32, out: usize, limit: u32, table: usize): u32 {
  const end = src + byteLength;
  const start = out;
  const stop = out + limit;
  if (byteLength <= <u32>TAIL) return lastLiterals(src, end, start, out, stop);
  // Positions count from `base`, so that a slot still at 0 lies too far back to match anything.
  const base = src - OFFSET_MAX - 1;
  const lastStart = end - TAIL;
  const matchEnd = end - LAST_LITERALS;
  memory.fill(table, 0, LZ4_TABLE_BYTES);
  store<u32>(slot(table, load<u64>(src)), src - base);
  let anchor = src;
  let ip = src + 1;
  while (ip <= lastStart) {
    // Looks for four bytes that were seen before. The next eight are loaded before the branch that is hard to predict.
    let match: usize;
    let misses: usize = 1 << MISSES_BITS;
    let next = ip;
    let bytes = load<u64>(next);
    while (true) {
      ip = next;
      next += misses++ >> MISSES_BITS;
      if (next > lastStart) return lastLiterals(anchor, end, start, out, stop);
      const four = <u32>bytes;
      const seen = slot(table, bytes);
      match = base + load<u32>(seen);
      store<u32>(seen, ip - base);
      bytes = load<u64>(next);
      if (ip - match <= OFFSET_MAX && load<u32>(match) == four) break;
    }
    while (ip > anchor && match > src && load<u8>(ip - 1) == load<u8>(match - 1)) {
      ip--;
      match--;
    }

    const literals = ip - anchor;
    let token = out++;
    let high: usize = 0xf0;
    if (out + literals + literals / 255 + 16 > stop) return 0;
    if (literals < 15) {
      high = literals << 4;
      v128.store(out, v128.load(anchor));
      out += literals;
    } else {
      out = writeLength(out, literals - 15);
      const literalEnd = out + literals;
      for (; out < literalEnd; out += 16, anchor += 16) v128.store(out, v128.load(anchor));
      out = literalEnd;
    }

    // The match, and more of them as long as the next one begins where the last one ended.
    while (true) {
      store<u16>(out, ip - match);
      out += 2;
      const length = equalBytes(ip + MATCH_MIN, match + MATCH_MIN, matchEnd);
      ip += MATCH_MIN + length;
      if (out + length / 255 + 16 > stop) return 0;
      if (length < 15) {
        store<u8>(token, high + length);
      } else {
        store<u8>(token, high + 15);
        out = writeLength(out, length - 15);
      }
      anchor = ip;
      if (ip > lastStart) return lastLiterals(anchor, end, start, out, stop);
      store<u32>(slot(table, load<u64>(ip - 2)), ip - 2 - base);
      const bytes = load<u64>(ip);
      const seen = slot(table, bytes);
      match = base + load<u32>(seen);
      store<u32>(seen, ip - base);
      if (ip - match > OFFSET_MAX || load<u32>(match) != <u32>bytes) break;
      token = out++;
      high = 0;
    }
    ip++;
  }
  return lastLiterals(anchor, end, start, out, stop);
}

/**
 * Decompresses the block of `byteLength` bytes at `src`; returns the byte length at `out`, or 0 for what is no LZ4 block or
 * holds more than `limit` bytes. Nothing is read outside the block or written outside `limit` bytes at `out`.
 */
export function lz4Decompress(src: usize, byteLength: u32, out: usize, limit: u32): u32 {
  const end = src + byteLength;
  const start = out;
  const stop = out + limit;
  while (src < end) {
    const token = <usize>load<u8>(src++);
    let literals = token >> 4;
    if (literals == 15) {
      let more: usize;
      do {
        // A length beyond what is left is refused before the sum can overflow.
        if (src >= end || literals > end - src) return 0;
        more = load<u8>(src++);
        literals += more;
      } while (more == 255);
    }
    if (literals > end - src || literals > stop - out) return 0;
    if (literals + 16 <= end - src && literals + 16 <= stop - out) {
      for (let i: usize = 0; i < literals; i += 16) v128.store(out + i, v128.load(src + i));
    } else {
      memory.copy(out, src, literals);
    }
    src += literals;
    out += literals;
    if (src == end) return <u32>(out - start);

    if (end - src < 2) return 0;
    const offset = <usize>load<u16>(src);
    src += 2;
    if (offset == 0 || offset > out - start) return 0;
    let length = (token & 15) + MATCH_MIN;
    if (length == 15 + MATCH_MIN) {
      let more: usize;
      do {
        if (src >= end || length > stop - out) return 0;
        more = load<u8>(src++);
        length += more;
      } while (more == 255);
    }
    if (length > stop - out) return 0;
    const matchEnd = out + length;
    if (length + 16 > stop - out) {
      for (; out < matchEnd; out++) store<u8>(out, load<u8>(out - offset));
      continue;
    }
    let distance = offset;
    if (offset < 16) {
      // Overlaps what it writes: 16 bytes one by one, then the pattern repeats at a distance that a wide copy can take.
      for (let i: usize = 0; i < 16; i++) store<u8>(out + i, load<u8>(out + i - offset));
      out += 16;
      while (distance < 16) distance += offset;
    }
    for (; out < matchEnd; out += 16) v128.store(out, v128.load(out - distance));
    out = matchEnd;
  }
  return 0;
}

/** The sequence that ends a block: the bytes from `anchor` to `end`. Returns the byte length of the block, 0 if too long. */
function lastLiterals(anchor: usize, end: usize, start: usize, out: usize, stop: usize): u32 {
  const literals = end - anchor;
  if (out + literals + literals / 255 + 2 > stop) return 0;
  if (literals < 15) {
    store<u8>(out++, literals << 4);
  } else {
    store<u8>(out, 0xf0);
    out = writeLength(out + 1, literals - 15);
  }
  memory.copy(out, anchor, literals);
  return <u32>(out + literals - start);
}

/** Where the table keeps the last position of bytes that hash like the first five of these eight. */
// @ts-ignore: decorator
@inline
function slot(table: usize, bytes: u64): usize {
  return table + (<usize>(((bytes << 24) * 889523592379) >> (64 - <u64>HASH_BITS)) << 2);
}

/** How many bytes at `ip` equal those at `match`, before `end`. */
// @ts-ignore: decorator
@inline
function equalBytes(ip: usize, match: usize, end: usize): usize {
  const from = ip;
  while (ip + 8 <= end) {
    const difference = load<u64>(ip) ^ load<u64>(match);
    if (difference != 0) return ip - from + (<usize>ctz<u64>(difference) >> 3);
    ip += 8;
    match += 8;
  }
  while (ip < end && load<u8>(ip) == load<u8>(match)) {
    ip++;
    match++;
  }
  return ip - from;
}

function writeLength(out: usize, rest: usize): usize {
  for (; rest >= 255; rest -= 255) store<u8>(out++, 255);
  store<u8>(out, rest);
  return out + 1;
}
