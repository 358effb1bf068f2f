import { Arena } from '../../wasm/core.ts'
import { Pieces } from '../../wasm/pieces.ts'
import { allocateShared, type BufferPool, type Buffers, sealedBuffers, sharedBuffers } from '../buffer-pool.ts'
import { EncodedBlock } from '../gather/block.ts'
import { Output, roomFor } from '../gather/output.ts'
import type { Ranges } from '../gather/ranges.ts'
import { sealPieces } from '../seal-pieces.ts'
import type { SealedBytes } from '../sealed.ts'
import type { PartitionKey } from './partition-key.ts'

/** An INSERT each: a block of more partitions is rather a mistake in PARTITION BY. The server takes 100 in one, if nobody says otherwise. */
export const SPLITS_MAX = 1_000

const POOLED_MIN = 16 * 1024

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
  /** For pieces that would leave most of a pooled buffer empty. */
  readonly #exact: Buffers
  readonly #splitsMax: number

  /**
   * @param isShared  the blocks will be compressed on the second thread
   * @param splitsMax  a block of more partitions stays as it is
   */
  constructor(key: PartitionKey, isShared: boolean, splitsMax = SPLITS_MAX) {
    this.#key = key
    this.#buffers = isShared ? sharedBuffers : sealedBuffers
    this.#exact = { take: isShared ? allocateShared : Buffer.allocUnsafeSlow, give: () => {} }
    this.#splitsMax = splitsMax
  }

  /**
   * In the order of their first rows, and the buffer of the block is given back; undefined where it is of one partition, or of too
   * many, which the server then says.
   */
  split(sealed: SealedBytes): Split[] | undefined {
    const { bytes, rowCount, columnOffsets, columnNames, nullsAsDefault } = sealed
    const groups = this.#key.group(bytes, rowCount, columnOffsets)
    if (groups === undefined || groups.length > this.#splitsMax) return undefined
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
      const body = sealPieces(pieces, pieces.byteLength < POOLED_MIN ? this.#exact : this.#buffers, arena, hashPtr)
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
