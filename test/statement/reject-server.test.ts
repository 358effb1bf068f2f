// Rows that a real server refuses: CHECK constraints of ClickHouse 26 behind HTTP, expressions of 18.16, which has no constraints.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connect, DeliveryError, type Logger, type RejectedRow } from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { failure } from '../support/inserts.ts'
import { belowOf, random } from '../support/random.ts'
import { randomType } from '../support/random-types/composites.ts'
import { range } from './lying.ts'

const silent = () => {}
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }
const DEDUPLICATES = 'SETTINGS non_replicated_deduplication_window = 1000'

let front: ChdbFront
let connection: Connection
beforeAll(async () => {
  front = await startFront()
  connection = await connect({ url: front.url, logger, retry: { minDelay: 5, maxDelay: 20 } })
})
afterAll(async () => {
  await connection?.close()
  await front?.stop()
})

let tableCount = 0
async function createTable(columns: string, engine = `MergeTree ORDER BY tuple() ${DEDUPLICATES}`): Promise<string> {
  const table = `reject${tableCount++}`
  await connection.command(`CREATE TABLE ${table} (${columns}) ENGINE = ${engine}`)
  return table
}

async function idsOf(table: string, from: Connection = connection): Promise<number[]> {
  const rows = await from.query<{ id: number }>(`SELECT toUInt32(id) AS id FROM ${table} ORDER BY id`)
  return rows.map(({ id }) => Number(id))
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)

describe.each([
  { compression: 'none' },
  { compression: 'lz4', worker: false },
  { compression: 'lz4', worker: true },
] as const)('CHECK constraints, %o', (options) => {
  it.each([
    ['none', []],
    ['the first', [0]],
    ['the last', [499]],
    ['several', [7, 8, 123, 250, 444]],
    ['all', range(60)],
  ])('%s of the rows are bad: the others are in the table once', async (name, bad) => {
    const table = await createTable('id UInt32, x Int32, text String, CONSTRAINT positive CHECK x > 0')
    const rejected: RejectedRow[] = []
    const onReject = (row: RejectedRow) => void rejected.push(row)
    const statement = await connection.prepare(`INSERT INTO ${table}`, { ...options, onReject, flushInterval: 0 })
    const rowCount = name === 'all' ? bad.length : 500
    for (const id of range(rowCount)) await statement.exec({ id, x: bad.includes(id) ? -id : 1, text: `text ${id}` })
    expect(await statement.commit()).toMatchObject({ rows: rowCount - bad.length, rejected: bad.length })
    expect(await idsOf(table)).toEqual(range(rowCount).filter((id) => !bad.includes(id)))
    expect(rejected.toSorted((a, b) => a.rowIndex - b.rowIndex)).toEqual(
      bad.map((id) => ({
        rowIndex: id,
        row: { id, x: -id || 0, text: `text ${id}` },
        table: `\`default\`.\`${table}\``,
        token: expect.stringMatching(new RegExp(`/${id}-${id + 1}$`)),
        serverCode: 469,
        serverName: 'VIOLATED_CONSTRAINT',
        reason: expect.stringMatching(/^Constraint `positive` for table .* is violated/),
      })),
    )
  })
})

