import { Arena } from '../wasm/core.ts'

/** What one frame holds, as the server cuts it by default: 2 to 3 ms of work. */
const SLICE_BYTES = 2 ** 20
const FRAME_HEAD_BYTES = 25
const LZ4 = 0x82

/** Most bytes that the frames of `byteLength` bytes take: a slice that LZ4 cannot make smaller travels as it is. */
export function framesBound(byteLength: number): number {
  return byteLength + Math.ceil(byteLength / SLICE_BYTES) * FRAME_HEAD_BYTES
}

/** Compresses blocks slice by slice, in a memory of its own of some 2 MiB. */
export class SliceFramer {
  readonly #arena = new Arena()
  readonly #raw: number
  readonly #scratch: number
  readonly #out: number

  constructor() {
    const arena = this.#arena
    this.#raw = arena.reserve(SLICE_BYTES)
    this.#scratch = arena.reserve(arena.core.frameScratchBytes())
    this.#out = arena.reserve(framesBound(SLICE_BYTES))
  }

  /**
   * Writes LZ4 frames of `bytes` to `out`, one a step, so that whoever steps can do something else between.
   *
   * @param out  has framesBound() bytes
   * @returns    bytes written
   */
  *frames(bytes: Uint8Array, out: Uint8Array): Generator<undefined, number> {
    let written = 0
    for (let offset = 0; offset < bytes.byteLength; offset += SLICE_BYTES) {
      const slice = bytes.subarray(offset, offset + SLICE_BYTES)
      this.#arena.u8(this.#raw, slice.byteLength).set(slice)
      const length = this.#arena.core.frameBytes(this.#raw, slice.byteLength, LZ4, this.#scratch, this.#out) >>> 0
      out.set(this.#arena.u8(this.#out, length), written)
      written += length
      if (offset + SLICE_BYTES < bytes.byteLength) yield
    }
    return written
  }
}
