// Where a load can be resumed: which row of the statement was which record of which file, and up to where the server has
// every row.

export interface Position {
  fileIndex: number
  /** Records of that file before this one; the header is none. What --skip-rows takes. */
  record: number
}

/** Rows of the files that follow each other and have the same fate. */
export interface Stretch {
  readonly state: 'in' | 'unknown' | 'out'
  readonly rowCount: number
  readonly first: Position
  readonly last: Position
  /** What comes after it. */
  readonly next: Position
}

interface Mark extends Position {
  row: number
}

/** Of a BlockReport: `rowCount` of the rows from firstRow up to rowEnd, the others being in blocks of the same range. */
interface Rows {
  readonly firstRow: number
  readonly rowEnd: number
  readonly rowCount: number
}

/** Rows follow records one to one except after a refused record or at a new file: only those places are remembered. */
export class Positions {
  readonly #marks: Mark[] = []
  /** First row that is not acknowledged, nor refused: all rows before it are. */
  #end = 0
  /** Ranges that are done behind a gap, or in part: by their first row, how many rows, and how many of those are. */
  readonly #ahead = new Map<number, { readonly rowCount: number; done: number; refused: number }>()

  /** Row number `row` is that record, and the rows after it are the records after it, until the next call. */
  mark(row: number, fileIndex: number, record: number): void {
    const last = this.#marks.at(-1)
    if (last?.row === row) this.#marks.pop()
    this.#marks.push({ row, fileIndex, record })
  }

  acknowledge(rows: Rows): void {
    this.#note(rows, 0)
  }

  /** They are done: the server does not take them, and they are in the rejects. */
  refuse(rows: Rows): void {
    this.#note(rows, rows.rowCount)
  }

  #note({ firstRow, rowEnd, rowCount }: Rows, refused: number): void {
    const range = this.#ahead.get(firstRow) ?? { rowCount: rowEnd - firstRow, done: 0, refused: 0 }
    range.done += rowCount
    range.refused += refused
    this.#ahead.set(firstRow, range)
    const next = () => this.#ahead.get(this.#end)
    for (let range = next(); range !== undefined && range.done === range.rowCount; range = next()) {
      this.#ahead.delete(this.#end)
      this.#end += range.rowCount
    }
    while (this.#marks.length > 1 && this.#marks[1]!.row <= this.#end) this.#marks.shift()
  }

  /** Rows before this one are all acknowledged, or refused. */
  get acknowledgedEnd(): number {
    return this.#end
  }

  /** Acknowledged rows behind the first that is not. */
  get acknowledgedAhead(): number {
    let rowCount = 0
    for (const { done, refused } of this.#ahead.values()) rowCount += done - refused
    return rowCount
  }

  /**
   * From the first row that is not done up to the last that is in the table, or may be. None where blocks of one range have
   * several fates.
   *
   * @param unknown  blocks that may be stored
   */
  stretches(unknown: readonly Rows[]): Stretch[] {
    const done = Array.from(this.#ahead, ([firstRow, range]) => ({ ...range, firstRow, state: 'in' as const }))
    const doubtful = unknown.map(({ firstRow, rowEnd, rowCount }) => {
      return { firstRow, rowCount: rowEnd - firstRow, done: rowCount, state: 'unknown' as const }
    })
    const ranges = [...done, ...doubtful].sort((a, b) => a.firstRow - b.firstRow)
    if (ranges.some((range) => range.done !== range.rowCount)) return []
    const runs: { state: Stretch['state']; from: number; end: number }[] = []
    let end = this.#end
    const add = (state: Stretch['state'], to: number) => {
      const last = runs.at(-1)
      if (to > end && last?.state === state) last.end = to
      else if (to > end) runs.push({ state, from: end, end: to })
      end = to
    }
    for (const { firstRow, rowCount, state } of ranges) {
      add('out', firstRow)
      add(state, firstRow + rowCount)
    }
    return runs.map(({ state, from, end }) => {
      const [first, last] = [this.at(from), this.at(end - 1)]
      return { state, rowCount: end - from, first, last, next: this.at(end) }
    })
  }

  /** The record of a row that is not acknowledged, or of the first one that is not yet read. */
  at(row: number): Position {
    const mark = this.#marks.findLast((candidate) => candidate.row <= row) ?? { row: 0, fileIndex: 0, record: 0 }
    return { fileIndex: mark.fileIndex, record: mark.record + row - mark.row }
  }
}
