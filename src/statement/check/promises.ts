// The rules: what facts and settings make of the promises. Each was tried on the engine that is named: 26.7 embedded, 18.16 as a
// server of its own (its Replicated tables with a ZooKeeper). Where neither can be had (Replicated in 26.7, servers in between) it is
// what ClickHouse documents.

import type { Settings } from '../../transport/transport.ts'
import { type DedupWindow, type TableFacts, Unread } from './facts.ts'

/** `unproven`: the server would not say. It counts as a no wherever something depends on it. */
export type Answer = 'yes' | 'no' | 'unproven'

export interface Promised {
  readonly answer: Answer
  readonly reason: string
  /** What would change it: statements to run, or options to give. */
  readonly remedies: readonly string[]
}

export interface Finding {
  readonly promise: 'writable' | 'noLoss' | 'noDuplicates' | 'keepsUp'
  readonly answer: Exclude<Answer, 'yes'>
  readonly reason: string
  readonly remedy?: string
}

/** What the inserts say, and what holds where they say nothing. */
export interface Session {
  readonly release: readonly [number, number]
  readonly knows: (setting: string) => boolean
  readonly value: (setting: string) => string | undefined
  /** The table whose blocks have one partition each. */
  readonly split?: string
}

export function sessionOf(
  release: readonly [number, number],
  known: ReadonlyMap<string, string>,
  sent: Settings,
  split?: string,
): Session {
  return {
    release,
    knows: (setting) => known.has(setting),
    value: (setting) => (sent[setting] === undefined ? known.get(setting) : String(sent[setting])),
    split,
  }
}

/** What `findings` leave of a promise; `kept` is the sentence for one that holds. */
export function promised(findings: readonly Finding[], promise: Finding['promise'], kept: string): Promised {
  const faults = findings.filter((finding) => finding.promise === promise)
  if (faults.length === 0) return { answer: 'yes', reason: kept, remedies: [] }
  const answer = faults.some((fault) => fault.answer === 'no') ? 'no' : 'unproven'
  const worst = faults.filter((fault) => fault.answer === answer)
  return {
    answer,
    reason: [...new Set(worst.map(({ reason }) => reason))].join(' '),
    remedies: [...new Set(worst.flatMap(({ remedy }) => remedy ?? []))],
  }
}

/** Everything that keeps a repeated block from being stored exactly once, in the table and in what its views write into. */
export function deliveryFindings(table: TableFacts, session: Session): Finding[] {
  const off = switchedOff(session)
  return [
    ...(off === undefined ? [] : [off]),
    ...ofTable(table, session),
    ...ofViews(table, session),
    ...(hasViews(table) ? ofViewSettings(table, session) : []),
  ]
}

/** `blocks`: so many of them fill it, each of as many partitions as a block may have. */
export type BlockWindow = DedupWindow & { readonly blocks: number }

/** What the table, those behind it and those that views write into remember: the least of them. Undefined: somebody keeps no account. */
export function windowOf(table: TableFacts, session: Session): BlockWindow | undefined {
  const windows: (BlockWindow | undefined)[] = table.views.map(({ target }) =>
    target instanceof Unread ? undefined : windowOf(target, session),
  )
  if (table.isMergeTree) windows.push(ownWindow(table, session))
  else if (Array.isArray(table.behind) && table.engine !== 'Buffer') {
    windows.push(...table.behind.map((one) => windowOf(one, session)))
  } else if (table.engine !== 'Null') return undefined
  // A Null keeps no row that could come twice: there is nothing to remember.
  else windows.push({ entries: FOREVER, seconds: FOREVER, blocks: FOREVER })
  if (windows.length === 0 || windows.includes(undefined)) return undefined
  const least = (of: 'entries' | 'seconds' | 'blocks') => Math.min(...windows.map((window) => window![of]))
  return { entries: least('entries'), seconds: least('seconds'), blocks: least('blocks') }
}

