// Files that ClickHouse wrote: every type at once, random values, many blocks.

import { afterAll, describe, expect, it } from 'vitest'
import { jsonReport } from '../../src/cli/inspect/json.ts'
import { readFindings } from '../../src/cli/inspect/read.ts'
import { decodeBlocks } from '../../src/native.ts'
import { Embedded } from '../support/embedded.ts'
import { random } from '../support/random.ts'
import { Files, sluice } from './run.ts'

const files = new Files()
const engine = new Embedded()
afterAll(() => {
  engine[Symbol.dispose]()
  files[Symbol.dispose]()
})

async function fileOf(sql: string, name = 'engine.native'): Promise<{ path: string; bytes: Uint8Array }> {
  const bytes = await engine.bytes(sql)
  return { path: files.write(name, Buffer.from(bytes)), bytes }
}

async function report(path: string, rows = 10) {
  return JSON.parse(jsonReport(await readFindings(path, { rows, listsBlocks: true, showsProgress: false })))
}

describe('a file of FORMAT Native', () => {
  it('has the blocks, rows and sizes that the decoder finds', async () => {
    engine.run('SET max_block_size = 1000')
    const { path, bytes } = await fileOf(
      'SELECT number AS n, toString(number) AS s, number % 3 = 0 ? NULL : number AS maybe, toLowCardinality(toString(number % 7)) AS lc FROM numbers(10500)',
    )
    engine.run('SET max_block_size = 10000000')
    const blocks = decodeBlocks(bytes)
    const found = await report(path)
    expect(blocks.length).toBeGreaterThan(5)
    expect(found.blockList.map(({ rows }: { rows: number }) => rows)).toEqual(blocks.map(({ rows }) => rows.length))
    expect(found).toMatchObject({ rows: 10500, bytes: bytes.length, errors: [] })
    expect(found.columns.map(({ name, type }: { name: string; type: string }) => ({ name, type }))).toEqual(
      blocks[0]!.columns,
    )
    expect(found.columns[0].bytes).toBe(10500 * 8 + blocks.length * '.n.UInt64'.length)
    expect(found.firstRows[3]).toEqual({ n: '3', s: '3', maybe: null, lc: '3' })
  })

  it('written by INTO OUTFILE is shown by the program', async () => {
    const path = files.path('outfile.native')
    engine.run(
      `SELECT number AS n, toDateTime64('2024-05-06 07:08:09.123456', 6, 'UTC') AS t FROM numbers(3) INTO OUTFILE '${path}' FORMAT Native`,
    )
    const { code, stdout } = await sluice(['inspect', path, '--rows', '1'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/3 rows/)
    expect(stdout).toMatch(/\n0 {2}2024-05-06 07:08:09\.123456\n$/)
  })

  it('of no rows is empty', async () => {
    const { path, bytes } = await fileOf('SELECT 1 AS x WHERE 0')
    expect(bytes.length).toBe(0)
    expect(await report(path)).toMatchObject({ blocks: 0, rows: 0, errors: [] })
  })

  it('shows values as the engine prints them', async () => {
    const { path } = await fileOf(`SELECT
      toDate('2024-02-29') AS d, toDate32('1900-01-01') AS d32, toDateTime('2024-02-29 12:34:56', 'UTC') AS dt,
      toDateTime64('1969-12-31 23:59:59.5', 1, 'UTC') AS t1, toDateTime64('1960-01-01 00:00:00.000000001', 9, 'UTC') AS t9,
      [toDateTime('2024-01-01 00:00:00', 'UTC')] AS ts, map('k', toDateTime64('2024-01-01 00:00:00', 0, 'UTC')) AS m,
      tuple(toDateTime('2000-01-01 00:00:00', 'UTC'), 'x') AS tup, toDecimal128('-1.50', 2) AS dec,
      toUUID('00112233-4455-6677-8899-aabbccddeeff') AS u, toIPv6('::1') AS ip, -1.5e300 AS f, nan AS bad, unhex('c328') AS raw,
      toInt256('-57896044618658097711785492504343953926634992332820282019728792003956564819968') AS wide,
      CAST('b' AS Enum8('a' = 1, 'b' = 2)) AS e, CAST(NULL AS Nullable(DateTime('UTC'))) AS nothing,
      toLowCardinality(toDateTime('2024-01-01 00:00:00', 'UTC')) AS lct`)
    expect((await report(path)).firstRows).toEqual([
      {
        d: '2024-02-29',
        d32: '1900-01-01',
        dt: '2024-02-29 12:34:56',
        t1: '1969-12-31 23:59:59.5',
        t9: '1960-01-01 00:00:00.000000001',
        ts: ['2024-01-01 00:00:00'],
        m: { k: '2024-01-01 00:00:00' },
        tup: ['2000-01-01 00:00:00', 'x'],
        dec: '-1.50',
        u: '00112233-4455-6677-8899-aabbccddeeff',
        ip: '::1',
        f: -1.5e300,
        bad: 'nan',
        raw: { hex: 'c328' },
        wide: '-57896044618658097711785492504343953926634992332820282019728792003956564819968',
        e: 'b',
        nothing: null,
        lct: '2024-01-01 00:00:00',
      },
    ])
  })

  const TYPES = [
    'UInt8',
    'Int16',
    'UInt64',
    'Int256',
    'Float32',
    'Bool',
    'String',
    'FixedString(5)',
    'Date',
    'DateTime64(6)',
    'UUID',
    'IPv6',
    'Decimal(38, 5)',
    "Enum16('a' = -5, 'b' = 300)",
    'Nullable(String)',
    'Array(Array(Nullable(Int32)))',
    'LowCardinality(Nullable(String))',
    'Map(String, Array(LowCardinality(String)))',
    'Tuple(a UInt8, b Array(String), c Nullable(Date))',
    'Array(Tuple(LowCardinality(String), Map(UInt8, String)))',
    'Point',
    'MultiPolygon',
  ]
  // What generateRandom() cannot make.
  const EXPRESSIONS = [
    "multiIf(n % 3 = 0, n::Variant(String, UInt64, Array(LowCardinality(String))), n % 3 = 1, 'x', ['a', toString(n)])",
    'multiIf(n % 4 = 0, n::Dynamic, n % 4 = 1, toString(n)::Dynamic, n % 4 = 2, [n]::Dynamic, NULL)',
    'multiIf(n % 4 = 0, n::Dynamic(max_types=1), n % 4 = 1, toString(n)::Dynamic(max_types=1), NULL)',
    `CAST(concat('{"a":', toString(n), ',"b":{"p', toString(n % 5), '":"x"}}') AS JSON)`,
    `CAST(concat('{"a":', toString(n), ',"p', toString(n % 5), '":[1,2]}') AS JSON(max_dynamic_paths=1, a UInt32))`,
    `[CAST(concat('{"a":', toString(n), '}') AS JSON)]`,
    'CAST([n, n + 1, n + 2] AS QBit(Float32, 3))',
  ]
  const { seed, below } = random('SLUICE_INSPECT_SEED')
  it(`of random values of all types, in blocks of random sizes (SLUICE_INSPECT_SEED=${seed})`, async () => {
    for (let round = 0; round < 15; round++) {
      const types = Array.from({ length: 4 }, () => TYPES[below(TYPES.length)]!)
      const structure = types
        .map((type, i) => `c${i} ${type}`)
        .join(', ')
        .replaceAll("'", "\\'")
      const expressions = Array.from({ length: 2 }, () => EXPRESSIONS[below(EXPRESSIONS.length)]!)
      const rows = 1 + below(400)
      const { path, bytes } = await fileOf(
        `SELECT *, ${expressions.map((expression, i) => `${expression} AS e${i}`).join(', ')}
         FROM (SELECT *, rowNumberInAllBlocks() AS n FROM generateRandom('${structure}', ${below(1_000_000)}, 8, 4) LIMIT ${rows})
         SETTINGS max_block_size = ${1 + below(rows)}, allow_experimental_qbit_type = 1`,
      )
      const blocks = decodeBlocks(bytes)
      const keep = below(rows + 2)
      const found = await readFindings(path, { rows: keep, listsBlocks: true, showsProgress: false })
      expect(found.problems, structure).toEqual([])
      expect(found.survey).toMatchObject({ rowCount: rows, blockCount: blocks.length, byteLength: bytes.length })
      let left = keep
      for (const [b, sample] of found.survey.samples.entries()) {
        const shown = blocks[b]!.rows.slice(0, left)
        for (const [c, { name }] of blocks[b]!.columns.entries()) {
          expect(sample.columns.get(name), structure).toMatchObject({ values: shown.map((row) => row[c]) })
        }
        left -= shown.length
      }
      expect(left).toBe(Math.max(0, keep - rows))
    }
  })
})
