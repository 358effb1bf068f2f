// When exec() should let the event loop turn. Awaiting `undefined` only drains microtasks: without this, sockets, timers and
// signals would stand still for as long as rows are at hand.

/**
 * Longest uninterrupted staging, ms; a block that becomes full in it adds its sealing, 2 to 3 ms for 9 MB. With 2 ms the loop waited 5.2 ms at
 * p99.9 while log rows went out over HTTP, with 1 ms 4.3, and as many rows did (bench/latency).
 */
const TURN_MS = 1
/** Rows between two looks at the clock (a look costs about as much as one row). */
const LOOK_ROWS = 256

export class Pace {
  /** Rows to stage until the next look at the clock; exec() counts. */
  rows = LOOK_ROWS
  #looked = performance.now()
  #turned = this.#looked
  #turning: Promise<void> | undefined

  /** Looks at the clock: a promise when the loop has not turned for TURN_MS. */
  look(): Promise<void> | undefined {
    const now = performance.now()
    // Rows that take long (large texts) are looked after more often, about once a millisecond.
    this.rows = Math.max(1, Math.min(LOOK_ROWS, Math.floor(this.rows / Math.max(now - this.#looked, 1e-3))))
    this.#looked = now
    return now - this.#turned < TURN_MS ? undefined : this.turn()
  }

  /** Resolves after one turn of the event loop. Never rejects. */
  turn(): Promise<void> {
    this.#turning ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turning = undefined
        this.#turned = this.#looked = performance.now()
        resolve()
      })
    })
    return this.#turning
  }
}