const FOREVER = Number.POSITIVE_INFINITY

function ownWindow(table: TableFacts, session: Session): BlockWindow | undefined {
  const { window } = table
  if (window === undefined || window instanceof Unread) return undefined
  return { ...window, blocks: Math.floor(window.entries / partsPerBlock(table, session)) }
}

/** Measured on 26.7 and 18.16: a block takes one entry in each partition it meets. */
function partsPerBlock({ partitionKey, quoted }: TableFacts, { value, split }: Session): number {
  if (partitionKey === '' || quoted === split) return 1
  const most = Number(value('max_partitions_per_insert_block') ?? 100)
  // 26.7 then only writes a warning of too many into its log, and takes them.
  const isLimit = !/^(0|false)$/.test(value('throw_on_max_partitions_per_insert_block') ?? '')
  return most > 0 && isLimit ? most : FOREVER
}

/** The statements that let each of these tables remember `entries` parts. */
export function widerWindows(table: TableFacts, entries: number): string[] {
  const { quoted, window, views, behind } = table
  const others = [...views.map(({ target }) => target), ...(Array.isArray(behind) ? behind : [])]
  return [
    ...(window === undefined || window instanceof Unread || window.setting === undefined || window.entries >= entries
      ? []
      : [alterWindow(quoted, window.setting, entries)]),
    ...others.flatMap((other) => (other instanceof Unread ? [] : widerWindows(other, entries))),
  ]
}

function alterWindow(quoted: string, setting: string, entries: number): string {
  return `ALTER TABLE ${quoted} MODIFY SETTING ${setting} = ${entries}`
}

/** By the token where the server knows it; 18.16 and others before 22.2 by the block's content. */
export function recognises(session: Session): 'token' | 'content' {
  return session.knows('insert_deduplication_token') ? 'token' : 'content'
}

/** Measured on 26.7: deduplicate_insert, where it is not left to it, overrides insert_deduplicate. */
function switchedOff({ value }: Session): Finding | undefined {
  const newer = value('deduplicate_insert')
  const name = newer === 'disable' ? 'deduplicate_insert' : 'insert_deduplicate'
  const leavesIt = newer === undefined || newer === '' || newer === 'backward_compatible_choice'
  if (newer !== 'disable' && !(leavesIt && /^(0|false)$/.test(value('insert_deduplicate') ?? ''))) return undefined
  return {
    promise: 'noDuplicates',
    answer: 'no',
    reason: `The setting ${name} is ${value(name)}: no table recognises a repeated block.`,
    remedy: `settings: { ${name}: ${name === 'insert_deduplicate' ? 1 : "'enable'"} } for connect() or prepare()`,
  }
}

function ofTable(table: TableFacts, session: Session): Finding[] {
  if (table.isMergeTree) return ofMergeTree(table, session)
  const { quoted, engine } = table
  const unrecognised = doesNotRecognise(table, 'only MergeTree tables can')
  switch (engine) {
    case 'Distributed':
      return ofDistributed(table, session)
    case 'MaterializedView':
    case 'Alias':
      return ofBehind(table, session)
    case 'Null':
      // It keeps nothing, so nothing comes twice; its views may.
      return table.views.length > 0 ? [] : [no('noLoss', `${quoted} (Null) keeps no row, and no view takes them.`)]
    case 'Buffer': {
      // Measured on 26.7: a block sent twice was there twice, and of two equal blocks, passed on without their tokens, the table
      // behind took one.
      const behind = table.behind instanceof Unread ? undefined : table.behind?.[0]?.quoted
      const remedy = behind === undefined ? undefined : `Insert into ${behind}, which stands behind it.`
      return [
        no('noDuplicates', unrecognised, remedy),
        no(
          'noLoss',
          `${quoted} (Buffer) answers while rows are in the server’s memory only, and passes them on without tokens.`,
          remedy,
        ),
      ]
    }
    case 'Memory':
      return [
        no('noDuplicates', unrecognised),
        no('noLoss', `${quoted} (Memory) loses its rows when the server stops.`),
      ]
    case 'Log':
    case 'TinyLog':
    case 'StripeLog':
      return [no('noDuplicates', unrecognised)]
    default:
      return [
        no('noDuplicates', unrecognised),
        unproven('noLoss', `What an acknowledged row of ${quoted} is worth is up to its engine, ${engine}.`),
      ]
  }
}

