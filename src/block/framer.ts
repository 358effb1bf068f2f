// Sealed blocks become compressed frames behind the caller's back: in slices of 1 MiB on this thread, between which everything
// else may run, or on a thread of its own. One block at a time in the order in which they were sealed.
//
//   sealed block ──frame()──▶ LZ4 frames, each with its checksum: the same bytes whoever makes them

import { type BufferPool, sealedBuffers, sharedBuffers } from './buffer-pool.ts'
import { framesBound, SliceFramer } from './frame-slices.ts'
import { FrameThread } from './frame-thread.ts'

export interface Framed {
  readonly bytes: Uint8Array
  /** Gives the buffer back for reuse; call once, when nobody reads it any more. */
  release(): void
}

export interface Framer {
  /** `bytes` stay as they are until it is done; on a thread they are in shared memory. Rejects where no memory is left. */
  frame(bytes: Uint8Array): Promise<Framed>
}

/** On this thread. */
class SlicedFramer implements Framer {
  readonly #buffers: BufferPool
  readonly #slices = new SliceFramer()
  #tail: Promise<unknown> = Promise.resolve()

  constructor(buffers: BufferPool) {
    this.#buffers = buffers
  }

  frame(bytes: Uint8Array): Promise<Framed> {
    const task = this.#tail.then(() => this.#frame(bytes))
    this.#tail = task.catch(() => {}) // who asked is told; the next block has its own chance
    return task
  }

  async #frame(bytes: Uint8Array): Promise<Framed> {
    const owner = this.#buffers.take(framesBound(bytes.byteLength))
    const steps = this.#slices.frames(bytes, owner)
    for (;;) {
      const step = steps.next()
      if (step.done) return framed(this.#buffers, owner, step.value)
      await new Promise(setImmediate)
    }
  }
}

/** On the process's second thread; on this one where there is none, or where it ended before its time. */
class ThreadFramer implements Framer {
  readonly #thread = new FrameThread()
  #instead: SlicedFramer | undefined

  async frame(bytes: Uint8Array): Promise<Framed> {
    const owner = sharedBuffers.take(framesBound(bytes.byteLength))
    const byteLength = await this.#thread.frame(bytes, owner)
    if (byteLength !== undefined) return framed(sharedBuffers, owner, byteLength)
    // The block is still whole: the thread only read it.
    sharedBuffers.give(owner)
    this.#instead ??= new SlicedFramer(sharedBuffers)
    return await this.#instead.frame(bytes)
  }
}

function framed(buffers: BufferPool, owner: Buffer, byteLength: number): Framed {
  return {
    bytes: new Uint8Array(owner.buffer, owner.byteOffset, byteLength),
    release: () => buffers.give(owner),
  }
}

let sliced: Framer | undefined
let threaded: Framer | undefined

/** The process's one framer of either kind. */
export function framerOf(onThread: boolean): Framer {
  if (onThread) {
    threaded ??= new ThreadFramer()
    return threaded
  }
  sliced ??= new SlicedFramer(sealedBuffers)
  return sliced
}
