import { EngineError, show, UsageError } from '../errors.ts'
import { Arena } from '../wasm/core.ts'
import { requireBytes } from './require-bytes.ts'

// ClickHouse compressed frames from and to ordinary byte arrays, for the spool, for tools and for callers. The statement's
// own blocks are framed where they stand, by the same kernels (assembly/compress/frame.ts has the picture).

const METHODS = { none: 0x02, lz4: 0x82 } as const
const ZSTD = 0x90
const CHECKSUM_BYTES = 16
const SIZES_BYTES = 9
const HEADER_BYTES = CHECKSUM_BYTES + SIZES_BYTES
/** What the core's unframe answers. */
const BAD_CHECKSUM = 2
/** ClickHouse refuses a larger compressed size (error 39); nobody has a reason to make larger frames. */
const FRAME_BYTES_MAX = 2 ** 30
/** A byte of an LZ4 block stands for 255 bytes at most, so a header that promises more is a lie. */
const LZ4_RATIO_MAX = 255
const HASH_BYTES_MAX = 2 ** 31
/** Input goes through the core in parts, each a multiple of the 1 MiB a frame holds. */
const PART_BYTES = 4 * 2 ** 20
/** A shared memory above this is dropped after the call; parts of compress() stay well below. */
const KEEP_BYTES_MAX = 32 * 2 ** 20

/**
 * Puts bytes into ClickHouse compressed frames of up to 1 MiB of input each; a slice that LZ4 cannot make smaller travels
 * as it is. No bytes give no frames.
 *
 * @param method  'lz4', or 'none' for checksums alone
 * @returns       the frames, back to back: what the server reads with `decompress=1`
 * @throws {UsageError}  BAD_OPTION: another method, no bytes, or frames that exceed one Uint8Array (4 GiB on Node 20)
 */
export function compress(bytes: Uint8Array, method: 'lz4' | 'none' = 'lz4'): Uint8Array {
  requireBytes(bytes, 'compress')
  if (!Object.hasOwn(METHODS, method)) {
    throw new UsageError('BAD_OPTION', `compress() has no method ${show(method)}.`, {
      hint: "It takes 'lz4' or 'none'.",
    })
  }
  return withArena((arena) => {
    const partBytes = Math.min(bytes.byteLength, PART_BYTES)
    const raw = arena.reserve(partBytes)
    const scratch = arena.reserve(arena.core.frameScratchBytes())
    const out = arena.reserve(arena.core.framesBound(partBytes) >>> 0)
    const parts: Uint8Array[] = []
    for (let offset = 0; offset < bytes.byteLength; offset += PART_BYTES) {
      const part = bytes.subarray(offset, offset + PART_BYTES)
      arena.u8(raw, part.byteLength).set(part)
      const byteLength = arena.core.frameBytes(raw, part.byteLength, METHODS[method], scratch, out) >>> 0
      parts.push(arena.u8(out, byteLength).slice())
    }
    return concat(parts)
  })
}

/**
 * Takes bytes out of ClickHouse compressed frames (methods none and LZ4), checking every checksum and size.
 *
 * @throws {EngineError}  BAD_FRAME: cut off, an unknown method, sizes that do not fit together. CHECKSUM_MISMATCH: damaged.
 *                        Both name the frame, counted from 0, and the byte it begins at.
 * @throws {UsageError}   BAD_OPTION: more bytes come out than one Uint8Array can hold.
 */
export function decompress(frames: Uint8Array): Uint8Array {
  requireBytes(frames, 'decompress')
  let rawBytes = 0
  for (let header = readHeader(frames, 0, 0); header; header = nextHeader(frames, header)) rawBytes += header.rawBytes
  const out = allocate(rawBytes)
  let filled = 0
  for (let header = readHeader(frames, 0, 0); header; header = nextHeader(frames, header)) {
    unframe(frames, header, out.subarray(filled))
    filled += header.rawBytes
  }
  return out
}

/**
 * CityHash128 of release 1.0.2, the checksum of frames: `(high << 64n) | low`.
 *
 * @throws {UsageError}  BAD_OPTION: more than 2 GiB
 */
export function cityHash128(bytes: Uint8Array): bigint {
  requireBytes(bytes, 'cityHash128')
  if (bytes.byteLength > HASH_BYTES_MAX) {
    throw new UsageError('BAD_OPTION', `cityHash128() was given ${bytes.byteLength} bytes; it takes 2 GiB at most.`, {
      hint: 'A frame holds far less; hash the parts you store separately.',
    })
  }
  return withArena((arena) => {
    const result = arena.reserve(16)
    const ptr = arena.reserve(bytes.byteLength)
    arena.u8(ptr, bytes.byteLength).set(bytes)
    arena.core.cityHash128(ptr, bytes.byteLength, result)
    const [low, high] = arena.u64(result, 2)
    return (high << 64n) | low
  })
}

