// Rule 7. A lost answer is neither success nor failure: its block is sent again under its token for as long as the table can be trusted to
// recognise it. What it remembers is bounded in entries and in age; of the entries half are left to other writers.

import type { Clock } from './clock.ts'

/** How far a table can be trusted to recognise a block that comes again. */
export interface Trust {
  /** Of our own blocks so many may come after it. 0: the table recognises none. */
  readonly blocks: number
  /** ms after its first attempt. */
  readonly ms: number
  /** For 0 blocks: why. */
  readonly why?: string
  /** The server said so. */
  readonly isKnown: boolean
}

/** Blocks of this process that were on their way to a table of one host; one that is delivered again is another. */
export class SentBlocks {
  count = 0
}

const sent = new Map<string, SentBlocks>()

/** Whatever connection they were sent by: the server has one memory for all. */
export function sentTo(host: string, { database, table }: { database: string; table: string }): SentBlocks {
  const key = `${host}\0${database}\0${table}`
  let known = sent.get(key)
  if (known === undefined) {
    known = new SentBlocks()
    sent.set(key, known)
  }
  return known
}

/** The start of an attempt. If its answer is lost, the server may remember the block from here on. */
export class Attempt {
  readonly host: string
  readonly #now: number
  readonly #wall: number
  readonly #sent: SentBlocks
  #sentBefore: number

  constructor(clock: Clock, sent: SentBlocks, host: string) {
    this.host = host
    this.#now = clock.now()
    this.#wall = clock.wall()
    this.#sent = sent
    this.#sentBefore = sent.count
  }

  /** ms. A monotonic clock may stand still while the machine sleeps, a wall clock may be set back; the server's does neither. */
  age(clock: Clock): number {
    return Math.max(clock.now() - this.#now, clock.wall() - this.#wall)
  }

  /** Other blocks that this process has sent to the same table since. */
  get sentSince(): number {
    return this.#sent.count - this.#sentBefore
  }

  /** One of those that were counted since is the block itself. */
  passOver(): void {
    this.#sentBefore++
  }
}

/**
 * Why a block can be trusted no more to be recognised; undefined: it can.
 *
 * @param attemptMs  so long an attempt that begins now may take to arrive
 */
export function mistrust(lost: Attempt, trust: Trust, clock: Clock, attemptMs: number): string | undefined {
  if (trust.blocks === 0) return trust.why ?? 'The table does not recognise a repeated block.'
  const age = lost.age(clock)
  if (age + attemptMs >= trust.ms) {
    const late =
      age < trust.ms ? `: an attempt of ${attemptMs / 1000} s (retry.attemptTimeout) might come too late` : ''
    return `Its answer was lost ${Math.round(age / 1000)} s ago, and the table remembers blocks for ${trust.ms / 1000} s${late}.`
  }
  if (lost.sentSince < trust.blocks) return undefined
  return `Since its answer was lost ${lost.sentSince} other blocks were sent to the table, which can be trusted to remember ${trust.blocks}.`
}

export function least(one: Trust | undefined, other: Trust): Trust {
  if (one === undefined) return other
  const fewer = one.blocks <= other.blocks ? one : other
  return { ...fewer, ms: Math.min(one.ms, other.ms) }
}
