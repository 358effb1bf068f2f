// Blocks of some rows of a block, made from its bytes: they say what those rows say.
//
//   SLUICE_CASES=100000 npx vitest run test/block/gather.test.ts     a long run; SLUICE_SEED=… repeats one

import { afterAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { gatherRows } from '../../src/block/gather/block.ts'
import { Ranges } from '../../src/block/gather/ranges.ts'
import { encodeBlock } from '../../src/native.ts'
import { Embedded } from '../support/embedded.ts'
import { belowOf, random } from '../support/random.ts'
import { type Below, randomType } from '../support/random-types/composites.ts'
import { loadAllVectors } from '../support/vectors.ts'

const BLOCKS = Math.ceil(Number(process.env.SLUICE_CASES ?? 4_000) / 100)
const { seed } = random('SLUICE_SEED')

function rangesOf(...bounds: readonly (readonly [number, number])[]): Ranges {
  const ranges = new Ranges()
  for (const [from, to] of bounds) ranges.add(from, to)
  return ranges
}

function indexesOf({ bounds, length }: Ranges): number[] {
  const indexes: number[] = []
  for (let i = 0; i < length; i += 2) for (let row = bounds[i]!; row < bounds[i + 1]!; row++) indexes.push(row)
  return indexes
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Rows 1 and 2, and row 3 of four. */
function sample(type: string, values: readonly unknown[]): readonly [ours: string, expected: string] {
  const block = (some: readonly unknown[]) =>
    encodeBlock(
      [{ name: 'c', type }],
      some.map((value) => [value]),
    )
  return [hex(gatherRows(block(values), rangesOf([1, 3], [3, 4]))), hex(block(values.slice(1)))]
}

describe('rows 1 to 3 of four: the bytes of a block of these rows', () => {
  it.each([
    ['UInt32', [1, 2, 3, 4]],
    ['String', ['a', '', 'x'.repeat(300), 'b']],
    ['Nullable(String)', ['a', null, 'b', null]],
    ['Array(UInt8)', [[1, 2], [], [3], [4, 5]]],
    ['Array(Array(String))', [[['a']], [], [['b', 'c'], []], [[]]]],
    ['Map(String, UInt8)', [{ a: 1 }, { b: 2, c: 3 }, {}, { d: 4 }]],
    [
      'Tuple(UInt8, String)',
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
        [4, 'd'],
      ],
    ],
    ['Tuple()', [[], [], [], []]],
    [
      'Nested(a UInt8, b String)',
      [
        [{ a: 1, b: 'x' }],
        [],
        [
          { a: 2, b: 'y' },
          { a: 3, b: 'z' },
        ],
        [],
      ],
    ],
    ['LowCardinality(String)', ['a', 'a', 'b', 'a']],
    ['LowCardinality(Nullable(String))', ['a', null, 'a', null]],
    ['Array(LowCardinality(String))', [['a'], [], [], []]],
    ['Variant(String, UInt8)', ['a', 5, null, 'b']],
    ['JSON', ['{"a":1}', '{}', '{"b":"x"}', '{"c":[1]}']],
    [
      'Point',
      [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
    ],
    [
      'QBit(BFloat16, 3)',
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
        [1, 1, 1],
      ],
    ],
  ] as [string, unknown[]][])('%s', (type, values) => {
    const [ours, expected] = sample(type, values)
    expect(ours).toBe(expected)
  })

  it('a dictionary loses what nobody uses, and keeps its first slot', () => {
    const block = encodeBlock([{ name: 'c', type: 'LowCardinality(String)' }], [['a'], ['b'], ['c']])
    const piece = gatherRows(block, rangesOf([2, 3]))
    // 2 keys: '' and 'c'; one index, 1
    expect(hex(piece)).toMatch(/0100000000000000(..){8}0200000000000000000163010000000000000001$/)
  })
})

describe('the whole of a block is the block', () => {
  const vectors = loadAllVectors().filter(({ native }) => native !== undefined)
  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, { type, native, rows }) => {
    const whole = () => hex(gatherRows(native!, rangesOf([0, rows.length])))
    // Forms that the engine writes and we do not are refused, never cut wrongly.
    if (/Dynamic|JSON|(?<!Simple)Aggregate/.test(type)) {
      expect(whole).toThrow(/Dynamic version|JSON version|states of .* cannot be told apart/)
    } else expect(whole()).toBe(hex(native!))
  })
})