it('rows of all types are the same rows in pieces', async () => {
  const { seed } = random('SLUICE_SEED')
  for (let round = 0; round < 3; round++) {
    const below = belowOf(seed + round)
    // Types that a plain session does not let into a table are tested elsewhere (test/block/gather.test.ts), and so is JSON, whose
    // numbers take a type from those around them in the block.
    const types = Array.from({ length: 400 }, () => randomType(below, 2))
      .filter(
        ({ type }) =>
          !/LowCardinality|Variant|JSON|Dynamic|Time\b|Time64|QBit|Nullable\((Tuple|Nested)|FixedString\(\d{3}|Nested/.test(
            type,
          ),
      )
      .slice(0, 12)
    const columns = types.map(({ type }, i) => `c${i} ${type}`).join(', ')
    const tables = [
      await createTable(`id UInt32, ${columns}, CONSTRAINT c CHECK id % 37 != 5`, 'Memory'),
      await createTable(`id UInt32, ${columns}`, 'Memory'),
    ]
    const rows = range(200).map((id) => [id, ...types.map((type) => type.good().input)])
    const rejected: number[] = []
    const onReject = ({ rowIndex }: RejectedRow) => void rejected.push(rowIndex)
    for (const table of tables) {
      const statement = await connection.prepare(`INSERT INTO ${table}`, { onReject, compression: 'lz4' })
      await statement.execMany(rows.filter(([id]) => table === tables[0] || Number(id) % 37 !== 5))
      await statement.commit()
    }
    expect(sorted(rejected), `SLUICE_SEED=${seed}`).toEqual(range(200).filter((id) => id % 37 === 5))
    const [ours, expected] = await Promise.all(
      tables.map((table) => front.query(`SELECT * FROM ${table} ORDER BY id FORMAT JSONCompactEachRow`)),
    )
    expect(ours, `SLUICE_SEED=${seed}`).toBe(expected)
  }
})

it('a column that a row left out is not among its values: exec() takes it again, and its DEFAULT', async () => {
  const table = await createTable("id UInt32, d String DEFAULT concat('d', toString(id)), CONSTRAINT c CHECK id != 2")
  const rejected: RejectedRow[] = []
  const statement = await connection.prepare(`INSERT INTO ${table}`, { onReject: (row) => void rejected.push(row) })
  await statement.execMany([{ id: 1 }, { id: 2 }, { id: 3, d: 'given' }])
  await statement.flush()
  expect(rejected.map(({ row }) => row)).toEqual([{ id: 2 }])
  await statement.exec({ ...rejected[0]!.row, id: 4 })
  await statement.commit()
  expect(await connection.query(`SELECT id, d FROM ${table} ORDER BY id`)).toEqual([
    { id: 1, d: 'd1' },
    { id: 3, d: 'given' },
    { id: 4, d: 'd4' },
  ])
})

it('any expression of the table may refuse a row', async () => {
  for (const [columns, engine] of [
    ['id UInt32, x Int32, m Int32 MATERIALIZED intDiv(10, x)', undefined],
    ['id UInt32, x Int32, m Int32 DEFAULT throwIf(x = 0)', undefined],
    ['id UInt32, x Int32', 'MergeTree ORDER BY intDiv(10, x)'],
    ['id UInt32, x Int32, INDEX i intDiv(10, x) TYPE minmax', 'MergeTree ORDER BY id'],
    ['id UInt32, x Int8', 'CollapsingMergeTree(x) ORDER BY id'],
  ]) {
    const table = await createTable(columns!, engine)
    const rejected: number[] = []
    const statement = await connection.prepare(`INSERT INTO ${table}`, {
      onReject: ({ rowIndex }) => void rejected.push(rowIndex),
    })
    for (const id of range(50)) await statement.exec({ id, x: id === 20 || id === 49 ? 0 : 1 })
    await statement.commit()
    expect(sorted(rejected), columns).toEqual([20, 49])
    expect(await idsOf(table), columns).toEqual(range(50).filter((id) => id !== 20 && id !== 49))
  }
})

describe('what is stored of a block with one bad row', () => {
  const rows = range(1000).map((id) => ({ id, p: id % 4, x: id === 702 ? 0 : 1 })) // of the third partition
  const inTable = async (table: string) =>
    (await connection.query<{ p: number }>(`SELECT p, count() AS n FROM ${table} GROUP BY p ORDER BY p`)).map(
      ({ p }) => p,
    )

  it.each([
    ['a constraint, over several partitions', ', CONSTRAINT c CHECK x > 0', 'ORDER BY id PARTITION BY p', []],
    [
      'a MATERIALIZED column, over several partitions',
      ', m Int32 MATERIALIZED intDiv(1, x)',
      'ORDER BY id PARTITION BY p',
      [],
    ],
    ['the partition key', '', 'ORDER BY id PARTITION BY (p, intDiv(1, x))', []],
    ['the sorting key', '', 'ORDER BY intDiv(1, x)', []],
    ['the sorting key, over several partitions', '', 'ORDER BY intDiv(1, x) PARTITION BY p', [0]],
    ['an index, over several partitions', ', INDEX i intDiv(1, x) TYPE minmax', 'ORDER BY id PARTITION BY p', [0]],
  ])('%s', async (_, more, keys, stored) => {
    const table = await createTable(`id UInt32, p UInt8, x Int32${more}`, `MergeTree ${keys}`)
    const statement = await connection.prepare(`INSERT INTO ${table}`)
    await statement.execMany(rows)
    await failure(statement.commit(), DeliveryError)
    expect(await inTable(table)).toEqual(stored)
  })

  it('so a block that may span partitions is unknown, and deliver() under its token adds what is missing', async () => {
    const table = await createTable(
      'id UInt32, p UInt8, x Int32, INDEX i intDiv(1, x) TYPE minmax',
      `MergeTree ORDER BY id PARTITION BY p ${DEDUPLICATES}`,
    )
    const rejected: RejectedRow[] = []
    const statement = await connection.prepare(`INSERT INTO ${table}`, { onReject: (row) => void rejected.push(row) })
    await statement.execMany(rows)
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.message).toContain(
      'is partitioned by p, and the block spans 4 partitions, which splitByPartition keeps apart',
    )
    expect(error.blocks).toMatchObject([{ state: 'unknown' }])
    expect(rejected).toEqual([])
    expect(await inTable(table)).toEqual([0])
    await connection.command(`ALTER TABLE ${table} DROP INDEX i`)
    await connection.deliver(statement.takeBlocks())
    expect(await idsOf(table)).toEqual(range(1000))
  })

  it('where the table would not recognise it, deliver() asks for the word', async () => {
    const table = await createTable(
      'id UInt32, p UInt8, x Int32, INDEX i intDiv(1, x) TYPE minmax',
      'MergeTree ORDER BY id PARTITION BY p',
    )
    const statement = await connection.prepare(`INSERT INTO ${table}`, { onReject: () => {} })
    await statement.execMany(rows)
    await failure(statement.commit(), DeliveryError)
    await connection.command(`ALTER TABLE ${table} DROP INDEX i`)
    const blocks = statement.takeBlocks()
    await expect(connection.deliver(blocks)).rejects.toMatchObject({ code: 'CANNOT_HOLD_PROMISE' })
    expect(await idsOf(table)).toEqual(range(1000).filter((id) => id % 4 === 0))
    await connection.deliver(blocks, { acceptDuplicates: true })
    expect(await idsOf(table)).toHaveLength(1250)
  })

  it('a block that lies in one partition is cut, and where its blocks are split, every one', async () => {
    const at = (day: number) => new Date(Date.UTC(2024, 0, day))
    for (const [options, days] of [
      [{}, [10, 20]],
      [{ splitByPartition: true }, [1, 40, 80]],
    ] as const) {
      const table = await createTable(
        "id UInt32, at DateTime('UTC'), x Int32, INDEX i intDiv(1, x) TYPE minmax",
        `MergeTree ORDER BY id PARTITION BY toYYYYMM(at) ${DEDUPLICATES}`,
      )
      const rejected: RejectedRow[] = []
      const onReject = (row: RejectedRow) => void rejected.push(row)
      const statement = await connection.prepare(`INSERT INTO ${table}`, { ...options, onReject })
      const rows = range(1000).map((id) => ({ id, at: at(days[id % days.length]!), x: id % 250 === 7 ? 0 : 1 }))
      await statement.execMany(rows)
      expect(await statement.commit()).toMatchObject({ rows: 996, rejected: 4 })
      expect(
        rejected.map(({ rowIndex, row }) => [rowIndex, row.id, row.at]).toSorted((a, b) => Number(a[0]) - Number(b[0])),
      ).toEqual([7, 257, 507, 757].map((id) => [id, id, rows[id]!.at]))
      expect(await idsOf(table)).toEqual(range(1000).filter((id) => id % 250 !== 7))
    }
  })

  it('and so is one that is behind a view', async () => {
    const table = await createTable('id UInt32, x Int32')
    const seen = await createTable('id UInt32, x Int32, CONSTRAINT c CHECK x > 0', 'Memory')
    await connection.command(`CREATE MATERIALIZED VIEW ${table}_view TO ${seen} AS SELECT id, x FROM ${table}`)
    const statement = await connection.prepare(`INSERT INTO ${table}`, { onReject: () => {} })
    await statement.execMany(rows.map(({ id, x }) => ({ id, x })))
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.blocks).toMatchObject([{ state: 'unknown' }])
    expect(await idsOf(table)).toEqual(range(1000))
  })
})

