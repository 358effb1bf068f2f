// A block that the server refuses is one INSERT, and yet some of it may be stored. Inserting blocks with one bad row in the middle,
// 26.7 and 18.16:
//
//   a constraint, a DEFAULT or MATERIALIZED expression, the partition key     nothing is stored, of no partition
//   the sorting key, an index                                                 nothing of the bad row's partition, but others
//                                                                             that were written before it
//   a materialized view, or the table behind one                              the whole block is in the table itself
//   a Distributed table                                                       other shards have their share
//
// Which of them it was the answer does not say. So a refused block is known to be gone only where it can have been in one place.

import { EncodedBlock } from '../block/gather/block.ts'
import type { Block } from '../engine/block.ts'
import { isAboutRows } from '../engine/classify.ts'
import { SchemaError, ServerError, UsageError } from '../errors.ts'
import { Deadline } from '../transport/deadline.ts'
import type { Transport } from '../transport/transport.ts'
import { evaluatedKey } from './partition.ts'
import { inTable, quoteTable } from './table.ts'

/** They store a block of one partition whole or not at all. */
const WHOLE = /MergeTree$|^Memory$|^Null$/
const LOOK_TIMEOUT_MS = 60_000

/** Why a refused block of this table may be stored in part, whatever rows it has. */
export function whyNeverCut(table: string, engine: string, views: readonly string[]): string | undefined {
  if (!WHOLE.test(engine)) return `${table} is a ${engine} table`
  return views.length > 0 ? `${table} has materialized views (${views.join(', ')})` : undefined
}

/** Why a part of a refused block may be stored; undefined: nothing of it is. Never rejects. */
export async function whyPartlyStored(
  transport: Transport,
  block: Block,
  error: unknown,
  signal: AbortSignal,
): Promise<string | undefined> {
  // All other refusals come before a row is written. (PERHAPS_STORED of classify.ts is unknown by then.)
  if (transport.kind === 'file' || !isAboutRows(error instanceof SchemaError ? error.cause : error)) return undefined
  const table = quoteTable(block)
  const deadline = new Deadline(signal, LOOK_TIMEOUT_MS)
  try {
    const [row] = await transport.query(
      `SELECT engine, partition_key, dependencies_database, dependencies_table FROM system.tables WHERE ${inTable(block, 'name')}`,
      { signal: deadline.signal, hosts: [block.host!] },
    )
    if (row === undefined) return `${table} is gone`
    const never = whyNeverCut(table, String(row.engine), row.dependencies_table as string[])
    if (never !== undefined) return never
    const key = String(row.partition_key)
    return block.rowCount === 1 || key === '' ? undefined : await whySeveral(transport, block, key)
  } catch (thrown) {
    const why = thrown instanceof ServerError ? `may not be read (${thrown.serverCode})` : 'could not be read'
    return `what ${table} is made of ${why}`
  } finally {
    deadline.end()
  }
}

/** Why the block may be of several partitions; undefined where it is of one. */
async function whySeveral(transport: Transport, block: Block, text: string): Promise<string | undefined> {
  const partitioned = `${quoteTable(block)} is partitioned by ${text}, and the block`
  try {
    const key = await evaluatedKey(transport, block, text, block.columns ?? [])
    const bytes = block.plainBytes
    const groups = key.group(bytes, block.rowCount, new EncodedBlock(bytes).columnOffsets)
    return groups && `${partitioned} spans ${groups.length} partitions, which splitByPartition keeps apart`
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return `${partitioned} may span several partitions`
  }
}
