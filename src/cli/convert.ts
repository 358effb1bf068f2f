// Text and JSON of a file → values that the statement accepts. Types are looked at here, once per column; rows then only
// meet functions that know what to do.
//
//   field                       Int64  '42' ──▶ 42      DateTime  '2024-01-01 10:00:00' ──▶ 1704103200      Array(Int8)  '[1,2]' ──▶ [1, 2]
//   empty field                 the column is missing: its DEFAULT, NULL where Nullable, else the type's zero
//   "" in CSV, nothing in TSV   the empty string for String columns, an empty field for all others
//   \N (or --null)              NULL, which only a Nullable column takes

import { SchemaError } from '../errors.ts'
import { geoStructure } from '../types/geo.ts'
import type { Column, TypeNode } from '../types/node.ts'
import { parseType } from '../types/parse.ts'
import { type Codec, type CodecContext, type JsonSource, NEEDS_SOURCE } from './convert/codec.ts'
import { arrayCodec, mapCodec, tupleCodec } from './convert/composites.ts'
import { dateCodec, dateTime64Codec, dateTimeCodec } from './convert/dates.ts'
import {
  anyCodec,
  boolCodec,
  decimalCodec,
  enumCodec,
  floatCodec,
  integerCodec,
  stringCodec,
  trimmedCodec,
} from './convert/scalars.ts'
import { namedZone, UTC, type Zone } from './convert/times.ts'
import type { Field } from './input/csv.ts'
import { parseJsonRow } from './input/ndjson.ts'

export interface ConvertOptions {
  /** Zone of times without one, where the column names none; default UTC. */
  timezone?: string
  /** Cut times that are finer than their column. */
  floorTimes?: boolean
}

/**
 * CSV and TSV: the fields of a record → a row. The row is an array, the same one every time, or an object when a column is left
 * to the server.
 * @param positions  which field belongs to which column; default: in their order
 * @throws (the converter) {EncodeError} BAD_TEXT, TOO_MANY_DIGITS
 */
export function fieldConverter(
  columns: readonly Column[],
  options: ConvertOptions,
  positions: readonly number[] = columns.map((_, i) => i),
): (fields: readonly Field[]) => unknown[] | Record<string, unknown> {
  const codecs = columns.map((column) => codecFor(column, options, { exact: false }))
  const row: unknown[] = new Array(columns.length)
  return (fields) => {
    let isWhole = true
    for (let i = 0; i < codecs.length; i++) {
      const field = fields[positions[i]!]
      const codec = codecs[i]!
      if (field === null) row[i] = null
      else if (field === undefined || (field === '' && !codec.takesEmptyText)) {
        row[i] = codec.empty
        if (codec.empty === undefined) isWhole = false
      } else row[i] = codec.text(field)
    }
    if (isWhole) return row
    return Object.fromEntries(columns.flatMap(({ name }, i) => (row[i] === undefined ? [] : [[name, row[i]]])))
  }
}

/**
 * NDJSON: the text of a record → a row by column name.
 * @throws (the converter) {StorageError} BAD_INPUT; {EncodeError} BAD_TEXT, VALUE_OUT_OF_RANGE, TOO_MANY_DIGITS
 */
export function jsonConverter(
  columns: readonly Column[],
  options: ConvertOptions,
): (record: string) => Record<string, unknown> {
  const source: JsonSource = { exact: false }
  const names = columns.map(({ name }) => name)
  const codecs = columns.map((column) => codecFor(column, options, source))
  const convert = (record: string): Record<string, unknown> => {
    const row = parseJsonRow(record, source.exact)
    for (let i = 0; i < names.length; i++) {
      const value = row[names[i]!]
      if (value === undefined) continue
      const converted = codecs[i]!.json(value)
      if (converted !== value) row[names[i]!] = converted
    }
    return row
  }
  return (record) => {
    try {
      return convert(record)
    } catch (error) {
      if (error !== NEEDS_SOURCE) throw error
      source.exact = true
      return convert(record)
    }
  }
}

/** @throws {SchemaError} the type, or its time zone, is not known */
export function codecFor(column: Column, options: ConvertOptions, source: JsonSource): Codec {
  const fallback = options.timezone === undefined ? UTC : zoneOf(options.timezone, column)
  const codecOf = (node: TypeNode, zone = fallback): Codec => {
    const context: CodecContext = { column, zone, floorTimes: options.floorTimes ?? false, source }
    switch (node.name) {
      case 'UInt8':
      case 'Int8':
      case 'UInt16':
      case 'Int16':
      case 'UInt32':
      case 'Int32':
        return integerCodec(context, false, node.name.endsWith('t8'))
      case 'Float32':
      case 'Float64':
      case 'BFloat16':
        return floatCodec(context)
      case 'Bool':
        return boolCodec(context)
      case 'Decimal':
        return decimalCodec()
      case 'String':
      case 'FixedString':
        return stringCodec(context)
      case 'Enum8':
      case 'Enum16':
        return enumCodec(node)
      case 'Date':
      case 'Date32':
        return dateCodec(context, node.name === 'Date32')
      case 'DateTime':
        return dateTimeCodec(node.zone ? { ...context, zone: zoneOf(node.zone, column) } : context)
      case 'DateTime64':
        return dateTime64Codec(node.zone ? { ...context, zone: zoneOf(node.zone, column) } : context, node.scale)
      case 'UUID':
      case 'IPv4':
      case 'IPv6':
      case 'Time':
      case 'Time64':
        return trimmedCodec()
      case 'Nullable': {
        const inner = codecOf(node.inner)
        return { ...inner, empty: null }
      }
      case 'LowCardinality':
        return codecOf(node.inner)
      case 'Array':
        return arrayCodec(context, codecOf(node.inner))
      case 'Map':
        return mapCodec(context, codecOf(node.key), codecOf(node.value))
      case 'Tuple':
        return tupleCodec(
          context,
          node.elements.map(({ name }) => name),
          node.elements.map(({ type }) => codecOf(type)),
        )
      case 'Nested':
        return arrayCodec(context, codecOf({ name: 'Tuple', elements: node.elements }))
      case 'SimpleAggregateFunction':
        return codecOf(node.args[0]!)
      default: {
        if (/^U?Int\d|^Interval/.test(node.name)) return integerCodec(context, true, false)
        const structure = geoStructure(node)
        return structure && structure.name !== 'Variant' ? codecOf(structure) : anyCodec()
      }
    }
  }
  const codec = codecOf(parseType(column.type))
  return column.defaultKind === '' ? codec : { ...codec, empty: undefined }
}

function zoneOf(name: string, column: Column): Zone {
  try {
    return namedZone(name)
  } catch {
    throw new SchemaError('BAD_TYPE', `the time zone ${JSON.stringify(name)} is not known here`, {
      column: column.name,
      type: column.type,
      hint: 'Names are those of the IANA database: Europe/Berlin.',
    })
  }
}
