import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckReport, type Connection, connect, SchemaError, ServerError } from '../../src/index.ts'
import { failure } from '../support/inserts.ts'
import { range } from './lying.ts'

let connection: Connection
let tableCount = 0

beforeAll(async () => {
  const silent = () => {}
  connection = await connect({ url: 'chdb:', logger: { debug: silent, info: silent, warn: silent, error: silent } })
})
afterAll(async () => {
  await connection.close()
})

/** A fresh MergeTree table. */
async function createTable(columns: string, settings = ''): Promise<string> {
  const table = `t${tableCount++}`
  await connection.command(`CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY tuple() ${settings}`)
  return table
}

async function rowsOf(table: string, columns = '*'): Promise<unknown[]> {
  return await connection.query(`SELECT ${columns} FROM ${table} ORDER BY ALL`)
}

describe('a table of the embedded engine', () => {
  it('15 columns, blockSize 11, 1000 rows: 90 blocks during exec, one of 10 at commit, count() is 1000', async () => {
    const names = range(15).map((index) => `c${index}`)
    const table = await createTable(
      names.map((name, index) => `${name} ${['UInt32', 'String', 'Array(UInt8)'][index % 3]}`).join(', '),
    )
    const statement = await connection.prepare(table, { blockSize: 11 })
    for (const n of range(1000)) await statement.exec(names.map((_, index) => [n, `row ${n}`, [n % 256]][index % 3]))
    expect(statement.stats).toMatchObject({ blocks: 90, staged: 10 })
    expect(await statement.commit()).toMatchObject({ rows: 1000, blocks: 91 })
    expect(await connection.query(`SELECT count() AS n, sum(c0) AS s, uniqExact(c1) AS u FROM ${table}`)).toEqual([
      { n: '1000', s: '499500', u: '1000' },
    ])
  })

  it('prepare<Row> types the rows', async () => {
    interface Event {
      id: number
      name?: string
    }
    const table = await createTable('id UInt32, name String')
    const statement = await connection.prepare<Event>(table)
    await statement.exec({ id: 1, name: 'a' })
    // @ts-expect-error a number is no name
    expect(() => statement.exec({ id: 1, name: 2 })).toThrow(/name String, row 1/)
    await statement.commit()
    expect(await rowsOf(table)).toEqual([{ id: 1, name: 'a' }])
  })

  it('bad values between good rows: exactly the good rows', async () => {
    const table = await createTable('a Array(String), m Map(String, UInt8), s String, n UInt8')
    const statement = await connection.prepare(table)
    const row = (n: unknown) => ({ a: ['x', `${n}`], m: { k: 1 }, s: `s${n}`, n })
    for (const n of [1, 256, 2, -1, 3, '7', null, 1.5, Number.NaN]) {
      if (n === 1 || n === 2 || n === 3) await statement.exec(row(n))
      else expect(() => statement.exec(row(n))).toThrow(expect.objectContaining({ column: 'n' }))
    }
    await statement.commit()
    expect(await rowsOf(table)).toEqual([1, 2, 3].map((n) => ({ a: ['x', `${n}`], m: { k: 1 }, s: `s${n}`, n })))
  })

  it('two statements interleaved: their blocks never mix', async () => {
    const [a, b] = [await createTable('n UInt32'), await createTable('n UInt32')]
    const first = await connection.prepare(a, { blockSize: 7 })
    const second = await connection.prepare(b, { blockSize: 5 })
    for (const n of range(100)) {
      await first.exec({ n })
      await second.exec({ n: n + 1000 })
    }
    await Promise.all([first.commit(), second.commit()])
    expect(await rowsOf(a)).toEqual(range(100).map((n) => ({ n })))
    expect(await rowsOf(b)).toEqual(range(1100, 1000).map((n) => ({ n })))
  })

  it('rollback before a block was sent, and with holdUntilCommit after many: the table is unchanged', async () => {
    const table = await createTable('n UInt32')
    for (const holdUntilCommit of [false, true]) {
      const statement = await connection.prepare(table, { blockSize: holdUntilCommit ? 10 : 1000, holdUntilCommit })
      for (const n of range(500)) await statement.exec({ n })
      expect(await statement.rollback()).toEqual({ droppedRows: 500, blocks: [], tokens: [] })
    }
    expect(await rowsOf(table)).toEqual([])
  })

  it('1,000 columns, and a string of 50 MB', async () => {
    const wide = await createTable(
      range(1000)
        .map((index) => `c${index} UInt16`)
        .join(', '),
    )
    const statement = await connection.prepare(wide)
    for (const n of range(10))
      await statement.exec(Object.fromEntries(range(1000).map((index) => [`c${index}`, n + index])))
    await statement.commit()
    expect(await connection.query(`SELECT sum(c0) AS a, sum(c999) AS z FROM ${wide}`)).toEqual([
      { a: '45', z: '10035' },
    ])

    const large = await createTable('s String')
    const strings = await connection.prepare(large)
    await strings.exec({ s: 'x' })
    await strings.exec({ s: 'ü'.repeat(25_000_000) })
    await strings.commit()
    expect(await connection.query(`SELECT length(s) AS n, lengthUTF8(s) AS c FROM ${large} ORDER BY n`)).toEqual([
      { n: '1', c: '1' },
      { n: '50000000', c: '25000000' },
    ])
  })
})

