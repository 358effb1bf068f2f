// What a load says at its end: one JSON line for programs, two or three lines for people.

import { basename } from 'node:path'
import { DeliveryError } from '../engine/delivery-error.ts'
import { ServerError } from '../errors.ts'
import { describeError, EXIT, type ExitCode, exitCodeOf } from './exit.ts'
import type { LoadOptions } from './load-options.ts'
import type { Position, Stretch } from './positions.ts'
import { formatBytes, formatCount } from './progress.ts'

/** What became of the rows. */
export interface LoadResult {
  /** 'stopped': at a refused record, or where an input is damaged. */
  outcome: 'loaded' | 'stopped' | 'interrupted' | 'failed'
  /** What stopped it, and the file and line of the record if it was one. */
  error?: unknown
  at?: string
  /** Rows the server has. */
  acknowledged: number
  /** The server has them or not. */
  unknown: number
  /** Accepted rows that the server does not have. */
  undelivered: number
  /** Acknowledged rows behind the place to resume from. */
  ahead: number
  /** From there up to the last row that is in the table, or may be; none where that is not known row by row. */
  behind: readonly Stretch[]
  /** Of the last file: the line of its first record, where each is a line of its own. */
  firstLine: number | undefined
  refused: number
  read: number
  bytesRead: number
  blocks: number
  retries: number
  /** Of the acknowledged rows: sent again to a table that may not recognise them. */
  possibleDuplicates: number
  /** '3 after Code 252, 1 after CONNECTION_LOST' */
  retryCauses: string | undefined
  /** How often, and how long in all, no row could go on because the server had enough to do. */
  waits: number
  waitedMs: number
  /** Where to go on; absent when everything was loaded. */
  resume?: Position
}

export function exitCodeFor(result: LoadResult): ExitCode {
  if (result.outcome === 'interrupted') return EXIT.interrupted
  if (result.error !== undefined) return exitCodeOf(result.error)
  return result.refused > 0 ? EXIT.data : EXIT.ok
}

/** The line on stdout. */
export function jsonSummary(options: LoadOptions, result: LoadResult, seconds: number): string {
  const {
    outcome,
    acknowledged: rows,
    refused,
    unknown,
    undelivered,
    ahead,
    read,
    bytesRead,
    blocks,
    retries,
    possibleDuplicates,
    waits,
    waitedMs,
    resume,
  } = result
  return JSON.stringify({
    table: options.tableName,
    outcome: options.dryRun && outcome === 'loaded' ? 'dry run' : outcome,
    rows,
    ...(refused > 0 ? { refused } : {}),
    ...(unknown > 0 ? { unknown } : {}),
    ...(undelivered > 0 ? { undelivered } : {}),
    ...(ahead > 0 ? { ahead } : {}),
    read,
    bytesRead,
    blocks,
    retries,
    ...(possibleDuplicates > 0 ? { possibleDuplicates } : {}),
    waits,
    waitedSeconds: Number((waitedMs / 1000).toFixed(3)),
    seconds: Number(seconds.toFixed(3)),
    rowsPerSecond: Math.round(rows / Math.max(seconds, 0.001)),
    ...(result.error === undefined ? {} : { at: result.at, error: describeError(result.error) }),
    ...(resume === undefined ? {} : { resume: { file: options.files[resume.fileIndex], skipRows: resume.record } }),
  })
}

