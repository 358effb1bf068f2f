import { allocateHashed } from '../wasm/hashed-memory.ts'

/** Where the bytes of sealed blocks go. */
export type Buffers = Pick<BufferPool, 'take' | 'give'>

/**
 * Output buffers of sealed blocks, reused by the whole process: V8 answers tens of megabytes of fresh ArrayBuffers with
 * full garbage collections of half a second and more.
 */
export class BufferPool {
  readonly #free: Buffer[] = []
  #freeBytes = 0
  readonly #freeBytesMax: number
  readonly #allocate: (byteLength: number) => Buffer
  /** The fewest free bytes since the last trim: nobody needed them. */
  #neverTaken = 0
  #trimming: NodeJS.Timeout | undefined

  /** @param freeBytesMax  idle buffers beyond so many bytes are dropped, the oldest first */
  constructor(freeBytesMax: number, allocate: (byteLength: number) => Buffer = Buffer.allocUnsafeSlow) {
    this.#freeBytesMax = freeBytesMax
    this.#allocate = allocate
  }

  /** A buffer of at least `byteLength` bytes, its content undefined. */
  take(byteLength: number): Buffer {
    let best = -1
    for (let i = 0; i < this.#free.length; i++) {
      const capacity = this.#free[i].byteLength
      // A far too large buffer is left for the blocks that need it.
      if (capacity < byteLength || capacity > byteLength * 4 + MIN_BYTES) continue
      // Of equal ones the last that was given back: some of it may still be in the cache.
      if (best < 0 || capacity <= this.#free[best].byteLength) best = i
    }
    if (best < 0) return this.#allocate(roundUp(byteLength))
    const [buffer] = this.#free.splice(best, 1)
    this.#freeBytes -= buffer.byteLength
    this.#neverTaken = Math.min(this.#neverTaken, this.#freeBytes)
    return buffer
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer)
    this.#freeBytes += buffer.byteLength
    this.#dropDownTo(this.#freeBytesMax)
    this.#trimming ??= setTimeout(() => this.trim(), TRIM_MS).unref()
  }

  /** Drops what nobody needed since the last time; the pool calls it itself. */
  trim(): void {
    clearTimeout(this.#trimming)
    this.#dropDownTo(this.#freeBytes - this.#neverTaken)
    this.#neverTaken = this.#freeBytes
    this.#trimming = this.#free.length === 0 ? undefined : setTimeout(() => this.trim(), TRIM_MS).unref()
  }

  #dropDownTo(byteLength: number): void {
    while (this.#freeBytes > byteLength) this.#freeBytes -= this.#free.shift()!.byteLength
  }
}

/** A peak is over when so long a time went by. */
const TRIM_MS = 2_000

const MIN_BYTES = 64 * 1024

/** An eighth of slack, so that blocks of nearly the same size share buffers. */
function roundUp(byteLength: number): number {
  return Math.max(MIN_BYTES, Math.ceil((byteLength * 1.125) / 4096) * 4096)
}

/** Enough for the pending blocks of one statement with default options. */
const POOLED_BYTES_MAX = 64 * 1024 * 1024

export const sealedBuffers = new BufferPool(POOLED_BYTES_MAX, allocateHashed)
/** The same in memory that a second thread reads and writes where it lies. */
export const sharedBuffers = new BufferPool(POOLED_BYTES_MAX, allocateShared)

export function allocateShared(byteLength: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(byteLength))
}
