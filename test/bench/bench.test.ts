import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { serverAvailable } from '../support/clickhouse-server.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** The benchmarks are plain JavaScript over what is built. */
const load = (path: string) => import(/* @vite-ignore */ `${root}bench/${path}`)

function run(...args: string[]) {
  return spawnSync(process.execPath, ['bench/run.mjs', ...args], { cwd: root, encoding: 'utf8' })
}

describe('npm run bench', () => {
  it('asks every question, and ends well where all bytes were read back', () => {
    const { status, stdout, stderr } = run('--quick')
    expect(status, stderr).toBe(0)
    const questions = 'encode-rows columns await delivery latency lz4 memory scaling split types wide end-to-end'.split(
      ' ',
    )
    for (const question of questions) expect(stdout).toContain(`== ${question}: `)
    for (const rival of [
      'hand-written columnar JS',
      'JSONEachRow body',
      'lz4-napi',
      'memcpy',
      'by tables',
      'column,plain',
      'control: no sluice',
    ])
      expect(stdout).toContain(rival)
    for (const into of ['Null, embedded', 'MergeTree, embedded', ...(serverAvailable() ? ['Null', 'MergeTree'] : [])])
      expect(stdout).toContain(`log into ${into}: 3000 rows a round`)
  }, 300_000) // some fifty processes

  it.skipIf(!existsSync(`${root}.git`))(
    '--against: the build of another commit in the same rounds, and no trace of it',
    () => {
      const { status, stdout, stderr } = run('--quick', '--against', 'HEAD', 'lz4', 'memory')
      expect(status, stderr).toBe(0)
      expect(stdout).toMatch(/^ {2}log, ours, LZ4 alone( +[\d.]+){3} +[\d.]+\.\.[\d.]+ +[\d.]+ +the same$/m)
      expect(stdout).toContain('memory cannot be compared')
      expect(stdout).not.toContain('lz4-napi  ')
      const [, tree] = /^building HEAD .* in (.*)$/m.exec(stdout)!
      expect(existsSync(tree!)).toBe(false)
      expect(spawnSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' }).stdout).not.toContain(tree)
    },
    300_000,
  ) // it builds that commit

  it('names the questions there are when it is given another', () => {
    const { status, stderr } = run('encode-row')
    expect(status).toBe(2)
    expect(stderr).toContain('encode-rows')
  })
})

describe('charts', () => {
  it('draws what was measured, with its question, unit, machine and commit, and every contender', async () => {
    const { drawCharts } = await load('charts.mjs')
    const directory = pathToFileURL(`${mkdtempSync(join(tmpdir(), 'sluice-charts-'))}/`)
    const ns = (least: number) => ({ cpuNsPerRow: { min: least } })
    const contenders = {
      'exec() loop': ns(50.4),
      'block builder alone': ns(41),
      'hand-written columnar JS': ns(25),
      'JSONEachRow body': ns(3654),
    }
    const machine = { cpu: 'A processor', cores: 2, node: 'v20', packages: { sluice: '0.1.0' }, commit: 'abc1234' }
    const result = { question: 'What does a row cost?', machine, results: { log: contenders } }
    writeFileSync(new URL('encode-rows.json', directory), JSON.stringify(result))
    expect(await drawCharts(directory)).toEqual(['encode-rows.svg'])
    const svg = readFileSync(new URL('encode-rows.svg', directory), 'utf8')
    for (const text of ['What does a row cost?', 'ns per row', 'A processor', 'abc1234', ...Object.keys(contenders)])
      expect(svg).toContain(text)
    for (const value of ['50', '41', '25', '3,654']) expect(svg).toContain(`>${value}</text>`)
    rmSync(directory, { recursive: true })
  })
})

describe('what waits for a pause', () => {
  it('a long one counts for as long as it is', async () => {
    const { waits } = await load('pauses.mjs')
    // 90 of 100 ms are short: what comes in the last 10 waits for up to 10 ms, so one moment in a hundred for more than 9.
    const { p99, max } = waits([...Array(900).fill(0.1), 10])
    expect(p99).toBeCloseTo(9, 3)
    expect(max).toBe(10)
  })
})

describe('the check of a contender’s bytes', () => {
  for (const shape of ['clickstream', 'log', 'metrics', 'texts', 'four']) {
    it(`takes the ${shape} rows, and refuses a byte changed and a row missing`, async () => {
      const { checkBlocks } = await load('check.mjs')
      const { rowsOf } = await load('shapes.mjs')
      const { encoders } = await load('peers/columnar-js.mjs')
      const rows = rowsOf(shape, 300)
      const bytes: Buffer = Buffer.from(encoders[shape]()(rows))
      checkBlocks(bytes, shape, rows)
      expect(() => checkBlocks(bytes, shape, rows.slice(1))).toThrow()
      expect(() => checkBlocks(bytes, shape, [...rows, rows[0]])).toThrow()
      for (const at of [bytes.length - 1, bytes.length - 2000, bytes.length >> 1]) {
        const changed = Buffer.from(bytes)
        changed[at] ^= 1
        expect(() => checkBlocks(changed, shape, rows)).toThrow()
      }
    })
  }

  it('takes a line of JSON a row, and refuses another value and a line missing', async () => {
    const { checkLines } = await load('check.mjs')
    const { rowsOf } = await load('shapes.mjs')
    const { jsonBody } = await load('peers/json-body.mjs')
    const rows = rowsOf('log', 50)
    const body: Buffer = jsonBody(rows)
    checkLines(body, rows)
    expect(() => checkLines(body, rows.slice(1))).toThrow()
    expect(() => checkLines(Buffer.from(body.toString().replace('"status":200', '"status":201')), rows)).toThrow()
  })
})

describe('the check of what came into a table', () => {
  const wanted = { rows: 300, hash: '123', floats: 1.5 }
  it('takes the same rows, and a float read a little otherwise', async () => {
    const { checkArrivals } = await load('tables.mjs')
    checkArrivals({ ...wanted, floats: 1.5 + 1e-12 }, wanted, 300)
  })
  it('refuses a row missing, another value, another float', async () => {
    const { checkArrivals } = await load('tables.mjs')
    for (const other of [{ rows: 299 }, { hash: '124' }, { floats: 1.5001 }, { floats: Number.NaN }])
      expect(() => checkArrivals({ ...wanted, ...other }, wanted, 300)).toThrow('into the table came')
  })
})

describe('a client in another language', () => {
  const args = (program: string) => ({
    program: [process.execPath, '-e', program],
    ...{ dates: 'log', shape: 'log, plain', rowCount: 10, blockRows: 5, table: 't', url: '', tcpPort: 0, way: 'it' },
  })
  it('is told the rows, and says itself how long a round took', async () => {
    const { create } = await load('peers/insert-program.mjs')
    const contender = await create(
      args(`require('node:readline').createInterface({ input: process.stdin }).once('line', (line) => {
        const { rows, columns, way } = JSON.parse(line)
        console.log('ready')
        process.stdin.on('data', () => {
          console.log(JSON.stringify({ ms: rows.length, cpuMs: columns.length, way, time: rows[1].time }))
          process.exit()
        })
      })`),
    )
    const time = '2024-01-01T00:00:00.007Z'
    expect(await contender.run()).toMatchObject({ ms: 10, cpuMs: 7, way: 'it', time })
    await expect(contender.run()).rejects.toThrow('ended with 0')
  })
  it('is an error where it ends', async () => {
    const { create } = await load('peers/insert-program.mjs')
    await expect(create(args('process.exit(3)'))).rejects.toThrow('ended with 3')
  })
})

describe('columns of texts', () => {
  it('the rival’s parsers and ours make of each type what the texts say', async () => {
    const { TEXT_TYPES } = await load('columns-of.mjs')
    const [ours, rival] = [await load('ours/texts.mjs'), await load('peers/text-js.mjs')]
    for (const type of TEXT_TYPES) {
      for (const form of ['strings', 'bytes']) {
        const args = { type, form, rowCount: 500 }
        for (const contender of [ours.create({ ...args, seals: true }), rival.create(args)]) {
          contender.run()
          contender.check()
        }
      }
    }
  })

  it('a value that is none of them is found', async () => {
    const { create } = await load('peers/text-js.mjs')
    const contender = create({ type: 'UUID', form: 'bytes', rowCount: 10 })
    expect(() => contender.check()).toThrow('UUID') // nothing was parsed yet
  })
})

describe('a contender that makes other bytes than those it read back', () => {
  it('ends the benchmark', async () => {
    const { alternate } = await load('rounds.mjs')
    const module = new URL('liar.mjs', import.meta.url).href
    const contenders = { liar: { module, args: {} } }
    await expect(alternate(contenders, { rounds: 3, warmups: 0 })).rejects.toThrow(/liar/)
  })
})
