// From rows to blocks on their way: the open block, when it is sealed, and when exec() must ask its caller to wait.
//
//   open block ──full, or old enough──▶ sealed ──▶ engine (at most maxPendingBlocks not acknowledged)
//
//   maxPendingBlocks on their way   exec() stages into the open block and returns a promise: the wait
//   and the open block full too     exec() throws BACKPRESSURE; the block is sealed with the next acknowledgement

import { AsyncResource } from 'node:async_hooks'
import { BLOCK_FULL, type BlockBuilder, LOOK, STAGED, type StageResult } from '../block/builder.ts'
import { type GivenColumns, stageRest } from '../block/given-columns.ts'
import type { Split } from '../block/partition/splitter.ts'
import type { SealedBytes } from '../block/sealed.ts'
import type { TextWay } from '../column/column.ts'
import { Block } from '../engine/block.ts'
import { BlockRows } from '../engine/block-rows.ts'
import type { DeliveryEnd } from '../engine/deliver-block.ts'
import { describeCause } from '../engine/describe-cause.ts'
import { Engine, type EngineListener } from '../engine/engine.ts'
import type { TableFigures } from '../engine/figures.ts'
import type { ThrottleCause } from '../engine/throttle.ts'
import { blockToken } from '../engine/token.ts'
import { EncodeError, SchemaError, UsageError } from '../errors.ts'
import type { Column } from '../types/node.ts'
import { Cutter } from './cutter.ts'
import { Pace } from './pace.ts'
import { whyPartlyStored } from './partly-stored.ts'
import type { StatementPlan } from './plan.ts'
import { cannotFollow, recut } from './recut.ts'
import { speaksOfAnotherTable } from './schema-guard.ts'

export interface StagingHooks extends Pick<EngineListener, 'onSettled' | 'onRetry' | 'onFailed'> {
  /** Throws unless rows are welcome. */
  readonly assertOpen: () => void
  readonly onDrain: () => void
  readonly onThrottle: (why: ThrottleCause) => void
}

/** exec() only stages. */
const FAST = 0
/** exec() has more to do: the first row of a block, a wait, an end. */
const SLOW = 1
/** A row is being staged. */
const STAGING = 2

/** How often a block goes again that was refused as one for another table, which was not to be seen. */
const REPEATS_MAX = 3

/** Small blocks sealed early beyond maxPendingBlocks. */
const OVERFLOW_BLOCKS = 1_000

/** Blocks that no call seals, but the clock, or room that becomes free, are in no caller's asynchronous context, and hold none in memory. */
const NOBODY = new AsyncResource('sluice')

