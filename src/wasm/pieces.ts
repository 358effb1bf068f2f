import type { Arena } from './core.ts'

/** Hashed and then copied while it is in the second-level cache. */
const SLICE = 128 * 1024

/**
 * A block as a list of places: nothing is copied together before the one pass that hashes, compresses or copies it out.
 * In the arena it is an array of pairs (u32 address, u32 byte length), the form the core reads.
 */
export class Pieces {
  readonly #arena: Arena
  #list: Uint32Array = new Uint32Array(0)
  /** Pieces that lie outside of the arena, by number. */
  readonly #outside = new Map<number, Uint8Array>()
  #slicePtr = 0
  #capacity = 0
  ptr = 0
  count = 0
  /** Bytes of all pieces together. */
  byteLength = 0

  constructor(arena: Arena) {
    this.#arena = arena
    arena.onMove(() => this.#bind())
    this.#grow(256)
  }

  clear(): void {
    this.#outside.clear()
    this.count = 0
    this.byteLength = 0
  }

  add(ptr: number, byteLength: number): void {
    if (byteLength === 0) return
    if (this.count === this.#capacity) this.#grow(this.#capacity * 2)
    this.#list[this.count * 2] = ptr
    this.#list[this.count * 2 + 1] = byteLength
    this.count++
    this.byteLength += byteLength
  }

  /** Bytes that are not in the arena; only for copyTo(). */
  addOutside(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    this.#outside.set(this.count, bytes)
    this.add(0, bytes.byteLength)
  }

  /** Copies all pieces behind each other into `out`, and writes their hash to `hashPtr` on the way. */
  copyTo(out: Uint8Array, hashPtr: number): void {
    const { core } = this.#arena
    if (this.#outside.size > 0 && this.#slicePtr === 0) this.#slicePtr = this.#arena.reserve(SLICE)
    const memory = this.#arena.all()
    let offset = 0
    core.hashBegin()
    for (let i = 0; i < this.count; i++) {
      const outside = this.#outside.get(i)
      if (outside !== undefined) {
        for (let from = 0; from < outside.byteLength; from += SLICE) {
          const slice = outside.subarray(from, from + SLICE)
          memory.set(slice, this.#slicePtr)
          core.hashAdd(this.#slicePtr, slice.byteLength)
          out.set(slice, offset)
          offset += slice.byteLength
        }
        continue
      }
      const end = this.#list[i * 2] + this.#list[i * 2 + 1]
      for (let ptr = this.#list[i * 2]; ptr < end; ptr += SLICE) {
        const byteLength = Math.min(SLICE, end - ptr)
        core.hashAdd(ptr, byteLength)
        out.set(memory.subarray(ptr, ptr + byteLength), offset)
        offset += byteLength
      }
    }
    core.hashEnd(hashPtr)
  }

  #grow(capacity: number): void {
    const old = this.ptr
    const oldBytes = this.#capacity * 8
    this.ptr = this.#arena.reserve(capacity * 8)
    this.#capacity = capacity
    this.#arena.move(this.ptr, old, oldBytes)
    this.#bind()
  }

  #bind(): void {
    this.#list = this.#arena.u32(this.ptr, this.#capacity * 2)
  }
}
