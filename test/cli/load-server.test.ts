import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/native.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { PASSWORD_USER, serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { exceptionReply, type RecordedRequest, type Reply, startLyingServer } from '../support/lying-server.ts'
import { ended, Files, sluice, start } from './run.ts'

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
async function table(): Promise<string> {
  const name = `server_${++tableCount}`
  await front.query(
    `CREATE TABLE ${name} (id UInt32, name String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100`,
  )
  return name
}
const csvOf = (first: number, end: number) =>
  `id,name\n${Array.from({ length: end - first }, (_, i) => `${first + i},n${first + i}`).join('\n')}\n`
const countAndSum = (name: string) => front.query(`SELECT count(), uniqExact(id), sum(id) FROM ${name}`)

/** With a table that deduplicates nothing. */
async function plainServer(insert: (request: RecordedRequest) => Reply | undefined | Promise<Reply | undefined>) {
  const server = await startLyingServer({
    insert,
    rows: (sql) => {
      if (sql.includes('system.tables')) return [{ engine: 'MergeTree', engine_full: '' }]
      if (!sql.includes('system.columns')) return undefined
      return ['id', 'name'].map((name) => ({ name, type: 'String', default_kind: '', default_expression: '' }))
    },
  })
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })
}

describe('a server that does not help', () => {
  it('an open stdin does not keep the program from ending', async () => {
    const child = start(['load', 'nothing_there', '--to', front.url])
    expect(await ended(child)).toMatchObject({ code: 2 })
  })

  it('nobody listens: exit 3, one line, and where to look', async () => {
    const result = await sluice(['load', 't', '--to', 'http://127.0.0.1:1'], { input: 'id\n1\n' })
    expect(result).toMatchObject({ code: 3, stdout: '' })
    expect(result.stderr).toMatch(/^sluice: No connection to 127\.0\.0\.1:1: .*\n {2}hint: .*8123.*\n$/)
  })

  it('no such table: exit 2, the closest one, and --create', async () => {
    const name = await table()
    const result = await sluice(['load', `${name}x`, '--to', front.url], { input: 'id\n1\n' })
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toMatch(
      new RegExp(`no table .*${name}x.*\\n  hint: Did you mean \`${name}\`\\? --create makes`),
    )
  })

  it.each([false, true])(
    'a lost answer, and a table that would not know the block again (--accept-duplicates: %s)',
    async (accepts) => {
      const name = `lost_${accepts}`
      await front.query(`CREATE TABLE ${name} (id UInt32, name String) ENGINE = MergeTree ORDER BY id`)
      const proxy = await startFaultProxy(front.url)
      const flags = accepts ? ['--accept-duplicates'] : []
      const child = start(['load', name, '--to', proxy.url, '--format', 'csv', '--block-size', '100', ...flags])
      const end = ended(child)
      child.stdin.write(csvOf(0, 101))
      while ((await front.query(`SELECT count() FROM ${name}`)) !== '100') await sleep(20)
      proxy.arm({ cutResponseAt: 0 })
      child.stdin.end(csvOf(101, 150).replace('id,name\n', ''))
      const result = await end
      await proxy.close()
      expect(await front.query(`SELECT count(), uniqExact(id) FROM ${name}`)).toBe(accepts ? '200\t150' : '150\t150')
      if (accepts) {
        expect(result).toMatchObject({ code: 0, summary: { rows: 150, retries: 1, possibleDuplicates: 50 } })
      } else {
        expect(result).toMatchObject({ code: 3, summary: { rows: 100, unknown: 50 } })
        expect(result.stderr).toMatch(/may be stored, and is not sent again/)
        expect(result.stderr).toMatch(/hint: Look for its rows.*--accept-duplicates.*sluice doctor/)
        expect(result.stderr).toContain(
          [
            '50 rows may be in the table or not: the answer was lost',
            'to resume: look in the table for rows 100..149 (from 0)',
            '  they are there: run the same command with --skip-rows 150',
            '  none of them is: run the same command with --skip-rows 100\n',
          ].join('\n'),
        )
      }
    },
  )

  it('a block that the server refuses: exit 3, what it said, and where to go on', async () => {
    await front.query(
      'CREATE TABLE refused (id UInt32, name String, CONSTRAINT most CHECK id != 350) ENGINE = MergeTree ORDER BY id',
    )
    const path = files.write('refused.csv', csvOf(0, 900))
    const result = await sluice(['load', 'refused', path, '--to', front.url, '--block-size', '100'])
    expect(result.code).toBe(3)
    expect(result.stderr).toMatch(/was refused: Code 469/)
    expect(result.stderr).not.toContain('takeBlocks')
    // The block behind the refused one may have been under way already.
    const { rows, ahead = 0, undelivered = 0, read } = result.summary
    expect(result.summary).toMatchObject({ outcome: 'failed', rows: 300 + ahead, resume: { skipRows: 300 } })
    expect(rows + undelivered).toBe(read)
    expect(await front.query('SELECT count() FROM refused')).toBe(String(rows))
  })

  it('a refused block that may be stored in part: the summary says so, and no answer was lost', async () => {
    const message = 'Constraint `most` is violated: while pushing to view default.seeing'
    await using server = await plainServer(() => exceptionReply(469, 'VIOLATED_CONSTRAINT', message))
    const result = await sluice(['load', 't', '--to', server.url], { input: csvOf(0, 10) })
    expect(result).toMatchObject({ code: 3, summary: { rows: 0, unknown: 10 } })
    expect(result.stderr).toMatch(
      /10 rows may be in the table or not: the server said Code 469 VIOLATED_CONSTRAINT, and may have stored a part by then/,
    )
    expect(result.stderr).not.toContain('answer was lost')
  })

  it('a lost answer, and rows behind it that are in: which rows to look for, and how to get at them', async () => {
    const arrived = new Map<number, () => void>()
    // The second block's answer is lost once the third has its own.
    await using server = await plainServer(async ({ body }) => {
      const first = Number(decodeBlocks(body)[0]!.rows[0]![0])
      if (first === 20) setTimeout(() => arrived.get(10)!(), 300)
      if (first !== 10) return undefined
      await new Promise<void>((resolve) => arrived.set(10, resolve))
      return { close: 'before' }
    })
    const path = files.write("it's.csv", csvOf(0, 30))
    const args = ['load', 't', path, '--to', server.url, '--block-size', '10', '--compression', 'none']
    const result = await sluice(args)
    expect(result).toMatchObject({ code: 3, summary: { rows: 20, unknown: 10, ahead: 10, resume: { skipRows: 10 } } })
    const [, sed] = / alone: (sed .*) \| sluice load t with the same options\n/.exec(result.stderr)!
    expect(result.stderr).toContain(
      `to resume:\n  look in the table for rows 10..19 (from 0); if none of them is there, load those alone: ${sed}`,
    )
    expect(result.stderr).toMatch(/\n {2}then run the same command with --skip-rows 30\n$/)
    expect(execFileSync('sh', ['-c', sed!], { encoding: 'utf8' })).toBe(csvOf(10, 20))
    files.write("it's.csv", csvOf(0, 30).replace('\n', '\n\n'))
    expect((await sluice(args)).stderr).toMatch(/load those alone\n/)
  })

  it('a block over too many partitions: exit 3, and the flag that helps; with it every row is in', async () => {
    const days = (first: number) =>
      `id,day\n${Array.from({ length: 500 }, (_, i) => `${first + i},${new Date((i % 250) * 86_400_000).toISOString().slice(0, 10)}`).join('\n')}\n`
    await front.query(`CREATE TABLE days (id UInt32, day Date) ENGINE = MergeTree ORDER BY id PARTITION BY day`)
    const path = files.write('days.csv', days(0))
    const args = ['load', 'days', path, '--to', front.url]
    const refused = await sluice(args)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('--split-by-partition makes one insert per partition')
    expect(await sluice([...args, '--split-by-partition', '--dry-run'])).toMatchObject({ code: 0 })
    await front.query('ALTER TABLE days ADD CONSTRAINT most CHECK id != 7')
    const more = files.write('more-days.csv', days(500))
    const rejects = ['--on-error', 'skip', '--rejects', files.path('days-rejects.csv')]
    const result = await sluice([...args, more, '--split-by-partition', '--block-size', '400', ...rejects])
    expect(result).toMatchObject({ code: 1, summary: { outcome: 'loaded', rows: 999, read: 1000, refused: 1 } })
    expect(result.summary).not.toHaveProperty('undelivered')
    expect(readFileSync(files.path('days-rejects.csv'), 'utf8')).toBe('id,day\n7,1970-01-08\n')
    expect(await front.query('SELECT count(), uniqExact(id), uniqExact(day) FROM days')).toBe('999\t999\t250')
  })

  it('blocks of one partition: a failure in one of them says where to go on, and how much is there already', async () => {
    await front.query(
      'CREATE TABLE some_days (id UInt32, day Date, CONSTRAINT most CHECK id != 150) ENGINE = MergeTree ORDER BY id PARTITION BY day',
    )
    const rows = Array.from({ length: 300 }, (_, i) => `${i},1970-01-0${1 + (i % 5)}`)
    const path = files.write('some-days.csv', `id,day\n${rows.join('\n')}\n`)
    const args = ['load', 'some_days', path, '--to', front.url, '--split-by-partition', '--block-size', '100']
    const { code, summary } = await sluice(args)
    expect(code).toBe(3)
    const { rows: rowCount, ahead = 0, undelivered = 0, read, resume } = summary
    expect(resume).toMatchObject({ skipRows: 100 })
    expect(rowCount + undelivered).toBe(read)
    expect(await front.query('SELECT count(), countIf(id >= 100) FROM some_days')).toBe(`${rowCount}\t${ahead}`)
  })

  it('a connection that breaks in the middle is mended without a lost or doubled row', async () => {
    const name = await table()
    const proxy = await startFaultProxy(front.url)
    try {
      proxy.arm({ cutRequestAt: 200_000 }) // inside a block
      const result = await sluice(['load', name, '--to', proxy.url, '--format', 'csv', '--block-size', '5000'], {
        input: csvOf(0, 50_000),
      })
      expect(result).toMatchObject({ code: 0, summary: { rows: 50_000 } })
      expect(proxy.struckCount).toBeGreaterThan(0)
      expect(result.summary.retries).toBeGreaterThan(0)
      expect(await countAndSum(name)).toBe('50000\t50000\t1249975000')
    } finally {
      await proxy.close()
    }
  })
})

