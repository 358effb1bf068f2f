// What Variant and Dynamic share: a code a row that says which alternative has the row's value, then the values of each
// alternative, dense.

import type { Pieces } from '../wasm/pieces.ts'
import { FixedColumn, type StagedColumn } from './column.ts'

/** One alternative and what the open block holds of it. */
export class Alternative {
  readonly column: StagedColumn
  count = 0
  /** Values that `column` has room for. */
  room = 0
  constructor(column: StagedColumn) {
    this.column = column
  }
}

export abstract class AlternativesColumn extends FixedColumn {
  /** Index in `used`, or `nullCode`. */
  protected abstract codes: Uint8Array | Uint16Array
  protected abstract readonly nullCode: number
  /** Bytes of the prefix, without those of the alternatives. */
  protected abstract readonly headBytes: number
  /** The alternatives of the block, by code. */
  protected readonly used: Alternative[] = []
  /** Rows staged. */
  #size = 0
  /** The row whose value is being staged. */
  #staging = 0

  /** An alternative has a value of its own only for some rows. */
  override get holdsElements(): boolean {
    return true
  }
  protected override locateChild(child: StagedColumn): string {
    return this.locate(this.#staging) + child.part
  }

  protected putAs(index: number, code: number, value: unknown): void {
    const alternative = this.used[code]
    const { column, count } = alternative
    if (count === alternative.room) this.#grow(alternative)
    this.#staging = index
    this.context.byteBound += column.boundWidth
    column.put(count, value)
    alternative.count = count + 1
    this.codes[index] = code
    this.#size = index + 1
  }
  protected putNull(index: number): void {
    this.codes[index] = this.nullCode
    this.#size = index + 1
  }
  putDefault(index: number): void {
    this.putNull(index)
  }
  #grow(alternative: Alternative): void {
    const room = Math.max(1024, alternative.room * 4)
    alternative.column.ensure(room) // throws where the memory ends
    alternative.room = room
  }

  override countBytes(count: number): number {
    let bytes = this.headBytes + count * this.width
    this.#countsAt(count).forEach((values, code) => {
      bytes += this.used[code].column.countBytes(values)
    })
    return bytes
  }
  override truncate(count: number): void {
    // A row that was refused half-way has left something in the column of its alternative, but no code yet.
    this.#countsAt(count).forEach((values, code) => {
      this.used[code].count = values
      this.used[code].column.truncate(values)
    })
    this.#size = Math.min(this.#size, count)
  }
  /** How many values of each alternative the first `count` rows have. */
  #countsAt(count: number): number[] {
    const counts = this.used.map((alternative) => alternative.count)
    for (let i = this.#size - 1; i >= count; i--) if (this.codes[i] !== this.nullCode) counts[this.codes[i]]--
    return counts
  }
  /** The data behind the codes. */
  protected alternativesData(pieces: Pieces): void {
    for (const { column, count } of this.used) if (count > 0) column.data(pieces, count)
  }
  override reset(): void {
    for (const alternative of this.used) {
      alternative.count = 0
      alternative.column.reset()
    }
    this.#size = 0
  }
}