interface Wait {
  readonly began: number
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class Staging {
  readonly engine: Engine
  waits = 0
  earlySeals = 0
  readonly #plan: StatementPlan
  readonly #hooks: StagingHooks
  readonly #figures: TableFigures
  /** In the order of a row given as an array. */
  columns: readonly Column[]
  readonly #repeated = new WeakMap<Block, number>()
  readonly #cutter: Cutter | undefined
  /** Why the statement did not follow the last change of its table. */
  unfollowed: unknown
  /** Undefined while the statement rests, and at its end: its memory is somebody else's then. */
  #builder: BlockBuilder | undefined
  #newBuilder: StatementPlan['newBuilder']
  /** Empty, for the rows of whole columns that the open block has no room for. */
  #spare: BlockBuilder | undefined
  #targetOf: StatementPlan['targetOf']
  readonly #pace = new Pace()
  #mode: typeof FAST | typeof SLOW | typeof STAGING = SLOW
  #sequence = 0
  /** Rows accepted before the open block. */
  #earlierRows = 0
  /** The open block takes no row before there is room for it. */
  #full = false
  /** Seal the open block as soon as there is room. */
  #sealSoon = false
  /** There while maxPendingBlocks are on their way. */
  #wait: Wait | undefined
  #timer: NodeJS.Timeout | undefined
  /** Somebody waits for rows of the open block: its timer then keeps the process alive. */
  #awaited = 0
  #openedAt = 0
  /** The open block is old enough, and goes as soon as it need not stand in line: until then it takes rows. */
  #isDue = false
  readonly #unwatch: () => void
  /** Rows accepted when the timer last found none staged. */
  #restedAt = -1

  constructor(plan: StatementPlan, hooks: StagingHooks) {
    this.#plan = plan
    this.#hooks = hooks
    this.#figures = plan.engine.observer.figuresOf(plan.table)
    this.columns = plan.columns
    this.#newBuilder = plan.newBuilder
    this.#targetOf = plan.targetOf
    const { name, framer, logger, onReject } = plan
    if (onReject !== undefined) {
      this.#cutter = new Cutter({ name, onReject, framer, logger })
    }
    this.#open(plan.newBuilder())
    this.engine = new Engine({
      ...plan.engine,
      guard: plan.guard,
      name: plan.name,
      held: plan.holdUntilCommit,
      stagedRows: () => this.stagedRows,
      whyPartlyStored: (block, error, signal) => this.#whyPartlyStored(block, error, signal),
      onRefused: (block, end) => this.#recut(block, end.error) ?? this.#cutter?.refused(block, end),
      listener: {
        ...hooks,
        onSettled: (block, end) => this.#settled(block, end),
        onRoom: () => {
          if (this.#isDue) NOBODY.runInAsyncScope(() => this.sealOpen())
        },
      },
    })
    this.#unwatch = plan.engine.throttle.watch(plan.flushInterval, (why) => {
      if (this.stagedRows > 0 && this.#timer !== undefined) this.#tick()
      hooks.onThrottle(why)
    })
  }

  /** Rows accepted. */
  get rowCount(): number {
    return this.#earlierRows + this.stagedRows
  }

  get textWays(): Readonly<Record<string, TextWay>> {
    return this.#builder?.textWays ?? {}
  }

  /** Whether the caller is a getter of the row that is being staged. */
  get isStaging(): boolean {
    return this.#mode === STAGING
  }

  /** Rows in the open block. */
  get stagedRows(): number {
    return this.#builder?.rowCount ?? 0
  }

  /** See Statement.exec. */
  exec(row: object | readonly unknown[]): Promise<void> | undefined {
    if (this.#mode !== FAST) return this.#execFirst(row)
    const result = this.#stage(row)
    return result === STAGED ? undefined : this.#execMore(result, row)
  }

  /** exec() that is never refused for want of room: its promise then also means that the row is staged. */
  execPatiently(row: object | readonly unknown[]): Promise<void> | undefined {
    // Full and nothing to wait for: the statement is over, which exec() says.
    if (!this.#full || this.#wait === undefined) {
      try {
        return this.exec(row)
      } catch (error) {
        if (!(error instanceof UsageError && error.code === 'BACKPRESSURE')) throw error
      }
    }
    return this.#wait!.promise.then(() => this.execPatiently(row))
  }

  /** See Statement.execColumns. */
  execColumns(data: object): Promise<void> | undefined {
    this.#hooks.assertOpen()
    this.#mode = STAGING
    try {
      return this.#stageColumns(data)
    } catch (error) {
      if (error instanceof EncodeError) this.#lookSoon()
      throw error
    } finally {
      this.#mode = SLOW
    }
  }

  /** Seals the open block, now or when there is room for it. */
  sealOpen(): void {
    if (this.stagedRows === 0) return
    if (this.#wait === undefined) this.#seal()
    else this.#sealSoon = true
  }

  /** engine.whenAcknowledged(), during which the process lives on until the timer has sealed the open block. */
  async whenAcknowledged(rowEnd: number): Promise<void> {
    this.#awaited++
    this.#timer?.ref()
    try {
      await this.engine.whenAcknowledged(rowEnd)
    } finally {
      if (--this.#awaited === 0) this.#timer?.unref()
    }
  }

  /** Rows are staged for other columns from now on; those that are staged go as they are. */
  follow(columns: readonly Column[], { newBuilder, targetOf }: Pick<StatementPlan, 'newBuilder' | 'targetOf'>): void {
    if (this.stagedRows > 0) this.#seal()
    this.#freeBuilders()
    this.columns = columns
    this.#newBuilder = newBuilder
    this.#targetOf = targetOf
    this.#open(newBuilder())
    this.#mode = SLOW
  }

  /** Every block that is not acknowledged, the open one included. Only when nothing is sent any more. */
  take(): Block[] {
    if (this.stagedRows > 0) this.#seal()
    return this.engine.take()
  }

  /** Gives up what was not sent; returns how many rows that were. Only when nothing is sent any more. */
  drop(): number {
    const rowCount = this.stagedRows
    this.#earlierRows += rowCount
    this.#figures.acceptedRows += rowCount
    this.#figures.rows.dropped += rowCount
    this.#builder?.reset()
    return rowCount + this.engine.drop()
  }

  /** exec() asks `assertOpen` from now on; no timer seals anything. */
  halt(): void {
    this.#mode = SLOW
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isDue = false
    this.#unwatch()
  }

  /** Rejects whoever waits for room. */
  refuse(error: Error): void {
    this.#wait?.reject(error)
    this.#endWait()
  }

  /** Gives the memory back. */
  end(error: Error): void {
    this.halt()
    this.refuse(error)
    this.engine.end(error)
    this.#freeBuilders()
  }

  #freeBuilders(): void {
    this.#builder?.free()
    this.#spare?.free()
    this.#builder = this.#spare = undefined
  }

  #open(builder: BlockBuilder): BlockBuilder {
    builder.firstRow = this.#earlierRows
    builder.lookRows = this.#pace.rows
    this.#builder = builder
    return builder
  }

  /** The builder is not re-entrant, and a row may have getters that call the statement: they find it STAGING. */
  #stage(row: object | readonly unknown[]): StageResult {
    this.#mode = STAGING
    try {
      const result = this.#builder!.stage(row)
      if (this.#mode === STAGING) this.#mode = FAST
      return result
    } catch (error) {
      this.#mode = SLOW
      throw error
    }
  }

  /** exec() where something else is due as well. */
  #execFirst(row: object | readonly unknown[]): Promise<void> | undefined {
    this.#hooks.assertOpen()
    this.#sealLate()
    if (this.#full) throw this.#backpressure()
    const builder = this.#builder ?? this.#open(this.#newBuilder())
    if (builder.rowCount === 0) this.#assertHoldRoom()
    const result = this.#stageFirst(row)
    if (result !== STAGED && result !== LOOK) return this.#execMore(result, row)
    if (builder.rowCount === 1) this.#startTimer()
    if (this.#wait !== undefined) {
      this.#mode = SLOW
      return this.#wait.promise
    }
    return result === LOOK ? this.#look() : undefined
  }

  #stageFirst(row: object | readonly unknown[]): StageResult {
    try {
      return this.#stage(row)
    } catch (error) {
      this.#lookSoon()
      throw error
    }
  }

  /** A row that is refused may be one for a table that changed: then the next look at it must not wait for a block. */
  #lookSoon(): void {
    if (this.#plan.adapt !== undefined) this.#plan.guard?.lookSoon()
  }

  /** Into the open block what it has room for, the rest into blocks behind it; where one value is refused, nothing. */
  #stageColumns(data: object): Promise<void> | undefined {
    this.#sealLate()
    const builder = this.#builder ?? this.#open(this.#newBuilder())
    const columns = builder.readColumns(data)
    if (columns.rowCount === 0) return undefined
    if (this.#full) throw this.#backpressure()
    const before = builder.rowCount
    if (before === 0) this.#assertHoldRoom()
    const staged = builder.stageColumns(columns, 0)
    const isWhole = staged === columns.rowCount
    if (isWhole && !builder.isFull) {
      if (before === 0) this.#startTimer()
      return this.#wait?.promise ?? this.#look()
    }
    if (isWhole && this.#wait !== undefined) {
      builder.keep()
      this.#full = this.#sealSoon = true
    } else if (isWhole) this.#seal()
    else {
      try {
        this.#sealAndStageRest(columns, staged)
      } catch (error) {
        builder.truncate(before)
        throw error
      }
    }
    return this.#wait?.promise ?? this.#pace.turn()
  }

  /** Nobody sees a block of the call before all of its rows are staged. */
  #sealAndStageRest(columns: GivenColumns, from: number): void {
    if (this.#wait !== undefined && !this.#mayOverflow()) throw this.#backpressure()
    this.#spare ??= this.#newBuilder()
    const [builder, spare] = [this.#builder!, this.#spare]
    const { sealed, earlySeals } = stageRest(spare, columns, from, this.rowCount)
    try {
      this.#assertHoldRoom(sealed.reduce((sum, { bytes }) => sum + bytes.length, builder.byteLength))
    } catch (error) {
      for (const { release } of sealed) release()
      spare.reset()
      throw error
    }
    this.earlySeals += earlySeals + (builder.isFull ? 0 : 1)
    this.#seal()
    for (const block of sealed) this.#add(block)
    this.#open(spare)
    this.#spare = builder
    if (spare.rowCount > 0) this.#startTimer()
  }

  /** exec() where the open block is full with this row (BLOCK_FULL), or must go before it (SEAL_FIRST), or time goes by. */
  #execMore(result: Exclude<StageResult, typeof STAGED>, row: object | readonly unknown[]): Promise<void> | undefined {
    if (result === LOOK) return this.#look()
    const hasRoom = this.#wait === undefined
    if (result === BLOCK_FULL) {
      if (hasRoom) this.#seal()
      else {
        this.#full = this.#sealSoon = true
        this.#mode = SLOW
      }
    } else {
      if (!hasRoom && !this.#mayOverflow()) throw this.#backpressure()
      this.earlySeals++
      this.#seal()
      const pause = this.#execFirst(row)
      if (pause !== undefined) return pause
    }
    return this.#wait?.promise ?? this.#pace.turn()
  }

  #look(): Promise<void> | undefined {
    const pause = this.#pace.look()
    this.#builder!.lookRows = this.#pace.rows
    return pause
  }

  #seal(): void {
    this.#add(this.#builder!.seal())
  }

