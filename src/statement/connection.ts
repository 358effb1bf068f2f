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
import { describeTable, type TableName } from './table.ts'
import { Transaction } from './transaction.ts'

/** Where the rows of the statements are that were still open, or failed, at close(). */
export interface CloseSummary {
  readonly acknowledged: number
  readonly rejected: number
  readonly unknown: number
  /** Never arrived: the deadline passed, a block before them failed, or they were held for a commit that did not come. */
  readonly unsent: number
}

/** One target, for any number of statements. Made by `connect()`; disposing it closes it. */
export class Connection implements AsyncDisposable {
  readonly #opened: OpenedTarget
  readonly #statements = new Set<Statement<never>>()
  #closing: Promise<CloseSummary> | undefined

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
   * @throws {EngineError}    CANNOT_HOLD_PROMISE for an `unknown` block whose table recognises no repetition; nothing was sent.
   *                          `acceptDuplicates: true` sends it all the same.
   * @throws {DeliveryError}  A block failed for good.
   * @throws {UsageError}     NOT_SUPPORTED for compressed blocks where the target takes none, BUSY for a block of another
   *                          deliver() that still runs, BAD_OPTION.
   */
  deliver(blocks: Iterable<SealedBlock>, options: DeliverOptions = {}): Promise<DeliverySummary> {
    this.#assertOpen()
    return quiet(deliverBlocks(this.#opened, [...blocks], options))
  }

  /** Asks the server who it is. @throws {TransportError} CONNECT_FAILED */
  async ping(): Promise<ServerInfo> {
    this.#assertOpen()
    return await this.#opened.transport.ping()
  }

  /**
   * Refuses new rows, delivers what open statements have, then closes. Rows held by holdUntilCommit are not sent: their commit
   * did not come. takeBlocks() of a statement still has what could not be delivered. A second call gives the same summary.
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
    this.#closing ??= quiet(this.#close(deadline))
    return this.#closing
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

  async #close(deadlineMs: number | undefined): Promise<CloseSummary> {
    const statements = [...this.#statements]
    const acceptedBefore = statements.map(({ stats }) => stats.accepted)
    const hurry = deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs)
    await Promise.all(statements.map((statement) => statement.finish(deadlineMs)))
    await this.#opened.transport.close(hurry)
    const summary = { acknowledged: 0, rejected: 0, unknown: 0, unsent: 0 }
    for (const [index, { stats }] of statements.entries()) {
      summary.acknowledged += stats.acknowledged
      summary.rejected += stats.rejected
      summary.unknown += stats.unknown
      summary.unsent += acceptedBefore[index]! - stats.acknowledged - stats.rejected - stats.unknown
    }
    this.#opened.options.logger?.debug('close', summary)
    return summary
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
