import { availableParallelism } from 'node:os'
import type { BlockBuilder } from '../block/builder.ts'
import { createBuilder } from '../block/create.ts'
import { framerOf } from '../block/framer.ts'
import { SPLITS_MAX, Splitter } from '../block/partition/splitter.ts'
import type { BlockTarget } from '../engine/block.ts'
import { abortedError } from '../engine/engine.ts'
import { resolveRetry } from '../engine/retry.ts'
import { fixedEngineUuid, randomEngineUuid } from '../engine/token.ts'
import { UsageError } from '../errors.ts'
import type { KnownSettings } from '../transport/capabilities.ts'
import type { Settings } from '../transport/transport.ts'
import type { Column } from '../types/node.ts'
import type { DeliveryReport } from './check.ts'
import type { OpenedTarget } from './connect.ts'
import { followColumns } from './follow.ts'
import { insertSettings } from './insert-settings.ts'
import { type InsertText, parseInsert } from './insert-text.ts'
import { type ResolvedOptions, resolveOptions, type StatementOptions } from './options.ts'
import { partitionKeyOf } from './partition.ts'
import type { AdaptPlan, StatementPlan } from './plan.ts'
import { assertOneLog, promiseFor } from './promise.ts'
import { quoteIdentifier } from './quote.ts'
import { schemaGuard } from './schema-guard.ts'
import { describeTable, quoteTable, selectColumns, type TableName } from './table.ts'
import { TableLogs } from './table-logs.ts'
import { askTrust, trustOf } from './trust.ts'

/** A second thread is of use where there is a second processor. */
const DEFAULT_WORKER = availableParallelism() > 1

/** Decides everything about a statement that can be decided before its first row. */
export async function planStatement(
  opened: OpenedTarget,
  insert: string,
  given: StatementOptions,
): Promise<StatementPlan> {
  const options = resolveOptions(given)
  const text = parseInsert(insert)
  const { transport, known } = opened
  const { logger } = opened.options
  const table: TableName = { database: text.database ?? opened.database, table: text.table }
  const name = quoteTable(table)
  const compression = compressionFor(opened, options)
  const settings = insertSettings(known, opened.options.settings, options.settings, text.settings)
  if (options.signal?.aborted) throw abortedError(options.signal.reason)

  logger?.debug('prepare', { table: name })
  const logs = new TableLogs(transport, table)
  const [{ columns, seen }, { report, hosts, warnings: promised }] = await Promise.all([
    columnsFor(opened, table, text, options),
    promiseFor(opened, table, settings, options),
    // Who declares the columns has nothing asked before it is needed.
    options.columns === undefined && logs.learn(options.exactlyOnce ? 'all' : 'first'),
  ])
  if (options.deterministic) await assertOneLog(name, transport.hosts.names, logs)
  logger?.debug('meta', { table: name, columns: columns.map((column) => `${column.name} ${column.type}`) })
  const useless = report && uselessOnReject(report, options)
  const warnings = useless === undefined ? promised : [...promised, useless]
  if (report !== undefined) {
    warn(opened, { ...report, warnings: promised }, 'SLUICE_NO_DEDUPLICATION')
    if (useless !== undefined) warn(opened, { ...report, warnings: [useless] }, 'SLUICE_NO_REJECT')
  }
  const partition = options.splitByPartition && (await partitionKeyOf(transport, table, columns))

  const { blockSize, blockBytes, ignoreUnknown, strictKeys, invalidText, worker = DEFAULT_WORKER } = options
  const isShared = compression === 'lz4' && worker
  const nullsAsDefault = takesNullsAsDefault(opened)
  const rules = { blockSize, blockBytes, ignoreUnknown, strictKeys, invalidText, nullsAsDefault }
  const make: AdaptPlan['make'] = (made) => {
    const create = () => createBuilder(made, { ...rules, shared: isShared, table: table.table })
    // The first one shows whether the columns can be written at all. Whoever takes it has it: nothing here keeps its memory.
    let first: BlockBuilder | undefined = create()
    const newBuilder = () => {
      const builder = first ?? create()
      first = undefined
      return builder
    }
    return { newBuilder, targetOf: targets(table, made, settings, known, report, logs, options.splitByPartition) }
  }
  return {
    name,
    table,
    columns,
    ...make(columns),
    engine: {
      transport,
      retry: resolveRetry(opened.options.retry, options.retry),
      concurrency: opened.concurrency,
      observer: opened.observer,
      throttle: opened.throttles.of(opened, table),
      hosts,
      recognisers: async ({ lostAttempt }, end) => {
        const recognising = await logs.recognisers(lostAttempt!.host, undefined, end)
        return recognising.filter((host) => hosts.includes(host))
      },
      trust: (block, among, signal, timeoutMs) => askTrust(opened, block, among, signal, timeoutMs),
      acceptDuplicates: options.acceptDuplicates,
    },
    guard: schemaGuard(opened, table, {
      columns: seen,
      looks: seen !== undefined,
      adapts: options.onSchemaChange === 'adapt',
    }),
    ...(compression === 'lz4' && { framer: framerOf(worker) }),
    ...(partition && { splitter: new Splitter(partition, isShared, splitsMax(known, settings)) }),
    engineUuid:
      options.engineId === undefined
        ? randomEngineUuid()
        : fixedEngineUuid(table.database, table.table, options.engineId),
    ...(options.onSchemaChange === 'adapt' && {
      adapt: { make, follow: (was, now) => followColumns(table, was, now, text.columns) },
    }),
    blockBytes,
    flushInterval: options.flushInterval,
    maxPendingBlocks: options.maxPendingBlocks,
    holdUntilCommit: options.holdUntilCommit,
    holdBytesMax: options.holdBytesMax,
    warnings,
    onReject: options.onReject,
    signal: options.signal,
    logger,
  }
}

