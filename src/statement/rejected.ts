import { setOwn } from '../block/decode/objects.ts'
import type { DecodedBlock } from '../block/decode.ts'
import { decodeBlocks } from '../block/decode.ts'
import type { Block, BlockReport } from '../engine/block.ts'
import { SchemaError, ServerError } from '../errors.ts'

/** A row that the server does not take; see StatementOptions.onReject. */
export interface RejectedRow {
  /** Index of the row in the statement. */
  readonly rowIndex: number
  /**
   * By column name, as decodeBlocks() gives values. A column that the row left out is not there, so that exec() takes the row again;
   * but for the value of a Variant or a Dynamic, which does not say its type any more.
   */
  readonly row: Record<string, unknown>
  /** `` `db`.`table` `` */
  readonly table: string
  /** Under which the row was sent alone. */
  readonly token: string
  /** ClickHouse's error number and name, and what it said without the values. */
  readonly serverCode: number
  readonly serverName: string
  readonly reason: string
}

/** The server refused a block, or a row alone. */
export interface RejectEvent extends BlockReport {
  /** ClickHouse's error number and name, and what it said without the values. */
  readonly serverCode?: number
  readonly serverName?: string
  readonly reason: string
}

/** @param block  of one row */
export function rejectedRow(block: Block, table: string, error: ServerError): RejectedRow {
  const [decoded] = decodeBlocks(block.plainBytes)
  return {
    rowIndex: block.rows.indexOf(0),
    row: asObject(decoded!, block),
    table,
    token: block.token,
    serverCode: error.serverCode,
    serverName: error.serverName,
    reason: error.reason,
  }
}

function asObject({ columns, rows: [values] }: DecodedBlock, block: Block): Record<string, unknown> {
  const types = new Map(block.columns?.map(({ name, type }) => [name, type]))
  const row: Record<string, unknown> = {}
  for (const [index, { name, type }] of columns.entries()) {
    const value = values![index]
    // A column that travels as Nullable and is not says NULL for a value that was left out.
    if (value !== null || (types.get(name) ?? type) === type) setOwn(row, name, value)
  }
  return row
}

export function rejectEvent(report: BlockReport, error: unknown): RejectEvent {
  const said = error instanceof SchemaError ? error.cause : error
  if (!(said instanceof ServerError)) return { ...report, reason: error instanceof Error ? error.name : typeof error }
  const { serverCode, serverName, reason } = said
  return { ...report, serverCode, serverName, reason }
}
