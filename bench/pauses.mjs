// How long this thread kept others waiting, and how much of that was its own work. On a busy machine most of a long pause is not: another
// process had the processor, or the host had. Linux counts what this thread ran; elsewhere every pause counts whole.

import { openSync, readSync } from 'node:fs'

const scratch = Buffer.alloc(64)
const schedstat = open()

function open() {
  try {
    return openSync('/proc/self/schedstat') // of the main thread
  } catch {
    return undefined
  }
}

/** ms this thread has run so far. */
export function ranMs() {
  if (schedstat === undefined) return performance.now()
  process.cpuUsage() // brings the counter up to date, which is otherwise that of the last tick
  const length = readSync(schedstat, scratch, 0, scratch.length, 0)
  return Number(scratch.latin1Slice(0, length).split(' ')[0]) / 1e6
}

/** Turns of the event loop, one after the other: how long each took, and how much of it this thread ran. */
export class TurnProbe {
  /** Milliseconds. */
  wall = []
  own = []
  #isRunning = true
  #at = performance.now()
  #ran = ranMs()

  constructor() {
    setImmediate(this.#turn)
  }

  #turn = () => {
    if (!this.#isRunning) return
    const now = performance.now()
    const ran = ranMs()
    this.wall.push(now - this.#at)
    this.own.push(ran - this.#ran)
    this.#at = now
    this.#ran = ran
    setImmediate(this.#turn)
  }

  /** The turn that is under way counts up to here. */
  stop() {
    this.#turn()
    this.#isRunning = false
  }
}

/**
 * How long something waits that comes at any moment: a pause of 4 ms makes it wait 4 ms at most, 2 on average. Quantiles of that, so
 * that a long pause counts for as long as it is, and many short ones do not hide it.
 *
 * @param pauses  ms, the whole time without a gap
 */
export function waits(pauses, shares = [0.5, 0.99, 0.999]) {
  const sorted = Float64Array.from(pauses).sort()
  const total = sorted.reduce((sum, pause) => sum + pause, 0)
  // Part of the moments from which the wait is longer than x: the parts of the pauses beyond x, as a share of all time.
  const longer = (x) => sorted.reduce((sum, pause) => sum + Math.max(0, pause - x), 0) / total
  const quantile = (share) => {
    let [low, high] = [0, sorted.at(-1)]
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2
      if (longer(middle) > 1 - share) low = middle
      else high = middle
    }
    return high
  }
  return { ...named(shares, quantile), max: sorted.at(-1) }
}

/** Quantiles of values that count alike. */
export function quantiles(values, shares = [0.5, 0.99, 0.999]) {
  const sorted = Float64Array.from(values).sort()
  const quantile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { ...named(shares, quantile), max: sorted.at(-1) }
}

function named(shares, quantile) {
  return Object.fromEntries(shares.map((share) => [`p${share * 100}`, quantile(share)]))
}
