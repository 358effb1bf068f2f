// A Native block, opened so that some of its rows can be written as another block, from its bytes alone: for the halves of a
// block that the server refused, and for the rows of one partition. Nothing is decoded, so nothing can change on the way.

import { varUInt } from '../../column/var-uint.ts'
import { parseType } from '../../types/parse.ts'
import { ByteReader } from '../decode/bytes.ts'
import { type Gather, openColumn } from './column.ts'
import { Output } from './output.ts'
import type { Ranges } from './ranges.ts'

interface OpenedColumn {
  /** Its name, its type and its prefixes, which are the same whatever rows are taken. */
  readonly head: Uint8Array
  readonly gather: Gather
}

export class EncodedBlock {
  readonly rowCount: number
  /** Where each column begins. */
  readonly columnOffsets: readonly number[]
  readonly #columns: readonly OpenedColumn[]

  /**
   * @param bytes  one uncompressed Native block of ours; they must stay as they are
   * @throws {EngineError}  BAD_BLOCK: no block, or in a form that we do not write
   * @throws {SchemaError}  UNSUPPORTED_TYPE, for AggregateFunction
   */
  constructor(bytes: Uint8Array) {
    const reader = new ByteReader(bytes)
    reader.place = 'block header'
    const columnCount = reader.count(reader.varint(), 2, 'columns')
    this.rowCount = reader.varint()
    const columnOffsets: number[] = []
    this.#columns = Array.from({ length: columnCount }, (_, i) => {
      columnOffsets.push(reader.at)
      return openOne(reader, i, this.rowCount)
    })
    this.columnOffsets = columnOffsets
    if (reader.remaining > 0) throw reader.bad(`${reader.remaining} bytes after the block`)
  }

  /** Appends a block of these rows, at least one of them, to `out`. */
  gather(rows: Ranges, out: Output): void {
    out.push(varUInt(this.#columns.length))
    out.push(varUInt(rows.count))
    for (const { head, gather } of this.#columns) {
      out.push(head)
      gather(rows, out)
    }
  }
}

function openOne(reader: ByteReader, i: number, rowCount: number): OpenedColumn {
  reader.place = `column ${i + 1}`
  const start = reader.at
  const name = reader.text()
  const type = reader.text()
  reader.place = `column ${JSON.stringify(name)} ${type}`
  const openData = openColumn(reader, parseType(type))
  const head = reader.buffer.subarray(start, reader.at)
  return { head, gather: openData(rowCount) }
}

/** A block of some rows of another one; see EncodedBlock. */
export function gatherRows(bytes: Uint8Array, rows: Ranges): Uint8Array {
  const out = new Output(bytes)
  new EncodedBlock(bytes).gather(rows, out)
  return new Uint8Array(out.made)
}
