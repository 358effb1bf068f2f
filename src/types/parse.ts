import { SchemaError, show } from '../errors.ts'
import { whyNotAlternative, whyNotLowCardinality, whyNotMapKey, whyNotNullable } from './check.ts'
import { readExactly, readIntegers, readList } from './lists.ts'
import { type FamilyName, familyOf, mayContinue, nearestFamily } from './names.ts'
import type { PlainTypeName, TupleElement, TypeNode } from './node.ts'
import { parseJsonParameters } from './parse-json.ts'
import { readAggregate, readClock, readDynamicSetting, readEnum, readQBit } from './parse-parameters.ts'
import { TypeReader } from './reader.ts'
import { sortAlternatives } from './variant.ts'

/** Levels of types inside types. ClickHouse has no such limit of its own; past it, recursion would end in the stack's. */
export const TYPE_DEPTH_MAX = 100

/**
 * Parses a ClickHouse type as the server's type factory does: any spacing, any alias (`INT UNSIGNED`, `Decimal64(4)`,
 * `TIMESTAMP`). The node is canonical: aliases and defaults resolved, Enum values by code, Variant alternatives by name.
 *
 * @throws {SchemaError}  UNKNOWN_TYPE with the nearest known name; BAD_TYPE with the position, for syntax and for types
 *                        ClickHouse refuses to build (Nullable(Array(T)), Enum codes out of range, Decimal(77, 0), ...).
 */
export function parseType(text: string): TypeNode {
  if (typeof text !== 'string') throw new SchemaError('BAD_TYPE', `${show(text)} is no type`)
  const reader = new TypeReader(text)
  const node = parseNode(reader, 1)
  if (reader.peek() !== '') throw reader.unexpected('the end of the type')
  return node
}

/** One type; `level` is how deep it stands, from 1. */
function parseNode(reader: TypeReader, level: number): TypeNode {
  reader.peek()
  const start = reader.at
  if (level > TYPE_DEPTH_MAX) throw reader.bad(`types nested deeper than ${TYPE_DEPTH_MAX} levels`, start)
  const { family, spelling } = readFamily(reader)
  const inner = () => parseNode(reader, level + 1)
  const refuseIf = (reason: string | undefined) => {
    if (reason !== undefined) throw reader.bad(reason, start)
  }

  switch (family) {
    case 'Nullable': {
      const [type] = readExactly(reader, 1, inner)
      refuseIf(whyNotNullable(type!))
      return { name: family, inner: type! }
    }
    case 'LowCardinality': {
      const [type] = readExactly(reader, 1, inner)
      refuseIf(whyNotLowCardinality(type!))
      return { name: family, inner: type! }
    }
    case 'Array':
      return { name: family, inner: readExactly(reader, 1, inner)[0]! }
    case 'Map': {
      const [key, value] = readExactly(reader, 2, inner)
      refuseIf(whyNotMapKey(key!))
      return { name: family, key: key!, value: value! }
    }
    case 'Tuple':
    case 'Nested': {
      const elements = readList(reader, () => readElement(reader, inner))
      refuseIf(whyNotElements(family, elements))
      return { name: family, elements }
    }
    case 'Variant': {
      const alternatives = readList(reader, inner).filter((type) => type.name !== 'Nothing') // as the server does
      for (const type of alternatives) refuseIf(whyNotAlternative(type))
      const sorted = sortAlternatives(alternatives)
      if (sorted.length === 0) refuseIf('a Variant needs at least one alternative')
      if (sorted.length > 255) refuseIf('a Variant holds at most 255 alternatives: code 255 is NULL')
      return { name: family, alternatives: sorted }
    }
    case 'FixedString': {
      const [length] = readIntegers(reader, 1, 1)
      if (length! < 1 || length! > 0xffffff) refuseIf('the length of a FixedString is 1..16777215 bytes')
      return { name: family, length: length! }
    }
    case 'Decimal': {
      const [precision = 10, scale = 0] = readIntegers(reader, 0, 2)
      if (precision < 1 || precision > 76) refuseIf('the precision of a Decimal is 1..76 digits')
      if (scale < 0 || scale > precision) refuseIf(`the scale of a Decimal(${precision}, S) is 0..${precision}`)
      return { name: family, precision, scale }
    }
    case 'Decimal32':
    case 'Decimal64':
    case 'Decimal128':
    case 'Decimal256': {
      const precision = { Decimal32: 9, Decimal64: 18, Decimal128: 38, Decimal256: 76 }[family]
      const [scale] = readIntegers(reader, 1, 1)
      if (scale! < 0 || scale! > precision) refuseIf(`the scale of ${family} is 0..${precision}`)
      return { name: 'Decimal', precision, scale: scale! }
    }
    case 'DateTime':
    case 'DateTime32':
    case 'DateTime64':
    case 'Time':
    case 'Time64':
      return readClock(reader, family, start)
    case 'Enum':
    case 'Enum8':
    case 'Enum16':
      return readEnum(reader, family, start)
    case 'Dynamic': {
      const [maxTypes] = readList(reader, () => readDynamicSetting(reader))
      return maxTypes === undefined || maxTypes === 32 ? { name: family } : { name: family, maxTypes }
    }
    case 'JSON':
      return { name: family, parameters: reader.take('(') ? parseJsonParameters(reader, inner) : [] }
    case 'QBit':
      return readQBit(reader, inner, start)
    case 'AggregateFunction':
    case 'SimpleAggregateFunction':
      return readAggregate(reader, family, inner)
    default:
      return { name: dropDisplayWidth(reader, family, spelling) }
  }
}

