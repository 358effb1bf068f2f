// When a block is full, and what its size may be.

import { describe, expect, it } from 'vitest'
import { BLOCK_FULL, type BlockBuilder, type BuilderOptions, SEAL_FIRST, STAGED } from '../../src/block/builder.ts'
import { decodeBlocks } from '../../src/block/decode.ts'
import { builderOf, withoutGeneratedCode } from '../support/columns.ts'

const MIB = 2 ** 20

interface Sealed {
  readonly rows: number
  readonly bytes: number
  readonly block: Uint8Array
}

/** Stages all rows as a statement would; checks the bound before every seal. */
function blocksOf(builder: BlockBuilder, rows: Iterable<object>): Sealed[] {
  const blocks: Sealed[] = []
  const seal = () => {
    const bound = builder.byteLength
    const { bytes, rowCount, release } = builder.seal()
    expect(bound).toBeGreaterThanOrEqual(bytes.byteLength)
    blocks.push({ rows: rowCount, bytes: bytes.byteLength, block: bytes.slice() })
    release()
  }
  for (const row of rows) {
    let result = builder.stage(row)
    if (result === SEAL_FIRST) {
      seal()
      result = builder.stage(row)
      expect(result).not.toBe(SEAL_FIRST)
    }
    if (result === BLOCK_FULL) seal()
  }
  if (builder.rowCount > 0) seal()
  return blocks
}

/** Bytes that one row alone adds to a block. */
function bytesOfRow(types: Record<string, string>, row: object): number {
  const size = (count: number) => {
    const builder = builderOf(types, { table: 'one row' })
    for (let i = 0; i < count; i++) builder.stage(row, i)
    return builder.seal().bytes.byteLength
  }
  return size(2) - size(1)
}

describe('blockSize: rows per block', () => {
  for (const blockSize of [1, 2, 7, 1000]) {
    it(`${blockSize}: full exactly there, also after rows that were refused`, () => {
      const builder = builderOf({ n: 'UInt32', s: 'String' }, { blockSize })
      const blocks: number[] = []
      for (let i = 0; i < blockSize * 3; i++) {
        if (i % 5 === 0) expect(() => builder.stage([i, 5])).toThrow()
        const result = builder.stage(i % 2 ? [i, 'x'] : { n: i, s: 'x' })
        expect(result).toBe((i + 1) % blockSize === 0 ? BLOCK_FULL : STAGED)
        if (result === BLOCK_FULL) blocks.push(builder.seal().rowCount)
      }
      expect(blocks).toEqual([blockSize, blockSize, blockSize])
      expect(builder.rowCount).toBe(0)
    })
  }
})

const LIMITS: Partial<BuilderOptions> = { blockBytes: MIB, blockSize: 1_048_449 }

