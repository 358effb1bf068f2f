// ClickHouse compressed frames: what `decompress=1` reads from an HTTP body, and what the spool keeps.
//
//   ┌───────────────┬────────┬─────────────────┬──────────────┬───────────┐
//   │ CityHash128   │ method │ compressed size │ raw size     │ body      │
//   │ 16 bytes      │ u8     │ u32             │ u32          │           │
//   └───────────────┴────────┴─────────────────┴──────────────┴───────────┘
//     of all that     02 none   9 + body         of the body     the bytes, or
//     follows         82 LZ4                     unpacked        one LZ4 block
//
//   "A"   ──▶   22 00 2e 0b 49 91 14 5f 6f 0e 60 21 47 8a 4b 79   02   0a 00 00 00   01 00 00 00   41
//
// The stream of bytes is cut every 1 MiB, as the server does it by default; the cuts mean nothing to the reader. A frame of no
// bytes is never made: the server refuses it.
//
// in    ptr       the bytes
//       scratch   frameScratchBytes(): the compressor's table
// out   out       framesBound(byteLength)
//
// Allocates nothing.

import { cityHash128 } from "../checksum/city128";
import { lz4Compress, lz4Decompress, LZ4_TABLE_BYTES } from "./lz4";

const NONE: u32 = 0x02;
const LZ4: u32 = 0x82;
const CHECKSUM_BYTES: usize = 16;
/** Method and the two sizes: what the compressed size counts beside the body. */
const SIZES_BYTES: usize = 9;
const HEADER_BYTES: usize = CHECKSUM_BYTES + SIZES_BYTES;
const SLICE: usize = 1 << 20;

// Why unframe refused; src/block/frame.ts knows these numbers.
const OK: u32 = 0;
const BAD_HEADER: u32 = 1;
const BAD_CHECKSUM: u32 = 2;
const BAD_METHOD: u32 = 3;
const BAD_BODY: u32 = 4;

/** Most bytes that the frames of `byteLength` bytes can take: LZ4 is dropped where it gains nothing. */
export function framesBound(byteLength: u32): u32 {
  return byteLength + <u32>(HEADER_BYTES * ((<usize>byteLength + SLICE - 1) / SLICE));
}

/** Bytes of scratch for frameBytes. */
export function frameScratchBytes(): u32 {
  return <u32>LZ4_TABLE_BYTES;
}

/** Writes the `byteLength` bytes at `ptr` as frames at `out`; returns the frames' byte length. */
export function frameBytes(ptr: usize, byteLength: usize, method: u32, scratch: usize, out: usize): u32 {
  assert(method == NONE || method == LZ4, "the method is none or LZ4");
  const start = out;
  for (const end = ptr + byteLength; ptr < end; ptr += SLICE) {
    out = writeFrame(ptr, min(SLICE, end - ptr), method, scratch, out);
  }
  return <u32>(out - start);
}

/** Writes one frame; returns the first address after it. */
function writeFrame(src: usize, byteLength: usize, method: u32, table: usize, out: usize): usize {
  const body = out + HEADER_BYTES;
  const sizes = out + CHECKSUM_BYTES;
  let bodyBytes: usize = 0;
  if (method == LZ4) bodyBytes = lz4Compress(src, <u32>byteLength, body, <u32>byteLength - 1, table);
  if (bodyBytes == 0) {
    method = NONE;
    bodyBytes = byteLength;
    memory.copy(body, src, byteLength);
  }
  store<u8>(sizes, method);
  store<u32>(sizes, SIZES_BYTES + bodyBytes, 1);
  store<u32>(sizes, byteLength, 5);
  cityHash128(sizes, <u32>(SIZES_BYTES + bodyBytes), out);
  return body + bodyBytes;
}

/**
 * Checks the one frame of `byteLength` bytes at `frame` and writes what it holds to `out`, where there is room for `limit`
 * bytes. Returns 0, or why it is none: the frame's own sizes are believed only as far as they agree with these two.
 */
export function unframe(frame: usize, byteLength: u32, out: usize, limit: u32): u32 {
  if (byteLength <= <u32>HEADER_BYTES) return BAD_HEADER;
  const sizes = frame + CHECKSUM_BYTES;
  const body = frame + HEADER_BYTES;
  const bodyBytes = byteLength - <u32>HEADER_BYTES;
  const rawBytes = load<u32>(sizes, 5);
  if (load<u32>(sizes, 1) != byteLength - <u32>CHECKSUM_BYTES || rawBytes == 0 || rawBytes > limit) return BAD_HEADER;
  cityHash128(sizes, byteLength - <u32>CHECKSUM_BYTES, checksum);
  if (load<u64>(frame) != load<u64>(checksum) || load<u64>(frame, 8) != load<u64>(checksum, 8)) return BAD_CHECKSUM;
  const method = <u32>load<u8>(sizes);
  if (method == NONE) {
    if (rawBytes != bodyBytes) return BAD_BODY;
    memory.copy(out, body, bodyBytes);
    return OK;
  }
  if (method != LZ4) return BAD_METHOD;
  return lz4Decompress(body, bodyBytes, out, rawBytes) == rawBytes ? OK : BAD_BODY;
}

const checksum: usize = memory.data(16, 16);
