// Which rows of a column have the same key. Keys are numbered in the order in which they come.

import type { TypeNode } from '../../types/node.ts'
import type { ByteReader } from '../decode/bytes.ts'
import { fixedWidth } from '../decode/fixed.ts'
import { indexWidth, keysOf } from '../decode/low-cardinality.ts'
import { openColumn } from '../gather/column.ts'
import type { NumberKey } from './number-key.ts'

export interface Ids {
  /** The number of each row's key. */
  readonly of: Uint32Array
  /** How many keys there are. */
  readonly count: number
}

/** Types of which a key can be made, the ones inside of Nullable and LowCardinality. */
export function hasIds(node: TypeNode): boolean {
  switch (node.name) {
    case 'Nullable':
    case 'LowCardinality':
      return hasIds(node.inner)
    // Values that are written in several ways, or made of others.
    case 'Float32':
    case 'Float64':
    case 'BFloat16':
    case 'Array':
    case 'Map':
    case 'Tuple':
    case 'Nested':
    case 'Variant':
    case 'Dynamic':
    case 'JSON':
    case 'QBit':
    case 'AggregateFunction':
    case 'SimpleAggregateFunction':
    case 'Nothing':
    case 'Point':
    case 'Ring':
    case 'LineString':
    case 'MultiLineString':
    case 'Polygon':
    case 'MultiPolygon':
    case 'Geometry':
      return false
    default:
      return true
  }
}

/** Reads a column from its prefixes on. */
export function readIds(reader: ByteReader, node: TypeNode, count: number, key: NumberKey): Ids {
  switch (node.name) {
    case 'Nullable':
      return readNullable(reader, node.inner, count, key)
    case 'LowCardinality':
      return readLowCardinality(reader, node.inner, count)
    case 'String':
      return readStrings(reader, count)
    default:
      return readFixed(reader, node, count, key)
  }
}

/** NULL is a key of its own. */
function readNullable(reader: ByteReader, inner: TypeNode, count: number, key: NumberKey): Ids {
  const start = reader.skip(count)
  const values = readIds(reader, inner, count, key)
  const { buffer } = reader
  return numbered(count, (row) => (buffer[start + row] === 1 ? -1 : values.of[row]!))
}

/** A dictionary of ours has every value once. */
function readLowCardinality(reader: ByteReader, inner: TypeNode, count: number): Ids {
  reader.uint64()
  const openKeys = openColumn(reader, keysOf(inner).keyType)
  const width = indexWidth(reader.uint64())
  if (typeof width === 'string' || width === 8) throw reader.bad('a dictionary that is none of ours')
  openKeys(reader.count(reader.uint64(), 1, 'dictionary keys'))
  reader.uint64()
  const start = reader.skip(count * width)
  const { buffer } = reader
  return numbered(count, (row) => buffer.readUIntLE(start + row * width, width))
}

function readStrings(reader: ByteReader, count: number): Ids {
  const { buffer } = reader
  return numbered(count, () => {
    const byteLength = reader.varint()
    const start = reader.skip(byteLength)
    return buffer.toString('latin1', start, start + byteLength)
  })
}

function readFixed(reader: ByteReader, node: TypeNode, count: number, { of, ofLarge }: NumberKey): Ids {
  const width = fixedWidth(node)
  const start = reader.skip(count * width)
  const { buffer, view } = reader
  const isSigned = SIGNED.test(node.name)
  switch (width) {
    case 1:
      return numbered(count, (row) => of(isSigned ? view.getInt8(start + row) : buffer[start + row]!))
    case 2:
      return numbered(count, (row) =>
        of(isSigned ? view.getInt16(start + row * 2, true) : view.getUint16(start + row * 2, true)),
      )
    case 4:
      return numbered(count, (row) =>
        of(isSigned ? view.getInt32(start + row * 4, true) : view.getUint32(start + row * 4, true)),
      )
    case 8:
      return numbered(count, (row) => {
        const at = start + row * 8
        const high = isSigned ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true)
        // Below 2^53.
        if (high < 0x20_0000 && high >= -0x20_0000) return of(high * 0x1_0000_0000 + view.getUint32(at, true))
        return ofLarge(isSigned ? view.getBigInt64(at, true) : view.getBigUint64(at, true))
      })
    default:
      return numbered(count, (row) => buffer.toString('latin1', start + row * width, start + (row + 1) * width))
  }
}

const SIGNED = /^(Int|Date32|DateTime64|Enum|Decimal|Time|Interval)/

function numbered(count: number, keyOf: (row: number) => number | bigint | string): Ids {
  const of = new Uint32Array(count)
  const known = new Map<number | bigint | string, number>()
  let lastKey: number | bigint | string | undefined
  let lastId = 0
  for (let row = 0; row < count; row++) {
    const key = keyOf(row)
    if (key !== lastKey) {
      let id = known.get(key)
      if (id === undefined) {
        id = known.size
        known.set(key, id)
      }
      lastKey = key
      lastId = id
    }
    of[row] = lastId
  }
  return { of, count: known.size }
}

/** Rows that have the same key in both. */
export function both(a: Ids, b: Ids): Ids {
  if (a.count === 1) return b
  if (b.count === 1) return a
  return numbered(a.of.length, (row) => a.of[row]! * b.count + b.of[row]!)
}

/** Nobody knows which rows belong together: none. */
export function allDifferent(count: number): Ids {
  return { of: Uint32Array.from({ length: count }, (_, row) => row), count }
}
