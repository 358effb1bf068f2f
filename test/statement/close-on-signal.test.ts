// Processes that are asked to end, with servers that are well, slow, away or silent.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CloseOnSignalOptions, type CloseSummary, closeOnSignal, type StatementOptions } from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { exceptionReply, type LyingServer, startLyingServer } from '../support/lying-server.ts'
import { lyingConnection } from './lying.ts'

const PROGRAM = fileURLToPath(new URL('./signal-child.mjs', import.meta.url))

let front: ChdbFront
let proxy: FaultProxy
let table = ''
let tableCount = 0
beforeAll(async () => {
  front = await startFront()
  proxy = await startFaultProxy(front.url)
})
afterAll(async () => {
  await proxy.close()
  await front.stop()
})
beforeEach(async () => {
  proxy.throttle(undefined)
  // One of its own for each: what the proxy still has of a process that ended arrives in the table that it was for.
  table = `events_${++tableCount}`
  await front.query(
    `CREATE TABLE ${table} (id UInt32, text String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000`,
  )
})

const programs: Program[] = []
afterEach(async () => {
  for (const { child } of programs) child.kill('SIGKILL') // those of a test that failed
  await Promise.all(programs.splice(0).map(({ ended }) => ended))
})

interface Options {
  urls: string[]
  statementOptions?: StatementOptions
  signalOptions?: CloseOnSignalOptions
  each?: boolean
  listens?: boolean
  tells?: boolean
  awaits?: boolean
  pauseMs?: number
  rows?: number
}

interface Report {
  summary: CloseSummary
  signal: string
  accepted: number
  refused: string[]
}

class Program {
  readonly child: ChildProcess
  readonly lines: Record<string, unknown>[] = []
  stderr = ''
  readonly ended: Promise<{ code: number | null; signal: string | null }>
  #stdout = ''
  #said = () => {}

  constructor(options: Options) {
    this.child = spawn(process.execPath, [PROGRAM, JSON.stringify({ table, ...options })], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    programs.push(this)
    this.child.stderr!.on('data', (text: Buffer) => {
      this.stderr += text
    })
    this.child.stdout!.on('data', (text: Buffer) => {
      const lines = `${this.#stdout}${text}`.split('\n')
      this.#stdout = lines.pop()!
      this.lines.push(...lines.map((line) => JSON.parse(line)))
      this.#said()
    })
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal }))
    })
  }

  /** Resolves when a line with this key was said. */
  async said(key: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.lines.find((line) => key in line)
      if (found !== undefined) return found
      const said = new Promise<void>((resolve) => {
        this.#said = resolve
      })
      const end = await Promise.race([said, this.ended])
      if (end) throw new Error(`the program ended (${end.code ?? end.signal}): ${this.stderr}`)
    }
  }

  get reports(): Report[] {
    return this.lines.filter((line) => 'summary' in line) as unknown as Report[]
  }

  /** Sends the signal; how long the process then lived, and how it ended. */
  async kill(signal: NodeJS.Signals = 'SIGTERM') {
    const began = performance.now()
    this.child.kill(signal)
    const ended = await this.ended
    return { ...ended, ms: performance.now() - began }
  }
}

const rowsIn = async () => Number(await front.query(`SELECT uniqExact(id) FROM ${table}`))
const leftRows = ({ summary }: Report) => summary.left.reduce((sum, { rowCount }) => sum + rowCount, 0)

/** Every accepted row is said to be somewhere; exec() refused the row after them, or told its caller that the wait was in vain. */
function expectAccount(report: Report): void {
  const { acknowledged, rejected, unknown, unsent } = report.summary
  expect(acknowledged + rejected + unknown + unsent).toBe(report.accepted)
  expect(leftRows(report)).toBeLessThanOrEqual(rejected + unknown + unsent)
  for (const code of report.refused) expect(['STATEMENT_CLOSED', 'DEADLINE_EXCEEDED']).toContain(code)
}