it('answers that are lost while a block is cut: the count is exact, wherever the connection breaks', async () => {
  const proxy = await startFaultProxy(front.url)
  const shaky = await connect({ url: proxy.url, logger, retry: { minDelay: 1, maxDelay: 5 } })
  try {
    const outcomes = { whole: 0, held: 0 }
    for (let cut = 1; cut <= 18; cut++) {
      const table = await createTable('id UInt32, x Int32, CONSTRAINT c CHECK x > 0')
      const rejected: number[] = []
      const statement = await shaky.prepare(`INSERT INTO ${table}`, {
        onReject: ({ rowIndex }) => void rejected.push(rowIndex),
        flushInterval: 0,
      })
      let settled = 0
      statement.on('block', () => {
        if (++settled === cut) proxy.arm({ cutResponseAt: 0 })
      })
      for (const id of range(300)) await statement.exec({ id, x: id === 33 || id === 222 ? -1 : 1 })
      const failed = await statement.commit().then(
        () => undefined,
        (error: unknown) => error,
      )
      proxy.arm(undefined)
      let left: number[] = []
      if (failed === undefined) outcomes.whole++
      else {
        // The lost answer was a refusal, which cannot be told from a success: held, and named.
        outcomes.held++
        expect(failed).toBeInstanceOf(DeliveryError)
        await connection.command(`ALTER TABLE ${table} DROP CONSTRAINT c`)
        const blocks = statement.takeBlocks()
        await connection.deliver(blocks)
        left = (await idsOf(table)).filter((id) => id === 33 || id === 222)
      }
      const { rejected: rejectedCount } = statement.stats
      expect(sorted([...rejected, ...left]), `cut ${cut}`).toEqual([33, 222])
      expect(await idsOf(table), `cut ${cut}`).toEqual(range(300).filter((id) => !rejected.includes(id)))
      expect(rejectedCount).toBeGreaterThanOrEqual(rejected.length)
    }
    expect(outcomes.whole).toBeGreaterThan(0)
  } finally {
    await shaky.close()
    await proxy.close()
  }
})

