import { AsyncResource } from 'node:async_hooks'
import { SchemaError, type SluiceError, TransportError } from '../errors.ts'
import type { Transport } from '../transport/transport.ts'
import type { Block, BlockReport, BlockState } from './block.ts'
import type { SettledState } from './channels.ts'
import { type Clock, systemClock } from './clock.ts'
import { type AskTrust, type BlockGuard, type DeliveryEnd, deliverBlock } from './deliver-block.ts'
import { DeliveryError } from './delivery-error.ts'
import { describeCause } from './describe-cause.ts'
import { Observer } from './observer.ts'
import type { Retry } from './retry.ts'
import type { Throttle } from './throttle.ts'

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
  /** See DeliveryWay. */
  readonly trust?: AskTrust
  /** Sends a block that may be stored again where the table may not recognise it. */
  readonly acceptDuplicates?: boolean
  readonly throttle?: Throttle
  /** See DeliveryWay. Default: all hosts, and none but the one that may have the block. */
  readonly hosts?: readonly string[]
  readonly recognisers?: (block: Block, end: AbortSignal) => Promise<readonly string[]>
  /** Why a part of a block that is refused may be stored all the same; undefined: nothing of it is. Never rejects. */
  readonly whyPartlyStored?: (block: Block, error: unknown, signal: AbortSignal) => Promise<string | undefined>
  /**
   * What becomes of a block that is refused and not stored. What it throws is the reason of the failure.
   *
   * @param signal  as of the attempts under way
   */
  readonly onRefused?: (
    block: Block,
    end: DeliveryEnd,
    signal: AbortSignal,
  ) => Recourse | undefined | Promise<Recourse | undefined>
}

/**
 * Blocks that hold its rows, in its place, or the same once more; none: its rows are the caller's now, and done. Or another end
 * than it had. Undefined: that is its end.
 */
export type Recourse = readonly Block[] | DeliveryEnd

export interface EngineListener {
  /** A block reached its last state, `end` says why; room may have become free. */
  onSettled(block: Block, end: DeliveryEnd): void
  onRetry(block: Block, error: unknown, delayMs: number): void
  /** A block that comes now is sent at once. */
  onRoom?(): void
  /** A block failed for good and nothing is under way any more. */
  onFailed(error: DeliveryError): void
}

/** How many acknowledged blocks are remembered by token, so that a statement that runs for months stays small. */
export const REPORTS_KEPT = 16_384

