// LowCardinality: the distinct values once, then a number per row.
//
//   prefix  UInt64 1
//   data    UInt64 flags | width of the indexes     repeated until every row has its index;
//           UInt64 n, n keys                        one section is what writers write
//           UInt64 m, m indexes
//
// For LowCardinality(Nullable(T)) the keys are of T, and index 0 is NULL whatever stands in slot 0.
import type { TypeNode } from '../../types/node.ts'
import type { ByteReader } from './bytes.ts'
import type { Open, ReadValues } from './column.ts'

const HAS_SHARED_DICTIONARY = 0x100
const HAS_ADDITIONAL_KEYS = 0x200
const NEEDS_NEW_DICTIONARY = 0x400

export function openLowCardinality(reader: ByteReader, inner: TypeNode, open: Open): ReadValues {
  const version = reader.uint64()
  if (version !== 1) throw reader.bad(`LowCardinality version ${version}`, reader.at - 8)
  const { keyType, isNullable } = keysOf(inner)
  const readKeys = open(keyType)

  return (count) => {
    reader.count(count, 1, 'indexes')
    const values = new Array(count)
    let filled = 0
    while (filled < count) {
      const width = readFlags(reader)
      const keys = readKeys(reader.count(reader.uint64(), 1, 'dictionary keys'))
      if (isNullable && keys.length > 0) keys[0] = null
      const indexCount = reader.uint64()
      if (indexCount === 0 || indexCount > count - filled) {
        throw reader.bad(`${indexCount} indexes for ${count - filled} rows`, reader.at - 8)
      }
      let at = reader.skip(indexCount * width)
      for (let i = 0; i < indexCount; i++, at += width) {
        const index = readIndex(reader.view, at, width)
        // On a server of 18.16 such an index is a crash, later or at once.
        if (index >= keys.length) throw reader.bad(`index ${index} into a dictionary of ${keys.length} keys`, at)
        values[filled++] = keys[index]
      }
    }
    return values
  }
}

export function keysOf(inner: TypeNode): { keyType: TypeNode; isNullable: boolean } {
  if (inner.name === 'SimpleAggregateFunction') return keysOf(inner.args[0]!)
  return inner.name === 'Nullable' ? { keyType: inner.inner, isNullable: true } : { keyType: inner, isNullable: false }
}

function readFlags(reader: ByteReader): IndexWidth {
  const width = indexWidth(reader.uint64())
  if (typeof width === 'string') throw reader.bad(width, reader.at - 8)
  return width
}

type IndexWidth = 1 | 2 | 4 | 8

/** The width of an index in bytes, or what is wrong with the flags. */
export function indexWidth(flags: number): IndexWidth | string {
  const indexType = flags % 256
  const rest = flags - indexType
  const isKnown = rest === HAS_ADDITIONAL_KEYS || rest === HAS_ADDITIONAL_KEYS + NEEDS_NEW_DICTIONARY
  if (indexType <= 3 && isKnown) return [1, 2, 4, 8][indexType] as IndexWidth
  const reason = rest % 512 >= HAS_SHARED_DICTIONARY ? ' (a shared dictionary, which Native has not)' : ''
  return `LowCardinality flags 0x${flags.toString(16)}${reason}`
}

function readIndex(view: DataView, at: number, width: IndexWidth): number {
  if (width === 1) return view.getUint8(at)
  if (width === 2) return view.getUint16(at, true)
  if (width === 4) return view.getUint32(at, true)
  return Number(view.getBigUint64(at, true))
}
