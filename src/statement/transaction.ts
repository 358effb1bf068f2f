import { UsageError } from '../errors.ts'
import type { Row } from '../types/node.ts'
import type { StatementOptions } from './options.ts'
import { quiet, type Statement } from './statement.ts'
import type { CommitSummary, RollbackSummary } from './stats.ts'

type Prepare = (insert: string, options: StatementOptions) => Promise<Statement<never>>

/**
 * Statements that are committed and rolled back together, by the client: ClickHouse itself makes each block visible as soon
 * as it has it. Blocks that are full go before the commit, and a commit that fails half-way leaves what was acknowledged.
 * `holdUntilCommit` keeps a statement's blocks back, which narrows that to the time of the commit; it cannot close it.
 *
 * Made by `connection.begin()`. Disposing a transaction that was not committed rolls it back.
 */
export class Transaction implements AsyncDisposable {
  readonly #prepare: Prepare
  readonly #statements: Statement<never>[] = []
  /** Of the first statements: those that are committed. */
  readonly #committed: CommitSummary[] = []
  #state: 'open' | 'committing' | 'over' = 'open'

  /** @internal */
  constructor(prepare: Prepare) {
    this.#prepare = prepare
  }

  /** See Connection.prepare; the statement belongs to this transaction. */
  async prepare<R = Row>(insert: string, options: StatementOptions = {}): Promise<Statement<R>> {
    this.#assertOpen()
    const statement = await this.#prepare(insert, options)
    // Ended meanwhile: nobody would commit this one.
    if (this.#state !== 'open') await statement.rollback()
    this.#assertOpen()
    this.#statements.push(statement)
    return statement as Statement<R>
  }

  /**
   * Commits the statements in the order they were prepared, one after the other.
   *
   * @throws what Statement.commit throws. Statements before the failed one are committed, those behind it are not: another
   *         commit() goes on with them (after BUSY, say), and rollback() drops their rows, and lists what was sent.
   */
  commit(): Promise<CommitSummary[]> {
    return quiet(this.#commit())
  }

  /** Rolls every statement back, in the order they were prepared. Summaries name all blocks that were sent. */
  rollback(): Promise<RollbackSummary[]> {
    return quiet(this.#rollback())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'open') await this.#rollback()
  }

  async #commit(): Promise<CommitSummary[]> {
    this.#assertOpen()
    this.#state = 'committing'
    try {
      const committed = this.#committed
      for (const statement of this.#statements.slice(committed.length)) committed.push(await statement.commit())
      this.#state = 'over'
      return committed
    } finally {
      if (this.#state === 'committing') this.#state = 'open'
    }
  }

  async #rollback(): Promise<RollbackSummary[]> {
    this.#assertOpen()
    this.#state = 'over'
    return await Promise.all(this.#statements.map((statement) => statement.undo()))
  }

  #assertOpen(): void {
    if (this.#state === 'open') return
    throw new UsageError(
      'STATEMENT_CLOSED',
      `The transaction is ${this.#state === 'over' ? 'over' : 'being committed'}.`,
      {
        hint: 'begin() makes a new one.',
      },
    )
  }
}
