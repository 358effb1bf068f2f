// The README keeps its word: every example compiles, runs and prints what stands below it, in a project that installed the package.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { type Fence, fencesOf, readRepositoryFile } from './markdown.ts'
import { STAGES } from './stages.ts'
import { UserProject } from './user-project.ts'

const fences = fencesOf(readRepositoryFile('README.md'))
const programs = fences.filter(({ lang, notRun }) => (lang === 'js' || lang === 'ts') && !notRun)
const scripts = fences.filter(({ lang, notRun }) => lang === 'sh' && !notRun)
const project = new UserProject()
let front: ChdbFront
let complaints = ''

beforeAll(async () => {
  front = await startFront()
  project.write(
    'rows.ndjson',
    '{"at":1700000000000,"user":1,"kind":"view"}\n{"at":1700000000001,"user":2,"kind":"click"}\n',
  )
  for (const fence of programs) project.write(`${nameOf(fence)}.ts`, programOf(fence))
  complaints = project.compile(programs.map((fence) => `${nameOf(fence)}.ts`))
})
afterAll(async () => {
  project[Symbol.dispose]()
  await front?.stop()
})

describe('the programs of the README', () => {
  it('are there, and compile in strict mode against the types of the package', () => {
    expect(programs.length).toBeGreaterThanOrEqual(10)
    expect(complaints).toBe('')
  })
  for (const fence of programs) {
    it(`line ${fence.line} runs: ${firstWords(fence)}`, async () => {
      const { code, stdout, stderr } = await project.run(process.execPath, [`out/${nameOf(fence)}.js`], {
        CLICKHOUSE: front.url,
      })
      expect(stderr).toBe('')
      expect(code).toBe(0)
      if ('output' in fence.meta) expectOutput(stdout, fence)
    })
  }
})

describe('the shell commands of the README', () => {
  // One after the other in one directory and environment: a later one finds what an earlier one made.
  let exports = ''
  for (const fence of scripts) {
    it(`line ${fence.line} runs: ${firstWords(fence)}`, async () => {
      const failures = 'trap \'echo $? >> "$PWD/failures"\' ERR\nset -uo pipefail\n: > failures\n'
      const { stdout } = await project.run('bash', ['-c', `${failures}${exports}\n${fence.text}\ntrue`])
      exports += fence.text.match(/^export .*$/gm)?.join('\n') ?? ''
      expect(readFileSync(project.path('failures'), 'utf8').trim()).toBe(fence.meta.exit ?? '')
      if ('output' in fence.meta) expectOutput(stdout, fence)
    })
  }
  it('that are not run say why, and are few', () => {
    const exempt = fences.filter(({ notRun }) => notRun !== undefined)
    expect(exempt.map(({ line }) => line)).toHaveLength(4)
    const commands = exempt.flatMap(({ text }) => [...text.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name!))
    const known = [...Object.keys(JSON.parse(readRepositoryFile('package.json')).scripts), 'pack', 'install']
    for (const command of commands) expect(known).toContain(command)
  })
})

it('every fence is a program, commands, or what one of them prints', () => {
  const isPicture = ({ text }: Fence) => text.startsWith('rows ──')
  const strangers = fences.filter(
    (fence) =>
      !['js', 'ts', 'sh'].includes(fence.lang) && !isOutput(fence) && !isPicture(fence) && !('help' in fence.meta),
  )
  expect(strangers.map(({ line }) => line)).toEqual([])
})

function nameOf({ line }: Fence): string {
  return `readme-line-${line}`
}

/** `after=events rows=3`: that stage first, and at the end three rows are in the table. */
function programOf({ meta, text }: Fence): string {
  if (meta.after === undefined) return `${text}\n`
  const stage = STAGES[meta.after]
  if (stage === undefined) throw new Error(`there is no stage ${meta.after}`)
  const count = `const atEnd = await rowsAtEnd()\nif (atEnd !== ${meta.rows}) throw new Error(atEnd + ' rows in the table')\n`
  return [stage.before, text, stage.after ?? '', meta.rows === undefined ? '' : count].join('\n')
}

function firstWords({ text }: Fence): string {
  const line = text.split('\n').find((candidate) => /\w/.test(candidate) && !candidate.startsWith('import'))!
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}

function isOutput(fence: Fence): boolean {
  const before = fences[fences.indexOf(fence) - 1]
  return fence.lang === 'text' && before !== undefined && 'output' in before.meta
}

/** `…` in the README stands for what differs from run to run. */
function expectOutput(stdout: string, fence: Fence): void {
  const shown = fences[fences.indexOf(fence) + 1]!
  if (!isOutput(shown)) throw new Error(`line ${fence.line} promises output, and none follows`)
  const pattern = shown.text
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*?')
  const matches = new RegExp(`^${pattern}$`).test(stdout.trimEnd())
  expect(matches ? shown.text : stdout.trimEnd()).toBe(shown.text)
}