function ofMergeTree(table: TableFacts, session: Session): Finding[] {
  const { quoted, window } = table
  if (window === undefined || window instanceof Unread) {
    return [unproven('noDuplicates', `Whether ${quoted} recognises a repeated block is not known: ${window?.why}.`)]
  }
  const { entries, setting } = window
  if (setting === undefined) {
    return [no('noDuplicates', doesNotRecognise(table, 'on this server only Replicated tables can'))]
  }
  const alter = (value: number) => alterWindow(quoted, setting, value)
  if (entries === 0) {
    return [no('noDuplicates', doesNotRecognise(table), alter(1000))]
  }
  const findings: Finding[] = []
  // Measured on both: a block that takes more entries than there are is stored again at once (6 partitions, a window of 5).
  const most = partsPerBlock(table, session)
  if (entries < most) {
    const isLimited = Number.isFinite(most)
    const limit =
      'max_partitions_per_insert_block above 0 and throw_on_max_partitions_per_insert_block = 1, in the settings of connect() or prepare()'
    findings.push(
      unproven(
        'noDuplicates',
        `${quoted} remembers ${entries} parts, and a block may have ${isLimited ? most : 'any number'}: one in each partition. One with more than ${entries} would not be recognised.`,
        isLimited ? alter(Math.max(1000, 10 * most)) : limit,
      ),
    )
  }
  if (recognises(session) === 'content') {
    findings.push(
      no(
        'noLoss',
        `${quoted} recognises repeated blocks by their content, because this server knows no tokens: two equal blocks count as one, also when both were meant.`,
        'Give rows something that differs, such as an id.',
      ),
    )
  }
  return findings
}

function doesNotRecognise({ quoted, engine }: TableFacts, which?: string): string {
  const others = which === undefined ? '' : `: ${which}`
  return `${quoted} (${engine}) does not recognise a repeated block${others}. The first lost answer ends the statement, with that block unknown; with acceptDuplicates it would be sent again, and may be stored twice.`
}

function ofBehind(table: TableFacts, session: Session): Finding[] {
  const { behind, quoted, engine } = table
  if (behind === undefined || behind instanceof Unread) {
    const reason = `What stands behind ${quoted} (${engine}) is not known: ${behind?.why ?? 'it is not named'}.`
    return [unproven('noDuplicates', reason), unproven('noLoss', reason)]
  }
  return behind.flatMap((one) => [...ofTable(one, session), ...ofViews(one, session)])
}

function ofDistributed(table: TableFacts, session: Session): Finding[] {
  const { quoted, spread, behind } = table
  const findings = ofBehind(table, session)
  if (!session.knows('distributed_foreground_insert') && !session.knows('insert_distributed_sync')) {
    findings.push(
      no(
        'noLoss',
        `${quoted} (Distributed) answers before its shards have the rows, and this server cannot be told to wait.`,
      ),
    )
  }
  if (spread === undefined) return findings
  // A shard that knows the token drops what it is given under it, whatever that is: rows that belonged to another shard the first time
  // are lost there, and come twice where they are given to a shard that does not know it yet.
  const random = /\b(rand|now|generateUUID|generateULID|rowNumber|blockNumber)/i.exec(spread.shardingKey)?.[0]
  if (spread.shardCount > 1 && (random !== undefined || spread.shardingKey === '')) {
    const why = random === undefined ? 'has no sharding key' : `spreads rows by ${spread.shardingKey}`
    const reason = `${quoted} ${why}: a repeated block is cut another way than the first time.`
    const remedy = 'Shard by a column, as in cityHash64(id), or insert into the tables of the shards.'
    findings.push(no('noDuplicates', reason, remedy), no('noLoss', reason, remedy))
  }
  if (
    spread.replicaCount > 1 &&
    spread.isInternal !== false &&
    Array.isArray(behind) &&
    behind.some(({ isReplicated }) => !isReplicated)
  ) {
    const reason = `${quoted}: a repeated block may go to another replica, and tables that are not Replicated share no memory of blocks.`
    findings.push(spread.isInternal ? no('noDuplicates', reason) : unproven('noDuplicates', reason))
  }
  return findings
}

