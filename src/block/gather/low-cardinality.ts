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

    return ({ bounds, length, count: rowCount }, out) => {
      const places = new Int32Array(keyCount).fill(-1)
      places.fill(0, 0, customary)
      for (let i = 0; i < length; i += 2) {
        for (let row = bounds[i]!; row < bounds[i + 1]!; row++) {
          const index = buffer.readUIntLE(start + row * width, width)
          // On a server of 18.16 such an index is a crash, later or at once.
          if (index >= keyCount) throw reader.bad(`index ${index} into a dictionary of ${keyCount} keys`)
          places[index] = 0
        }
      }
      const used = new Ranges()
      for (let key = 0; key < keyCount; key++) {
        if (places[key]! < 0) continue
        places[key] = used.count
        used.add(key, key + 1)
      }
      out.uint64(flags)
      out.uint64(used.count)
      gatherKeys(used, out)
      out.uint64(rowCount)
      out.reserve(rowCount * width)
      for (let i = 0; i < length; i += 2) {
        for (let row = bounds[i]!; row < bounds[i + 1]!; row++) {
          const place = places[buffer.readUIntLE(start + row * width, width)]!
          out.at = out.bytes.writeUIntLE(place, out.at, width)
        }
      }
    }
  }
}
