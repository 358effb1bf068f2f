// Blocks of the plain encoder, and which type is which column.

import { formatType } from '../../../src/types/format.ts'
import { geoStructure } from '../../../src/types/geo.ts'
import type { TypeNode } from '../../../src/types/node.ts'
import { parseType } from '../../../src/types/parse.ts'
import { dynamic, variant } from './alternatives.ts'
import type { Fault, PlainColumn } from './column.ts'
import { array, emptyTuple, lowCardinality, map, nothing, nullable, qbit, tuple } from './composites.ts'
import { json } from './json.ts'
import { bfloat16, bool, decimal, enumeration, float32, float64, integer } from './numbers.ts'
import { Output } from './output.ts'
import { fixedString, ipv4, ipv6, string, uuid } from './texts.ts'
import { date, date32, dateTime, dateTime64, time, time64 } from './times.ts'

export interface NamedType {
  readonly name: string
  readonly type: string
}

/** One Native block of legal rows, given as arrays in column order or as objects by column name. */
export function encodePlain(columns: readonly NamedType[], rows: readonly object[]): Uint8Array {
  if (rows.length === 0) return new Uint8Array(0)
  const out = new Output()
  out.varUInt(columns.length)
  out.varUInt(rows.length)
  for (const [i, { name, type }] of columns.entries()) {
    const column = columnOf(parseType(type))
    const values = rows.map((row) => (Array.isArray(row) ? row[i] : (row as Record<string, unknown>)[name]))
    out.text(name)
    out.text(type)
    column.prefix(out, () => values)
    column.data(out, values)
  }
  return out.bytes()
}

/** Why a column of this type refuses the value, by the README's table; undefined where it takes it. */
export function faultOf(type: string, value: unknown): Fault | undefined {
  return columnOf(parseType(type)).fault(value)
}

export function columnOf(node: TypeNode): PlainColumn {
  switch (node.name) {
    case 'Float32':
      return float32
    case 'Float64':
      return float64
    case 'BFloat16':
      return bfloat16
    case 'Bool':
      return bool
    case 'Decimal':
      return decimal(node.precision, node.scale)
    case 'String':
      return string
    case 'FixedString':
      return fixedString(node.length)
    case 'Date':
      return date
    case 'Date32':
      return date32
    case 'DateTime':
      return dateTime
    case 'DateTime64':
      return dateTime64(node.scale)
    case 'Time':
      return time
    case 'Time64':
      return time64(node.scale)
    case 'UUID':
      return uuid
    case 'IPv4':
      return ipv4
    case 'IPv6':
      return ipv6
    case 'Enum8':
    case 'Enum16':
      return enumeration(node.name === 'Enum8' ? 1 : 2, node.values)
    case 'Nullable':
      return nullable(columnOf(node.inner))
    case 'Array':
      return array(columnOf(node.inner))
    case 'Map':
      return map(columnOf(node.key), columnOf(node.value), isSmallInteger(node.key))
    case 'Tuple':
      return node.elements.length === 0 ? emptyTuple : tupleOf(node)
    case 'Nested':
      return array(tupleOf(node))
    case 'LowCardinality': {
      const inner = withoutFunction(node.inner)
      return inner.name === 'Nullable'
        ? lowCardinality(columnOf(inner.inner), true)
        : lowCardinality(columnOf(inner), false)
    }
    case 'Variant':
      return variant(node.alternatives)
    case 'Dynamic':
      return dynamic()
    case 'JSON':
      return json
    case 'QBit':
      return qbit(columnOf(node.element), bitsOf(node.element) / 8, node.dimension, node.stride ?? node.dimension)
    case 'Nothing':
      return nothing
    case 'SimpleAggregateFunction':
      return columnOf(node.args[0]!)
    case 'AggregateFunction':
      throw new Error(`only the server makes the states of ${formatType(node)}`)
    default:
      break
  }
  const structure = geoStructure(node)
  if (structure) return columnOf(structure)
  return node.name.startsWith('Interval') ? integer(64, true) : integer(bitsOf(node), !node.name.startsWith('U'))
}

function tupleOf({ elements }: TypeNode & { name: 'Tuple' | 'Nested' }): PlainColumn {
  return tuple(
    elements.map(({ type }) => columnOf(type)),
    elements,
  )
}

/** A SimpleAggregateFunction(f, T) is a T. */
function withoutFunction(node: TypeNode): TypeNode {
  return node.name === 'SimpleAggregateFunction' ? withoutFunction(node.args[0]!) : node
}

/** Of a type that has them in its name. */
function bitsOf({ name }: TypeNode): number {
  return Number(/\d+$/.exec(name)![0])
}

function isSmallInteger(node: TypeNode): boolean {
  if (node.name === 'LowCardinality') return isSmallInteger(node.inner)
  if (node.name === 'SimpleAggregateFunction') return isSmallInteger(node.args[0]!)
  return /^U?Int(8|16|32)$/.test(node.name)
}
