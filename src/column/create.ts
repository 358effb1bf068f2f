// From a type to the column that stages it: the one place where types are looked at, once per statement.

import { SchemaError } from '../errors.ts'
import { formatType } from '../types/format.ts'
import { geoStructure } from '../types/geo.ts'
import type { TypeNode } from '../types/node.ts'
import { ArrayColumn } from './array.ts'
import { FixedColumn, type StagedColumn, type StagingContext } from './column.ts'
import { Date32Column, DateColumn, DateTimeColumn } from './date.ts'
import { DateTime64Column } from './date-time64.ts'
import { DecimalColumn } from './decimal.ts'
import { DynamicColumn } from './dynamic.ts'
import { EnumColumn } from './enum.ts'
import { FixedStringColumn } from './fixed-string.ts'
import { BFloat16Column, Float32Column, Float64Column } from './float.ts'
import { BoolColumn, Int8Column, Int16Column, Int32Column, UInt8Column, UInt16Column, UInt32Column } from './integer.ts'
import { IPv4Column, IPv6Column } from './ip.ts'
import { JsonColumn } from './json.ts'
import { TypedMembers } from './json-typed.ts'
import { LowCardinalityFixedColumn, LowCardinalityStringColumn } from './low-cardinality.ts'
import { MapColumn } from './map.ts'
import { NothingColumn } from './nothing.ts'
import { NullableColumn } from './nullable.ts'
import { QBitColumn } from './qbit.ts'
import { StrictStringColumn, StringColumn } from './string.ts'
import { Time64Column, TimeColumn } from './time.ts'
import { EmptyTupleColumn, TupleColumn } from './tuple.ts'
import { UuidColumn } from './uuid.ts'
import { VariantColumn } from './variant.ts'
import { BigIntegerColumn, Int64Column, UInt64Column } from './wide-integer.ts'

/**
 * @param type  the type's name in messages, where it is not that of `node`: `Ring` is an Array(Point)
 * @throws {SchemaError} UNSUPPORTED_TYPE, naming the type
 */
export function createColumn(context: StagingContext, node: TypeNode, type = formatType(node)): StagedColumn {
  switch (node.name) {
    case 'UInt8':
      return new UInt8Column(context, type, 1)
    case 'UInt16':
      return new UInt16Column(context, type, 2)
    case 'UInt32':
      return new UInt32Column(context, type, 4)
    case 'UInt64':
      return new UInt64Column(context, type, 8)
    case 'UInt128':
      return new BigIntegerColumn(context, type, 128, false)
    case 'UInt256':
      return new BigIntegerColumn(context, type, 256, false)
    case 'Int8':
      return new Int8Column(context, type, 1)
    case 'Int16':
      return new Int16Column(context, type, 2)
    case 'Int32':
      return new Int32Column(context, type, 4)
    case 'Int64':
      return new Int64Column(context, type, 8)
    case 'Int128':
      return new BigIntegerColumn(context, type, 128, true)
    case 'Int256':
      return new BigIntegerColumn(context, type, 256, true)
    case 'Float32':
      return new Float32Column(context, type, 4)
    case 'Float64':
      return new Float64Column(context, type, 8)
    case 'BFloat16':
      return new BFloat16Column(context, type, 2)
    case 'Bool':
      return new BoolColumn(context, type, 1)
    case 'Decimal':
      return new DecimalColumn(context, type, node.precision, node.scale)
    case 'String':
      return createString(context, type)
    case 'FixedString':
      return new FixedStringColumn(context, type, node.length)
    case 'Date':
      return new DateColumn(context, type, 2)
    case 'Date32':
      return new Date32Column(context, type, 4)
    case 'DateTime':
      return new DateTimeColumn(context, type, 4)
    case 'DateTime64':
      return new DateTime64Column(context, type, node.scale)
    case 'Time':
      return new TimeColumn(context, type, 4)
    case 'Time64':
      return new Time64Column(context, type, node.scale)
    case 'UUID':
      return new UuidColumn(context, type)
    case 'IPv4':
      return new IPv4Column(context, type, 4)
    case 'IPv6':
      return new IPv6Column(context, type)
    case 'Enum8':
      return new EnumColumn(context, type, 1, node.values)
    case 'Enum16':
      return new EnumColumn(context, type, 2, node.values)
    case 'Nullable':
      return new NullableColumn(context, type, createColumn(context, node.inner))
    case 'Array':
      return new ArrayColumn(context, type, createColumn(context, node.inner))
    case 'Map':
      return new MapColumn(context, type, createColumn(context, node.key), createColumn(context, node.value))
    case 'Tuple':
      return createTuple(context, type, node)
    case 'Nested':
      return new ArrayColumn(context, type, createTuple(context, type, node))
    case 'LowCardinality':
      return createLowCardinality(context, type, node.inner)
    case 'Variant':
      return createVariant(context, type, node.alternatives)
    case 'Dynamic':
      return new DynamicColumn(context, type, (inner) => createColumn(context, inner))
    case 'JSON':
      return new JsonColumn(context, type, new TypedMembers(node.parameters, (member) => createColumn(context, member)))
    case 'QBit': {
      const element = createColumn(context, node.element) as FixedColumn
      return new QBitColumn(context, type, element, node.dimension, node.stride)
    }
    case 'Nothing':
      return new NothingColumn(context, type)
    case 'SimpleAggregateFunction':
      return createColumn(context, node.args[0])
    case 'AggregateFunction':
      return refuseState(type, node.function, node.args)
    case 'Point':
    case 'Ring':
    case 'LineString':
    case 'MultiLineString':
    case 'Polygon':
    case 'MultiPolygon':
    case 'Geometry':
      return createColumn(context, geoStructure(node)!, type)
    default: // Interval*
      return new Int64Column(context, type, 8)
  }
}

