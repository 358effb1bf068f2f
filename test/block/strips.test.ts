// A block of many or wide columns is staged in strips of a few rows. Nothing of that is to be seen: whatever way rows come in,
// and wherever a block is sealed, a row is undone or columns are mixed in, the rows of the block are those that were accepted.

import { describe, expect, it } from 'vitest'
import type { BlockBuilder } from '../../src/block/builder.ts'
import { decodeBlocks } from '../../src/block/decode.ts'
import { Strips } from '../../src/block/strips.ts'
import { StagingContext } from '../../src/column/column.ts'
import { createColumn } from '../../src/column/create.ts'
import { parseType } from '../../src/types/parse.ts'
import { Arena } from '../../src/wasm/core.ts'
import { builderOf, expectRefused, sealedBytes, thrown, withoutGeneratedCode } from '../support/columns.ts'

type Row = Record<string, unknown>

/** Beside 600 numbers, one of each: [type, value of row i, what it decodes to]. */
const KINDS: Record<string, readonly [type: string, value: (i: number) => unknown, decoded?: (i: number) => unknown]> =
  {
    u8: ['UInt8', (i) => i & 255],
    maybe: ['Nullable(UInt16)', (i) => (i % 3 ? i : null)],
    maybeText: ['Nullable(String)', (i) => (i % 3 ? `t${i}` : null)],
    wide: ['UInt256', (i) => BigInt(i)],
    maybeWide: ['Nullable(Decimal(76, 2))', (i) => (i % 2 ? `${i}.25` : null)],
    day: ['Date', (i) => new Date(i * 86_400_000), (i) => new Date(i * 86_400_000).toISOString().slice(0, 10)],
    ms: ['DateTime64(3)', (i) => new Date(i)],
    text: ['String', (i) => `row ${i}`],
    label: ["Enum8('a' = 1, 'b' = 2)", (i) => (i % 2 ? 'a' : 'b')],
    fixed: ['FixedString(5)', (i) => `f${i}`, (i) => `f${i}`.padEnd(5, '\0')],
    uuid: ['UUID', (i) => BigInt(i), (i) => `00000000-0000-0000-0000-${i.toString(16).padStart(12, '0')}`],
    key: ['LowCardinality(String)', (i) => `k${i % 5}`],
    list: ['Array(UInt16)', (i) => [i, i + 1]],
    pair: ['Tuple(UInt8, Nullable(Int32))', (i) => [i & 255, i % 2 ? -i : null]],
  }
const NUMBERS = 600
const COLUMNS = [
  ...Object.entries(KINDS).map(([name, [type]]) => ({ name, type })),
  ...Array.from({ length: NUMBERS }, (_, c) => ({ name: `f${c}`, type: 'Float64' })),
]
const TYPES = Object.fromEntries(COLUMNS.map(({ name, type }) => [name, type]))
/** Of 600 Float64 and the rest, 512 KiB hold 64 rows and more, but less than twice as many. */
const STRIP = 64

function row(i: number, from = 0): Row {
  const values = Object.entries(KINDS).map(([name, [, value]]) => [name, value(i)])
  return Object.fromEntries([...values, ...Array.from({ length: NUMBERS }, (_, c) => [`f${c}`, i * 1000 + c + from])])
}

function decoded(i: number): unknown[] {
  const values = Object.values(KINDS).map(([, value, other]) => (other ?? value)(i))
  return [...values, ...Array.from({ length: NUMBERS }, (_, c) => i * 1000 + c)]
}

function columnsOf(from: number, to: number): Record<string, unknown> {
  const rows = Array.from({ length: to - from }, (_, k) => row(from + k))
  const own = Object.keys(KINDS).map((name) => [name, rows.map((one) => one[name])])
  const numbers = Array.from({ length: NUMBERS }, (_, c) => [
    `f${c}`,
    Float64Array.from(rows, (one) => one[`f${c}`] as number),
  ])
  return Object.fromEntries([...own, ...numbers])
}

function rowsIn(builder: BlockBuilder): unknown[][] {
  return decodeBlocks(sealedBytes(builder)).flatMap(({ rows }) => rows)
}

function expectRows(builder: BlockBuilder, indexes: readonly number[]): void {
  const rows = rowsIn(builder)
  expect(rows.length).toBe(indexes.length)
  for (const [at, i] of indexes.entries()) expect(rows[at], `row ${at}`).toStrictEqual(decoded(i))
}

function counted(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, k) => from + k)
}

