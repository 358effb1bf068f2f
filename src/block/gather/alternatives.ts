import type { TypeNode } from '../../types/node.ts'
import { parseType } from '../../types/parse.ts'
import type { ByteReader } from '../decode/bytes.ts'
import { indexBytes } from '../decode/dynamic.ts'
import type { Gather, Open, OpenData } from './column.ts'
import { Ranges } from './ranges.ts'

const NULL_CODE = 255

export function openVariant(reader: ByteReader, alternatives: readonly TypeNode[], open: Open): OpenData {
  const mode = reader.uint64()
  if (mode !== 0) throw reader.bad(`Variant mode ${mode}`, reader.at - 8)
  const openers = alternatives.map(open)
  return (count) => openCodes(reader, count, 1, NULL_CODE, openers)
}

/** A type that none of the values has stays in the list, without data. */
export function openDynamic(reader: ByteReader, open: Open): OpenData {
  const version = reader.uint64()
  if (version !== 3) throw reader.bad(`Dynamic version ${version}`, reader.at - 8)
  const typeCount = reader.count(reader.varint(), 1, 'types of a Dynamic')
  const types = Array.from({ length: typeCount }, () => parseType(reader.text()))
  const openers = types.map(open)
  return (count) => openCodes(reader, count, indexBytes(typeCount), typeCount, openers)
}

/** A code a row, then the values of each alternative, dense. */
function openCodes(
  reader: ByteReader,
  count: number,
  width: number,
  nullCode: number,
  openers: readonly OpenData[],
): Gather {
  const start = reader.skip(count * width)
  const { buffer } = reader
  const codeOf = (row: number) => buffer.readUIntLE(start + row * width, width)
  /** Which of the values of its alternative is the row's. */
  const places = new Uint32Array(count)
  const counts = new Uint32Array(openers.length)
  for (let row = 0; row < count; row++) {
    const code = codeOf(row)
    if (code === nullCode) continue
    if (code >= openers.length) throw reader.bad(`discriminator ${code} of ${openers.length} alternatives`)
    places[row] = counts[code]!++
  }
  const gathers = openers.map((openData, code) => openData(counts[code]!))

  return ({ bounds, length }, out) => {
    const values = gathers.map(() => new Ranges())
    for (let i = 0; i < length; i += 2) {
      const [from, to] = [bounds[i]!, bounds[i + 1]!]
      out.copy(start + from * width, start + to * width)
      for (let row = from; row < to; row++) {
        const code = codeOf(row)
        if (code !== nullCode) values[code]!.add(places[row]!, places[row]! + 1)
      }
    }
    gathers.forEach((gather, code) => {
      gather(values[code]!, out)
    })
  }
}
