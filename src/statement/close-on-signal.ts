import { constants } from 'node:os'
import { show, UsageError } from '../errors.ts'
import { refuseUnknown } from '../transport/target.ts'
import { type CloseSummary, Connection } from './connection.ts'

export interface CloseOnSignalOptions {
  /** Default SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[]
  /** ms in which what is left may be delivered; default 10,000. */
  deadline?: number
  /** Is told where the rows are, before the process ends, and may take its time for a last word. */
  onClosed?: (summary: CloseSummary, signal: NodeJS.Signals) => void | Promise<void>
  /**
   * Whether the process then ends by the signal, as it would have without us: parents see the signal. Default true. It does not while
   * the program has other listeners for the signal: ending is theirs then.
   */
  raise?: boolean
}

interface Watch extends Required<Omit<CloseOnSignalOptions, 'onClosed'>> {
  readonly connections: readonly Connection[]
  readonly onClosed: CloseOnSignalOptions['onClosed']
}

/** Beyond the deadline: what cannot be cut, a write or a query of the embedded engine, is not waited for any longer. */
const GRACE_MS = 1_000

/**
 * Closes connections when the process is asked to end: exec() refuses (STATEMENT_CLOSED), what is pending is delivered within the
 * deadline, and what is left is said, to `onClosed` and the logger, else in a process warning. Then the process ends by the signal.
 * `process.exitCode` becomes 1 where rows are left. A second signal ends it at once.
 *
 * @returns what undoes it. Connections that are closed otherwise are let go of by themselves.
 * @throws {UsageError} BAD_OPTION
 */
export function closeOnSignal(
  connections: Connection | readonly Connection[],
  options: CloseOnSignalOptions = {},
): () => void {
  const watch = resolve([connections].flat(), options)
  watches.add(watch)
  for (const signal of watch.signals) listenTo(signal)
  const undo = () => {
    watches.delete(watch)
    tidy()
  }
  let openCount = watch.connections.length
  for (const connection of watch.connections) {
    connection.onceClosed(() => {
      if (--openCount === 0 && !closing.has(watch)) undo()
    })
  }
  return undo
}

/** All of the process: together they have one listener per signal, so that they end the process once, when the last is done. */
const watches = new Set<Watch>()
const closing = new Set<Watch>()
const listeners = new Map<NodeJS.Signals, NodeJS.SignalsListener>()

function listenTo(signal: NodeJS.Signals): void {
  if (listeners.has(signal)) return
  const listener = () => void onSignal(signal)
  listeners.set(signal, listener)
  // Before all others: those that listen only once are still to be seen.
  process.prependListener(signal, listener)
}

/** Signals that nobody watches any more do again what they do by themselves. */
function tidy(): void {
  const wanted = new Set([...watches].flatMap(({ signals }) => signals))
  for (const [signal, listener] of listeners) {
    if (wanted.has(signal)) continue
    process.off(signal, listener)
    listeners.delete(signal)
  }
}

async function onSignal(signal: NodeJS.Signals): Promise<void> {
  const mayRaise = process.listenerCount(signal) === 1
  if (closing.size > 0) return await endAtOnce(signal, mayRaise)
  const concerned = [...watches].filter(({ signals }) => signals.includes(signal))
  for (const watch of concerned) closing.add(watch)
  try {
    await Promise.all(concerned.map((watch) => closeAll(watch, signal)))
  } finally {
    for (const watch of concerned) {
      closing.delete(watch)
      watches.delete(watch)
    }
    tidy()
    if (mayRaise && concerned.every(({ raise }) => raise)) end(signal)
  }
}

async function closeAll({ connections, deadline, onClosed }: Watch, signal: NodeJS.Signals): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, deadline + GRACE_MS)
  })
  // What close() of a file may throw is said by its statement, or by whoever called it.
  await Promise.race([late, Promise.allSettled(connections.map((connection) => connection.close({ deadline })))])
  clearTimeout(timer)
  const summary = summaryOf(connections)
  if (rowsLeft(summary) > 0) process.exitCode ??= 1
  if (onClosed === undefined) return await warn(summary, signal)
  try {
    await onClosed(summary, signal)
  } catch (error) {
    setImmediate(() => {
      throw error
    })
    await turn() // it is the caller's defect, and ends the process as such
  }
}

async function endAtOnce(signal: NodeJS.Signals, mayRaise: boolean): Promise<void> {
  await warn(summaryOf([...closing].flatMap(({ connections }) => connections)), signal)
  watches.clear()
  tidy()
  if (mayRaise) end(signal)
  else process.exit(128 + constants.signals[signal])
}

/** As if nobody had listened. */
function end(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal)
}

function summaryOf(connections: readonly Connection[]): CloseSummary {
  const all = connections.map(({ summary }) => summary)
  const sum = (name: 'acknowledged' | 'rejected' | 'unknown' | 'unsent') =>
    all.reduce((rows, one) => rows + one[name], 0)
  return {
    acknowledged: sum('acknowledged'),
    rejected: sum('rejected'),
    unknown: sum('unknown'),
    unsent: sum('unsent'),
    left: all.flatMap(({ left }) => left),
  }
}

/** Of the rejected ones those that onReject did not take. */
function rowsLeft({ unknown, unsent, left }: CloseSummary): number {
  return left.reduce((rows, { state, rowCount }) => rows + (state === 'rejected' ? rowCount : 0), unknown + unsent)
}

async function warn(summary: CloseSummary, signal: NodeJS.Signals): Promise<void> {
  if (rowsLeft(summary) === 0) return
  const { acknowledged, rejected, unknown, unsent, left } = summary
  const tokens = left.map(({ table, token, rowCount, state }) => `${table} ${token}: ${rowCount} rows ${state}`)
  process.emitWarning(
    `${signal}: ${acknowledged} rows are in, ${rejected} were rejected, ${unknown} may be in, ${unsent} were not sent.`,
    { type: 'SluiceWarning', code: 'SLUICE_ROWS_LEFT', detail: tokens.join('\n') },
  )
  await turn() // it is printed by then
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function resolve(connections: readonly Connection[], options: CloseOnSignalOptions): Watch {
  refuseUnknown(options, ['signals', 'deadline', 'onClosed', 'raise'])
  const { signals = ['SIGTERM', 'SIGINT'], deadline = 10_000, onClosed, raise = true } = options
  if (connections.length === 0 || !connections.every((connection) => connection instanceof Connection)) {
    throw new UsageError('BAD_OPTION', 'closeOnSignal() takes what connect() resolves to, one or a list.')
  }
  const wrong = [signals].flat().find((signal) => !(signal in constants.signals) || /^SIG(KILL|STOP)$/.test(signal))
  if (wrong !== undefined)
    throw new UsageError('BAD_OPTION', `signals: ${show(wrong)} is none that can be listened to.`)
  if (!(deadline >= 0 && deadline <= 2_147_483_647 - GRACE_MS)) {
    throw new UsageError('BAD_OPTION', `deadline must be milliseconds, not ${show(deadline)}.`)
  }
  if (onClosed !== undefined && typeof onClosed !== 'function') {
    throw new UsageError('BAD_OPTION', `onClosed must be a function, not ${show(onClosed)}.`)
  }
  return { connections, signals, deadline, onClosed, raise }
}
