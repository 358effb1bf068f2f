import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/native.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { Files, sluice, start } from './run.ts'

let front: ChdbFront
const files = new Files()
beforeAll(async () => {
  front = await startFront()
})
afterAll(async () => {
  await front.stop()
  files[Symbol.dispose]()
})

let tableCount = 0
async function table(columns: string): Promise<string> {
  const name = `input_${++tableCount}`
  await front.query(
    `CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 100`,
  )
  return name
}
const rows = (name: string) => front.query(`SELECT * FROM ${name} ORDER BY ALL FORMAT TSV`)

const ROWS = Array.from({ length: 1000 }, (_, i) => ({
  id: i,
  name: i % 3 ? `n${i}` : `a "b", c\n${i}`,
  at: `2024-01-01 10:00:${String(i % 60).padStart(2, '0')}`,
  tags: [i, i + 1],
}))
const COLUMNS = "id UInt32, name String, at DateTime('UTC'), tags Array(UInt16)"
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
const AS = {
  ndjson: () => ROWS.map((row) => JSON.stringify(row)).join('\n'),
  csv: () =>
    `id,name,at,tags\n${ROWS.map((row) => `${row.id},${quoted(row.name)},${row.at},"[${row.tags}]"`).join('\n')}\n`,
  tsv: () =>
    `tags\tat\tname\tid\n${ROWS.map((row) => `[${row.tags}]\t${row.at}\t${row.name.replaceAll('\n', '\\n')}\t${row.id}`).join('\n')}\n`,
}

describe('stdout as the target', () => {
  it('holds the blocks alone: the summary goes to stderr', async () => {
    const child = start(['load', 't', '--to', 'file:-', '--format', 'csv'])
    const pieces: Buffer[] = []
    const notes: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece))
    child.stderr.on('data', (piece: Buffer) => notes.push(piece))
    child.stdin.end('id,name\n1,a\n2,b\n')
    await once(child, 'close')
    expect(decodeBlocks(Buffer.concat(pieces)).flatMap(({ rows }) => rows)).toHaveLength(2)
    expect(Buffer.concat(notes).toString()).toContain('"rows":2')
  })
})

describe('the same rows from every format', () => {
  let expected: string
  beforeAll(async () => {
    const name = await table(COLUMNS)
    await front.query(`INSERT INTO ${name} FORMAT JSONEachRow ${AS.ndjson()}`)
    expected = await rows(name)
  })

  for (const format of ['ndjson', 'csv', 'tsv'] as const) {
    it(`${format}: by extension, gzipped, and on stdin by its first bytes`, async () => {
      const name = await table(COLUMNS)
      const plain = await sluice(['load', name, files.write(`a.${format}`, AS[format]()), '--to', front.url])
      expect(plain).toMatchObject({ code: 0, stderr: '' })
      expect(plain.summary).toMatchObject({ table: name, outcome: 'loaded', rows: 1000, read: 1000, blocks: 1 })
      expect(await rows(name)).toBe(expected)

      await front.query(`TRUNCATE TABLE ${name}`)
      expect(
        await sluice(['load', name, files.write(`a.${format}.gz`, gzipSync(AS[format]())), '--to', front.url]),
      ).toMatchObject({ code: 0 })
      expect(await rows(name)).toBe(expected)

      await front.query(`TRUNCATE TABLE ${name}`)
      const piped = await sluice(['load', name], { input: gzipSync(AS[format]()), env: { SLUICE_URL: front.url } })
      expect(piped.summary).toMatchObject({ rows: 1000 })
      expect(await rows(name)).toBe(expected)
    })
  }

  it('several files of several formats, one after the other, in one statement where their columns are the same', async () => {
    const name = await table(COLUMNS)
    const parts = ['csv', 'tsv', 'ndjson'] as const
    const paths = parts.map((format, i) => files.write(`part${i}.${format}`, AS[format]()))
    const result = await sluice([
      'load',
      name,
      ...paths,
      files.write('part3.csv', AS.csv()),
      '--to',
      front.url,
      '--block-size',
      '300',
    ])
    expect(result.summary).toMatchObject({ rows: 4000, outcome: 'loaded' })
    expect(
      await front.query(
        `SELECT count(), uniqExact(id), min(c), max(c) FROM (SELECT id, count() AS c FROM ${name} GROUP BY id)`,
      ),
    ).toBe('1000\t1000\t4\t4')
  })
})

