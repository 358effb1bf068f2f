import { channels, type DrainMessage, type RetryMessage, type SettledMessage } from '../engine/channels.ts'
import { formatCount } from './progress.ts'

/** A server that takes less time than this is not worth a word. */
const SHOWN_AFTER_MS = 1_000

/** What holds a load up: blocks that are sent again, and waits for the server. It listens until it is disposed. */
export class Delays implements Disposable {
  /** How often exec() asked to wait, and for how long in all. */
  waits = 0
  waitedMs = 0
  /** By token; the latest stands last. */
  readonly #retrying = new Map<string, { readonly cause: string; readonly nextAt: number }>()
  readonly #retries = new Map<string, number>()
  #roomSince: number | undefined
  #answersSince: number | undefined

  constructor() {
    channels.retry.subscribe(this.#onRetry)
    channels.settled.subscribe(this.#onSettled)
    channels.wait.subscribe(this.#onWait)
    channels.drain.subscribe(this.#onDrain)
  }

  [Symbol.dispose](): void {
    channels.retry.unsubscribe(this.#onRetry)
    channels.settled.unsubscribe(this.#onSettled)
    channels.wait.unsubscribe(this.#onWait)
    channels.drain.unsubscribe(this.#onDrain)
  }

  /** For the last answers, when there is nothing else to do. */
  async during<T>(answers: Promise<T>): Promise<T> {
    this.#answersSince = performance.now()
    try {
      return await answers
    } finally {
      this.#answersSince = undefined
    }
  }

  /** As of now, for the live line; undefined while all goes well. */
  get text(): string | undefined {
    const now = performance.now()
    const retrying = [...this.#retrying.values()]
    if (retrying.length > 0) {
      const seconds = Math.ceil((Math.min(...retrying.map(({ nextAt }) => nextAt)) - now) / 1000)
      const next = seconds > 0 ? `, next in ${seconds} s` : ''
      return `retrying ${retrying.length} block${retrying.length === 1 ? '' : 's'} (${retrying.at(-1)!.cause}${next})`
    }
    const waitingMs = now - (this.#roomSince ?? this.#answersSince ?? now)
    return waitingMs < SHOWN_AFTER_MS ? undefined : `waiting for the server (${Math.floor(waitingMs / 1000)} s)`
  }

  /** For the summary; undefined where nothing was repeated. */
  get retries(): string | undefined {
    const causes = Array.from(this.#retries, ([cause, count]) => `${formatCount(count)} after ${cause}`)
    return causes.length === 0 ? undefined : causes.join(', ')
  }

  readonly #onRetry = (message: unknown): void => {
    const { token, error, delayMs } = message as RetryMessage
    const cause = error.serverCode === undefined ? error.code : `Code ${error.serverCode}`
    this.#retries.set(cause, (this.#retries.get(cause) ?? 0) + 1)
    this.#retrying.delete(token)
    this.#retrying.set(token, { cause, nextAt: performance.now() + delayMs })
  }

  readonly #onSettled = (message: unknown): void => {
    this.#retrying.delete((message as SettledMessage).token)
  }

  readonly #onWait = (): void => {
    this.waits++
    this.#roomSince = performance.now()
  }

  readonly #onDrain = (message: unknown): void => {
    this.waitedMs += (message as DrainMessage).waitedMs
    this.#roomSince = undefined
  }
}
