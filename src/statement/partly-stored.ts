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

import { ServerError } from '../errors.ts'
import { Deadline } from '../transport/deadline.ts'
import type { Transport } from '../transport/transport.ts'
import { inTable, quoteTable, type TableName } from './table.ts'

/** They store a block of one partition whole or not at all. */
const WHOLE = /MergeTree$|^Memory$|^Null$/
const LOOK_TIMEOUT_MS = 60_000

/** Why a part of a refused block may be stored; undefined: nothing of it is. */
export async function whyPartlyStored(
  transport: Transport,
  name: TableName,
  rowCount: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const table = quoteTable(name)
  const deadline = new Deadline(signal, LOOK_TIMEOUT_MS)
  try {
    const [row] = await transport.query(
      `SELECT engine, partition_key, dependencies_database, dependencies_table FROM system.tables WHERE ${inTable(name, 'name')}`,
      { signal: deadline.signal },
    )
    if (row === undefined) return `${table} is gone`
    const views = row.dependencies_table as string[]
    if (!WHOLE.test(String(row.engine))) return `${table} is a ${row.engine} table`
    if (views.length > 0) return `${table} has materialized views (${views.join(', ')})`
    if (rowCount > 1 && row.partition_key !== '') {
      return `${table} is partitioned by ${row.partition_key}, and the block may span several partitions`
    }
    return undefined
  } catch (error) {
    const why = error instanceof ServerError ? `may not be read (${error.serverCode})` : 'could not be read'
    return `what ${table} is made of ${why}`
  } finally {
    deadline.end()
  }
}
