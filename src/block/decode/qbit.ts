// QBit: a vector of floats, stored bit by bit, so that a search can read fewer bits than there are.
//
//   for each group of `stride` elements, for each bit of an element from the highest:
//     over all rows FixedString(ceil(stride / 8)); element i of the group is bit i % 8 of byte (last - i / 8)
import type { TypeNode } from '../../types/node.ts'
import type { ByteReader } from './bytes.ts'
import type { ReadValues } from './column.ts'

export function openQBit(reader: ByteReader, element: TypeNode, dimension: number, stride = dimension): ReadValues {
  const { bits, planeBytes, groups } = bitPlanes(element, dimension, stride)
  return (count) => {
    const start = reader.skip(count * planeBytes * bits * groups)
    return Array.from({ length: count }, (_, row) =>
      Array.from({ length: dimension }, (_, i) => {
        const group = Math.floor(i / stride)
        const inGroup = i % stride
        const byteInPlane = planeBytes - 1 - (inGroup >> 3)
        let at = start + ((group * bits * count + row) * planeBytes + byteInPlane)
        let value = 0n
        for (let bit = 0; bit < bits; bit++, at += count * planeBytes) {
          value = (value << 1n) | BigInt((reader.buffer[at]! >> (inGroup & 7)) & 1)
        }
        return fromBits(value, bits)
      }),
    )
  }
}

/** There are `bits * groups` planes, each of `planeBytes` bytes a row. */
export function bitPlanes(
  element: TypeNode,
  dimension: number,
  stride = dimension,
): { bits: number; planeBytes: number; groups: number } {
  const bits = { Int8: 8, BFloat16: 16, Float32: 32, Float64: 64 }[element.name as string]!
  return { bits, planeBytes: Math.ceil(stride / 8), groups: dimension / stride }
}

const CELL = new DataView(new ArrayBuffer(8))

function fromBits(value: bigint, bits: number): number {
  if (bits === 8) return Number(BigInt.asIntN(8, value))
  CELL.setBigUint64(0, value << BigInt(64 - bits)) // a BFloat16 is the upper half of a Float32
  return bits === 64 ? CELL.getFloat64(0) : CELL.getFloat32(0)
}
