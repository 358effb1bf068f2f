// What the server says of a table and of everything that an insert into it writes besides: views, and tables behind it. Nothing is
// judged here. What may not be read is `Unread`, with the reason: it must never pass for an answer.

import { describeCause } from '../../engine/describe-cause.ts'
import { ServerError } from '../../errors.ts'
import { quoteString } from '../quote.ts'
import { inTable, quoteTable, type Reader, type TableName } from '../table.ts'
import { engineArguments, engineSettings, viewTarget } from './engine-text.ts'

export class Unread {
  /** `its settings could not be read: Code 497 ACCESS_DENIED` */
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** What a table remembers of the blocks it has taken. */
export interface DedupWindow {
  /** Parts that are remembered: a block has one in each partition it meets. 0: none. */
  readonly entries: number
  /** How long; Infinity where age does not matter. */
  readonly seconds: number
  /** Which setting of the table says so; undefined where this server has none. */
  readonly setting?: string
}

export interface TableFacts {
  readonly name: TableName
  /** `` `db`.`table` `` */
  readonly quoted: string
  readonly engine: string
  readonly isMergeTree: boolean
  readonly isReplicated: boolean
  /** Empty: one partition. */
  readonly partitionKey: string
  /** Of a MergeTree. */
  readonly window?: DedupWindow | Unread
  /** Of a MergeTree: a setting of its own, else the server's; undefined: not known. */
  setting(name: string): number | undefined
  readonly views: readonly { readonly quoted: string; readonly target: TableFacts | Unread }[]
  /** Where the rows of a table go that keeps none itself: of Buffer, MaterializedView and Alias one, of Distributed all shards'. */
  readonly behind?: readonly TableFacts[] | Unread
  readonly spread?: Spread
  /** On another host, where this one does not see its parts and views. */
  readonly isRemote?: boolean
}

/** How a Distributed table cuts a block. */
export interface Spread {
  readonly shardCount: number
  /** Of the shard that has most. */
  readonly replicaCount: number
  /** Each block goes to one replica, which shares it; else to all of them. Undefined: an old server does not say. */
  readonly isInternal?: boolean
  /** Empty without one. */
  readonly shardingKey: string
}

/** Undefined where there is no such table, or it may not be seen. @throws {ServerError} where system.tables may not be read */
export function readFacts(
  transport: Reader,
  release: number,
  name: TableName,
  signal?: AbortSignal,
): Promise<TableFacts | undefined> {
  const query: Query = (sql) => transport.query(sql, { signal })
  return new FactReader(query, release).table(name, [])
}

type Query = (sql: string) => Promise<Row[]>

type Row = Record<string, unknown>

const WINDOW = 'replicated_deduplication_window'
const WINDOW_SECONDS = 'replicated_deduplication_window_seconds'
const PLAIN_WINDOW = 'non_replicated_deduplication_window'
const SETTINGS = [
  WINDOW,
  WINDOW_SECONDS,
  PLAIN_WINDOW,
  'parts_to_delay_insert',
  'parts_to_throw_insert',
  'old_parts_lifetime',
]

class FactReader {
  readonly #query: Query
  readonly #release: number
  readonly #defaults = new Map<string, Promise<ReadonlyMap<string, string> | Unread>>()

  constructor(query: Query, release: number) {
    this.#query = query
    this.#release = release
  }