function createString(context: StagingContext, type: string): StringColumn {
  return context.refuseInvalidText ? new StrictStringColumn(context, type) : new StringColumn(context, type)
}

function createTuple(
  context: StagingContext,
  type: string,
  node: TypeNode & { name: 'Tuple' | 'Nested' },
): StagedColumn {
  if (node.elements.length === 0) return new EmptyTupleColumn(context, type)
  return new TupleColumn(
    context,
    type,
    node.elements.map((element) => createColumn(context, element.type)),
    node.elements,
  )
}

function createVariant(context: StagingContext, type: string, alternatives: readonly TypeNode[]): VariantColumn {
  const columns = alternatives.map((alternative) => createColumn(context, alternative))
  return new VariantColumn(context, type, columns, alternatives)
}

/** The bytes of a state are private to its function, and the server takes no plain values in its place (error 70). */
function refuseState(type: string, call: string, args: readonly TypeNode[]): never {
  const [, name, parameters] = /^(\w+)(.*)$/.exec(call)!
  const state = `${name}State${parameters}`
  const values = args.map((argument, i) => ({
    name: args.length === 1 ? 'v' : `v${i + 1}`,
    type: formatType(argument),
  }))
  if (values.length === 0) values.push({ name: 'v', type: 'UInt8' }) // count() counts rows
  const names = values.map((value) => value.name)
  throw new SchemaError('UNSUPPORTED_TYPE', `only the server makes the states of ${type}`, {
    type,
    hint:
      'Send the plain values and let the server aggregate. ' +
      `Either into ${values.map((value) => `${value.name} ${value.type} EPHEMERAL`).join(', ')}, with this column as ` +
      `${type} DEFAULT arrayReduce('${state}', ${names.map((value) => `[${value}]`).join(', ')}): ` +
      `the INSERT names ${names.join(', ')} instead of this column. ` +
      `Or into a landing table (ENGINE = Null), from which a materialized view selects ${state}(${args.length === 0 ? '' : names.join(', ')}).`,
  })
}

function createLowCardinality(context: StagingContext, type: string, node: TypeNode): StagedColumn {
  const outer = withoutFunction(node)
  const nullable = outer.name === 'Nullable'
  const inner = nullable ? withoutFunction(outer.inner) : outer
  if (inner.name === 'String')
    return new LowCardinalityStringColumn(context, type, createString(context, 'String'), nullable)
  const column = createColumn(context, inner)
  if (!(column instanceof FixedColumn) || inner.name === 'Nullable' || inner.name === 'Array' || inner.name === 'Map') {
    throw new SchemaError('UNSUPPORTED_TYPE', `${type} does not exist: ${formatType(inner)} has no dictionary form`, {
      type,
    })
  }
  return new LowCardinalityFixedColumn(context, type, column, nullable)
}

/** A SimpleAggregateFunction(f, T) is in every respect a T. */
function withoutFunction(node: TypeNode): TypeNode {
  return node.name === 'SimpleAggregateFunction' ? withoutFunction(node.args[0]) : node
}
