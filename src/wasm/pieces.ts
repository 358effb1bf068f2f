import type { Arena } from './core.ts'
import { type HashedMemory, hashedMemoryOf } from './hashed-memory.ts'

/** Hashed and then copied while it is in the second-level cache. */
const SLICE = 128 * 1024
/**
 * V8 copies into shared memory byte by byte unless both sides are aligned alike: 8.7 MB in 2.6 ms instead of 0.6. A copy within the
 * cache that makes them so costs less.
 */
const WORD = 8

/** A block as a list of places: nothing is copied together before the one pass that hashes it and copies it out. */
export class Pieces {
  readonly #arena: Arena
  readonly #ptrs: number[] = []
  readonly #byteLengths: number[] = []
  /** Pieces that lie outside of the arena, by number. */
  readonly #outside = new Map<number, Uint8Array>()
  #slicePtr = 0
  /** Bytes of all pieces together. */
  byteLength = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  get count(): number {
    return this.#ptrs.length
  }

  clear(): void {
    this.#outside.clear()
    this.#ptrs.length = this.#byteLengths.length = 0
    this.byteLength = 0
  }

  add(ptr: number, byteLength: number): void {
    if (byteLength === 0) return
    this.#ptrs.push(ptr)
    this.#byteLengths.push(byteLength)
    this.byteLength += byteLength
  }

  /** Bytes that are not in the arena. */
  addOutside(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    this.#outside.set(this.count, bytes)
    this.add(0, bytes.byteLength)
  }

  /** Copies all pieces behind each other into `out`, and writes their hash to `hashPtr` on the way. */
  copyTo(out: Uint8Array, hashPtr: number): void {
    const hashed = hashedMemoryOf(out)
    if (hashed === undefined) this.#copyHashing(out, hashPtr)
    else this.#copyInto(hashed, hashPtr)
  }

  /** What was copied is hashed where it stands then: one copy, where others take two of what is not in the arena (1.2 times as fast). */
  #copyInto(hashed: HashedMemory, hashPtr: number): void {
    const { buffer } = hashed
    let offset = 0
    hashed.begin()
    for (let i = 0; i < this.count; i++) {
      const bytes = this.#bytesOf(i)
      for (let from = 0; from < bytes.byteLength; from += SLICE) {
        const slice = bytes.byteLength <= SLICE ? bytes : bytes.subarray(from, from + SLICE)
        buffer.set(slice, offset)
        hashed.add(offset, slice.byteLength)
        offset += slice.byteLength
      }
    }
    this.#arena.u32(hashPtr, 2).set(hashed.end())
  }

  #copyHashing(out: Uint8Array, hashPtr: number): void {
    const { core } = this.#arena
    const isShared = out.buffer instanceof SharedArrayBuffer
    if ((isShared || this.#outside.size > 0) && this.#slicePtr === 0) this.#slicePtr = this.#arena.reserve(SLICE + WORD)
    const memory = this.#arena.all()
    let offset = 0
    core.hashBegin()
    for (let i = 0; i < this.count; i++) {
      const outside = this.#outside.get(i)
      if (outside !== undefined) {
        for (let from = 0; from < outside.byteLength; from += SLICE) {
          const slice = outside.subarray(from, from + SLICE)
          const ptr = this.#slicePtr + (offset % WORD)
          memory.set(slice, ptr)
          core.hashAdd(ptr, slice.byteLength)
          out.set(memory.subarray(ptr, ptr + slice.byteLength), offset)
          offset += slice.byteLength
        }
        continue
      }
      const end = this.#ptrs[i] + this.#byteLengths[i]
      for (let ptr = this.#ptrs[i]; ptr < end; ptr += SLICE) {
        const byteLength = Math.min(SLICE, end - ptr)
        core.hashAdd(ptr, byteLength)
        let from = ptr
        if (isShared && (ptr - offset) % WORD !== 0) {
          from = this.#slicePtr + (offset % WORD)
          memory.copyWithin(from, ptr, ptr + byteLength)
        }
        out.set(memory.subarray(from, from + byteLength), offset)
        offset += byteLength
      }
    }
    core.hashEnd(hashPtr)
  }

  /** Copies all pieces behind each other into `out`. */
  copyPlain(out: Uint8Array): void {
    let offset = 0
    for (let i = 0; i < this.count; i++) {
      out.set(this.#bytesOf(i), offset)
      offset += this.#byteLengths[i]
    }
  }

  #bytesOf(i: number): Uint8Array {
    return this.#outside.get(i) ?? this.#arena.u8(this.#ptrs[i], this.#byteLengths[i])
  }
}
