import { UsageError } from '../errors.ts'
import { refuseUnknown } from '../transport/target.ts'

/** ms, except `attempts`. */
export interface RetryOptions {
  /** Attempts per block; default unlimited: the deadline ends them. */
  attempts?: number
  /** Longest pause before the first repetition; doubles from attempt to attempt. Default 100. */
  minDelay?: number
  /** No pause is longer. Default 10,000. */
  maxDelay?: number
  /** From the start of an attempt to its complete answer. Default 60,000. */
  attemptTimeout?: number
  /** From the first attempt of a block to the last. Default 120,000. */
  deadline?: number
}

export type Retry = Readonly<Required<RetryOptions>>

export const DEFAULT_RETRY: Retry = {
  attempts: Number.POSITIVE_INFINITY,
  minDelay: 100,
  maxDelay: 10_000,
  attemptTimeout: 60_000,
  deadline: 120_000,
}

// A timer holds 31 bits of milliseconds and fires at once above that.
const TIMER_MAX = 2_147_483_647
const LIMITS: Readonly<Record<keyof Retry, readonly [least: number, most: number]>> = {
  attempts: [1, Number.POSITIVE_INFINITY],
  minDelay: [0, TIMER_MAX],
  maxDelay: [0, TIMER_MAX],
  attemptTimeout: [1, TIMER_MAX],
  deadline: [1, Number.POSITIVE_INFINITY],
}

/** Later options win over earlier ones; what nobody gave has its default. */
export function resolveRetry(...options: (RetryOptions | undefined)[]): Retry {
  const retry: Record<string, number> = { ...DEFAULT_RETRY }
  for (const given of options) {
    refuseUnknown(given ?? {}, Object.keys(LIMITS))
    for (const [name, value] of Object.entries(given ?? {})) {
      if (value === undefined) continue
      const [least, most] = LIMITS[name as keyof Retry]
      if (typeof value !== 'number' || !(value >= least && value <= most)) {
        throw new UsageError(
          'BAD_OPTION',
          `retry.${name} must be a number from ${least} to ${most}, not ${String(value)}.`,
        )
      }
      retry[name] = value
    }
  }
  return retry as unknown as Retry
}

/**
 * The pause before the attempt after `attempts`: anything between nothing and a bound that doubles ("full jitter"), so that
 * many writers that failed together do not come back together.
 */
export function retryDelay(retry: Retry, attempts: number, random: number): number {
  return random * Math.min(retry.maxDelay, retry.minDelay * 2 ** (attempts - 1))
}
