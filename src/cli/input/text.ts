// Bytes → text that ends at a line's end. Whole regions are decoded at once: a call per line costs 40-100 ns, a region
// of ASCII is one memory copy, and the lines are then slices of it.

import { isAscii, isUtf8 } from 'node:buffer'
import { StorageError } from '../../errors.ts'

/** A line longer than the largest block (256 MiB) could never be inserted; it is usually a file without line ends. */
const LINE_BYTES_MAX = 256 * 1024 * 1024
const NEWLINE = 10

export interface Region {
  /** Whole lines, with their line ends; only the last region may end without one. */
  readonly text: string
  /** False when the bytes were not UTF-8: see decodeWithEscapes. */
  readonly valid: boolean
}

/** @throws {StorageError} BAD_INPUT: a line is longer than any block may be. */
export async function* readRegions(name: string, pieces: AsyncIterable<Buffer>): AsyncGenerator<Region> {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let isFirst = true
  const take = (end: Buffer): Region => {
    const bytes = waiting.length === 0 ? end : Buffer.concat([...waiting, end])
    waiting = []
    waitingBytes = 0
    const region = decode(isFirst ? withoutByteOrderMark(bytes) : bytes)
    isFirst = false
    return region
  }
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(NEWLINE) + 1
    if (end > 0) yield take(piece.subarray(0, end))
    if (end === piece.length) continue
    waiting.push(end === 0 ? piece : piece.subarray(end))
    waitingBytes += piece.length - end
    if (waitingBytes > LINE_BYTES_MAX) {
      throw new StorageError('BAD_INPUT', `${name} has a line longer than ${LINE_BYTES_MAX / 2 ** 20} MiB`, {
        hint: 'One row per line is expected. Is this NDJSON, CSV or TSV at all? A JSON array can be unrolled: jq -c ".[]" file | sluice load ...',
      })
    }
  }
  if (waitingBytes > 0) yield take(Buffer.alloc(0))
}

function decode(bytes: Buffer): Region {
  if (isAscii(bytes)) return { text: bytes.toString('latin1'), valid: true }
  if (isUtf8(bytes)) return { text: bytes.toString(), valid: true }
  return { text: decodeWithEscapes(bytes), valid: false }
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

/**
 * Decodes UTF-8 so that nothing is lost where it is none: a byte that belongs to no valid sequence becomes the lone surrogate
 * U+DC00 + byte. Such text is not well-formed, which is how a damaged line is told from its neighbours, and encodeEscapes
 * gives the original bytes back.
 *
 *   61 ff 62   ──▶   'a\udcffb'   ──▶   61 ff 62
 */
export function decodeWithEscapes(bytes: Buffer): string {
  const parts: string[] = []
  let start = 0
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i)
    if (length > 0) {
      i += length
      continue
    }
    parts.push(bytes.toString('utf8', start, i), String.fromCharCode(0xdc00 + bytes[i]!))
    start = ++i
  }
  parts.push(bytes.toString('utf8', start, bytes.length))
  return parts.join('')
}

export function encodeEscapes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  const parts = text.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/)
  return Buffer.concat(
    parts.map((part, i) => (i % 2 === 1 ? Buffer.from([part.charCodeAt(0) - 0xdc00]) : Buffer.from(part))),
  )
}

/** Bytes of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return 1
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0
}
