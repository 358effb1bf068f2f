import { spawn, spawnSync } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { serverAvailable, startServer } from '../support/clickhouse-server.ts'
import { PROGRAM, sluice } from './run.ts'

const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript) console.warn('SKIPPED: tests on a terminal. script(1) of util-linux is not installed.')

let front: ChdbFront
const doctor = (...args: string[]) => sluice(['doctor', ...args, '--to', front.url])
beforeAll(async () => {
  front = await startFront()
  for (const sql of [
    'CREATE TABLE sound (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000',
    'CREATE TABLE plain (n UInt32) ENGINE = MergeTree ORDER BY n',
    'CREATE TABLE small (n UInt32) ENGINE = MergeTree PARTITION BY n ORDER BY n SETTINGS non_replicated_deduplication_window = 10',
    'CREATE TABLE `odd\\x1b[31m name` (n UInt32) ENGINE = MergeTree ORDER BY n',
  ]) {
    await front.query(sql)
  }
})
afterAll(() => front?.stop())

describe('one screen per table, and an exit code for scripts', () => {
  it('0: everything is promised', async () => {
    const { code, stdout, stderr } = await doctor('sound', '--blocks-per-minute', '60')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^`default`\.`sound`: MergeTree, on .*ClickHouse 26\.7/)
    expect(lines.filter((line) => /^(yes|no|unproven) /.test(line)).map((line) => line.slice(0, 33).trim())).toEqual([
      'yes       can be written',
      'yes       no row is lost',
      'yes       survives lost answers',
      'yes       atomic per block',
      'yes       merges keep up',
    ])
    expect(stdout).toMatch(
      /A block may be repeated for 8\.3 min: until 500 of 1000 entries are used, at 60 parts a\s+minute \(as given\)/,
    )
    expect(stdout).toMatch(/sluice gives up by itself after 2 min/)
    expect(stdout).not.toMatch(/to change/)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120)
  })
  it('1: something is not; the last lines are what to run', async () => {
    const { code, stdout } = await doctor('plain')
    expect(code).toBe(1)
    expect(stdout.replace(/\s+/g, ' ')).toContain('The first lost answer ends the statement, with that block unknown')
    expect(stdout).toMatch(/^no {8}survives lost answers/m)
    const statement = stdout.trimEnd().split('\n').at(-1)!.trim()
    await front.query('CREATE TABLE mended AS plain ENGINE = MergeTree ORDER BY n')
    await front.query(statement.replace('`plain`', '`mended`'))
    expect(await doctor('mended')).toMatchObject({ code: 0 })
  })
  it('1: or it is unproven, as for one table of several', async () => {
    const { code, stdout } = await doctor('small', 'sound')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^unproven {2}survives lost answers/m)
    expect(stdout).toMatch(/\n\n`default`\.`sound`: MergeTree/)
  })
  it('2: no such table, no such option, a rate that is none', async () => {
    expect(await doctor('sond')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/Did you mean `sound`\?/),
    })
    expect(await doctor('sound', '--jsn')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Did you mean --json\?/),
    })
    for (const rate of ['0', 'many', '-1']) {
      expect(await doctor('sound', `--blocks-per-minute=${rate}`)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--blocks-per-minute'),
      })
    }
  })
  it('the others are looked at all the same, and the worst code counts', async () => {
    const { code, stdout, stderr } = await doctor('sond', 'plain')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^sluice: There is no table `default`\.`sond`/)
    expect(stdout).toMatch(/^`default`\.`plain`: MergeTree/)
    expect(await doctor('sound', 'sond')).toMatchObject({ code: 2 })
  })
  it('2: no table at all points to the help of this command', async () => {
    const { code, stderr } = await sluice(['doctor'])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('sluice doctor --help') })
  })
  it('a window too small for the rate that is given: the statement that mends it', async () => {
    const { code, stdout } = await doctor('sound', '--blocks-per-minute', '6000')
    expect(code).toBe(0)
    expect(stdout.replace(/\s+/g, ' ')).toContain('To last until then the window needs 24000 entries')
    const statement = stdout.trimEnd().split('\n').at(-1)!.trim()
    await front.query('CREATE TABLE wider AS sound ENGINE = MergeTree ORDER BY n')
    await front.query(statement.replace('`sound`', '`wider`'))
    expect((await doctor('wider', '--blocks-per-minute', '6000')).stdout).not.toMatch(/to change/)
  })
  it('3: no server', async () => {
    const gone = sluice(['doctor', 'sound', '--to', 'http://127.0.0.1:1'])
    expect(await gone).toMatchObject({ code: 3, stderr: expect.stringMatching(/CONNECT|answer|connection/i) })
  })
  it('a file promises nothing', async () => {
    expect(await sluice(['doctor', 't', '--to', 'file:/dev/null'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('A file has no tables'),
    })
  })
})

