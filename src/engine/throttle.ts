// A server whose merges do not keep up answers inserts later and later, and then refuses them (252). What helps it is fewer and larger
// blocks: so blocks that are not full go less often, and one at a time, until it keeps up again.
//
//   level 0 ──252, or inserts are delayed──▶ 1 ─▶ 2 ─▶ … ─▶ 5     blocks that are not full: every flushInterval × 2^level
//         ◀─────────a block is taken──────────── one at a time    a level lasts for at least as long as such an interval

/** For all statements of a connection that insert into one table. */
export class Throttle {
  #level = 0
  #changedAt = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #stepMs = STEP_MS
  readonly #isDelaying: (host: string) => Promise<boolean>
  readonly #now: () => number
  readonly #listeners = new Set<(why: ThrottleCause) => void>()

  /** @param isDelaying  asks a host whether inserts wait there for merges; never rejects */
  constructor(isDelaying: (host: string) => Promise<boolean>, now: () => number = () => performance.now()) {
    this.#isDelaying = isDelaying
    this.#now = now
  }

  get level(): number {
    return this.#level
  }

  /** ms after which a block that is not full goes now. */
  intervalOf(flushInterval: number): number {
    return Math.max(flushInterval, Math.min(LONGEST_MS, flushInterval * 2 ** this.#level))
  }

  concurrencyOf(concurrency: number): number {
    return this.#level === 0 ? concurrency : 1
  }

  /** Hears of every change. @returns what ends that */
  watch(flushInterval: number, listener: (why: ThrottleCause) => void): () => void {
    // Who writes often shows sooner whether it helps.
    if (flushInterval > 0) this.#stepMs = Math.max(STEP_LEAST_MS, Math.min(this.#stepMs, flushInterval))
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The server said 252, too many parts. */
  refused(): void {
    this.#change(1, 'refused')
  }

  /** A host took a block. Where that was slow it is asked whether merges are the reason. */
  acknowledged(tookMs: number, host: string): void {
    if (tookMs < SLOW_MS) {
      if (this.#level > 0) this.#change(-1, 'recovering')
    } else if (this.#now() - this.#askedAt >= Math.max(STEP_MS, this.#lastsMs)) {
      this.#askedAt = this.#now()
      void this.#isDelaying(host).then((isDelaying) => {
        if (isDelaying) this.#change(1, 'delayed')
        else if (this.#level > 0) this.#change(-1, 'recovering')
      })
    }
  }

  #change(by: 1 | -1, why: ThrottleCause): void {
    const level = Math.min(LEVEL_MAX, this.#level + by)
    if (level === this.#level || this.#now() - this.#changedAt < this.#lastsMs) return
    this.#level = level
    this.#changedAt = this.#now()
    for (const listener of this.#listeners) listener(why)
  }

  get #lastsMs(): number {
    return Math.min(LONGEST_MS, this.#stepMs * 2 ** this.#level)
  }
}

/** Why blocks go more rarely: they were refused, or the server lets them wait; or why more often. */
export type ThrottleCause = 'refused' | 'delayed' | 'recovering'

const LEVEL_MAX = 5
const LONGEST_MS = 30_000
const STEP_MS = 1_000
const STEP_LEAST_MS = 50

// The server delays an insert by up to `max_delay_to_insert`, 1 s, in even steps from `parts_to_delay_insert` on. (26.7.)
const SLOW_MS = 250
