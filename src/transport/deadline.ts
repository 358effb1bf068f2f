import { TransportError } from '../errors.ts'

/**
 * One attempt's clock: its signal fires when the caller aborts or the time is up, and `error` then says which.
 * Call `end` when the attempt settled, or the timer and the listener stay.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout
  readonly #outer: AbortSignal | undefined
  readonly #timeoutMs: number
  #timedOut = false

  constructor(outer: AbortSignal | undefined, timeoutMs: number) {
    this.#outer = outer
    this.#timeoutMs = timeoutMs
    this.#timer = setTimeout(() => {
      this.#timedOut = true
      this.#controller.abort()
    }, timeoutMs)
    if (outer?.aborted) this.#controller.abort()
    else outer?.addEventListener('abort', this.#onAbort, { once: true })
  }

  readonly #onAbort = () => this.#controller.abort()

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get passed(): boolean {
    return this.#controller.signal.aborted
  }

  error(blockMayHaveArrived: boolean): TransportError {
    if (this.#timedOut) return timedOut(`within ${this.#timeoutMs} ms`, blockMayHaveArrived)
    return new TransportError('ABORTED', `Aborted by the caller’s signal; ${fate(blockMayHaveArrived)}.`, {
      blockMayHaveArrived,
      cause: this.#outer?.reason,
    })
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#outer?.removeEventListener('abort', this.#onAbort)
  }
}

export function timedOut(limit: string, blockMayHaveArrived: boolean): TransportError {
  return new TransportError('TIMEOUT', `No complete answer ${limit}; ${fate(blockMayHaveArrived)}.`, {
    blockMayHaveArrived,
    retryable: true,
  })
}

/** The end of a message about a request that broke off. */
export function fate(blockMayHaveArrived: boolean): string {
  return blockMayHaveArrived
    ? 'whether the server has the request is unknown'
    : 'the server cannot have the whole request'
}
