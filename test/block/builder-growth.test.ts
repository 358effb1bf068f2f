// The generated row function knows addresses in the arena. When a row itself makes the memory move, everything that row stored
// before and after must still be right: forced here in every place a region can grow from, and held against a builder whose
// regions had grown before.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BlockBuilder } from '../../src/block/builder.ts'
import { decodeBlocks } from '../../src/block/decode.ts'
import { Arena } from '../../src/wasm/core.ts'
import { builderOf, expectRefused, sealedBytes, thrown, withoutGeneratedCode } from '../support/columns.ts'

type Row = Record<string, unknown>

/** Columns of every kind, to stand before, between and behind what grows: [type, value of row i, what it decodes to]. */
const WITNESSES: Record<
  string,
  readonly [type: string, value: (i: number) => unknown, decoded?: (i: number) => unknown]
> = {
  u8: ['UInt8', (i) => i],
  u64: ['UInt64', (i) => i, (i) => BigInt(i)],
  i256: ['Int256', (i) => BigInt(-i)],
  f64: ['Float64', (i) => i / 2],
  dec: ['Decimal(18, 2)', (i) => `${i}.25`],
  text: ['String', (i) => `row ${i}`],
  fixed: ['FixedString(4)', (i) => `fs ${i % 10}`],
  day: ['Date', (i) => new Date(i * 86_400_000), (i) => new Date(i * 86_400_000).toISOString().slice(0, 10)],
  ms: ['DateTime64(3)', (i) => new Date(i), (i) => new Date(i)],
  uuid: ['UUID', (i) => BigInt(i), (i) => `00000000-0000-0000-0000-${i.toString(16).padStart(12, '0')}`],
  ip: ['IPv6', (i) => Uint8Array.from({ length: 16 }, () => i + 1), (i) => address(i + 1)],
  maybe: ['Nullable(UInt16)', (i) => (i % 2 ? null : i)],
  key: ['LowCardinality(String)', (i) => `key ${i % 3}`],
  small: ['LowCardinality(Nullable(UInt16))', (i) => (i % 2 ? null : i)],
  bytes: ['Array(UInt8)', (i) => [i, i + 1]],
  fixeds: ['Array(FixedString(2))', (i) => ['ab', `${i % 10}c`]],
  ips: [
    'Array(IPv6)',
    (i) => [new Uint8Array(16).fill(i + 1), new Uint8Array(16).fill(i + 2)],
    (i) => [address(i + 1), address(i + 2)],
  ],
  texts: ['Array(String)', (i) => ['x', `joined value number ${i}`, '']],
  deep: ['Array(Array(String))', (i) => [[`deep ${i}`], [], ['y', 'z']]],
  keys: ['Array(LowCardinality(String))', (i) => ['a', `k${i % 4}`]],
  maybes: ['Array(Nullable(FixedString(2)))', (i) => [null, `n${i % 10}`]],
  map: [
    'Map(String, UInt32)',
    (i) =>
      new Map([
        ['a', i],
        [`b${i}`, 1],
      ]),
  ],
  tuple: ['Tuple(Array(FixedString(3)), String)', (i) => [[`t${i % 10}x`], `tuple ${i}`]],
}

function address(byte: number): string {
  const group = (byte * 257).toString(16)
  return Array(8).fill(group).join(':')
}

/** Columns that take new memory with one large value; 0 is a small one. */
const GROWERS: Record<
  string,
  readonly [type: string, value: (size: 0 | 1) => unknown, decoded?: (size: 0 | 1) => unknown]
> = {
  'a long text': ['String', (size) => 'L'.repeat(size * 80_000)],
  'a long text of two bytes a character': ['String', (size) => 'é'.repeat(size * 40_000)],
  'many raw bytes': ['String', rawBytes, (size) => (size ? rawBytes(1) : '')],
  'a Nullable text': ['Nullable(String)', (size) => (size ? 'N'.repeat(80_000) : null)],
  'a text in a tuple': ['Tuple(UInt8, String)', (size) => [size, 'T'.repeat(size * 80_000)]],
  'many elements': ['Array(UInt8)', (size) => counted(size * 70_000, (i) => i & 255)],
  'a typed array': [
    'Array(Int16)',
    (size) => Int16Array.from(counted(size * 70_000, (i) => i & 255)),
    (size) => counted(size * 70_000, (i) => i & 255),
  ],
  'many texts': [
    'Array(String)',
    (size) => counted(size * 2000, (i) => `a text that is joined ${i} ${i % 300 === 7 ? 'é' : ''}`),
  ],
  'many arrays': ['Array(Array(UInt32))', (size) => counted(size * 3000, (i) => [i, i])],
  'many entries': ['Map(UInt32, String)', (size) => new Map(counted(size * 3000, (i) => [i, `value ${i}`]))],
  'a long key': ['LowCardinality(String)', (size) => 'K'.repeat(size * 40_000)],
  'many keys': ['Array(LowCardinality(String))', (size) => counted(size * 2500, (i) => `key number ${i}`)],
  'many numbers of a dictionary': [
    'Map(UInt32, LowCardinality(UInt64))',
    (size) => new Map(counted(size * 3000, (i) => [i, BigInt(i)])),
  ],
  'many tuples': [
    'Array(Tuple(a String, b IPv4))',
    (size) => counted(size * 2000, (i) => ({ a: `a longer text ${i}`, b: '1.2.3.4' })),
  ],
}