describe('what files are like', () => {
  const cases: [string, string, string, string][] = [
    ['a byte order mark, CRLF and no last line end', 'a.csv', '\ufeffa,b\r\n1,x\r\n2,y', '1\tx\n2\ty'],
    ['empty lines', 'a.ndjson', '\n{"a":1,"b":"x"}\n\n\r\n{"a":2,"b":"y"}\n\n', '1\tx\n2\ty'],
    ['empty lines around a header', 'a.csv', '\n\na,b\n\n1,x\n\n', '1\tx'],
    ['an empty file', 'a.csv', '', ''],
    ['a header and nothing else', 'a.csv', 'a,b\n', ''],
    ['an empty NDJSON file', 'a.ndjson', '', ''],
    ['blanks around header names', 'a.csv', ' a , "b"\n1,x\n', '1\tx'],
    ['columns in another order, one missing', 'a.csv', 'b\nx\n', '0\tx'],
    ['keys in another order, one missing', 'a.ndjson', '{"b":"y","a":2}\n{"b":"x"}\n', '0\tx\n2\ty'],
    ['text in every alphabet', 'a.csv', 'a,b\n1,žluťoučký 😀 日本\n', '1\tžluťoučký 😀 日本'],
    ['NUL and other controls in text', 'a.ndjson', '{"a":1,"b":"x\\u0000\\u0001y"}', '1\tx\\0\u0001y'],
  ]
  for (const [title, file, content, expected] of cases) {
    it(title, async () => {
      const name = await table('a UInt32, b String')
      const result = await sluice(['load', name, files.write(file, content), '--to', front.url])
      expect(result).toMatchObject({ code: 0, stderr: '' })
      expect(await rows(name)).toBe(expected)
      expect(result.summary.rows).toBe(expected === '' ? 0 : expected.split('\n').length)
    })
  }

  it('an empty line of a TSV with one column is an empty text', async () => {
    const name = await table('b String')
    expect((await sluice(['load', name, files.write('one.tsv', 'b\nx\n\ny\n'), '--to', front.url])).summary.rows).toBe(
      3,
    )
  })

  it('a line of 50 MB', async () => {
    const name = await table('a UInt32, b String')
    const long = 'é'.repeat(25_000_000)
    const result = await sluice(['load', name, '--to', front.url, '--format', 'ndjson'], {
      input: `{"a":1,"b":"x"}\n{"a":2,"b":"${long}"}\n{"a":3,"b":"y"}\n`,
    })
    expect(result.summary).toMatchObject({ rows: 3 })
    expect(await front.query(`SELECT a, length(b) FROM ${name} ORDER BY a`)).toBe('1\t1\n2\t50000000\n3\t1')
    await front.query(`TRUNCATE TABLE ${name}`)
    const csv = await sluice(['load', name, '--to', front.url, '--format', 'csv'], {
      input: `a,b\n1,"${'x\n'.repeat(25_000_000)}"\n2,y\n`,
    })
    expect(csv.summary).toMatchObject({ rows: 2 })
    expect(await front.query(`SELECT a, length(b) FROM ${name} ORDER BY a`)).toBe('1\t50000000\n2\t1')
  })
})

