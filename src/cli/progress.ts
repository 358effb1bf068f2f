// The live line of a load on a terminal. Elsewhere nothing is shown until the summary.
//
//   events  [##########----------]  50%  1,234,000 rows  412k rows/s  38.1 MB/s  ETA 0:12
//   events   50%  1,234,000 rows  retrying 2 blocks (Code 252, next in 3 s)

export interface ProgressState {
  rows: number
  bytesRead: number
  /** Undefined when some input is a pipe. */
  bytesTotal: number | undefined
  /** What it is held up by. */
  delay?: string
}

interface Screen {
  write(text: string): unknown
  columns?: number
}

const BAR_WIDTH = 20
const REDRAW_MS = 200
/** Rates are those of the last seconds: a server that became slow shows. */
const RATE_WINDOW_MS = 5_000

export class Progress {
  readonly #title: string
  readonly #screen: Screen
  readonly #state: () => ProgressState
  readonly #past: { at: number; rows: number; bytes: number }[] = []
  readonly #timer: NodeJS.Timeout

  constructor(title: string, screen: Screen, state: () => ProgressState) {
    this.#title = title
    this.#screen = screen
    this.#state = state
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS)
    this.#timer.unref()
    this.#draw()
  }

  /** Clears the line for a message; the next redraw brings it back. */
  clear(): void {
    this.#screen.write('\r\x1b[K')
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#draw()
    this.#screen.write('\n')
  }

  #draw(): void {
    const state = this.#state()
    const now = performance.now()
    this.#past.push({ at: now, rows: state.rows, bytes: state.bytesRead })
    while (this.#past.length > 2 && this.#past[1]!.at < now - RATE_WINDOW_MS) this.#past.shift()
    const first = this.#past[0]!
    const seconds = Math.max((now - first.at) / 1000, 0.001)
    const line = progressLine(
      this.#title,
      state,
      (state.rows - first.rows) / seconds,
      (state.bytesRead - first.bytes) / seconds,
    )
    this.#screen.write(`\r${line.slice(0, (this.#screen.columns || 80) - 1)}\x1b[K`)
  }
}

export function progressLine(
  title: string,
  state: ProgressState,
  rowsPerSecond: number,
  bytesPerSecond: number,
): string {
  const parts = [title]
  if (state.bytesTotal) {
    const share = Math.min(1, state.bytesRead / state.bytesTotal)
    const percent = `${String(Math.floor(share * 100)).padStart(3)}%`
    const filled = Math.round(share * BAR_WIDTH)
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`
    // With the bar, what is said of a delay would not fit into 80 characters.
    parts.push(state.delay === undefined ? `${bar} ${percent}` : percent)
  }
  parts.push(`${formatCount(state.rows)} rows`)
  if (state.delay !== undefined) return [...parts, state.delay].join('  ')
  parts.push(`${formatRate(rowsPerSecond)} rows/s`, `${formatBytes(bytesPerSecond)}/s`)
  if (state.bytesTotal && bytesPerSecond > 0 && state.bytesRead < state.bytesTotal) {
    parts.push(`ETA ${formatSeconds((state.bytesTotal - state.bytesRead) / bytesPerSecond)}`)
  }
  return parts.join('  ')
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

function formatRate(rate: number): string {
  if (rate >= 10_000_000) return `${(rate / 1e6).toFixed(1)}M`
  return rate >= 10_000 ? `${Math.round(rate / 1000)}k` : String(Math.round(rate))
}

export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${Math.round(bytes)} B`
}

export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  const two = (number: number) => String(number).padStart(2, '0')
  return whole >= 3600
    ? `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
    : `${Math.floor(whole / 60)}:${two(whole % 60)}`
}
