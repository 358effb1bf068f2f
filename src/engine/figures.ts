import type { SettledState } from './channels.ts'

/** How blocks end that are nobody's business any more; `recut` ones live on in others. */
export const FINAL_STATES = ['acknowledged', 'rejected', 'unknown', 'unsent', 'dropped'] as const
export type FinalState = Exclude<SettledState, 'recut'>

/** Upper bounds of the histogram of attempts, in seconds: those of OpenTelemetry's conventions for databases, and 30 and 60. */
export const DURATION_BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

/** What a connection did for one table, its statements that are over included. Only what is pending ever goes down. */
export class TableFigures {
  /** Rows that are in no open block any more. */
  acceptedRows = 0
  pendingRows = 0
  pendingBlocks = 0
  readonly rows = zeros()
  readonly blocks = zeros()
  acknowledgedBytes = 0
  /** By what the attempt before failed with: ClickHouse's number, or the code of the error. */
  readonly retries = new Map<string, number>()
  waits = 0
  waitedMs = 0
  /** Attempts by the first bound that they do not exceed; the last is of those above all. */
  readonly attempts = new Array<number>(DURATION_BOUNDS.length + 1).fill(0)
  attemptsMs = 0

  attempt(ms: number): void {
    const index = DURATION_BOUNDS.findIndex((bound) => ms <= bound * 1000)
    this.attempts[index < 0 ? DURATION_BOUNDS.length : index]!++
    this.attemptsMs += ms
  }

  retry(cause: string): void {
    this.retries.set(cause, (this.retries.get(cause) ?? 0) + 1)
  }
}

function zeros(): Record<FinalState, number> {
  return { acknowledged: 0, rejected: 0, unknown: 0, unsent: 0, dropped: 0 }
}