it('--json: the report of check(), one line per table', async () => {
  const { code, stdout } = await doctor('sound', 'plain', '--json')
  expect(code).toBe(1)
  const [sound, plain] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(sound).toMatchObject({
    table: '`default`.`sound`',
    exactlyOnce: true,
    promises: { noDuplicates: { answer: 'yes', remedies: [] } },
  })
  expect(plain.promises.noDuplicates).toMatchObject({ answer: 'no', remedies: [expect.stringMatching(/^ALTER TABLE/)] })
})

it('--set: what the inserts would say', async () => {
  expect(await doctor('sound', '--set', 'deduplicate_insert=disable')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("deduplicate_insert: 'enable'"),
  })
})

it.each([
  ['nope=1', 'Code 115 UNKNOWN_SETTING'],
  ['deduplicate_insert=x', 'Code 36 BAD_ARGUMENTS'],
])('--set %s: no insert would pass', async (setting, why) => {
  const { code, stdout } = await doctor('sound', '--set', setting)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^no {8}can be written/m)
  expect(stdout.replace(/\s+/g, ' ')).toContain(why)
})

it('names from the server do not steer the terminal', async () => {
  const { stdout } = await doctor('`odd\x1b[31m name`')
  expect(stdout).toContain('odd\\x1b[31m name')
  expect(stdout).not.toContain('\x1b')
})

describe.runIf(serverAvailable())('on an old server', () => {
  it('a plain table', async () => {
    const server = await startServer()
    try {
      await server.query('CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n')
      const { code, stdout } = await sluice(['doctor', 't', '--to', server.url])
      expect(code).toBe(1)
      expect(stdout).toMatch(/ClickHouse 18\.16/)
      expect(stdout.replace(/\s+/g, ' ')).toContain('on this server only Replicated tables can.')
    } finally {
      await server.stop()
    }
  })
})

describe.skipIf(!hasScript)('on a terminal', () => {
  const onTerminal = async (environment: Record<string, string>) => {
    const program = `'${process.execPath}' '${PROGRAM}' doctor plain --to ${front.url}`
    const child = spawn('script', ['-qec', `stty cols 80; ${program}`, '/dev/null'], {
      env: { ...process.env, NO_COLOR: '', TERM: 'xterm', ...environment },
    })
    let screen = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text.replaceAll('\r\n', '\n')
    })
    await new Promise((resolve) => child.once('close', resolve))
    return screen
  }
  it('answers have a colour, and lines end at the edge of the screen', async () => {
    const screen = await onTerminal({})
    expect(screen).toContain('\n\x1b[32myes       \x1b[0mcan be written')
    expect(screen).toContain('\n\x1b[31mno        \x1b[0msurvives lost answers')
    const widths = screen
      .split('\n')
      .filter((line) => !line.includes('ALTER'))
      .map((line) => stripVTControlCharacters(line).length)
    expect(Math.max(...widths)).toBeLessThanOrEqual(80)
  })
  it('none with NO_COLOR', async () => {
    expect(await onTerminal({ NO_COLOR: '1' })).not.toContain('\x1b[3')
  })
})
