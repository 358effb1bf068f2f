import type { TextWay } from '../column/column.ts'
import type { Column } from '../types/node.ts'
import type { GivenColumns } from './given-columns.ts'
import type { SealedBytes } from './sealed.ts'

export interface BuilderOptions {
  /** Rows per block. */
  blockSize: number
  /** Uncompressed bytes per block. */
  blockBytes: number
  /** Sealed blocks stand in memory that another thread can read. */
  shared?: boolean
  /** For error messages. */
  table?: string
  ignoreUnknown?: boolean
  strictKeys?: boolean
  invalidText?: 'replace' | 'refuse'
  /** Whether the server takes a Nullable(T) block column into a T column with a DEFAULT (26.x yes, 18.16 no). */
  nullsAsDefault: boolean
  /** No row may leave a column out (encodeBlock has no server that knows defaults). */
  requireAll?: boolean
}

/** Outcome of staging one row. */
export const STAGED = 0
/** Staged, and the block is now full (rows or bytes): seal it before the next row. */
export const BLOCK_FULL = 1
/** Not staged: this row omits other columns than the open block does; seal the block and stage the row again. */
export const SEAL_FIRST = 2
/** Staged, and `lookRows` rows went by since the last look: a good moment to look at the clock. */
export const LOOK = 3
export type StageResult = typeof STAGED | typeof BLOCK_FULL | typeof SEAL_FIRST | typeof LOOK

/** Stages rows of one statement and seals blocks. One linear memory; not re-entrant. */
export interface BlockBuilder {
  readonly columns: readonly Column[]
  /** Rows staged in the open block. */
  readonly rowCount: number
  /** Index in the statement of the open block's first row, for error messages. */
  firstRow: number
  /** Every so many rows `stage` answers LOOK; counted here, because it counts rows anyway. */
  lookRows: number
  /** Uncompressed bytes of the open block, an upper bound until text is counted exactly. */
  readonly byteLength: number
  /**
   * Stages one row: an object by column name, or an array in column order.
   * @param rowIndex  for error messages, where it is not `firstRow + rowCount`
   * @throws EncodeError  the row is left out whole, the open block is exactly as before
   */
  stage(row: object | readonly unknown[], rowIndex?: number): StageResult
  /** How each column of texts is written, by name. */
  readonly textWays: Readonly<Record<string, TextWay>>
  /** Whether no further row has room; exactly known after stageColumns, as stage tells it by its result. */
  readonly isFull: boolean
  /**
   * Looks at whole columns by name: their names, shapes and lengths.
   * @throws EncodeError  naming the column
   */
  readColumns(data: object): GivenColumns
  /**
   * Stages rows of whole columns, as many from `from` on as the open block takes. A full block may still refer to the caller's arrays:
   * seal it, or keep() it, before they are the caller's again.
   * @param sealsNext  the caller seals before the arrays are the caller's own again, full or not
   * @returns  how many. Where that are not all, the block is to be sealed and the rest to be staged in the next one.
   * @throws EncodeError  names the row; the open block is exactly as before
   */
  stageColumns(columns: GivenColumns, from: number, sealsNext?: boolean): number
  /** Copies what the open block refers to. */
  keep(): void
  /** Drops the rows from `rowCount` on. */
  truncate(rowCount: number): void
  /** Seals the open block and starts an empty one. Must not be called with rowCount 0. */
  seal(): SealedBytes
  /** seal(), without a hash and into memory of the caller's own: `into`, where it is large enough. */
  sealOwn(into?: Uint8Array): Uint8Array
  /** Drops the rows of the open block. */
  reset(): void
  /** Gives the memory back (to a pool of builders of the same shape). No call is legal after it. */
  free(): void
}
