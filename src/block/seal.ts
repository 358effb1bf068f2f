import { type NullsColumn, omittedRows } from '../column/omittable.ts'
import { varUInt } from '../column/var-uint.ts'
import type { Arena } from '../wasm/core.ts'
import { Pieces } from '../wasm/pieces.ts'
import { sealedBuffers } from './buffer-pool.ts'
import type { PlannedColumn } from './plan.ts'
import type { SealedBytes } from './sealed.ts'

const LZ4 = 0x82

/** Turns staged columns into the bytes of one block: listed where they lie, hashed, and copied or compressed out once. */
export class Sealer {
  readonly #arena: Arena
  readonly #columns: readonly PlannedColumn[]
  readonly #compressed: boolean
  readonly #pieces: Pieces
  readonly #headPtr: number
  readonly #hashPtr: number
  #framesPtr = 0
  #framesBytes = 0
  #scratchPtr = 0

  constructor(arena: Arena, columns: readonly PlannedColumn[], compression: 'lz4' | 'none') {
    this.#arena = arena
    this.#columns = columns
    this.#compressed = compression === 'lz4'
    this.#pieces = new Pieces(arena)
    this.#headPtr = arena.reserve(16)
    this.#hashPtr = arena.reserve(16)
  }

  seal(rowCount: number): SealedBytes {
    const pieces = this.#pieces
    const { columnNames, nullsAsDefault } = this.#gather(rowCount)
    const { owner, byteLength } = this.#compressed ? this.#frame() : this.#copy()
    const [low, high] = this.#arena.u32(this.#hashPtr, 2)
    let released = false
    return {
      // No Buffer, whose slice() is no copy.
      bytes: new Uint8Array(owner.buffer, owner.byteOffset, byteLength),
      compressed: this.#compressed,
      rowCount,
      rawByteLength: pieces.byteLength,
      hash: hex(high) + hex(low),
      columnNames,
      nullsAsDefault,
      release() {
        if (released) return
        released = true
        sealedBuffers.give(owner)
      },
    }
  }

  /** Lists the places of the block's bytes. */
  #gather(rowCount: number): Pick<SealedBytes, 'columnNames' | 'nullsAsDefault'> {
    const pieces = this.#pieces
    pieces.clear()
    const columns = this.#columns.map((planned) => ({ ...planned, omitted: omittedRows(planned.column, rowCount) }))
    let present = columns.filter(({ omitted }) => omitted < rowCount)
    // A block of no columns means "end of data": one column goes as all NULL instead.
    if (present.length === 0) present = columns.filter(({ nullableHeader }) => nullableHeader).slice(0, 1)
    const head = Buffer.concat([varUInt(present.length), varUInt(rowCount)])
    this.#arena.u8(this.#headPtr, head.byteLength).set(head)
    pieces.add(this.#headPtr, head.byteLength)
    for (const { column, header, nullableHeader, omitted } of present) {
      const { ptr, byteLength } = omitted > 0 ? nullableHeader! : header
      pieces.add(ptr, byteLength)
      column.prefix(pieces)
      if (omitted > 0) (column as NullsColumn).dataWithNulls(pieces, rowCount)
      else column.data(pieces, rowCount)
    }
    const nullsAsDefault = present.some(({ omitted }) => omitted > 0)
    // A DEFAULT that takes the place of a NULL may refer to columns that are not in this block.
    const listed = nullsAsDefault ? columns.filter((one) => one.isComputable || present.includes(one)) : present
    return { columnNames: listed.map(({ name }) => name), nullsAsDefault }
  }

  #copy(): { owner: Buffer; byteLength: number } {
    const { byteLength } = this.#pieces
    const owner = sealedBuffers.take(byteLength)
    this.#pieces.copyTo(owner, this.#hashPtr)
    return { owner, byteLength }
  }

  #frame(): { owner: Buffer; byteLength: number } {
    const { core } = this.#arena
    const pieces = this.#pieces
    const bound = core.framesBound(pieces.byteLength) >>> 0
    if (this.#scratchPtr === 0) this.#scratchPtr = this.#arena.reserve(core.frameScratchBytes())
    if (bound > this.#framesBytes) {
      this.#framesBytes = Math.ceil(bound * 1.25)
      this.#framesPtr = this.#arena.reserve(this.#framesBytes)
    }
    core.hashPieces(pieces.ptr, pieces.count, this.#hashPtr)
    const byteLength = core.framePieces(pieces.ptr, pieces.count, LZ4, this.#scratchPtr, this.#framesPtr) >>> 0
    const owner = sealedBuffers.take(byteLength)
    owner.set(this.#arena.u8(this.#framesPtr, byteLength))
    return { owner, byteLength }
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}
