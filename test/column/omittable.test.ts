// Columns with a DEFAULT: what a block says of rows that leave them out. test/block/builder-omissions.test.ts has what the engine
// makes of it.

import { describe, expect, it } from 'vitest'
import { type BlockBuilder, SEAL_FIRST, STAGED } from '../../src/block/builder.ts'
import { decodeBlocks } from '../../src/block/decode.ts'
import type { SealedBytes } from '../../src/block/sealed.ts'
import { builderOf, expectRefused, thrown, withoutGeneratedCode } from '../support/columns.ts'

interface Block {
  readonly columns: string[]
  readonly rows: unknown[][]
  readonly listed: readonly string[]
  readonly nullsAsDefault: boolean
}

function read({ bytes, columnNames, nullsAsDefault }: SealedBytes): Block {
  const [block] = decodeBlocks(bytes)
  return {
    columns: block!.columns.map(({ name, type }) => `${name} ${type}`),
    rows: block!.rows,
    listed: columnNames,
    nullsAsDefault,
  }
}

/** Blocks of the rows, sealed where the builder asks for it. */
function blocksOf(builder: BlockBuilder, rows: readonly object[]): Block[] {
  const blocks: Block[] = []
  for (const row of rows) {
    if (builder.stage(row) !== SEAL_FIRST) continue
    blocks.push(read(builder.seal()))
    expect(builder.stage(row)).toBe(STAGED)
  }
  if (builder.rowCount > 0) blocks.push(read(builder.seal()))
  return blocks
}

function forBoth(
  title: string,
  types: Record<string, string>,
  defaults: Record<string, string>,
  run: (builder: BlockBuilder) => void,
  nullsAsDefault = true,
): void {
  it(title, () => {
    run(builderOf(types, { nullsAsDefault, table: 't' }, defaults))
    withoutGeneratedCode(() => run(builderOf(types, { nullsAsDefault, table: 'loop' }, defaults)))
  })
}

describe('a plain column, where the server takes NULL for DEFAULT', () => {
  const types = { id: 'UInt8', v: 'UInt8' }
  forBoth('in every row: as without a DEFAULT', types, { v: '7' }, (builder) => {
    expect(blocksOf(builder, [{ id: 1, v: 2 }, [3, 4]])).toEqual([
      {
        columns: ['id UInt8', 'v UInt8'],
        rows: [
          [1, 2],
          [3, 4],
        ],
        listed: ['id', 'v'],
        nullsAsDefault: false,
      },
    ])
  })
  forBoth('in no row: left out of the block and of the list', types, { v: '7' }, (builder) => {
    expect(blocksOf(builder, [{ id: 1 }, { id: 2, v: undefined }])).toEqual([
      { columns: ['id UInt8'], rows: [[1], [2]], listed: ['id'], nullsAsDefault: false },
    ])
  })
  forBoth('in some rows: as Nullable, NULL where it is left out', types, { v: '7' }, (builder) => {
    expect(blocksOf(builder, [{ id: 1 }, { id: 2, v: 0 }, [3, 5], { id: 4 }])).toEqual([
      {
        columns: ['id UInt8', 'v Nullable(UInt8)'],
        rows: [
          [1, null],
          [2, 0],
          [3, 5],
          [4, null],
        ],
        listed: ['id', 'v'],
        nullsAsDefault: true,
      },
    ])
  })
  forBoth('the next block begins anew', types, { v: '7' }, (builder) => {
    const once = (rows: object[]) => blocksOf(builder, rows)[0]!.columns[1]
    expect([
      once([{ id: 1 }, { id: 1, v: 1 }]),
      once([{ id: 1, v: 1 }]),
      once([{ id: 1 }]),
      once([{ id: 1, v: 1 }]),
    ]).toEqual(['v Nullable(UInt8)', 'v UInt8', undefined, 'v UInt8'])
  })
  forBoth('a refused row that left it out does not count', types, { v: '7' }, (builder) => {
    builder.stage({ id: 1, v: 1 })
    expectRefused(
      thrown(() => builder.stage({ id: 256 })),
      { code: 'VALUE_OUT_OF_RANGE', column: 'id' },
    )
    expectRefused(
      thrown(() => builder.stage({ id: 2, w: 1 })),
      { code: 'UNKNOWN_COLUMN' },
    )
    builder.stage({ id: 2, v: 2 })
    expect(read(builder.seal()).columns).toEqual(['id UInt8', 'v UInt8'])
  })
})

