// What is promised for a table before the first row goes there: rules 3 and 7. Facts are read (check/facts.ts), then judged
// (check/promises.ts); `sluice doctor` prints the report, `exactlyOnce` refuses by it.

import { createBuilder } from '../block/create.ts'
import { describeCause } from '../engine/describe-cause.ts'
import { resolveRetry } from '../engine/retry.ts'
import { ServerError, show, UsageError } from '../errors.ts'
import { refuseUnknown } from '../transport/target.ts'
import type { Settings } from '../transport/transport.ts'
import { type DedupWindow, readFacts, type TableFacts } from './check/facts.ts'
import { type Outage, outageOf, pressureOf } from './check/pressure.ts'
import {
  type Answer,
  atomicOf,
  deliveryFindings,
  type Finding,
  type Promised,
  promised,
  recognises,
  sessionOf,
  windowOf,
} from './check/promises.ts'
import { writableFindings } from './check/writable.ts'
import type { OpenedTarget } from './connect.ts'
import { type GivenSettings, insertSettings } from './insert-settings.ts'
import { whyNeverCut } from './partly-stored.ts'
import {
  describeTable,
  quoteTable,
  type Reader,
  readerOf,
  selectColumns,
  type TableName,
  unknownTable,
} from './table.ts'

export interface CheckOptions {
  /** Blocks a minute that all writers together insert into this table (a block counts once per partition). Default: measured. */
  blocksPerMinute?: number
  /** Server settings of the inserts, over those of connect(). */
  settings?: GivenSettings
}

/** What is known of a table's delivery: all that prepare() asks. */
export interface DeliveryReport {
  /** `` `db`.`table` `` */
  readonly table: string
  readonly engine: string
  /** How many of the last parts the table recognises when they come again; 0: none, or not known; Infinity: it keeps no rows. */
  readonly deduplicationWindow: number
  /** How many blocks fill that, each of as many partitions as `max_partitions_per_insert_block` allows. */
  readonly deduplicationBlocks: number
  /** For how long; undefined where age does not matter. */
  readonly deduplicationSeconds?: number
  /** By the token (`token`), by the block's content (`content`, older replicated tables), or not at all. */
  readonly deduplicatesBy: 'token' | 'content' | 'nothing'
  /** Both noLoss and noDuplicates: a block whose answer was lost is stored once, however often it is repeated. */
  readonly exactlyOnce: boolean
  readonly promises: {
    /** An acknowledged row is in the table and in what its views write into; any other one is reported. */
    readonly noLoss: Promised
    /** A block that is sent again adds nothing, within the window. */
    readonly noDuplicates: Promised
    /** What of a block becomes visible at once: all of it, what falls into one partition, or nothing that could be named. */
    readonly atomic: Promised & { readonly per: 'block' | 'partition' | 'nothing' }
  }
  /** Whether onReject can find the rows of a refused block: of any block, of one partition only, or of none. */
  readonly onReject: { readonly per: 'block' | 'partition' | 'nothing'; readonly reason: string }
  /** What of it does not hold: why, and what would change it. */
  readonly warnings: readonly string[]
}

export interface CheckReport extends DeliveryReport {
  readonly server: { readonly version: string; readonly host: string }
  readonly promises: DeliveryReport['promises'] & {
    /** This user may insert, and every column can be written. */
    readonly writable: Promised
    /** Merges keep up: inserts are neither delayed nor refused. */
    readonly keepsUp: Promised
  }
  readonly outage: Outage
}

export type { Answer, Outage, Promised }

/** @throws {SchemaError} UNKNOWN_TABLE @throws {UsageError} BAD_OPTION */
export async function checkTable(
  opened: OpenedTarget,
  name: TableName,
  options: CheckOptions = {},
): Promise<CheckReport> {
  refuseUnknown(options, ['blocksPerMinute', 'settings'])
  const { blocksPerMinute } = options
  if (blocksPerMinute !== undefined && !(typeof blocksPerMinute === 'number' && blocksPerMinute > 0)) {
    throw new UsageError('BAD_OPTION', `blocksPerMinute must be a number above 0, not ${show(blocksPerMinute)}.`)
  }
  const { transport, known, server } = opened
  const settings = insertSettings(known, opened.options.settings, options.settings)
  const read = await readDelivery(opened, name, settings)
  if (read === undefined) throw await unknownTable(transport, name)
  const { facts, findings, window, report } = read
  // Of a table that keeps no rows itself: how busy the one behind it is.
  const busy = Array.isArray(facts.behind) ? (facts.behind[0] as TableFacts) : facts
  const deadlineMs = resolveRetry(opened.options.retry).deadline
  const [writable, pressure, outage] = await Promise.all([
    writableFindings(transport, facts, sessionOf(server.release, known, settings), settings, () =>
      planColumns(opened, name),
    ),
    pressureOf(transport, busy),
    outageOf(transport, busy, report.deduplicatesBy === 'nothing' ? undefined : window, {
      blocksPerMinute,
      deadlineMs,
    }),
  ])
  const all = [...findings, ...writable, ...pressure.findings]
  return {
    ...report,
    server: { version: server.version, host: server.host },
    promises: {
      writable: promised(all, 'writable', 'This user may insert, and every column can be written.'),
      ...report.promises,
      keepsUp: promised(all, 'keepsUp', pressure.kept),
    },
    outage,
  }
}

/** Whom to ask. */
type Asked = Pick<OpenedTarget, 'known' | 'server'> & { readonly transport: Reader }

