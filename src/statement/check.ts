// What a table promises about a block that is sent twice, because its first answer was lost: rule 3 and rule 7.

import type { Transport } from '../transport/transport.ts'
import { inTable, quoteTable, type TableName, unknownTable } from './table.ts'

export interface CheckReport {
  /** `` `db`.`table` `` */
  readonly table: string
  readonly engine: string
  /** How many of the last blocks the table recognises when they come again; 0: none. */
  readonly deduplicationWindow: number
  /** By the token (`token`), by the block's content (`content`, older replicated tables), or not at all. */
  readonly deduplicatesBy: 'token' | 'content' | 'nothing'
  /** A block whose answer was lost is stored once, however often it is repeated. */
  readonly exactlyOnce: boolean
  /** Where it is not: why, and what would change it. */
  readonly warnings: readonly string[]
}

const WINDOWS = ['non_replicated_deduplication_window', 'replicated_deduplication_window']

/** @throws {SchemaError} UNKNOWN_TABLE */
export async function checkTable(
  transport: Transport,
  name: TableName,
  known: ReadonlySet<string>,
): Promise<CheckReport> {
  const [[row], defaults] = await Promise.all([
    transport.query(`SELECT engine, engine_full FROM system.tables WHERE ${inTable(name, 'name')}`),
    transport.query(`SELECT name, value FROM system.merge_tree_settings WHERE name IN ('${WINDOWS.join("', '")}')`),
  ])
  if (row === undefined) throw await unknownTable(transport, name)
  const engine = String(row.engine)
  const isReplicated = /^(Replicated|Shared)/.test(engine)
  const setting = isReplicated ? 'replicated_deduplication_window' : 'non_replicated_deduplication_window'
  const inTableDefinition = new RegExp(`\\b${setting} = (\\d+)`).exec(String(row.engine_full))?.[1]
  const standard = defaults.find((candidate) => candidate.name === setting)?.value
  const window = engine.endsWith('MergeTree') ? Number(inTableDefinition ?? standard ?? 0) : 0
  const deduplicatesBy = window === 0 ? 'nothing' : known.has('insert_deduplication_token') ? 'token' : 'content'
  const table = quoteTable(name)
  return {
    table,
    engine,
    deduplicationWindow: window,
    deduplicatesBy,
    exactlyOnce: deduplicatesBy === 'token',
    warnings: warningsFor(table, engine, deduplicatesBy, standard !== undefined),
  }
}

/** For a table whose settings may not be read. */
export function unknownReport(table: string, why: string): CheckReport {
  const warnings = [`Whether ${table} recognises a repeated block is not known: its settings ${why}.`]
  return { table, engine: '', deduplicationWindow: 0, deduplicatesBy: 'nothing', exactlyOnce: false, warnings }
}

function warningsFor(table: string, engine: string, by: CheckReport['deduplicatesBy'], hasSetting: boolean): string[] {
  if (by === 'token') return []
  if (by === 'content') {
    return [
      `${table} recognises repeated blocks by their content, because this server knows no tokens: two equal blocks count as one, also when both were meant.`,
    ]
  }
  const risk = `${table} (${engine}) does not recognise a repeated block: one whose answer is lost may be stored twice.`
  if (engine === 'Distributed' || engine === 'Buffer') {
    return [`${risk} Insert into the table behind it where that matters.`]
  }
  if (!engine.endsWith('MergeTree')) return [`${risk} Only MergeTree tables can.`]
  const remedy = /^(Replicated|Shared)/.test(engine)
    ? `ALTER TABLE ${table} MODIFY SETTING replicated_deduplication_window = 1000`
    : `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = 1000`
  return [hasSetting ? `${risk} To change that: ${remedy}` : `${risk} On this server only Replicated tables can.`]
}
