import type { RecordBatch } from './input/records.ts'
import type { Source } from './input/source.ts'

export interface KeptRow {
  readonly text: string
  readonly source: Source
  /** The line it starts on. */
  readonly line: number
  /** Its number in its file, from 1. */
  readonly record: number
}

/** Rows that follow each other in a batch as they do in the statement. */
interface Stretch {
  /** Index of its first row in the statement. */
  readonly row: number
  readonly batch: RecordBatch
  /** Which text of the batch that is. */
  readonly at: number
  readonly record: number
  readonly source: Source
}

/** The texts of rows that may come back: those that the server has not acknowledged. */
export class KeptRows {
  #stretches: Stretch[] = []
  #rowCount = 0

  /** The next row of the statement is text `at` of the batch, and record number `record` of the source. */
  add(batch: RecordBatch, at: number, record: number, source: Source): void {
    const row = this.#rowCount++
    const last = this.#stretches.at(-1)
    const follows = last?.batch === batch && last.at - last.row === at - row && last.record - last.row === record - row
    if (!follows) this.#stretches.push({ row, batch, at, record, source })
  }

  at(row: number): KeptRow {
    const { row: first, batch, at, record, source } = this.#stretches.findLast((stretch) => stretch.row <= row)!
    const i = at + row - first
    return { text: batch.texts[i]!, source, line: batch.lines[i]!, record: record + row - first }
  }

  /** Rows before this one do not come back. */
  drop(row: number): void {
    while (this.#stretches.length > 1 && this.#stretches[1]!.row <= row) this.#stretches.shift()
  }
}
