import { SchemaError } from '../../errors.ts'
import { formatType } from '../../types/format.ts'
import { geoStructure } from '../../types/geo.ts'
import type { TupleElement, TypeNode } from '../../types/node.ts'
import type { ByteReader } from './bytes.ts'
import { openDynamic } from './dynamic.ts'
import { fixedReader } from './fixed.ts'
import { openJson } from './json.ts'
import { openLowCardinality } from './low-cardinality.ts'
import { asMap, setOwn } from './objects.ts'
import { openQBit } from './qbit.ts'
import { openVariant } from './variant.ts'

/**
 * Reads the next `count` values of one column. `isNull[i] === 1` says that value i stands under a NULL: its bytes are
 * there, its content means nothing, so it may be an Enum code without a label.
 */
export type ReadValues = (count: number, isNull?: Uint8Array) => unknown[]

/** Opens an inner column: reads its prefixes. */
export type Open = (node: TypeNode) => ReadValues

// Types read from bytes (Dynamic, JSON) can hold types read from bytes. The engine halves its limits at each step and is
// done after a few; bytes made by hand could go on until the stack is full.
const LEVELS_MAX = 256

/**
 * Reads the prefixes of a column, depth first in type order, and returns what reads its data: these are the two passes
 * in which the format writes a column. A column of no values has no data, so no reader is called with a count of 0.
 */
export function openColumn(reader: ByteReader, node: TypeNode, level = 0): ReadValues {
  if (level > LEVELS_MAX) throw reader.bad(`types nested deeper than ${LEVELS_MAX} levels`)
  const open: Open = (inner) => openColumn(reader, inner, level + 1)
  const read = openType(reader, node, open)
  return (count, isNull) => {
    if (count === 0) return []
    const start = reader.at
    const values = read(count, isNull)
    reader.countRead(count, start)
    return values
  }
}

function openType(reader: ByteReader, node: TypeNode, open: Open): ReadValues {
  switch (node.name) {
    case 'String':
      return (count) => fill(reader.count(count, 1, 'strings'), () => reader.string())
    case 'Nullable':
      return openNullable(reader, open(node.inner))
    case 'Array':
      return openArray(reader, open(node.inner))
    case 'Nested':
      return openArray(reader, openTuple(reader, node.elements, open))
    case 'Tuple':
      return openTuple(reader, node.elements, open)
    case 'Map':
      return openMap(reader, open(node.key), open(node.value))
    case 'LowCardinality':
      return openLowCardinality(reader, node.inner, open)
    case 'SimpleAggregateFunction':
      return open(node.args[0]!)
    case 'Variant':
      return openVariant(reader, node.alternatives, open)
    case 'Dynamic':
      return openDynamic(reader, open)
    case 'JSON':
      return openJson(reader, node.parameters, open)
    case 'QBit':
      return openQBit(reader, node.element, node.dimension, node.stride)
    case 'AggregateFunction':
      throw new SchemaError(
        'UNSUPPORTED_TYPE',
        `${reader.place}: the states of ${node.function} cannot be told apart`,
        {
          type: formatType(node),
          hint: 'Only the server knows the length of a state; finalizeAggregation() turns states into values.',
        },
      )
    default: {
      const structure = geoStructure(node)
      return structure === undefined ? fixedReader(reader, node) : open(structure)
    }
  }
}

/** Null map of one byte a row, then T for every row. */
function openNullable(reader: ByteReader, readValues: ReadValues): ReadValues {
  return (count) => {
    const start = reader.skip(count)
    const isNull = reader.buffer.subarray(start, start + count)
    const strange = isNull.findIndex((byte) => byte > 1)
    if (strange >= 0) throw reader.bad(`${isNull[strange]} in a null map`, start + strange)
    const values = readValues(count, isNull)
    for (let i = 0; i < count; i++) if (isNull[i] === 1) values[i] = null
    return values
  }
}

/** End offset of each row, then the elements of all rows. */
function openArray(reader: ByteReader, readElements: ReadValues): ReadValues {
  return (count) => {
    const ends = reader.offsets(count)
    const elements = readElements(ends[count - 1]!)
    let begin = 0
    return fill(count, (i) => {
      const row = elements.slice(begin, ends[i])
      begin = ends[i]!
      return row
    })
  }
}

/** All of the first element, then all of the second. Without elements: one byte 0x30 a row. */
function openTuple(reader: ByteReader, elements: readonly TupleElement[], open: Open): ReadValues {
  if (elements.length === 0) {
    return (count) => {
      reader.skip(count)
      return fill(count, () => [])
    }
  }
  const readers = elements.map(({ type }) => open(type))
  const names = elements.map(({ name }) => name)
  return (count, isNull) => {
    const parts = readers.map((read) => read(count, isNull))
    if (names[0] === undefined) return fill(count, (i) => parts.map((part) => part[i]))
    return fill(count, (i) => {
      const row = {}
      for (let p = 0; p < parts.length; p++) setOwn(row, names[p]!, parts[p]![i])
      return row
    })
  }
}

/** The bytes of Array(Tuple(K, V)). */
function openMap(reader: ByteReader, readKeys: ReadValues, readValues: ReadValues): ReadValues {
  return (count) => {
    const ends = reader.offsets(count)
    const keys = readKeys(ends[count - 1]!)
    const values = readValues(ends[count - 1]!)
    let begin = 0
    return fill(count, (i) => {
      const entries: [unknown, unknown][] = []
      for (; begin < ends[i]!; begin++) entries.push([keys[begin], values[begin]])
      return asMap(entries)
    })
  }
}

function fill<T>(count: number, make: (i: number) => T): T[] {
  const values = new Array<T>(count)
  for (let i = 0; i < count; i++) values[i] = make(i)
  return values
}