describe('bytes that are no block of ours', () => {
  const block = encodeBlock(
    [
      { name: 'a', type: 'Array(LowCardinality(String))' },
      { name: 'b', type: 'Variant(String, UInt8)' },
    ],
    [
      [['x', 'y'], 1],
      [[], 'z'],
    ],
  )
  it('cut anywhere', () => {
    for (let length = 0; length < block.length; length++) {
      expect(() => gatherRows(block.subarray(0, length), rangesOf([0, 1])), `${length} bytes`).toThrow(
        'Not a Native block',
      )
    }
  })
  it('two blocks', () => {
    expect(() => gatherRows(Buffer.concat([block, block]), rangesOf([0, 1]))).toThrow('bytes after the block')
  })
})

describe('random columns', () => {
  const engine = new Embedded()
  afterAll(() => engine[Symbol.dispose]())
  for (const setting of ['enable_time_time64_type', 'allow_experimental_qbit_type']) engine.run(`SET ${setting} = 1`)
  engine.run('SET input_format_native_allow_types_conversion = 0')

  it(
    `${BLOCKS} blocks (SLUICE_SEED=${seed} repeats this run)`,
    async () => {
      for (let batch = 0; batch < BLOCKS; batch++) {
        try {
          await checkBlock(engine, `t.gather${batch}`, belowOf(seed + batch))
        } catch (error) {
          ;(error as Error).message += `\n(SLUICE_SEED=${seed + batch} SLUICE_CASES=1 repeats it)`
          throw error
        }
      }
    },
    20_000 + BLOCKS * 500,
  )
})

async function checkBlock(engine: Embedded, table: string, below: Below): Promise<void> {
  const types = Array.from({ length: 1 + below(12) }, () => randomType(below, 3))
  const columns = types.map(({ type }, i) => ({ name: `c${i}`, type }))
  const rows = Array.from({ length: 1 + (below(5) ? below(30) : below(600)) }, () =>
    types.map((type) => type.good().input),
  )
  const block = encodeBlock(columns, rows)
  expect(hex(gatherRows(block, rangesOf([0, rows.length])))).toBe(hex(block))

  const ranges = randomRanges(below, rows.length)
  const piece = gatherRows(block, ranges)
  const expected = encodeBlock(
    columns,
    indexesOf(ranges).map((row) => rows[row]!),
  )
  expect(decodeBlocks(piece)).toStrictEqual(decodeBlocks(expected))
  // A piece is a block like any other.
  expect(hex(gatherRows(piece, rangesOf([0, ranges.count])))).toBe(hex(piece))

  const [ours, theirs] = [`${table}a`, `${table}b`]
  for (const [name, bytes] of [
    [ours, piece],
    [theirs, expected],
  ] as const) {
    engine.run(
      `CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${column.type}`).join(', ')}) ENGINE = Memory`,
    )
    await engine.insert(name, bytes)
  }
  const [read, meant] = await Promise.all(
    [ours, theirs].map((name) => engine.bytes(`SELECT * FROM ${name}`, 'JSONCompactEachRow')),
  )
  expect(Buffer.from(read!).toString()).toBe(Buffer.from(meant!).toString())
  for (const name of [ours, theirs]) engine.run(`DROP TABLE ${name}`)
}

/** At least one row; single ones, runs, halves. */
function randomRanges(below: Below, rowCount: number): Ranges {
  const ranges = new Ranges()
  const longest = 1 + below(rowCount)
  for (let row = below(2) ? 0 : below(rowCount); row < rowCount; ) {
    const to = Math.min(rowCount, row + 1 + below(longest))
    ranges.add(row, to)
    row = to + below(3) * below(longest)
  }
  return ranges
}
