// Where a load can be resumed: which row of the statement was which record of which file, and up to where the server has
// every row.

export interface Position {
  fileIndex: number
  /** Records of that file before this one; the header is none. What --skip-rows takes. */
  record: number
}

interface Mark extends Position {
  row: number
}

/** Rows follow records one to one except after a refused record or at a new file: only those places are remembered. */
export class Positions {
  readonly #marks: Mark[] = []
  /** First row that is not acknowledged, nor refused: all rows before it are. */
  #end = 0
  /** Acknowledged blocks behind a gap: first row → rows. */
  readonly #ahead = new Map<number, number>()
  /** Of them the rows that the server refused. */
  readonly #refused = new Set<number>()

  /** Row number `row` is that record, and the rows after it are the records after it, until the next call. */
  mark(row: number, fileIndex: number, record: number): void {
    const last = this.#marks.at(-1)
    if (last?.row === row) this.#marks.pop()
    this.#marks.push({ row, fileIndex, record })
  }

  acknowledge(firstRow: number, rowCount: number): void {
    this.#ahead.set(firstRow, rowCount)
    for (let next = this.#ahead.get(this.#end); next !== undefined; next = this.#ahead.get(this.#end)) {
      this.#ahead.delete(this.#end)
      this.#refused.delete(this.#end)
      this.#end += next
    }
    while (this.#marks.length > 1 && this.#marks[1]!.row <= this.#end) this.#marks.shift()
  }

  /** The row is done: the server does not take it, and it is in the rejects. */
  refuse(row: number): void {
    this.#refused.add(row)
    this.acknowledge(row, 1)
  }

  /** Rows before this one are all acknowledged, or refused. */
  get acknowledgedEnd(): number {
    return this.#end
  }

  /** Acknowledged rows behind the first that is not. */
  get acknowledgedAhead(): number {
    let rowCount = 0
    for (const count of this.#ahead.values()) rowCount += count
    return rowCount - this.#refused.size
  }

  /** The record of a row that is not acknowledged, or of the first one that is not yet read. */
  at(row: number): Position {
    const mark = this.#marks.findLast((candidate) => candidate.row <= row) ?? { row: 0, fileIndex: 0, record: 0 }
    return { fileIndex: mark.fileIndex, record: mark.record + row - mark.row }
  }
}
