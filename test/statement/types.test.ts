import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connect, SchemaError, typed } from '../../src/index.ts'
import { failure } from '../support/inserts.ts'

let connection: Connection

beforeAll(async () => {
  const silent = () => {}
  connection = await connect({ url: 'chdb:', logger: { debug: silent, info: silent, warn: silent, error: silent } })
})
afterAll(async () => {
  await connection.close()
})

describe('types that hold values of other types, from prepare to SELECT', () => {
  it('all of them in one table, as system.columns spells them', async () => {
    await connection.command(`CREATE TABLE events (
      id UInt32,
      v Variant(UInt64, String, Array(LowCardinality(String))),
      d Dynamic,
      j JSON(user.id UInt32, max_dynamic_paths = 8, SKIP secret),
      js Array(Tuple(at DateTime, payload Nullable(JSON))),
      p Point,
      g Geometry,
      i IntervalDay,
      q QBit(Float32, 4),
      s SimpleAggregateFunction(sum, UInt64),
      n Nested(k LowCardinality(String), d Dynamic)
    ) ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 8192`)
    const statement = await connection.prepare('events', { blockSize: 2 })
    await statement.exec({
      id: 1,
      v: 'text',
      d: [1, 'x'],
      j: { user: { id: 7 }, secret: 'gone', n: 2n ** 63n },
      js: [{ at: new Date(0), payload: { a: [1] } }, [1, null]],
      p: [1, 2],
      g: typed('Point', [3, 4]),
      i: 5,
      q: Float32Array.of(1, 2, 3, 4),
      s: 6n,
      'n.k': ['a', 'b'],
      'n.d': [1, 'x'],
    })
    await statement.exec([
      2,
      ['a', 'a'],
      typed('UInt8', 1),
      '{"user":{"id":8}}',
      [],
      [0, 0],
      null,
      0,
      [0, 0, 0, 0],
      0,
      [],
      [],
    ])
    await statement.exec({ id: 3 })
    await statement.commit()
    const select = `SELECT e.* REPLACE (toString(e.v) AS v, toString(e.i) AS i, toUInt32(e.s) AS s), dynamicType(d) AS type,
      variantType(e.v) AS alternative, toString(j.n) AS jn FROM events AS e ORDER BY id`
    expect(await connection.query(select)).toEqual([
      {
        id: 1,
        v: 'text',
        d: expect.anything(),
        j: expect.objectContaining({ user: { id: 7 } }),
        js: [
          { at: '1970-01-01 00:00:00', payload: { a: [expect.anything()] } },
          { at: '1970-01-01 00:00:01', payload: null },
        ],
        p: [1, 2],
        g: [3, 4],
        i: '5',
        q: [1, 2, 3, 4],
        s: 6,
        'n.k': ['a', 'b'],
        'n.d': [expect.anything(), 'x'],
        type: 'Array(Dynamic)',
        alternative: 'String',
        jn: '9223372036854775808',
      },
      expect.objectContaining({ id: 2, v: "['a','a']", type: 'UInt8', j: { user: { id: 8 } }, g: null, 'n.d': [] }),
      {
        id: 3,
        v: '',
        d: null,
        j: { user: { id: 0 } },
        js: [],
        p: [0, 0],
        g: null,
        i: '0',
        q: [0, 0, 0, 0],
        s: 0,
        'n.k': [],
        'n.d': [],
        type: 'None',
        alternative: 'None',
        jn: '',
      },
    ])
  })

  it('DEFAULT expressions: left out by all, by none, by some', async () => {
    await connection.command(`CREATE TABLE defaults (
      id UInt32,
      v Variant(String, UInt64) DEFAULT 'v'::Variant(String, UInt64),
      d Dynamic DEFAULT 'd'::Dynamic,
      j JSON DEFAULT '{"j":"default"}'::JSON,
      p Point DEFAULT (1, 2),
      i IntervalDay DEFAULT toIntervalDay(9)
    ) ENGINE = MergeTree ORDER BY id`)
    const statement = await connection.prepare('defaults')
    await statement.exec({ id: 1 })
    await statement.exec({ id: 2, v: 'x', d: 'y', j: { j: 'z' }, p: [3, 4], i: 5 })
    await statement.exec({ id: 3, v: null, d: null, j: {}, p: [5, 6], i: 0 })
    await statement.exec({ id: 4, j: { j: 'only' } })
    await statement.exec({ id: 5, i: 6 })
    await statement.commit()
    const select = 'SELECT id, v, d, j, p, toString(i) AS i FROM defaults ORDER BY id'
    const byDefault = { v: 'v', d: 'd', j: { j: 'default' }, p: [1, 2], i: '9' }
    expect(await connection.query(select)).toEqual([
      { id: 1, ...byDefault },
      { id: 2, v: 'x', d: 'y', j: { j: 'z' }, p: [3, 4], i: '5' },
      { id: 3, v: null, d: null, j: {}, p: [5, 6], i: '0' },
      { id: 4, ...byDefault, j: { j: 'only' } },
      { id: 5, ...byDefault, i: '6' },
    ])
  })
})

