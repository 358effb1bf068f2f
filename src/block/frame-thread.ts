import { Worker } from 'node:worker_threads'

/** A block to be framed, and where to; the thread sees the same memory. */
export interface FrameTask {
  readonly id: number
  readonly bytes: Uint8Array
  readonly out: Uint8Array
}

export interface FrameAnswer {
  readonly id: number
  readonly byteLength: number
}

/** Without work for so long, the thread ends; the next block starts another. */
const IDLE_MS = 2_000

/** The second thread, there while it has work. It keeps the process alive only until that is done. */
export class FrameThread {
  #worker: Worker | undefined
  /** It could not be started, or failed: it is not tried again. */
  #isBroken = false
  #nextId = 0
  readonly #waiting = new Map<number, (byteLength: number | undefined) => void>()
  #idle: NodeJS.Timeout | undefined

  /**
   * @param bytes  in shared memory, as is `out`
   * @returns      how many bytes of frames are in `out`; undefined where the thread cannot do it
   */
  frame(bytes: Uint8Array, out: Uint8Array): Promise<number | undefined> {
    const worker = this.#start()
    if (worker === undefined) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const task: FrameTask = { id: this.#nextId++, bytes, out }
      this.#waiting.set(task.id, resolve)
      clearTimeout(this.#idle)
      worker.ref()
      worker.postMessage(task)
    })
  }

  #start(): Worker | undefined {
    if (this.#isBroken || this.#worker !== undefined) return this.#worker
    try {
      const worker = new Worker(new URL('./frame-worker.js', import.meta.url))
      worker.on('message', (answer: FrameAnswer) => this.#done(answer))
      worker.on('error', () => this.#break()) // the blocks are framed elsewhere: nobody misses anything
      worker.on('exit', () => this.#break())
      this.#worker = worker
    } catch {
      this.#break() // no threads here, or no file beside this one in a bundle
    }
    return this.#worker
  }

  #done({ id, byteLength }: FrameAnswer): void {
    const resolve = this.#waiting.get(id)
    this.#waiting.delete(id)
    resolve?.(byteLength)
    if (this.#waiting.size > 0) return
    this.#worker?.unref()
    this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref()
  }

  #end(): void {
    const worker = this.#worker
    this.#worker = undefined
    worker?.removeAllListeners('exit')
    void worker?.terminate()
  }

  #break(): void {
    this.#isBroken = true
    this.#worker = undefined
    for (const resolve of this.#waiting.values()) resolve(undefined)
    this.#waiting.clear()
  }
}
