// Blocks of one partition each: every INSERT is one part, and the account of the rows stays that of the blocks they were cut from.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { decompress } from '../../src/block/frame.ts'
import {
  type BlockReport,
  type Connection,
  connect,
  DeliveryError,
  type Logger,
  type StatementOptions,
} from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { failure } from '../support/inserts.ts'
import { exceptionReply } from '../support/lying-server.ts'
import { random } from '../support/random.ts'
import { gate, lyingConnection, range } from './lying.ts'

const silent = () => {}
const logger: Logger = { debug: silent, info: silent, warn: silent, error: silent }
const DAY = 86_400

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
async function createTable(
  partitionBy: string,
  columns = "id UInt32, at DateTime('UTC'), kind LowCardinality(String), text String",
): Promise<string> {
  const table = `split${tableCount++}`
  await connection.command(
    `CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY id PARTITION BY ${partitionBy} SETTINGS non_replicated_deduplication_window = 1000`,
  )
  await connection.command(`SYSTEM STOP MERGES ${table}`)
  return table
}

const rowOf = (id: number, days = 1) => ({
  id,
  at: 1_700_000_000 + (id % days) * DAY,
  kind: `kind ${id % 5}`,
  text: `text ${id}`,
})

async function partsOf(table: string): Promise<{ partition_id: string; rows: number }[]> {
  const parts = await connection.query<{ partition_id: string; rows: string }>(
    `SELECT partition_id, rows FROM system.parts WHERE table = '${table}' AND active ORDER BY name`,
  )
  return parts.map(({ partition_id, rows }) => ({ partition_id, rows: Number(rows) }))
}

async function idsOf(table: string): Promise<number[]> {
  const rows = await connection.query<{ id: number }>(`SELECT id FROM ${table} ORDER BY id`)
  return rows.map(({ id }) => Number(id))
}

const split = { splitByPartition: true, flushInterval: 0 } as const

describe.each([
  { compression: 'none' },
  { compression: 'lz4', worker: false },
  { compression: 'lz4', worker: true },
] as const)('every INSERT is one part, %o', (options) => {
  it('a block over 150 partitions, which the server would refuse', async () => {
    const table = await createTable('toDate(at)')
    const statement = await connection.prepare(`INSERT INTO ${table}`, { ...split, ...options })
    await statement.execMany(range(3000).map((id) => rowOf(id, 150)))
    const { rows, blocks, tokens } = await statement.commit()
    expect({ rows, blocks, tokens: new Set(tokens).size }).toEqual({ rows: 3000, blocks: 150, tokens: 150 })
    const parts = await partsOf(table)
    expect(parts).toHaveLength(150)
    expect(new Set(parts.map(({ partition_id }) => partition_id)).size).toBe(150)
    expect(parts.every(({ rows: rowCount }) => rowCount === 20)).toBe(true)
    expect(
      await connection.query(
        `SELECT count() AS n, sum(kind = concat('kind ', toString(id % 5))) AS kinds, sum(text = concat('text ', toString(id))) AS texts, sum(at = toDateTime(1700000000 + (id % 150) * 86400)) AS times FROM ${table}`,
      ),
    ).toEqual([{ n: '3000', kinds: '3000', texts: '3000', times: '3000' }])
  })
})

it('without the option it fails fast, with advice that names it', async () => {
  const table = await createTable('toDate(at)')
  const statement = await connection.prepare(`INSERT INTO ${table}`, { flushInterval: 0 })
  await statement.execMany(range(3000).map((id) => rowOf(id, 150)))
  const error = await failure(statement.commit(), DeliveryError)
  expect(error).toMatchObject({ serverCode: 252, blocks: [{ state: 'rejected', attempts: 1 }] })
  expect(error.message).toContain('splitByPartition: true')
})

it('a block of one partition goes as it is: the same token as without the option', async () => {
  const table = await createTable('toYYYYMM(at)')
  const deterministic = { deterministic: true, engineId: 1, flushInterval: 0 }
  const tokens = []
  for (const options of [deterministic, { ...deterministic, splitByPartition: true }]) {
    const statement = await connection.prepare(`INSERT INTO ${table}`, options)
    await statement.execMany(range(10).map((id) => rowOf(id)))
    tokens.push((await statement.commit()).tokens)
  }
  expect(tokens[1]).toEqual(tokens[0])
  expect(await idsOf(table)).toEqual(range(10))
})

