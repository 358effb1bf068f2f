// From a type to the column that stages it: the one place where types are looked at, once per statement.

import { SchemaError } from '../errors.ts'
import { formatType } from '../types/format.ts'
import type { TypeNode } from '../types/node.ts'
import { ArrayColumn } from './array.ts'
import { FixedColumn, type StagedColumn, type StagingContext } from './column.ts'
import { Date32Column, DateColumn, DateTimeColumn } from './date.ts'
import { DateTime64Column } from './date-time64.ts'
import { DecimalColumn } from './decimal.ts'
import { EnumColumn } from './enum.ts'
import { FixedStringColumn } from './fixed-string.ts'
import { BFloat16Column, Float32Column, Float64Column } from './float.ts'
import { BoolColumn, Int8Column, Int16Column, Int32Column, UInt8Column, UInt16Column, UInt32Column } from './integer.ts'
import { IPv4Column, IPv6Column } from './ip.ts'
import { LowCardinalityFixedColumn, LowCardinalityStringColumn } from './low-cardinality.ts'
import { MapColumn } from './map.ts'
import { NullableColumn } from './nullable.ts'
import { StrictStringColumn, StringColumn } from './string.ts'
import { Time64Column, TimeColumn } from './time.ts'
import { EmptyTupleColumn, TupleColumn } from './tuple.ts'
import { UuidColumn } from './uuid.ts'
import { BigIntegerColumn, Int64Column, UInt64Column } from './wide-integer.ts'

/** @throws {SchemaError} UNSUPPORTED_TYPE, naming the type. */
export function createColumn(context: StagingContext, node: TypeNode): StagedColumn {
  const type = formatType(node)
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
    default:
      throw new SchemaError('UNSUPPORTED_TYPE', `${type} cannot be encoded`, {
        type,
        hint: 'Leave the column out of the INSERT’s column list, or land the rows in a table without it.',
      })
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

function createLowCardinality(context: StagingContext, type: string, node: TypeNode): StagedColumn {
  const nullable = node.name === 'Nullable'
  const inner = nullable ? node.inner : node
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