function rawBytes(size: 0 | 1): Uint8Array {
  return new Uint8Array(size * 100_000).fill(0xff)
}

function counted<T>(length: number, make: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => make(i))
}

const PLACES = { first: 0, middle: 1, last: 2 } as const
type Place = keyof typeof PLACES

class Table {
  readonly types: Record<string, string> = {}
  readonly #rows: ((i: number, size: (place: Place) => 0 | 1) => [string, unknown, unknown])[] = []

  constructor(grower: string, witnesses: readonly string[]) {
    const half = witnesses.length >> 1
    this.#grow('first', grower)
    for (const name of witnesses.slice(0, half)) this.#witness(name)
    this.#grow('middle', grower)
    for (const name of witnesses.slice(half)) this.#witness(name)
    this.#grow('last', grower)
    // Behind everything, for a value that is refused after all others were stored.
    this.types.end = 'UInt8'
    this.#rows.push((i) => ['end', i, i])
  }
  #grow(place: Place, grower: string): void {
    const [type, value, decoded] = GROWERS[grower]!
    this.types[place] = type
    this.#rows.push((_, size) => [place, value(size(place)), (decoded ?? value)(size(place))])
  }
  #witness(name: string): void {
    const [type, value, decoded] = WITNESSES[name]!
    this.types[name] = type
    this.#rows.push((i) => [name, value(i), (decoded ?? value)(i)])
  }
  /** Row `i`, large in `large`. */
  row(i: number, ...large: readonly Place[]): { readonly row: Row; readonly decoded: unknown[] } {
    const parts = this.#rows.map((part) => part(i, (place) => (large.includes(place) ? 1 : 0)))
    return {
      row: Object.fromEntries(parts.map(([name, input]) => [name, input])),
      decoded: parts.map(([, , decoded]) => decoded),
    }
  }
}

/** How often an arena took memory, and so moved: here every reservation detaches all views. */
let moves = 0
function movesOf(run: () => unknown): number {
  moves = 0
  run()
  return moves
}

/** One page more: every view of before is detached. */
function grow(memory: object): void {
  ;(memory as { grow(pages: number): number }).grow(1)
}

beforeEach(() => {
  const reserve = Arena.prototype.reserve
  vi.spyOn(Arena.prototype, 'reserve').mockImplementation(function (this: Arena, byteLength) {
    moves++
    grow(this.core.memory)
    return reserve.call(this, byteLength)
  })
})
afterEach(() => {
  vi.restoreAllMocks()
})

const WAYS = { 'generated row functions': <T>(run: () => T) => run(), 'plain loops': withoutGeneratedCode }
let shape = 0
const fresh = (table: Table) =>
  builderOf(table.types, { blockSize: 64, blockBytes: 2 ** 21, table: `shape ${shape++}` })

function expectBlock(bytes: Uint8Array, rows: readonly { readonly decoded: unknown[] }[]): void {
  const [block] = decodeBlocks(bytes)
  assert.equal(block!.rows.length, rows.length)
  rows.forEach(({ decoded }, i) => {
    assert.deepStrictEqual(block!.rows[i], decoded, `row ${i}`)
  })
}

/** A builder that has had these rows before: nothing needs to grow any more. */
function grown(table: Table, rows: readonly Row[]): BlockBuilder {
  const builder = fresh(table)
  for (const row of [...rows, ...rows]) builder.stage(row, 0)
  builder.seal().release()
  return builder
}

const names = Object.keys(WITNESSES)
/** One function for the whole row, and one cut into two. */
const WIDTHS = {
  '15 columns': names.filter((_, i) => i % 2 === 0),
  '37 columns': [...names, ...names.slice(0, 10).map((name) => `${name}2`)],
}
for (const name of names.slice(0, 10)) WITNESSES[`${name}2`] = WITNESSES[name]!
const SOME = ['a long text', 'many texts', 'many keys']