describe('a strip', () => {
  it(`holds ${STRIP} rows of this table, and every column of a fixed width`, () => {
    const context = new StagingContext(new Arena(), false, false)
    const columns = COLUMNS.map(({ type }) => createColumn(context, parseType(type)))
    expect(new Strips(context, columns, 4096).rowCount).toBe(STRIP)
    const staged = COLUMNS.filter((_, i) => !columns[i].inStrips).map(({ name }) => name)
    expect(staged).toEqual(['maybeText', 'text', 'key', 'list', 'pair'])
  })

  it('is not there where a block is hardly larger', () => {
    const context = new StagingContext(new Arena(), false, false)
    const columns = COLUMNS.map(({ type }) => createColumn(context, parseType(type)))
    expect(new Strips(context, columns, STRIP * 2 - 1).rowCount).toBe(Number.POSITIVE_INFINITY)
    expect(columns.some(({ inStrips }) => inStrips)).toBe(false)
  })
})

describe.each(['generated', 'plain'])('rows of a wide table, %s row functions', (kind) => {
  const make = () => (kind === 'plain' ? withoutGeneratedCode(open) : open())
  const open = () => builderOf(TYPES, { blockSize: 1000, table: `wide_${kind}` })

  it.each([1, STRIP - 1, STRIP, STRIP + 1, 2 * STRIP, 5 * STRIP + 3, 1000])('%i rows', (rowCount) => {
    const builder = make()
    // Twice, because a block finds what the last one left.
    for (let block = 0; block < 2; block++) {
      for (let i = 0; i < rowCount; i++) {
        builder.stage(i % 2 ? row(i) : (Object.values(row(i)) as unknown[]))
      }
      expectRows(builder, counted(0, rowCount))
    }
  })

  it.each([0, STRIP - 1, STRIP, STRIP + 1, 3 * STRIP])('row %i is refused, and leaves nothing behind', (bad) => {
    const builder = make()
    for (let i = 0; i < 4 * STRIP; i++) {
      if (i === bad) {
        const error = thrown(() => builder.stage({ ...row(i, 7), f599: 'x' }))
        expectRefused(error, { code: 'WRONG_TYPE', row: i, column: 'f599' })
        const early = thrown(() => builder.stage({ ...row(i, 7), maybe: 65_536 }))
        expectRefused(early, { code: 'VALUE_OUT_OF_RANGE', row: i, column: 'maybe' })
      }
      builder.stage(row(i))
    }
    expectRows(builder, counted(0, 4 * STRIP))
  })

  it('rows and whole columns in turn, beginning anywhere in a strip', () => {
    const builder = make()
    const steps = [1, STRIP - 1, 5, STRIP, 2 * STRIP + 7, 1, 3 * STRIP]
    let at = 0
    steps.forEach((count, step) => {
      if (step % 2 === 0) for (const i of counted(at, at + count)) builder.stage(row(i))
      else expect(builder.stageColumns(builder.readColumns(columnsOf(at, at + count)), 0)).toBe(count)
      at += count
    })
    expectRows(builder, counted(0, at))
  })

  it('whole columns with a bad value far behind a strip leave the block as it was', () => {
    const builder = make()
    for (const i of counted(0, STRIP + 5)) builder.stage(row(i))
    const data = columnsOf(0, 4 * STRIP)
    ;(data.maybe as unknown[])[3 * STRIP + 1] = 65_536
    const error = thrown(() => builder.stageColumns(builder.readColumns(data), 0))
    expectRefused(error, { code: 'VALUE_OUT_OF_RANGE', row: STRIP + 5 + 3 * STRIP + 1, column: 'maybe' })
    for (const i of counted(STRIP + 5, 2 * STRIP)) builder.stage(row(i))
    expectRows(builder, counted(0, 2 * STRIP))
  })

  it('rows cut off in an earlier strip are gone', () => {
    const builder = make()
    for (const i of counted(0, 3 * STRIP + 9)) builder.stage(row(i))
    builder.truncate(STRIP + 3)
    for (const i of counted(STRIP + 3, 3 * STRIP)) builder.stage(row(i))
    expectRows(builder, counted(0, 3 * STRIP))
  })
})

it('whole blocks of columns, lent or copied, are the bytes that rows make', () => {
  const types = Object.fromEntries(
    Array.from({ length: 300 }, (_, c) => [`c${c}`, c % 2 ? 'Float64' : 'Nullable(Int64)']),
  )
  const size = { blockSize: 512 }
  const data: Record<string, Float64Array | BigInt64Array> = Object.fromEntries(
    Object.entries(types).map(([name, type], c) =>
      type === 'Float64'
        ? [name, Float64Array.from({ length: 512 }, (_, i) => i + c)]
        : [name, BigInt64Array.from({ length: 512 }, (_, i) => BigInt(i - c))],
    ),
  )
  const given = builderOf(types, size)
  expect(given.stageColumns(given.readColumns(data), 0)).toBe(512)
  const staged = builderOf(types, { ...size, table: 'rows' })
  for (let i = 0; i < 512; i++)
    staged.stage(Object.fromEntries(Object.entries(data).map(([name, list]) => [name, list?.[i]])))
  expect(Buffer.from(sealedBytes(given)).equals(sealedBytes(staged))).toBe(true)
})