  /** What could not be sealed when there was room for it. */
  #sealLate(): void {
    if (this.#full && this.#wait === undefined) this.#seal()
  }

  #add(sealed: SealedBytes): void {
    const { maxPendingBlocks, holdUntilCommit, logger, name } = this.#plan
    const firstRow = this.#earlierRows
    this.#earlierRows += sealed.rowCount
    this.#figures.acceptedRows += sealed.rowCount
    this.#builder!.firstRow = this.#earlierRows
    const blocks = this.#blocksOf(sealed, firstRow)
    this.#full = this.#sealSoon = this.#isDue = false
    this.#mode = SLOW // the first row of the next block starts its time
    for (const block of blocks) {
      const { token, rowCount: rows, byteLength: bytes } = block
      logger?.debug('flush', { table: name, token, firstRow, rows, bytes })
      this.engine.add(block)
    }
    const isFull = !holdUntilCommit && this.engine.openCount >= maxPendingBlocks
    if (isFull && this.#wait === undefined) this.#startWait()
  }

  /** One, or with splitByPartition one a partition. */
  #blocksOf(sealed: SealedBytes, firstRow: number): Block[] {
    const { rowCount } = sealed
    const splits = this.#split(sealed)
    if (splits === undefined) return [this.#blockOf(sealed, new BlockRows(firstRow, rowCount), this.#targetOf)]
    const rowEnd = firstRow + rowCount
    return splits.map((split) => {
      const rows = new BlockRows(firstRow, split.rows.count, { rowEnd, offsets: split.rows.toIndexes() })
      return this.#blockOf(split.sealed, rows, this.#targetOf)
    })
  }