describe('blockBytes 1 MiB: no block exceeds it by more than its last row, and none is sealed much earlier', () => {
  const kinds: Record<string, readonly [types: Record<string, string>, row: (i: number) => object, count: number]> = {
    'text of 1 KiB': [{ s: 'String' }, () => ['x'.repeat(1024)], 5000],
    'text of 1 KiB, two bytes a character': [{ s: 'String' }, () => ['é'.repeat(512)], 5000],
    'raw bytes of 1 KiB': [{ s: 'String' }, () => [new Uint8Array(1024)], 5000],
    'short texts': [{ n: 'UInt32', s: 'String' }, (i) => [i, `row ${i}`], 200_000],
    'texts that are joined': [
      { s: 'String', t: 'String' },
      (i) => [`a text of some thirty characters ${i}`, 'b'],
      60_000,
    ],
    'empty texts': [{ s: 'String' }, () => [''], 1_200_000],
    'only NULLs': [{ n: 'Nullable(UInt8)', s: 'Nullable(String)' }, () => [null, null], 400_000],
    numbers: [{ a: 'UInt64', b: 'Float64', c: 'Date' }, (i) => [i, i, i & 255], 150_000],
    'arrays of numbers': [{ a: 'Array(UInt16)' }, (i) => [Array(i % 200).fill(7)], 20_000],
    'arrays of texts': [{ a: 'Array(String)' }, (i) => [Array(i % 20).fill(`element ${i}`)], 20_000],
    maps: [{ m: 'Map(String, UInt64)' }, (i) => [{ a: i, [`k${i}`]: 2 }], 60_000],
    tuples: [{ t: 'Tuple(UInt8, Array(Nullable(UInt32)))' }, (i) => [[1, [i, null, 3]]], 60_000],
    'a dictionary of few keys': [{ d: 'LowCardinality(String)' }, (i) => [`key ${i % 10}`], 600_000],
    'a dictionary of distinct keys': [{ d: 'LowCardinality(String)' }, (i) => [`a key of its own ${i}`], 80_000],
  }
  for (const [title, [types, row, count]] of Object.entries(kinds)) {
    it(title, () => {
      const builder = builderOf(types, LIMITS)
      const blocks = blocksOf(
        builder,
        Array.from({ length: count }, (_, i) => row(i)),
      )
      const largestRow = Math.max(...[0, 1, 199, count - 1].map((i) => bytesOfRow(types, row(i)))) + 20
      expect(blocks.length).toBeGreaterThan(1)
      expect(blocks.reduce((sum, { rows }) => sum + rows, 0)).toBe(count)
      for (const { bytes } of blocks) expect(bytes).toBeLessThanOrEqual(MIB + largestRow)
      // Dictionaries count four bytes a row, although one may do.
      for (const { bytes } of blocks.slice(0, -1))
        expect(bytes).toBeGreaterThan(MIB * (title.includes('few keys') ? 0.24 : 0.6))
    })
  }

  it('a header of 100 long names is part of the block', () => {
    const types = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${'n'.repeat(50)}${i}`, 'UInt8']))
    const rows = Array.from({ length: 1000 }, () => Array(100).fill(1))
    for (const { bytes } of blocksOf(builderOf(types, { blockBytes: 10_000 }), rows))
      expect(bytes).toBeLessThanOrEqual(10_100)
  })
})

describe('a row larger than a block travels alone', () => {
  const large = 'L'.repeat(2 * MIB)
  const kinds: Record<string, readonly [types: Record<string, string>, small: object, large: object]> = {
    text: [{ s: 'String' }, ['s'], [large]],
    bytes: [{ s: 'String' }, ['s'], [Buffer.from(large)]],
    array: [{ a: 'Array(UInt32)' }, [[1]], [Array(600_000).fill(1)]],
    'array of texts': [{ a: 'Array(String)' }, [['s']], [Array(3000).fill('e'.repeat(700))]],
    map: [{ m: 'Map(UInt32, String)' }, [{}], [new Map([[1, large]])]],
    tuple: [{ t: 'Tuple(String, String)' }, [['s', 's']], [['s', large]]],
    'key of a dictionary': [{ d: 'LowCardinality(String)' }, ['s'], [large]],
    'Nullable text': [{ s: 'Nullable(String)' }, [null], [large]],
  }
  for (const [title, [types, smallRow, largeRow]] of Object.entries(kinds)) {
    for (const [way, run] of [
      ['generated', <T>(work: () => T) => work()],
      ['plain', withoutGeneratedCode],
    ] as const) {
      it(`${title}, ${way}`, () =>
        run(() => {
          const builder = builderOf(types, { ...LIMITS, table: way })
          const rows = [smallRow, smallRow, largeRow, largeRow, smallRow, largeRow, smallRow]
          const blocks = blocksOf(builder, rows)
          expect(blocks.map(({ rows }) => rows)).toEqual([2, 1, 1, 1, 1, 1])
          const decoded = blocks.flatMap(({ block }) => decodeBlocks(block)[0]!.rows)
          const sizes = decoded.map((row) => (JSON.stringify(row, entries).length > MIB / 2 ? 'large' : 'small'))
          expect(sizes).toEqual(rows.map((row) => (row === largeRow ? 'large' : 'small')))
        }))
    }
  }

  it('a row of half a block may share one', () => {
    const half = ['h'.repeat(MIB * 0.7)]
    expect(blocksOf(builderOf({ s: 'String' }, LIMITS), [half, half, half]).map(({ rows }) => rows)).toEqual([2, 1])
  })
})

/** How many functions are made of text meanwhile. */
function functionsWritten(run: () => void): number {
  const usual = globalThis.Function
  let count = 0
  globalThis.Function = new Proxy(usual, {
    construct(target, args) {
      count++
      return Reflect.construct(target, args)
    },
  })
  try {
    run()
  } finally {
    globalThis.Function = usual
  }
  return count
}

/** For JSON.stringify, to which a Map is empty. */
function entries(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value
}

describe('wide tables', () => {
  it('1,000 columns, by name and by position', () => {
    const kinds = [
      'UInt32',
      'String',
      'Nullable(Float64)',
      'LowCardinality(String)',
      'Array(UInt8)',
      'DateTime64(3)',
      'UUID',
      'FixedString(3)',
    ]
    const types = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`column_${i}`, kinds[i % kinds.length]!]))
    const value = (i: number, row: number) =>
      [
        row,
        `text ${row}`,
        row % 2 ? null : row,
        `key ${row % 3}`,
        [row & 255],
        new Date(row),
        '00112233-4455-6677-8899-aabbccddeeff',
        'abc',
      ][i % kinds.length]
    const names = Object.keys(types)
    const builder = builderOf(types, { blockBytes: 32 * MIB, blockSize: 65_536 })
    const rowOf = (row: number) => names.map((_, i) => value(i, row))
    for (let row = 0; row < 300; row++) {
      const values = rowOf(row)
      builder.stage(row % 2 ? values : Object.fromEntries(names.map((name, i) => [name, values[i]])))
      if (row % 50 === 0)
        expect(() =>
          builder.stage({ ...Object.fromEntries(names.map((name, i) => [name, values[i]])), column_999: 'too long' }),
        ).toThrow(/column_999/)
    }
    const [block] = decodeBlocks(builder.seal().bytes)
    expect(block!.rows.length).toBe(300)
    for (const row of [0, 1, 299]) expect(block!.rows[row]).toEqual(rowOf(row))
  })

  it('1,000 texts that grow at different rows: the row functions are written anew for a row, not for a text', () => {
    const types = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`s${i}`, 'String']))
    const builder = builderOf(types, { blockBytes: 32 * MIB, blockSize: 65_536 })
    const rows = Array.from({ length: 200 }, (_, row) =>
      Array.from({ length: 1000 }, (_, i) => 'x'.repeat(((i * 7 + row * 13) % 160) + 1)),
    )
    const written = functionsWritten(() => {
      for (const row of rows) builder.stage(row)
    })
    expect(written).toBeLessThan(32 * 20)
    const [block] = decodeBlocks(builder.seal().bytes)
    expect(block!.rows[199]).toEqual(rows[199])
  })
})
