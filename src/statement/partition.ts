// What blocks of one partition need to know of their table: its PARTITION BY, and the days of its time zones as the server has them.

import { PartitionKey } from '../block/partition/partition-key.ts'
import { Zone } from '../block/partition/zone.ts'
import { UsageError } from '../errors.ts'
import type { ReadOptions, Settings, Transport } from '../transport/transport.ts'
import type { Column } from '../types/node.ts'
import { quoteString } from './quote.ts'
import { inTable, quoteTable, type TableName } from './table.ts'

/**
 * Undefined where the table has no PARTITION BY.
 *
 * @throws {UsageError} NOT_SUPPORTED: the partition of a row cannot be told before it is stored
 */
export async function partitionKeyOf(
  transport: Transport,
  name: TableName,
  columns: readonly Column[],
  settings: Settings,
): Promise<PartitionKey | undefined> {
  const table = quoteTable(name)
  if (transport.kind === 'file') throw refusal('A file has no partitions.', "Leave splitByPartition out for 'file:'.")
  const [row] = await transport.query(`SELECT engine, partition_key FROM system.tables WHERE ${inTable(name, 'name')}`)
  const engine = String(row?.engine)
  if (!engine.endsWith('MergeTree')) {
    throw refusal(
      `${table} is a ${engine} table, which has no partitions of its own.`,
      'Prepare for the MergeTree table behind it, or leave splitByPartition out.',
    )
  }
  const text = String(row?.partition_key)
  if (text === '') return undefined
  const key = await evaluatedKey(transport, text, columns, settings)
  const [uncertain] = key.uncertainColumns
  if (uncertain === undefined) return key
  throw refusal(
    `${table} is partitioned by ${text}, and the DEFAULT of ${uncertain} is another for every row.`,
    'Leave splitByPartition out, or name a column list without DEFAULTs of the key.',
  )
}

/** @throws {UsageError} NOT_SUPPORTED */
export function evaluatedKey(
  transport: Transport,
  text: string,
  columns: readonly Column[],
  { session_timezone }: Settings,
): Promise<PartitionKey> {
  const options: ReadOptions = session_timezone === undefined ? {} : { settings: { session_timezone } }
  return PartitionKey.of(text, columns, async (zone, isWide) => {
    if (zone !== undefined) return await zoneOf(transport, zone, isWide)
    const [row] = await transport.query('SELECT timezone() AS zone', options)
    return await zoneOf(transport, String(row?.zone), isWide)
  })
}

const zones = new WeakMap<Transport, Map<string, Promise<Zone>>>()

function zoneOf(transport: Transport, name: string, isWide: boolean): Promise<Zone> {
  if (UTC.test(name)) return Promise.resolve(Zone.utc)
  const known = zones.get(transport) ?? new Map<string, Promise<Zone>>()
  zones.set(transport, known)
  const key = `${isWide} ${name}`
  const loading = known.get(key) ?? loadZone(transport, name, isWide)
  known.set(key, loading)
  loading.catch(() => known.delete(key)) // the next one asks again
  return loading
}

const UTC = /^(Etc\/)?(UTC|GMT|UCT|Zulu)$/

/** Asked of the server, because its time zone database counts, not the one here. Some hundred rows. */
async function loadZone(transport: Transport, name: string, isWide: boolean): Promise<Zone> {
  const zone = quoteString(name)
  const dayStart = (day: string) =>
    isWide
      ? `toInt64(toDateTime64(toDate32(${day}), 0, ${zone}))`
      : `toInt64(toUInt32(toDateTime(toDate(${day}), ${zone})))`
  const [from, count] = isWide ? [WIDE_FROM, WIDE_DAYS] : [1, SECONDS_DAYS]
  const rows = await transport.query(
    `SELECT day, start FROM (
       SELECT toInt32(number) + (${from}) AS day, ${dayStart('day')} AS start, ${dayStart('day - 1')} AS before FROM numbers(${count})
     ) WHERE start - before != 86400 OR day = ${from} ORDER BY day`,
  )
  return new Zone(
    rows.map(({ day }) => Number(day)),
    rows.map(({ start }) => Number(start)),
  )
}

/** 1900-01-01 to 2299-12-31: Date32, DateTime64. */
const WIDE_FROM = -25_567
const WIDE_DAYS = 146_097
/** What a DateTime holds, 2106-02-07 and all before it; of the first day it cannot say where it begins. */
const SECONDS_DAYS = 49_709

function refusal(message: string, hint: string): UsageError {
  return new UsageError('NOT_SUPPORTED', message, { hint })
}
