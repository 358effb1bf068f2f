import { readFileSync } from 'node:fs'
import { instantiateSync } from '@assemblyscript/loader'
import { UsageError } from '../errors.ts'
import type { CoreExports } from './exports.ts'

/** What 32-bit addresses reach; a larger number would arrive in the core without its upper bits. */
const BYTES_MAX = 2 ** 32

// Compiled once per process; every arena is an instance of its own with its own linear memory.
let compiled: WebAssembly.Module | undefined

function compile(): WebAssembly.Module {
  // SLUICE_CORE=debug keeps the asserts; the tests run on both builds.
  const file = process.env.SLUICE_CORE === 'debug' ? 'core.debug.wasm' : 'core.wasm'
  compiled ??= new WebAssembly.Module(readFileSync(new URL(`../../build/${file}`, import.meta.url)))
  return compiled
}

/**
 * One linear memory with the core in it. The only place that touches `memory.buffer`: views are handed out fresh, and
 * whoever keeps one re-makes it in an `onMove` listener, because growth detaches every older view.
 */
export class Arena {
  readonly core: CoreExports
  #buffer: ArrayBuffer
  readonly #listeners: (() => void)[] = []

  constructor() {
    const instance = instantiateSync(compile(), {})
    this.core = instance.exports as unknown as CoreExports
    this.#buffer = this.core.memory.buffer as ArrayBuffer
  }

  get byteLength(): number {
    return this.#buffer.byteLength
  }

  /** Calls `listener` after every growth, when all views of before are detached. */
  onMove(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Address of `byteLength` fresh bytes (16-byte aligned, content undefined). */
  reserve(byteLength: number): number {
    const ptr = byteLength < BYTES_MAX ? this.core.reserve(byteLength) >>> 0 : 0
    if (ptr === 0) {
      throw new UsageError(
        'BAD_OPTION',
        `The staging memory cannot grow by ${byteLength} bytes: it is limited to 4 GiB.`,
        {
          hint: 'Lower blockBytes, or insert fewer large values per row.',
        },
      )
    }
    if (this.core.memory.buffer !== this.#buffer) {
      this.#buffer = this.core.memory.buffer as ArrayBuffer
      for (const listener of this.#listeners) listener()
    }
    return ptr
  }

  /** Gives back everything reserved since `mark`, an earlier `core.arenaTop()`. */
  releaseTo(mark: number): void {
    this.core.releaseTo(mark)
  }

  /** Copies inside the arena; the places may overlap. */
  move(to: number, from: number, byteLength: number): void {
    new Uint8Array(this.#buffer).copyWithin(to, from, from + byteLength)
  }

  /** The whole memory, for one pass over many places; like every view it is stale after the next `reserve`. */
  all(): Uint8Array {
    return new Uint8Array(this.#buffer)
  }

  node(ptr: number, byteLength: number): Buffer {
    return Buffer.from(this.#buffer, ptr, byteLength)
  }
  u8(ptr: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer, ptr, length)
  }
  i8(ptr: number, length: number): Int8Array {
    return new Int8Array(this.#buffer, ptr, length)
  }
  u16(ptr: number, length: number): Uint16Array {
    return new Uint16Array(this.#buffer, ptr, length)
  }
  i16(ptr: number, length: number): Int16Array {
    return new Int16Array(this.#buffer, ptr, length)
  }
  u32(ptr: number, length: number): Uint32Array {
    return new Uint32Array(this.#buffer, ptr, length)
  }
  i32(ptr: number, length: number): Int32Array {
    return new Int32Array(this.#buffer, ptr, length)
  }
  f32(ptr: number, length: number): Float32Array {
    return new Float32Array(this.#buffer, ptr, length)
  }
  f64(ptr: number, length: number): Float64Array {
    return new Float64Array(this.#buffer, ptr, length)
  }
  i64(ptr: number, length: number): BigInt64Array {
    return new BigInt64Array(this.#buffer, ptr, length)
  }
  u64(ptr: number, length: number): BigUint64Array {
    return new BigUint64Array(this.#buffer, ptr, length)
  }
}