it('equal runs have equal tokens: the second adds nothing', async () => {
  const table = await createTable('(toMonday(at), id % 3)')
  const runs = []
  for (let run = 0; run < 2; run++) {
    const statement = await connection.prepare(`INSERT INTO ${table}`, {
      ...split,
      deterministic: true,
      engineId: 'x',
      blockSize: 200,
    })
    await statement.execMany(range(1000).map((id) => rowOf(id, 40)))
    runs.push((await statement.commit()).tokens)
  }
  expect(runs[1]).toEqual(runs[0])
  expect(await idsOf(table)).toEqual(range(1000))
})

const { seed, below } = random('SLUICE_SEED')
it(`random rows, sizes and keys: every row once, a part for every block (SLUICE_SEED=${seed})`, async () => {
  for (const key of [
    'toStartOfWeek(at)',
    'id % 7',
    '(kind, toYYYYMM(at))',
    'intDiv(id, 100)',
    'toStartOfHour(at)',
    'tuple()',
  ]) {
    const table = await createTable(key)
    const statement = await connection.prepare(`INSERT INTO ${table}`, {
      ...split,
      blockSize: 1 + below(400),
      compression: below(2) ? 'lz4' : 'none',
    })
    const rows = range(500 + below(500)).map((id) => ({
      ...rowOf(id),
      at: 1_700_000_000 + below(4 * DAY),
      kind: `k${below(3)}`,
    }))
    const cut = below(rows.length)
    await statement.execMany(rows.slice(0, cut))
    const rest = rows.slice(cut)
    await statement.execColumns({
      id: Uint32Array.from(rest, ({ id }) => id),
      at: rest.map(({ at }) => at),
      kind: rest.map(({ kind }) => kind),
      text: rest.map(({ text }) => text),
    })
    const { rows: rowCount, blocks } = await statement.commit()
    expect(rowCount).toBe(rows.length)
    expect(await partsOf(table), `${key}, SLUICE_SEED=${seed}`).toHaveLength(blocks)
    const stored = await connection.query(`SELECT id, toUnixTimestamp(at) AS at, kind, text FROM ${table} ORDER BY id`)
    expect(stored, `${key}, SLUICE_SEED=${seed}`).toEqual(rows)
  }
})

it('times in the zone of the column, of the expression, of the session that made the table; not in that of the insert', async () => {
  const tokyo = "SETTINGS session_timezone = 'Asia/Tokyo'"
  for (const [key, type, create] of [
    ['toDate(at)', "DateTime('Asia/Tokyo')", ''],
    ["toDate(at, 'Asia/Tokyo')", 'DateTime', ''],
    ['toDate(at)', "Nullable(DateTime64(6, 'Asia/Tokyo'))", ''],
    ['toDate(at)', 'DateTime', tokyo],
  ] as const) {
    const table = `split${tableCount++}`
    await connection.command(
      `CREATE TABLE ${table} (id UInt32, at ${type}) ENGINE = MergeTree ORDER BY id PARTITION BY ${key} SETTINGS allow_nullable_key = 1 ${create.replace('SETTINGS', ',')}`,
    )
    const settings = { session_timezone: 'America/New_York' }
    const statement = await connection.prepare(`INSERT INTO ${table}`, { ...split, settings })
    // 24 hours that are two days there: nine of them of the first.
    const start = Date.UTC(2024, 4, 1, 6)
    await statement.execMany(range(24).map((id) => ({ id, at: new Date(start + id * 3_600_000) })))
    const { blocks } = await statement.commit()
    expect(blocks, `${key} ${type}`).toBe(2)
    expect(
      (await partsOf(table)).map(({ rows }) => rows),
      `${key} ${type}`,
    ).toEqual([9, 15])
  }
})

