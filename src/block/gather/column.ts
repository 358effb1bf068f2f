// One column of a Native block, opened so that some of its values can be written as a column of their own: bytes are copied,
// no value is looked at. The pictures of the bytes stand where they are decoded, in the files of the same names in decode/.

import { SchemaError } from '../../errors.ts'
import { formatType } from '../../types/format.ts'
import { geoStructure } from '../../types/geo.ts'
import type { TypeNode } from '../../types/node.ts'
import type { ByteReader } from '../decode/bytes.ts'
import { fixedWidth } from '../decode/fixed.ts'
import { bitPlanes } from '../decode/qbit.ts'
import { openDynamic, openVariant } from './alternatives.ts'
import { fixed, writeEnds } from './fixed.ts'
import { openLowCardinality } from './low-cardinality.ts'
import type { Output } from './output.ts'
import { Ranges } from './ranges.ts'

/** Writes the data of these values. */
export type Gather = (ranges: Ranges, out: Output) => void

/** Steps over the data of the next `count` values, of which there is at least one. */
export type OpenData = (count: number) => Gather

/** Opens an inner column: steps over its prefixes. */
export type Open = (node: TypeNode) => OpenData

// As in decode/column.ts: types read from bytes can hold types read from bytes.
const LEVELS_MAX = 256

/**
 * Steps over the prefixes of a column, and returns what steps over its data. Of forms that the format has for one type only
 * those are read that our blocks have.
 *
 * @throws {EngineError}  BAD_BLOCK
 * @throws {SchemaError}  UNSUPPORTED_TYPE for AggregateFunction, whose states only the server can tell apart
 */
export function openColumn(reader: ByteReader, node: TypeNode, level = 0): OpenData {
  if (level > LEVELS_MAX) throw reader.bad(`types nested deeper than ${LEVELS_MAX} levels`)
  const openData = openType(reader, node, (inner) => openColumn(reader, inner, level + 1))
  return (count) => {
    // A column of no values has no data.
    if (count === 0) return nothing
    const gather = openData(count)
    return (ranges, out) => {
      if (ranges.count > 0) gather(ranges, out)
    }
  }
}

const nothing: Gather = () => {}

function openType(reader: ByteReader, node: TypeNode, open: Open): OpenData {
  switch (node.name) {
    case 'String':
      return (count) => strings(reader, count)
    case 'JSON':
      return openJson(reader)
    case 'Nullable':
      return both([fixed(reader, 1), open(node.inner)])
    case 'Array':
      return array(reader, open(node.inner))
    case 'Nested':
      return array(reader, both(node.elements.map(({ type }) => open(type))))
    case 'Tuple':
      return node.elements.length === 0 ? fixed(reader, 1) : both(node.elements.map(({ type }) => open(type)))
    case 'Map':
      return array(reader, both([open(node.key), open(node.value)]))
    case 'LowCardinality':
      return openLowCardinality(reader, node.inner, open)
    case 'SimpleAggregateFunction':
      return open(node.args[0]!)
    case 'Variant':
      return openVariant(reader, node.alternatives, open)
    case 'Dynamic':
      return openDynamic(reader, open)
    case 'QBit': {
      const { bits, planeBytes, groups } = bitPlanes(node.element, node.dimension, node.stride)
      return both(new Array<OpenData>(bits * groups).fill(fixed(reader, planeBytes)))
    }
    case 'AggregateFunction':
      throw new SchemaError(
        'UNSUPPORTED_TYPE',
        `${reader.place}: the states of ${node.function} cannot be told apart`,
        {
          type: formatType(node),
        },
      )
    default: {
      const structure = geoStructure(node)
      return structure === undefined ? fixed(reader, fixedWidth(node)) : open(structure)
    }
  }
}

/** Columns one after the other, of equally many values. */
function both(parts: readonly OpenData[]): OpenData {
  return (count) => {
    const gathers = parts.map((openData) => openData(count))
    return (ranges, out) => {
      for (const gather of gathers) gather(ranges, out)
    }
  }
}

function strings(reader: ByteReader, count: number): Gather {
  reader.count(count, 1, 'strings')
  const starts = stringStarts(reader, count)
  return ({ bounds, length }, out) => {
    for (let i = 0; i < length; i += 2) out.copy(starts[bounds[i]!]!, starts[bounds[i + 1]!]!)
  }
}

/** Where each string begins with its length; the last one ends where one more would begin. */
function stringStarts(reader: ByteReader, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1)
  const { buffer } = reader
  const end = buffer.length
  const begin = reader.at
  let at = begin
  for (let i = 0; i < count; i++) {
    starts[i] = at
    // Behind the end a byte reads as 0: `at` is past the end then, and skip() says so.
    const byte = buffer[at++]! | 0
    if (byte < 128) at += byte
    else at = longStringEnd(buffer, at - 1)
    if (at > end) break
  }
  reader.skip(at - begin)
  starts[count] = at
  return starts
}

/** The end of a string whose length takes several bytes. */
function longStringEnd(buffer: Buffer, start: number): number {
  let at = start
  let byteLength = 0
  for (let unit = 1; unit < 2 ** 35; unit *= 128) {
    const byte = buffer[at++]! | 0
    byteLength += (byte & 127) * unit
    if (byte < 128) return at + byteLength
  }
  return Number.MAX_SAFE_INTEGER
}

function openJson(reader: ByteReader): OpenData {
  const version = reader.uint64()
  if (version !== 1) throw reader.bad(`JSON version ${version}, not as text`, reader.at - 8)
  return (count) => strings(reader, count)
}

/** End offset of each row, then the elements of all rows. */
function array(reader: ByteReader, openElements: OpenData): OpenData {
  return (count) => {
    const ends = Uint32Array.from(reader.offsets(count))
    const gatherElements = openElements(ends[count - 1]!)
    return (ranges, out) => {
      const { bounds, length } = ranges
      const elements = new Ranges()
      for (let i = 0; i < length; i += 2) {
        const from = bounds[i]!
        elements.add(from === 0 ? 0 : ends[from - 1]!, ends[bounds[i + 1]! - 1]!)
      }
      writeEnds(ends, ranges, out)
      gatherElements(elements, out)
    }
  }
}