for (const [way, run] of Object.entries(WAYS)) {
  for (const grower of Object.keys(GROWERS)) {
    for (const [width, witnesses] of Object.entries(WIDTHS)) {
      if ((run === withoutGeneratedCode || width === '37 columns') && !SOME.includes(grower)) continue
      describe(`${grower}, ${width}, ${way}`, () => {
        const table = new Table(grower, witnesses)

        for (const place of Object.keys(PLACES) as Place[]) {
          const small = [0, 1, 2, 3].map((i) => table.row(i))
          const large = table.row(4, place)
          const rows = [small[0]!, small[1]!, large, small[2]!, small[3]!]

          it(`as the ${place} column, in the middle of a block, by name and by position`, () =>
            run(() => {
              const reference = grown(
                table,
                rows.map(({ row }) => row),
              )
              for (const { row } of rows) reference.stage(row, 0)
              const expected = sealedBytes(reference)
              for (const asRow of [(row: Row) => row, (row: Row) => Object.values(row)]) {
                const builder = fresh(table)
                builder.stage(asRow(rows[0]!.row), 0)
                builder.stage(asRow(rows[1]!.row), 1)
                const count = movesOf(() => builder.stage(asRow(large.row), 2))
                expect(count).toBeGreaterThan(0)
                builder.stage(asRow(rows[3]!.row), 3)
                builder.stage(asRow(rows[4]!.row), 4)
                const bytes = sealedBytes(builder)
                expectBlock(bytes, rows)
                expect(Buffer.compare(bytes, expected)).toBe(0)
              }
            }))

          it(`as the ${place} column, in the first row, and in the first row after a seal`, () =>
            run(() => {
              const builder = fresh(table)
              builder.stage(large.row, 0)
              builder.stage(small[0]!.row, 1)
              expectBlock(sealedBytes(builder), [large, small[0]!])
              const second = fresh(table)
              second.stage(small[0]!.row, 0)
              second.seal().release()
              expect(movesOf(() => second.stage(large.row, 1))).toBeGreaterThan(0)
              second.stage(small[1]!.row, 2)
              expectBlock(sealedBytes(second), [large, small[1]!])
            }))

          it(`as the ${place} column, just before a refused value, and again`, () =>
            run(() => {
              const builder = fresh(table)
              builder.stage(small[0]!.row, 0)
              const bad = { ...large.row, end: 256 }
              const worse = { ...table.row(4, 'first', 'middle', 'last').row, end: 'x' }
              expectRefused(
                thrown(() => builder.stage(bad, 1)),
                { code: 'VALUE_OUT_OF_RANGE', row: 1, column: 'end' },
              )
              expectRefused(
                thrown(() => builder.stage(worse, 2)),
                { code: 'WRONG_TYPE', row: 2, column: 'end' },
              )
              expectRefused(
                thrown(() => builder.stage(Object.values(bad), 3)),
                { code: 'VALUE_OUT_OF_RANGE', row: 3, column: 'end' },
              )
              builder.stage(small[1]!.row, 4)
              builder.stage(Object.values(small[2]!.row), 5)
              expectBlock(sealedBytes(builder), [small[0]!, small[1]!, small[2]!])
            }))

          it(`as the ${place} column, in a row that leaves columns out`, () =>
            run(() => {
              const without = (row: Row) =>
                Object.fromEntries(Object.entries(row).filter(([name], i) => i % 3 !== 1 || name === place))
              const reference = grown(
                table,
                rows.map(({ row }) => row),
              )
              const builder = fresh(table)
              for (const one of [reference, builder]) for (const { row } of rows) one.stage(without(row), 0)
              expect(Buffer.compare(sealedBytes(builder), sealedBytes(reference))).toBe(0)
            }))
        }

        it('twice and three times in one row', () =>
          run(() => {
            for (const large of [
              ['first', 'last'],
              ['middle', 'last'],
              ['first', 'middle', 'last'],
            ] as const) {
              const rows = [table.row(0), table.row(1, ...large), table.row(2)]
              for (const asRow of [(row: Row) => row, (row: Row) => Object.values(row)]) {
                const builder = fresh(table)
                for (const { row } of rows) builder.stage(asRow(row), 0)
                expectBlock(sealedBytes(builder), rows)
              }
            }
          }))
      })
    }
  }
}