describe('rows of one block in several: the account', () => {
  const TABLE = { engine: 'MergeTree', partition_key: 'n % 4' }
  const COLUMNS = [{ name: 'n', type: 'UInt32' }]

  async function lyingSplit(
    insert: (numbers: number[]) => ReturnType<typeof exceptionReply> | undefined | Promise<undefined>,
    options: StatementOptions = {},
  ) {
    const { server, connection: lying } = await lyingConnection()
    server.script({
      rows: (sql) => (sql.includes('partition_key') ? [TABLE] : undefined),
      insert: ({ body, params }) => insert(numbersIn({ bytes: body, compressed: params.decompress === '1' })),
    })
    const statement = await lying.prepare<{ n: number }>('events', {
      ...split,
      columns: COLUMNS,
      blockSize: 40,
      ...options,
    })
    return { server, connection: lying, statement }
  }

  function numbersIn(block: { readonly bytes: Uint8Array; readonly compressed: boolean }): number[] {
    const bytes = block.compressed ? decompress(block.bytes) : block.bytes
    return decodeBlocks(bytes).flatMap(({ rows }) => rows.map(([n]) => Number(n)))
  }

  it('a row counts as acknowledged with all others of its block', async () => {
    const { wait, open } = gate()
    const { statement } = await lyingSplit((numbers) => (numbers[0] === 1 ? wait() : undefined), {
      maxPendingBlocks: 20,
    })
    const reports: BlockReport[] = []
    statement.on('block', (report) => reports.push(report))
    for (const n of range(80)) await statement.exec({ n })
    let isAcknowledged = false
    const waiting = statement.whenAcknowledged(0).then(() => {
      isAcknowledged = true
    })
    while (reports.length < 7) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(isAcknowledged).toBe(false)
    expect(statement.stats).toMatchObject({ accepted: 80, acknowledged: 70, sent: 10, blocks: 8 })
    open()
    await waiting
    await statement.commit()
    expect(reports.map(({ firstRow, rowEnd, rowCount }) => [firstRow, rowEnd, rowCount]).toSorted()).toEqual([
      ...range(4).map(() => [0, 40, 10]),
      ...range(4).map(() => [40, 80, 10]),
    ])
  })

  it('rows keep their order within a partition, and blocks that of their first rows', async () => {
    const seen: number[][] = []
    const { statement } = await lyingSplit((numbers) => void seen.push(numbers), { maxPendingBlocks: 1 })
    for (const n of [5, 9, 2, 1, 6, 13, 10]) await statement.exec({ n })
    await statement.commit()
    expect(seen).toEqual([
      [5, 9, 1, 13],
      [2, 6, 10],
    ])
  })

  it('a failure names how many of which rows a block has; deliver() takes what is left', async () => {
    const seen: number[] = []
    let isBroken = true
    const { connection: lying, statement } = await lyingSplit((numbers) => {
      if (isBroken && numbers[0] === 2) return exceptionReply(60, 'UNKNOWN_TABLE', 'gone')
      seen.push(...numbers)
      return undefined
    })
    for (const n of range(40)) await statement.exec({ n })
    const error = await failure(statement.commit(), DeliveryError)
    expect(error.message).toContain('(10 of the rows 0..39) was refused')
    expect(error.blocks).toHaveLength(4)
    isBroken = false
    await lying.deliver(statement.takeBlocks())
    expect(seen.toSorted((a, b) => a - b)).toEqual(range(40))
  })

  it('commit() waits for all of them, rollback() drops what was not sent', async () => {
    const { statement } = await lyingSplit(() => undefined, { holdUntilCommit: true })
    for (const n of range(100)) await statement.exec({ n })
    expect(statement.stats).toMatchObject({ accepted: 100, sealed: 80, staged: 20, blocks: 8 })
    expect(await statement.rollback()).toMatchObject({ droppedRows: 100, blocks: [] })
  })

  it('the open block of a failed statement is split too', async () => {
    const { statement } = await lyingSplit(() => exceptionReply(60, 'UNKNOWN_TABLE', 'gone'), { maxPendingBlocks: 20 })
    for (const n of range(45)) void statement.exec({ n })
    await failure(statement.whenAcknowledged(0), DeliveryError)
    const left = statement.takeBlocks()
    expect(left.map(({ firstRow, rowEnd, rowCount }) => [firstRow, rowEnd, rowCount])).toEqual([
      ...range(4).map(() => [0, 40, 10]),
      [40, 45, 2],
      ...range(3).map(() => [40, 45, 1]),
    ])
  })
})

