// The programs of examples/, run as their first lines say. quickstart.mjs has its test in test/cli.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { serverAvailable, startServer } from '../support/clickhouse-server.ts'
import { UserProject } from './user-project.ts'

const folder = fileURLToPath(new URL('../../examples/', import.meta.url))
const project = new UserProject()
let front: ChdbFront

beforeAll(async () => {
  // Run from a project that installed the package, so that `import 'sluice'` finds that.
  for (const name of readdirSync(folder)) project.write(name, readFileSync(folder + name, 'utf8'))
  front = await startFront()
})
afterAll(async () => {
  await front?.stop()
  project[Symbol.dispose]()
})

const run = (name: string, args: string[] = [], env: Record<string, string> = {}) =>
  project.run(process.execPath, [name, ...args], env)

it('every example is run by a test', () => {
  expect(readdirSync(folder).sort()).toEqual([
    'checkpoint.mjs',
    'ingest-server.mjs',
    'native-file.mjs',
    'quickstart.mjs',
  ])
})

describe('native-file.mjs', () => {
  it('writes blocks and reads them back; ClickHouse reads the same rows', async () => {
    expect(await run('native-file.mjs')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^2500 rows in \d+ bytes\n1000 rows of at, user, tags; /),
    })
    expect(
      await front.query(
        `SELECT count(), sum(user), countIf(has(tags, 'odd')) FROM file('${project.path('events.native')}', Native)`,
      ),
    ).toBe('2500\t3123750\t1250')
  })
})

describe('ingest-server.mjs', () => {
  it('answers 202 when the rows are in, refuses what does not fit, and stops with an account', async () => {
    const child = spawn(process.execPath, ['ingest-server.mjs'], {
      cwd: project.directory,
      env: { ...process.env, PORT: '0', SLUICE_URL: front.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    try {
      while (!stdout.includes('\n')) await sleep(10)
      const url = `http://127.0.0.1:${/port (\d+)/.exec(stdout)![1]}/events`
      const post = async (body: string) => {
        const response = await fetch(url, { method: 'POST', body })
        return { status: response.status, body: await response.json() }
      }
      const many = await Promise.all(
        Array.from({ length: 20 }, (_, user) =>
          post(`{"user":${user},"kind":"view"}\n{"user":${user},"kind":"click"}\n`),
        ),
      )
      expect(many).toEqual(many.map(() => ({ status: 202, body: { rows: 2 } })))
      expect(await front.query('SELECT count(), uniqExact(user) FROM events')).toBe('40\t20')
      expect(await post('{"user":1,"kid":"view"}\n')).toMatchObject({ status: 422, body: { code: 'UNKNOWN_COLUMN' } })
      expect(await post('{"user":')).toMatchObject({ status: 400 })
      expect((await fetch(url)).status).toBe(404)
    } finally {
      child.kill('SIGTERM')
    }
    expect(await ended).toBe(0)
    expect(stdout).toContain('stopped: 40 rows in, 0 rejected, 0 unknown, 0 not sent')
  })
})

describe.runIf(serverAvailable())('checkpoint.mjs, into the old server', () => {
  it('goes on where it was killed, and loses no line', async () => {
    await using server = Object.assign(await startServer(), {
      async [Symbol.asyncDispose]() {
        await server.stop()
      },
    })
    await server.query('CREATE TABLE log (id UInt64, message String) ENGINE = MergeTree ORDER BY id')
    const lines = Array.from({ length: 60_000 }, (_, id) => JSON.stringify({ id, message: 'x'.repeat(100) }))
    writeFileSync(project.path('log.ndjson'), `${lines.join('\n')}\n`)
    const offset = () => {
      try {
        return Number(readFileSync(project.path('log.ndjson.offset'), 'utf8'))
      } catch {
        return 0 // not written yet
      }
    }
    const child = spawn(process.execPath, ['checkpoint.mjs', 'log.ndjson'], {
      cwd: project.directory,
      env: { ...process.env, SLUICE_URL: server.url },
      stdio: 'ignore',
    })
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
    while (offset() === 0 && child.exitCode === null) await sleep(1)
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    expect(offset()).toBeGreaterThan(0)

    const { code, stdout } = await run('checkpoint.mjs', ['log.ndjson'], { SLUICE_URL: server.url })
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ rows from byte [1-9]/) })
    expect(await server.query('SELECT uniqExact(id), min(id), max(id) FROM log')).toBe('60000\t0\t59999')
  })
})