describe('a process that is killed by SIGTERM', () => {
  it('delivers what it has accepted, says so, and ends by the signal', async () => {
    const program = new Program({ urls: [front.url], statementOptions: { blockSize: 1_000 }, pauseMs: 1 })
    await program.said('ready')
    while ((await rowsIn()) === 0) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await program.kill()).toMatchObject({ code: null, signal: 'SIGTERM' })
    const [report, ...more] = program.reports
    expect(more).toEqual([])
    expectAccount(report!)
    expect(report!.signal).toBe('SIGTERM')
    expect(report!.refused).toEqual(['STATEMENT_CLOSED'])
    expect(report!.summary).toMatchObject({ acknowledged: report!.accepted, left: [] })
    expect(await rowsIn()).toBe(report!.accepted)
    expect(program.stderr).toBe('')
  })

  it('ends at once where nothing is pending', async () => {
    const program = new Program({ urls: [front.url], rows: 0 })
    await program.said('ready')
    const { signal, ms } = await program.kill('SIGINT')
    expect(signal).toBe('SIGINT')
    expect(ms).toBeLessThan(1_500)
    expect(program.reports).toMatchObject([{ signal: 'SIGINT', summary: { acknowledged: 0, unsent: 0 } }])
  })

  it('with a slow server: some rows arrive within the deadline, the others are named', async () => {
    proxy.throttle(150_000)
    const program = new Program({
      urls: [proxy.url],
      statementOptions: { blockSize: 2_000, maxPendingBlocks: 6, compression: 'none' },
      signalOptions: { deadline: 2_000 },
    })
    await program.said('ready')
    while ((await rowsIn()) === 0) await new Promise((resolve) => setTimeout(resolve, 50))
    const { signal, ms } = await program.kill()
    expect(signal).toBe('SIGTERM')
    expect(ms).toBeGreaterThan(1_500)
    expect(ms).toBeLessThan(4_000)
    const [report] = program.reports
    expectAccount(report!)
    const { acknowledged, unknown, unsent, left } = report!.summary
    expect(acknowledged).toBeGreaterThan(0)
    expect(unsent).toBeGreaterThan(0)
    expect(left.length).toBeGreaterThan(1)
    for (const { token, table: place } of left) {
      expect(token).toMatch(/^[\da-f-]{36}:\d+:[\da-f]{16}$/)
      expect(place).toBe(`\`default\`.\`${table}\``)
    }
    const rows = await rowsIn()
    expect(rows).toBeGreaterThanOrEqual(acknowledged)
    expect(rows).toBeLessThanOrEqual(acknowledged + unknown)
  })

  it('with a server that is gone: ends within the deadline, and nothing is in', async () => {
    const program = new Program({
      urls: [proxy.url],
      statementOptions: { blockSize: 1_000, maxPendingBlocks: 3 },
      signalOptions: { deadline: 1_000 },
    })
    await program.said('ready')
    while ((await rowsIn()) === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    await proxy.down()
    proxy.cutAll('reset')
    const { signal, ms } = await program.kill()
    await proxy.up()
    expect(signal).toBe('SIGTERM')
    expect(ms).toBeLessThan(2_500)
    const [report] = program.reports
    expectAccount(report!)
    const { unknown, unsent, acknowledged } = report!.summary
    expect(unknown + unsent).toBeGreaterThan(0)
    const rows = await rowsIn()
    expect(rows).toBeGreaterThanOrEqual(acknowledged)
    expect(rows).toBeLessThanOrEqual(acknowledged + unknown)
  })
})

describe('with a server that never answers', () => {
  let silent: LyingServer
  const rows = (sql: string) => {
    if (sql.includes('system.tables'))
      return [{ engine: 'MergeTree', engine_full: 'SETTINGS non_replicated_deduplication_window = 10' }]
    if (!sql.includes('system.columns')) return undefined
    const columns = { id: 'UInt32', text: 'String' }
    return Object.entries(columns).map(([name, type]) => ({ name, type, default_kind: '', default_expression: '' }))
  }
  beforeAll(async () => {
    silent = await startLyingServer({ insert: () => ({ hang: true }), rows })
  })
  afterAll(() => silent.close())
  const options = (more: Partial<Options> = {}): Options => ({
    urls: [silent.url],
    statementOptions: { blockSize: 10, maxPendingBlocks: 2 },
    rows: 25,
    awaits: false,
    ...more,
    signalOptions: { deadline: 500, ...more.signalOptions },
  })
  const started = async (given: Options, inserts = 2) => {
    const before = silent.inserts.length
    const program = new Program(given)
    await program.said('ready')
    await silent.whenInserts(before + inserts)
    return program
  }

  it('what was on its way is unknown, what was behind it was not sent', async () => {
    const program = await started(options())
    const { signal, ms } = await program.kill()
    expect(signal).toBe('SIGTERM')
    expect(ms).toBeLessThan(2_000)
    const [report] = program.reports
    expectAccount(report!)
    expect(report!.summary).toMatchObject({ acknowledged: 0, unknown: 20, unsent: 5 })
    expect(report!.summary.left.map(({ state }) => state)).toEqual(['unknown', 'unknown'])
  })

  it('a second signal ends it at once, and says what is left', async () => {
    const program = await started(options({ signalOptions: { deadline: 60_000 } }))
    program.child.kill('SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(program.child.exitCode ?? program.child.signalCode).toBeNull()
    const { signal, ms } = await program.kill('SIGINT')
    expect(signal).toBe('SIGINT')
    expect(ms).toBeLessThan(1_000)
    expect(program.reports).toEqual([])
    expect(program.stderr).toMatch(
      /SLUICE_ROWS_LEFT.*SIGINT: 0 rows are in, 0 were rejected, 20 may be in, 5 were not sent/,
    )
  })

  it('without onClosed what is left is a warning, with tables and tokens', async () => {
    const program = await started(options({ tells: false }))
    expect(await program.kill()).toMatchObject({ signal: 'SIGTERM' })
    expect(program.stderr).toMatch(/\[SLUICE_ROWS_LEFT\] SluiceWarning: SIGTERM: 0 rows are in/)
    expect(program.stderr).toMatch(/`default`\.`events_\d+` [\da-f-]{36}:0:[\da-f]{16}: 10 rows unknown/)
  })

  it('raise: false leaves the end to the program: it ends when nothing is left to do, with code 1', async () => {
    const program = await started(options({ signalOptions: { raise: false } }))
    const { code, ms } = await program.kill()
    expect(code).toBe(1)
    expect(ms).toBeLessThan(2_000)
    expect(await program.said('resources')).toEqual({ resources: [] })
  })

  it('a program with a listener of its own is not killed either, also where that listens only once', async () => {
    const program = await started(options({ listens: true }))
    const { code, signal } = await program.kill()
    expect({ code, signal }).toEqual({ code: 1, signal: null })
    expect(program.lines.map((line) => Object.keys(line)[0])).toEqual(['ready', 'own', 'summary', 'resources'])
  })

  it('several connections of one call: one account', async () => {
    const program = await started(options({ urls: [silent.url, silent.url] }), 4)
    expect(await program.kill()).toMatchObject({ signal: 'SIGTERM' })
    const [report, ...more] = program.reports
    expect(more).toEqual([])
    expectAccount(report!)
    expect(report!.summary).toMatchObject({ unknown: 40, unsent: 10 })
  })

  it('several calls: the process ends when all are done', async () => {
    const program = await started(options({ urls: [silent.url, front.url], each: true }), 2)
    expect(await program.kill()).toMatchObject({ signal: 'SIGTERM' })
    expect(program.reports.map(({ summary: { acknowledged, unknown } }) => [acknowledged, unknown]).sort()).toEqual([
      [0, 20],
      [25, 0],
    ])
    expect(await rowsIn()).toBe(25)
  })
})

it.skipIf(process.platform !== 'linux')(
  'with a reader of a pipe that does not read, which no deadline can cut',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-signal-'))
    const path = join(directory, 'rows.native')
    execFileSync('mkfifo', [path])
    const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    const program = new Program({
      urls: [`file:${path}`],
      statementOptions: {
        blockSize: 5_000,
        columns: [
          { name: 'id', type: 'UInt32' },
          { name: 'text', type: 'String' },
        ],
      },
      rows: 6_000,
      signalOptions: { deadline: 300 },
    })
    await program.said('ready')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { signal, ms } = await program.kill()
    closeSync(reader)
    rmSync(directory, { recursive: true })
    expect(signal).toBe('SIGTERM')
    expect(ms).toBeLessThan(2_500)
    expectAccount(program.reports[0]!)
    expect(program.reports[0]!.summary).toMatchObject({ acknowledged: 0, unknown: 5_000 })
  },
)

