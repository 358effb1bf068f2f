// Variant: which alternative each row uses, then the values of each alternative, dense.
//
//   prefix  UInt64 mode, then the prefixes of the alternatives, sorted by name
//   data    UInt8 per row (255 is NULL), then the alternatives in the same order
//
//   Variant(String, UInt8)   'x', 5, NULL   ──▶   0000000000000000   00 01 ff   01 78   05
import type { TypeNode } from '../../types/node.ts'
import type { ByteReader } from './bytes.ts'
import type { Open, ReadValues } from './column.ts'

const PLAIN = 0
const COMPACT = 1
const NULL_CODE = 255

export function openVariant(reader: ByteReader, alternatives: readonly TypeNode[], open: Open): ReadValues {
  return openAlternatives(reader, () => alternatives.map(open))
}

/** `openReaders` reads the prefixes, which stand after the mode. */
export function openAlternatives(reader: ByteReader, openReaders: () => ReadValues[]): ReadValues {
  const mode = reader.uint64()
  if (mode > COMPACT) throw reader.bad(`Variant mode ${mode}`, reader.at - 8)
  const readers = openReaders()
  return (count) => {
    const start = reader.at
    const codes = mode === PLAIN ? readCodes(reader, count) : readCompactCodes(reader, count)
    const strange = codes.findIndex((code) => code >= readers.length && code !== NULL_CODE)
    if (strange >= 0) throw reader.bad(`discriminator ${codes[strange]} of ${readers.length} alternatives`, start)
    return gather(codes, NULL_CODE, readers)
  }
}

/** The values of rows that say by number which of `readers` has their value, each reader's values being dense. */
export function gather(codes: ArrayLike<number>, nullCode: number, readers: readonly ReadValues[]): unknown[] {
  const counts = new Array<number>(readers.length).fill(0)
  for (let i = 0; i < codes.length; i++) if (codes[i] !== nullCode) counts[codes[i]!]!++
  const values = readers.map((read, r) => read(counts[r]!))
  const next = new Array<number>(readers.length).fill(0)
  const rows = new Array(codes.length)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    rows[i] = code === nullCode ? null : values[code]![next[code]!++]
  }
  return rows
}

function readCodes(reader: ByteReader, count: number): Uint8Array {
  const start = reader.skip(count)
  return reader.buffer.subarray(start, start + count)
}

/** Granules of `VarUInt rows, 0, a code a row` or `VarUInt rows, 1, one code for all`. */
function readCompactCodes(reader: ByteReader, count: number): Uint8Array {
  const codes = new Uint8Array(reader.countValues(count, 'discriminators'))
  let filled = 0
  while (filled < count) {
    const rows = reader.varint()
    if (rows === 0 || rows > count - filled) throw reader.bad(`a granule of ${rows} rows, ${count - filled} are left`)
    const format = reader.byte()
    if (format > 1) throw reader.bad(`granule format ${format}`, reader.at - 1)
    if (format === 0) codes.set(readCodes(reader, rows), filled)
    else codes.fill(reader.byte(), filled, filled + rows)
    filled += rows
  }
  return codes
}