describe('the header that says Nullable', () => {
  for (const [type, header, value] of [
    ['String', 'Nullable(String)', 'x'],
    ["DateTime('UTC')", "Nullable(DateTime('UTC'))", new Date(0)],
    ["Enum8('a' = 5)", "Nullable(Enum8('a' = 5))", 'a'],
    ['Decimal(9, 2)', 'Nullable(Decimal(9, 2))', '1.00'],
    ['LowCardinality(String)', 'LowCardinality(Nullable(String))', 'x'],
    ['LowCardinality(UInt16)', 'LowCardinality(Nullable(UInt16))', 7],
    ['LowCardinality(FixedString(2))', 'LowCardinality(Nullable(FixedString(2)))', 'ab'],
  ] as const) {
    it(`${type}   ──▶   ${header}`, () => {
      const builder = builderOf({ id: 'UInt8', v: type }, {}, { v: '1' })
      const [block] = blocksOf(builder, [{ id: 1 }, { id: 2, v: value }, { id: 3 }])
      expect(block!.columns[1]).toBe(`v ${header}`)
      expect(block!.rows).toEqual([
        [1, null],
        [2, value],
        [3, null],
      ])
    })
  }
})

describe('a Nullable or composite column, or an old server: no block has rows with and without it', () => {
  const rows = [{ id: 1 }, { id: 2 }, { id: 3, v: [1] }, { id: 4, v: [] }, { id: 5 }]
  const blocks = [
    { columns: ['id UInt8'], rows: [[1], [2]], listed: ['id'], nullsAsDefault: false },
    {
      columns: ['id UInt8', 'v Array(UInt8)'],
      rows: [
        [3, [1]],
        [4, []],
      ],
      listed: ['id', 'v'],
      nullsAsDefault: false,
    },
    { columns: ['id UInt8'], rows: [[5]], listed: ['id'], nullsAsDefault: false },
  ]
  forBoth('Array', { id: 'UInt8', v: 'Array(UInt8)' }, { v: '[7]' }, (builder) =>
    expect(blocksOf(builder, rows)).toEqual(blocks),
  )
  for (const [type, value] of [
    ['Nullable(UInt8)', null],
    ['Map(String, UInt8)', new Map()],
    ['Tuple(UInt8)', [1]],
    ['LowCardinality(Nullable(String))', null],
    ['LowCardinality(SimpleAggregateFunction(anyLast, Nullable(String)))', null],
  ] as const) {
    forBoth(type, { id: 'UInt8', v: type }, { v: '1' }, (builder) => {
      expect(
        blocksOf(builder, [{ id: 1, v: value }, { id: 2 }, { id: 3, v: value }]).map(({ columns }) => columns.length),
      ).toEqual([2, 1, 2])
    })
  }
  forBoth(
    'UInt8 of an old server',
    { id: 'UInt8', v: 'UInt8' },
    { v: '7' },
    (builder) => {
      expect(blocksOf(builder, [{ id: 1 }, { id: 2, v: 0 }]).map(({ columns }) => columns)).toEqual([
        ['id UInt8'],
        ['id UInt8', 'v UInt8'],
      ])
    },
    false,
  )

  forBoth(
    'the row that asks for a seal is not staged, and nothing of it stays',
    { id: 'UInt8', s: 'String', v: 'Array(String)' },
    { v: '[]' },
    (builder) => {
      builder.stage({ id: 1, s: 'x' })
      expect(builder.stage({ id: 2, s: 'not yet', v: ['a'] })).toBe(SEAL_FIRST)
      expect(builder.rowCount).toBe(1)
      builder.stage({ id: 3, s: 'y' })
      expect(read(builder.seal()).rows).toEqual([
        [1, 'x'],
        [3, 'y'],
      ])
    },
  )
  forBoth(
    'a bad array row is refused at once, and seals nothing',
    { id: 'UInt8', v: 'Array(UInt8)' },
    { v: '[]' },
    (builder) => {
      builder.stage([1, [1]])
      expectRefused(
        thrown(() => builder.stage([2, undefined])),
        { code: 'MISSING_VALUE', column: 'v' },
      )
      builder.stage([3, [3]])
      expect(builder.rowCount).toBe(2)
    },
  )
})

