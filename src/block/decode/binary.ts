// Values that carry their type: ClickHouse's binary type code, then the value as RowBinary has it. They stand in the
// shared column of Dynamic (values beyond max_types) and of JSON (paths beyond max_dynamic_paths).
// https://clickhouse.com/docs/sql-reference/data-types/data-types-binary-encoding
import { SchemaError } from '../../errors.ts'
import { geoStructure } from '../../types/geo.ts'
import type { JsonParameter, PlainTypeName, TypeNode } from '../../types/node.ts'
import { parseType } from '../../types/parse.ts'
import type { ByteReader } from './bytes.ts'
import type { ReadValues } from './column.ts'
import { fixedReader } from './fixed.ts'
import { asMap, jsonNumbers, setOwn, setPath } from './objects.ts'

const LEVELS_MAX = 100

/** A String column whose every value is a binary type and a binary value. */
export function readSharedValues(reader: ByteReader): ReadValues {
  return (count) => {
    reader.count(count, 1, 'shared values')
    return Array.from({ length: count }, () => {
      const byteLength = reader.varint()
      const start = reader.at
      reader.count(byteLength, 1, 'bytes of a shared value')
      const value = readTyped(reader, 0)
      if (reader.at !== start + byteLength)
        throw reader.bad(`a shared value of ${byteLength} bytes ends elsewhere`, start)
      return value
    })
  }
}

function readTyped(reader: ByteReader, level: number): unknown {
  return readValue(reader, readType(reader, level + 1), level + 1)
}

function readValue(reader: ByteReader, node: TypeNode, level: number): unknown {
  if (level > LEVELS_MAX) throw reader.bad(`values nested deeper than ${LEVELS_MAX} levels`)
  const inner = (type: TypeNode) => readValue(reader, type, level + 1)
  switch (node.name) {
    case 'Nothing':
      return null
    case 'String':
      return reader.string()
    case 'Nullable':
      return reader.byte() === 1 ? null : inner(node.inner)
    case 'LowCardinality':
      return inner(node.inner)
    case 'SimpleAggregateFunction':
      return inner(node.args[0]!)
    case 'Array':
      return repeat(reader, () => inner(node.inner))
    case 'QBit':
      return repeat(reader, () => inner(node.element))
    case 'Nested':
      return repeat(reader, () => inner({ name: 'Tuple', elements: node.elements }))
    case 'Tuple': {
      if (node.elements[0]?.name === undefined) return node.elements.map(({ type }) => inner(type))
      const row = {}
      for (const { name, type } of node.elements) setOwn(row, name!, inner(type))
      return row
    }
    case 'Map': {
      return asMap(repeat(reader, (): [unknown, unknown] => [inner(node.key), inner(node.value)]))
    }
    case 'Variant': {
      const code = reader.byte()
      const alternative = node.alternatives[code]
      if (alternative === undefined && code !== 255) throw reader.bad(`discriminator ${code}`, reader.at - 1)
      return alternative === undefined ? null : inner(alternative)
    }
    case 'Dynamic':
      return readTyped(reader, level)
    case 'JSON':
      return readObject(reader, node.parameters, level)
    default: {
      const structure = geoStructure(node)
      return structure === undefined ? fixedReader(reader, node)(1)[0] : inner(structure)
    }
  }
}

/** VarUInt n, then n paths with their values; the value of an untyped path brings its type. */
function readObject(reader: ByteReader, parameters: readonly JsonParameter[], level: number): object {
  const types = typedPaths(parameters)
  const row = {}
  repeat(reader, () => {
    const path = reader.text()
    const type = types.get(path)
    const value = type === undefined ? readTyped(reader, level) : readValue(reader, type, level + 1)
    if (value !== null || type !== undefined) setPath(reader, row, path, jsonNumbers(value))
  })
  return row
}

// Once per type, not per value: an array may hold many objects of a type with many paths.
const knownPaths = new WeakMap<readonly JsonParameter[], Map<string, TypeNode>>()

function typedPaths(parameters: readonly JsonParameter[]): Map<string, TypeNode> {
  let types = knownPaths.get(parameters)
  if (types === undefined) {
    types = new Map(parameters.filter((one) => 'path' in one).map(({ path, type }) => [path, type]))
    knownPaths.set(parameters, types)
  }
  return types
}

/** VarUInt n, then n things that take at least a byte each: else few bytes could stand for endless values. */
function repeat<T>(reader: ByteReader, read: () => T): T[] {
  return Array.from({ length: reader.count(reader.varint(), 1, 'values') }, () => {
    const start = reader.at
    const value = read()
    if (reader.at === start) throw reader.bad('a value without bytes')
    return value
  })
}

