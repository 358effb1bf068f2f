// What happens to the blocks of a connection: to those who listen to the channels, to the log, and into the figures.

import type { InsertRequest, Logger, Transport } from '../transport/transport.ts'
import type { Block } from './block.ts'
import { blockMessage, channels, Failure, type SettledState } from './channels.ts'
import { describeCause } from './describe-cause.ts'
import { TableFigures } from './figures.ts'

/** A table by its name. */
export interface Place {
  readonly database: string
  readonly table: string
}

export interface ObserverOptions {
  readonly logger?: Logger
  /** As the log has it. */
  readonly nameOf: (place: Place) => string
}

const LEVELS = { acknowledged: 'debug', rejected: 'warn', unknown: 'warn', unsent: 'debug', dropped: 'debug' } as const

export class Observer {
  readonly #logger: Logger | undefined
  readonly #nameOf: ObserverOptions['nameOf']
  readonly #tables = new Map<string, { readonly place: Place; readonly figures: TableFigures }>()

  constructor({ logger, nameOf }: ObserverOptions = { nameOf: ({ table }) => table }) {
    this.#logger = logger
    this.#nameOf = nameOf
  }

  /** In the order in which the tables were first met. */
  get tables(): Iterable<{ readonly place: Place; readonly figures: TableFigures }> {
    return this.#tables.values()
  }

  figuresOf({ database, table }: Place): TableFigures {
    const key = `${database}\0${table}`
    let known = this.#tables.get(key)
    if (known === undefined) {
      known = { place: { database, table }, figures: new TableFigures() }
      this.#tables.set(key, known)
    }
    return known.figures
  }

  /** A block stands in line to be sent: it was sealed, cut from another, or given to deliver(). */
  sealed(block: Block): void {
    const figures = this.figuresOf(block)
    figures.pendingRows += block.rowCount
    figures.pendingBlocks++
    if (channels.sealed.hasSubscribers) channels.sealed.publish(blockMessage(block))
  }

  /** Nothing more happens to it here. */
  settled(block: Block, state: SettledState, error?: unknown): void {
    const { rowCount, token, attempts, host } = block
    const figures = this.figuresOf(block)
    figures.pendingRows -= rowCount
    figures.pendingBlocks--
    if (state !== 'recut') {
      figures.rows[state] += rowCount
      figures.blocks[state]++
      if (state === 'acknowledged') figures.acknowledgedBytes += block.byteLength
      const cause = error === undefined ? {} : { cause: describeCause(error) }
      const table = this.#nameOf(block)
      this.#logger?.[LEVELS[state]](state, { table, token, rows: rowCount, attempts, host, ...cause })
    }
    if (!channels.settled.hasSubscribers) return
    const failure = error === undefined ? {} : { error: new Failure(error) }
    channels.settled.publish({ ...blockMessage(block), state, ...failure })
  }

  retrying(block: Block, error: unknown, delayMs: number): void {
    const { token, attempts: attempt } = block
    const host = block.lastAttempt?.host
    const failure = new Failure(error)
    this.figuresOf(block).retry(String(failure.serverCode ?? failure.code))
    const table = this.#nameOf(block)
    const fields = { table, token, attempt, host, cause: failure.message, delayMs: Math.round(delayMs) }
    this.#logger?.warn('retry', fields)
    if (channels.retry.hasSubscribers) channels.retry.publish({ ...blockMessage(block), host, error: failure, delayMs })
  }

  waiting(place: Place, pendingBlocks: number): void {
    const { database, table } = place
    this.figuresOf(place).waits++
    this.#logger?.debug('wait', { table: this.#nameOf(place), pendingBlocks })
    if (channels.wait.hasSubscribers) channels.wait.publish({ database, table, pendingBlocks })
  }

  drained(place: Place, waitedMs: number): void {
    const { database, table } = place
    this.figuresOf(place).waitedMs += waitedMs
    this.#logger?.debug('drain', { table: this.#nameOf(place), waitedMs: Math.round(waitedMs) })
    if (channels.drain.hasSubscribers) channels.drain.publish({ database, table, waitedMs })
  }

  /** One attempt. */
  async insert(block: Block, transport: Transport, request: InsertRequest): Promise<void> {
    const began = performance.now()
    try {
      if (!channels.insert.hasSubscribers) await transport.insert(request)
      else await traced(block, transport, request)
    } finally {
      this.figuresOf(block).attempt(performance.now() - began)
    }
  }
}

/** What is traced fails with a Failure; the caller gets the error itself. */
async function traced(block: Block, transport: Transport, request: InsertRequest): Promise<void> {
  const { queryId, compressed, host } = request
  const message = { ...blockMessage(block), queryId, host, compressed }
  let thrown: unknown
  const send = async () => {
    try {
      return await transport.insert(request)
    } catch (error) {
      thrown = error
      throw new Failure(error)
    }
  }
  await channels.insert.tracePromise(send, message).catch(() => {
    throw thrown
  })
}
