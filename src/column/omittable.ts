// A column of the row level with a DEFAULT expression: what a row that leaves it out means on the wire.
//
//   no row of the block has it      the column is left out of the block; the server computes the DEFAULT for every row
//   every row has it                as without a DEFAULT
//   some have it, NullsColumn       the block's header says Nullable(T), and NULL means DEFAULT (input_format_null_as_default)
//   some have it, UniformColumn     cannot be said: the open block is sealed before the row that differs

import type { Pieces } from '../wasm/pieces.ts'
import { Refusal, StagedColumn, type TextWay } from './column.ts'
import type { ColumnSource } from './column-data.ts'
import type { Dictionary } from './low-cardinality.ts'
import { NullMap } from './nullable.ts'

/** Thrown by UniformColumn: not an error, the row belongs into the next block. */
export const OTHER_OMISSIONS = Symbol('this row omits other columns than the open block')

export abstract class OmittableColumn extends StagedColumn {
  readonly inner: StagedColumn
  readonly minWidth: number
  constructor(inner: StagedColumn) {
    super(inner.context, inner.type)
    this.inner = inner
    this.minWidth = inner.minWidth + 1
  }
  override get boundWidth(): number {
    return 1 + this.inner.boundWidth
  }
  /** How many of the first `count` rows leave the column out. */
  abstract omittedRows(count: number): number

  protected note(index: number): void {
    if (!this.context.mayOmit) {
      throw new Refusal(
        'MISSING_VALUE',
        this,
        index,
        undefined,
        'undefined in a row given as an array',
        'Give the row by name to leave a column out.',
      )
    }
    this.context.noteOmission()
  }
  putDefault(index: number): void {
    this.inner.putDefault(index)
  }
  override get textWay(): TextWay | undefined {
    return this.inner.textWay
  }
  override get readsText(): boolean {
    return this.inner.readsText
  }
  ensure(count: number): void {
    this.inner.ensure(count)
  }
  countBytes(count: number): number {
    return this.inner.countBytes(count)
  }
  override truncate(count: number): void {
    this.inner.truncate(count)
  }
  override keep(count: number): void {
    this.inner.keep(count)
  }
  override prefix(pieces: Pieces): void {
    this.inner.prefix(pieces)
  }
  data(pieces: Pieces, count: number): void {
    this.inner.data(pieces, count)
  }
  override reset(): void {
    this.inner.reset()
  }
}

/** How many of the first `count` rows leave the column out. */
export function omittedRows(column: StagedColumn, count: number): number {
  return column instanceof OmittableColumn ? column.omittedRows(count) : 0
}

/** For plain and LowCardinality columns that are not Nullable, where the server takes NULL for DEFAULT. */
export class NullsColumn extends OmittableColumn {
  readonly #omitted: NullMap
  readonly #dictionary?: Dictionary
  #any = false

  constructor(inner: StagedColumn, dictionary?: Dictionary) {
    super(inner)
    this.#omitted = new NullMap(inner.context)
    this.#dictionary = dictionary
  }
  put(index: number, value: unknown): void {
    if (value === undefined) {
      this.note(index)
      this.#any = true
      this.#omitted.flags[index] = 1
      this.inner.putDefault(index)
    } else {
      this.#omitted.flags[index] = 0
      this.inner.put(index, value)
    }
  }
  override putColumn(index: number, source: ColumnSource, from: number, count: number): number {
    if (source.mayMiss(from, count)) return this.putEach(index, source, from, count, 0)
    this.#omitted.flags.fill(0, index, index + count)
    return this.inner.putColumn(index, source, from, count)
  }
  override putText(index: number, text: string): void {
    this.#omitted.flags[index] = 0
    this.inner.putText(index, text)
  }
  override ensure(count: number): void {
    this.#omitted.ensure(count)
    super.ensure(count)
  }
  omittedRows(count: number): number {
    if (!this.#any) return 0
    let rows = 0
    for (let i = 0; i < count; i++) rows += this.#omitted.flags[i]
    return rows
  }
  /** With the null map, which covers the rows before the first omission, too. */
  override countBytes(count: number): number {
    return count + super.countBytes(count)
  }
  /** The column as Nullable(T), or as LowCardinality(Nullable(T)). */
  dataWithNulls(pieces: Pieces, count: number): void {
    if (this.#dictionary) this.#dictionary.nullsPtr = this.#omitted.ptr
    else this.#omitted.data(pieces, count)
    this.inner.data(pieces, count)
  }
  override reset(): void {
    this.#any = false
    super.reset()
  }
}

export class UniformColumn extends OmittableColumn {
  #isOmitted = false

  put(index: number, value: unknown): void {
    const isOmitted = value === undefined
    if (isOmitted) this.note(index)
    if (isOmitted !== this.#isOmitted) {
      if (index > 0) throw OTHER_OMISSIONS
      this.#isOmitted = isOmitted
    }
    if (!isOmitted) this.inner.put(index, value)
  }
  /** As many as leave the column out like the open block does. */
  override putColumn(index: number, source: ColumnSource, from: number, count: number): number {
    const isOmitted = source.isMissing(from)
    if (index > 0 && isOmitted !== this.#isOmitted) return 0
    let rows = 1
    if (source.mayMiss(from, count)) while (rows < count && source.isMissing(from + rows) === isOmitted) rows++
    else rows = count
    if (!isOmitted) {
      this.#isOmitted = false
      return this.inner.putColumn(index, source, from, rows)
    }
    this.put(index, undefined)
    return rows
  }
  override putText(index: number, text: string): void {
    this.inner.putText(index, text)
  }
  omittedRows(count: number): number {
    return this.#isOmitted ? count : 0
  }
  override countBytes(count: number): number {
    return this.#isOmitted && count > 0 ? 0 : super.countBytes(count)
  }
  override truncate(count: number): void {
    if (!this.#isOmitted) super.truncate(count)
  }
}
