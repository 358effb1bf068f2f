// Types whose parameters are more than types: dates, enums, QBit, aggregate functions.
import { quoteText } from './format.ts'
import { readInteger, readList } from './lists.ts'
import type { EnumValue, TypeNode } from './node.ts'
import type { TypeReader } from './reader.ts'

/** DateTime(3) is DateTime64(3), Time(3) is Time64(3); the 64-bit types have 3 digits when nothing is said. */
export function readClock(
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
export function readEnum(reader: TypeReader, family: 'Enum' | 'Enum8' | 'Enum16', start: number): TypeNode {
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

export function readDynamicSetting(reader: TypeReader): number {
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

export function readQBit(reader: TypeReader, inner: () => TypeNode, start: number): TypeNode {
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
  if (stride < dimension && stride % 8 !== 0) throw reader.bad('the stride of a QBit is a multiple of 8', start)
  return stride === dimension ? { name: 'QBit', element, dimension } : { name: 'QBit', element, dimension, stride }
}

export function readAggregate(
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
  const closers: string[] = []
  do {
    const next = reader.peek()
    if (next === "'") out += quoteText(reader.quoted(next))
    else if (next !== '' && '([,'.includes(next)) {
      reader.take(next)
      out += next === ',' ? ', ' : next
      if (next !== ',') closers.push(next === '(' ? ')' : ']')
    } else if (next === closers.at(-1)) {
      reader.take(next)
      out += next
      closers.pop()
    } else {
      const literal = reader.literal()
      if (literal === undefined) throw reader.unexpected(`a literal or "${closers.at(-1)}"`)
      out += literal
    }
  } while (closers.length > 0)
  return out === '()' ? '' : out
}
