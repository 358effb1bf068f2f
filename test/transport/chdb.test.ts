import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ServerError, TransportError, UsageError } from '../../src/errors.ts'
import { probeSettings } from '../../src/transport/capabilities.ts'
import { openTransport } from '../../src/transport/target.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { countingBlock, failure, insertOf, narrowBlock, narrowColumns } from '../support/inserts.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-chdb-test-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const open: Transport[] = []
function embedded(target = 'chdb:'): Transport {
  const { transport } = openTransport(target)
  open.push(transport)
  return transport
}
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close()
})

const count = async (transport: Transport, table: string) => {
  const [row] = await transport.query(`SELECT count() AS n FROM ${table}`)
  return Number(row?.n)
}

describe('Inserts into the embedded engine', () => {
  let transport: Transport
  beforeEach(() => {
    transport = embedded()
  })

  test('ping, settings, frames', async () => {
    expect(await transport.ping()).toMatchObject({ kind: 'chdb', release: [26, expect.any(Number)] })
    expect([...(await probeSettings(transport)).keys()]).toContain('insert_deduplication_token')
    expect(transport.takesFrames).toBe(false)
    await expect(transport.insert(insertOf('t', narrowBlock(1), { compressed: true }))).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    })
  })

  test.each([1, 9, 10, 13, 32])('a block of %i columns arrives as it is', async (columnCount) => {
    await transport.command(`CREATE TABLE t (${narrowColumns(columnCount)}) ENGINE = Memory`)
    await transport.insert(insertOf('t', narrowBlock(columnCount)))
    const [row] = await transport.query('SELECT * FROM t')
    expect(Object.values(row ?? {})).toEqual(Array.from({ length: columnCount }, (_, index) => index))
  })

  test('a large block, a small one after it, a large one again: one file, never a byte of the block before', async () => {
    await transport.command('CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a')
    for (const rowCount of [2_000_000, 10, 300_000])
      await transport.insert(insertOf('default.t', countingBlock(rowCount)))
    expect(await count(transport, 't')).toBe(2_300_010)
  })

  test('many at once: in turn, each stored once', async () => {
    await transport.command('CREATE TABLE t (a UInt32) ENGINE = Memory')
    const rowCounts = Array.from({ length: 30 }, (_, index) => index * 1_000 + 1)
    await Promise.all(rowCounts.map((rowCount) => transport.insert(insertOf('t', countingBlock(rowCount)))))
    expect(await count(transport, 't')).toBe(rowCounts.reduce((sum, rowCount) => sum + rowCount))
  })

  test('settings take effect: unknown columns refused, a token remembered', async () => {
    await transport.command(
      'CREATE TABLE t (c0 UInt8) ENGINE = MergeTree ORDER BY c0 SETTINGS non_replicated_deduplication_window = 10',
    )
    const strict = { input_format_skip_unknown_fields: 0, async_insert: false }
    expect(
      await failure(transport.insert(insertOf('t', narrowBlock(2), { settings: strict })), ServerError),
    ).toMatchObject({
      serverCode: 117,
      serverName: 'INCORRECT_DATA',
    })
    for (const token of ["it's:1:\\", "it's:1:\\", "it's:2:\\"]) {
      await transport.insert(
        insertOf('t', narrowBlock(1), { settings: { ...strict, insert_deduplication_token: token } }),
      )
    }
    expect(await count(transport, 't')).toBe(2)
    expect(await transport.query('SELECT getSetting({name}) AS s'.replace('{name}', "'async_insert'"))).toEqual([
      { s: true },
    ])
  })

  test.each([
    ['a missing table', insertOf('missing', narrowBlock(1)), 60, 'UNKNOWN_TABLE'],
    ['an unknown setting', insertOf('t', narrowBlock(1), { settings: { no_such_setting: 1 } }), 115, 'UNKNOWN_SETTING'],
    ['a block without its end', insertOf('t', narrowBlock(1).subarray(0, 10)), 33, 'CANNOT_READ_ALL_DATA'],
  ])('%s: code, name, query id, and nothing of the file it came from', async (_, request, serverCode, serverName) => {
    await transport.command('CREATE TABLE t (c0 UInt8) ENGINE = Memory')
    const error = await failure(transport.insert(request), ServerError)
    expect(error).toMatchObject({ code: 'SERVER_EXCEPTION', serverCode, serverName, queryId: request.queryId })
    expect(error.message).not.toMatch(/proc|file/i)
    expect(await count(transport, 't')).toBe(0)
  })

  test('queries: 64-bit numbers as strings, settings, exceptions', async () => {
    expect(await transport.query("SELECT toUInt64(18446744073709551615) AS n, 'a\nb' AS s")).toEqual([
      { n: '18446744073709551615', s: 'a\nb' },
    ])
    expect(
      await transport.query('SELECT number FROM system.numbers LIMIT 3;', { settings: { limit: 1 } }),
    ).toHaveLength(1)
    expect(await failure(transport.query('SELEC 1'), ServerError)).toMatchObject({
      serverCode: 62,
      serverName: 'SYNTAX_ERROR',
    })
    await expect(transport.query('SELECT 1', { settings: { 'a; DROP': 1 } })).rejects.toMatchObject({
      code: 'BAD_OPTION',
    })
  })

  test('the event loop stays free while the engine works', async () => {
    await transport.ping()
    let ticks = 0
    const timer = setInterval(() => ticks++, 10)
    await transport.query('SELECT sleep(0.5)')
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(20)
  })

  test('a time that is up while the engine works: TIMEOUT at once, fate unknown, the next insert waits its turn', async () => {
    await transport.command('CREATE TABLE t (a UInt32, slow UInt8 DEFAULT sleepEachRow(0.05)) ENGINE = Memory')
    const started = performance.now()
    const error = await failure(
      transport.insert(insertOf('t', countingBlock(10), { attemptTimeoutMs: 150 })),
      TransportError,
    )
    expect(error).toMatchObject({ code: 'TIMEOUT', blockMayHaveArrived: true })
    expect(performance.now() - started).toBeLessThan(400)
    const queued = await failure(
      transport.insert(insertOf('t', countingBlock(10), { attemptTimeoutMs: 50 })),
      TransportError,
    )
    expect(queued).toMatchObject({ code: 'TIMEOUT', blockMayHaveArrived: false })
    expect(await count(transport, 't')).toBe(10)
  })

  test('abort: ABORTED at once; before the call: nothing happens', async () => {
    await transport.command('CREATE TABLE t (a UInt32, slow UInt8 DEFAULT sleepEachRow(0.05)) ENGINE = Memory')
    const controller = new AbortController()
    const pending = failure(
      transport.insert(insertOf('t', countingBlock(10), { signal: controller.signal })),
      TransportError,
    )
    setTimeout(() => controller.abort(), 100)
    expect(await pending).toMatchObject({ code: 'ABORTED', blockMayHaveArrived: true })
    const never = insertOf('t', countingBlock(10), { signal: AbortSignal.abort() })
    expect(await failure(transport.insert(never), TransportError)).toMatchObject({
      code: 'ABORTED',
      blockMayHaveArrived: false,
    })
    expect(await count(transport, 't')).toBe(10)
  })

  test('after close: CONNECTION_CLOSED', async () => {
    await transport.close()
    await transport.close()
    await expect(transport.insert(insertOf('t', narrowBlock(1)))).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await expect(transport.query('SELECT 1')).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  })
})

