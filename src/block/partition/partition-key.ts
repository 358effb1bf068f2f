// The partition of every row of a block, from the block's own bytes.

import { UsageError } from '../../errors.ts'
import type { Column, TypeNode } from '../../types/node.ts'
import { parseType } from '../../types/parse.ts'
import { ByteReader } from '../decode/bytes.ts'
import { Ranges } from '../gather/ranges.ts'
import { type Expression, parsePartitionKey } from './expression.ts'
import { allDifferent, both, hasIds, type Ids, readIds } from './ids.ts'
import { intDivKey, moduloKey, type NumberKey, PLAIN, type Span, timeKey } from './number-key.ts'
import { Zone } from './zone.ts'

/** One expression, of one column. */
interface KeyPart {
  readonly column: string
  readonly type: string
  /** Whether rows that leave the column out have one value in common. */
  readonly hasConstantDefault: boolean
  readonly key: NumberKey
}

/**
 * @param name    undefined: the one that the column has, which does not say it
 * @param isWide  also for times before 1970 and after 2106
 */
export type LoadZone = (column: string, name: string | undefined, isWide: boolean) => Promise<Zone>

export class PartitionKey {
  /** As system.tables has it. */
  readonly text: string
  readonly #parts: readonly KeyPart[]

  private constructor(text: string, parts: readonly KeyPart[]) {
    this.text = text
    this.#parts = parts
  }

  /**
   * @param text     PARTITION BY, as system.tables has it
   * @param columns  those that blocks may have
   * @throws {UsageError} NOT_SUPPORTED: it cannot be evaluated here, or not exactly
   */
  static async of(text: string, columns: readonly Column[], loadZone: LoadZone): Promise<PartitionKey> {
    const expressions = parsePartitionKey(text)
    if (expressions === undefined) throw unknowable(text, 'it is of another form than those that are')
    const byName = new Map(columns.map((column) => [column.name, column]))
    const parts: KeyPart[] = []
    for (const expression of expressions) parts.push(await partOf(expression, byName, loadZone, text))
    return new PartitionKey(text, parts)
  }

  /** Columns whose DEFAULT gives each row that leaves them out a value that is not known here. */
  get uncertainColumns(): string[] {
    return this.#parts.flatMap(({ hasConstantDefault, column }) => (hasConstantDefault ? [] : [column]))
  }

