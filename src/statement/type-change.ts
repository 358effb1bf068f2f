// A column had one type when its blocks were made and has another now. What would become of their values?
//
//   same      the bytes mean the same                           Enum8('a' = 1) → Enum8('a' = 1, 'b' = 2), another time zone
//   checked   a server that compares types refuses them (53)    UInt32 → UInt16
//             or takes them over as they are                    String → LowCardinality(String)
//   misread   no server notices, and the values are others      Tuple(x UInt8, y UInt8) → Tuple(y UInt8, x UInt8)
//
// Found by inserting a block of each type into a column of each other one, 26.7, with all conversions switched off.

import { formatType } from '../types/format.ts'
import { geoStructure } from '../types/geo.ts'
import type { EnumValue, TypeNode } from '../types/node.ts'
import { parseType } from '../types/parse.ts'

export type TypeChange = 'same' | 'checked' | 'misread'

/** @param nullsAsDefault  the block says input_format_null_as_default=1, so that a NULL may be for another column's DEFAULT */
export function compareTypes(was: string, is: string, nullsAsDefault: boolean): TypeChange {
  if (was === is) return 'same'
  const [wasNode, isNode] = [parsed(was), parsed(is)]
  if (wasNode === undefined || isNode === undefined) return 'misread'
  const change = compareNodes(wasNode, isNode)
  return change !== 'nulls' ? change : nullsAsDefault ? 'misread' : 'checked'
}

/**
 * Whether a column of the type `is` takes the values of one of the type `was`, decoded or as a caller gives them: each one
 * means the same there, or is refused.
 */
export function takesValues(was: string, is: string): boolean {
  if (was === is) return true
  const [wasNode, isNode] = [parsed(was), parsed(is)]
  return wasNode !== undefined && isNode !== undefined && nodeTakesValues(wasNode, isNode)
}

/** Undefined for a type that is newer than we are. */
function parsed(type: string): TypeNode | undefined {
  try {
    return parseType(type)
  } catch {
    return undefined // callers take it for the worst
  }
}

/**
 * 'nulls': as 'checked', but not in a block that lets NULL stand for a DEFAULT. There a NULL becomes a zero where the column is not
 * Nullable any more; and where it has become Nullable, what should be the DEFAULT becomes NULL.
 */
type Change = TypeChange | 'nulls'

function compareNodes(was: TypeNode, is: TypeNode): Change {
  if (formatType(was) === formatType(is)) return 'same'
  const [wasBare, isBare] = [bare(was), bare(is)]
  if (wasBare !== was || isBare !== is) return worst('checked', compareNodes(wasBare, isBare))
  if (was.name === 'Nullable' && is.name === 'Nullable') return compareNodes(was.inner, is.inner)
  if (was.name === 'Nullable' || is.name === 'Nullable') return 'nulls'
  switch (was.name) {
    case 'Array':
      return is.name === 'Array' ? compareNodes(was.inner, is.inner) : 'checked'
    case 'Map':
      if (is.name !== 'Map') return 'checked'
      return worst(compareNodes(was.key, is.key), compareNodes(was.value, is.value))
    case 'Tuple':
      // By position, where ALTER moves the values that are stored already by name; another number of elements is an error
      // inside of the server (49, 1001).
      if (is.name !== 'Tuple') return 'checked'
      return elementNames(was) !== elementNames(is) && isNamed(was) && isNamed(is)
        ? 'misread'
        : compareLists(typesOf(was), typesOf(is))
    case 'Enum8':
    case 'Enum16':
      if (is.name !== was.name) return 'checked'
      return includesAll(is.values, was.values) ? 'same' : 'misread'
    case 'DateTime':
      return is.name === 'DateTime' ? 'same' : 'checked'
    case 'DateTime64':
      return is.name === 'DateTime64' && is.scale === was.scale ? 'same' : 'checked'
    case 'Decimal':
      // Of the same width: stored as it is, with more digits than there may be.
      return is.name === 'Decimal' && isShorter(is, was) ? 'misread' : 'checked'
    case 'UInt8':
      return is.name === 'Bool' ? 'misread' : 'checked' // a 7 is stored, and shown as true
    case 'AggregateFunction':
      return is.name === was.name ? 'misread' : 'checked'
    default:
      return 'checked'
  }
}

