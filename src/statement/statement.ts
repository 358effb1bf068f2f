import { EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'
import type { ColumnData } from '../column/column-data.ts'
import type { Block, BlockReport, SealedBlock } from '../engine/block.ts'
import type { DeliveryEnd } from '../engine/deliver-block.ts'
import type { DeliveryError } from '../engine/delivery-error.ts'
import { describeCause } from '../engine/describe-cause.ts'
import { abortedError } from '../engine/engine.ts'
import type { Place } from '../engine/observer.ts'
import type { ThrottleCause } from '../engine/throttle.ts'
import { show, UsageError } from '../errors.ts'
import type { Column, Row } from '../types/node.ts'
import { callSafely } from './caller-code.ts'
import type { StatementPlan } from './plan.ts'
import { type RejectEvent, rejectEvent } from './rejected.ts'
import { Staging } from './staging.ts'
import type { CommitSummary, LeftBlock, Pace, RollbackSummary, StatementStats } from './stats.ts'
import { rowWritable } from './writable.ts'

export interface RetryEvent {
  readonly token: string
  /** Attempts of the block so far; 0 where what is asked of the server before the first one had no answer. */
  readonly attempt: number
  readonly error: unknown
  readonly delayMs: number
}

export interface ThrottleEvent extends Pace {
  /** `refused`: code 252; `delayed`: the server lets inserts wait; `recovering`: it took the last block at once. */
  readonly why: ThrottleCause
}

export interface StatementEvents {
  /** A block reached its last state. */
  block: [report: BlockReport]
  retry: [event: RetryEvent]
  /** The server refused a block; with onReject, a row alone. Comes before `block`. */
  reject: [event: RejectEvent]
  /** exec() need no longer wait. */
  drain: []
  /** Blocks that are not full go more rarely, because the server does not keep up with merging; or more often again. */
  throttle: [event: ThrottleEvent]
  /** With onSchemaChange 'adapt': the table changed, and rows are staged for these columns from now on. */
  schema: [change: { readonly columns: readonly Column[]; readonly before: readonly Column[] }]
}

const EVENTS: readonly (keyof StatementEvents)[] = ['block', 'retry', 'reject', 'drain', 'throttle', 'schema']

type Phase = 'open' | 'being committed' | 'being closed' | 'failed' | 'committed' | 'rolled back' | 'closed'

/**
 * An INSERT prepared for one table and column list: rows in, blocks out, one INSERT request per block.
 *
 * Made by `connection.prepare()`. Disposing a statement that was not committed rolls it back. No promise it returns becomes
 * an unhandled rejection: what one of them says is said again by the next exec, flush or commit.
 */
export class Statement<R = Row> implements AsyncDisposable {
  readonly #plan: StatementPlan
  readonly #staging: Staging
  readonly #events = new EventEmitter()
  readonly #registry: Set<Statement<never>>
  #phase: Phase = 'open'
  /** execMany() calls under way. */
  #feeding = 0
  #failureTold = false
  #rolledBackRows = 0

  /** @internal */
  constructor(plan: StatementPlan, registry: Set<Statement<never>>) {
    this.#plan = plan
    this.#registry = registry
    this.#staging = new Staging(plan, {
      assertOpen: () => this.#assertOpen(),
      onSettled: (block, end) => this.#settled(block, end),
      onRetry: (block, error, delayMs) => this.#retrying(block, error, delayMs),
      onFailed: (error) => this.#failed(error),
      onDrain: () => this.#emit('drain'),
      onThrottle: (why) => this.#throttled(why),
    })
    if (plan.guard && plan.adapt) plan.guard.onChange = (table) => this.#follow(table)
    plan.signal?.addEventListener('abort', this.#aborted, { once: true })
    registry.add(this)
  }

  /** The columns of a row given as an array, in this order, with the types the server has. */
  get columns(): readonly Column[] {
    return this.#staging.columns
  }

  /**
   * Blocks that are not done, for the account of close().
   *
   * @internal
   */
  get left(): LeftBlock[] {
    return this.#staging.engine.openReports().map((report) => ({ table: this.#plan.name, ...report }))
  }

  /** @internal */
  get place(): Place {
    return this.#plan.table
  }

  /** As of now; take it again for newer figures. */
  get stats(): StatementStats {
    const { engine, rowCount, stagedRows, waits, earlySeals, textWays: texts } = this.#staging
    const { blocks, bytes, framingBytes, retries, possibleDuplicates } = engine.totals
    return {
      accepted: rowCount - this.#rolledBackRows,
      staged: stagedRows,
      ...engine.rows,
      blocks,
      bytes: bytes - framingBytes,
      retries,
      possibleDuplicates,
      waits,
      earlySeals,
      pace: this.#pace,
      texts,
      warnings: this.#plan.warnings,
    }
  }

  /**
   * Stages one row in the open block; seals and sends the block when it is full.
   *
   * `await statement.exec(row)` is always right; `const p = statement.exec(row); if (p) await p` is the fast form.
   *
   * @param row  values by column name, or an array in the order of `columns`. A missing key takes the column's DEFAULT.
   * @returns    undefined, or a promise to await before the next row: the event loop needs a turn, or maxPendingBlocks are on
   *             their way. If it rejects, a block failed for good; the row itself was accepted, repeating it would duplicate it.
   * @throws {EncodeError}    This row is left out whole; earlier rows stay staged and the statement stays usable.
   * @throws {UsageError}     BACKPRESSURE (this row is not staged: await the promise of the call before), HOLD_LIMIT,
   *                          STATEMENT_CLOSED, STATEMENT_FAILED.
   * @throws {DeliveryError}  The first call after a block failed for good. This row is not staged.
   */
  exec(row: R | readonly unknown[]): Promise<void> | undefined {
    return this.#staging.exec(row as object)
  }

  /**
   * exec() for many rows, waiting where it asks to.
   *
   * @returns the number of rows accepted.
   * @throws  what exec() throws, and what the iterable throws; rows before it are accepted and stay, to commit or roll back.
   */
  execMany(rows: Iterable<R | readonly unknown[]> | AsyncIterable<R | readonly unknown[]>): Promise<number> {
    return quiet(this.#execMany(rows))
  }

  /**
   * Stages whole columns: value number i of each is one row. Typed arrays of the column's own kind are copied as they are; texts
   * of UUID, IP, date, time, Decimal and integer columns are read in the core, and as bytes and offsets never become strings.
   *
   * A call is accepted whole or not at all, and when it returns the arrays are the caller's again. It may fill many blocks, all of
   * which are then in memory: hand over some blocks' worth of rows at a time, and await.
   *
   * @param columns  by name; see ColumnData. One that is absent takes its DEFAULT in every row, as does `undefined` in an array.
   * @returns        undefined, or a promise to await before the next call, as exec().
   * @throws {EncodeError}    Names column and row, UNEQUAL_LENGTHS both columns, UNKNOWN_COLUMN the closest one. Nothing of the
   *                          call is staged; earlier rows stay, and the statement stays usable.
   * @throws {UsageError}     BACKPRESSURE, HOLD_LIMIT (nothing of the call is staged), STATEMENT_CLOSED, STATEMENT_FAILED.
   * @throws {DeliveryError}  The first call after a block failed for good. Nothing of this call is staged.
   */
  execColumns(columns: Readonly<Record<string, ColumnData>>): Promise<void> | undefined {
    return this.#staging.execColumns(columns)
  }

  /**
   * Seals what is staged; resolves when every row accepted so far is acknowledged.
   *
   * @throws {DeliveryError}  A block failed for good: the statement is failed.
   * @throws {SchemaError}    SCHEMA_CHANGED: every row is acknowledged, but the table changed meanwhile, and the server is one
   *                          that does not notice (18.16). The message names the rows that may have other values now.
   * @throws {UsageError}     NOT_SUPPORTED with holdUntilCommit, STATEMENT_CLOSED, STATEMENT_FAILED.
   */
  flush(): Promise<void> {
    return quiet(this.#flush())
  }

  /**
   * Resolves when the row of this index, and all before it, are acknowledged; or handed to onReject, where the server refused them. Seals nothing: the block goes when it is full or
   * flushInterval has passed. For source offsets, or for answering a request whose row this was.
   *
   * @param rowIndex  default: the last row accepted.
   * @throws {DeliveryError} A block failed for good.
   * @throws {UsageError} BAD_OPTION for a row that exec() was not given yet, STATEMENT_CLOSED after rollback, NOT_SUPPORTED with
   *                      holdUntilCommit before commit(): it would wait for ever.
   */
  whenAcknowledged(rowIndex: number = this.#staging.rowCount - 1): Promise<void> {
    return quiet(this.#whenAcknowledged(rowIndex))
  }

  /**
   * Sends what is left, waits for every acknowledgement and ends the statement.
   *
   * @throws {DeliveryError}  A block failed for good: the statement is failed, takeBlocks() and rollback() are legal.
   * @throws {SchemaError}    SCHEMA_CHANGED, as flush(); the statement is over.
   * @throws {UsageError}     BUSY while an execMany() runs, STATEMENT_CLOSED on a second commit, STATEMENT_FAILED.
   */
  commit(): Promise<CommitSummary> {
    return quiet(this.#commit())
  }

  /**
   * Drops what was not sent and ends the statement. What is under way may finish its attempt (at most attemptTimeout) and
   * is listed, as is everything sent before: ClickHouse has no way back for it. With holdUntilCommit nothing was sent.
   *
   * @throws {UsageError} STATEMENT_CLOSED when the statement is over, or being committed.
   */
  rollback(): Promise<RollbackSummary> {
    return quiet(this.#rollback())
  }

  /**
   * After a failure: every block that is not acknowledged, the open one included, for `connection.deliver()`. They keep their
   * tokens, so a table that deduplicates stores none of them twice. They belong to the caller now; a second call gives none.
   *
   * @throws {UsageError} BUSY while the statement is well and holds rows.
   */
  takeBlocks(): SealedBlock[] {
    if (this.#phase === 'failed') {
      this.#registry.delete(this)
      return this.#staging.take()
    }
    if (this.#isOver || (this.#staging.stagedRows === 0 && this.#staging.engine.openCount === 0)) return []
    throw new UsageError('BUSY', `${this.#plan.name}: the statement is well, its blocks are still its own.`, {
      hint: 'takeBlocks() is for a failed statement. commit() sends them; an aborted signal makes it fail.',
    })
  }

  /**
   * A stream of rows in object mode; its end waits for their acknowledgement (with holdUntilCommit it does not). The statement
   * stays open, to be committed or rolled back. A row that is refused destroys the stream, not the statement.
   */
  writable(): Writable {
    return rowWritable({
      exec: (row) => this.#staging.execPatiently(row),
      execMany: (rows) => this.#execMany(rows as R[]),
      finish: () => (this.#plan.holdUntilCommit ? Promise.resolve() : this.#flush()),
    })
  }

  /** @throws {UsageError} BAD_OPTION for an event there is not. */
  on<E extends keyof StatementEvents>(event: E, listener: (...args: StatementEvents[E]) => void): this {
    if (!EVENTS.includes(event)) {
      throw new UsageError('BAD_OPTION', `There is no event ${show(event)}.`, { hint: `Events: ${EVENTS.join(', ')}.` })
    }
    this.#events.on(event, listener as (...args: unknown[]) => void)
    return this
  }

  off<E extends keyof StatementEvents>(event: E, listener: (...args: StatementEvents[E]) => void): this {
    this.#events.off(event, listener as (...args: unknown[]) => void)
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#phase === 'open' || this.#phase === 'failed') await this.#rollback()
  }

  /**
   * What connection.close() does with a statement that is not over: delivers its rows, except those held for a commit that did
   * not come. Never rejects: where rows could not be delivered the statement is failed, and takeBlocks() has them.
   *
   * @param hurry  ends the attempts under way; its reason is the time that close() gave them
   * @internal
   */
  async finish(hurry: AbortSignal): Promise<void> {
    if (this.#isOver || this.#phase === 'failed') return
    const { engine } = this.#staging
    const late = () => engine.fail('DEADLINE_EXCEEDED', `close() waited ${hurry.reason} ms`, undefined)
    hurry.addEventListener('abort', late, { once: true })
    try {
      if (this.#phase === 'open' && this.#plan.holdUntilCommit) {
        await this.#rollback()
      } else if (this.#phase === 'open') {
        this.#leave('being closed')
        this.#staging.sealOpen()
        await engine.whenAcknowledged(this.#staging.rowCount)
        this.#end('closed')
      } else {
        await engine.whenAcknowledged(this.#staging.rowCount)
      }
    } catch {
      // The close summary counts these rows as not delivered.
    } finally {
      hurry.removeEventListener('abort', late)
    }
  }

  /**
   * rollback() for a transaction, which must also account for statements that are over.
   *
   * @internal
   */
  undo(): Promise<RollbackSummary> {
    return this.#isOver ? Promise.resolve(this.#sentBesides(0)) : this.#rollback()
  }

  async #execMany(rows: Iterable<R | readonly unknown[]> | AsyncIterable<R | readonly unknown[]>): Promise<number> {
    this.#assertOpen()
    if (rows === null || typeof rows !== 'object' || !(Symbol.iterator in rows || Symbol.asyncIterator in rows)) {
      throw new UsageError('BAD_OPTION', `execMany() takes an iterable of rows, not ${show(rows)}.`, {
        hint: 'One row goes to exec(row), or to execMany([row]).',
      })
    }
    this.#feeding++
    let rowCount = 0
    try {
      if (Symbol.iterator in rows) {
        for (const row of rows) {
          const pause = this.#staging.execPatiently(row as object)
          rowCount++
          if (pause !== undefined) await pause
        }
      } else {
        for await (const row of rows) {
          const pause = this.#staging.execPatiently(row as object)
          rowCount++
          if (pause !== undefined) await pause
        }
      }
      return rowCount
    } finally {
      this.#feeding--
    }
  }

  async #flush(): Promise<void> {
    this.#assertOpen()
    if (this.#plan.holdUntilCommit) {
      throw new UsageError('NOT_SUPPORTED', `${this.#plan.name}: flush() would break holdUntilCommit.`, {
        hint: 'commit() sends everything; a statement without holdUntilCommit can flush.',
      })
    }
    const rowEnd = this.#staging.rowCount
    this.#staging.sealOpen()
    await this.#acknowledged(rowEnd)
    await this.#plan.guard?.confirm()
  }

  async #whenAcknowledged(rowIndex: number): Promise<void> {
    const { rowCount } = this.#staging
    if (this.#phase === 'rolled back') throw this.#closedError()
    if (!Number.isInteger(rowIndex) || rowIndex < -1 || rowIndex >= rowCount) {
      throw new UsageError(
        'BAD_OPTION',
        `whenAcknowledged(${rowIndex}): exec() accepted ${rowCount} rows so far, counted from 0.`,
      )
    }
    if (this.#plan.holdUntilCommit && this.#phase === 'open' && rowIndex >= 0) {
      throw new UsageError(
        'NOT_SUPPORTED',
        `${this.#plan.name}: nothing is sent before commit(), which says the same.`,
        {
          hint: 'Await commit(); a statement without holdUntilCommit tells when a row is acknowledged.',
        },
      )
    }
    await this.#staging.whenAcknowledged(rowIndex + 1)
  }

  async #commit(): Promise<CommitSummary> {
    this.#assertOpen()
    if (this.#feeding > 0) {
      throw new UsageError('BUSY', `${this.#plan.name}: an execMany() is still running.`, {
        hint: 'Await it before commit().',
      })
    }
    this.#leave('being committed')
    this.#staging.sealOpen()
    const { engine } = this.#staging
    engine.release()
    await this.#acknowledged(this.#staging.rowCount)
    try {
      await this.#plan.guard?.confirm()
    } finally {
      this.#end('committed')
    }
    const { acknowledgedBlocks: blocks, acknowledgedBytes: bytes, retries, possibleDuplicates } = engine.totals
    const { acknowledged: rows, rejected } = engine.rows
    this.#plan.logger?.debug('commit', { table: this.#plan.name, rows, blocks, bytes, retries })
    const tokens = engine.reports().flatMap(({ state, token }) => (state === 'acknowledged' ? [token] : []))
    return { rows, blocks, bytes, tokens, retries, possibleDuplicates, rejected }
  }

  async #rollback(): Promise<RollbackSummary> {
    if (this.#phase !== 'open' && this.#phase !== 'failed') throw this.#closedError()
    this.#leave('rolled back')
    const { engine } = this.#staging
    await engine.stop()
    const droppedRows = this.#staging.drop()
    this.#rolledBackRows += droppedRows
    this.#end('rolled back')
    this.#plan.logger?.debug('rollback', { table: this.#plan.name, droppedRows })
    return this.#sentBesides(droppedRows)
  }

  #sentBesides(droppedRows: number): RollbackSummary {
    const blocks = this.#staging.engine.reports()
    return { droppedRows, blocks, tokens: blocks.map(({ token }) => token) }
  }

  async #acknowledged(rowEnd: number): Promise<void> {
    const { engine } = this.#staging
    try {
      await engine.whenAcknowledged(rowEnd)
    } catch (error) {
      this.#failureTold ||= error === engine.failure
      throw error
    }
  }

  /** The table was found with other columns than before. */
  #follow(table: readonly Column[]): void {
    const { adapt, logger, name } = this.#plan
    if (adapt === undefined || this.#isOver || this.#phase === 'failed') return
    const before = this.columns
    this.#staging.unfollowed = undefined
    try {
      const columns = adapt.follow(before, table)
      if (columns === undefined) return
      this.#staging.follow(columns, adapt.make(columns))
      logger?.info('schema', { table: name, columns: columns.map((column) => `${column.name} ${column.type}`) })
      this.#emit('schema', { columns, before })
    } catch (error) {
      // Blocks that the table still takes go on; the first that it does not take ends the statement, with the reason.
      this.#staging.unfollowed = error
      logger?.warn('schema', { table: name, cause: describeCause(error) })
    }
  }

  #settled(block: Block, { error }: DeliveryEnd): void {
    const report = block.report()
    if (block.state === 'rejected') this.#emit('reject', rejectEvent(report, error))
    if (block.state !== 'sealed') this.#emit('block', report)
  }

  #retrying(block: Block, error: unknown, delayMs: number): void {
    this.#emit('retry', { token: block.token, attempt: block.attempts, error, delayMs })
  }

  get #pace(): Pace {
    const { engine, flushInterval } = this.#plan
    return {
      flushInterval: engine.throttle.intervalOf(flushInterval),
      concurrency: engine.throttle.concurrencyOf(engine.concurrency),
    }
  }

  #throttled(why: ThrottleCause): void {
    this.#emit('throttle', { ...this.#pace, why })
  }

  #failed(error: DeliveryError): void {
    this.#plan.logger?.error('failed', { table: this.#plan.name, code: error.code, cause: describeCause(error.cause) })
    this.#plan.signal?.removeEventListener('abort', this.#aborted)
    if (!this.#isOver) this.#leave('failed')
    this.#staging.refuse(error)
  }

  readonly #aborted = (): void => {
    this.#staging.engine.fail('ABORTED', 'the AbortSignal fired', abortedError(this.#plan.signal?.reason))
  }

  /** No exec() from now on. */
  #leave(phase: Phase): void {
    this.#phase = phase
    this.#staging.halt()
  }

  #end(phase: 'committed' | 'rolled back' | 'closed'): void {
    this.#phase = phase
    this.#plan.signal?.removeEventListener('abort', this.#aborted)
    this.#staging.end(this.#closedError())
    this.#registry.delete(this)
  }

  get #isOver(): boolean {
    return this.#phase === 'committed' || this.#phase === 'rolled back' || this.#phase === 'closed'
  }

  #assertOpen(): void {
    if (this.#staging.isStaging) {
      throw new UsageError('BUSY', `${this.#plan.name}: a row that is being staged calls its own statement.`, {
        hint: 'A getter, proxy or iterator in the row did: take what it gives before exec().',
      })
    }
    if (this.#phase === 'open') return
    if (this.#phase !== 'failed') throw this.#closedError()
    const failure = this.#staging.engine.failure!
    if (!this.#failureTold) {
      this.#failureTold = true
      throw failure
    }
    throw new UsageError('STATEMENT_FAILED', `${this.#plan.name}: a block failed for good (${failure.code}).`, {
      hint: 'takeBlocks() hands out what is not acknowledged; rollback() drops what was not sent.',
      cause: failure,
    })
  }

  #closedError(): UsageError {
    return new UsageError('STATEMENT_CLOSED', `${this.#plan.name}: the statement is ${this.#phase}.`, {
      hint: 'prepare() makes a new one.',
    })
  }

  #emit<E extends keyof StatementEvents>(event: E, ...args: StatementEvents[E]): void {
    callSafely(() => this.#events.emit(event, ...args))
  }
}

/** The same promise, that may be ignored: what it says is said again by the next call. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