  /**
   * The rows of each partition, in the order of their first rows; undefined where all are of one.
   *
   * @param bytes          an uncompressed Native block
   * @param columnOffsets  where each of its columns begins
   */
  group(bytes: Uint8Array, rowCount: number, columnOffsets: readonly number[]): Ranges[] | undefined {
    const offsets = new Map(columnOffsets.map((offset) => [new ByteReader(bytes.subarray(offset)).text(), offset]))
    let ids: Ids = { of: new Uint32Array(rowCount), count: 1 }
    for (const part of this.#parts) ids = both(ids, idsOf(part, bytes, rowCount, offsets.get(part.column)))
    return ids.count === 1 ? undefined : rangesOf(ids)
  }
}

function idsOf(part: KeyPart, bytes: Uint8Array, rowCount: number, offset: number | undefined): Ids {
  const { hasConstantDefault, key } = part
  // Every row leaves the column out.
  if (offset === undefined) {
    return hasConstantDefault ? { of: new Uint32Array(rowCount), count: 1 } : allDifferent(rowCount)
  }
  const reader = new ByteReader(bytes)
  reader.skip(offset)
  reader.text()
  const type = reader.text()
  // Of another type in the block: there NULL stands for the DEFAULT.
  if (!hasConstantDefault && type !== part.type) return allDifferent(rowCount)
  return readIds(reader, parseType(type), rowCount, key)
}

function rangesOf({ of, count }: Ids): Ranges[] {
  const groups = Array.from({ length: count }, () => new Ranges())
  for (let from = 0; from < of.length; ) {
    const id = of[from]!
    let to = from + 1
    while (to < of.length && of[to] === id) to++
    groups[id]!.add(from, to)
    from = to
  }
  return groups
}

const SPANS: Readonly<Record<string, Span>> = {
  toDate: 'day',
  toYYYYMMDD: 'day',
  toStartOfDay: 'day',
  toYYYYMM: 'month',
  toStartOfMonth: 'month',
  toStartOfQuarter: 'quarter',
  toYear: 'year',
  toStartOfYear: 'year',
  toMonday: 'monday',
  toStartOfWeek: 'sunday',
  toStartOfHour: 'hour',
}
const TIMES = new Set(['Date', 'Date32', 'DateTime', 'DateTime64'])
const INTEGER = /^U?Int(8|16|32|64)$/

async function partOf(
  expression: Expression,
  columns: ReadonlyMap<string, Column>,
  loadZone: LoadZone,
  text: string,
): Promise<KeyPart> {
  const [call, of, ...args] = 'call' in expression ? [expression.call, ...expression.args] : [undefined, expression]
  if (of === undefined || !('column' in of)) throw unknowable(text, `${call ?? 'it'}() is not of a column`)
  const column = columns.get(of.column)
  if (column === undefined) throw unknowable(text, `the statement has no column ${JSON.stringify(of.column)}`)
  const whole = parseType(column.type)
  const node = whole.name === 'Nullable' ? whole.inner : whole
  const refuse = (reason: string) => unknowable(text, `${column.name} is ${column.type}, and ${reason}`)
  const part = (key: NumberKey): KeyPart => ({
    column: column.name,
    type: column.type,
    hasConstantDefault: column.defaultKind === '' || CONSTANT.test(column.defaultExpression),
    key,
  })

  if (call === undefined) {
    if (!hasIds(node)) throw refuse('values of this type are not compared here')
    return part(PLAIN)
  }
  const [first] = args
  if (call === 'intDiv' || call === 'modulo') {
    const divisor = first !== undefined && 'number' in first ? first.number : 0
    if (!INTEGER.test(node.name)) throw refuse(`${call}() is evaluated for integers of up to 64 bits only`)
    if (args.length !== 1 || divisor <= 0 || !Number.isSafeInteger(divisor)) {
      throw unknowable(text, `${call}() is evaluated for a constant above 0 only`)
    }
    return part(call === 'intDiv' ? intDivKey(divisor) : moduloKey(divisor))
  }
  const span = Object.hasOwn(SPANS, call) ? SPANS[call]! : undefined
  if (span === undefined) throw unknowable(text, `${call}() is not evaluated here`)
  if (!TIMES.has(node.name)) throw refuse(`${call}() is evaluated for dates and times only`)
  return part(await spanKey(call, span, node, args, (...zone) => loadZone(column.name, ...zone), text))
}

/** The constants behind the column are the mode of a week, then a zone. */
async function spanKey(
  call: string,
  span: Span,
  node: TypeNode,
  args: readonly Expression[],
  loadZone: (name: string | undefined, isWide: boolean) => Promise<Zone>,
  text: string,
): Promise<NumberKey> {
  const rest = [...args]
  let mode = 0
  if (call === 'toStartOfWeek' && rest[0] !== undefined && 'number' in rest[0])
    mode = (rest.shift() as { number: number }).number
  const given = rest.shift()
  if (rest.length > 0 || (given !== undefined && !('text' in given))) {
    throw unknowable(text, `these arguments of ${call}() are not evaluated here`)
  }
  const isTime = node.name === 'DateTime' || node.name === 'DateTime64'
  const own = isTime ? (node as { zone?: string }).zone : undefined
  const zone = isTime ? await loadZone(given?.text ?? own, node.name === 'DateTime64') : Zone.utc
  if (span === 'hour' && !zone.hasWholeHours)
    throw unknowable(text, 'hours of this time zone begin within those of UTC')
  return timeKey(span === 'sunday' && mode % 2 === 1 ? 'monday' : span, node, zone)
}

/** A DEFAULT that is one value for all rows of an insert: a literal, or the time. */
const CONSTANT =
  /^(?:(?:toDate|toDate32|toDateTime|toDateTime64|now|now64|today|yesterday|CAST)\(|'(?:[^'\\]|\\.)*'|[-\d.\s,()])+$/

function unknowable(text: string, reason: string): UsageError {
  return new UsageError(
    'NOT_SUPPORTED',
    `The partition of a row is not known before it is stored, with PARTITION BY ${text}: ${reason}.`,
    {
      hint: 'Leave splitByPartition out, and give rows in the order of their partitions; or raise max_partitions_per_insert_block.',
    },
  )
}
