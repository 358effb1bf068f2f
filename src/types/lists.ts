import type { TypeReader } from './reader.ts'

/** What stands between parentheses, if they are there. ClickHouse lets a comma stand before the closing one. */
export function readList<T>(reader: TypeReader, read: () => T): T[] {
  const items: T[] = []
  if (!reader.take('(')) return items
  while (reader.peek() !== ')') {
    items.push(read())
    if (!reader.take(',')) break
  }
  reader.expect(')')
  return items
}

export function readExactly<T>(reader: TypeReader, count: number, read: () => T): T[] {
  reader.peek()
  const start = reader.at
  const items = readList(reader, read)
  if (items.length !== count) throw reader.bad(`expected ${count} parameter${count === 1 ? '' : 's'} here`, start)
  return items
}

export function readIntegers(reader: TypeReader, min: number, max: number): number[] {
  reader.peek()
  const start = reader.at
  const numbers = readList(reader, () => readInteger(reader))
  if (numbers.length >= min && numbers.length <= max) return numbers
  throw reader.bad(
    `expected ${min === max ? min : `${min} to ${max}`} integer parameter${max === 1 ? '' : 's'} here`,
    start,
  )
}

export function readInteger(reader: TypeReader): number {
  const value = reader.integer()
  if (value === undefined) throw reader.unexpected('an integer')
  return value
}
