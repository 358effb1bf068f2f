// The core on a block that already lies in its memory, as a sealed block does.
//
//   lz4       LZ4 alone, slice by slice
//   frames    what is sent: LZ4, and in front of each slice the CityHash128 over it
//   checksum  CityHash128 over the frames that `frames` made: the part of it that is no LZ4
//   hash      the hash of the whole block that is part of its token

import { uncompressSync } from 'lz4-napi'
import { decompress } from '../../dist/native.js'
import { blockOf, SLICE, slicesOf } from '../blocks.mjs'
import { openCore } from './core.mjs'

const LZ4 = 0x82
/** In front of a frame's checked bytes. */
const CHECKSUM_BYTES = 16

export function create({ name, quick, work }) {
  const block = blockOf(name, quick)
  const slices = slicesOf(block)
  const { core, memory } = openCore()
  const result = core.reserve(16)
  const scratch = core.reserve(core.frameScratchBytes())
  const raw = core.reserve(block.length)
  const out = core.reserve(core.framesBound(block.length))
  memory().set(block, raw)

  const lz4Slice = (i) => core.lz4Compress(raw + i * SLICE, slices[i].length, out, slices[i].length - 1, scratch)
  const lz4 = () => slices.reduce((sum, { length }, i) => sum + (lz4Slice(i) || length), 0) // 0: LZ4 gains nothing
  const frames = () => core.frameBytes(raw, block.length, LZ4, scratch, out) >>> 0

  const byteLengths = { lz4: checkSlices(), frames: checkFrames() }
  const places = framePlaces()
  const works = {
    lz4,
    frames,
    checksum: () => {
      for (const [ptr, byteLength] of places) core.cityHash128(ptr, byteLength, result)
      return byteLengths.frames
    },
    hash: () => {
      core.hashBegin()
      core.hashAdd(raw, block.length)
      core.hashEnd(result)
      return block.length
    },
  }
  const run = works[work]
  const wanted = run()
  let made
  return {
    rawByteLength: block.length,
    byteLength: byteLengths[work] ?? block.length,
    run() {
      made = run()
    },
    check() {
      if (made !== wanted) throw new Error(`${made} bytes, those that were read back were ${wanted}`)
    },
  }

  /** Throws unless lz4-napi reads what the core wrote. */
  function checkSlices() {
    slices.forEach((slice, i) => {
      const byteLength = lz4Slice(i)
      if (byteLength === 0) return
      const head = Buffer.from(Uint32Array.of(slice.length).buffer)
      const read = uncompressSync(Buffer.concat([head, memory().subarray(out, out + byteLength)]))
      if (!read.equals(slice)) throw new Error('lz4-napi reads other bytes than the core wrote')
    })
    return lz4()
  }

  function checkFrames() {
    const byteLength = frames()
    const read = decompress(memory().subarray(out, out + byteLength))
    if (!block.equals(read)) throw new Error('the frames hold other bytes')
    return byteLength
  }

  /** Address and length of what each frame's checksum is over; the frames lie at `out`. */
  function framePlaces() {
    const places = []
    const end = out + byteLengths.frames
    for (let at = out; at < end; ) {
      const byteLength = memory().readUInt32LE(at + CHECKSUM_BYTES + 1)
      places.push([at + CHECKSUM_BYTES, byteLength])
      at += CHECKSUM_BYTES + byteLength
    }
    return places
  }
}
