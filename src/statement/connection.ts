import type { SealedBlock } from '../engine/block.ts'
import { abortedError } from '../engine/engine.ts'
import { UsageError } from '../errors.ts'
import { refuseUnknown } from '../transport/target.ts'
import type { ServerInfo } from '../transport/transport.ts'
import type { Column, Row } from '../types/node.ts'
import { type CheckOptions, type CheckReport, checkTable } from './check.ts'
import type { OpenedTarget } from './connect.ts'
import { type DeliverOptions, type DeliverySummary, deliverBlocks } from './deliver.ts'
import { parseInsert } from './insert-text.ts'
import type { StatementOptions } from './options.ts'
import { planStatement } from './prepare.ts'
import type { Tally } from './prometheus.ts'
import { quiet, Statement } from './statement.ts'
import type { LeftBlock } from './stats.ts'
import { describeTable, type TableName } from './table.ts'
import { Transaction } from './transaction.ts'

/** Where the rows of the statements are that were still open, or failed, at close(). */
export interface CloseSummary {
  readonly acknowledged: number
  readonly rejected: number
  readonly unknown: number
  /** Never arrived: the deadline passed, a block before them failed, or they were held for a commit that did not come. */
  readonly unsent: number
  /** The blocks of these rows that are not in the table, or not known to be; rows of an open block are in none. */
  readonly left: readonly LeftBlock[]
}

/** One target, for any number of statements. Made by `connect()`; disposing it closes it. */
export class Connection implements AsyncDisposable {
  readonly #opened: OpenedTarget
  readonly #statements = new Set<Statement<never>>()
  /** What was open when close() was called, and the rows that it had accepted. */
  readonly #closed = new Map<Statement<never>, number>()
  readonly #deliveries = new Set<Promise<unknown>>()
  /** Cuts what is under way: the deadline of close() has passed. */
  readonly #hurry = new AbortController()
  #deadlines: NodeJS.Timeout[] = []
  #closing: Promise<CloseSummary> | undefined
  #isClosed = false
  readonly #atEnd: (() => void)[] = []

  /** @internal */
  constructor(opened: OpenedTarget) {
    this.#opened = opened
  }

  /**
   * Reads the table's columns once and makes a statement for them.
   *
   * A table that cannot recognise a repeated block is named before the first row: to the logger, or, without one, in a process
   * warning once per table; and always in `statement.stats.warnings`. With `columns` nothing is asked, so nothing is known of it.
   *
   * @param insert  `INSERT INTO db.events (a, b)`, without data, or only `db.events`. Without a list: all columns that take values.
   * @throws {UsageError}   BAD_INSERT, BAD_OPTION, NOT_SUPPORTED
   * @throws {SchemaError}  UNKNOWN_TABLE (its cause is the server's exception), UNKNOWN_COLUMN, COLUMN_NOT_INSERTABLE, and of types
   * @throws {EngineError}  CANNOT_HOLD_PROMISE, with `exactlyOnce`
   */
  async prepare<R = Row>(insert: string, options: StatementOptions = {}): Promise<Statement<R>> {
    this.#assertOpen()
    this.#opened.options.logger?.debug('begin', {})
    return await this.#prepare<R>(insert, options)
  }

