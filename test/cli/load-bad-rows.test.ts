import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { ended, Files, PROGRAM, sluice, start } from './run.ts'

let front: ChdbFront
const files = new Files()
beforeAll(async () => {
  front = await startFront()
})
afterAll(async () => {
  await front.stop()
  files[Symbol.dispose]()
})

let table = ''
let tableCount = 0
beforeEach(async () => {
  table = `bad_${++tableCount}`
  await front.query(
    `CREATE TABLE ${table} (id UInt32, status UInt8, at Nullable(DateTime('UTC'))) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100`,
  )
})
const ids = async () =>
  (await front.query(`SELECT id FROM ${table} ORDER BY id`)).split('\n').filter(Boolean).map(Number)
const load = (file: string, ...args: string[]) => sluice(['load', table, file, '--to', front.url, ...args])

describe('a bad row stops the load: rows before it are in, and the place to resume from is said', () => {
  const cases: [string, string, string, RegExp, number[]][] = [
    [
      'a number out of range',
      'a.csv',
      'id,status\n1,1\n2,300\n3,3\n',
      /a\.csv:3: \S*status UInt8: 300 does not fit/,
      [1],
    ],
    ['text for a number', 'a.csv', 'id,status\n1,1\nx,2\n', /a\.csv:3: id UInt32: "x" is no integer/, [1]],
    [
      'NULL where none is allowed',
      'a.csv',
      'id,status\n1,\\N\n',
      /a\.csv:2: \S*status UInt8: null, but the column is not Nullable/,
      [],
    ],
    ['a field too few', 'a.csv', 'id,status\n1,1\n2\n', /a\.csv:3: 1 field where 2 columns are expected/, [1]],
    ['a field too many', 'a.tsv', 'id\tstatus\n1\t1\t1\n', /a\.tsv:2: 3 fields where 2 columns are expected/, []],
    [
      'a quote that never closes',
      'a.csv',
      'id,status\n1,1\n2,"2\n3,3\n',
      /a\.csv:3: field 2: the quote does not close/,
      [1],
    ],
    ['broken JSON', 'a.ndjson', '{"id":1,"status":1}\n\n{"id":2,"status":}\n', /a\.ndjson:3: not valid JSON/, [1]],
    [
      'JSON that is no object',
      'a.ndjson',
      '{"id":1,"status":1}\n7\n',
      /a\.ndjson:2: a line must be one JSON object, this is 7/,
      [1],
    ],
    [
      'an unknown key, in any row',
      'a.ndjson',
      '{"id":1,"status":1}\n{"id":2,"status":2}\n{"id":3,"status":3,"stauts":4}\n',
      /a\.ndjson:3: .*"stauts".*Did you mean "status"/s,
      [1, 2],
    ],
    [
      'a string for a number in JSON',
      'a.ndjson',
      '{"id":1,"status":"many"}\n',
      /a\.ndjson:1: status UInt8: "many" is no integer/,
      [],
    ],
    [
      'a fraction for an integer in JSON',
      'a.ndjson',
      '{"id":1,"status":1.5}\n',
      /a\.ndjson:1: \S*status UInt8: 1\.5 has a fraction/,
      [],
    ],
    [
      'a time that is none',
      'a.ndjson',
      '{"id":1,"at":"yesterday"}\n',
      /a\.ndjson:1: at Nullable\(DateTime\('UTC'\)\): "yesterday" is no time/,
      [],
    ],
    [
      'bytes that are no UTF-8',
      'a.csv',
      Buffer.from('id,status\n1,1\n2,\xff\n', 'latin1') as unknown as string,
      /a\.csv:3: the line is not valid UTF-8/,
      [1],
    ],
  ]
  for (const [title, name, content, message, expected] of cases) {
    it(title, async () => {
      const result = await load(files.write(name, content))
      expect(result.stderr).toMatch(message)
      expect(result.code).toBe(1)
      expect(await ids()).toEqual(expected)
      expect(result.summary).toMatchObject({
        outcome: 'stopped',
        rows: expected.length,
        refused: 1,
        resume: { skipRows: expected.length },
      })
    })
  }

  it('names the line where a record of several lines starts', async () => {
    const result = await load(files.write('lines.csv', 'id,status\n"1\n",1\n2,"\n\n300"\n3,3\n'))
    expect(result.stderr).toMatch(/lines\.csv:4: status UInt8|lines\.csv:4: \S*status UInt8/)
    expect(await ids()).toEqual([1])
  })

  it('a second file with an unknown column: the first is in, and the second is where to resume', async () => {
    const first = files.write('one.csv', 'id,status\n1,1\n')
    const second = files.write('two.csv', 'id,stauts\n2,2\n')
    const result = await sluice(['load', table, first, second, '--to', front.url])
    expect(result).toMatchObject({
      code: 2,
      summary: { outcome: 'stopped', rows: 1, resume: { file: second, skipRows: 0 } },
    })
    expect(result.stderr).toMatch(/no column "stauts".*Did you mean "status"/s)
    expect(await ids()).toEqual([1])
  })

  it('stops reading an input that has no end', async () => {
    const child = start(['load', table, '--to', front.url, '--format', 'csv'])
    const end = ended(child)
    child.stdin.write('id,status\n1,1\nx,1\n')
    const feeding = setInterval(() => child.stdin.write('2,2\n'), 10)
    const result = await end
    clearInterval(feeding)
    expect(result).toMatchObject({ code: 1, summary: { rows: 1, resume: { file: '-', skipRows: 1 } } })
    expect(await ids()).toEqual([1])
  })

  it('resuming there after the correction gives every row once', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `${i},${i % 200}`)
    lines[700] = '700,bad'
    const first = files.write('first.csv', 'id,status\n5000,1\n')
    const path = files.write('second.csv', `id,status\n${lines.join('\n')}\n`)
    const stopped = await sluice(['load', table, first, path, '--to', front.url, '--block-size', '64'])
    expect(stopped).toMatchObject({ code: 1, summary: { rows: 701, resume: { file: path, skipRows: 700 } } })
    lines[700] = '700,7'
    files.write('second.csv', `id,status\n${lines.join('\n')}\n`)
    const { skipRows } = stopped.summary.resume!
    expect(await load(path, '--skip-rows', String(skipRows))).toMatchObject({ code: 0, summary: { rows: 300 } })
    expect(await ids()).toEqual([...Array.from({ length: 1000 }, (_, i) => i), 5000])
  })
})

