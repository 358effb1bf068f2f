import type { Arena } from './core.ts'

/**
 * A block as a list of places: nothing is copied together before the one pass that hashes, compresses or copies it out.
 * In the arena it is an array of pairs (u32 address, u32 byte length), the form the core reads.
 */
export class Pieces {
  readonly #arena: Arena
  #list: Uint32Array = new Uint32Array(0)
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

  /** Copies all pieces behind each other into `out`. */
  copyTo(out: Uint8Array): void {
    const memory = this.#arena.all()
    let offset = 0
    for (let i = 0; i < this.count; i++) {
      const ptr = this.#list[i * 2]
      const byteLength = this.#list[i * 2 + 1]
      out.set(memory.subarray(ptr, ptr + byteLength), offset)
      offset += byteLength
    }
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
