// How busy a table is: how fast its memory of blocks is used up, and whether merges keep up with the inserts.

import { ServerError } from '../../errors.ts'
import type { Transport } from '../../transport/transport.ts'
import { inTable, type Reader } from '../table.ts'
import { type DedupWindow, type TableFacts, Unread } from './facts.ts'
import { type Finding, widerWindows } from './promises.ts'

/** For how long a block whose answer was lost may be repeated. */
export interface Outage {
  /** All of it in words. */
  readonly reason: string
  /** Undefined where nobody knows how many parts other writers insert, or the table recognises nothing. */
  readonly minutes?: number
  /** Parts a minute: what uses the window up. */
  readonly partsPerMinute?: number
  /** `part_log`, `parts`: the busiest minute of the last hour, or the last five minutes, of this server. */
  readonly source?: 'given' | 'part_log' | 'parts'
  /** After this sluice gives up by itself: retry.deadline. */
  readonly deadlineMinutes: number
  /** What would let a block be repeated until that deadline, where it may not; nothing where it may. */
  readonly remedies: readonly string[]
}

/** Of the entries only half are trusted: other writers push tokens out too, and busy hours come. */
export const TRUSTED_SHARE = 0.5

export async function outageOf(
  transport: Transport,
  table: TableFacts,
  window: DedupWindow | undefined,
  given: { readonly blocksPerMinute?: number; readonly deadlineMs: number },
): Promise<Outage> {
  const deadlineMinutes = given.deadlineMs / 60_000
  const own = Number.isFinite(deadlineMinutes)
    ? `sluice gives up by itself after ${duration(deadlineMinutes)} (retry.deadline).`
    : 'sluice does not give up by itself (retry.deadline).'
  if (window === undefined || window.entries === 0) {
    return {
      deadlineMinutes,
      reason: `A block that may be there already is not sent again: it stays unknown, unless acceptDuplicates says otherwise. ${own}`,
      remedies: [],
    }
  }
  if (window.entries === Number.POSITIVE_INFINITY) {
    return { deadlineMinutes, reason: `It keeps no row: a block may be repeated at any time. ${own}`, remedies: [] }
  }
  const measured =
    given.blocksPerMinute === undefined
      ? await partsPerMinute(transport, table)
      : ({ source: 'given', rate: given.blocksPerMinute } as const)
  const age = window.seconds / 60
  const trusted = Math.floor(window.entries * TRUSTED_SHARE)
  const limit = `until ${trusted} of ${window.entries} entries are used${Number.isFinite(age) ? `, ${duration(age)} at most` : ''}`
  if (measured === undefined || 'unmeasured' in measured) {
    const why =
      measured === undefined
        ? 'no inserts were seen lately, so how fast that is nobody knows'
        : `how fast that is was not measured: ${measured.unmeasured}. Give blocksPerMinute (--blocks-per-minute)`
    return { deadlineMinutes, reason: `A block may be repeated ${limit}; ${why}. ${own}`, remedies: [] }
  }
  const { source, rate } = measured
  const minutes = Math.min(age, trusted / rate)
  const known = `A block may be repeated for ${duration(minutes)}: ${limit}, at ${round(rate)} parts a minute (${SOURCES[source]}).`
  const needed = Math.ceil((rate * deadlineMinutes) / TRUSTED_SHARE)
  const isShort = Number.isFinite(needed) && needed > window.entries
  const advice = isShort ? ` To last until then the window needs ${needed} entries.` : ''
  return {
    minutes,
    partsPerMinute: rate,
    source,
    deadlineMinutes,
    reason: `${known} ${own}${advice}`,
    remedies: isShort ? widerWindows(table, needed) : [],
  }
}

const SOURCES = {
  given: 'as given',
  part_log: 'system.part_log, its busiest minute of the last hour',
  parts: 'system.parts, the last five minutes',
}