/** These hosts and no others. */
export function askedAt({ transport, known, server }: OpenedTarget, hosts: readonly string[]): Asked {
  return { transport: readerOf(transport, hosts), known, server }
}

/** The part of it that a statement depends on (`isSplit`: of blocks of one partition each): two queries for a plain table. Where nothing may be read, nothing is proven. */
export async function checkDelivery(
  opened: Asked,
  name: TableName,
  settings: Settings,
  { signal, isSplit }: { readonly signal?: AbortSignal; readonly isSplit?: boolean } = {},
): Promise<DeliveryReport> {
  try {
    const read = await readDelivery(opened, name, settings, { signal, isSplit })
    return read?.report ?? unknownReport(quoteTable(name), 'system.tables does not show it')
  } catch (error) {
    // Somebody who may insert but not read these system tables can still insert; only the promise is not known.
    if (!(error instanceof ServerError)) throw error
    return unknownReport(quoteTable(name), `system.tables could not be read: ${describeCause(error)}`)
  }
}

async function readDelivery(
  { transport, known, server }: Asked,
  name: TableName,
  settings: Settings,
  { signal, isSplit }: { readonly signal?: AbortSignal; readonly isSplit?: boolean } = {},
): Promise<{ facts: TableFacts; findings: Finding[]; window?: DedupWindow; report: DeliveryReport } | undefined> {
  const facts = await readFacts(transport, server.release[0], name, signal)
  if (facts === undefined) return undefined
  const session = sessionOf(server.release, known, settings, isSplit ? facts.quoted : undefined)
  const findings = deliveryFindings(facts, session)
  const window = windowOf(facts, session)
  const by = recognises(session)
  const noLoss = promised(findings, 'noLoss', lossSentence(facts, session.value('insert_quorum')))
  const noDuplicates = promised(
    findings,
    'noDuplicates',
    window === undefined || window.entries === Number.POSITIVE_INFINITY
      ? 'It keeps no row that could come twice.'
      : windowSentence(facts, window, by),
  )
  const { per, reason } = atomicOf(facts)
  const report: DeliveryReport = {
    table: facts.quoted,
    engine: facts.engine,
    deduplicationWindow: window?.entries ?? 0,
    deduplicationBlocks: window?.blocks ?? 0,
    ...(window?.entries && Number.isFinite(window.seconds) && { deduplicationSeconds: window.seconds }),
    deduplicatesBy: noDuplicates.answer === 'no' || !window?.entries ? 'nothing' : by,
    exactlyOnce: noLoss.answer === 'yes' && noDuplicates.answer === 'yes',
    promises: { noLoss, noDuplicates, atomic: { per, answer: per === 'nothing' ? 'no' : 'yes', reason, remedies: [] } },
    onReject: rejectOf(facts),
    warnings: [
      ...new Set(
        findings.map(({ reason, remedy }) => `${reason}${remedy === undefined ? '' : ` To change that: ${remedy}`}`),
      ),
    ],
  }
  return { facts, findings, window, report }
}

function unknownReport(table: string, why: string): DeliveryReport {
  const reason = `Whether ${table} recognises a repeated block is not known: ${why}.`
  const unproven: Promised = { answer: 'unproven', reason, remedies: [] }
  return {
    table,
    engine: '',
    deduplicationWindow: 0,
    deduplicationBlocks: 0,
    deduplicatesBy: 'nothing',
    exactlyOnce: false,
    promises: { noLoss: unproven, noDuplicates: unproven, atomic: { ...unproven, per: 'nothing' } },
    onReject: { per: 'nothing', reason: `A refused block stays whole: ${why}.` },
    warnings: [reason],
  }
}

function rejectOf({ quoted, engine, views, partitionKey }: TableFacts): DeliveryReport['onReject'] {
  const never = whyNeverCut(
    quoted,
    engine,
    views.map((view) => view.quoted),
  )
  if (never !== undefined) {
    return {
      per: 'nothing',
      reason: `A refused block is not cut and ends the statement: ${never}, and a part of it may be stored.`,
    }
  }
  if (partitionKey === '') return { per: 'block', reason: 'A refused block is cut until the guilty rows stand alone.' }
  const reason = `A refused block is cut only where its rows lie in one partition (${partitionKey}), as with splitByPartition.`
  return { per: 'partition', reason }
}

function lossSentence({ isReplicated }: TableFacts, quorum: string | undefined): string {
  const kept = 'Every row is acknowledged, or reported with the state of its block.'
  if (!isReplicated) return kept
  return quorum === undefined || quorum === '0'
    ? `${kept} An acknowledged one is on one replica (insert_quorum = 0).`
    : `${kept} An acknowledged one is on ${quorum} replicas.`
}

function windowSentence({ partitionKey }: TableFacts, { entries, seconds }: DedupWindow, by: string): string {
  const age = Number.isFinite(seconds) ? `, for ${seconds} s` : ''
  const parts = partitionKey === '' ? 'blocks' : 'parts, one per block and partition'
  return `A repeated block is recognised by its ${by}, among the last ${entries} ${parts}${age}.`
}

/** Throws what prepare() would throw of the columns. */
async function planColumns({ transport }: OpenedTarget, name: TableName): Promise<void> {
  const columns = selectColumns(await describeTable(transport, name), undefined, name.table)
  createBuilder(columns, { blockSize: 1, blockBytes: 1, nullsAsDefault: false, table: name.table })
}