describe('AggregateFunction is refused at prepare, with two ways around it', () => {
  it('the refusal', async () => {
    await connection.command(`CREATE TABLE states (k UInt8, q AggregateFunction(quantiles(0.5, 0.9), UInt32))
      ENGINE = AggregatingMergeTree ORDER BY k`)
    const error = await failure(connection.prepare('states'), SchemaError)
    expect(error).toBeInstanceOf(SchemaError)
    expect(error).toMatchObject({
      code: 'UNSUPPORTED_TYPE',
      table: 'states',
      column: 'q',
      type: 'AggregateFunction(quantiles(0.5, 0.9), UInt32)',
    })
    expect(error.message.match(/hint:/g)).toHaveLength(1)
    expect(error.hint).toContain('v UInt32 EPHEMERAL')
    expect(error.hint).toContain("DEFAULT arrayReduce('quantilesState(0.5, 0.9)', [v])")
    expect(error.hint).toContain('materialized view selects quantilesState(0.5, 0.9)(v)')
    await (await connection.prepare('INSERT INTO states (k)')).rollback()
  })

  it.each([
    ['AggregateFunction(count)', 'v UInt8 EPHEMERAL', "arrayReduce('countState', [v])"],
    [
      'AggregateFunction(argMax, String, DateTime)',
      'v1 String EPHEMERAL, v2 DateTime EPHEMERAL',
      "arrayReduce('argMaxState', [v1], [v2])",
    ],
    [
      'AggregateFunction(sumIf, UInt64, UInt8)',
      'v1 UInt64 EPHEMERAL, v2 UInt8 EPHEMERAL',
      "arrayReduce('sumIfState', [v1], [v2])",
    ],
    ['AggregateFunction(uniq, Nullable(String))', 'v Nullable(String) EPHEMERAL', "arrayReduce('uniqState', [v])"],
    ['AggregateFunction(quantile(0.9), Float64)', 'v Float64 EPHEMERAL', "arrayReduce('quantileState(0.9)', [v])"],
  ])('%s: the DDL of the hint is what the engine takes', async (type, ephemeral, expression) => {
    const error = await failure(connection.prepare('none', { columns: [{ name: 'c', type }] }), SchemaError)
    expect(error.hint).toContain(ephemeral)
    expect(error.hint).toContain(`${type} DEFAULT ${expression}`)
    await connection.command('DROP TABLE IF EXISTS ddl')
    await connection.command(
      `CREATE TABLE ddl (k UInt8, ${ephemeral}, c ${type} DEFAULT ${expression}) ENGINE = AggregatingMergeTree ORDER BY k`,
    )
  })

  it('an EPHEMERAL column with a DEFAULT over it', async () => {
    await connection.command(`CREATE TABLE ephemeral (k UInt8, v UInt32 EPHEMERAL,
      q AggregateFunction(sum, UInt32) DEFAULT arrayReduce('sumState', [v])) ENGINE = AggregatingMergeTree ORDER BY k`)
    const statement = await connection.prepare('INSERT INTO ephemeral (k, v)')
    for (let i = 1; i <= 10; i++) await statement.exec({ k: i % 2, v: i })
    await statement.commit()
    expect(
      await connection.query('SELECT k, toUInt32(sumMerge(q)) AS sum FROM ephemeral GROUP BY k ORDER BY k'),
    ).toEqual([
      { k: 0, sum: 30 },
      { k: 1, sum: 25 },
    ])
  })

  it('a landing table with a materialized view', async () => {
    await connection.command(
      `CREATE TABLE sums (k UInt8, q AggregateFunction(sum, UInt32)) ENGINE = AggregatingMergeTree ORDER BY k`,
    )
    await connection.command('CREATE TABLE landing (k UInt8, v UInt32) ENGINE = Null')
    await connection.command(
      'CREATE MATERIALIZED VIEW landed TO sums AS SELECT k, sumState(v) AS q FROM landing GROUP BY k',
    )
    const statement = await connection.prepare('landing')
    for (let i = 1; i <= 10; i++) await statement.exec({ k: i % 2, v: i })
    await statement.commit()
    expect(await connection.query('SELECT k, toUInt32(sumMerge(q)) AS sum FROM sums GROUP BY k ORDER BY k')).toEqual([
      { k: 0, sum: 30 },
      { k: 1, sum: 25 },
    ])
  })
})