describe('options of the input', () => {
  const cases: [string, string, string[], string][] = [
    [
      '--no-header --columns',
      '1;x\n2;y\n',
      ['--format', 'csv', '--delimiter', ';', '--no-header', '--columns', 'a,b'],
      '1\tx\n2\ty',
    ],
    ['--columns instead of the header', 'A,B\n1,x\n', ['--format', 'csv', '--columns', 'a,b'], '1\tx'],
    ['--delimiter tab with quotes', 'a\tb\n1\t"x\ty"\n', ['--format', 'csv', '--delimiter', 'tab'], '1\tx\\ty'],
    ['--ignore-unknown in a header', 'a,zzz,b\n1,q,x\n', ['--format', 'csv', '--ignore-unknown'], '1\tx'],
    ['--ignore-unknown in keys', '{"a":1,"zzz":{"y":1},"b":"x"}', ['--format', 'ndjson', '--ignore-unknown'], '1\tx'],
    [
      '--columns of NDJSON with --ignore-unknown',
      '{"a":1,"b":"x"}',
      ['--format', 'ndjson', '--columns', 'a', '--ignore-unknown'],
      '1\t',
    ],
    ['--skip-rows', 'a,b\n1,x\n\n2,y\n3,z\n', ['--format', 'csv', '--skip-rows', '2'], '3\tz'],
  ]
  for (const [title, input, args, expected] of cases) {
    it(title, async () => {
      const name = await table('a UInt32, b String')
      expect(await sluice(['load', name, '--to', front.url, ...args], { input })).toMatchObject({ code: 0, stderr: '' })
      expect(await rows(name)).toBe(expected)
    })
  }

  it('--null, and what an empty field means', async () => {
    const name = await table(
      "n Nullable(UInt8), s String, ns Nullable(String), d UInt8 DEFAULT 7, e Enum8('a' = 3, 'b' = 5)",
    )
    const csv = 'n,s,ns,d,e\n1,x,y,2,b\n,,,,\nNULL,"","",9,a\n'
    expect(
      await sluice(['load', name, '--to', front.url, '--format', 'csv', '--null', 'NULL'], { input: csv }),
    ).toMatchObject({ code: 0 })
    expect(await rows(name)).toBe(['1\tx\ty\t2\tb', '\\N\t\t\t9\ta', '\\N\t\t\\N\t7\ta'].join('\n'))
  })

  it('--set reaches the server, --block-size and --block-bytes cut blocks', async () => {
    const name = await table('a UInt32, b String')
    const input = `a,b\n${Array.from({ length: 100 }, (_, i) => `${i},${'x'.repeat(100)}`).join('\n')}`
    const args = ['load', name, '--to', front.url, '--format', 'csv']
    expect((await sluice([...args, '--block-size', '30'], { input })).summary).toMatchObject({ blocks: 4 })
    expect((await sluice([...args, '--block-bytes', '2KiB'], { input })).summary.blocks).toBeGreaterThan(4)
    const refused = await sluice([...args, '--set', 'min_insert_block_size_rows=many'], { input })
    expect(refused.code).toBe(3)
    expect(refused.stderr).toMatch(/was refused: Code 27/)
  })
})

