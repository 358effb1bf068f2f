// Several hosts, and which of them answers. Nobody asks them for the sake of it: what is known of a host is how its last request
// ended, and one that failed is asked again only when there is something to send.

import { ServerError, TransportError } from '../errors.ts'

/** ClickHouse's words: the first of the list that answers, or one after the other. */
export type LoadBalancing = 'in_order' | 'round_robin'

export interface Hosts {
  /** `host:port` of each, in the order they were given. */
  readonly names: readonly string[]
  /** Where the next request goes; one that does not answer only where none of them does. */
  pick(among?: readonly string[]): string
  /** Those whose last request did not fail. */
  answering(among: readonly string[]): readonly string[]
}

/** A target that is one place. */
export function oneHost(name: string): Hosts {
  return { names: [name], pick: () => name, answering: (among) => among }
}

/** A host that failed is left alone for this long, twice as long after each further failure, up to the most. */
const AVOID_MS = 500
const AVOID_MAX_MS = 30_000

interface Health {
  isAnswering: boolean
  /** In a row; requests that were only asked to see whether it answers do not end the row. */
  failures: number
  failedAt: number
  /** When it may be asked again. */
  until: number
  isAsked: boolean
}

export class HostList implements Hosts {
  readonly names: readonly string[]
  readonly #health: ReadonlyMap<string, Health>
  readonly #loadBalancing: LoadBalancing
  /** Resolves true where the host answers; never rejects. */
  readonly #ask: (name: string) => Promise<boolean>
  readonly #now: () => number
  #turn = 0

  constructor(
    names: readonly string[],
    loadBalancing: LoadBalancing,
    ask: (name: string) => Promise<boolean>,
    now: () => number = () => performance.now(),
  ) {
    this.names = names
    this.#loadBalancing = loadBalancing
    this.#ask = ask
    this.#now = now
    this.#health = new Map(
      names.map((name) => [name, { isAnswering: true, failures: 0, failedAt: 0, until: 0, isAsked: false }]),
    )
  }

  pick(among: readonly string[] = this.names): string {
    const answering = this.answering(among)
    // Rows do not wait for a host that may be down while another takes them: a request without rows finds out.
    if (answering.length > 0) for (const name of among) void this.#askWhereDue(name)
    else return among.reduce((best, name) => (this.#of(name).failedAt < this.#of(best).failedAt ? name : best))
    return this.#loadBalancing === 'in_order' ? answering[0]! : answering[this.#turn++ % answering.length]!
  }

  answering(among: readonly string[]): readonly string[] {
    return among.filter((name) => this.#of(name).isAnswering)
  }

  /** It took a request, or said no as a server that is well does. */
  answered(name: string): void {
    Object.assign(this.#of(name), { isAnswering: true, failures: 0 })
  }

  /** True where it answered until now. */
  failed(name: string): boolean {
    const health = this.#of(name)
    health.failedAt = this.#now()
    // Requests that were under way together fail together, once.
    const isNews = health.isAnswering
    if (!isNews && health.failedAt < health.until) return false
    health.isAnswering = false
    health.until = health.failedAt + Math.min(AVOID_MAX_MS, AVOID_MS * 2 ** health.failures++)
    return isNews
  }

  async #askWhereDue(name: string): Promise<void> {
    const health = this.#of(name)
    if (health.isAnswering || health.isAsked || this.#now() < health.until) return
    health.isAsked = true
    // The row of failures ends with a request that matters: a server that is too busy for inserts may well answer this one.
    if (await this.#ask(name)) health.isAnswering = true
    else this.failed(name)
    health.isAsked = false
  }

  #of(name: string): Health {
    return this.#health.get(name)!
  }
}

// TOO_MANY_SIMULTANEOUS_QUERIES, NO_FREE_CONNECTION, TABLE_IS_READ_ONLY (a replica without its Keeper), SERVER_OVERLOADED.
const OF_ONE_HOST = new Set([202, 203, 242, 745])

/** Whether another host may well do what this one did not. */
export function isOfOneHost(error: unknown): boolean {
  if (error instanceof ServerError) return OF_ONE_HOST.has(error.serverCode)
  return error instanceof TransportError && error.code !== 'ABORTED'
}