describe('the columns of an INSERT', () => {
  const DEFINITION =
    'b UInt8, `a ``x` UInt8, d UInt8 DEFAULT 7, m UInt8 MATERIALIZED b + 1, l UInt8 ALIAS b + 2, e UInt8 EPHEMERAL 3, f UInt8 DEFAULT e * 2'

  it('MATERIALIZED, ALIAS and EPHEMERAL are skipped; types and expressions are the server’s', async () => {
    const table = await createTable(DEFINITION)
    expect(await connection.describe(table)).toEqual([
      { name: 'b', type: 'UInt8', defaultKind: '', defaultExpression: '' },
      { name: 'a `x', type: 'UInt8', defaultKind: '', defaultExpression: '' },
      { name: 'd', type: 'UInt8', defaultKind: 'DEFAULT', defaultExpression: '7' },
      { name: 'm', type: 'UInt8', defaultKind: 'MATERIALIZED', defaultExpression: 'b + 1' },
      { name: 'l', type: 'UInt8', defaultKind: 'ALIAS', defaultExpression: 'b + 2' },
      { name: 'e', type: 'UInt8', defaultKind: 'EPHEMERAL', defaultExpression: '3' },
      { name: 'f', type: 'UInt8', defaultKind: 'DEFAULT', defaultExpression: 'e * 2' },
    ])
    const statement = await connection.prepare(`insert into ${table} values`)
    expect(statement.columns.map(({ name }) => name)).toEqual(['b', 'a `x', 'd', 'f'])
    await statement.exec([1, 2, 3, 4])
    await statement.commit()
    expect(await rowsOf(table, '*, m, l')).toEqual([{ b: 1, 'a `x': 2, d: 3, f: 4, m: 2, l: 3 }])
  })

  it('the order of the list is the order of a row’s values; an EPHEMERAL column may be named', async () => {
    const table = await createTable(DEFINITION)
    const statement = await connection.prepare(
      `INSERT INTO default.\`${table}\` (e, "a \`x", b) SETTINGS max_threads = 1 FORMAT Native -- all of it`,
    )
    expect(statement.columns.map(({ name }) => name)).toEqual(['e', 'a `x', 'b'])
    await statement.exec([10, 20, 30])
    await statement.commit()
    expect(await rowsOf(table)).toEqual([{ b: 30, 'a `x': 20, d: 7, f: 20 }])
  })

  it('naming what cannot be inserted, or does not exist, is an error with the way out', async () => {
    const table = await createTable(DEFINITION)
    for (const column of ['m', 'l']) {
      await expect(connection.prepare(`INSERT INTO ${table} (b, ${column})`)).rejects.toMatchObject({
        code: 'COLUMN_NOT_INSERTABLE',
        column,
      })
    }
    const typo = await createTable('status UInt8, name String')
    await expect(connection.prepare(`INSERT INTO ${typo} (stauts)`)).rejects.toThrow(
      /no column "stauts"[\s\S]*Did you mean "status"\?/,
    )
  })

  it('declared columns are sent as declared, without asking the server', async () => {
    const table = await createTable('a UInt8, b String')
    const statement = await connection.prepare(`INSERT INTO ${table} (b)`, {
      columns: [
        { name: 'a', type: 'UInt8' },
        { name: 'b', type: 'String' },
      ],
    })
    expect(statement.columns.map(({ name }) => name)).toEqual(['b'])
    await statement.exec({ b: 'x' })
    await statement.commit()
    expect(await rowsOf(table)).toEqual([{ a: 0, b: 'x' }])
  })
})