  /** `path`: the tables that led here, so that views in a circle come to an end. */
  async table(name: TableName, path: readonly string[]): Promise<TableFacts | undefined> {
    const columns = 'engine, engine_full, partition_key, create_table_query, dependencies_database, dependencies_table'
    // The server's settings are of use for most tables, and asked together.
    const [[row]] = await Promise.all([
      this.#query(`SELECT ${columns} FROM system.tables WHERE ${inTable(name, 'name')}`),
      this.#serverSettings(false),
    ])
    if (row === undefined) return undefined
    const here = [...path, quoteTable(name)]
    const facts = await this.#mergeTree(name, row, (isReplicated) => this.#serverSettings(isReplicated))
    const [views, behind] = await Promise.all([this.#views(row, here), this.#behind(name, facts.engine, row, here)])
    return { ...facts, views, ...behind }
  }

  /** What a row of system.tables says by itself. */
  async #mergeTree(
    name: TableName,
    row: Row,
    serverSettings: (isReplicated: boolean) => Promise<ReadonlyMap<string, string> | Unread>,
  ): Promise<TableFacts> {
    const engine = String(row.engine)
    const isMergeTree = engine.endsWith('MergeTree')
    const isReplicated = /^(Replicated|Shared)/.test(engine)
    const partitionKey = String(row.partition_key ?? '')
    const facts = { name, quoted: quoteTable(name), engine, isMergeTree, isReplicated, partitionKey, views: [] }
    if (!isMergeTree) return { ...facts, setting: () => undefined }
    const own = engineSettings(String(row.engine_full))
    const defaults = await serverSettings(isReplicated)
    const setting = (wanted: string) => {
      const value = own.get(wanted) ?? (defaults instanceof Unread ? undefined : defaults.get(wanted))
      return value === undefined ? undefined : Number(value)
    }
    return { ...facts, setting, window: windowOf(isReplicated, setting, defaults) }
  }

  async #views(row: Row, path: readonly string[]): Promise<TableFacts['views']> {
    const databases = (row.dependencies_database ?? []) as string[]
    const tables = (row.dependencies_table ?? []) as string[]
    return await Promise.all(
      tables.map(async (table, index) => {
        const view = { database: databases[index]!, table }
        return { quoted: quoteTable(view), target: await this.#viewTarget(view, path) }
      }),
    )
  }

  async #viewTarget(view: TableName, path: readonly string[]): Promise<TableFacts | Unread> {
    try {
      // All columns: which of them name the target depends on the version.
      const [row] = await this.#query(`SELECT * FROM system.tables WHERE ${inTable(view, 'name')}`)
      if (row === undefined) return new Unread(`${quoteTable(view)} may not be seen`)
      if (row.engine !== 'MaterializedView') return new Unread(`${quoteTable(view)} is a ${row.engine}`)
      return await this.#seen(targetOf(view, row), path)
    } catch (error) {
      return unread(error, quoteTable(view))
    }
  }

  async #seen(name: TableName, path: readonly string[]): Promise<TableFacts | Unread> {
    if (path.includes(quoteTable(name))) return new Unread(`${quoteTable(name)} is fed by itself`)
    try {
      return (await this.table(name, path)) ?? new Unread(`${quoteTable(name)} is not there, or may not be seen`)
    } catch (error) {
      return unread(error, quoteTable(name))
    }
  }

