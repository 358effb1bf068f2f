/** Some rows of a block, or values of a column: ascending, from..to after from..to, `to` not among them. */
export class Ranges {
  /** from, to, from, to; only the first `length` numbers mean anything. */
  bounds = new Uint32Array(8)
  length = 0
  /** Of all rows in them. */
  count = 0

  /** Mostly of a few rows each. */
  get areShort(): boolean {
    return this.count < this.length * 4
  }

  static of(from: number, to: number): Ranges {
    const ranges = new Ranges()
    ranges.add(from, to)
    return ranges
  }

  /** One by one. */
  toIndexes(): Uint32Array {
    const indexes = new Uint32Array(this.count)
    let at = 0
    for (let i = 0; i < this.length; i += 2) {
      for (let row = this.bounds[i]!; row < this.bounds[i + 1]!; row++) indexes[at++] = row
    }
    return indexes
  }

  add(from: number, to: number): void {
    if (from === to) return
    this.count += to - from
    if (this.length > 0 && this.bounds[this.length - 1] === from) {
      this.bounds[this.length - 1] = to
      return
    }
    if (this.length === this.bounds.length) {
      const { bounds } = this
      this.bounds = new Uint32Array(bounds.length * 2)
      this.bounds.set(bounds)
    }
    this.bounds[this.length++] = from
    this.bounds[this.length++] = to
  }
}
