import { SchemaError } from '../errors.ts'
import { whyNotAlternative, whyNotLowCardinality, whyNotMapKey, whyNotNullable } from './check.ts'
import { quoteText } from './format.ts'
import { type FamilyName, familyOf, mayContinue, nearestFamily } from './names.ts'
import type { EnumValue, PlainTypeName, TupleElement, TypeNode } from './node.ts'
import { parseJsonParameters } from './parse-json.ts'
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

/** What stands between parentheses, if they are there. ClickHouse lets a comma stand before the closing one. */
function readList<T>(reader: TypeReader, read: () => T): T[] {
  const items: T[] = []
  if (!reader.take('(')) return items
  while (reader.peek() !== ')') {
    items.push(read())
    if (!reader.take(',')) break
  }
  reader.expect(')')
  return items
}

function readExactly<T>(reader: TypeReader, count: number, read: () => T): T[] {
  reader.peek()
  const start = reader.at
  const items = readList(reader, read)
  if (items.length !== count) throw reader.bad(`expected ${count} parameter${count === 1 ? '' : 's'} here`, start)
  return items
}

function readIntegers(reader: TypeReader, min: number, max: number): number[] {
  reader.peek()
  const start = reader.at
  const numbers = readList(reader, () => readInteger(reader))
  if (numbers.length >= min && numbers.length <= max) return numbers
  throw reader.bad(
    `expected ${min === max ? min : `${min} to ${max}`} integer parameter${max === 1 ? '' : 's'} here`,
    start,
  )
}

