// What a person sees of a server that has its difficulties, while it has them; and that every row arrives all the same.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { exceptionReply, startLyingServer } from '../support/lying-server.ts'
import { ended, Files, start } from './run.ts'

let front: ChdbFront
let proxy: FaultProxy
const files = new Files()
beforeAll(async () => {
  front = await startFront()
  proxy = await startFaultProxy(front.url)
})
afterAll(async () => {
  await proxy.close()
  await front.stop()
  files[Symbol.dispose]()
})

const csvOf = (rowCount: number) =>
  `id,name\n${Array.from({ length: rowCount }, (_, id) => `${id},n${id}`).join('\n')}\n`

async function table(name: string): Promise<string> {
  await front.query(
    `CREATE TABLE ${name} (id UInt32, name String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000`,
  )
  return name
}

/** The program with its live line; `during` is called as soon as the screen shows `prompt`. */
async function load(args: string[], prompt: RegExp, during: () => Promise<unknown>) {
  const child = start(['load', ...args, '--progress'])
  let screen = ''
  let isCalled = false
  const calls: Promise<unknown>[] = []
  child.stderr.on('data', (text: Buffer) => {
    screen += text.toString()
    if (isCalled || !prompt.test(screen)) return
    isCalled = true
    calls.push(during())
  })
  child.stdin.end()
  const result = await ended(child)
  await Promise.all(calls)
  const lines = screen.split(/[\r\n]/).map((line) => line.replace('\x1b[K', ''))
  return { ...result, summary: result.summary, lines }
}

describe('a server that is away for some seconds', () => {
  it('the live line says how many blocks are tried again, why, and when next; the summary counts the attempts', async () => {
    const name = await table('away')
    const path = files.write('away.csv', csvOf(120_000))
    proxy.throttle(1_500_000)
    const args = [name, path, '--to', proxy.url, '--block-size', '5000', '--compression', 'none']
    const result = await load(args, /\b[1-9][\d,]* rows/, async () => {
      proxy.throttle(undefined)
      await proxy.down()
      proxy.cutAll()
      await sleep(3_000)
      await proxy.up()
    })
    expect(result.code).toBe(0)
    const retrying = result.lines.filter((line) => line.includes('retrying'))
    expect(retrying.length).toBeGreaterThan(3)
    for (const line of retrying) {
      expect(line).toMatch(
        /^away +\d+% {2}[\d,]+ rows {2}retrying [12] blocks? \((CONNECT_FAILED|CONNECTION_LOST)(, next in \d s)?\)$/,
      )
    }
    expect(retrying.some((line) => /next in \d s/.test(line))).toBe(true)
    // No message per attempt as well.
    expect(result.stderr).not.toContain('is sent again')
    expect(result.summary.retries).toBeGreaterThan(1)
    expect(result.stderr).toMatch(
      new RegExp(`\\n${result.summary.retries} attempts repeated: (\\d+ after \\w+(, )?)+\\n`),
    )
    expect(result.lines.filter((line) => line.startsWith('away  [')).at(-1)).toContain('100%')
    expect(await front.query(`SELECT count(), uniqExact(id) FROM ${name}`)).toBe('120000\t120000')
  })
})

it('a server that has too many parts: its code stands in the line', async () => {
  let since: number | undefined
  await using server = Object.assign(
    await startLyingServer({
      rows: (sql) => {
        if (sql.includes('system.tables')) return [{ engine: 'MergeTree', engine_full: '' }]
        if (!sql.includes('system.columns')) return undefined
        return ['id', 'name'].map((name) => ({ name, type: 'String', default_kind: '', default_expression: '' }))
      },
      insert: ({ arrivedAt }) => {
        since ??= arrivedAt
        return arrivedAt < since + 1_500 ? exceptionReply(252, 'TOO_MANY_PARTS', 'Merges are slower') : undefined
      },
    }),
    {
      async [Symbol.asyncDispose]() {
        await server.close()
      },
    },
  )
  const path = files.write('parts.csv', csvOf(10))
  const result = await load(['parts', path, '--to', server.url], /never/, async () => {})
  expect(result).toMatchObject({ code: 0, summary: { rows: 10, retries: expect.any(Number) } })
  expect(result.lines.some((line) => /retrying 1 block \(Code 252/.test(line))).toBe(true)
  expect(result.stderr).toMatch(/\n(\d+) attempts repeated: \1 after Code 252\n/)
})

it('a server that is slow: the line says that it is waited for, and the summary how long', async () => {
  const name = await table('slow')
  const path = files.write('slow.csv', csvOf(60_000))
  proxy.throttle(40_000)
  const args = [name, path, '--to', proxy.url, '--block-size', '10000', '--compression', 'none']
  const result = await load(args, /waiting for the server \(2 s\)/, async () => proxy.throttle(undefined))
  expect(result.code).toBe(0)
  expect(result.lines.find((line) => line.includes('waiting'))).toMatch(
    /^slow +\d+% {2}[\d,]+ rows {2}waiting for the server \(1 s\)$/,
  )
  expect(result.summary).toMatchObject({ rows: 60_000, retries: 0 })
  const { waits, waitedSeconds } = result.summary as unknown as Record<string, number>
  expect(waits).toBeGreaterThan(0)
  expect(waitedSeconds).toBeGreaterThan(2)
  expect(result.stderr).toContain(`\nwaited ${waitedSeconds!.toFixed(1)} s for the server\n`)
  expect(result.stderr).not.toContain('repeated')
})
