// What a load says at its end: one JSON line for programs, two or three lines for people.

import { basename } from 'node:path'
import { describeError, EXIT, type ExitCode, exitCodeOf } from './exit.ts'
import type { LoadOptions } from './load-options.ts'
import type { Position } from './positions.ts'
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
  /** Rows whose answer was lost: the server has them or not. */
  unknown: number
  /** Accepted rows that the server does not have. */
  undelivered: number
  /** Acknowledged rows behind the place to resume from. */
  ahead: number
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
  if (unknown > 0) lines.push(`${count(unknown, 'row')} may be in the table or not: the answer was lost`)
  if (resume !== undefined) lines.push(resumeLine(options, result))
  if (ahead > 0)
    lines.push(`${count(ahead, 'row')} behind that place in the table already: resuming there loads them twice`)
  return lines.join('\n')
}

function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? '' : 's'}`
}

function resumeLine(options: LoadOptions, { resume, error }: LoadResult): string {
  const { fileIndex, record } = resume!
  const file = options.files[fileIndex]!
  const name = file === '-' ? 'stdin' : basename(file)
  const others = options.files.length > 1 ? `, with ${name} as the first file` : ''
  const after = exitCodeOf(error) === EXIT.data ? 'correct the row, then ' : ''
  return `to resume: ${after}run the same command with --skip-rows ${record}${others}`
}
