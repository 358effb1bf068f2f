import type { TextWay } from '../column/column.ts'
import type { BlockReport } from '../engine/block.ts'

/** How blocks go now. */
export interface Pace {
  /** ms after which one that is not full goes: that of the statement, or up to 32 times as long, at most 30,000. */
  readonly flushInterval: number
  /** So many at the same time. */
  readonly concurrency: number
}

/** Rows: `accepted` is the sum of the six below it. Rows that were rolled back are nobody's any more and leave it. */
export interface StatementStats {
  readonly accepted: number
  /** In the open block. */
  readonly staged: number
  /** In blocks that never arrived at the server. */
  readonly sealed: number
  /** On their way. */
  readonly sent: number
  readonly acknowledged: number
  /** In blocks that the server refused, and rows that onReject took. */
  readonly rejected: number
  readonly unknown: number
  /** Blocks sealed so far, pieces instead of those that were cut, and their bytes as sent; those that are still being compressed have none yet. */
  readonly blocks: number
  readonly bytes: number
  /** Attempts beyond the first. */
  readonly retries: number
  /** Rows that acceptDuplicates may have stored twice: they were sent again to a table that may not recognise them. */
  readonly possibleDuplicates: number
  /** How often exec() asked to wait because maxPendingBlocks were on their way. */
  readonly waits: number
  /** Blocks sealed before they were full because a row left out other columns than the rows before it. */
  readonly earlySeals: number
  /** As asked for, or less often and one at a time while the server does not keep up with merging. */
  readonly pace: Pace
  /**
   * By column of texts how it writes them, chosen from those of the block before: `short` ones character by character; `joined`, many
   * written at once; `mixed`, joined but for those beyond Latin-1. Empty while the statement rests.
   */
  readonly texts: Readonly<Record<string, TextWay>>
  /** What was said before the first row: promises this table cannot hold. */
  readonly warnings: readonly string[]
}

export interface CommitSummary {
  /** Acknowledged rows and blocks, and their bytes as sent. */
  readonly rows: number
  readonly blocks: number
  readonly bytes: number
  /** Of these blocks, in the order of the rows; of a very long statement the last 16,384. */
  readonly tokens: readonly string[]
  readonly retries: number
  /** Of `rows`, those that acceptDuplicates may have stored twice. */
  readonly possibleDuplicates: number
  /** Rows the server refused, and onReject took. */
  readonly rejected: number
}

export interface RollbackSummary {
  /** Rows that were never sent, and now never will be. */
  readonly droppedRows: number
  /** Blocks that were sent before: a rollback does not undo them. */
  readonly blocks: readonly BlockReport[]
  /** Their tokens. */
  readonly tokens: readonly string[]
}

/** A block that is not in the table, or not known to be. */
export interface LeftBlock extends BlockReport {
  /** `` `db`.`table` `` */
  readonly table: string
}