/** Without what the server adds and removes by itself while it reads a block. */
function bare(node: TypeNode): TypeNode {
  if (node.name === 'LowCardinality') return node.inner
  if (node.name === 'SimpleAggregateFunction' && node.args.length === 1) return node.args[0]!
  if (node.name === 'Nested') return { name: 'Array', inner: { name: 'Tuple', elements: node.elements } }
  return node.name === 'Geometry' ? node : (geoStructure(node) ?? node)
}

type TupleNode = Extract<TypeNode, { name: 'Tuple' | 'Nested' }>

function isNamed(node: TupleNode): boolean {
  return node.elements[0]?.name !== undefined
}

function elementNames(node: TupleNode): string {
  return node.elements.map(({ name = '' }) => name).join('\0')
}

function typesOf(node: TupleNode): TypeNode[] {
  return node.elements.map(({ type }) => type)
}

function compareLists(was: readonly TypeNode[], is: readonly TypeNode[]): Change {
  if (was.length !== is.length) return 'misread'
  return was.reduce<Change>((change, node, index) => worst(change, compareNodes(node, is[index]!)), 'same')
}

const FROM_WORST: readonly Change[] = ['misread', 'nulls', 'checked', 'same']

function worst(a: Change, b: Change): Change {
  return FROM_WORST.find((change) => change === a || change === b)!
}

type DecimalNode = Extract<TypeNode, { name: 'Decimal' }>

function isShorter(a: DecimalNode, b: DecimalNode): boolean {
  const width = ({ precision }: DecimalNode) => [9, 18, 38].filter((digits) => precision > digits).length
  return a.scale === b.scale && a.precision < b.precision && width(a) === width(b)
}

function includesAll(values: readonly EnumValue[], wanted: readonly EnumValue[]): boolean {
  const codes = new Map(values.map(({ label, code }) => [label, code]))
  return wanted.every(({ label, code }) => codes.get(label) === code)
}

const INTEGERS = new Set(['8', '16', '32', '64', '128', '256'].flatMap((bits) => [`Int${bits}`, `UInt${bits}`]))
const DAYS = new Set(['Date', 'Date32'])

// Only types between which a value keeps its meaning in every form exec() takes it in: a number is seconds in a DateTime and
// milliseconds in a DateTime64, a bigint ticks of another size in each DateTime64(P), so these do not follow each other.
function nodeTakesValues(was: TypeNode, is: TypeNode): boolean {
  const [wasBare, isBare] = [bare(was), bare(is)]
  if (wasBare !== was || isBare !== is) return nodeTakesValues(wasBare, isBare)
  if (was.name === 'Nullable') return nodeTakesValues(was.inner, is.name === 'Nullable' ? is.inner : is)
  if (is.name === 'Nullable') return nodeTakesValues(was, is.inner)
  switch (was.name) {
    case 'Float32':
      return is.name === 'Float32' || is.name === 'Float64'
    case 'FixedString':
      return is.name === 'FixedString' && is.length >= was.length
    case 'Decimal':
      return is.name === 'Decimal'
    case 'Enum8':
    case 'Enum16':
      return (is.name === 'Enum8' || is.name === 'Enum16') && includesAll(is.values, was.values)
    case 'Array':
      return is.name === 'Array' && nodeTakesValues(was.inner, is.inner)
    case 'Map':
      return is.name === 'Map' && nodeTakesValues(was.key, is.key) && nodeTakesValues(was.value, is.value)
    case 'Tuple':
      return (
        is.name === 'Tuple' &&
        elementNames(was) === elementNames(is) &&
        was.elements.length === is.elements.length &&
        was.elements.every(({ type }, index) => nodeTakesValues(type, is.elements[index]!.type))
      )
    default:
      if (INTEGERS.has(was.name)) return INTEGERS.has(is.name)
      if (DAYS.has(was.name)) return DAYS.has(is.name)
      return compareNodes(was, is) === 'same'
  }
}
