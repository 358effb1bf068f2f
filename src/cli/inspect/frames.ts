// ClickHouse compressed frames → the Native stream inside, frame by frame, each against its checksum.

import { decompress } from '../../block/frame.ts'
import { EngineError, SluiceError } from '../../errors.ts'

/** What stands before a frame's body: checksum, method, two sizes. */
const HEADER_BYTES = 25
const CHECKSUM_BYTES = 16
const METHOD_NAMES = new Map([
  [0x02, 'none'],
  [0x82, 'lz4'],
  [0x90, 'zstd'],
])
const FRAME_BYTES_MAX = 2 ** 30

/** Frames that were read whole, their checksums found right. */
export class Frames {
  count = 0
  /** Frames by method, most first read first. */
  readonly methods = new Map<string, number>()
  compressedBytes = 0
  rawBytes = 0

  /** @throws (while reading) {EngineError} BAD_FRAME, CHECKSUM_MISMATCH, with the frame's number and byte */
  async *unframe(pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
    const input = new Chunks(pieces)
    for (;;) {
      const header = await input.take(HEADER_BYTES)
      if (header.length === 0) return
      const frame = Buffer.concat([header, await input.take(bodyBytes(header))])
      const raw = this.#open(frame)
      const method = METHOD_NAMES.get(frame[CHECKSUM_BYTES]!)!
      this.methods.set(method, (this.methods.get(method) ?? 0) + 1)
      this.count++
      this.compressedBytes += frame.length
      this.rawBytes += raw.length
      yield Buffer.from(raw.buffer, raw.byteOffset, raw.length)
    }
  }

  #open(frame: Buffer): Uint8Array {
    try {
      return decompress(frame)
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      const [message] = error.message.split('\n')
      const place = `Frame ${this.count} at byte ${this.compressedBytes}`
      throw new EngineError(error.code, message!.replace(/^Frame 0 at byte 0/, place), { hint: error.hint })
    }
  }
}

/** Do these first bytes begin a frame? Its checksum is looked at later: a damaged frame is a frame. */
export function beginsWithFrame(head: Buffer): boolean {
  if (head.length <= HEADER_BYTES || !METHOD_NAMES.has(head[CHECKSUM_BYTES]!)) return false
  const compressedBytes = head.readUInt32LE(CHECKSUM_BYTES + 1)
  const rawBytes = head.readUInt32LE(CHECKSUM_BYTES + 5)
  return compressedBytes > HEADER_BYTES - CHECKSUM_BYTES && compressedBytes <= FRAME_BYTES_MAX && rawBytes > 0
}

/** At least a byte, also after a header that cannot be: decompress() then says what is wrong with it. */
function bodyBytes(header: Buffer): number {
  const compressedBytes = header.length < HEADER_BYTES ? 0 : header.readUInt32LE(CHECKSUM_BYTES + 1)
  return compressedBytes > FRAME_BYTES_MAX ? 1 : Math.max(1, CHECKSUM_BYTES + compressedBytes - HEADER_BYTES)
}

/** Takes bytes off a stream of pieces; fewer than asked for only at its end. */
class Chunks {
  readonly #pieces: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterator<Buffer>) {
    this.#pieces = pieces
  }

  async take(byteLength: number): Promise<Buffer> {
    const parts = [this.#rest]
    let there = this.#rest.length
    while (there < byteLength) {
      const next = await this.#pieces.next()
      if (next.done) break
      parts.push(next.value)
      there += next.value.length
    }
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    this.#rest = whole.subarray(byteLength)
    return whole.subarray(0, byteLength)
  }
}
