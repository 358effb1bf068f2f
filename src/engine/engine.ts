import { AsyncResource } from 'node:async_hooks'
import { SchemaError, TransportError } from '../errors.ts'
import type { Transport } from '../transport/transport.ts'
import type { Block, BlockReport, BlockState } from './block.ts'
import type { SettledState } from './channels.ts'
import { type Clock, systemClock } from './clock.ts'
import { type BlockGuard, type DeliveryEnd, deliverBlock } from './deliver-block.ts'
import { DeliveryError } from './delivery-error.ts'
import { describeCause } from './describe-cause.ts'
import { Observer } from './observer.ts'
import type { Retry } from './retry.ts'

export interface EngineOptions {
  readonly transport: Transport
  readonly retry: Retry
  /** Blocks under way at the same time. */
  readonly concurrency: number
  /** For messages: `db`.`table`. */
  readonly name: string
  /** Rows that are in no block yet, for the error's account. */
  readonly stagedRows?: () => number
  /** Sends nothing until release(). */
  readonly held?: boolean
  readonly clock?: Clock
  readonly random?: () => number
  readonly listener?: EngineListener
  readonly guard?: BlockGuard
  readonly observer?: Observer
  /**
   * Blocks that hold the rows of one that is refused and not stored, in its place, or the same once more; undefined: there are
   * none. What it throws is then the reason of the failure.
   */
  readonly recut?: (block: Block, error: unknown) => readonly Block[] | undefined
}

export interface EngineListener {
  /** A block reached its last state; room may have become free. */
  onSettled(block: Block): void
  onRetry(block: Block, error: unknown, delayMs: number): void
  /** A block failed for good and nothing is under way any more. */
  onFailed(error: DeliveryError): void
}

/** How many acknowledged blocks are remembered by token, so that a statement that runs for months stays small. */
export const REPORTS_KEPT = 16_384

// After an abort the transport has this long to let go of its sockets before the caller is told regardless.
const ABORT_GRACE_MS = 500

interface Waiter {
  readonly isDone: () => boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Sealed blocks in memory until they are acknowledged: sends several at a time, repeats what may be repeated, and stops at
 * the first block that fails for good. Blocks keep the order in which they were added; acknowledgements need not.
 */
export class Engine {
  readonly #options: EngineOptions
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #abort = new AbortController()
  readonly #waiters = new Set<Waiter>()
  readonly #observer: Observer
  /** Blocks that nobody was told the end of, each in the asynchronous context of the call that added it. */
  readonly #unsettled = new Map<Block, AsyncResource>()
  readonly #rows: Record<BlockState, number> = { sealed: 0, sent: 0, acknowledged: 0, rejected: 0, unknown: 0 }
  /** All blocks, except the oldest acknowledged ones beyond REPORTS_KEPT. */
  #blocks: Block[] = []
  /** Index of the first block that is not acknowledged. */
  #firstOpen = 0
  /** Index of the next block to send. */
  #next = 0
  /** To send before that: what took the place of earlier blocks. */
  readonly #recut: Block[] = []
  #open = 0
  #underWay = 0
  #held: boolean
  #failing:
    | { code: 'DELIVERY_FAILED' | 'DEADLINE_EXCEEDED' | 'ABORTED'; text: string; cause: unknown; hint?: string }
    | undefined
  #failure: DeliveryError | undefined
  #grace: NodeJS.Timeout | undefined
  #taken = false
  /** `framingBytes` of `bytes` are of blocks that are being compressed, and will be fewer. */
  readonly totals = { blocks: 0, bytes: 0, framingBytes: 0, acknowledgedBlocks: 0, acknowledgedBytes: 0, retries: 0 }

  constructor(options: EngineOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#held = options.held ?? false
    this.#observer = options.observer ?? new Observer()
  }

  /** Takes a sealed block; its buffer is given back when the server has it. */
  add(block: Block): void {
    this.#blocks.push(block)
    this.#count(block)
    if (block.framing !== undefined) {
      const plainBytes = block.byteLength
      this.totals.framingBytes += plainBytes
      void block.framing.then(() => {
        this.totals.framingBytes -= plainBytes
        this.totals.bytes += block.byteLength - plainBytes
      })
    }
    this.#pump()
  }

  /** Blocks that are not acknowledged. */
  get openCount(): number {
    return this.#open
  }

  /** Rows by the state of their block. */
  get rows(): Readonly<Record<BlockState, number>> {
    return this.#rows
  }

  /** Set once a block failed for good: every wait was rejected with it. */
  get failure(): DeliveryError | undefined {
    return this.#failure
  }

  /** Sends what was held, and from now on whatever comes. */
  release(): void {
    this.#held = false
    this.#pump()
  }

