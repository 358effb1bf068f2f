// What a person sees: the program on a pseudo terminal, made by script(1) of util-linux.

import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { Files, PROGRAM, sluice } from './run.ts'

const files = new Files()
afterAll(() => files[Symbol.dispose]())
const to = ['--to', `chdb:${files.path('data')}`]
const csv = (rows: number) =>
  `id,country,at\n${Array.from({ length: rows }, (_, i) => `${i},${['DE', 'US'][i % 2]},2024-01-01 10:00:00`).join('\n')}\n`

const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript) console.warn('SKIPPED: tests on a terminal. script(1) of util-linux is not installed.')

/** Types `keys` once the screen shows `prompt`. */
async function onTerminal(
  args: string[],
  keys?: { prompt: string; text: string },
  input?: string,
): Promise<{ code: number | null; screen: string }> {
  const program = [process.execPath, PROGRAM, ...args].map((word) => `'${word}'`).join(' ')
  const command = input === undefined ? program : `cat '${input}' | ${program}`
  const child = spawn('script', ['-qec', `stty cols 120; ${command}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', CLICKHOUSE_URL: '', SLUICE_URL: '' },
  })
  let screen = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  if (keys) {
    for (let waited = 0; !screen.includes(keys.prompt) && waited < 20_000; waited += 20) await sleep(20)
    child.stdin.write(keys.text)
  }
  return { code: await closed, screen }
}

describe.skipIf(!hasScript)('on a terminal', () => {
  it('a live line with a bar, rows, rates, and a summary for people instead of JSON', async () => {
    const path = files.write('big.csv', csv(400_000))
    const { code, screen } = await onTerminal(['load', 'live', path, ...to, '--create', '--yes'])
    expect(code).toBe(0)
    const lines = screen.split('\r').filter((line) => /^live /.test(line))
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.at(-1)).toMatch(/^live {2}\[#{20}\] 100% {2}400,000 rows {2}[\d.]+[kM]? rows\/s {2}[\d.]+ .?B\/s/)
    expect(lines.some((line) => /\[#{1,19}-+\] +\d+% .*ETA \d+:\d\d/.test(line))).toBe(true)
    expect(screen).toMatch(/400,000 rows loaded into live: .* 7 blocks, .* rows\/s/)
    expect(screen).not.toContain('"rows"')
  })

  it('no bar where the size is not known, no line where --no-progress says so', async () => {
    const path = files.write('small.csv', csv(10))
    const piped = await onTerminal(['load', 'live', '--format', 'csv', ...to], undefined, path)
    expect(piped.screen).toMatch(/\rlive {2}10 rows {2}[\d.]+ rows\/s/)
    expect(piped.screen).not.toMatch(/[[#-]{20}/)
    const without = await onTerminal(['load', 'live', path, ...to, '--no-progress'])
    expect(without.screen).toMatch(/^10 rows loaded into live/)
  })

  it('messages stand above the live line, not in it', async () => {
    const path = files.write('bad.csv', `${csv(1000)}x,DE,2024-01-01\n`)
    const { code, screen } = await onTerminal(['load', 'live', path, ...to])
    expect(code).toBe(1)
    expect(screen).toMatch(/\nsluice: .*bad\.csv:1002: id Int64: "x" is no integer\r\n/)
    expect(screen).toMatch(/1,000 rows loaded[^\n]*\n.*--skip-rows 1000/)
  })

  it('--create shows the DDL and asks: no leaves everything as it is', async () => {
    const path = files.write('ask.csv', csv(200))
    const prompt = 'Create this table and load? [y/N]'
    const no = await onTerminal(['load', 'asked', path, ...to, '--create'], { prompt, text: '\n' })
    expect(no.screen).toMatch(/CREATE TABLE `asked`[\s\S]*`country` LowCardinality\(String\)[\s\S]*\[y\/N\]/)
    expect(no.screen).toMatch(/nothing was created or loaded/)
    expect(no.code).toBe(2)
    expect((await sluice(['load', 'asked', path, ...to])).stderr).toMatch(/no table/)
    const cancelled = await onTerminal(['load', 'asked', path, ...to, '--create'], { prompt, text: '\x03' })
    expect(cancelled.code).toBe(2)
    expect(cancelled.screen).toMatch(/nothing was created or loaded/)
    const yes = await onTerminal(['load', 'asked', path, ...to, '--create'], { prompt, text: 'y\n' })
    expect(yes.code).toBe(0)
    expect(yes.screen).toMatch(/200 rows loaded into asked/)
  })
})

describe('without a terminal', () => {
  it('--create without --yes prints the DDL, creates nothing and ends with 2', async () => {
    const path = files.write('pipe.csv', csv(200))
    const result = await sluice(['load', 'piped', path, ...to, '--create'])
    expect(result.code).toBe(2)
    expect(result.stdout).toMatch(/^CREATE TABLE `piped`\n\(\n/)
    expect(result.stderr).toMatch(/no terminal to ask on\n {2}hint: --yes/)
    expect((await sluice(['load', 'piped', path, ...to])).stderr).toMatch(/no table/)
  })

  it('nothing until the end, then one JSON line; --progress shows the live line on stderr all the same', async () => {
    const path = files.write('json.csv', csv(200))
    const quiet = await sluice(['load', 'json', path, ...to, '--create', '--yes'])
    expect(quiet.stdout.trim().split('\n')).toHaveLength(1)
    expect(quiet.summary).toMatchObject({ table: 'json', outcome: 'loaded', rows: 200 })
    const shown = await sluice(['load', 'json', path, ...to, '--progress'])
    expect(shown.stderr).toMatch(/\[#{20}\] 100%/)
    expect(shown.summary).toMatchObject({ rows: 200 })
  })
})