/** The lines on stderr. */
export function textSummary(options: LoadOptions, result: LoadResult, seconds: number): string {
  const {
    acknowledged,
    refused,
    unknown,
    ahead,
    bytesRead,
    blocks,
    retries,
    possibleDuplicates,
    retryCauses,
    waitedMs,
    resume,
  } = result
  const rate = formatCount(Math.round(acknowledged / Math.max(seconds, 0.001)))
  const lines = [
    `${count(acknowledged, 'row')} ${options.dryRun ? 'would go into' : 'loaded into'} ${options.tableName}: ${formatBytes(bytesRead)} read, ${count(blocks, 'block')}, ${seconds.toFixed(1)} s, ${rate} rows/s`,
  ]
  if (retryCauses !== undefined) lines.push(`${count(retries, 'attempt')} repeated: ${retryCauses}`)
  if (waitedMs >= 1_000) lines.push(`waited ${(waitedMs / 1000).toFixed(1)} s for the server`)
  if (refused > 0 && options.rejects !== undefined)
    lines.push(`${count(refused, 'row')} refused: see ${options.rejects}`)
  if (possibleDuplicates > 0)
    lines.push(`${count(possibleDuplicates, 'row')} may be in the table twice: sent again after a lost answer`)
  if (unknown > 0) lines.push(`${count(unknown, 'row')} may be in the table or not: ${whyUnknown(result)}`)
  if (result.behind.length > 0) lines.push(...branches(options, result))
  else if (resume !== undefined) {
    if (ahead > 0)
      lines.push(`${count(ahead, 'row')} behind that place are in the table already: resuming there loads them twice`)
    lines.push(`to resume: ${resumeAt(options, resume, exitCodeOf(result.error) === EXIT.data)}`)
  }
  return lines.join('\n')
}

function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? '' : 's'}`
}

function whyUnknown({ outcome, error }: LoadResult): string {
  if (outcome === 'interrupted') return 'no answer came in time'
  const cause = error instanceof DeliveryError ? error.cause : undefined
  return cause instanceof ServerError
    ? `the server said Code ${cause.serverCode} ${cause.serverName}, and may have stored a part by then`
    : 'the answer was lost'
}

/** What to do where rows behind the place to resume from are in the table, or may be. */
function branches(options: LoadOptions, { behind, firstLine, error }: LoadResult): string[] {
  const last = behind.at(-1)!
  const after = resumeAt(options, last.next)
  if (behind.length === 1 && last.state === 'unknown') {
    return [
      `to resume: look in the table for ${rowsOf(options, last)}`,
      `  they are there: ${after}`,
      `  none of them is: ${resumeAt(options, last.first)}`,
    ]
  }
  const alone = behind.filter(({ state }) => state !== 'in')
  const steps = alone.map((stretch) => {
    const when = stretch.state === 'unknown' ? 'look in the table for' : 'not in the table are'
    const then = stretch.state === 'unknown' ? 'if none of them is there, load' : 'load'
    return `  ${when} ${rowsOf(options, stretch)}; ${then} those alone${linesOf(options, stretch, firstLine)}`
  })
  const head = exitCodeOf(error) === EXIT.data ? 'to resume, once the row is correct:' : 'to resume:'
  return [head, ...steps, `  then ${after}`]
}

function rowsOf({ files }: LoadOptions, { first, last }: Stretch): string {
  const name = (at: Position) => (files.length > 1 ? ` of ${nameOf(files[at.fileIndex]!)}` : '')
  const from = first.fileIndex === last.fileIndex ? '' : name(first)
  return `rows ${first.record}${from}..${last.record}${name(last)} (from 0)`
}

/** How to get at them, where rows are lines. */
function linesOf({ files, tableName }: LoadOptions, { first, last }: Stretch, firstLine: number | undefined): string {
  const file = files[first.fileIndex]!
  const isLast = first.fileIndex === last.fileIndex && first.fileIndex === files.length - 1
  if (firstLine === undefined || !isLast || file === '-' || /\.gz$/i.test(file)) return ''
  const header = firstLine === 2 ? '1p;' : ''
  const name = `'${file.replaceAll("'", "'\\''")}'`
  return `: sed -n '${header}${first.record + firstLine},${last.record + firstLine}p' ${name} | sluice load ${tableName} with the same options`
}

function resumeAt({ files }: LoadOptions, { fileIndex, record }: Position, isAfterCorrection = false): string {
  const others = files.length > 1 ? `, with ${nameOf(files[fileIndex]!)} as the first file` : ''
  return `${isAfterCorrection ? 'correct the row, then ' : ''}run the same command with --skip-rows ${record}${others}`
}

function nameOf(file: string): string {
  return file === '-' ? 'stdin' : basename(file)
}
