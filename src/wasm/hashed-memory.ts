import { Arena } from './core.ts'

/** Below it a copy more costs less than an instance of the core. */
const BYTES_MIN = 256 * 1024
/** Each memory takes some 10 GiB of address space, of which next to nothing is used. */
const LIVE_MAX = 32

/** An instance of the core with nothing in its memory but one buffer. It never grows, so views of it live as long as it does. */
export class HashedMemory {
  readonly #arena = new Arena()
  readonly #ptr: number
  readonly #hashPtr: number
  readonly buffer: Buffer

  constructor(byteLength: number) {
    this.#hashPtr = this.#arena.reserve(16)
    this.#ptr = this.#arena.reserve(byteLength)
    this.buffer = this.#arena.node(this.#ptr, byteLength)
  }

  begin(): void {
    this.#arena.core.hashBegin()
  }
  /** Bytes `offset` and on of the buffer come next. */
  add(offset: number, byteLength: number): void {
    this.#arena.core.hashAdd(this.#ptr + offset, byteLength)
  }
  end(): Uint32Array {
    this.#arena.core.hashEnd(this.#hashPtr)
    return this.#arena.u32(this.#hashPtr, 2)
  }
}

const memories = new WeakMap<ArrayBufferLike, HashedMemory>()
let live = 0
const collected = new FinalizationRegistry(() => live--)

/** A buffer whose bytes the core can hash where they are, where that pays and can be had; else a plain one. */
export function allocateHashed(byteLength: number): Buffer {
  if (byteLength < BYTES_MIN || live >= LIVE_MAX) return Buffer.allocUnsafeSlow(byteLength)
  try {
    const memory = new HashedMemory(byteLength)
    memories.set(memory.buffer.buffer, memory)
    collected.register(memory.buffer.buffer, undefined)
    live++
    return memory.buffer
  } catch {
    return Buffer.allocUnsafeSlow(byteLength) // no address space is left for it
  }
}

/** Undefined where the core cannot reach the buffer. */
export function hashedMemoryOf({ buffer }: Uint8Array): HashedMemory | undefined {
  return memories.get(buffer)
}
