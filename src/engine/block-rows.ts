/** Which rows of its statement a block holds. */
export class BlockRows {
  /** They are among firstRow..rowEnd, `rowEnd` not included; all of them, unless the block is one of several that were cut from one. */
  readonly firstRow: number
  readonly rowEnd: number
  readonly count: number
  /** Where there are others between them: how far behind firstRow each is. */
  readonly #offsets: Uint32Array | undefined

  constructor(firstRow: number, count: number, more?: { readonly rowEnd: number; readonly offsets: Uint32Array }) {
    this.firstRow = firstRow
    this.count = count
    this.rowEnd = more?.rowEnd ?? firstRow + count
    this.#offsets = more?.offsets
  }

  /** The index in the statement of row `i` of the block. */
  indexOf(i: number): number {
    return this.firstRow + (this.#offsets?.[i] ?? i)
  }

  /** Those from row `from` of the block on. */
  slice(from: number, count: number): BlockRows {
    const { firstRow, rowEnd } = this
    if (this.#offsets === undefined) return new BlockRows(firstRow + from, count)
    return new BlockRows(firstRow, count, { rowEnd, offsets: this.#offsets.subarray(from, from + count) })
  }
}