describe('Ctrl-C', () => {
  it('sends what was read, says how many rows are in and where to resume; the rest then completes the table', async () => {
    const name = await table()
    const child = start(['load', name, '--to', front.url, '--format', 'csv'])
    const end = ended(child)
    child.stdin.write(csvOf(0, 70_000))
    for (let rows = 0; rows < 65_000; await sleep(50)) rows = Number((await countAndSum(name)).split('\t')[0])
    child.kill('SIGINT')
    const result = await end
    expect(result.code).toBe(130)
    expect(result.stderr).toMatch(/interrupted: sending what was read/)
    expect(result.stderr).toMatch(/70,000 rows loaded/)
    expect(result.stderr).toMatch(/--skip-rows 70000/)
    expect(result.summary).toMatchObject({
      outcome: 'interrupted',
      rows: 70_000,
      resume: { file: '-', skipRows: 70_000 },
    })
    const rest = await sluice(['load', name, '--to', front.url, '--format', 'csv', '--skip-rows', '70000'], {
      input: csvOf(0, 80_000),
    })
    expect(rest).toMatchObject({ code: 0, summary: { rows: 10_000 } })
    expect(await countAndSum(name)).toBe('80000\t80000\t3199960000')
  })

  it('in the middle of a line: half a row is no row, and is not passed over either', async () => {
    for (const [format, text] of [
      ['csv', 'id,name\n1,one\n2,two\n3,this is only the beginni'],
      ['ndjson', '{"id":1}\n{"id":2}\n{"id":3,"name":"this is on'],
    ] as const) {
      const name = await table()
      const rejects = files.path(`half-${format}`)
      const child = start(
        ['load', name, '--to', front.url, '--format', format].concat('--on-error', 'skip', '--rejects', rejects),
      )
      const end = ended(child)
      child.stdin.write(text)
      for (let rows = 0; rows < 2; await sleep(50)) rows = Number((await countAndSum(name)).split('\t')[0])
      child.kill('SIGINT')
      expect(await end).toMatchObject({
        code: 130,
        summary: { outcome: 'interrupted', rows: 2, read: 2, resume: { skipRows: 2 } },
      })
      expect(await countAndSum(name)).toBe('2\t2\t3')
      expect(existsSync(rejects)).toBe(false)
    }
  })

  it('before the first byte came', async () => {
    const name = await table()
    const child = start(['load', name, '--to', front.url])
    const end = ended(child)
    await sleep(1_500)
    child.kill('SIGINT')
    expect(await end).toMatchObject({ code: 130, summary: { outcome: 'interrupted', rows: 0, read: 0 } })
  })

  it('does not wait for a server that has stopped answering; the account says what is unknown', async () => {
    const name = await table()
    const proxy = await startFaultProxy(front.url)
    try {
      const path = files.write('stalled.csv', csvOf(0, 200_000))
      const child = start(['load', name, path, '--to', proxy.url, '--block-size', '20000'])
      const end = ended(child)
      for (let rows = 0; rows < 20_000; await sleep(5)) rows = Number((await countAndSum(name)).split('\t')[0])
      proxy.arm({ stallResponseAt: 0 })
      await sleep(300)
      child.kill('SIGINT')
      const started = performance.now()
      const result = await end
      expect(performance.now() - started).toBeLessThan(9_000)
      expect(result.code).toBe(130)
      const { rows, undelivered = 0, unknown = 0, read, resume } = result.summary
      expect(rows + undelivered + unknown).toBe(read)
      expect(unknown).toBeGreaterThan(0)
      expect(resume).toMatchObject({ file: path, skipRows: rows })
      expect(Number((await countAndSum(name)).split('\t')[0])).toBeGreaterThanOrEqual(rows)
    } finally {
      await proxy.close()
    }
  })

  it('twice ends at once, with an account all the same', async () => {
    const name = await table()
    const proxy = await startFaultProxy(front.url)
    try {
      const child = start(['load', name, '--to', proxy.url, '--format', 'csv', '--block-size', '1000'])
      const end = ended(child)
      await once(child, 'spawn')
      for (let seen = 0; seen === 0; await sleep(20)) seen = proxy.connectionCount
      await sleep(500)
      proxy.arm({ stallResponseAt: 0 })
      child.stdin.write(csvOf(0, 5_000))
      await sleep(300)
      child.kill('SIGINT')
      await sleep(300)
      const started = performance.now()
      child.kill('SIGINT')
      const result = await end
      expect(performance.now() - started).toBeLessThan(2_000)
      expect(result).toMatchObject({
        code: 130,
        summary: { outcome: 'interrupted', rows: 0, resume: { file: '-', skipRows: 0 } },
      })
    } finally {
      await proxy.close()
    }
  })
})