  /** Groups statements: commit() and rollback() for all of them. Not atomic on the server, which has no such thing. */
  async begin(): Promise<Transaction> {
    this.#assertOpen()
    this.#opened.options.logger?.debug('begin', {})
    return new Transaction((insert, options) => this.#prepare(insert, options))
  }

  /**
   * What is promised for a table: that no row is lost, that a repeated block adds nothing and for how long, what of a block becomes
   * visible at once, and what to change where it does not hold. What the server will not tell is `unproven`. Reads system tables only.
   *
   * @throws {SchemaError} UNKNOWN_TABLE, with the closest name
   * @throws {UsageError}  BAD_OPTION; NOT_SUPPORTED for a file, which promises nothing
   */
  async check(table: string, options: CheckOptions = {}): Promise<CheckReport> {
    const name = this.#nameOf(table)
    if (this.#opened.transport.kind === 'file') {
      throw new UsageError('NOT_SUPPORTED', 'A file has no tables that could promise anything.')
    }
    return await checkTable(this.#opened, name, options)
  }

  /** Runs DDL, or anything else whose answer does not matter. */
  async command(sql: string): Promise<void> {
    this.#assertOpen()
    await this.#opened.transport.command(sql)
  }

  /** A small read; rows as objects, 64-bit integers as text. `sql` has no FORMAT clause. */
  async query<T = Record<string, unknown>>(sql: string): Promise<T[]> {
    this.#assertOpen()
    return (await this.#opened.transport.query(sql)) as T[]
  }

  /**
   * All columns of a table as system.columns has them, those that take no values too.
   *
   * @throws {SchemaError} UNKNOWN_TABLE, with the closest name
   */
  async describe(table: string): Promise<Column[]> {
    return await describeTable(this.#opened.transport, this.#nameOf(table))
  }

  /**
   * Sends blocks that another statement could not, under their own tokens. What becomes of a block is kept in it: acknowledged
   * ones are skipped, so a deliver() that failed can be repeated with the same list.
   *
   * @throws {EngineError}    CANNOT_HOLD_PROMISE for an `unknown` block whose table cannot be trusted to recognise it; nothing was sent.
   *                          `acceptDuplicates: true` sends it all the same.
   * @throws {DeliveryError}  A block failed for good.
   * @throws {UsageError}     NOT_SUPPORTED for compressed blocks where the target takes none, BUSY for a block of another
   *                          deliver() that still runs, BAD_OPTION.
   */
  deliver(blocks: Iterable<SealedBlock>, options: DeliverOptions = {}): Promise<DeliverySummary> {
    this.#assertOpen()
    const delivery = quiet(deliverBlocks(this.#opened, [...blocks], options, this.#hurry.signal))
    this.#deliveries.add(delivery)
    void delivery.catch(() => {}).then(() => this.#deliveries.delete(delivery))
    return delivery
  }

  /** Asks the server who it is. @throws {TransportError} CONNECT_FAILED */
  async ping(): Promise<ServerInfo> {
    this.#assertOpen()
    return await this.#opened.transport.ping()
  }

  /**
   * Refuses new rows, delivers what open statements have, then closes. Rows held by holdUntilCommit are not sent: their commit
   * did not come. takeBlocks() of a statement still has what could not be delivered. A second call gives the same summary, and
   * may hurry the first.
   *
   * @param options.deadline  ms, after which attempts under way are cut, and queries too. Default: as long as the blocks' own
   *                          deadlines allow.
   */
  close(options: { deadline?: number } = {}): Promise<CloseSummary> {
    refuseUnknown(options, ['deadline'])
    const { deadline } = options
    if (deadline !== undefined && !(deadline >= 0 && deadline <= 2_147_483_647)) {
      return quiet(
        Promise.reject(new UsageError('BAD_OPTION', `close: deadline must be milliseconds, not ${String(deadline)}.`)),
      )
    }
    if (deadline !== undefined && !this.#isClosed) this.#hurryAfter(deadline)
    this.#closing ??= quiet(this.#close())
    return this.#closing
  }

  /**
   * What close() is about to say, as of now.
   *
   * @internal
   */
  get summary(): CloseSummary {
    const summary = { acknowledged: 0, rejected: 0, unknown: 0, unsent: 0, left: [] as LeftBlock[] }
    for (const [statement, accepted] of this.#closed) {
      const { acknowledged, rejected, unknown, sent } = statement.stats
      summary.acknowledged += acknowledged
      summary.rejected += rejected
      summary.unknown += unknown + sent
      summary.unsent += accepted - acknowledged - rejected - unknown - sent
      summary.left.push(...statement.left)
    }
    return summary
  }

  /**
   * Calls `listener` when close() is done.
   *
   * @internal
   */
  onceClosed(listener: () => void): void {
    if (this.#isClosed) listener()
    else this.#atEnd.push(listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * What prometheus() prints: a row per table.
   *
   * @internal
   */
  tallies(): Tally[] {
    const { name: target, observer } = this.#opened
    for (const { place } of this.#statements) observer.figuresOf(place) // also those without a block so far
    return Array.from(observer.tables, ({ place, figures }) => {
      const statements = [...this.#statements].filter((one) => observer.figuresOf(one.place) === figures)
      const stagedRows = statements.reduce((sum, { stats }) => sum + stats.staged, 0)
      const table = place.database === '' ? place.table : `${place.database}.${place.table}`
      return { target, table, figures, stagedRows }
    })
  }

  async #close(): Promise<CloseSummary> {
    const { logger } = this.#opened.options
    for (const statement of this.#statements) this.#closed.set(statement, statement.stats.accepted)
    try {
      await Promise.all(Array.from(this.#closed.keys(), (statement) => statement.finish(this.#hurry.signal)))
      await Promise.allSettled(this.#deliveries)
      await this.#opened.transport.close(this.#hurry.signal)
    } finally {
      for (const timer of this.#deadlines) clearTimeout(timer)
      this.#isClosed = true
      for (const listener of this.#atEnd) listener()
    }
    const { left, ...rows } = this.summary
    logger?.debug('close', rows)
    for (const { table, token, firstRow, rowCount, state } of left) {
      logger?.warn('left', { table, token, firstRow, rows: rowCount, state })
    }
    return { ...rows, left }
  }

  /** The first of several deadlines counts. */
  #hurryAfter(ms: number): void {
    this.#deadlines.push(setTimeout(() => this.#hurry.abort(ms), ms))
  }

  async #prepare<R>(insert: string, options: StatementOptions): Promise<Statement<R>> {
    this.#assertOpen()
    const plan = await planStatement(this.#opened, insert, options)
    this.#assertOpen()
    if (plan.signal?.aborted) throw abortedError(plan.signal.reason)
    return new Statement<R>(plan, this.#statements)
  }

  #nameOf(table: string): TableName {
    this.#assertOpen()
    const name = parseInsert(table)
    return { database: name.database ?? this.#opened.database, table: name.table }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new UsageError('CONNECTION_CLOSED', 'The connection was closed.')
  }
}