describe('One data directory per process', () => {
  test('connections to the same directory share it, and it outlives them', async () => {
    const target = `chdb:${join(dir, 'shared')}`
    const [one, two] = [embedded(target), embedded(target)]
    await Promise.all([one.ping(), two.ping()])
    await one.command('CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a')
    await two.insert(insertOf('t', countingBlock(10)))
    await one.close()
    expect(await count(two, 't')).toBe(10)
    await two.close()
    expect(await count(embedded(target), 't')).toBe(10)
  })

  test('in memory they share too, until the last one closes; then everything is gone', async () => {
    const [one, two] = [embedded(), embedded()]
    await Promise.all([one.ping(), two.ping()])
    await one.command('CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a')
    const [row] = await one.query("SELECT path FROM system.disks WHERE name = 'default'")
    await one.close()
    expect(await count(two, 't')).toBe(0)
    await two.close()
    await expect(stat(String(row?.path))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await failure(embedded().query('SELECT * FROM t'), ServerError)).toMatchObject({ serverCode: 60 })
  })

  test('another directory meanwhile: a clear refusal; afterwards it opens', async () => {
    const first = embedded(`chdb:${join(dir, 'first')}`)
    await first.ping()
    const second = embedded(`chdb:${join(dir, 'second')}`)
    const error = await failure(second.ping(), UsageError)
    expect(error.code).toBe('NOT_SUPPORTED')
    expect(error.message).toContain(join(dir, 'first'))
    await first.close()
    await second.ping()
  })
})

test('without the package chdb: MISSING_DEPENDENCY with the command that brings it', async () => {
  // A copy of the built files where no node_modules is above them.
  const elsewhere = await mkdtemp(join(dir, 'dist-'))
  await cp(new URL('../../dist', import.meta.url), elsewhere, { recursive: true })
  await writeFile(join(elsewhere, 'package.json'), '{"type":"module"}')
  const script = `
    import { chdbTransport } from './transport/chdb.js'
    const transport = chdbTransport({})
    await transport.ping().catch((error) => console.log(error.code, error.hint))
    await transport.close()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: elsewhere,
  })
  expect(stdout).toMatch(/^MISSING_DEPENDENCY npm install chdb/)
})

describe('The end of the process', () => {
  // A process of its own, over the built files: what matters is how it ends.
  const script = (end: string) => `
    import { openTransport } from ${JSON.stringify(new URL('../../dist/transport/target.js', import.meta.url).href)}
    import { readdirSync } from 'node:fs'
    const { transport } = openTransport('chdb:')
    await transport.command('CREATE TABLE t (c0 UInt8) ENGINE = Memory')
    const bytes = Buffer.from('${narrowBlock(1).toString('hex')}', 'hex')
    const insert = () => transport.insert({ sql: 'INSERT INTO t (c0) FORMAT Native', bytes, compressed: false, settings: {}, queryId: 'q', attemptTimeoutMs: 5000 })
    await insert()
    ${end}`

  test.each([
    ['without close', '', 0],
    ['by process.exit in the middle of an insert', 'insert(); process.exit(3)', 3],
    ['after close', 'await transport.close()', 0],
    ['by kill -9 in the middle of an insert', "insert(); process.kill(process.pid, 'SIGKILL')", null],
  ])('%s: no hang, no rows left in the temporary directory', async (_, end, code) => {
    const scratch = await mkdtemp(join(dir, 'tmp-'))
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(end)], {
      env: { ...process.env, TMPDIR: scratch },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const [exitCode, signal] = await once(child, 'exit')
    clearTimeout(late)
    expect(exitCode).toBe(code)
    if (code !== null) expect(signal).toBeNull()
    const left = await readdir(scratch, { recursive: true })
    expect(left.filter((name) => name.endsWith('.native'))).toEqual([])
    // After kill -9 the engine's own temporary directory stays, as any temporary directory would.
    if (code !== null) expect(left).toEqual([])
  })
})