describe('other targets', () => {
  it('chdb: in a directory: create, load, load more', async () => {
    const to = `chdb:${files.path('chdb')}`
    expect(
      await sluice(['load', 'people', files.write('p.csv', csvOf(0, 1000)), '--to', to, '--create', '--yes']),
    ).toMatchObject({ code: 0 })
    expect(
      await sluice(['load', 'people', files.write('p.ndjson', '{"id":1000,"name":"z"}'), '--to', to]),
    ).toMatchObject({ code: 0 })
    const wrong = await sluice(['load', 'people', files.write('q.csv', 'id,nam\n1,x\n'), '--to', to])
    expect(wrong.stderr).toMatch(/no column "nam"[\s\S]*Did you mean "name"/)
  })

  it('file: writes the Native stream, with guessed columns', async () => {
    const out = files.path('out.native')
    const result = await sluice([
      'load',
      'people',
      files.write('f.csv', csvOf(0, 300)),
      '--to',
      `file:${out}`,
      '--block-size',
      '200',
    ])
    expect(result).toMatchObject({ code: 0, summary: { rows: 300, blocks: 2 } })
    const blocks = decodeBlocks(readFileSync(out))
    expect(blocks.map(({ rows }) => rows.length)).toEqual([200, 100])
    expect(blocks[0]!.columns).toEqual([
      { name: 'id', type: 'Int64' },
      { name: 'name', type: 'String' },
    ])
    expect(blocks[1]!.rows[99]).toEqual([299n, 'n299'])
  })

  it('--dry-run reads, converts and encodes everything, and sends nothing', async () => {
    const name = await table()
    const good = await sluice(['load', name, files.write('d.csv', csvOf(0, 300)), '--to', front.url, '--dry-run'])
    expect(good).toMatchObject({ code: 0, summary: { outcome: 'dry run', rows: 300 } })
    const bad = await sluice([
      'load',
      name,
      files.write('e.csv', 'id,name\n1,x\n-1,y\n'),
      '--to',
      front.url,
      '--dry-run',
    ])
    expect(bad.code).toBe(1)
    expect(bad.stderr).toMatch(/e\.csv:3: .*-1 does not fit/)
    expect(await countAndSum(name)).toBe('0\t0\t0')
  })

  it('memory stays bounded, whatever the size of the input', async () => {
    const name = await table()
    // 400 MB through a heap of 60 MB: a reader that collected its input would end the process.
    const child = start(['load', name, '--to', front.url, '--format', 'csv', '--dry-run'], {
      env: { NODE_OPTIONS: '--max-old-space-size=60' },
    })
    const end = ended(child)
    const piece = Buffer.from(`${'7,a text of some length that says nothing new at all\n'.repeat(20_000)}`)
    child.stdin.write('id,name\n')
    let most = 0
    for (let sent = 0; sent < 400e6; sent += piece.length) {
      if (!child.stdin.write(piece)) await once(child.stdin, 'drain')
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      most = Math.max(most, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0))
    }
    child.stdin.end()
    expect(await end).toMatchObject({ code: 0 })
    expect(most / 1024).toBeLessThan(400)
  })
})

