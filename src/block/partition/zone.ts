/** Days, as the clocks of a time zone have them. */
export class Zone {
  static readonly utc = new Zone([0], [0])

  readonly #days: readonly number[]
  readonly #starts: readonly number[]
  /** The stretch of regular days that the last second was in. */
  #stretch = 0
  /** Of the day that was asked for last: its first second, and the one behind its last. */
  dayStart = 0
  dayEnd = 0

  /**
   * @param days    since 1970-01-01, ascending: those that begin not 86,400 seconds after the day before
   * @param starts  the unix seconds at which they begin
   */
  constructor(days: readonly number[], starts: readonly number[]) {
    this.#days = days
    this.#starts = starts
  }

  /** Whether every hour of it begins with an hour of UTC. */
  get hasWholeHours(): boolean {
    return this.#starts.every((start) => start % 3600 === 0)
  }

  /** The day in which a second lies. */
  dayOf(seconds: number): number {
    const starts = this.#starts
    let at = this.#stretch
    if (!(seconds >= starts[at]! && !(seconds >= starts[at + 1]!))) this.#stretch = at = lastUpTo(starts, seconds)
    const first = this.#days[at]!
    // The last day of a stretch may be shorter, or longer.
    const last = (this.#days[at + 1] ?? Number.POSITIVE_INFINITY) - 1
    const day = Math.min(first + Math.floor((seconds - starts[at]!) / 86_400), last)
    this.dayStart = starts[at]! + (day - first) * 86_400
    this.dayEnd = day === last ? starts[at + 1]! : this.dayStart + 86_400
    return day
  }
}

/** Index of the last of the ascending numbers that is not greater; 0 where all are. */
function lastUpTo(numbers: readonly number[], limit: number): number {
  let low = 0
  let high = numbers.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (numbers[middle]! <= limit) low = middle
    else high = middle
  }
  return low
}

/** Months since January of year 0 of a day since 1970-01-01. */
export function monthOfDay(day: number): number {
  // Years begin in March, so that the leap day is the last one, and eras of 400 of them are equally long.
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const year = Math.floor((dayOfEra - leaps) / 365)
  const dayOfYear = dayOfEra - (year * 365 + Math.floor(year / 4) - Math.floor(year / 100))
  return (era * 400 + year) * 12 + Math.floor((5 * dayOfYear + 2) / 153) + 2
}