it('a table without a deduplication window, without faults: every good row once', async () => {
  const table = await createTable('id UInt32, CONSTRAINT c CHECK id % 100 != 50', 'MergeTree ORDER BY id')
  const statement = await connection.prepare(`INSERT INTO ${table}`, { onReject: () => {}, blockSize: 256 })
  await statement.execMany(range(2000).map((id) => ({ id })))
  expect(await statement.commit()).toMatchObject({ rows: 1980, rejected: 20 })
  expect(await idsOf(table)).toEqual(range(2000).filter((id) => id % 100 !== 50))
})

it('in the process itself', async () => {
  // One engine a process: this one is free, the other is behind HTTP.
  const embedded = await connect({ url: 'chdb:', logger })
  try {
    await embedded.command(
      `CREATE TABLE t (id UInt32, CONSTRAINT c CHECK id != 77) ENGINE = MergeTree ORDER BY id ${DEDUPLICATES}`,
    )
    const rejected: RejectedRow[] = []
    const statement = await embedded.prepare('INSERT INTO t', { onReject: (row) => void rejected.push(row) })
    await statement.execMany(range(100).map((id) => ({ id })))
    await statement.commit()
    expect(rejected).toMatchObject([{ rowIndex: 77, row: { id: 77 }, serverCode: 469 }])
    expect(await idsOf('t', embedded)).toEqual(range(100).filter((id) => id !== 77))
  } finally {
    await embedded.close()
  }
})