/** The name, which may be several words: `DOUBLE PRECISION`. */
function readFamily(reader: TypeReader): { family: FamilyName; spelling: string } {
  const start = reader.at
  const name = reader.identifier()
  if (name === undefined) throw reader.unexpected('a type')
  let spelling = name.text
  while (!name.isQuoted && mayContinue(spelling)) {
    const before = reader.at
    const longer = `${spelling} ${reader.word()}`
    if (familyOf(longer) === undefined && !mayContinue(longer)) {
      reader.rewind(before)
      break
    }
    spelling = longer
  }
  const family = familyOf(spelling)
  if (family !== undefined) return { family, spelling }

  const nearest = nearestFamily(spelling)
  const shown = spelling.length > 40 ? `${spelling.slice(0, 40)}…` : spelling
  throw new SchemaError('UNKNOWN_TYPE', `ClickHouse has no type ${JSON.stringify(shown)}, at position ${start + 1}`, {
    type: reader.text,
    hint: nearest && `Did you mean ${nearest}? Most type names count upper and lower case.`,
  })
}

/** `name Type` or `Type`: a name is there when another word follows. */
function readElement(reader: TypeReader, inner: () => TypeNode): TupleElement {
  const start = reader.at
  const first = reader.identifier()
  if (first !== undefined && /[A-Za-z_`"]/.test(reader.peek())) return { name: first.text, type: inner() }
  reader.rewind(start)
  return { type: inner() }
}

function whyNotElements(family: string, elements: readonly TupleElement[]): string | undefined {
  const names = new Set<string>()
  for (const { name } of elements) {
    if (name === undefined) continue
    if (names.has(name)) return `two elements have the name ${JSON.stringify(name)}`
    names.add(name)
  }
  const namedCount = elements.filter(({ name }) => name !== undefined).length
  if (family === 'Nested' && elements.length === 0) return 'a Nested needs at least one element'
  if (family === 'Nested' && namedCount < elements.length) return 'every element of a Nested needs a name'
  return namedCount === 0 || namedCount === elements.length ? undefined : 'either all elements have names or none has'
}

/** MySQL's display widths mean nothing to ClickHouse, which reads and drops them: `INT(11) UNSIGNED`, `VARCHAR(255)`. */
function dropDisplayWidth(reader: TypeReader, family: FamilyName, spelling: string): PlainTypeName {
  const isInteger = /^U?Int\d/.test(family)
  readIntegers(reader, 0, isInteger || family === 'String' ? 1 : family.startsWith('Float') ? 2 : 0)
  if (!isInteger) return family as PlainTypeName
  const before = reader.at
  const signed = familyOf(`${spelling} ${reader.word()}`)
  if (signed === undefined) reader.rewind(before)
  return (signed ?? family) as PlainTypeName
}