describe('missing keys', () => {
  it('take the DEFAULT when absent in the whole block, and when mixed', async () => {
    const table = await createTable(
      "id UInt8, d UInt8 DEFAULT id + 100, s LowCardinality(String) DEFAULT 'none', z UInt8, q Nullable(UInt8)",
    )
    const statement = await connection.prepare(table)
    await statement.exec({ id: 1 })
    await statement.flush()
    await statement.exec({ id: 2, d: 5 })
    await statement.exec({ id: 3, s: 'x', q: 9 })
    await statement.exec({ id: 4, d: 6, s: 'y', z: 1, q: null })
    await statement.commit()
    expect(await rowsOf(table)).toEqual([
      { id: 1, d: 101, s: 'none', z: 0, q: null },
      { id: 2, d: 5, s: 'none', z: 0, q: null },
      { id: 3, d: 103, s: 'x', z: 0, q: 9 },
      { id: 4, d: 6, s: 'y', z: 1, q: null },
    ])
    expect(statement.stats).toMatchObject({ blocks: 2, earlySeals: 0 })
  })

  it('of an Array with a DEFAULT seal the open block first, and that is counted', async () => {
    const table = await createTable('id UInt8, a Array(UInt8) DEFAULT [1, 2]')
    const statement = await connection.prepare(table)
    for (const id of range(6)) await statement.exec(id % 2 === 0 ? { id } : { id, a: [9] })
    expect(statement.stats).toMatchObject({ accepted: 6, earlySeals: 5, blocks: 5, staged: 1 })
    await statement.commit()
    expect(await rowsOf(table)).toEqual(range(6).map((id) => ({ id, a: id % 2 === 0 ? [1, 2] : [9] })))
  })
})

describe('tables that do not exist', () => {
  it('are named with the closest one, and the server’s exception is the cause', async () => {
    await connection.command('CREATE TABLE measurements (n UInt8) ENGINE = Memory')
    for (const call of [
      () => connection.prepare('INSERT INTO measurments'),
      () => connection.describe('measurments'),
      () => connection.check('measurments'),
    ]) {
      const error = await failure<SchemaError>(call(), SchemaError)
      expect(error).toMatchObject({ code: 'UNKNOWN_TABLE', hint: expect.stringContaining('`measurements`') })
      expect(error.cause).toBeInstanceOf(ServerError)
      expect(error.cause).toMatchObject({ serverCode: 60, serverName: 'UNKNOWN_TABLE' })
    }
    await expect(connection.prepare('nowhere.t')).rejects.toMatchObject({
      code: 'UNKNOWN_TABLE',
      cause: { serverCode: 81 },
    })
  })
})