describe.skipIf(!serverAvailable())('ClickHouse 18.16', () => {
  let server: TestServer
  let old: Connection
  beforeAll(async () => {
    server = await startServer({ profile: { allow_experimental_low_cardinality_type: 1 } })
    old = await connect({ url: server.url, logger })
  })
  afterAll(async () => {
    await old?.close()
    await server?.stop()
  })

  it.each(['none', 'lz4'] as const)(
    'refuses a row in a MATERIALIZED expression, compression %s',
    async (compression) => {
      const table = `m_${compression}`
      await old.command(
        `CREATE TABLE ${table} (id UInt32, x Int32, kind LowCardinality(String), tags Array(Nullable(String)), m UInt8 MATERIALIZED intDiv(1, x)) ENGINE = MergeTree ORDER BY id`,
      )
      const rejected: RejectedRow[] = []
      const statement = await old.prepare(`INSERT INTO ${table}`, {
        compression,
        blockSize: 400,
        onReject: (row) => void rejected.push(row),
      })
      const rowOf = (id: number) => ({ id, x: id % 333 === 5 ? 0 : 1, kind: `kind ${id % 7}`, tags: ['a', null] })
      for (const id of range(1000)) await statement.exec(rowOf(id))
      expect(await statement.commit()).toMatchObject({ rows: 997, rejected: 3 })
      expect(rejected.toSorted((a, b) => a.rowIndex - b.rowIndex)).toMatchObject(
        [5, 338, 671].map((id) => ({ rowIndex: id, row: rowOf(id), serverCode: 153, serverName: '' })),
      )
      const [sums] = await old.query(
        `SELECT count() AS n, sum(id) AS ids, sum(kind = concat('kind ', toString(id % 7))) AS kinds, sum(tags[1] = 'a' AND tags[2] IS NULL) AS tagged FROM ${table}`,
      )
      const ids = 499_500 - 5 - 338 - 671
      expect(sums).toEqual({ n: '997', ids: String(ids), kinds: '997', tagged: '997' })
    },
  )

  it('keeps partitions that it wrote before the one with the bad row', async () => {
    await old.command(
      'CREATE TABLE parts (id UInt32, p UInt8, x Int32) ENGINE = MergeTree ORDER BY intDiv(1, x) PARTITION BY p',
    )
    const statement = await old.prepare('INSERT INTO parts', { onReject: () => {} })
    await statement.execMany(range(1000).map((id) => ({ id, p: id % 4, x: id === 702 ? 0 : 1 })))
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.blocks).toMatchObject([{ state: 'unknown' }])
    expect(await old.query('SELECT p FROM parts GROUP BY p ORDER BY p')).toEqual([{ p: 0 }, { p: 1 }])
  })
})

describe('where onReject cannot serve', () => {
  it.each<[string, string, string, object, RegExp | undefined]>([
    ['a table', 'block', `MergeTree ORDER BY id ${DEDUPLICATES}`, {}, undefined],
    ['a table with a view', 'nothing', `MergeTree ORDER BY id ${DEDUPLICATES}`, {}, /has materialized views \(.*view/],
    ['a log', 'nothing', 'Log', {}, /is a Log table/],
    ['partitions', 'partition', `MergeTree PARTITION BY id % 2 ORDER BY id ${DEDUPLICATES}`, {}, /splitByPartition/],
    [
      'partitions apart',
      'partition',
      `MergeTree PARTITION BY id % 2 ORDER BY id ${DEDUPLICATES}`,
      { splitByPartition: true },
      undefined,
    ],
  ])('%s: prepare() and check() say so', async (made, per, engine, options, why) => {
    const table = await createTable('id UInt32', engine)
    if (made.endsWith('view')) {
      await connection.command(
        `CREATE MATERIALIZED VIEW ${table}_view ENGINE = MergeTree ORDER BY id ${DEDUPLICATES} AS SELECT id FROM ${table}`,
      )
    }
    const said: unknown[] = []
    const warn: Logger['warn'] = (_, fields) => void said.push(fields?.warning)
    await using logged = await connect({ url: front.url, logger: { ...logger, warn } })
    const aboutReject = (texts: readonly unknown[]) => texts.filter((text) => /onReject/.test(String(text)))
    const without = await logged.prepare(table, options)
    expect(aboutReject(without.stats.warnings)).toEqual([])
    const { stats } = await logged.prepare(table, { ...options, onReject: () => {} })
    expect(aboutReject(stats.warnings)).toEqual(why === undefined ? [] : [expect.stringMatching(why)])
    expect(aboutReject(said)).toEqual(aboutReject(stats.warnings))
    const { onReject } = await logged.check(table)
    expect(onReject.per).toBe(per)
    if (why !== undefined) expect(stats.warnings.at(-1)).toContain(onReject.reason)
  })
})