describe('an element of a later column is named, although the row has moved the memory before', () => {
  const refused: [type: string, value: unknown[]][] = [
    ['Array(UInt8)', [1, 300]],
    ['Array(FixedString(2))', ['ab', 'abc']],
    ['Array(Array(UInt8))', [[1], [2, 300]]],
    ['Array(Tuple(a UInt8))', [{ a: 1 }, { a: 300 }]],
    ['Array(IPv6)', ['::', ':::']],
    ['Array(LowCardinality(String))', ['a', 5]],
    [
      'Map(String, UInt8)',
      [
        ['a', 1],
        ['b', 300],
      ],
    ],
  ]
  for (const [type, bad] of refused) {
    it(type, () => {
      const builder = builderOf({ s: 'String', c: type }, { table: `shape ${shape++}` })
      builder.stage(['x', []], 0)
      builder.stage(['x', [bad[0]]], 1)
      for (const row of [{ s: 'S'.repeat(200_000), c: bad }, ['S'.repeat(500_000), bad]]) {
        expect((thrown(() => builder.stage(row, 7)) as { column: string }).column).toMatch(/^c\[1\](\[1\]|\.a)?$/)
      }
      builder.stage(['y', [bad[0]]], 2)
      const rows = decodeBlocks(sealedBytes(builder))[0]!.rows
      expect(rows.map(([s]) => s)).toEqual(['x', 'x', 'y'])
      expect(rows[2]![1]).toEqual(rows[1]![1])
    })
  }
})

describe('growth outside of rows', () => {
  it('while bytes are counted: a bunch of texts is written, and the next row is right', () => {
    const builder = builderOf(
      { n: 'UInt32', s: 'String', a: 'Array(FixedString(2))' },
      { blockBytes: 40_000, blockSize: 60_000, table: `shape ${shape++}` },
    )
    const expected: unknown[][] = []
    for (let block = 0; block < 6; block++) {
      const rows: unknown[][] = []
      for (let i = 0; ; i++) {
        const row = [i, `text number ${i} of block ${block}, joined${'!'.repeat(block * 3)}`, ['ab', `${i % 10}x`]]
        rows.push(row)
        if (builder.stage(i % 2 ? row : { n: row[0], s: row[1], a: row[2] }, i) === 1) break
      }
      expected.push(...rows)
      const decoded = decodeBlocks(sealedBytes(builder))[0]!.rows
      expect(decoded).toEqual(rows)
    }
    expect(expected.length).toBeGreaterThan(1000)
  })

  it('during seal: texts that are still joined make their column move', () => {
    // Among 40 columns a text begins with 16 KiB: one of these counts seals when the joined texts are what does not fit.
    const types = { s: 'String', ...Object.fromEntries(counted(40, (i) => [`n${i}`, 'UInt8'])) }
    const builder = builderOf(types, { blockBytes: 2 ** 20, table: `shape ${shape++}` })
    const numbers = Object.fromEntries(counted(40, (i) => [`n${i}`, i]))
    for (let count = 100; count < 400; count++) {
      const texts = counted(count, (i) => `a text of some length ${i} `.padEnd(60, '.'))
      for (const s of texts) builder.stage({ s, ...numbers })
      expect(decodeBlocks(sealedBytes(builder))[0]!.rows.map(([s]) => s)).toEqual(texts)
    }
  })

  it('during seal: dictionaries and hash tables take new memory, and the next block is right', () => {
    const builder = builderOf(
      { d: 'LowCardinality(UInt64)', e: 'LowCardinality(Nullable(FixedString(8)))', a: 'Array(IPv6)', s: 'String' },
      { blockSize: 40_000, table: `shape ${shape++}` },
    )
    for (const count of [3, 20_000, 5, 40_000, 3]) {
      for (let i = 0; i < count; i++) {
        const row = [
          BigInt(i * 7),
          i % 3 ? `key ${i % 9999}`.slice(0, 8) : null,
          [new Uint8Array(16).fill((i % 250) + 1)],
          `s${i}`,
        ]
        builder.stage(i % 2 ? row : { d: row[0], e: row[1], a: row[2], s: row[3] }, i)
      }
      const decoded = decodeBlocks(sealedBytes(builder))[0]!.rows
      for (const i of [0, 1, 2, count >> 1, count - 1]) {
        expect(decoded[i]).toEqual([
          BigInt(i * 7),
          i % 3 ? `key ${i % 9999}`.slice(0, 8).padEnd(8, '\0') : null,
          [address((i % 250) + 1)],
          `s${i}`,
        ])
      }
    }
  })
})
