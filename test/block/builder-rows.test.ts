// Which objects are rows, which keys they may have, and what names may look like.

import { describe, expect, it } from 'vitest'
import type { BlockBuilder, BuilderOptions } from '../../src/block/builder.ts'
import { decodeBlocks } from '../../src/block/decode.ts'
import { builderOf, expectRefused, sealedBytes, thrown, withoutGeneratedCode } from '../support/columns.ts'

/** Rows as objects, for the one builder that was built with and without generated code. */
function forBoth(
  title: string,
  types: Record<string, string>,
  run: (builder: BlockBuilder) => void,
  options: Partial<BuilderOptions> = {},
): void {
  it(title, () => {
    run(builderOf(types, { ...options, table: 't' }))
    withoutGeneratedCode(() => run(builderOf(types, { ...options, table: 'loop' })))
  })
}

const rowsOf = (builder: BlockBuilder) => decodeBlocks(sealedBytes(builder))[0]!.rows

describe('a row is an object by column name, whatever kind of object', () => {
  class Event {
    id = 1
    get name() {
      return 'from a getter'
    }
  }
  class Hit extends Event {
    override id = 2
  }
  forBoth(
    'plain, frozen, without a prototype, of a class, of a class with getters, with a proxy around it',
    { id: 'UInt8', name: 'String' },
    (builder) => {
      builder.stage({ id: 0, name: 'plain' }, 0)
      builder.stage(Object.freeze({ name: 'frozen', id: 9 }), 1)
      builder.stage(Object.assign(Object.create(null), { id: 8, name: 'null' }), 2)
      builder.stage(new Event(), 3)
      builder.stage(new Hit(), 4)
      builder.stage(new Proxy({ id: 7, name: 'proxy' }, {}), 5)
      builder.stage({ id: 6, name: 'symbol', [Symbol('more')]: 1 }, 6)
      builder.stage(Object.defineProperty({ id: 5, name: 'hidden' }, 'more', { value: 1, enumerable: false }), 7)
      expect(rowsOf(builder)).toEqual([
        [0, 'plain'],
        [9, 'frozen'],
        [8, 'null'],
        [1, 'from a getter'],
        [2, 'from a getter'],
        [7, 'proxy'],
        [6, 'symbol'],
        [5, 'hidden'],
      ])
    },
  )

  forBoth('or an array in column order', { id: 'UInt8', name: 'String' }, (builder) => {
    class Values extends Array {}
    builder.stage([1, 'a'], 0)
    builder.stage(Values.from([2, 'b']), 1)
    builder.stage(Object.freeze([3, 'c']), 2)
    expect(rowsOf(builder)).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
    for (const row of [[], [1], [1, 'a', 2]]) {
      expectRefused(
        thrown(() => builder.stage(row, 5)),
        {
          code: 'WRONG_ARITY',
          row: 5,
          hint: /in this order: id, name/,
          message: new RegExp(`${row.length} values for 2 columns`),
        },
      )
    }
    for (const row of [[undefined, 'a'], Object.assign(new Array(2), { 1: 'a' })]) {
      expectRefused(
        thrown(() => builder.stage(row, 6)),
        { code: 'MISSING_VALUE', row: 6, column: 'id' },
      )
    }
    expect(builder.rowCount).toBe(0)
  })

  it('a 3-column row given 2 values: the error names the three columns; the row counter is unchanged', () => {
    const builder = builderOf({ a: 'UInt8', b: 'UInt8', c: 'UInt8' })
    builder.stage([1, 2, 3], 0)
    expectRefused(
      thrown(() => builder.stage([1, 2], 1)),
      { code: 'WRONG_ARITY', hint: /a, b, c\.$/ },
    )
    expect(builder.rowCount).toBe(1)
    const wide = builderOf(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`c${i}`, 'UInt8'])))
    expectRefused(
      thrown(() => wide.stage([1], 0)),
      { code: 'WRONG_ARITY', hint: /c0, c1, .*c19, …\.$/ },
    )
  })

  forBoth('nothing else is a row', { id: 'UInt8' }, (builder) => {
    const nothing: unknown[] = [
      null,
      undefined,
      5,
      'text',
      true,
      7n,
      Symbol('s'),
      () => 1,
      new Map([['id', 1]]),
      new Set(),
      new Date(),
      Promise.resolve({ id: 1 }),
      /x/,
      new Error('x'),
      new Uint8Array(1),
    ]
    for (const row of nothing)
      expectRefused(
        thrown(() => builder.stage(row as object, 3)),
        { code: 'WRONG_TYPE', row: 3, message: /is no row/ },
      )
    builder.stage({ id: 1 }, 0)
    for (const row of nothing)
      expectRefused(
        thrown(() => builder.stage(row as object, 3)),
        { code: 'WRONG_TYPE', row: 3 },
      )
    expect(rowsOf(builder)).toEqual([[1]])
  })
  it('a forgotten await is named', () => {
    expectRefused(
      thrown(() => builderOf({ id: 'UInt8' }).stage(Promise.resolve({ id: 1 }), 0)),
      { code: 'WRONG_TYPE', hint: /Await the promise/ },
    )
  })
})