describe('what a table promises', () => {
  it('a plain MergeTree ignores tokens until its window is set', async () => {
    const plain = await createTable('n UInt8')
    const report: CheckReport = await connection.check(plain)
    expect(report).toMatchObject({
      engine: 'MergeTree',
      deduplicationWindow: 0,
      deduplicatesBy: 'nothing',
      exactlyOnce: false,
    })
    expect(report.warnings).toEqual([
      expect.stringMatching(/MODIFY SETTING non_replicated_deduplication_window = 1000/),
    ])
    const windowed = await createTable('n UInt8', 'SETTINGS non_replicated_deduplication_window = 100')
    expect(await connection.check(windowed)).toMatchObject({
      deduplicationWindow: 100,
      deduplicatesBy: 'token',
      exactlyOnce: true,
      warnings: [],
    })
  })

  it('before the first row: a warning, and exactlyOnce refuses', async () => {
    const table = await createTable('n UInt8')
    const statement = await connection.prepare(table)
    expect(statement.stats.warnings).toEqual([expect.stringContaining('non_replicated_deduplication_window')])
    await statement.rollback()
    await expect(connection.prepare(table, { exactlyOnce: true })).rejects.toMatchObject({
      code: 'CANNOT_HOLD_PROMISE',
    })
    await connection.command(`ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = 100`)
    const exact = await connection.prepare(table, { exactlyOnce: true })
    expect(exact.stats.warnings).toEqual([])
    await exact.rollback()
    await expect(
      connection.prepare(table, { exactlyOnce: true, settings: { deduplicate_insert: 'disable' } }),
    ).rejects.toMatchObject({ code: 'CANNOT_HOLD_PROMISE' })
  })

  it('without a logger it is a process warning, once per table', async () => {
    const table = await createTable('n UInt8')
    const warnings: Error[] = []
    const note = (warning: Error) => void warnings.push(warning)
    process.on('warning', note)
    await using unlogged = await connect('chdb:')
    await unlogged.command(
      `CREATE TABLE ${table}_copy (n UInt8) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 9`,
    )
    await unlogged.command(`CREATE MATERIALIZED VIEW ${table}_view TO ${table}_copy AS SELECT n FROM ${table}`)
    for (const _ of [1, 2]) await (await unlogged.prepare(table, { onReject: () => {} })).rollback()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', note)
    expect(warnings).toEqual([
      expect.objectContaining({ code: 'SLUICE_NO_DEDUPLICATION', message: expect.stringContaining(table) }),
      expect.objectContaining({ code: 'SLUICE_NO_REJECT', message: expect.stringContaining(`${table}_view`) }),
    ])
  })

  it('deterministic: equal blocks under one id are inserted once', async () => {
    const table = await createTable('n UInt8', 'SETTINGS non_replicated_deduplication_window = 100')
    for (const _ of [1, 2]) {
      const statement = await connection.prepare(table, { engineId: 'load', deterministic: true, blockSize: 10 })
      for (const n of range(25)) await statement.exec({ n })
      await statement.commit()
    }
    expect(await connection.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: '25' }])
  })
})

describe('a connection', () => {
  it('answers small reads and says who the server is', async () => {
    expect(await connection.query<{ x: number }>('SELECT 1 AS x')).toEqual([{ x: 1 }])
    expect(await connection.ping()).toMatchObject({ kind: 'chdb', release: [26, expect.any(Number)] })
  })

  it('refuses options it does not know, and compression the engine does not take', async () => {
    await expect(connect({ url: 'chdb:', setings: {} } as object)).rejects.toThrow(/Did you mean settings\?/)
    await expect(connect({ url: 'chdb:', settings: { async_insert: 1 } })).rejects.toMatchObject({ code: 'BAD_OPTION' })
    const table = await createTable('n UInt8')
    await expect(connection.prepare(table, { compression: 'lz4' })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    await expect(connection.prepare(`INSERT INTO ${table} SETTINGS async_insert = 1`)).rejects.toThrow(
      /async_insert must stay 0/,
    )
    await expect(connection.prepare(undefined as unknown as string)).rejects.toMatchObject({ code: 'BAD_INSERT' })
  })
})
