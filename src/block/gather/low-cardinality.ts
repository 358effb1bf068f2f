import type { TypeNode } from '../../types/node.ts'
import type { ByteReader } from '../decode/bytes.ts'
import { indexWidth, keysOf } from '../decode/low-cardinality.ts'
import type { Open, OpenData } from './column.ts'
import { Ranges } from './ranges.ts'

/** The dictionary shrinks to what is used of it: a piece of a block must not carry the whole of a large one along. */
export function openLowCardinality(reader: ByteReader, inner: TypeNode, open: Open): OpenData {
  const version = reader.uint64()
  if (version !== 1) throw reader.bad(`LowCardinality version ${version}`, reader.at - 8)
  const { keyType, isNullable } = keysOf(inner)
  const openKeys = open(keyType)
  // NULL, and by custom the type's default, have a slot whether they are used or not.
  const customary = isNullable ? 2 : 1

  return (count) => {
    const flags = reader.uint64()
    const width = indexWidth(flags)
    if (typeof width === 'string') throw reader.bad(width, reader.at - 8)
    if (width === 8) throw reader.bad('LowCardinality with indexes of 8 bytes', reader.at - 8)
    const keyCount = reader.count(reader.uint64(), 1, 'dictionary keys')
    const gatherKeys = openKeys(keyCount)
    const indexCount = reader.uint64()
    if (indexCount !== count) throw reader.bad(`${indexCount} indexes for ${count} rows`, reader.at - 8)
    const start = reader.skip(count * width)
    const { buffer } = reader

    return (ranges, out) => {
      const indexes = gatherIndexes(buffer, start, width, ranges)
      const { used, places } = shrink(indexes, keyCount, customary)
      if (places === undefined) throw reader.bad(`an index beyond a dictionary of ${keyCount} keys`)
      for (let i = 0; i < indexes.length; i++) indexes[i] = places[indexes[i]!]!
      out.uint64(flags)
      out.uint64(used.count)
      gatherKeys(used, out)
      out.uint64(indexes.length)
      out.push(new Uint8Array(indexes.buffer))
    }
  }
}

type Indexes = Uint8Array | Uint16Array | Uint32Array

function gatherIndexes(buffer: Buffer, start: number, width: 1 | 2 | 4, { bounds, length, count }: Ranges): Indexes {
  const indexes = new INDEXES[width](count)
  let at = 0
  for (let i = 0; i < length; i += 2) {
    const end = bounds[i + 1]!
    if (width === 1) for (let row = bounds[i]!; row < end; row++) indexes[at++] = buffer[start + row]!
    else for (let row = bounds[i]!; row < end; row++) indexes[at++] = buffer.readUIntLE(start + row * width, width)
  }
  return indexes
}

const INDEXES = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const

/** Which keys are used, and where each of them stands then; no places where an index has no key: a server of 18.16 would crash. */
function shrink(indexes: Indexes, keyCount: number, customary: number): { used: Ranges; places?: Uint32Array } {
  const isUsed = new Uint8Array(keyCount).fill(1, 0, customary)
  const used = new Ranges()
  for (let i = 0; i < indexes.length; i++) {
    if (indexes[i]! >= keyCount) return { used }
    isUsed[indexes[i]!] = 1
  }
  const places = new Uint32Array(keyCount)
  for (let key = 0; key < keyCount; key++) {
    if (isUsed[key] === 0) continue
    places[key] = used.count
    used.add(key, key + 1)
  }
  return { used, places }
}