// Types that are their code and nothing else; an index without a name has parameters or is not used in values.
const PLAIN: readonly (PlainTypeName | undefined)[] = [
  'Nothing',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'UInt128',
  'UInt256',
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'Int128',
  'Int256',
  'Float32',
  'Float64',
  'Date',
  'Date32',
]
const INTERVALS = [
  'Nanosecond',
  'Microsecond',
  'Millisecond',
  'Second',
  'Minute',
  'Hour',
  'Day',
  'Week',
  'Month',
  'Quarter',
  'Year',
]

function readType(reader: ByteReader, level: number): TypeNode {
  if (level > LEVELS_MAX) throw reader.bad(`types nested deeper than ${LEVELS_MAX} levels`)
  const start = reader.at
  const code = reader.byte()
  const plain = PLAIN[code]
  if (plain !== undefined) return { name: plain }
  const inner = () => readType(reader, level + 1)
  const element = () => {
    const type = inner()
    // No server writes such elements, and beside one byte there could be a hundred thousand of them.
    if (hasNoBytes(type)) throw reader.bad('an element without bytes')
    return type
  }
  switch (code) {
    case 0x11:
      return { name: 'DateTime' }
    case 0x12:
      return { name: 'DateTime', zone: reader.text() }
    case 0x13:
      return { name: 'DateTime64', scale: reader.byte() }
    case 0x14:
      return { name: 'DateTime64', scale: reader.byte(), zone: reader.text() }
    case 0x15:
      return { name: 'String' }
    case 0x16:
      return { name: 'FixedString', length: positive(reader, reader.varint()) }
    case 0x17:
    case 0x18: {
      const isWide = code === 0x18
      const values = repeat(reader, () => ({
        label: reader.text(),
        code: isWide ? reader.view.getInt16(reader.skip(2), true) : reader.view.getInt8(reader.skip(1)),
      }))
      return { name: isWide ? 'Enum16' : 'Enum8', values }
    }
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0x1c:
      return { name: 'Decimal', precision: reader.byte(), scale: reader.byte() }
    case 0x1d:
      return { name: 'UUID' }
    case 0x1e:
      return { name: 'Array', inner: inner() }
    case 0x1f:
      return { name: 'Tuple', elements: repeat(reader, () => ({ type: element() })) }
    case 0x20:
      return { name: 'Tuple', elements: repeat(reader, () => ({ name: reader.text(), type: element() })) }
    case 0x22: {
      const unit = INTERVALS[reader.byte()]
      if (unit === undefined) throw reader.bad('an unknown unit of an Interval', reader.at - 1)
      return { name: `Interval${unit}` as PlainTypeName }
    }
    case 0x23:
      return { name: 'Nullable', inner: inner() }
    case 0x26:
      return { name: 'LowCardinality', inner: inner() }
    case 0x27:
      return { name: 'Map', key: inner(), value: inner() }
    case 0x28:
      return { name: 'IPv4' }
    case 0x29:
      return { name: 'IPv6' }
    case 0x2a:
      return { name: 'Variant', alternatives: repeat(reader, inner) }
    case 0x2b:
      return { name: 'Dynamic', maxTypes: reader.byte() }
    case 0x2c:
      return readGeoType(reader)
    case 0x2d:
      return { name: 'Bool' }
    case 0x2f:
      return { name: 'Nested', elements: repeat(reader, () => ({ name: reader.text(), type: element() })) }
    case 0x30:
      return readJsonType(reader, inner)
    case 0x31:
      return { name: 'BFloat16' }
    case 0x32:
      return { name: 'Time' }
    case 0x34:
      return { name: 'Time64', scale: reader.byte() }
    default:
      throw new SchemaError(
        'UNSUPPORTED_TYPE',
        `${reader.place}, byte ${start}: a value of the binary type 0x${code.toString(16)} cannot be decoded`,
      )
  }
}

function hasNoBytes(type: TypeNode): boolean {
  if (type.name === 'LowCardinality') return hasNoBytes(type.inner)
  return type.name === 'Nothing' || (type.name === 'Tuple' && type.elements.length === 0)
}

function positive(reader: ByteReader, length: number): number {
  if (length < 1) throw reader.bad('a FixedString of no bytes')
  return length
}

/** Types with a name of their own go by it: Point, Ring, Geometry. */
function readGeoType(reader: ByteReader): TypeNode {
  const start = reader.at
  const node = parseType(reader.text())
  if (geoStructure(node) === undefined) throw reader.bad('the name of a geo type expected', start)
  return node
}

function readJsonType(reader: ByteReader, inner: () => TypeNode): TypeNode {
  reader.byte() // version of the encoding
  reader.varint() // max_dynamic_paths
  reader.byte() // max_dynamic_types
  const parameters: JsonParameter[] = repeat(reader, () => ({ path: reader.text(), type: inner() }))
  repeat(reader, () => reader.text()) // SKIP
  repeat(reader, () => reader.text()) // SKIP REGEXP
  return { name: 'JSON', parameters }
}