function readInteger(reader: TypeReader): number {
  const value = reader.integer()
  if (value === undefined) throw reader.unexpected('an integer')
  return value
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

/** DateTime(3) is DateTime64(3), Time(3) is Time64(3); the 64-bit types have 3 digits when nothing is said. */
function readClock(
  reader: TypeReader,
  family: 'DateTime' | 'DateTime32' | 'DateTime64' | 'Time' | 'Time64',
  start: number,
): TypeNode {
  const isTime = family === 'Time' || family === 'Time64'
  const takesScale = family !== 'DateTime32'
  const parameters = readList(reader, () => (reader.peek() === "'" ? reader.quoted("'") : readInteger(reader)))
  const first = parameters[0]
  const scale = typeof first === 'number' ? first : family.endsWith('64') && first === undefined ? 3 : undefined
  const zone = typeof first === 'number' ? parameters[1] : first
  const isScaleMissing = family === 'DateTime64' && scale === undefined
  if (parameters.length > (typeof first === 'number' ? 2 : 1) || typeof zone === 'number' || isScaleMissing) {
    throw reader.bad(`expected ${family}(${takesScale ? 'scale' : ''}${isTime ? '' : ", 'time zone'"})`, start)
  }
  if (first !== undefined && ((isTime && zone !== undefined) || (!takesScale && scale !== undefined))) {
    throw reader.bad(`${family} takes no ${isTime ? 'time zone' : 'scale'}`, start)
  }
  if (scale !== undefined && (scale < 0 || scale > 9)) throw reader.bad(`the scale of a ${family} is 0..9`, start)
  if (isTime) return scale === undefined ? { name: 'Time' } : { name: 'Time64', scale }
  const zoned = zone ? { zone } : {}
  return scale === undefined ? { name: 'DateTime', ...zoned } : { name: 'DateTime64', scale, ...zoned }
}

/** Labels without a code count on from the one before, from 1. `Enum` takes the width that its codes need. */
function readEnum(reader: TypeReader, family: 'Enum' | 'Enum8' | 'Enum16', start: number): TypeNode {
  let code = 0
  const codes = new Map<number, string>()
  const labels = new Set<string>()
  const values = readList(reader, (): EnumValue => {
    if (reader.peek() !== "'") throw reader.unexpected('a label in single quotes')
    const at = reader.at
    const label = reader.quoted("'")
    code = reader.take('=') ? readInteger(reader) : code + 1
    if (labels.has(label)) throw reader.bad(`the label ${JSON.stringify(label)} occurs twice`, at)
    if (codes.has(code))
      throw reader.bad(`${JSON.stringify(codes.get(code))} and ${JSON.stringify(label)} are both ${code}`, at)
    const limit = family === 'Enum8' ? 128 : 32_768
    if (code < -limit || code >= limit) throw reader.bad(`${code} is outside ${family}'s ${-limit}..${limit - 1}`, at)
    labels.add(label)
    codes.set(code, label)
    return { label, code }
  })
  if (values.length === 0) throw reader.bad('an Enum needs at least one label', start)
  values.sort((a, b) => a.code - b.code)
  const fits8 = values[0]!.code >= -128 && values.at(-1)!.code < 128
  return { name: family === 'Enum16' || !fits8 ? 'Enum16' : 'Enum8', values }
}

function readDynamicSetting(reader: TypeReader): number {
  const start = reader.at
  if (reader.word() !== 'max_types') {
    reader.rewind(start)
    throw reader.unexpected('max_types=N')
  }
  reader.expect('=')
  const value = readInteger(reader)
  if (value < 0 || value > 254) throw reader.bad('max_types is 0..254', start)
  return value
}

function readQBit(reader: TypeReader, inner: () => TypeNode, start: number): TypeNode {
  reader.expect('(')
  const element = inner()
  reader.expect(',')
  const dimension = readInteger(reader)
  const stride = reader.take(',') && reader.peek() !== ')' ? readInteger(reader) : dimension
  reader.take(',')
  reader.expect(')')
  if (!/^(Int8|BFloat16|Float32|Float64)$/.test(element.name)) {
    throw reader.bad('the element of a QBit is Int8, BFloat16, Float32 or Float64', start)
  }
  if (dimension < 1 || !Number.isSafeInteger(dimension)) throw reader.bad('the dimension of a QBit is 1 or more', start)
  if (stride < 1 || dimension % stride !== 0)
    throw reader.bad(`the stride of a QBit divides its dimension ${dimension}`, start)
  return stride === dimension ? { name: 'QBit', element, dimension } : { name: 'QBit', element, dimension, stride }
}

function readAggregate(
  reader: TypeReader,
  name: 'AggregateFunction' | 'SimpleAggregateFunction',
  inner: () => TypeNode,
): TypeNode {
  reader.expect('(')
  const version = name === 'AggregateFunction' ? reader.integer() : undefined
  if (version !== undefined) reader.expect(',')
  const called = reader.identifier()
  if (called === undefined) throw reader.unexpected('an aggregate function')
  const function_ = called.text + (reader.peek() === '(' ? readLiterals(reader) : '')
  const args: TypeNode[] = []
  while (reader.take(',') && reader.peek() !== ')') args.push(inner())
  if (name === 'SimpleAggregateFunction' && args.length !== 1) throw reader.unexpected('one argument type')
  reader.expect(')')
  return version ? { name, function: function_, args, version } : { name, function: function_, args }
}

/** An aggregate function's parameters in ClickHouse's spacing: `(0.5, 0.9)`. They are kept as text: only the server reads them. */
function readLiterals(reader: TypeReader): string {
  let out = ''
  let closers = ''
  do {
    const next = reader.peek()
    if (next === "'") out += quoteText(reader.quoted(next))
    else if (next !== '' && '([,'.includes(next)) {
      reader.take(next)
      out += next === ',' ? ', ' : next
      if (next !== ',') closers += next === '(' ? ')' : ']'
    } else if (next === closers.at(-1)) {
      reader.take(next)
      out += next
      closers = closers.slice(0, -1)
    } else {
      const literal = reader.literal()
      if (literal === undefined) throw reader.unexpected(`a literal or "${closers.at(-1)}"`)
      out += literal
    }
  } while (closers !== '')
  return out === '()' ? '' : out
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