describe('a row that throws while it is read', () => {
  forBoth(
    'leaves nothing behind, and its own error comes out',
    { id: 'UInt8', tags: 'Array(String)', name: 'String' },
    (builder) => {
      const mine = new Error('mine')
      const bad = (error: unknown) => ({
        id: 2,
        tags: ['kept out'],
        get name(): string {
          throw error
        },
      })
      builder.stage({ id: 1, tags: ['a'], name: 'x' }, 0)
      expect(thrown(() => builder.stage(bad(mine), 1))).toBe(mine)
      const typeError = new TypeError('mine, too')
      expect(thrown(() => builder.stage(bad(typeError), 1))).toBe(typeError)
      builder.stage({ id: 3, tags: ['b'], name: 'y' }, 1)
      expect(rowsOf(builder)).toEqual([
        [1, ['a'], 'x'],
        [3, ['b'], 'y'],
      ])
    },
  )
})

describe('unknown keys are an error that names the closest column', () => {
  const types = { user_id: 'UInt8', name: 'String' }
  forBoth('in the first row of a block', types, (builder) => {
    const refused = {
      code: 'UNKNOWN_COLUMN',
      row: 0,
      column: 'userid',
      message: /key "userid"/,
      hint: /Did you mean "user_id"\?/,
    } as const
    expectRefused(
      thrown(() => builder.stage({ userid: 1, user_id: 1, name: 'x' }, 0)),
      refused,
    )
    builder.stage({ user_id: 1, name: 'x' }, 0)
    builder.seal().release()
    expectRefused(
      thrown(() => builder.stage({ user_id: 1, name: 'x', userid: 1 }, 0)),
      refused,
    )
    expect(builder.rowCount).toBe(0)
  })

  forBoth('in every row that misses a column: a misspelled name is always one of those', types, (builder) => {
    builder.stage({ user_id: 1, name: 'x' }, 0)
    expectRefused(
      thrown(() => builder.stage({ userId: 1, name: 'x' }, 1)),
      { code: 'UNKNOWN_COLUMN', row: 1, hint: /"user_id"/ },
    )
    expectRefused(
      thrown(() => builder.stage({ user_id: 1, Name: 'x' }, 1)),
      { code: 'UNKNOWN_COLUMN', hint: /"name"/ },
    )
    expectRefused(
      thrown(() => builder.stage({ user_id: 1, entirely: 'else' }, 1)),
      { code: 'UNKNOWN_COLUMN', hint: /Remove the key, or pass ignoreUnknown/ },
    )
    // A surplus key beside all columns is not looked for.
    builder.stage({ user_id: 2, name: 'y', more: 1 }, 1)
    expect(rowsOf(builder)).toEqual([
      [1, 'x'],
      [2, 'y'],
    ])
  })

  forBoth(
    'strictKeys looks at every row',
    types,
    (builder) => {
      builder.stage({ user_id: 1, name: 'x' }, 0)
      expectRefused(
        thrown(() => builder.stage({ user_id: 2, name: 'y', more: 1 }, 1)),
        { code: 'UNKNOWN_COLUMN', row: 1, column: 'more' },
      )
      builder.stage([3, 'z'], 1)
      expect(rowsOf(builder)).toEqual([
        [1, 'x'],
        [3, 'z'],
      ])
    },
    { strictKeys: true },
  )

  forBoth(
    'ignoreUnknown drops them',
    types,
    (builder) => {
      builder.stage({ userid: 1, more: 2, user_id: 1 }, 0)
      builder.stage({ more: {}, name: 'y' }, 1)
      expect(rowsOf(builder)).toEqual([
        [1, ''],
        [0, 'y'],
      ])
    },
    { ignoreUnknown: true },
  )

  forBoth('keys that only the prototype has are no keys', types, (builder) => {
    builder.stage(Object.assign(Object.create({ inherited: 1 }), { user_id: 1, name: 'x' }), 0)
    builder.stage(Object.assign(Object.create({ inherited: 1 }), { user_id: 1 }), 1)
    expect(rowsOf(builder)).toHaveLength(2)
  })
})