  /** Resolves when every row before `rowEnd` is acknowledged, also of rows that come later. */
  whenAcknowledged(rowEnd: number): Promise<void> {
    return this.#wait(() => this.#acknowledgedEnd() >= rowEnd)
  }

  /** Resolves when nothing is left to acknowledge. */
  whenIdle(): Promise<void> {
    return this.#wait(() => this.#open === 0)
  }

  /** Begins no further attempt; resolves when those under way have their answer (or their timeout). */
  async stop(): Promise<void> {
    this.#stop.abort()
    if (this.#underWay === 0) return
    await new Promise<void>((resolve) =>
      this.#waiters.add({ isDone: () => this.#underWay === 0, resolve, reject: () => resolve() }),
    )
  }

  /** Ends the attempts under way too. What was sent and not answered becomes unknown. */
  fail(code: 'DEADLINE_EXCEEDED' | 'ABORTED', text: string, cause: unknown): void {
    this.#failing ??= { code, text, cause }
    this.#stop.abort()
    this.#abort.abort()
    if (this.#underWay === 0) this.#publish()
    else this.#grace ??= setTimeout(() => this.#publish(), ABORT_GRACE_MS)
  }

  /** Rejects every wait with `error`: the statement is over. */
  end(error: Error): void {
    for (const waiter of this.#waiters) waiter.reject(error)
    this.#waiters.clear()
  }

  /** What is not acknowledged, in order. The caller owns the blocks from now on; their buffers are not reused. */
  take(): Block[] {
    if (this.#taken) return []
    this.#taken = true
    return this.#blocks.filter((block) => block.state !== 'acknowledged').map((block) => block.take())
  }

  /** Gives up the blocks that never arrived, and their buffers; returns how many rows they held. Legal after stop(). */
  drop(): number {
    if (this.#taken) return 0
    const dropped = this.#blocks.filter((block) => block.state === 'sealed')
    for (const block of dropped) {
      this.#tellEnd(block, 'dropped')
      block.release()
    }
    this.#blocks = this.#blocks.filter((block) => block.state !== 'sealed')
    const rowCount = this.#rows.sealed
    this.#rows.sealed = 0
    return rowCount
  }

  reports(): BlockReport[] {
    return this.#blocks.map((block) => block.report())
  }

  #pump(): void {
    while (!this.#held && !this.#stop.signal.aborted && this.#underWay < this.#options.concurrency) {
      const block = this.#recut.shift() ?? this.#blocks[this.#next]
      if (block === undefined) return
      if (block === this.#blocks[this.#next]) this.#next++
      this.#underWay++
      this.#unsettled.get(block)!.runInAsyncScope(() => void this.#deliver(block))
    }
  }

  async #deliver(block: Block): Promise<void> {
    const { transport, retry, random = Math.random, listener, guard } = this.#options
    if (block.framing !== undefined) {
      await block.framing
      if (this.#stop.signal.aborted) return this.#leave()
    }
    // The state a block comes with (unknown, when it was taken from another statement) is what deliverBlock must see.
    const sending = deliverBlock(block, {
      transport,
      retry,
      clock: this.#clock,
      random,
      stop: this.#stop.signal,
      abort: this.#abort.signal,
      guard,
      observer: this.#observer,
      onRetry: (_, error, delayMs) => {
        this.totals.retries++
        this.#observer.retrying(block, error, delayMs)
        listener?.onRetry(block, error, delayMs)
      },
    })
    this.#move(block, 'sent')
    const sent = await sending
    this.#underWay--
    // An answer that came after the abort's grace, of a block that has another owner by now: its state there stands.
    if (this.#taken) return
    const end = this.#replace(block, sent)
    if (end === undefined) return this.#pump()
    this.#move(block, end.state)
    if (end.state === 'acknowledged') this.#acknowledge(block)
    else if (end.reason !== 'stopped') this.#failFor(block, end)
    if (end.state !== 'sealed') this.#tellEnd(block, end.state, end.error)
    listener?.onSettled(block)
    this.#settleWaiters()
    if (this.#failing !== undefined && this.#underWay === 0) this.#publish()
    this.#pump()
  }

  /** The block stays as it is: sealed, or what it was when it came. */
  #leave(): void {
    this.#underWay--
    this.#settleWaiters()
    if (this.#failing !== undefined && this.#underWay === 0) this.#publish()
  }

  /** Puts other blocks with the same rows in the place of a refused one; else how the delivery of that one ended. */
  #replace(block: Block, end: DeliveryEnd): DeliveryEnd | undefined {
    const { recut } = this.#options
    if (recut === undefined || end.reason !== 'refused' || end.state === 'unknown' || this.#stop.signal.aborted)
      return end
    try {
      const blocks = recut(block, end.error)
      if (blocks === undefined) return end
      this.#move(block, end.state)
      this.#rows[end.state] -= block.rowCount
      this.totals.bytes -= block.byteLength
      this.totals.blocks--
      this.#open--
      this.#blocks.splice(this.#blocks.indexOf(block, this.#firstOpen), 1, ...blocks)
      this.#next += blocks.length - 1
      this.#recut.push(...blocks)
      if (!blocks.includes(block)) this.#tellEnd(block, 'recut')
      for (const one of blocks) {
        one.state = 'sealed'
        this.#count(one)
      }
      return undefined
    } catch (error) {
      return { ...end, error, hint: (error as Partial<SchemaError>).hint }
    }
  }

  #count(block: Block): void {
    this.#rows[block.state] += block.rowCount
    this.#open++
    this.totals.blocks++
    this.totals.bytes += block.byteLength
    if (this.#unsettled.has(block)) return
    this.#unsettled.set(block, new AsyncResource('sluice:block'))
    this.#observer.sealed(block)
    // What is staged when a block fails becomes one that nobody sends.
    if (this.#failure !== undefined) this.#tellEnd(block, 'unsent')
  }

  #tellEnd(block: Block, state: SettledState, error?: unknown): void {
    if (this.#unsettled.delete(block)) this.#observer.settled(block, state, error)
  }

  #move(block: Block, state: BlockState): void {
    this.#rows[block.state] -= block.rowCount
    block.state = state
    this.#rows[state] += block.rowCount
  }

  #acknowledge(block: Block): void {
    block.release()
    this.#open--
    this.totals.acknowledgedBlocks++
    this.totals.acknowledgedBytes += block.byteLength
    while (this.#blocks[this.#firstOpen]?.state === 'acknowledged') this.#firstOpen++
    if (this.#firstOpen > 2 * REPORTS_KEPT) {
      this.#blocks.splice(0, REPORTS_KEPT)
      this.#firstOpen -= REPORTS_KEPT
      this.#next -= REPORTS_KEPT
    }
  }

  #failFor(block: Block, end: DeliveryEnd): void {
    if (this.#failing !== undefined) return
    // The others may finish the attempt they are in: a definite answer is worth more than a quick error.
    this.#stop.abort()
    const { deadline, attempts } = this.#options.retry
    const why = {
      refused: end.error instanceof SchemaError && end.state === 'sealed' ? 'was not sent' : 'was refused',
      attempts: `was not acknowledged in ${attempts} attempts`,
      deadline: `was not acknowledged within ${deadline} ms`,
      stopped: '',
    }[end.reason ?? 'refused']
    this.#failing = {
      code: end.reason === 'deadline' ? 'DEADLINE_EXCEEDED' : 'DELIVERY_FAILED',
      text: `block ${block.token} (rows ${block.firstRow}..${block.rowEnd - 1}) ${why}: ${describeCause(end.error)}`,
      cause: end.error,
      ...(end.hint && { hint: end.hint }),
    }
  }

  /** Says once, to everybody who waits, what became of every block. */
  #publish(): void {
    if (this.#failure !== undefined || this.#failing === undefined) return
    clearTimeout(this.#grace)
    const { code, text, cause, hint } = this.#failing
    // An attempt that outlived the abort may still reach the server.
    for (const block of this.#blocks) if (block.state === 'sent') this.#move(block, 'unknown')
    for (const block of this.#unsettled.keys()) this.#tellEnd(block, block.state === 'unknown' ? 'unknown' : 'unsent')
    const stagedRows = this.#options.stagedRows?.() ?? 0
    this.#failure = new DeliveryError(
      code,
      `${this.#options.name}: ${text}. ${describeRows({ ...this.#rows, staged: stagedRows })}`,
      {
        blocks: this.reports(),
        stagedRows,
        cause,
        hint:
          hint ??
          'takeBlocks() hands out what is left under its tokens, for deliver() of a working connection; rollback() drops what was not sent.',
      },
    )
    this.#options.listener?.onFailed(this.#failure)
    this.end(this.#failure)
  }

  #acknowledgedEnd(): number {
    const open = this.#blocks[this.#firstOpen]
    return open === undefined ? (this.#blocks.at(-1)?.rowEnd ?? 0) : open.firstRow
  }

  #wait(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve()
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => this.#waiters.add({ isDone, resolve, reject }))
  }

  #settleWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.isDone()) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }
}

function describeRows(rows: Readonly<Record<string, number>>): string {
  const told = Object.entries(rows).filter(([, rowCount]) => rowCount > 0)
  return `Rows: ${told.map(([state, rowCount]) => `${rowCount} ${state}`).join(', ')}.`
}

/** What a transport throws when the signal fired before it was even asked. */
export function abortedError(reason: unknown): TransportError {
  return new TransportError('ABORTED', 'The AbortSignal fired.', { cause: reason })
}
