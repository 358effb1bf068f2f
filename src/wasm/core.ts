import { readFileSync } from 'node:fs'
import { instantiateSync } from '@assemblyscript/loader'
import type { CoreExports } from './exports.ts'
import { UsageError } from '../errors.ts'

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

  /** The memory as it is now; stale after the next `reserve`. */
  get buffer(): ArrayBuffer {
    return this.#buffer
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
    const ptr = this.core.reserve(byteLength) >>> 0
    if (ptr === 0) {
      throw new UsageError('BAD_OPTION', `The staging memory cannot grow by ${byteLength} bytes: it is limited to 4 GiB.`, {
        hint: 'Lower blockBytes, or insert fewer large values per row.',
      })
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

  bytes(ptr: number, byteLength: number): Uint8Array {
    return new Uint8Array(this.#buffer, ptr, byteLength)
  }
}