describe('values of every kind arrive as the server itself would read them', () => {
  const types: [string, string, string, string][] = [
    // type, CSV field, JSON value, what ClickHouse shows
    ['UInt64', '18446744073709551615', '18446744073709551615', '18446744073709551615'],
    ['Int64', '-9007199254740993', '-9007199254740993', '-9007199254740993'],
    [
      'Int128',
      '-170141183460469231731687303715884105728',
      '"-170141183460469231731687303715884105728"',
      '-170141183460469231731687303715884105728',
    ],
    ['Float64', '-1.5e300', '-1.5e300', '-1.5e300'],
    ['Float64', 'nan', '"nan"', 'nan'],
    [
      'Decimal(38, 10)',
      '12345678901234567890.0123456789',
      '12345678901234567890.0123456789',
      '12345678901234567890.0123456789',
    ],
    ['Decimal(9, 2)', '1.5000', '1.5', '1.5'],
    ['Bool', 'yes', 'true', 'true'],
    ['FixedString(4)', 'abcd', '"abcd"', 'abcd'],
    ['LowCardinality(String)', 'abc', '"abc"', 'abc'],
    ['LowCardinality(Nullable(String))', '', 'null', '\\N'],
    ['String', '1.10', '1.10', '1.10'],
    ['String', '"{""a"":[1.0]}"', '{"a":[1.0]}', '{"a":[1.0]}'],
    ['Date', '2024-02-29', '"2024-02-29"', '2024-02-29'],
    ['Date32', '1900-01-01', '"1900-01-01"', '1900-01-01'],
    ["DateTime('UTC')", '2024-01-01 10:00:00', '"2024-01-01T10:00:00.000Z"', '2024-01-01 10:00:00'],
    ["DateTime('Asia/Tokyo')", '2024-01-01 10:00:00', '"2024-01-01T01:00:00Z"', '2024-01-01 10:00:00'],
    ["DateTime64(3, 'UTC')", '2024-01-01 10:00:00.123', '1704103200123', '2024-01-01 10:00:00.123'],
    ["DateTime64(9, 'UTC')", '2024-01-01 10:00:00.123456789', '1704103200123456789', '2024-01-01 10:00:00.123456789'],
    [
      "DateTime64(6, 'America/New_York')",
      '2024-07-01 10:00:00.000001',
      '"2024-07-01T14:00:00.000001Z"',
      '2024-07-01 10:00:00.000001',
    ],
    [
      'UUID',
      '61f0c404-5cb3-11e7-907b-a6006ad3dba0',
      '"61f0c404-5cb3-11e7-907b-a6006ad3dba0"',
      '61f0c404-5cb3-11e7-907b-a6006ad3dba0',
    ],
    ['IPv4', '127.0.0.1', '"127.0.0.1"', '127.0.0.1'],
    ['IPv6', '::ffff:1.2.3.4', '"::ffff:1.2.3.4"', '::ffff:1.2.3.4'],
    ["Enum8('a' = 1, 'b' = 2)", 'b', '2', 'b'],
    ['Nullable(Int8)', '\\N', 'null', '\\N'],
    ['Array(Nullable(Int64))', '"[1,NULL,9007199254740993]"', '[1,null,9007199254740993]', '[1,NULL,9007199254740993]'],
    ['Array(String)', "\"['a','it\\'s']\"", '["a","it\'s"]', "['a','it\\'s']"],
    ['Array(Array(Date))', '"[[\'2024-01-31\'],[]]"', '[["2024-01-31"],[]]', "[['2024-01-31'],[]]"],
    ['Tuple(UInt8, String)', '"(1,\'x\')"', '[1,"x"]', "(1,'x')"],
    ['Tuple(a UInt8, b Date)', '"(1,\'2024-01-31\')"', '{"a":1,"b":"2024-01-31"}', "(1,'2024-01-31')"],
    [
      'Map(String, UInt64)',
      "\"{'a':1,'b':18446744073709551615}\"",
      '{"a":1,"b":18446744073709551615}',
      "{'a':1,'b':18446744073709551615}",
    ],
    ['Map(UInt8, Array(Date))', '"{1:[\'2024-01-31\']}"', '{"1":["2024-01-31"]}', "{1:['2024-01-31']}"],
  ]
  it('all of them in one table, from CSV and from NDJSON', async () => {
    const name = await table(types.map(([type], i) => `c${i} ${type}`).join(', '))
    const csv = `${types.map((_, i) => `c${i}`).join()}\n${types.map(([, field]) => field).join()}\n`
    const json = `{${types.map(([, , value], i) => `"c${i}":${value}`).join()}}`
    const expected = types.map(([, , , shown], i) => [i, shown])
    for (const [format, input] of [
      ['csv', csv],
      ['ndjson', json],
    ] as const) {
      const result = await sluice(['load', name, '--to', front.url, '--format', format], { input })
      expect(result).toMatchObject({ code: 0, stderr: '' })
      const shown = (
        await front.query(`SELECT ${types.map((_, i) => `toString(c${i})`).join()} FROM ${name} FORMAT TSVRaw`)
      ).split('\t')
      expect(shown.map((value, i) => [i, value === 'ᴺᵁᴸᴸ' ? '\\N' : value])).toEqual(expected)
      await front.query(`TRUNCATE TABLE ${name}`)
    }
  })
})