  #split(sealed: SealedBytes): Split[] | undefined {
    const { splitter, logger, name } = this.#plan
    try {
      return splitter?.split(sealed)
    } catch (error) {
      // For want of memory, say: its rows are in no other place. The server makes the parts itself, or refuses so many partitions.
      logger?.warn('split', { table: name, cause: describeCause(error) })
      return undefined
    }
  }

  #blockOf(sealed: Split['sealed'], rows: BlockRows, targetOf: StatementPlan['targetOf']): Block {
    const token = blockToken(this.#plan.engineUuid, this.#sequence++, sealed.hash)
    const block = new Block(token, rows, sealed, targetOf(sealed.columnNames, sealed.nullsAsDefault))
    if (this.#plan.framer !== undefined) block.compress(this.#plan.framer)
    return block
  }

  /** What was cut lay in one place, and so do its pieces. */
  async #whyPartlyStored(block: Block, error: unknown, signal: AbortSignal): Promise<string | undefined> {
    if (this.#cutter?.isPiece(block)) return undefined
    return await whyPartlyStored(this.#plan.engine.transport, block, error, signal)
  }

  /** The same rows for the table as it is now, under tokens of their own; undefined where the statement does not follow it. */
  #recut(block: Block, refusal: unknown): Block[] | undefined {
    const { adapt, guard, logger, name } = this.#plan
    if (adapt === undefined || guard?.hasDoubts) return undefined
    if (!(refusal instanceof SchemaError)) return this.#repeat(block, refusal)
    if (block.columns?.every((column) => this.columns.includes(column))) {
      if (this.unfollowed === undefined) return undefined
      throw cannotFollow(refusal, `It cannot be followed: ${describeCause(this.unfollowed)}`)
    }
    // Columns that the block has not: the server fills them, as for the rows that it has.
    const names = new Set(block.columns?.map((column) => column.name))
    const { newBuilder, targetOf } = adapt.make(this.columns.filter((column) => names.has(column.name)))
    const builder = newBuilder()
    try {
      let end = 0
      const blocks = recut(block, refusal, builder).map((sealed) => {
        end += sealed.rowCount
        return this.#blockOf(sealed, block.rows.slice(end - sealed.rowCount, sealed.rowCount), targetOf)
      })
      logger?.info('recut', { table: name, token: block.token, tokens: blocks.map(({ token }) => token) })
      return blocks
    } finally {
      builder.free()
    }
  }

  /** The table has been another, and the one it was before anybody could look: the block goes as it is, a few times. */
  #repeat(block: Block, refusal: unknown): Block[] | undefined {
    const times = this.#repeated.get(block) ?? 0
    if (!speaksOfAnotherTable(refusal) || times === REPEATS_MAX || this.#cutter?.isPiece(block)) return undefined
    this.#repeated.set(block, times + 1)
    return [block]
  }

  #settled(block: Block, end: DeliveryEnd): void {
    this.#hooks.onSettled(block, end)
    const wait = this.#wait
    if (this.engine.openCount >= this.#plan.maxPendingBlocks) return
    this.#endWait()
    // Rows staged meanwhile go first. That may use up the room again, and then the next exec() waits anew.
    try {
      if (this.#sealSoon && this.stagedRows > 0) NOBODY.runInAsyncScope(() => this.#seal())
    } catch (error) {
      // For want of memory, say: the rows stay staged, and go with the next acknowledgement or call.
      return wait?.reject(error as Error)
    }
    if (wait === undefined) return
    wait.resolve()
    if (this.#wait === undefined) this.#hooks.onDrain()
  }

  #startWait(): void {
    this.waits++
    let settle: Pick<Wait, 'resolve' | 'reject'>
    const promise = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject }
    })
    promise.catch(() => {}) // the next exec, flush or commit throws the same
    this.#wait = { began: performance.now(), promise, ...settle! }
    this.#plan.engine.observer.waiting(this.#plan.table, this.engine.openCount)
  }

  #endWait(): void {
    if (this.#wait === undefined) return
    this.#plan.engine.observer.drained(this.#plan.table, performance.now() - this.#wait.began)
    this.#wait = undefined
  }

  #startTimer(): void {
    const { flushInterval, holdUntilCommit } = this.#plan
    if (flushInterval === 0 || holdUntilCommit) return
    this.#openedAt = performance.now()
    this.#timer ??= this.#after(this.#interval)
  }

  get #interval(): number {
    return this.#plan.engine.throttle.intervalOf(this.#plan.flushInterval)
  }

  /** One timer for all blocks: it looks whether the open one is old enough, instead of being set anew for each. */
  readonly #tick = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.stagedRows === 0) return this.#rest()
    const left = this.#interval - (performance.now() - this.#openedAt)
    if (left > 1) this.#timer = this.#after(left)
    else if (this.engine.hasRoom) this.sealOpen()
    else this.#isDue = true
  }

  /** Gives the memory back where no row came since the last look: of many open statements few have something to do. */
  #rest(): void {
    if (this.#restedAt === this.#earlierRows) {
      this.#freeBuilders()
      this.#mode = SLOW
    } else this.#timer = this.#after(this.#plan.flushInterval)
    this.#restedAt = this.#earlierRows
  }

  #after(ms: number): NodeJS.Timeout {
    const timer = NOBODY.runInAsyncScope(() => setTimeout(this.#tick, ms))
    return this.#awaited > 0 ? timer : timer.unref()
  }

  /** @param more  bytes of full blocks that come with the call */
  #assertHoldRoom(more = 0): void {
    const { holdUntilCommit, holdBytesMax, blockBytes, name } = this.#plan
    if (!holdUntilCommit) return
    const held = this.engine.totals.bytes + more
    if (held === 0 || held + blockBytes <= holdBytesMax) return
    throw new UsageError(
      'HOLD_LIMIT',
      `${name}: ${held} bytes are held for commit(), and one more block may exceed ${holdBytesMax}.`,
      { hint: 'Nothing of this call is staged; the rest is: commit() or rollback(), or raise holdBytesMax.' },
    )
  }

  /**
   * Rows that leave out other columns seal small blocks; callers who await must not be refused for that. While the pending
   * blocks together hold no more than full ones would, and are not too many, one more may be sealed.
   */
  #mayOverflow(): boolean {
    const { maxPendingBlocks, blockBytes } = this.#plan
    const { bytes, acknowledgedBytes } = this.engine.totals
    return (
      bytes - acknowledgedBytes + this.#builder!.byteLength <= maxPendingBlocks * blockBytes &&
      this.engine.openCount < maxPendingBlocks + OVERFLOW_BLOCKS
    )
  }

  #backpressure(): UsageError {
    return new UsageError(
      'BACKPRESSURE',
      `${this.#plan.name}: ${this.engine.openCount} blocks are on their way and the open one is full.`,
      { hint: 'Nothing of this call is staged. Await the promise that the call before returned, then repeat it.' },
    )
  }
}
