/**
 * Least, middle and largest of many numbers. Memory grows with the numbers that differ only; n different block sizes need a
 * file of n * n / 2 rows, so these are few.
 */
export class Spread {
  readonly #counts = new Map<number, number>()

  add(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1)
  }

  /** The median is one of the numbers: the lower of two in the middle. Undefined where there are none. */
  summary(): { min: number; median: number; max: number } | undefined {
    const sorted = [...this.#counts].sort(([a], [b]) => a - b)
    if (sorted.length === 0) return undefined
    const total = sorted.reduce((sum, [, count]) => sum + count, 0)
    let seen = 0
    const median = sorted.find(([, count]) => {
      seen += count
      return seen * 2 >= total
    })!
    return { min: sorted[0]![0], median: median[0], max: sorted.at(-1)![0] }
  }
}
