import { type NullsColumn, omittedRows } from '../column/omittable.ts'
import { varUInt } from '../column/var-uint.ts'
import type { Arena } from '../wasm/core.ts'
import { Pieces } from '../wasm/pieces.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { PlannedColumn } from './plan.ts'
import { sealPieces } from './seal-pieces.ts'
import type { SealedBytes } from './sealed.ts'

/** Turns staged columns into the bytes of one block: listed where they lie, and hashed and copied out in one pass. */
export class Sealer {
  readonly #arena: Arena
  readonly #columns: readonly PlannedColumn[]
  readonly #buffers: BufferPool
  readonly #pieces: Pieces
  readonly #headPtr: number
  readonly #hashPtr: number

  constructor(arena: Arena, columns: readonly PlannedColumn[], buffers: BufferPool) {
    this.#arena = arena
    this.#columns = columns
    this.#buffers = buffers
    this.#pieces = new Pieces(arena)
    this.#headPtr = arena.reserve(16)
    this.#hashPtr = arena.reserve(16)
  }

  seal(rowCount: number): SealedBytes {
    const described = this.#gather(rowCount)
    return { ...sealPieces(this.#pieces, this.#buffers, this.#arena, this.#hashPtr), rowCount, ...described }
  }

  /** The same bytes without their hash, in memory that is the caller's for good: `into`, where it is large enough. */
  sealOwn(rowCount: number, into?: Uint8Array): Uint8Array {
    this.#gather(rowCount)
    const { byteLength } = this.#pieces
    const out = into !== undefined && into.byteLength >= byteLength ? into : Buffer.allocUnsafeSlow(byteLength)
    this.#pieces.copyPlain(out)
    return new Uint8Array(out.buffer, out.byteOffset, byteLength)
  }

  /** Lists the places of the block's bytes. */
  #gather(rowCount: number): Pick<SealedBytes, 'columnNames' | 'columnOffsets' | 'nullsAsDefault'> {
    const pieces = this.#pieces
    pieces.clear()
    const columns = this.#columns.map((planned) => ({ ...planned, omitted: omittedRows(planned.column, rowCount) }))
    let present = columns.filter(({ omitted }) => omitted < rowCount)
    // A block of no columns means "end of data": one column goes as all NULL instead.
    if (present.length === 0) present = columns.filter(({ nullableHeader }) => nullableHeader).slice(0, 1)
    const head = Buffer.concat([varUInt(present.length), varUInt(rowCount)])
    this.#arena.u8(this.#headPtr, head.byteLength).set(head)
    pieces.add(this.#headPtr, head.byteLength)
    const columnOffsets: number[] = []
    for (const { column, header, nullableHeader, omitted } of present) {
      columnOffsets.push(pieces.byteLength)
      const { ptr, byteLength } = omitted > 0 ? nullableHeader! : header
      pieces.add(ptr, byteLength)
      column.prefix(pieces)
      if (omitted > 0) (column as NullsColumn).dataWithNulls(pieces, rowCount)
      else column.data(pieces, rowCount)
    }
    const nullsAsDefault = present.some(({ omitted }) => omitted > 0)
    // A DEFAULT that takes the place of a NULL may refer to columns that are not in this block.
    const listed = nullsAsDefault ? columns.filter((one) => one.isComputable || present.includes(one)) : present
    return { columnNames: listed.map(({ name }) => name), columnOffsets, nullsAsDefault }
  }
}