describe.skipIf(!serverAvailable())('ClickHouse 18.16 over HTTP', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(async () => {
    await server.stop()
  })

  it('creates a table from what it knows, and loads it', async () => {
    const rows = Array.from(
      { length: 500 },
      (_, i) =>
        `${i},2024-01-01,2024-01-01 10:00:${String(i % 60).padStart(2, '0')},${['DE', 'US'][i % 2]},true,"[${i},1]",${i % 2 ? '' : i / 4}`,
    )
    const path = files.write('old.csv', `id,day,at,country,flag,tags,share\n${rows.join('\n')}\n`)
    const result = await sluice(['load', 'events', path, '--to', server.url, '--create', '--yes'])
    expect(result).toMatchObject({ code: 0, summary: { rows: 500 } })
    expect(result.stderr).toContain('`flag`    UInt8')
    expect(result.stderr).not.toContain('LowCardinality')
    const found = await server.query(
      "SELECT count(), sum(id), min(day), max(at) = toDateTime('2024-01-01 10:00:59', 'UTC'), uniq(country), sum(flag), sum(tags[1]), countIf(isNull(share)) FROM events",
    )
    expect(found).toBe('500\t124750\t2024-01-01\t1\t2\t500\t124750\t250')
  })

  it('a user with a password, from the environment and from the URL', async () => {
    const env = { SLUICE_USER: PASSWORD_USER.username, SLUICE_PASSWORD: PASSWORD_USER.password }
    const input = 'id,name\n1,x\n'
    await server.query('CREATE TABLE people (id UInt32, name String) ENGINE = MergeTree ORDER BY id')
    const args = ['load', 'people', '--to', server.url, '--format', 'csv']
    expect(await sluice(args, { input, env })).toMatchObject({ code: 0 })
    expect(
      await sluice([...args, '--user', PASSWORD_USER.username], {
        input,
        env: { SLUICE_PASSWORD: PASSWORD_USER.password },
      }),
    ).toMatchObject({ code: 0 })
    const withUser = server.url.replace(
      '//',
      `//${PASSWORD_USER.username}:${encodeURIComponent(PASSWORD_USER.password)}@`,
    )
    expect(
      await sluice(['load', 'people', '--format', 'csv'], { input, env: { CLICKHOUSE_URL: withUser } }),
    ).toMatchObject({ code: 0 })
    expect(await server.query('SELECT count() FROM people')).toBe('3')

    const wrong = await sluice(args, { input, env: { ...env, SLUICE_PASSWORD: 'guess' } })
    expect(wrong).toMatchObject({ code: 3, stdout: '' })
    expect(wrong.stderr).toMatch(/^sluice: .*(password|user)[^\n]*\n {2}hint: .*\n$/i)
    expect(wrong.stderr).not.toContain('guess')
    expect(wrong.stderr).toContain('--user or the URL, the password from SLUICE_PASSWORD')
  })

  it('a table in another database, with a column that has a DEFAULT', async () => {
    await server.query('CREATE DATABASE shop')
    await server.query(
      "CREATE TABLE shop.orders (id UInt32, state String DEFAULT 'new', cents UInt64 MATERIALIZED id * 100) ENGINE = MergeTree ORDER BY id",
    )
    const input = 'id,state\n1,paid\n2,\n3,sent\n'
    expect(await sluice(['load', 'shop.orders', '--to', server.url, '--format', 'csv'], { input })).toMatchObject({
      code: 0,
      summary: { rows: 3 },
    })
    expect(await server.query('SELECT id, state, cents FROM shop.orders ORDER BY id')).toBe(
      '1\tpaid\t100\n2\tnew\t200\n3\tsent\t300',
    )
    const refused = await sluice(['load', 'shop.orders', '--to', server.url, '--format', 'csv'], {
      input: 'id,cents\n1,1\n',
    })
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toMatch(/cents is MATERIALIZED/)
  })

  it('a server that dies in the middle and comes back: --accept-duplicates loses no row', async () => {
    await server.query('CREATE TABLE died (id UInt32, name String) ENGINE = MergeTree ORDER BY id')
    const to = ['--to', server.url, '--accept-duplicates']
    const child = start(['load', 'died', ...to, '--format', 'csv', '--block-size', '10000'])
    const end = ended(child)
    child.stdin.write(csvOf(0, 50_000))
    for (let rows = 0; rows < 20_000; await sleep(20)) rows = Number(await server.query('SELECT count() FROM died'))
    await server.kill()
    child.stdin.write(csvOf(50_000, 90_000).replace('id,name\n', ''))
    child.stdin.end()
    await sleep(300)
    await server.restart()
    const result = await end
    expect(result).toMatchObject({ code: 0, summary: { rows: 90_000 } })
    expect(result.summary.retries).toBeGreaterThan(0)
    expect(result.stderr).toMatch(/note: .*does not recognise a repeated block/)
    expect(result.stderr).toMatch(/a block is sent again/)
    expect(await server.query('SELECT uniqExact(id) FROM died')).toBe('90000')
  })
})
