// What blocks of one partition need to know of their table: its PARTITION BY, and the days of its time zones as the server has them.

import { PartitionKey } from '../block/partition/partition-key.ts'
import { Zone } from '../block/partition/zone.ts'
import { ServerError, UsageError } from '../errors.ts'
import type { Transport } from '../transport/transport.ts'
import type { Column } from '../types/node.ts'
import { quoteIdentifier, quoteString } from './quote.ts'
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
  const key = await evaluatedKey(transport, name, text, columns)
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
  name: TableName,
  text: string,
  columns: readonly Column[],
): Promise<PartitionKey> {
  return PartitionKey.of(text, columns, async (column, zone, isWide) =>
    zoneOf(transport, zone ?? (await implicitZone(transport, name, column)), isWide),
  )
}

/**
 * The zone of a column whose type names none: that of the server, or of the session that created the table, until the server starts
 * again. What an insert says of its session does not matter.
 */
async function implicitZone(transport: Transport, name: TableName, column: string): Promise<string> {
  const sql = `SELECT timezoneOf(any(${quoteIdentifier(column)})) AS zone FROM ${quoteTable(name)} WHERE 0`
  const [row] = await transport.query(sql).catch((error: unknown) => {
    if (!(error instanceof ServerError)) throw error
    // Servers that do not know the function have no zones of sessions either.
    if (error.serverCode === UNKNOWN_FUNCTION) return transport.query('SELECT timezone() AS zone')
    throw new UsageError('NOT_SUPPORTED', `The time zone of ${column} in ${quoteTable(name)} cannot be read.`, {
      hint: `Allow SELECT on the column, or name the zone in its type: DateTime('UTC').`,
      cause: error,
    })
  })
  return String(row?.zone)
}

const UNKNOWN_FUNCTION = 46

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
