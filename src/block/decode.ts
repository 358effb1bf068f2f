// The Native format read back, in plain TypeScript and apart from the core: the oracle of the tests, and the reader of
// blocks a server refused. It trusts nothing: every count is held against the bytes that are left before memory is taken
// for it, and all that the format allows but a correct writer never writes (a Bool of 2, a null map of 2, an empty block)
// is an error.
import { EngineError } from '../errors.ts'
import { parseType } from '../types/parse.ts'
import { ByteReader } from './decode/bytes.ts'
import { openColumn } from './decode/column.ts'
import { requireBytes } from './require-bytes.ts'

export interface DecodedBlock {
  columns: { name: string; type: string }[]
  /** One array per row, values in the order of `columns`. */
  rows: unknown[][]
}

/**
 * Decodes uncompressed Native blocks that follow each other, as they stand in a file or an HTTP body.
 *
 * Values come as the types table says: (U)Int64 and wider as bigint, Decimal as text with all digits of its scale,
 * String as text, or as Uint8Array where it is not UTF-8, DateTime and DateTime64(0..3) as Date (as bigint ticks outside
 * of what a Date holds), Map as Map (as entries where keys repeat), named Tuple as object, Variant and Dynamic as the bare
 * value.
 *
 * @throws {UsageError}   BAD_OPTION: no bytes.
 * @throws {EngineError}  BAD_BLOCK with the byte offset, for truncated or senseless bytes.
 * @throws {SchemaError}  UNKNOWN_TYPE, BAD_TYPE for a type name in a header; UNSUPPORTED_TYPE for AggregateFunction,
 *                        whose states only the server can tell apart.
 */
export function decodeBlocks(bytes: Uint8Array): DecodedBlock[] {
  requireBytes(bytes, 'decodeBlocks')
  const reader = new ByteReader(bytes)
  const blocks: DecodedBlock[] = []
  try {
    while (reader.remaining > 0) blocks.push(decodeBlock(reader))
  } catch (cause) {
    if (!looksFramed(bytes)) throw cause
    throw new EngineError('BAD_BLOCK', (cause as Error).message, {
      hint: 'These look like compressed frames: decompress(bytes) first. Blocks of takeBlocks() say whether they are `compressed`.',
      cause,
    })
  }
  return blocks
}

/** A method and sizes of a compressed frame, behind its checksum. */
function looksFramed(bytes: Uint8Array): boolean {
  if (bytes.byteLength <= 25) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset + 16, bytes.byteLength - 16)
  const [method, byteLength, rawBytes] = [view.getUint8(0), view.getUint32(1, true), view.getUint32(5, true)]
  if (byteLength > view.byteLength) return false
  return method === 0x02
    ? byteLength === rawBytes + 9
    : (method === 0x82 || method === 0x90) && byteLength <= rawBytes + 9
}

function decodeBlock(reader: ByteReader): DecodedBlock {
  const start = reader.at
  reader.place = 'block header'
  // A column takes two bytes of header at least.
  const columnCount = reader.count(reader.varint(), 2, 'columns')
  const rowCount = reader.varint()
  if (columnCount === 0) {
    throw reader.bad('a block without columns, which ends the input for the server or inserts rows of defaults', start)
  }
  reader.countValues(rowCount, 'rows')
  const columns: DecodedBlock['columns'] = []
  const values: unknown[][] = []
  for (let i = 0; i < columnCount; i++) {
    reader.place = `column ${i + 1}`
    const name = reader.text()
    const type = reader.text()
    reader.place = `column ${JSON.stringify(name)} ${type}`
    columns.push({ name, type })
    const node = parseType(type)
    if (rowCount > 0) values.push(openColumn(reader, node)(rowCount))
  }
  return { columns, rows: transpose(values, rowCount) }
}

function transpose(columns: unknown[][], rowCount: number): unknown[][] {
  const rows: unknown[][] = new Array(rowCount)
  for (let r = 0; r < rowCount; r++) {
    const row = new Array(columns.length)
    for (let c = 0; c < columns.length; c++) row[c] = columns[c]![r]
    rows[r] = row
  }
  return rows
}