/**
 * A block of more partitions goes as it is, and is refused; where the server would take it, and make parts of which some may be lost,
 * it is split whatever it costs.
 */
function splitsMax(known: KnownSettings, settings: Settings): number {
  const settingOf = (name: string) => settings[name] ?? known.get(name)
  const taken = Number(settingOf('max_partitions_per_insert_block') ?? 0)
  const throws = Number(settingOf('throw_on_max_partitions_per_insert_block') ?? 1)
  return taken === 0 || throws === 0 ? Number.POSITIVE_INFINITY : Math.max(taken, SPLITS_MAX)
}

/**
 * NULL in a Nullable(T) block column becomes the DEFAULT of a T column, in Native since ClickHouse 23.3.
 * @see https://github.com/ClickHouse/ClickHouse/pull/46284
 */
function takesNullsAsDefault({ known, server: { release } }: OpenedTarget): boolean {
  return known.has('input_format_null_as_default') && (release[0] > 23 || (release[0] === 23 && release[1] >= 3))
}

function compressionFor({ transport, compression }: OpenedTarget, options: ResolvedOptions): 'lz4' | 'none' {
  if (options.compression === 'lz4' && !transport.takesFrames) {
    throw new UsageError('NOT_SUPPORTED', `compression: 'lz4' is not for this ${transport.kind} target.`, {
      hint:
        transport.kind === 'file' ? "connect({ url: 'file:...', compression: 'lz4' }) writes frames." : 'Leave it out.',
    })
  }
  return options.compression ?? compression
}

async function columnsFor(
  opened: OpenedTarget,
  table: TableName,
  text: InsertText,
  options: ResolvedOptions,
): Promise<{ columns: readonly Column[]; seen?: readonly Column[] }> {
  const declared = options.columns?.map(
    ({ name, type }): Column => ({ name, type, defaultKind: '', defaultExpression: '' }),
  )
  if (declared === undefined && opened.transport.kind === 'file') {
    throw new UsageError('NOT_SUPPORTED', 'A file cannot say which columns its table has.', {
      hint: "Declare them: prepare('events', { columns: [{ name: 'a', type: 'UInt8' }] }).",
    })
  }
  if (declared !== undefined) return { columns: selectColumns(declared, text.columns, table.table) }
  const seen = await describeTable(opened.transport, table)
  return { columns: selectColumns(seen, text.columns, table.table), seen }
}

// Who has no logger still learns, once per table, that a promise does not hold.
const warned = new Set<string>()

/** Why onReject may never be called. */
function uselessOnReject({ table, onReject }: DeliveryReport, options: ResolvedOptions): string | undefined {
  const serves = onReject.per === 'block' || (onReject.per === 'partition' && options.splitByPartition)
  return options.onReject === undefined || serves ? undefined : `onReject for ${table}: ${onReject.reason}`
}

function warn(
  { options, server }: OpenedTarget,
  { table, engine, warnings }: DeliveryReport,
  code: 'SLUICE_NO_DEDUPLICATION' | 'SLUICE_NO_REJECT',
): void {
  for (const warning of warnings) {
    if (options.logger !== undefined) {
      options.logger.warn('check', { table, engine, warning })
      continue
    }
    const key = `${server.host} ${warning}`
    if (!warned.has(key)) process.emitWarning(warning, { type: 'SluiceWarning', code })
    warned.add(key)
  }
}

/** The INSERT of a block by the columns in it: one that all rows leave out is not named, so that the server fills it in. */
function targets(
  table: TableName,
  columns: readonly Column[],
  settings: Settings,
  known: KnownSettings,
  report: DeliveryReport | undefined,
  logs: TableLogs,
  isSplit: boolean | undefined,
): StatementPlan['targetOf'] {
  const trust = report === undefined ? undefined : trustOf(report)
  const made = new Map<string, BlockTarget>()
  return (columnNames, nullsAsDefault) => {
    const key = `${nullsAsDefault}${columnNames.join('\0')}`
    let target = made.get(key)
    if (target === undefined) {
      target = {
        ...table,
        sql: `INSERT INTO ${quoteTable(table)} (${columnNames.map(quoteIdentifier).join(', ')}) FORMAT Native`,
        sendsToken: known.has('insert_deduplication_token'),
        // Off wherever it can be: NULL would become a zero where a column is not Nullable any more.
        settings: known.has('input_format_null_as_default')
          ? { ...settings, input_format_null_as_default: Number(nullsAsDefault) }
          : settings,
        columns: columns.filter(({ name }) => columnNames.includes(name)),
        ...(trust?.isKnown && { trust }),
        isSplit,
        logAt: logs.at,
      }
      if (made.size >= TARGETS_KEPT) made.clear()
      made.set(key, target)
    }
    return target
  }
}

/** Rows with ever new sets of missing columns must not fill the memory. */
const TARGETS_KEPT = 100
