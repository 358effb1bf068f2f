// The README's tables hold what the code accepts, emits and throws: no more, no less, with the same defaults and limits.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { channels } from '../../src/engine/channels.ts'
import { FINAL_STATES } from '../../src/engine/figures.ts'
import { DEFAULT_RETRY, type RetryOptions, resolveRetry } from '../../src/engine/retry.ts'
import { closeOnSignal, connect, ERROR_CODES, prometheus, type SluiceError } from '../../src/index.ts'
import { resolveOptions, type StatementOptions } from '../../src/statement/options.ts'
import { sluice } from '../cli/run.ts'
import { chapter, fencesOf, readRepositoryFile, tableRows, uncoded } from './markdown.ts'

const readme = readRepositoryFile('README.md')
const connection = await connect('file:/dev/null')
afterAll(() => connection.close())

describe('Error codes', () => {
  const rows = tableRows(chapter(readme, 'Error codes'))
  const sources = sourceTexts()

  it('every code of src/errors.ts, in its order, with its meaning', () => {
    expect(rows.map(([code, , meaning]) => [uncoded(code!), meaning])).toEqual(Object.entries(ERROR_CODES))
  })
  it('every class that throws it', () => {
    for (const [code, classes] of rows) {
      for (const thrown of classesThrowing(uncoded(code!))) expect(classes, `class of ${code}`).toContain(thrown)
    }
  })
  it('what is called reserved is thrown by nothing, and everything else by something', () => {
    const reserved = /^(.*) (?:is|are) reserved/m.exec(chapter(readme, 'Error codes'))?.[1] ?? ''
    const silent = Object.keys(ERROR_CODES).filter((code) => !sources.some((text) => text.includes(`'${code}'`)))
    expect([...reserved.matchAll(/`(\w+)`/g)].map(([, code]) => code).sort()).toEqual(silent.sort())
  })

  function classesThrowing(code: string): string[] {
    const pattern = new RegExp(`new (\\w+)\\(\\s*'${code}'`, 'g')
    const classes = sources.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name!))
    // A refusal of a column, or of a member of a JSON value, becomes an EncodeError where table and row are known.
    return [...new Set(classes)].map((name) => (/^(Refusal|JsonFault)$/.test(name) ? 'EncodeError' : name))
  }
})

