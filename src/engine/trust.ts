// Rule 7. A lost answer is neither success nor failure: its block is sent again under its token for as long as the table can be trusted to
// recognise it. What it remembers is bounded in entries and in age; of the entries half are left to other writers.

import type { Clock } from './clock.ts'
import type { TableFigures } from './figures.ts'

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

/** The start of an attempt. If its answer is lost, the server may remember the block from here on. */
export class Attempt {
  readonly host: string
  readonly #now: number
  readonly #wall: number
  readonly #figures: TableFigures
  readonly #sentBefore: number

  constructor(clock: Clock, figures: TableFigures, host: string) {
    this.host = host
    this.#now = clock.now()
    this.#wall = clock.wall()
    this.#figures = figures
    this.#sentBefore = figures.sentBlocks
  }

  /** ms. A monotonic clock may stand still while the machine sleeps, a wall clock may be set back; the server's does neither. */
  age(clock: Clock): number {
    return Math.max(clock.now() - this.#now, clock.wall() - this.#wall)
  }

  /** Blocks that the connection has sent to the same table since. */
  get sentSince(): number {
    return this.#figures.sentBlocks - this.#sentBefore
  }
}

/** Why a block can be trusted no more to be recognised; undefined: it can. */
export function mistrust(lost: Attempt, trust: Trust, clock: Clock): string | undefined {
  if (trust.blocks === 0) return trust.why ?? 'The table does not recognise a repeated block.'
  const age = lost.age(clock)
  if (age >= trust.ms) {
    return `Its answer was lost ${Math.round(age / 1000)} s ago, and the table remembers blocks for ${trust.ms / 1000} s.`
  }
  if (lost.sentSince < trust.blocks) return undefined
  return `Since its answer was lost ${lost.sentSince} other blocks were sent to the table, which can be trusted to remember ${trust.blocks}.`
}

export function least(one: Trust | undefined, other: Trust): Trust {
  if (one === undefined) return other
  const fewer = one.blocks <= other.blocks ? one : other
  return { ...fewer, ms: Math.min(one.ms, other.ms) }
}
