// Our blocks over HTTP into a real server of 2018, which converts nothing, checks little and reads wrong memory where a block is
// not what it says.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuilderOptions, SEAL_FIRST, STAGED } from '../../src/block/builder.ts'
import type { SealedBytes } from '../../src/block/sealed.ts'
import { encodeBlock } from '../../src/native.ts'
import { serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { builderOf } from '../support/columns.ts'
import { loadAcceptedBy18, loadAllVectors } from '../support/vectors.ts'

describe.skipIf(!serverAvailable())('ClickHouse 18.16', () => {
  let server: TestServer
  let tableCount = 0
  beforeAll(async () => {
    server = await startServer({ profile: { allow_experimental_low_cardinality_type: 1 } })
  })
  afterAll(() => server.stop())

  async function create(columns: string, engine = 'Memory'): Promise<string> {
    const table = `t${tableCount++}`
    await server.query(`CREATE TABLE ${table} (${columns}) ENGINE = ${engine}`)
    return table
  }

  async function post(sql: string, body: Uint8Array | string, parameters = ''): Promise<void> {
    const response = await fetch(`${server.url}/?query=${encodeURIComponent(sql)}${parameters}`, {
      method: 'POST',
      body: body as unknown as string,
    })
    const text = await response.text()
    if (response.status !== 200 || text !== '') throw new Error(text)
  }

  async function read(sql: string): Promise<Buffer> {
    const response = await fetch(server.url, { method: 'POST', body: sql })
    const bytes = Buffer.from(await response.arrayBuffer())
    if (response.status !== 200) throw new Error(bytes.toString())
    return bytes
  }

  it('every golden vector it knows the type of comes back as the modern engine has it', async () => {
    const accepted = loadAcceptedBy18()
    const vectors = loadAllVectors().filter(({ name, rowbinary }) => accepted.has(name) && rowbinary !== undefined)
    expect(vectors.length).toBeGreaterThan(100)
    for (const { name, type, headerType, rows, rowbinary } of vectors) {
      if (/AggregateFunction/.test(type)) continue // states are the server's
      const table = await create(`c ${type}`)
      await post(
        `INSERT INTO ${table} (c) FORMAT Native`,
        encodeBlock(
          [{ name: 'c', type: headerType }],
          rows.map((value) => [value]),
        ),
      )
      const back = await read(`SELECT c FROM ${table} FORMAT RowBinary`)
      expect(back.toString('hex'), name).toBe(Buffer.from(rowbinary!).toString('hex'))
    }
  })

  it('blocks whose column count is a white space, compressed or not', async () => {
    for (const columnCount of [9, 10, 13, 32]) {
      const columns = Array.from({ length: columnCount }, (_, i) => ({
        name: `c${i}`,
        type: i % 2 ? 'String' : 'UInt32',
      }))
      const rows = Array.from({ length: 500 }, (_, row) => columns.map((_, i) => (i % 2 ? `text ${row}` : row)))
      const table = await create(columns.map(({ name, type }) => `${name} ${type}`).join(', '))
      await post(`INSERT INTO ${table} FORMAT Native`, encodeBlock(columns, rows))
      await post(
        `INSERT INTO ${table} FORMAT Native`,
        encodeBlock(columns, rows, { compression: 'lz4' }),
        '&decompress=1',
      )
      expect(await server.query(`SELECT count(), sum(c0), uniq(c1) FROM ${table}`)).toBe('1000\t249500\t500')
    }
  })

  describe('a row that leaves columns with a DEFAULT out', () => {
    const options: Partial<BuilderOptions> = { nullsAsDefault: false, blockSize: 1000 }
    const types = {
      id: 'UInt32',
      a: 'UInt8',
      b: 'String',
      c: 'Array(UInt8)',
      d: 'Nullable(String)',
      e: 'LowCardinality(String)',
      f: "Enum8('x' = 3, 'y' = 4)",
      g: 'String',
    }
    const defaults: Record<string, string> = { a: '1', b: "concat('b', toString(a))", c: '[toUInt8(a)]', e: "'dict'" }
    const values: Record<string, unknown> = { a: 9, b: 'bb', c: [7], d: 'dd', e: 'ee', f: 'y', g: 'gg' }

    const names = ['g', 'f', 'd', 'a', 'b', 'c', 'e'] // the first three have no DEFAULT: whether they are there makes no block
    it.each([
      ['seldom', (i: number) => i, 16],
      ['in every row', (i: number) => (i * 37) % 128, 128],
    ] as const)(
      'seals the open block, and reads back as JSONEachRow has it: other omissions %s',
      async (_, bitsOf, blockCount) => {
        const ddl = Object.entries(types).map(([name, type]) => `${name} ${type}${defaultOf(name)}`)
        const [ours, theirs] = [await create(ddl.join(', ')), await create(ddl.join(', '))]
        const rows = Array.from({ length: 128 }, (_, i) => ({
          id: i,
          ...Object.fromEntries(names.filter((_, bit) => (bitsOf(i) >> bit) & 1).map((name) => [name, values[name]])),
        }))
        const builder = builderOf(types, options, defaults)
        const blocks: SealedBytes[] = []
        for (const row of rows) {
          let result = builder.stage(row)
          if (result === SEAL_FIRST) {
            blocks.push(builder.seal())
            result = builder.stage(row)
          }
          expect(result).toBe(STAGED)
        }
        blocks.push(builder.seal())
        expect(blocks.length).toBe(blockCount)
        for (const { bytes, columnNames, nullsAsDefault } of blocks) {
          expect(nullsAsDefault).toBe(false)
          await post(`INSERT INTO ${ours} (${columnNames.join(', ')}) FORMAT Native`, bytes)
        }
        // Row by row: this version computes the DEFAULT of a column that is not in the list.
        for (const row of rows) {
          await post(`INSERT INTO ${theirs} (${Object.keys(row).join(', ')}) FORMAT JSONEachRow`, JSON.stringify(row))
        }
        const read = async (table: string) =>
          JSON.parse(await server.query(`SELECT * FROM ${table} ORDER BY id FORMAT JSONCompact`)).data
        expect(await read(ours)).toEqual(await read(theirs))
      },
    )

    function defaultOf(name: string): string {
      return Object.hasOwn(defaults, name) ? ` DEFAULT ${defaults[name]}` : ''
    }

    it('no Enum gets code 0 by accident', async () => {
      const table = await create("id UInt32, f Enum8('x' = 3, 'y' = 4)")
      const builder = builderOf({ id: 'UInt32', f: "Enum8('x' = 3, 'y' = 4)" }, options)
      builder.stage({ id: 1 })
      builder.stage({ id: 2, f: 'y' })
      await post(`INSERT INTO ${table} FORMAT Native`, builder.seal().bytes)
      expect(await server.query(`SELECT id, f FROM ${table} ORDER BY id`)).toBe('1\tx\n2\ty')
    })
  })

  it('a flattened Nested, in both forms', async () => {
    const table = await create('id UInt32, n Nested(a UInt8, b String)', 'MergeTree ORDER BY id')
    const builder = builderOf(
      { id: 'UInt32', 'n.a': 'Array(UInt8)', 'n.b': 'Array(String)' },
      { nullsAsDefault: false },
    )
    builder.stage({
      id: 1,
      n: [
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ],
    })
    builder.stage({ id: 2, 'n.a': [3], 'n.b': ['z'] })
    builder.stage({ id: 3 })
    const { bytes, columnNames } = builder.seal()
    await post(`INSERT INTO ${table} (${columnNames.map((name) => `\`${name}\``).join(', ')}) FORMAT Native`, bytes)
    expect(await server.query(`SELECT id, n.a, n.b FROM ${table} ORDER BY id`)).toBe(
      "1\t[1,2]\t['x','y']\n2\t[3]\t['z']\n3\t[]\t[]",
    )
  })
})