/** Which frame it is, from 0, and where it begins. */
interface Place {
  index: number
  offset: number
}

interface Header extends Place {
  /** Of the whole frame. */
  byteLength: number
  rawBytes: number
}

/** The header at `offset`, or undefined at the end. Memory is reserved by what it says, so nothing unlikely passes. */
function readHeader(frames: Uint8Array, offset: number, index: number): Header | undefined {
  const left = frames.byteLength - offset
  if (left === 0) return undefined
  const place = { index, offset }
  if (left <= HEADER_BYTES) throw badFrame(place, `${left} bytes are left, fewer than any frame has`, CUT_OFF)
  const view = new DataView(frames.buffer, frames.byteOffset + offset + CHECKSUM_BYTES, SIZES_BYTES)
  const method = view.getUint8(0)
  const sizedBytes = view.getUint32(1, true)
  const rawBytes = view.getUint32(5, true)
  if (method === ZSTD) throw badFrame(place, 'it is compressed with ZSTD', NO_ZSTD)
  if (method !== METHODS.lz4 && method !== METHODS.none) {
    throw badFrame(place, `it has the unknown method 0x${method.toString(16).padStart(2, '0')}`, NO_FRAMES)
  }
  if (sizedBytes <= SIZES_BYTES || sizedBytes > FRAME_BYTES_MAX) {
    throw badFrame(place, `its compressed size ${sizedBytes} is impossible`, NO_FRAMES)
  }
  const byteLength = CHECKSUM_BYTES + sizedBytes
  if (byteLength > left) throw badFrame(place, `it has ${byteLength} bytes, of which ${left} are here`, CUT_OFF)
  const bodyBytes = sizedBytes - SIZES_BYTES
  const most = method === METHODS.lz4 ? Math.min(bodyBytes * LZ4_RATIO_MAX, FRAME_BYTES_MAX) : bodyBytes
  if (rawBytes === 0 || rawBytes > most) {
    throw badFrame(place, `its ${bodyBytes} bytes cannot hold the ${rawBytes} it promises`, DAMAGED)
  }
  return { index, offset, byteLength, rawBytes }
}

function nextHeader(frames: Uint8Array, header: Header): Header | undefined {
  return readHeader(frames, header.offset + header.byteLength, header.index + 1)
}

function unframe(frames: Uint8Array, header: Header, out: Uint8Array): void {
  withArena((arena) => {
    const frame = arena.reserve(header.byteLength)
    const raw = arena.reserve(header.rawBytes)
    arena.u8(frame, header.byteLength).set(frames.subarray(header.offset, header.offset + header.byteLength))
    const fault = arena.core.unframe(frame, header.byteLength, raw, header.rawBytes)
    if (fault === BAD_CHECKSUM) {
      throw new EngineError('CHECKSUM_MISMATCH', `${name(header)}: its checksum is not that of its bytes.`, {
        hint: DAMAGED,
      })
    }
    if (fault !== 0) throw badFrame(header, 'its body is not what its header says', DAMAGED)
    out.set(arena.u8(raw, header.rawBytes))
  })
}

const CUT_OFF = 'The input ends too early: take the whole file or body. Everything before this frame can be read alone.'
const NO_FRAMES =
  'Are these compressed frames? Native blocks without compression begin at once with their column count.'
const NO_ZSTD = "Only methods none and LZ4 are read here: have it written with network_compression_method = 'LZ4'."
const DAMAGED =
  'These bytes changed since they were framed, or the writer is broken: take them from their source again.'

function badFrame(place: Place, reason: string, hint: string): EngineError {
  return new EngineError('BAD_FRAME', `${name(place)}: ${reason}.`, { hint })
}

function name(place: Place): string {
  return `Frame ${place.index} at byte ${place.offset}`
}

function allocate(byteLength: number): Uint8Array {
  try {
    return new Uint8Array(byteLength)
  } catch (cause) {
    throw new UsageError('BAD_OPTION', `The result of ${byteLength} bytes does not fit into one Uint8Array.`, {
      hint: 'Work in parts: bytes may be cut anywhere before compress(), frames between any two before decompress().',
      cause,
    })
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]
  const whole = allocate(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let filled = 0
  for (const part of parts) {
    whole.set(part, filled)
    filled += part.byteLength
  }
  return whole
}

let shared: Arena | undefined

/** Lends the process's one arena for occasional work; what was reserved is given back after the call. */
function withArena<T>(use: (arena: Arena) => T): T {
  shared ??= new Arena()
  const arena = shared
  const mark = arena.core.arenaTop()
  try {
    return use(arena)
  } finally {
    arena.releaseTo(mark)
    if (arena.byteLength > KEEP_BYTES_MAX) shared = undefined
  }
}
