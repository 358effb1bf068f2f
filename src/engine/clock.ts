import { setTimeout as sleep } from 'node:timers/promises'

/** Time as the engine sees it; tests pass their own. */
export interface Clock {
  /** ms, monotonic: never a wall clock, so that an adjusted clock neither ends nor prolongs a deadline. */
  now(): number
  /** ms since 1970. */
  wall(): number
  /** Resolves after `ms`, or as soon as `signal` fires; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  async sleep(ms, signal) {
    // The only way this rejects is the signal, and the caller looks at the signal itself afterwards.
    await sleep(ms, undefined, { signal }).catch(() => {})
  },
}