describe('where it cannot be had, prepare() says so', () => {
  const refused = async (table: string, options = {}) =>
    await connection.prepare(`INSERT INTO ${table}`, { splitByPartition: true, ...options }).then(
      () => undefined,
      (error: unknown) => error,
    )

  it('an expression that is not evaluated, a DEFAULT that is another for every row, a column that the INSERT does not name', async () => {
    for (const [table, message] of [
      [await createTable('cityHash64(text) % 8'), /cityHash64\(text\) % 8.*is not of a column/],
      [
        await createTable('toYYYYMM(at)', 'id UInt32, at DateTime DEFAULT toDateTime(id)'),
        /the DEFAULT of at is another for every row/,
      ],
      [
        await createTable('month', 'id UInt32, at DateTime, month UInt32 MATERIALIZED toYYYYMM(at)'),
        /no column "month"/,
      ],
      [`${await createTable('toYYYYMM(at)')} (id, text)`, /no column "at"/],
    ] as const) {
      expect(await refused(table)).toMatchObject({
        code: 'NOT_SUPPORTED',
        message: expect.stringMatching(message),
        hint: expect.any(String),
      })
    }
  })

  it('a table without partitions of its own', async () => {
    await connection.command('CREATE TABLE kept (id UInt32) ENGINE = Memory')
    expect(await refused('kept')).toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining('is a Memory table'),
    })
  })

  it('a file', async () => {
    const file = await connect('file:/dev/null')
    const columns = [{ name: 'id', type: 'UInt8' }]
    await expect(file.prepare('t', { columns, splitByPartition: true })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    })
    await file.close()
  })

  it('a DEFAULT that is one for all rows is one partition more', async () => {
    const table = await createTable('toYYYYMM(at)', "id UInt32, at DateTime('UTC') DEFAULT now()")
    const statement = await connection.prepare(`INSERT INTO ${table}`, split)
    await statement.execMany(range(10).map((id) => (id % 2 ? { id } : { id, at: 0 })))
    expect(await statement.commit()).toMatchObject({ rows: 10, blocks: 2 })
    expect((await partsOf(table)).map(({ rows }) => rows)).toEqual([5, 5])
  })
})

it('a table that changes: rows that go again for its new columns stay in their partition', async () => {
  const table = await createTable('id % 3')
  const statement = await connection.prepare(`INSERT INTO ${table}`, {
    ...split,
    onSchemaChange: 'adapt',
    holdUntilCommit: true,
  })
  await statement.execMany(range(30).map((id) => rowOf(id)))
  await connection.command(`ALTER TABLE ${table} MODIFY COLUMN text LowCardinality(String), ADD COLUMN more UInt8`)
  expect(await statement.commit()).toMatchObject({ rows: 30, blocks: 3 })
  expect(await partsOf(table)).toHaveLength(3)
  expect(await idsOf(table)).toEqual(range(30))
})

describe.skipIf(!serverAvailable())('ClickHouse 18.16', () => {
  let server: TestServer
  let old: Connection
  beforeAll(async () => {
    server = await startServer()
    old = await connect({ url: server.url, logger })
  })
  afterAll(async () => {
    await old?.close()
    await server?.stop()
  })

  it.each([
    ['toYYYYMM(at)', "DateTime('Europe/Berlin')"],
    ['toDate(at)', "DateTime('America/Sao_Paulo')"],
    ['(toMonday(at), id % 2)', 'DateTime'],
    ['toStartOfHour(at)', "DateTime('UTC')"],
  ])('PARTITION BY %s of %s', async (key, type) => {
    await old.command('DROP TABLE IF EXISTS split')
    await old.command(`CREATE TABLE split (id UInt32, at ${type}) ENGINE = MergeTree ORDER BY id PARTITION BY ${key}`)
    await old.command('SYSTEM STOP MERGES')
    const statement = await old.prepare('INSERT INTO split', split)
    const step = key.includes('Hour') ? 1800 : 20_000
    await statement.execMany(range(200).map((id) => ({ id, at: 1_541_300_000 + id * step })))
    const { rows, blocks } = await statement.commit()
    expect(rows).toBe(200)
    const [parts] = await old.query(
      "SELECT count() AS parts, uniqExact(partition) AS partitions FROM system.parts WHERE table = 'split' AND active",
    )
    expect(parts).toEqual({ parts: String(blocks), partitions: String(blocks) })
  })
})