describe('columns may be called anything', () => {
  const inherited = ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf', '__defineGetter__']
  forBoth(
    'as members of Object.prototype: only a row’s own count',
    Object.fromEntries(inherited.map((name) => [name, 'String'])),
    (builder) => {
      // fromEntries defines own properties, `__proto__` too; in a literal it would set the prototype.
      builder.stage(Object.fromEntries(inherited.map((name) => [name, `own ${name}`])), 0)
      builder.stage({}, 1)
      builder.stage(Object.create(null), 2)
      builder.stage(JSON.parse('{"__proto__": "parsed"}'), 3)
      const rows = rowsOf(builder)
      expect(rows[0]).toEqual(inherited.map((name) => `own ${name}`))
      expect(rows[1]).toEqual(inherited.map(() => ''))
      expect(rows[2]).toEqual(inherited.map(() => ''))
      expect(rows[3]).toEqual(inherited.map((name) => (name === '__proto__' ? 'parsed' : '')))
    },
  )

  const names = [
    '',
    ' ',
    '"',
    "'",
    '`',
    '\\',
    '\\"',
    '\n',
    '\r\n',
    '\u2028',
    '\u2029',
    '\0',
    '\ud800',
    '$' + '{1}',
    '*/ globalThis.stolen = 1 /*',
    '"] ; globalThis.stolen = 1 ; row["',
    '\\"]; globalThis.stolen = 1; //',
    "'); globalThis.stolen = 1; ('",
    '<!-- globalThis.stolen = 1',
    'ключ',
    '🚀',
    'row',
    'index',
    'c0',
    'v0',
    'return',
    'a.b',
    '0',
    '1',
    'length',
    'constructor.prototype',
  ]
  forBoth(
    'as program text: nothing of a name is ever run',
    Object.fromEntries(names.map((name) => [name, 'UInt8'])),
    (builder) => {
      builder.stage(Object.fromEntries(names.map((name, i) => [name, i])), 0)
      // Integer keys come first in an object, and so among the columns here.
      builder.stage(
        builder.columns.map(({ name }) => 100 + names.indexOf(name)),
        1,
      )
      const block = decodeBlocks(sealedBytes(builder))[0]!
      const byName = (row: number) =>
        Object.fromEntries(block.columns.map(({ name }, i) => [name, block.rows[row]![i]]))
      names.forEach((name, i) => {
        const written = name.toWellFormed()
        expect([byName(0)[written], byName(1)[written]], JSON.stringify(name)).toEqual([i, 100 + i])
      })
      expect(globalThis).not.toHaveProperty('stolen')
      expectRefused(
        thrown(() => builder.stage({ [names[15]!]: 256 }, 2)),
        { code: 'VALUE_OUT_OF_RANGE', column: names[15]! },
      )
    },
  )

  it('labels of an Enum and names of tuple elements are no program either', () => {
    const label = '"); globalThis.stolen = 1; ("'
    const builder = builderOf({ e: `Enum8('${label}' = 1)`, t: 'Tuple(`"]; globalThis.stolen = 1; //` UInt8)' })
    builder.stage({ e: label, t: { '"]; globalThis.stolen = 1; //': 5 } }, 0)
    expect(rowsOf(builder)).toEqual([[label, { '"]; globalThis.stolen = 1; //': 5 }]])
    expect(globalThis).not.toHaveProperty('stolen')
  })
})