it('rows that the server refuses are left, too: code 1', async () => {
  const refusing = await startLyingServer({
    insert: () => exceptionReply(60, 'UNKNOWN_TABLE', 'gone'),
    rows: (sql) => {
      if (sql.includes('system.tables')) return [{ engine: 'Null', engine_full: '' }]
      if (!sql.includes('system.columns')) return undefined
      return [{ name: 'id', type: 'UInt32', default_kind: '', default_expression: '' }]
    },
  })
  const program = new Program({
    urls: [refusing.url],
    rows: 5,
    statementOptions: { ignoreUnknown: true, flushInterval: 60_000 },
    signalOptions: { raise: false },
  })
  await program.said('ready')
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await program.kill()).toMatchObject({ code: 1 })
  expect(program.reports).toMatchObject([{ summary: { rejected: 5, left: [{ state: 'rejected', rowCount: 5 }] } }])
  await refusing.close()
})

describe('its listeners', () => {
  const counts = () => (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((signal) => process.listenerCount(signal))

  it('go when the connections are closed, or it is undone; one per signal, however many calls', async () => {
    const before = counts()
    const first = await lyingConnection()
    const second = await lyingConnection()
    const third = await lyingConnection()
    closeOnSignal([first.connection, second.connection])
    const undo = closeOnSignal(third.connection, { signals: ['SIGTERM', 'SIGHUP'] })
    expect(counts()).toEqual(before.map((count) => count + 1))
    await first.connection.close()
    expect(counts()).toEqual(before.map((count) => count + 1))
    await second.connection.close()
    expect(counts()).toEqual([before[0]! + 1, before[1], before[2]! + 1])
    undo()
    expect(counts()).toEqual(before)
    closeOnSignal(first.connection) // closed already
    expect(counts()).toEqual(before)
  })

  it('are not there for options that make no sense', async () => {
    const before = counts()
    const { connection } = await lyingConnection()
    for (const [connections, options] of [
      [connection, { signals: ['SIGKILL'] }],
      [connection, { signals: ['TERM'] }],
      [connection, { deadline: -1 }],
      [connection, { deadline: Number.NaN }],
      [connection, { onClosed: 1 }],
      [connection, { onclosed: () => {} }],
      [[], {}],
      [['http://localhost'], {}],
    ]) {
      expect(() => closeOnSignal(connections as never, options as never)).toThrow(
        expect.objectContaining({ code: 'BAD_OPTION' }),
      )
    }
    expect(counts()).toEqual(before)
  })
})
