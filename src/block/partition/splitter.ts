import { Arena } from '../../wasm/core.ts'
import { Pieces } from '../../wasm/pieces.ts'
import { type BufferPool, sealedBuffers, sharedBuffers } from '../buffer-pool.ts'
import { EncodedBlock } from '../gather/block.ts'
import { Output, roomFor } from '../gather/output.ts'
import type { Ranges } from '../gather/ranges.ts'
import { sealPieces } from '../seal-pieces.ts'
import type { SealedBytes } from '../sealed.ts'
import type { PartitionKey } from './partition-key.ts'

/** The rows of one partition out of a block. */
export interface Split {
  readonly sealed: Omit<SealedBytes, 'columnOffsets'>
  /** Which rows of the block they are. */
  readonly rows: Ranges
}

/** Makes blocks of one partition each out of sealed ones. */
export class Splitter {
  readonly #key: PartitionKey
  readonly #buffers: BufferPool

  /** @param isShared  the blocks will be compressed on the second thread */
  constructor(key: PartitionKey, isShared: boolean) {
    this.#key = key
    this.#buffers = isShared ? sharedBuffers : sealedBuffers
  }

  /** In the order of their first rows, and the buffer of the block is given back; undefined where it is of one partition. */
  split(sealed: SealedBytes): Split[] | undefined {
    const { bytes, rowCount, columnOffsets, columnNames, nullsAsDefault } = sealed
    const groups = this.#key.group(bytes, rowCount, columnOffsets)
    if (groups === undefined) return undefined
    const encoded = new EncodedBlock(bytes)
    workshop ??= openWorkshop()
    const { arena, pieces, hashPtr } = workshop
    const room = this.#buffers.take(roomFor(bytes.byteLength))
    const out = new Output(bytes, room)
    const splits = groups.map((rows) => {
      out.clear()
      encoded.gather(rows, out)
      pieces.clear()
      pieces.addOutside(out.made)
      const body = sealPieces(pieces, this.#buffers, arena, hashPtr)
      return { rows, sealed: { ...body, rowCount: rows.count, columnNames, nullsAsDefault } }
    })
    this.#buffers.give(room)
    sealed.release()
    return splits
  }
}

interface Workshop {
  readonly arena: Arena
  readonly pieces: Pieces
  readonly hashPtr: number
}

/** One for the process: a block is split in one go. */
let workshop: Workshop | undefined

function openWorkshop(): Workshop {
  const arena = new Arena()
  return { arena, pieces: new Pieces(arena), hashPtr: arena.reserve(16) }
}