/** Undefined where nothing was inserted lately. */
export async function partsPerMinute(
  transport: Transport,
  table: TableFacts,
): Promise<{ source: 'part_log' | 'parts'; rate: number } | { source?: undefined; unmeasured: string } | undefined> {
  if (table.isRemote) return { unmeasured: 'the parts are on another host' }
  // 1 is NewPart (18.16: NEW_PART), 3 DownloadPart, which brings parts that another replica was given; new parts are of level 0.
  const minutes = `SELECT count() AS parts FROM system.part_log WHERE toInt8(event_type) IN (1, 3) AND part_name LIKE '%\\_0' AND event_date >= yesterday() AND event_time > now() - 3600 AND ${inTable(table.name, 'table')} GROUP BY toStartOfMinute(event_time)`
  const busiest = await ask(transport, `SELECT max(parts) AS rate FROM (${minutes})`)
  if (busiest !== undefined && busiest > 0) return { source: 'part_log', rate: busiest }
  // Parts that were merged stay for a while; where it is a short one, those that are left say too little.
  const forgets = (table.setting('old_parts_lifetime') ?? 0) < LOOK_BACK_SECONDS
  if (forgets)
    return busiest === 0 ? undefined : { unmeasured: 'this server forgets merged parts, and has no part_log to read' }
  const recent = `level = 0 AND modification_time > now() - ${LOOK_BACK_SECONDS} AND ${inTable(table.name, 'table')}`
  const count = await ask(transport, `SELECT count() AS rate FROM system.parts WHERE ${recent}`)
  if (count === undefined)
    return busiest === 0 ? undefined : { unmeasured: 'system.part_log and system.parts could not be read' }
  if (count === 0) return undefined
  return { source: 'parts', rate: count / (LOOK_BACK_SECONDS / 60) }
}

const LOOK_BACK_SECONDS = 300

/** Where parts pile up, the server first slows inserts down, then refuses them (252). */
export async function pressureOf(
  transport: Reader,
  table: TableFacts,
): Promise<{ readonly findings: Finding[]; readonly kept: string }> {
  const [delayAt, throwAt] = [table.setting('parts_to_delay_insert'), table.setting('parts_to_throw_insert')]
  const largest = `SELECT partition, count() AS parts FROM system.parts WHERE active AND ${inTable(table.name, 'table')} GROUP BY partition ORDER BY parts DESC LIMIT 1`
  const unproven = (why: string) => ({
    findings: [
      { promise: 'keepsUp', answer: 'unproven', reason: `Whether merges keep up is not known: ${why}.` } as const,
    ],
    kept: '',
  })
  if (table.isRemote) return unproven(`the parts of ${table.quoted} are on another host`)
  if (table.behind instanceof Unread) return unproven(table.behind.why)
  if (!table.isMergeTree) return { findings: [], kept: 'The table has no parts of its own.' }
  let row: Record<string, unknown> | undefined
  try {
    row = (await transport.query(largest))[0]
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    return unproven(`system.parts could not be read (Code ${error.serverCode})`)
  }
  if (delayAt === undefined || throwAt === undefined) return unproven('the table’s limits could not be read')
  const parts = Number(row?.parts ?? 0)
  const where =
    table.partitionKey === '' || row === undefined ? '' : ` in ${row.partition}, the partition that has most`
  const said = `${parts} active ${parts === 1 ? 'part' : 'parts'}${where}; inserts are delayed from ${delayAt} on, refused from ${throwAt}.`
  if (parts < delayAt) return { findings: [], kept: said }
  const remedy = 'Insert fewer and larger blocks (blockSize, flushInterval), from fewer writers, into fewer partitions.'
  return { findings: [{ promise: 'keepsUp', answer: 'no', reason: said, remedy }], kept: '' }
}

/** The one figure of a query; undefined where this user, or this server, has no such table. */
async function ask(transport: Transport, sql: string): Promise<number | undefined> {
  try {
    const [row] = await transport.query(sql)
    return Number(row?.rate ?? 0)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    return undefined
  }
}

function round(rate: number): string {
  return rate >= 10 ? String(Math.round(rate)) : String(Number(rate.toPrecision(2)))
}

function duration(minutes: number): string {
  const units: [number, string][] = [
    [1 / 60, 's'],
    [1, 'min'],
    [60, 'h'],
    [1440, 'days'],
  ]
  const [size, unit] = units.findLast(([least]) => minutes >= 2 * least) ?? units[0]!
  const amount = minutes / size
  return `${amount >= 10 ? Math.floor(amount) : Math.floor(amount * 10) / 10} ${unit}`
}