const DELIVER =
  'takeBlocks() has the block; under its token deliver() adds what is missing, where the table deduplicates.'

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
  /** Index of the first block that is not done. */
  #firstOpen = 0
  /** Index of the next block to send. */
  #next = 0
  /** To send before that: what took the place of earlier blocks. */
  readonly #first: Block[] = []
  /** Under way, and an answer was lost. */
  readonly #lost = new Set<Block>()
  #open = 0
  #underWay = 0
  /** Of those, the ones that wait for the only host they may go to: others pass them. */
  #waiting = 0
  #held: boolean
  #failing:
    | { code: 'DELIVERY_FAILED' | 'DEADLINE_EXCEEDED' | 'ABORTED'; text: string; cause: unknown; hint?: string }
    | undefined
  #failure: DeliveryError | undefined
  #grace: NodeJS.Timeout | undefined
  #taken = false
  /** `framingBytes` of `bytes` are of blocks that are being compressed, and will be fewer. */
  readonly totals = {
    blocks: 0,
    bytes: 0,
    framingBytes: 0,
    acknowledgedBlocks: 0,
    acknowledgedBytes: 0,
    retries: 0,
    /** Rows that acceptDuplicates may have stored twice. */
    possibleDuplicates: 0,
  }

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
    this.#pump()
  }

  /** Blocks that are not done. */
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

  /** Resolves when every row before `rowEnd` is acknowledged, or the caller's; also of rows that come later. */
  whenAcknowledged(rowEnd: number): Promise<void> {
    return this.#wait(() => this.#doneEnd() >= rowEnd)
  }

  /** Resolves when nothing is left to do. */
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

  /** What is not done, in order. The caller owns the blocks from now on; their buffers are not reused. */
  take(): Block[] {
    if (this.#taken) return []
    this.#taken = true
    return this.#blocks.filter((block) => !block.isDone).map((block) => block.take())
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

  /** Of the blocks that are not done. */
  openReports(): BlockReport[] {
    return this.#blocks.filter((block) => !block.isDone).map((block) => block.report())
  }

  /** Whether a block that comes now is sent at once, instead of standing in line. */
  get hasRoom(): boolean {
    return this.#sendsMore && this.#first.length === 0 && this.#next === this.#blocks.length
  }

  get #sendsMore(): boolean {
    const { concurrency, throttle } = this.#options
    const underWay = this.#underWay - this.#waiting
    if (this.#held || this.#stop.signal.aborted || this.#mustWait) return false
    return underWay < (throttle?.concurrencyOf(concurrency) ?? concurrency)
  }

  #pump(): void {
    while (this.#sendsMore) {
      const block = this.#first.shift() ?? this.#blocks[this.#next]
      if (block === undefined) return this.#options.listener?.onRoom?.()
      if (block === this.#blocks[this.#next]) this.#next++
      this.#underWay++
      this.#unsettled.get(block)!.runInAsyncScope(() => void this.#deliver(block))
    }
  }

  /** Another block would be one too many for the table to still recognise one whose answer was lost. */
  get #mustWait(): boolean {
    for (const { lostAttempt, trust } of this.#lost) {
      if (trust !== undefined && trust.blocks > 0 && lostAttempt!.sentSince >= trust.blocks - 1) return true
    }
    return false
  }

  async #deliver(block: Block): Promise<void> {
    const { transport, retry, random = Math.random, listener, guard, trust, acceptDuplicates } = this.#options
    const { hosts = transport.hosts.names, recognisers = async ({ lostAttempt }: Block) => [lostAttempt!.host] } =
      this.#options
    if (block.framing !== undefined) {
      await block.framing
      if (this.#stop.signal.aborted) return this.#leave()
    }
    // The state a block comes with (unknown, when it was taken from another statement) is what deliverBlock must see.
    const sending = deliverBlock(block, {
      transport,
      throttle: this.#options.throttle,
      hosts,
      recognisers,
      retry,
      clock: this.#clock,
      random,
      stop: this.#stop.signal,
      abort: this.#abort.signal,
      guard,
      observer: this.#observer,
      onHeld: (isHeld) => {
        this.#waiting += isHeld ? 1 : -1
        this.#pump()
      },
      onRetry: (_, error, delayMs) => {
        this.totals.retries++
        this.#observer.retrying(block, error, delayMs)
        listener?.onRetry(block, error, delayMs)
      },
      trust,
      onLost: () => this.#lost.add(block),
      ...(acceptDuplicates && {
        onPossibleDuplicate: () => {
          this.totals.possibleDuplicates += block.rowCount
        },
      }),
    })
    this.#move(block, 'sent')
    const sent = await sending
    this.#lost.delete(block)
    // An answer that came after the abort's grace, of a block that has another owner by now: its state there stands.
    const end = sent.reason === 'refused' && !this.#taken ? await this.#refused(block, sent) : sent
    this.#underWay--
    if (this.#taken) return
    if (end !== undefined) this.#settle(block, end)
    this.#settleWaiters()
    if (this.#failing !== undefined && this.#underWay === 0) this.#publish()
    this.#pump()
  }

  #settle(block: Block, end: DeliveryEnd): void {
    this.#move(block, end.state)
    if (end.state === 'acknowledged' && block.lastAttempt !== undefined) {
      this.#options.throttle?.acknowledged(block.lastAttempt.age(this.#clock), block.lastAttempt.host)
    }
    if (block.isDone) this.#finish(block)
    else if (end.reason !== 'stopped') this.#failFor(block, end)
    if (end.state !== 'sealed') this.#tellEnd(block, end.state, end.error)
    this.#options.listener?.onSettled(block, end)
  }

  /** The block stays as it is: sealed, or what it was when it came. */
  #leave(): void {
    this.#underWay--
    this.#settleWaiters()
    if (this.#failing !== undefined && this.#underWay === 0) this.#publish()
  }

  /** How the delivery of a refused block ends; undefined: other blocks are in its place. */
  async #refused(block: Block, end: DeliveryEnd): Promise<DeliveryEnd | undefined> {
    const { onRefused, whyPartlyStored } = this.#options
    if (end.state === 'unknown') return end
    const why = end.state === 'rejected' ? await whyPartlyStored?.(block, end.error, this.#abort.signal) : undefined
    if (why !== undefined) {
      // As if its answer were lost.
      block.lostAttempt ??= block.lastAttempt
      return { ...end, state: 'unknown', note: `Some of it may be stored: ${why}`, hint: DELIVER }
    }
    if (onRefused === undefined || this.#stop.signal.aborted) return end
    this.#move(block, end.state)
    try {
      const recourse = await onRefused(block, end, this.#abort.signal)
      if (recourse === undefined) return end
      if ('state' in recourse) return recourse
      // It was taken meanwhile, and whoever has it must not find its rows done.
      if (this.#taken) return end
      if (recourse.length === 0) {
        block.isHandedOver = true
        return end
      }
      // The block as it is does as well for whoever takes it.
      if (this.#stop.signal.aborted) return end
      this.#replace(block, recourse)
      return undefined
    } catch (error) {
      return { ...end, error, hint: (error as Partial<SluiceError>).hint }
    }
  }

  /** Puts other blocks with the same rows in the place of one; they go before those behind it. */
  #replace(block: Block, blocks: readonly Block[]): void {
    this.#uncount(block)
    this.#open--
    this.#blocks.splice(this.#blocks.indexOf(block, this.#firstOpen), 1, ...blocks)
    this.#next += blocks.length - 1
    this.#first.unshift(...blocks)
    if (!blocks.includes(block)) {
      this.#tellEnd(block, 'recut')
      block.release()
    }
    for (const one of blocks) {
      one.state = 'sealed'
      this.#count(one)
    }
  }

  #count(block: Block): void {
    const { totals } = this
    this.#rows[block.state] += block.rowCount
    this.#open++
    totals.blocks++
    totals.bytes += block.byteLength
    this.#countFraming(block)
    if (this.#unsettled.has(block)) return
    this.#unsettled.set(block, new AsyncResource('sluice:block'))
    this.#observer.sealed(block)
    // What is staged when a block fails becomes one that nobody sends.
    if (this.#failure !== undefined) this.#tellEnd(block, 'unsent')
  }

  #countFraming(block: Block): void {
    const { totals } = this
    if (block.framing === undefined) return
    const plainBytes = block.byteLength
    totals.framingBytes += plainBytes
    void block.framing.then(() => {
      totals.framingBytes -= plainBytes
      totals.bytes += block.byteLength - plainBytes
    })
  }

  #uncount(block: Block): void {
    this.#rows[block.state] -= block.rowCount
    this.totals.blocks--
    this.totals.bytes -= block.byteLength
  }

  #tellEnd(block: Block, state: SettledState, error?: unknown): void {
    if (this.#unsettled.delete(block)) this.#observer.settled(block, state, error)
  }

  #move(block: Block, state: BlockState): void {
    if (state === 'unknown') block.lostAttempt ??= block.lastAttempt
    this.#rows[block.state] -= block.rowCount
    block.state = state
    this.#rows[state] += block.rowCount
  }

  #finish(block: Block): void {
    const { totals } = this
    block.release()
    this.#open--
    if (block.isHandedOver) {
      totals.blocks--
      totals.bytes -= block.byteLength
    } else {
      totals.acknowledgedBlocks++
      totals.acknowledgedBytes += block.byteLength
    }
    while (this.#blocks[this.#firstOpen]?.isDone) this.#firstOpen++
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
    const { retry, transport } = this.#options
    const { deadline, attempts } = retry
    const at = transport.hosts.names.length > 1 && block.host !== undefined ? ` at ${block.host}` : ''
    const why = {
      refused: end.error instanceof SchemaError && end.state === 'sealed' ? 'was not sent' : 'was refused',
      callback: 'was refused, and onReject failed',
      untrusted: 'may be stored, and is not sent again',
      attempts: `was not acknowledged in ${attempts} attempts`,
      deadline: `was not acknowledged within ${deadline} ms`,
      stopped: '',
    }[end.reason ?? 'refused']
    this.#failing = {
      code: end.reason === 'deadline' ? 'DEADLINE_EXCEEDED' : 'DELIVERY_FAILED',
      text: `block ${block.token} (${rowsOf(block)}) ${why}${at}: ${describeCause(end.error)}${end.note ? `. ${end.note}` : ''}`,
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
    for (const block of this.#blocks) {
      if (block.state !== 'sent') continue
      block.lostAttempt ??= block.lastAttempt
      this.#move(block, 'unknown')
    }
    for (const block of this.#unsettled.keys()) {
      // One that onReject has at this moment is rejected.
      const { state } = block
      this.#tellEnd(block, state === 'unknown' || state === 'rejected' ? state : 'unsent')
    }
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

  #doneEnd(): number {
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

function rowsOf({ firstRow, rowEnd, rowCount }: Block): string {
  const range = `rows ${firstRow}..${rowEnd - 1}`
  return rowCount === rowEnd - firstRow ? range : `${rowCount} of the ${range}`
}

function describeRows(rows: Readonly<Record<string, number>>): string {
  const told = Object.entries(rows).filter(([, rowCount]) => rowCount > 0)
  return `Rows: ${told.map(([state, rowCount]) => `${rowCount} ${state}`).join(', ')}.`
}

/** What a transport throws when the signal fired before it was even asked. */
export function abortedError(reason: unknown): TransportError {
  return new TransportError('ABORTED', 'The AbortSignal fired.', { cause: reason })
}
