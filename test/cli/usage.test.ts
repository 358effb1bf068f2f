import { afterAll, describe, expect, it } from 'vitest'
import { Files, sluice } from './run.ts'

const files = new Files()
const csv = files.write('a.csv', 'a,b\n1,2\n')
const to = ['--to', `chdb:${files.path('data')}`]
afterAll(() => files[Symbol.dispose]())

describe('help and version', () => {
  it('--version is that of the package', async () => {
    expect(await sluice(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' })
  })
  it('--help names the commands and shows an example of each', async () => {
    const { code, stdout } = await sluice(['--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/load .*load NDJSON, CSV or TSV into a table/)
    expect(stdout).toMatch(/\$ sluice load events events\.ndjson/)
  })
  it('load --help explains values, bad rows and exit codes, with examples', async () => {
    const { code, stdout } = await sluice(['load', '--help'])
    expect(code).toBe(0)
    for (const part of [
      'Target:',
      'Bad rows:',
      'Exit codes:',
      'Examples:',
      '--on-error',
      '--create',
      '--skip-rows',
      'SLUICE_PASSWORD',
    ])
      expect(stdout).toContain(part)
    expect(stdout).not.toContain('--password')
    expect(await sluice(['help', 'load'])).toMatchObject({ code: 0, stdout })
  })
  it('nothing at all shows the help and is wrong usage', async () => {
    const { code, stderr } = await sluice([])
    expect(code).toBe(2)
    expect(stderr).toContain('Usage: sluice')
  })
})

describe('wrong usage ends with 2 and names the right spelling', () => {
  const cases: [string, string[], RegExp][] = [
    ['a misspelled command', ['laod', 't', csv], /Did you mean load\?/],
    ['a misspelled option', ['load', 't', csv, '--colums', 'a'], /Did you mean --columns\?/],
    ['no table', ['load'], /missing required argument 'table'/],
    ['no target', ['load', 't', csv], /no target.*SLUICE_URL/s],
    [
      'a target without a scheme',
      ['load', 't', csv, '--to', 'localhost:8123'],
      /Did you mean http:\/\/localhost:8123\?/,
    ],
    ['a misspelled scheme', ['load', 't', csv, '--to', 'htpp://localhost'], /Did you mean http:\?/],
    ['a table that is none', ['load', 'a b', csv, ...to], /a b|end of the table/],
    ['a file that is not there', ['load', 't', csv, files.path('nope.csv'), ...to], /nope\.csv: no such file/],
    ['a directory', ['load', 't', files.directory, ...to], /is a directory/],
    ['stdin twice', ['load', 't', '-', '-', ...to], /stdin \(-\) can be read only once/],
    ['an unknown format', ['load', 't', csv, '--format', 'xml', ...to], /Allowed choices are ndjson, csv, tsv/],
    ['--no-header alone', ['load', 't', csv, '--no-header', ...to], /--no-header needs --columns/],
    ['a column twice', ['load', 't', csv, '--columns', 'a,a', ...to], /names a twice/],
    ['an empty column', ['load', 't', csv, '--columns', 'a,,b', ...to], /empty name/],
    ['a long delimiter', ['load', 't', csv, '--delimiter', '||', ...to], /--delimiter is one character/],
    ['a delimiter for TSV', ['load', 't', csv, '--format', 'tsv', '--delimiter', ';', ...to], /--delimiter is for CSV/],
    [
      'a size that is none',
      ['load', 't', csv, '--block-size', 'many', ...to],
      /--block-size is a whole number, not "many"/,
    ],
    ['a size beyond the limit', ['load', 't', csv, '--block-bytes', '1GiB', ...to], /blockBytes must be/],
    ['a setting without a value', ['load', 't', csv, '--set', 'x', ...to], /--set takes name=value/],
    ['skip without rejects', ['load', 't', csv, '--on-error', 'skip', ...to], /needs --rejects/],
    ['rejects without skip', ['load', 't', csv, '--rejects', 'x', ...to], /Add --on-error skip/],
    ['a password', ['load', 't', csv, '--password', 'x', ...to], /SLUICE_PASSWORD/],
    [
      'a zone that nobody knows',
      ['load', 't', csv, '--create', '--yes', '--timezone', 'Mars/Base', ...to],
      /Mars\/Base.*IANA/s,
    ],
    [
      'a format that cannot be told',
      ['load', 't', files.write('x', 'hello\n'), '--create', ...to],
      /the format of .* cannot be told/,
    ],
  ]
  for (const [title, args, message] of cases) {
    it(title, async () => {
      const result = await sluice(args)
      expect(result.stderr).toMatch(message)
      expect(result.code).toBe(2)
      expect(result.stdout).not.toContain('"rows"')
    })
  }
})