/** What of a block becomes visible at once. Measured on 26.7 and 18.16 for MergeTree; nothing else is known to keep a block whole. */
export function atomicOf(table: TableFacts): {
  readonly per: 'block' | 'partition' | 'nothing'
  readonly reason: string
} {
  const { quoted, engine, behind, spread } = table
  if (table.isMergeTree) {
    if (table.partitionKey === '')
      return { per: 'block', reason: 'A block is one part: all of its rows become visible at once.' }
    return {
      per: 'partition',
      reason: `A block is one part per partition (${table.partitionKey}), each visible, or missing, by itself.`,
    }
  }
  if (Array.isArray(behind) && engine !== 'Buffer' && (spread?.shardCount ?? 1) === 1) return atomicOf(behind[0]!)
  if (spread !== undefined)
    return { per: 'nothing', reason: `${quoted} cuts a block into the parts of its ${spread.shardCount} shards.` }
  return { per: 'nothing', reason: `${quoted} (${engine}) may show a block in pieces.` }
}

function ofViews(table: TableFacts, session: Session): Finding[] {
  return table.views.flatMap(({ quoted, target }) => {
    if (!(target instanceof Unread)) {
      const told = [...ofTable(target, session), ...ofViews(target, session)]
      return told.map((finding) => ({ ...finding, reason: `View ${quoted}: ${finding.reason}` }))
    }
    const reason = `What the view ${quoted} makes of a repeated block is not known: ${target.why}.`
    return [unproven('noDuplicates', reason), unproven('noLoss', reason)]
  })
}

/**
 * A block that the table recognises still goes on to the views, and each table they write into decides for itself: with
 * deduplicate_blocks_in_dependent_materialized_views, which every insert carries where the server knows it (measured on 26.7; without it
 * the views took the block twice, whatever the tables behind them remember).
 */
function ofViewSettings(table: TableFacts, session: Session): Finding[] {
  const findings: Finding[] = []
  if (/^(1|true)$/.test(session.value('materialized_views_ignore_errors') ?? '')) {
    const reason =
      'materialized_views_ignore_errors is on: rows that a view fails on are acknowledged and missing in it.'
    findings.push(no('noLoss', reason, 'settings: { materialized_views_ignore_errors: 0 } for connect() or prepare()'))
  }
  if (!session.knows('deduplicate_blocks_in_dependent_materialized_views') && windowOf(table, session)?.entries) {
    // Measured on 18.16: of a block in two partitions, one of which the table knew, the table took the other and its view nothing.
    const reason =
      'On this server (before 24.8) a repeated block that the table recognises does not reach its views: what the first attempt did not bring there is missing in them.'
    findings.push(no('noLoss', reason))
  }
  return findings
}

function hasViews({ views, behind }: TableFacts): boolean {
  return views.length > 0 || (Array.isArray(behind) && behind.some(hasViews))
}

function no(promise: Finding['promise'], reason: string, remedy?: string): Finding {
  return { promise, answer: 'no', reason, ...(remedy !== undefined && { remedy }) }
}

function unproven(promise: Finding['promise'], reason: string, remedy?: string): Finding {
  return { promise, answer: 'unproven', reason, ...(remedy !== undefined && { remedy }) }
}
