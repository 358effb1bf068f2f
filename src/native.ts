// The core without a server: blocks, frames and types.

import { type BlockBuilder, STAGED } from './block/builder.ts'
import { createBuilder } from './block/create.ts'
import { compress } from './block/frame.ts'
import { readColumns } from './block/given-columns.ts'
import type { ColumnData } from './column/column-data.ts'
import { show, UsageError } from './errors.ts'

export { decodeBlocks } from './block/decode.ts'
export { cityHash128, compress, decompress } from './block/frame.ts'
export type {
  ColumnData,
  ColumnOffsets,
  ColumnValidity,
  ListColumn,
  MaskedColumn,
  TextColumn,
  TypedArray,
} from './column/column-data.ts'
export { formatType } from './types/format.ts'
export type { TypeNode } from './types/node.ts'
export { parseType } from './types/parse.ts'
export type { TypedValue } from './types/typed.ts'
export { typed } from './types/typed.ts'

/**
 * Encodes rows as one Native block, the body of `INSERT INTO t (columns) FORMAT Native`.
 *
 * @param columns  names and ClickHouse types, in the order of array rows
 * @param rows     objects by column name, or arrays in column order; every value is required
 * @param options  compression 'lz4' puts the block into ClickHouse compressed frames (`decompress=1`)
 * @returns        the block's bytes; no rows give no bytes, because an empty block would end the server's input
 * @throws {EncodeError}  a value that does not fit: column, type and row are in the error
 * @throws {SchemaError}  UNKNOWN_TYPE, BAD_TYPE, UNSUPPORTED_TYPE
 */
export function encodeBlock(
  columns: readonly { readonly name: string; readonly type: string }[],
  rows: Iterable<object | readonly unknown[]>,
  options: { compression?: 'none' | 'lz4' } = {},
): Uint8Array {
  const list = Array.isArray(rows) ? (rows as readonly (object | readonly unknown[])[]) : [...rows]
  const bytes = withBuilder(columns, list.length, (builder) => {
    for (let rowIndex = 0; rowIndex < list.length; rowIndex++)
      if (builder.stage(list[rowIndex]) !== STAGED) refuseSize(rowIndex)
  })
  const { compression = 'none' } = options
  return compression === 'none' ? bytes : compress(bytes, compression)
}

/**
 * Encodes whole columns as one Native block, the body of `INSERT INTO t (columns) FORMAT Native`.
 *
 * @param columns  in the order of the block, equally long; see ColumnData for what `data` may be
 * @param options  `into` is memory that the block is written to, if it is large enough and no part of a column: whoever gives the same
 *                 to every call is spared that fresh memory is cleared, and collected
 * @returns        the block's bytes, the beginning of `into` or memory of their own; no rows give no bytes, because an empty block
 *                 would end the server's input
 * @throws {EncodeError}  a value that does not fit: column, type and row are in the error; UNEQUAL_LENGTHS, naming both columns
 * @throws {UsageError}   BAD_OPTION: no columns, an `into` that is no bytes, a block beyond 1 GiB
 * @throws {SchemaError}  UNKNOWN_TYPE, BAD_TYPE, UNSUPPORTED_TYPE
 */
export function encodeColumns(
  columns: readonly { readonly name: string; readonly type: string; readonly data: ColumnData }[],
  options: { into?: Uint8Array } = {},
): Uint8Array {
  const { into } = options
  const unknown = Object.keys(options).find((name) => name !== 'into')
  if (unknown !== undefined) {
    throw new UsageError('BAD_OPTION', `encodeColumns() has no option ${show(unknown)}.`, { hint: 'It has into.' })
  }
  if (!Array.isArray(columns) || !columns.every(isGiven)) {
    throw new UsageError('BAD_OPTION', 'encodeColumns() takes a list of columns, each with name, type and data.', {
      hint: "For example encodeColumns([{ name: 'id', type: 'UInt32', data: [1, 2, 3] }]).",
    })
  }
  if (into !== undefined && !(into instanceof Uint8Array)) {
    throw new UsageError('BAD_OPTION', `into is ${show(into)}.`, { hint: 'It is a Uint8Array or a Buffer.' })
  }
  const given = readColumns(
    columns.map(({ data }) => data ?? null), // undefined would be a column that every row leaves out
    { columns },
  )
  return withBuilder(
    columns,
    given.rowCount,
    (builder) => {
      const rowCount = builder.stageColumns(given, 0, true)
      if (rowCount < given.rowCount) refuseSize(rowCount)
    },
    into,
  )
}

function isGiven(column: unknown): boolean {
  const { name, type } = (column ?? {}) as { name?: unknown; type?: unknown }
  return typeof name === 'string' && typeof type === 'string' && 'data' in (column as object)
}

const MAX_BYTES = 1024 * 1024 * 1024

function refuseSize(rowIndex: number): never {
  throw new UsageError('BAD_OPTION', `The block exceeds ${MAX_BYTES} bytes at row ${rowIndex}.`, {
    hint: 'Encode fewer rows at a time.',
  })
}

function withBuilder(
  columns: readonly { readonly name: string; readonly type: string }[],
  rowCount: number,
  stage: (builder: BlockBuilder) => void,
  into?: Uint8Array,
): Uint8Array {
  if (columns.length === 0) {
    throw new UsageError('BAD_OPTION', 'A block needs at least one column.', {
      hint: 'The server takes a block of no columns for the end of its input.',
    })
  }
  if (rowCount === 0) return new Uint8Array(0)
  const builder = createBuilder(
    columns.map(({ name, type }) => ({ name, type, defaultKind: '' as const, defaultExpression: '' })),
    {
      // Powers of two, so that calls with nearly as many rows share a builder.
      blockSize: Math.max(1024, 2 ** Math.ceil(Math.log2(rowCount + 1))),
      blockBytes: MAX_BYTES,
      nullsAsDefault: false,
      requireAll: true,
    },
  )
  try {
    stage(builder)
    return builder.sealOwn(into)
  } finally {
    builder.free()
  }
}