describe('Options', () => {
  const PREPARE = '`connection.prepare(insert, options)`'
  const nonsense = { zzzzzzzzzzzzzzzz: 1 } as never

  it('connect()', async () => {
    const known = await knownNames(() => connect({ url: 'file:/dev/null', ...(nonsense as object) }))
    expect(namesIn('`connect(target)`')).toEqual(known)
  })
  it('connect() takes 10 seconds for a first answer', () => {
    // Not observable without waiting: held against the source.
    expect(rowOf('`connect(target)`', 'connectTimeout')[1]).toBe('10,000 ms')
    expect(sourceTexts().some((text) => text.includes('connectTimeout = 10_000'))).toBe(true)
  })
  it('prepare(): what it accepts; options that are not built yet stand under the limits', async () => {
    const known = await knownNames(() => connection.prepare('t', nonsense))
    const notYet = known.filter(
      (name) => codeOf(() => resolveOptions({ [name]: 1 } as StatementOptions)) === 'NOT_SUPPORTED',
    )
    expect(namesIn(PREPARE)).toEqual(known.filter((name) => !notYet.includes(name)))
    for (const name of notYet) expect(chapter(readme, 'Limits, and when not to use it')).toContain(`\`${name}\``)
  })
  it('retry', async () => {
    expect(namesIn('`retry`')).toEqual(await knownNames(() => Promise.resolve(resolveRetry(nonsense))))
  })
  it('check()', async () => {
    await using embedded = await connect('chdb:')
    expect(namesIn('`connection.check(table, options)`')).toEqual(await knownNames(() => embedded.check('t', nonsense)))
  })
  it('closeOnSignal()', async () => {
    const known = await knownNames(async () => closeOnSignal(connection, nonsense))
    expect(namesIn('`closeOnSignal(connections, options)`')).toEqual(known)
  })
  it('deliver() and close()', async () => {
    const known = await knownNames(() => connection.deliver([], nonsense))
    const rows = tableRows(chapter(readme, '`connection.deliver(blocks, options)` and `connection.close(options)`'))
    expect(rows.filter(([, , text]) => text!.startsWith('`deliver`')).map(([name]) => uncoded(name!))).toEqual(known)
    expect(rows.filter(([, , text]) => text!.startsWith('`close`')).map(([name]) => uncoded(name!))).toEqual([
      'deadline',
    ])
  })

  describe('defaults and limits', () => {
    const resolved = resolveOptions({}) as Record<string, unknown>
    for (const [cell, standard, limits] of tableRows(chapter(readme, PREPARE))) {
      const name = uncoded(cell!)
      if (standard === 'false') it(`${name} is off`, () => expect(Boolean(resolved[name])).toBe(false))
      if (limits === '') continue
      it(`${name}: ${standard}, ${limits}`, () => {
        expect(numberIn(standard!)).toBe(resolved[name])
        holdLimits(limits!, (value) => resolveOptions({ [name]: value }))
      })
    }
    for (const [cell, standard, limits] of tableRows(chapter(readme, '`retry`'))) {
      const name = uncoded(cell!) as keyof RetryOptions
      it(`retry.${name}: ${standard}, ${limits}`, () => {
        expect(standard === 'unlimited' ? Number.POSITIVE_INFINITY : numberIn(standard!)).toBe(DEFAULT_RETRY[name])
        holdLimits(limits!, (value) => resolveRetry({ [name]: value }))
      })
    }
  })

  function rowOf(title: string, name: string): string[] {
    return tableRows(chapter(readme, title)).find(([cell]) => uncoded(cell!) === name)!
  }

  /** Sorted; a row may name several. */
  function namesIn(title: string): string[] {
    return tableRows(chapter(readme, title))
      .flatMap(([cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
      .sort()
  }

  /** The names that the refusal of a nonsensical one lists. */
  async function knownNames(call: () => Promise<unknown>): Promise<string[]> {
    const error = await Promise.resolve()
      .then(call)
      .then(
        () => undefined,
        (thrown: SluiceError) => thrown,
      )
    expect(error).toMatchObject({ code: 'BAD_OPTION' })
    return /^Known: (.*)\.$/.exec(error!.hint!)![1]!.split(', ').sort()
  }

  function holdLimits(limits: string, resolve: (value: number) => unknown): void {
    const [least, most] = limits.split(/ to | or /)
    expect(() => resolve(numberIn(least!))).not.toThrow()
    expect(codeOf(() => resolve(numberIn(least!) - 1))).toBe('BAD_OPTION')
    if (most === 'more') return expect(() => resolve(Number.POSITIVE_INFINITY)).not.toThrow() as never
    expect(() => resolve(numberIn(most!))).not.toThrow()
    expect(codeOf(() => resolve(numberIn(most!) + 1))).toBe('BAD_OPTION')
  }

  /** '65,536 rows', '32 MiB' */
  function numberIn(cell: string): number {
    const [, digits, unit] = /^([\d,]+)(?: (MiB|GiB))?/.exec(cell)!
    return Number(digits!.replaceAll(',', '')) * (unit === 'MiB' ? 2 ** 20 : unit === 'GiB' ? 2 ** 30 : 1)
  }

  function codeOf(call: () => unknown): string | undefined {
    try {
      call()
      return undefined
    } catch (error) {
      return (error as SluiceError).code
    }
  }
})

describe('Events and stats', () => {
  const names = tableRows(chapter(readme, 'Events and stats')).map(([name]) => uncoded(name!))

  it('stats: every figure, in its order', async () => {
    const statement = await connection.prepare('t', { columns: [{ name: 'a', type: 'UInt8' }] })
    expect(names.slice(6)).toEqual(Object.keys(statement.stats))
    await statement.rollback()
  })
  it('events: those of StatementEvents', () => {
    const source = readRepositoryFile('src/statement/statement.ts')
    const [, body] = /export interface StatementEvents \{([\s\S]*?)\n\}/.exec(source)!
    expect(names.slice(0, 6)).toEqual([...body!.matchAll(/^ {2}(\w+): \[/gm)].map(([, name]) => name))
  })
})

it('Channels: those of src/engine/channels.ts', () => {
  const names = tableRows(chapter(readme, 'Channels')).map(([name]) => uncoded(name!))
  const { insert, ...plain } = channels
  const traced = String(insert.start.name).replace('start', '*')
  expect(names.sort()).toEqual([...Object.values(plain).map(({ name }) => String(name)), traced].sort())
})

it('Prometheus: every metric, with its type', async () => {
  const target = await connect('file:/dev/null')
  const statement = await target.prepare('t', { columns: [{ name: 'a', type: 'UInt8' }] })
  await statement.exec({ a: 1 })
  await statement.commit()
  const printed = [...prometheus(target).matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`)
  await target.close()
  const rows = tableRows(chapter(readme, 'Prometheus')).flatMap(([names, type]) =>
    [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => `${name} ${type}`),
  )
  // There was nothing to repeat.
  expect(rows.filter((row) => row !== 'sluice_retries_total counter').sort()).toEqual(printed.sort())
})

it('Logs: every line that is logged', () => {
  const pattern = /logger\??\.(?:debug|info|warn|error)\(\s*'([^']+)'/g
  const logged = sourceTexts().flatMap((text) => [...text.matchAll(pattern)].map(([, line]) => line!))
  const lines = tableRows(chapter(readme, 'Logs')).flatMap(([cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, line]) => line),
  )
  expect(lines.sort()).toEqual([...new Set([...logged, ...FINAL_STATES])].sort())
})

it('Benchmarks: every one, with its question', async () => {
  const folder = fileURLToPath(new URL('../../bench/', import.meta.url))
  const files = readdirSync(folder).filter((file) => file.endsWith('.bench.mjs'))
  const questions = files.map(async (file) => {
    const { question } = (await import(`${folder}${file}`)) as { question: string }
    return [`\`${file.replace('.bench.mjs', '')}\``, question]
  })
  expect(tableRows(chapter(readme, 'Benchmarks'))).toEqual((await Promise.all(questions)).sort())
})

describe('the help of a command is what the program prints', () => {
  for (const { meta, text } of fencesOf(readme).filter(({ meta }) => 'help' in meta)) {
    it(`sluice ${meta.help}`, async () => {
      const { stdout } = await sluice([meta.help!, '--help'])
      expect(text.trim()).toBe(stdout.trim())
    })
  }
})

it('the promises are those of check()', async () => {
  await using embedded = await connect('chdb:')
  await embedded.command('CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n')
  const { promises } = await embedded.check('t')
  const rows = tableRows(chapter(readme, 'What is promised'))
  expect(rows.map(([name]) => uncoded(name!))).toEqual(Object.keys(promises))
})

it('the changelog has a chapter for this version', () => {
  const { version } = JSON.parse(readRepositoryFile('package.json')) as { version: string }
  expect(chapter(readRepositoryFile('CHANGELOG.md'), version).trim()).not.toBe('')
})

function sourceTexts(): string[] {
  const src = fileURLToPath(new URL('../../src/', import.meta.url))
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'errors.ts')
    .map((file) => readFileSync(`${src}${file}`, 'utf8'))
}