  async #behind(
    name: TableName,
    engine: string,
    row: Row,
    path: readonly string[],
  ): Promise<Pick<TableFacts, 'behind' | 'spread'>> {
    const one = (found: TableFacts | Unread) => ({ behind: found instanceof Unread ? found : [found] })
    if (engine === 'MaterializedView') return one(await this.#viewTarget(name, path))
    const [first = '', second = '', third = '', fourth = ''] = engineArguments(String(row.engine_full))
    if (engine === 'Buffer' && second === '') return {} // it keeps its rows, then forgets them
    if (engine === 'Buffer' || engine === 'Alias') {
      return one(await this.#seen({ database: first || name.database, table: second }, path))
    }
    if (engine !== 'Distributed') return {}
    return await this.#shards(first, { database: second || name.database, table: third }, fourth, path)
  }

  async #shards(
    cluster: string,
    name: TableName,
    shardingKey: string,
    path: readonly string[],
  ): Promise<Pick<TableFacts, 'behind' | 'spread'>> {
    const what = `the cluster ${cluster}`
    let rows: Row[]
    try {
      rows = await this.#query(`SELECT * FROM system.clusters WHERE cluster = ${quoteString(cluster)}`)
    } catch (error) {
      return { behind: unread(error, what) }
    }
    const sizes = new Map<unknown, number>()
    for (const { shard_num: shard } of rows) sizes.set(shard, (sizes.get(shard) ?? 0) + 1)
    const [first] = rows
    const spread: Spread = {
      shardCount: sizes.size,
      replicaCount: Math.max(0, ...sizes.values()),
      shardingKey,
      ...(first?.internal_replication !== undefined && { isInternal: Number(first.internal_replication) === 1 }),
    }
    if (rows.length === 1 && Number(first!.is_local) === 1) {
      const local = await this.#seen(name, path)
      return { spread, behind: local instanceof Unread ? local : [local] }
    }
    try {
      return { spread, behind: await this.#remote(cluster, name, this.#asksAllReplicas ? rows.length : sizes.size) }
    } catch (error) {
      return { spread, behind: unread(error, what) }
    }
  }

  get #asksAllReplicas(): boolean {
    return this.#release >= 20
  }

  /** The table on every host of a cluster, without what its views write into: that is known there. */
  async #remote(cluster: string, name: TableName, hostCount: number): Promise<readonly TableFacts[] | Unread> {
    const on = (table: string) =>
      `${this.#asksAllReplicas ? 'clusterAllReplicas' : 'cluster'}(${quoteString(cluster)}, system.${table})`
    const columns = 'engine, engine_full, partition_key, dependencies_database, dependencies_table'
    const rows = await this.#query(`SELECT ${columns} FROM ${on('tables')} WHERE ${inTable(name, 'name')}`)
    if (rows.length === 0 || rows.length < hostCount) {
      return new Unread(
        `${quoteTable(name)} was found on ${rows.length} of ${hostCount} hosts of the cluster ${cluster}`,
      )
    }
    // Hosts may differ: what the least of them promises.
    const least = `SELECT name, toString(min(toUInt64(value))) AS value FROM ${on('merge_tree_settings')} WHERE name IN (${SETTINGS.map(quoteString).join(', ')}) GROUP BY name`
    const defaults = asMap(await this.#query(least))
    return await Promise.all(
      rows.map(async (row) => {
        const facts = await this.#mergeTree(name, row, async () => defaults)
        const databases = (row.dependencies_database ?? []) as string[]
        const views = ((row.dependencies_table ?? []) as string[]).map((table, index) => {
          const quoted = quoteTable({ database: databases[index]!, table })
          return { quoted, target: new Unread(`${quoted} is on another host: ask that one`) }
        })
        return { ...facts, views, isRemote: true }
      }),
    )
  }

  /** Of a Replicated table they may differ from those of the others (since 20.x in a table of their own). */
  #serverSettings(isReplicated: boolean): Promise<ReadonlyMap<string, string> | Unread> {
    const table =
      isReplicated && this.#release >= 20 ? 'system.replicated_merge_tree_settings' : 'system.merge_tree_settings'
    const names = SETTINGS.map(quoteString).join(', ')
    const asked =
      this.#defaults.get(table) ??
      this.#query(`SELECT name, value FROM ${table} WHERE name IN (${names})`)
        .then(asMap)
        .catch((error: unknown) => unread(error, 'its settings'))
    this.#defaults.set(table, asked)
    return asked
  }
}

function windowOf(
  isReplicated: boolean,
  setting: TableFacts['setting'],
  defaults: ReadonlyMap<string, string> | Unread,
): DedupWindow | Unread {
  const name = isReplicated ? WINDOW : PLAIN_WINDOW
  const entries = setting(name)
  const seconds = isReplicated ? setting(WINDOW_SECONDS) : Number.POSITIVE_INFINITY
  if (defaults instanceof Unread && (entries === undefined || seconds === undefined)) return defaults
  if (entries === undefined) return { entries: 0, seconds: 0 }
  return { entries, seconds: seconds ?? 0, setting: name }
}

/** The table a view writes into: what it says itself (since 25.x), else what stands in its definition. */
function targetOf(view: TableName, row: Row): TableName {
  if (row.target_table) return { database: String(row.target_database), table: String(row.target_table) }
  const named = viewTarget(String(row.create_table_query), view.database)
  if (named !== undefined) return named
  const hasUuid = /[1-9a-f]/.test(String(row.uuid ?? ''))
  return { database: view.database, table: hasUuid ? `.inner_id.${row.uuid}` : `.inner.${view.table}` }
}

function asMap(rows: Row[]): ReadonlyMap<string, string> {
  return new Map(rows.map(({ name, value }) => [String(name), String(value)]))
}

/** What the server refuses to show is not known; a server that does not answer at all is the caller's failure. */
function unread(error: unknown, what: string): Unread {
  if (!(error instanceof ServerError)) throw error
  return new Unread(`${what} could not be read: ${describeCause(error)}`)
}
