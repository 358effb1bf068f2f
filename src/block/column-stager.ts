// Slices of whole columns become rows of the open block.

import { Refusal, type StagedColumn, type StagingContext } from '../column/column.ts'
import type { ColumnSource } from '../column/column-data.ts'
import { OmittableColumn } from '../column/omittable.ts'
import type { GivenColumns } from './given-columns.ts'
import type { PlannedColumn } from './plan.ts'
import type { Strips } from './strips.ts'

/** Rows of the first slice, as long as nothing is known of their size. */
const FIRST_ROWS = 1024

export class ColumnStager {
  readonly #context: StagingContext
  readonly #columns: readonly PlannedColumn[]
  readonly #strips: Strips
  readonly #countBytes: (rowCount: number) => number
  readonly #blockBytes: number
  /** Of the slice before; the next one is cut so that it just fills the block. */
  #bytesPerRow = 0

  constructor(
    context: StagingContext,
    columns: readonly PlannedColumn[],
    strips: Strips,
    countBytes: (rowCount: number) => number,
    blockBytes: number,
  ) {
    this.#context = context
    this.#columns = columns
    this.#strips = strips
    this.#countBytes = countBytes
    this.#blockBytes = blockBytes
    context.columnBytesMax = blockBytes
  }

  /**
   * Stages rows from `from` on as rows `index` and on, with which the strip begins: `room` at most, and up to the one with which the block has its bytes.
   *
   * @param bytes  what the rows before take
   * @returns      how many rows; 0 where the next one does not belong into the open block
   * @throws {Refusal}  context.stagingRow is the row in the block. Nothing of the slice is to be kept then.
   */
  stage(given: GivenColumns, from: number, index: number, room: number, bytes: number): number {
    const { sources } = given
    this.#context.byteBound = 0
    const wanted = Math.min(room, given.rowCount - from, this.#likelyRows(bytes))
    let rows = wanted
    for (let i = 0; i < sources.length && rows > 0; i++) {
      const { column } = this.#columns[i]
      try {
        rows = this.#put(column, sources[i], index, from, rows)
      } catch (error) {
        if (error instanceof Refusal) this.#name(given, i, from, index, rows)
        throw error
      }
    }
    rows = this.#within(index, rows)
    if (rows < wanted) for (const { column } of this.#columns) column.truncate(index + rows)
    if (rows > 0) this.#bytesPerRow = (this.#countBytes(index + rows) - bytes) / rows
    return rows
  }

  #put(column: StagedColumn, source: ColumnSource, index: number, from: number, count: number): number {
    if (this.#context.lends && column.lend(source, from, count)) return count
    if (!column.inStrips) return column.putColumn(index, source, from, count)
    const { rowCount } = this.#strips
    for (let at = 0; at < count; at += rowCount) {
      const rows = Math.min(rowCount, count - at)
      column.putColumn(0, source, from + at, rows)
      this.#strips.flushColumn(column, index + at, rows)
    }
    return count
  }

  #likelyRows(bytes: number): number {
    if (this.#bytesPerRow === 0) return FIRST_ROWS
    return Math.max(1, Math.ceil((this.#blockBytes - bytes) / this.#bytesPerRow))
  }

  /** Rows up to the one with which the block is full, or without it, when it alone is larger than a block. */
  #within(index: number, rows: number): number {
    const limit = this.#blockBytes
    if (rows === 0 || this.#countBytes(index + rows) < limit) return rows
    let fewest = 1
    for (let most = rows; fewest < most; ) {
      const middle = (fewest + most) >> 1
      if (this.#countBytes(index + middle) < limit) fewest = middle + 1
      else most = middle
    }
    const last = index + fewest - 1
    const isLarge = last > 0 && this.#countBytes(last + 1) - this.#countBytes(last) > limit
    return isLarge ? fewest - 1 : fewest
  }

  /** A whole column does not say which of its values was refused: they are staged once more, one by one. */
  #name({ sources }: GivenColumns, i: number, from: number, index: number, rows: number): void {
    const planned = this.#columns[i].column
    const column = planned instanceof OmittableColumn ? planned.inner : planned
    column.truncate(index)
    for (let row = 0; row < rows; row++) {
      const place = column.inStrips ? 0 : index + row
      this.#context.stagingRow = index + row
      if (column !== planned && sources[i].isMissing(from + row)) column.putDefault(place)
      else sources[i].putInto(column, place, from + row)
    }
  }
}