describe('a flattened Nested: columns n.a and n.b of equal lengths', () => {
  const types = { id: 'UInt8', 'n.a': 'Array(UInt8)', 'n.b': 'Array(String)' }
  forBoth('as two keys, as one array of objects, or of each a part', types, (builder) => {
    builder.stage({ id: 1, 'n.a': [1, 2], 'n.b': ['x', 'y'] }, 0)
    builder.stage(
      {
        id: 2,
        n: [
          { a: 1, b: 'x' },
          { b: 'y', a: 2 },
        ],
      },
      1,
    )
    builder.stage([3, [1, 2], ['x', 'y']], 2)
    builder.stage({ id: 4, n: [] }, 3)
    builder.stage({ id: 5 }, 4)
    builder.stage({ id: 6, 'n.a': [7], n: [{ a: 1, b: 'z' }] }, 5)
    expect(rowsOf(builder)).toEqual([
      [1, [1, 2], ['x', 'y']],
      [2, [1, 2], ['x', 'y']],
      [3, [1, 2], ['x', 'y']],
      [4, [], []],
      [5, [], []],
      [6, [7], ['z']],
    ])
  })

  forBoth('unequal lengths are refused in every form', types, (builder) => {
    builder.stage({ id: 1, 'n.a': [1], 'n.b': ['x'] }, 0)
    for (const row of [
      { id: 2, 'n.a': [1, 2], 'n.b': ['x'] },
      { id: 2, 'n.a': [1] },
      { id: 2, 'n.b': ['x'] },
      [2, [1], []],
      { id: 2, 'n.a': [1, 2], n: [{ a: 1, b: 'x' }] },
    ]) {
      expectRefused(
        thrown(() => builder.stage(row, 1)),
        { code: 'UNEQUAL_LENGTHS', row: 1, column: 'n.b', hint: /"n" have equal lengths/ },
      )
    }
    builder.stage({ id: 3, n: [{ a: 1, b: 'x' }] }, 1)
    expect(rowsOf(builder)).toHaveLength(2)
  })

  forBoth('null and undefined are named', types, (builder) => {
    expectRefused(
      thrown(() => builder.stage({ id: 1, 'n.a': null, 'n.b': [] }, 0)),
      { code: 'NOT_NULLABLE', column: 'n.a' },
    )
    expectRefused(
      thrown(() => builder.stage({ id: 1, n: null }, 0)),
      { code: 'NOT_NULLABLE', column: 'n.a' },
    )
    expectRefused(
      thrown(() => builder.stage({ id: 1, n: [{ a: 1, b: 'x' }, { a: 1 }] }, 0)),
      { code: 'MISSING_VALUE', column: 'n.b[1]' },
    )
    expectRefused(
      thrown(() => builder.stage({ id: 1, n: [{ a: 1, b: 'x' }, null] }, 0)),
      { code: 'MISSING_VALUE', column: 'n.a[1]' },
    )
    expectRefused(
      thrown(() => builder.stage({ id: 1, n: [{ a: 300, b: 'x' }] }, 0)),
      { code: 'VALUE_OUT_OF_RANGE', column: 'n.a[0]' },
    )
    expectRefused(
      thrown(() => builder.stage({ id: 1, n: { a: [1], b: ['x'] } }, 0)),
      { code: 'WRONG_TYPE', column: 'n.a' },
    )
    expectRefused(
      thrown(() => builder.stage({ id: 1, n: [{ a: 1, b: 'x', c: 2 }] }, 0)),
      { code: 'UNKNOWN_COLUMN', column: 'n.c' },
    )
    expectRefused(
      thrown(() => builder.stage({ id: 1, 'n.c': [1] }, 0)),
      { code: 'UNKNOWN_COLUMN', column: 'n.c', hint: /"n\.[ab]"/ },
    )
    expect(builder.rowCount).toBe(0)
  })

  forBoth(
    'under the name of a member of Object.prototype',
    { 'constructor.a': 'Array(UInt8)', 'constructor.b': 'Array(UInt8)' },
    (builder) => {
      builder.stage({}, 0)
      builder.stage({ constructor: [{ a: 1, b: 2 }] }, 1)
      expect(rowsOf(builder)).toEqual([
        [[], []],
        [[1], [2]],
      ])
    },
  )

  it('with DEFAULT, left out of some rows: siblings that are there have equal lengths', () => {
    const builder = builderOf(types, {}, { 'n.b': "['d']" })
    expect(builder.stage({ id: 1, 'n.a': [1] }, 0)).toBe(0)
    expect(builder.stage({ id: 2, 'n.a': [1], 'n.b': ['x'] }, 1)).toBe(2) // SEAL_FIRST
    expect(builder.rowCount).toBe(1)
    expect(builder.seal().columnNames).toEqual(['id', 'n.a'])
  })
})

