// lz4-napi, LZ4 in Rust as an addon: compressSync(), its synchronous call for one LZ4 block. It writes the raw length in front.

import { compressSync, uncompressSync } from 'lz4-napi'
import { blockOf, SLICE, slicesOf } from '../blocks.mjs'
import { openCore } from '../ours/core.mjs'

/** @param whole  the whole block in one call, which no frame of the server's could hold, instead of slices of 1 MiB */
export function create({ name, quick, whole = false }) {
  const block = blockOf(name, quick)
  const slices = whole ? [block] : slicesOf(block)
  const compress = () => slices.map((slice) => compressSync(slice))
  const wanted = compress()
  check(wanted, slices)
  let made
  return {
    rawByteLength: block.length,
    byteLength: wanted.reduce((sum, { length }) => sum + length - 4, 0),
    run() {
      made = compress()
    },
    check() {
      if (!made.every((bytes, i) => bytes.equals(wanted[i])))
        throw new Error('other bytes than those that were read back')
    },
  }
}

/** Throws unless the core reads out of the blocks what went in. */
function check(blocks, slices) {
  const { core, memory } = openCore()
  blocks.forEach((bytes, i) => {
    const { length } = slices[i]
    if (!uncompressSync(bytes).equals(slices[i])) throw new Error('lz4-napi reads other bytes than it wrote')
    if (length > SLICE) return // the core decompresses what a frame holds
    const [from, to] = [core.reserve(bytes.length), core.reserve(length)]
    memory().set(bytes.subarray(4), from)
    if (core.lz4Decompress(from, bytes.length - 4, to, length) !== length) throw new Error('the core refuses them')
    if (!slices[i].equals(memory().subarray(to, to + length))) throw new Error('the core reads other bytes')
  })
}
