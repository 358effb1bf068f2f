// What is promised of a block that is sent twice, asked before the first row: of one host, or of each where the promise must hold.

import { EngineError, TransportError } from '../errors.ts'
import type { Settings } from '../transport/transport.ts'
import { askedAt, checkDelivery, type DeliveryReport } from './check.ts'
import type { OpenedTarget } from './connect.ts'
import type { ResolvedOptions } from './options.ts'
import { quoteTable, type TableName } from './table.ts'
import type { TableLogs } from './table-logs.ts'

export interface TablePromise {
  /** Undefined where nothing is asked of the server: for a file, and where the columns are declared. */
  readonly report: DeliveryReport | undefined
  /** Where blocks may go. */
  readonly hosts: readonly string[]
  readonly warnings: readonly string[]
}

/** @throws {EngineError} CANNOT_HOLD_PROMISE, with `exactlyOnce` */
export async function promiseFor(
  opened: OpenedTarget,
  table: TableName,
  settings: Settings,
  options: ResolvedOptions,
): Promise<TablePromise> {
  const { names } = opened.transport.hosts
  const isSplit = options.splitByPartition
  if (!options.exactlyOnce) {
    const isAsked = opened.transport.kind !== 'file' && options.columns === undefined
    const report = isAsked ? await checkDelivery(opened, table, settings, { isSplit }) : undefined
    return { report, hosts: names, warnings: report?.warnings ?? [] }
  }
  if (opened.transport.kind === 'file') throw cannotHold(table, 'A file recognises nothing.', '')
  const reports = await Promise.all(
    names.map((host) =>
      checkDelivery(askedAt(opened, [host]), table, settings, { isSplit }).catch((error: unknown) => {
        if (error instanceof TransportError && names.length > 1) return error
        throw error
      }),
    ),
  )
  const hosts = names.filter((_, index) => !(reports[index] instanceof TransportError))
  for (const [index, report] of reports.entries()) {
    if (report instanceof TransportError || report.exactlyOnce) continue
    const { noDuplicates, noLoss } = report.promises
    const broken = [noDuplicates, noLoss].find(({ answer }) => answer !== 'yes')!
    throw cannotHold(table, broken.reason, broken.remedies.join('; '), names.length > 1 ? names[index] : undefined)
  }
  if (hosts.length === 0) throw reports[0]
  const report = reports.find((one): one is DeliveryReport => !(one instanceof TransportError))!
  const silent = names
    .filter((name) => !hosts.includes(name))
    .map((name) => `${name} does not answer: without its word, exactlyOnce leaves it out.`)
  return { report, hosts, warnings: [...report.warnings, ...silent] }
}

/**
 * The tokens of another run are known to the log that it wrote to, and nobody knows to which host it sent which block.
 *
 * @throws {EngineError} CANNOT_HOLD_PROMISE
 */
export async function assertOneLog(table: string, hosts: readonly string[], logs: TableLogs): Promise<void> {
  const [first] = hosts as [string]
  const sharing = await logs.recognisers(first)
  const stranger = hosts.find((host) => !sharing.includes(host))
  if (stranger === undefined) return
  throw new EngineError(
    'CANNOT_HOLD_PROMISE',
    `deterministic: of ${first} and ${stranger} it is not known that they keep one deduplication log for ${table}.`,
    { hint: 'Connect to one host, or to replicas of the table that all answer.' },
  )
}

function cannotHold(table: TableName, why: string, remedy: string, host?: string): EngineError {
  const at = host === undefined ? '' : ` at ${host}`
  return new EngineError('CANNOT_HOLD_PROMISE', `exactlyOnce cannot be held for ${quoteTable(table)}${at}. ${why}`, {
    hint: remedy || 'Insert into a table that deduplicates, or leave exactlyOnce out.',
  })
}