describe('an error says where: table, column, type, row, value', () => {
  it('in message and fields, without printing the value in logs of the object', () => {
    const builder = builderOf({ status: 'UInt8' }, { table: 'events' })
    const error = thrown(() => builder.stage({ status: 300 }, 41_207)) as Error & { value: unknown }
    expect(error).toMatchObject({
      table: 'events',
      column: 'status',
      type: 'UInt8',
      row: 41_207,
      code: 'VALUE_OUT_OF_RANGE',
      retryable: false,
    })
    expect(error.message).toBe(
      'events.status UInt8, row 41207: 300 does not fit\n  hint: UInt8 holds 0..255: check the value before exec(), or widen the column.',
    )
    expect(error.value).toBe(300)
    expect(Object.keys(error)).not.toContain('value')
  })
  it('the row is counted from the statement’s first one when the caller gives no index', () => {
    const builder = builderOf({ a: 'UInt8' })
    builder.firstRow = 1000
    builder.stage([1])
    builder.stage([2])
    expectRefused(
      thrown(() => builder.stage([256])),
      { code: 'VALUE_OUT_OF_RANGE', row: 1002 },
    )
    expectRefused(
      thrown(() => builder.stage({ a: -1 })),
      { code: 'VALUE_OUT_OF_RANGE', row: 1002 },
    )
    expectRefused(
      thrown(() => builder.stage([])),
      { code: 'WRONG_ARITY', row: 1002 },
    )
  })
  it('a type that cannot be encoded is refused when the builder is made, naming the column', () => {
    for (const [type, code] of [
      ['AggregateFunction(sum, UInt8)', 'UNSUPPORTED_TYPE'],
      ['UInt9', 'UNKNOWN_TYPE'],
      ['Array(', 'BAD_TYPE'],
    ] as const) {
      expect(thrown(() => builderOf({ fine: 'UInt8', odd: type }, { table: 'events' }))).toMatchObject({
        code,
        column: 'odd',
        table: 'events',
      })
    }
  })
})