describe('all columns left out', () => {
  forBoth(
    'one of them goes as all NULL: a block of no columns would end the input',
    { a: 'UInt8', b: 'String' },
    { a: '1', b: "'x'" },
    (builder) => {
      expect(blocksOf(builder, [{}, {}])).toEqual([
        { columns: ['a Nullable(UInt8)'], rows: [[null], [null]], listed: ['a', 'b'], nullsAsDefault: true },
      ])
    },
  )
  forBoth('refused where none can', { a: 'Array(UInt8)', b: 'Nullable(UInt8)' }, { a: '[1]', b: '2' }, (builder) => {
    expectRefused(
      thrown(() => builder.stage({})),
      { code: 'MISSING_VALUE', message: /leaves every column out/, hint: /at least one value/ },
    )
    expect(builder.stage({ b: 1 })).toBe(STAGED)
    expect(builder.stage({})).toBe(SEAL_FIRST)
  })
})

describe('undefined in an array row is no omission', () => {
  for (const nullsAsDefault of [true, false]) {
    forBoth(
      nullsAsDefault ? 'modern' : 'old',
      { id: 'UInt8', v: 'UInt8' },
      { v: '7' },
      (builder) => {
        expectRefused(
          thrown(() => builder.stage([1, undefined])),
          { code: 'MISSING_VALUE', column: 'v', hint: /by name/ },
        )
      },
      nullsAsDefault,
    )
  }
})

describe('null is no omission either', () => {
  forBoth('it is refused where the column is not Nullable', { id: 'UInt8', v: 'UInt8' }, { v: '7' }, (builder) => {
    expectRefused(
      thrown(() => builder.stage({ id: 1, v: null })),
      { code: 'NOT_NULLABLE', column: 'v', hint: /Leave the key out/ },
    )
  })
})

describe('which columns a DEFAULT refers to decides whether NULL can stand for it', () => {
  const blocks = (expression: string, more: Record<string, string> = {}) => {
    const builder = builderOf(
      { id: 'UInt8', v: 'UInt8', ...more },
      { table: expression },
      { v: expression, ...(more.w && { w: 'unknown + 1' }) },
    )
    return blocksOf(builder, [{ id: 1 }, { id: 2, v: 1 }]).map(({ listed }) => listed.join())
  }
  it('none, or columns of the statement: one block, all of them listed', () => {
    for (const expression of [
      '7',
      "'x'",
      'now()',
      'id + 1',
      '`id`',
      "CAST(id, 'UInt8')",
      "concat('other', 'it\\'s other')",
      'toUInt8(1e5 + other2(3))',
      'NULL',
      'id IN (1, 2) OR NOT true',
      'id.1',
    ])
      expect(blocks(expression), expression).toEqual(['id,v'])
  })
  it('others: a block for each set of omissions', () => {
    for (const expression of ['other', '`other`', 'id + other', 'arrayMap(x -> x, [1])', '`it\\`s`', '"other"'])
      expect(blocks(expression), expression).toEqual(['id', 'id,v'])
  })
  it('a column whose own DEFAULT refers to others: as if it were one of them', () => {
    expect(blocks('w', { w: 'UInt8' })).toEqual(['id', 'id,v'])
    expect(blocks('id', { w: 'UInt8' })).toEqual(['id,v']) // w is in no row, and not in the list
  })
})
