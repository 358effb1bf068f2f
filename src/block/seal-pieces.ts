import type { Arena } from '../wasm/core.ts'
import type { Pieces } from '../wasm/pieces.ts'
import type { Buffers } from './buffer-pool.ts'
import type { SealedBytes } from './sealed.ts'

/** The pieces as one block in one buffer, with its hash. */
export function sealPieces(
  pieces: Pieces,
  buffers: Buffers,
  arena: Arena,
  hashPtr: number,
): Pick<SealedBytes, 'bytes' | 'hash' | 'release'> {
  const { byteLength } = pieces
  const owner = buffers.take(byteLength)
  pieces.copyTo(owner, hashPtr)
  const [low, high] = arena.u32(hashPtr, 2)
  let released = false
  return {
    // No Buffer, whose slice() is no copy.
    bytes: new Uint8Array(owner.buffer, owner.byteOffset, byteLength),
    hash: hex(high) + hex(low),
    release: () => {
      if (released) return
      released = true
      buffers.give(owner)
    },
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}
