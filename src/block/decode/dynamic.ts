// Dynamic: a Variant that brings its list of types along.
//
//   version 1   UInt64 1, VarUInt, VarUInt k, k type names     then a Variant of the k types and of `SharedVariant`,
//   version 2   UInt64 2,          VarUInt k, k type names     whose values are strings: a binary type, a binary value
//   version 3   UInt64 3,          VarUInt k, k type names, prefixes of the k types in this order
//               data: an index per row (k is NULL), then the values of each type, dense
import { formatType } from '../../types/format.ts'
import type { TypeNode } from '../../types/node.ts'
import { parseType } from '../../types/parse.ts'
import { compareBytewise } from '../../types/variant.ts'
import { readSharedValues } from './binary.ts'
import type { ByteReader } from './bytes.ts'
import type { Open, ReadValues } from './column.ts'
import { gather, openAlternatives } from './variant.ts'

export function openDynamic(reader: ByteReader, open: Open): ReadValues {
  const version = reader.uint64()
  if (version < 1 || version > 3) throw reader.bad(`Dynamic version ${version}`, reader.at - 8)
  if (version === 1) reader.varint() // max_types, which the list of names makes superfluous
  const types = Array.from({ length: reader.count(reader.varint(), 1, 'types of a Dynamic') }, () =>
    parseType(reader.text()),
  )
  if (version === 3) return openFlattened(reader, types.map(open))
  if (types.length > 254) throw reader.bad(`a Dynamic of ${types.length} types`)
  return openAlternatives(reader, () =>
    sortWithShared(types).map((type) => (type ? open(type) : readSharedValues(reader))),
  )
}

/** The order of the discriminators: by name, with `SharedVariant` (here undefined) among the types. */
export function sortWithShared(types: readonly TypeNode[]): (TypeNode | undefined)[] {
  const named = types.map((type): [string, TypeNode | undefined] => [formatType(type), type])
  named.push(['SharedVariant', undefined])
  return named.sort(([a], [b]) => compareBytewise(a, b)).map(([, type]) => type)
}

function openFlattened(reader: ByteReader, readers: readonly ReadValues[]): ReadValues {
  const nullCode = readers.length
  return (count) => {
    const start = reader.at
    const codes = readIndexes(reader, count, nullCode)
    const strange = codes.findIndex((code) => code > nullCode)
    if (strange >= 0) throw reader.bad(`index ${codes[strange]} into ${nullCode} types`, start)
    return gather(codes, nullCode, readers)
  }
}

/** Bytes of an index in version 3, of which `max` is the largest. */
export function indexBytes(max: number): number {
  return max <= 0xff ? 1 : max <= 0xffff ? 2 : 4
}

function readIndexes(reader: ByteReader, count: number, max: number): number[] {
  const width = indexBytes(max)
  const start = reader.skip(count * width)
  return Array.from({ length: count }, (_, i) => reader.buffer.readUIntLE(start + i * width, width))
}