describe('--on-error skip: bad rows go to the rejects file, the others are loaded', () => {
  it('word for word, with their header, so that the corrected file loads', async () => {
    const path = files.write('skip.csv', 'id,status\n1,1\n2,300\n3,3\n"4\n",bad\n5,5\n')
    const rejects = files.path('rejects.csv')
    const result = await load(path, '--on-error', 'skip', '--rejects', rejects)
    expect(result).toMatchObject({ code: 1, summary: { outcome: 'loaded', rows: 3, refused: 2, read: 5 } })
    expect(await ids()).toEqual([1, 3, 5])
    expect(readFileSync(rejects, 'utf8')).toBe('id,status\n2,300\n"4\n",bad\n')
    const errors = readFileSync(`${rejects}.errors.ndjson`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(errors).toMatchObject([
      { file: path, line: 3, record: 2, code: 'VALUE_OUT_OF_RANGE', column: 'status' },
      { file: path, line: 5, record: 4, code: 'BAD_TEXT', column: 'status' },
    ])
    expect(errors[0].message).toMatch(/300 does not fit/)
    files.write('rejects.csv', readFileSync(rejects, 'utf8').replace('300', '30').replace('bad', '4'))
    expect(await load(rejects)).toMatchObject({ code: 0 })
    expect(await ids()).toEqual([1, 2, 3, 4, 5])
  })

  it('rows that the server refuses too, word for word, in files with other headers as well', async () => {
    await front.query(
      `CREATE TABLE ${table}_checked (id UInt32, status UInt8, CONSTRAINT even CHECK status % 2 = 0, CONSTRAINT known CHECK id != 500) ENGINE = MergeTree ORDER BY id`,
    )
    const rows = Array.from({ length: 1000 }, (_, i) => `${i}, ${i === 333 ? 7 : i === 600 ? 'x' : 2}`)
    const csv = files.write('checked.csv', `id,status\n\n${rows.join('\n')}\n`)
    const json = files.write(
      'checked.ndjson',
      '{"id": 2000,  "status":2}\n{"id":2001, "status": 3}\n{"id":2002,"status":4}\n',
    )
    const rejects = files.path('checked-rejects.csv')
    const args = ['load', `${table}_checked`, csv, json, '--to', front.url, '--block-size', '300']
    const result = await sluice([...args, '--on-error', 'skip', '--rejects', rejects])
    expect(result).toMatchObject({
      code: 1,
      summary: { outcome: 'loaded', rows: 999, refused: 4, read: 1003 },
    })
    expect(result.summary).not.toHaveProperty('undelivered')
    expect(await front.query(`SELECT count(), min(status), max(status) FROM ${table}_checked`)).toBe('999\t2\t4')
    expect(readFileSync(rejects, 'utf8').trim().split('\n').toSorted()).toEqual([
      '333, 7',
      '500, 2',
      '600, x',
      'id,status',
    ])
    expect(readFileSync(files.path('checked-rejects.2.csv'), 'utf8')).toBe('{"id":2001, "status": 3}\n')
    const errors = readFileSync(`${rejects}.errors.ndjson`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(errors.toSorted((a, b) => a.line - b.line)).toMatchObject([
      { file: json, line: 2, record: 2, code: 'SERVER_EXCEPTION', message: expect.stringContaining('`even`') },
      { file: csv, line: 336, record: 334, code: 'SERVER_EXCEPTION' },
      { file: csv, line: 503, record: 501, code: 'SERVER_EXCEPTION', message: expect.stringContaining('`known`') },
      { file: csv, line: 603, record: 601, code: 'BAD_TEXT' },
    ])
    expect(result.stderr).toMatch(/checked\.csv:336: ClickHouse exception 469 VIOLATED_CONSTRAINT: Constraint `even`/)
  })

  it('--max-errors counts rows that the server refuses; the load is resumed at the first that is not done', async () => {
    await front.query(
      `CREATE TABLE ${table}_checked (id UInt32, CONSTRAINT some CHECK id % 10 != 3) ENGINE = MergeTree ORDER BY id`,
    )
    const path = files.write('limited.csv', `id\n${Array.from({ length: 100 }, (_, i) => i).join('\n')}\n`)
    const rejects = files.path('limited-rejects.csv')
    const args = ['load', `${table}_checked`, path, '--to', front.url, '--on-error', 'skip']
    const result = await sluice([...args, '--rejects', rejects, '--max-errors', '2', '--block-size', '25'])
    expect(result).toMatchObject({ code: 1, summary: { outcome: 'stopped', refused: 3 } })
    expect(result.stderr).toMatch(/limited\.csv:\d+: ClickHouse exception 469/)
    const { rows, resume, ahead = 0, undelivered = 0, read } = result.summary
    expect(rows + 2 + undelivered).toBe(read)
    expect(await front.query(`SELECT count() FROM ${table}_checked`)).toBe(String(rows))
    expect(await front.query(`SELECT count() FROM ${table}_checked WHERE id >= ${resume!.skipRows}`)).toBe(
      String(ahead),
    )
  })

  it('bytes that are no UTF-8 arrive there unchanged', async () => {
    const bad = Buffer.from([0x32, 0x2c, 0xff, 0xc3, 0x28])
    const path = files.write('latin.csv', Buffer.concat([Buffer.from('id,status\n1,1\n'), bad, Buffer.from('\n3,3\n')]))
    await load(path, '--on-error', 'skip', '--rejects', files.path('latin-rejects.csv'))
    expect(readFileSync(files.path('latin-rejects.csv'))).toEqual(
      Buffer.concat([Buffer.from('id,status\n'), bad, Buffer.from('\n')]),
    )
    expect(await ids()).toEqual([1, 3])
  })

  it('files with other headers get rejects files of their own', async () => {
    const a = files.write('h1.csv', 'id,status\n1,x\n')
    const b = files.write('h2.csv', 'status,id\nx,2\n')
    const c = files.write('h3.ndjson', '{"id":3,"status":"x"}\n')
    await sluice([
      'load',
      table,
      a,
      b,
      c,
      '--to',
      front.url,
      '--on-error',
      'skip',
      '--rejects',
      files.path('mixed.csv'),
    ])
    expect(['mixed.csv', 'mixed.2.csv', 'mixed.3.csv'].map((name) => readFileSync(files.path(name), 'utf8'))).toEqual([
      'id,status\n1,x\n',
      'status,id\nx,2\n',
      '{"id":3,"status":"x"}\n',
    ])
    expect(readFileSync(files.path('mixed.csv.errors.ndjson'), 'utf8').trim().split('\n')).toHaveLength(3)
  })

  it('--max-errors stops at one more, and what was skipped stays in the rejects', async () => {
    const path = files.write(
      'many.csv',
      `id,status\n${Array.from({ length: 10 }, (_, i) => `${i},${i % 2 ? 'x' : i}`).join('\n')}\n`,
    )
    const result = await load(
      path,
      '--on-error',
      'skip',
      '--rejects',
      files.path('many-rejects.csv'),
      '--max-errors',
      '2',
    )
    expect(result).toMatchObject({
      code: 1,
      summary: { outcome: 'stopped', rows: 3, refused: 3, resume: { skipRows: 5 } },
    })
    expect(result.stderr).toMatch(/many\.csv:7: .*"x"/)
    expect(readFileSync(files.path('many-rejects.csv'), 'utf8')).toBe('id,status\n1,x\n3,x\n')
  })

  it('tells of the first ten on the screen, of all in the file', async () => {
    const path = files.write('lots.csv', `id,status\n${Array.from({ length: 500 }, (_, i) => `${i},x`).join('\n')}\n`)
    const result = await load(path, '--on-error', 'skip', '--rejects', files.path('lots-rejects.csv'))
    expect(result.stderr.match(/lots\.csv:\d+:/g)).toHaveLength(10)
    expect(readFileSync(files.path('lots-rejects.csv.errors.ndjson'), 'utf8').trim().split('\n')).toHaveLength(500)
  })

  it('a disk that is full stops the load at the row that did not fit, which is where it is resumed', async () => {
    const path = files.write('full.csv', 'id,status\n1,1\n2,300\n3,3\n')
    const result = await load(path, '--on-error', 'skip', '--rejects', '/dev/full')
    expect(result.stderr).toMatch(/cannot write \/dev\/full: ENOSPC/)
    expect(result.stderr).not.toMatch(/\n\s+at /)
    expect(result).toMatchObject({
      code: 2,
      summary: { outcome: 'stopped', rows: 1, read: 1, resume: { skipRows: 1 } },
    })
    expect(await ids()).toEqual([1])
  })

  it('a place where no file can be made is refused before the first row', async () => {
    const path = files.write('nowhere.csv', 'id,status\n1,1\n2,300\n')
    const result = await load(path, '--on-error', 'skip', '--rejects', files.path('missing/rejects.csv'))
    expect(result.code).toBe(2)
    expect(result.stderr).toMatch(/cannot write \S*missing\/rejects\.csv: ENOENT/)
    expect(await ids()).toEqual([])
  })

  it('leaves no file when every row is good, and never writes over one', async () => {
    const path = files.write('good.csv', 'id,status\n1,1\n')
    expect(await load(path, '--on-error', 'skip', '--rejects', files.path('none.csv'))).toMatchObject({ code: 0 })
    expect(existsSync(files.path('none.csv'))).toBe(false)
    const kept = files.write('kept.csv', 'rows of yesterday\n')
    expect(await load(path, '--on-error', 'skip', '--rejects', kept)).toMatchObject({ code: 2 })
    expect(readFileSync(kept, 'utf8')).toBe('rows of yesterday\n')
  })
})

describe('output that nobody reads', () => {
  const bad = Array.from({ length: 3_000 }, (_, i) => (i % 2 ? `${i},x` : `${i},1`))
  const good = Array.from({ length: 1_500 }, (_, i) => i * 2)
  const inShell = async (command: string, path: string) => {
    const args = ['load', table, path, '--to', front.url, '--on-error', 'skip', '--rejects', '/dev/null']
    const child = spawn('bash', ['-c', command, 'bash', process.execPath, PROGRAM, ...args])
    let text = ''
    child.stdout.on('data', (piece) => {
      text += piece
    })
    child.stderr.on('data', (piece) => {
      text += piece
    })
    await once(child, 'close')
    return text
  }

  it('2>&1 | head -1 ends no load half-way', async () => {
    const path = files.write('piped.csv', `id,status\n${bad.join('\n')}\n`)
    const text = await inShell('"$@" --progress 2>&1 | head -1 > /dev/null; echo "exit ${PIPESTATUS[0]}"', path)
    expect(text).toMatch(/exit 1/)
    expect(await ids()).toEqual(good)
  })

  it('stdout on a full disk: said in one line, and the exit code tells', async () => {
    const path = files.write('full-out.csv', 'id,status\n1,1\n')
    const text = await inShell('"$@" > /dev/full; echo "exit $?"', path)
    expect(text).toMatch(/sluice: the output cannot be written: ENOSPC/)
    expect(text).not.toMatch(/\n\s+at /)
    expect(text).toMatch(/exit 2/)
    expect(await ids()).toEqual([1])
  })
})

describe('inputs that cannot be read', () => {
  it('stdin that is a directory', async () => {
    const child = spawn('bash', ['-c', '"$@" < /', 'bash', process.execPath, PROGRAM, 'load', table, '--to', front.url])
    let text = ''
    child.stderr.on('data', (piece) => {
      text += piece
    })
    expect(await once(child, 'close')).toEqual([2, null])
    expect(text).toMatch(/stdin is a directory/)
  })

  it('--skip-rows beyond the last row is said', async () => {
    const result = await load(files.write('few.csv', 'id,status\n1,1\n2,2\n'), '--skip-rows', '5')
    expect(result).toMatchObject({ code: 0, summary: { rows: 0 } })
    expect(result.stderr).toMatch(/few\.csv has 2 rows: --skip-rows 5/)
  })

  it('a gzip file that is cut: what was read before is in', async () => {
    const text = `id,status\n${Array.from({ length: 200_000 }, (_, i) => `${i},${(i * 7) % 250}`).join('\n')}\n`
    const whole = gzipSync(text)
    const result = await load(
      files.write('cut.csv.gz', whole.subarray(0, whole.length - 20_000)),
      '--block-size',
      '10000',
    )
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/cut\.csv\.gz is damaged gzip/)
    const { rows, resume } = result.summary
    expect(rows).toBeGreaterThan(100_000)
    expect(resume).toMatchObject({ skipRows: rows })
    expect(await ids()).toEqual(Array.from({ length: rows as number }, (_, i) => i))
  })

  const cases: [string, string, string | Buffer, RegExp][] = [
    ['zstd', 'a.csv', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]), /compressed with zstd.*zstd -dc/s],
    ['UTF-16', 'a.csv', Buffer.from('\ufeffid,status\n1,1\n', 'utf16le'), /UTF-16 text.*iconv/s],
    ['Parquet', 'a', Buffer.from('PAR1....'), /a Parquet file/],
    ['binary', 'a.bin', Buffer.from([1, 0, 2, 0, 3, 10]), /is binary/],
    ['a JSON array without extension', 'array', '[{"id":1},\n{"id":2}]', /one JSON array.*jq/s],
    ['a JSON array', 'a.json', '[\n{"id":1}\n]', /not valid JSON.*jq/s],
    ['a header with a name twice', 'a.csv', 'id,id\n1,2\n', /the column "id" twice/],
    ['a header with an empty name', 'a.csv', 'id,\n1,2\n', /a column without a name.*--columns/s],
  ]
  for (const [title, name, content, message] of cases) {
    it(title, async () => {
      const result = await load(files.write(name, content))
      expect(result.stderr).toMatch(message)
      expect(result.code).toBe(1)
      expect(await ids()).toEqual([])
    })
  }
})
