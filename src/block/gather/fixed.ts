// Values that all take the same number of bytes.

import type { ByteReader } from '../decode/bytes.ts'
import type { Gather, OpenData } from './column.ts'
import type { Output } from './output.ts'
import type { Ranges } from './ranges.ts'

export function fixed(reader: ByteReader, width: number): OpenData {
  return (count) => {
    const start = reader.skip(count * width)
    const single = singles(reader, start, count, width)
    return (ranges, out) => {
      if (ranges.areShort) return single(ranges, out)
      const { bounds, length } = ranges
      for (let i = 0; i < length; i += 2) out.copy(start + bounds[i]! * width, start + bounds[i + 1]! * width)
    }
  }
}

/** One by one, in words: a Float64 in 2 ns, where a call for each would be 20. */
function singles(reader: ByteReader, start: number, count: number, width: number): Gather {
  const wordBytes = width % 4 === 0 ? 4 : width % 2 === 0 ? 2 : 1
  const words = width / wordBytes
  const View = wordBytes === 4 ? Uint32Array : wordBytes === 2 ? Uint16Array : Uint8Array
  let values: Uint32Array | Uint16Array | Uint8Array | undefined
  return ({ bounds, length, count: rowCount }, out) => {
    // The column as it stands in the block begins anywhere.
    values ??= new View(new Uint8Array(reader.buffer.subarray(start, start + count * width)).buffer)
    const gathered = new View(rowCount * words)
    if (words === 1) gatherWords(values, gathered, bounds, length)
    else gatherSeveral(values, gathered, bounds, length, words)
    out.push(new Uint8Array(gathered.buffer))
  }
}

type Words = Uint32Array | Uint16Array | Uint8Array

function gatherWords(from: Words, to: Words, bounds: Uint32Array, length: number): void {
  let at = 0
  for (let i = 0; i < length; i += 2) {
    const end = bounds[i + 1]!
    for (let row = bounds[i]!; row < end; row++) to[at++] = from[row]!
  }
}

function gatherSeveral(from: Words, to: Words, bounds: Uint32Array, length: number, words: number): void {
  let at = 0
  for (let i = 0; i < length; i += 2) {
    const end = bounds[i + 1]! * words
    for (let word = bounds[i]! * words; word < end; word++) to[at++] = from[word]!
  }
}

/** End offsets of rows, as an Array has them: `ends[row] + shift` for each. */
export function writeEnds(ends: Uint32Array, { bounds, length, count }: Ranges, out: Output): void {
  const written = new Uint32Array(count * 2)
  let at = 0
  let elementCount = 0
  for (let i = 0; i < length; i += 2) {
    const from = bounds[i]!
    const to = bounds[i + 1]!
    // An offset counts from the first row of the block that it is in now.
    const shift = elementCount - (from === 0 ? 0 : ends[from - 1]!)
    for (let row = from; row < to; row++, at += 2) written[at] = ends[row]! + shift
    elementCount = ends[to - 1]! + shift
  }
  out.push(new Uint8Array(written.buffer))
}
