// What another commit's build does in the same rounds: today's benchmarks, copied into a worktree of that commit, read its dist and core.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { atEnd } from './cleanup.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'

const ROOT = join(import.meta.dirname, '..')
const OURS = './ours/'
const HERE = 'here'

/**
 * @param benchmarks  by name: a module that exports `cases`
 * @returns           by benchmark, case and contender: the times of both sides, and their ratios
 */
export async function against(ref, benchmarks, { quick }) {
  const tree = checkOut(ref)
  try {
    const results = {}
    for (const [name, { question, cases }] of Object.entries(benchmarks)) {
      console.log(`\n== ${name}: ${question}`)
      const skipped = []
      results[name] = {}
      for (const { title, contenders, rounds } of cases({ quick })) {
        for (const [label, contender] of Object.entries(contenders)) {
          if (!contender.module.startsWith(OURS)) continue
          const line = label === title ? title : `${title}, ${label}`
          const both = await compare(contender, tree, rounds)
          if (both === undefined) skipped.push(line)
          else results[name][line] = both
        }
      }
      print(ref, results[name])
      for (const line of skipped)
        console.log(`  not compared: ${line}. The build of ${ref} does not run it, or makes other rows of it.`)
    }
    return results
  } finally {
    tree.remove()
  }
}

/** Both builds in turn; undefined where the other one ends at once. */
async function compare({ module, args }, tree, rounds) {
  const sides = { [HERE]: { module, args }, [tree.label]: { module: tree.url(module), args } }
  try {
    const measured = await alternate(sides, rounds)
    return ratios(measured[HERE], measured[tree.label])
  } catch (error) {
    if (error.message.startsWith(`${tree.label} ended with`)) return undefined
    throw error
  }
}

/** How many times as long it takes here: by the medians, the middle half of the rounds, and by the least processor time. */
function ratios(here, there) {
  const each = here.each.ms.map((ms, round) => ms / there.each.ms[round]).sort((a, b) => a - b)
  const at = (part) => each[Math.min(each.length - 1, Math.floor(part * each.length))]
  return {
    here: { ms: here.ms, cpuMs: here.cpuMs, byteLength: here.byteLength },
    there: { ms: there.ms, cpuMs: there.cpuMs, byteLength: there.byteLength },
    times: { median: here.ms.median / there.ms.median, lower: at(0.25), upper: at(0.75) },
    timesOfLeastCpu: here.cpuMs.min / there.cpuMs.min,
  }
}

function print(ref, results) {
  printTable(
    `ms a round, and how many times as long it takes here: below 1 is faster than ${ref}`,
    ['', ref, HERE, 'here / there', 'middle half of the rounds', 'of least CPU', 'bytes'],
    Object.entries(results).map(([line, { here, there, times, timesOfLeastCpu }]) => [
      line,
      there.ms.median.toFixed(3),
      here.ms.median.toFixed(3),
      times.median.toFixed(2),
      `${times.lower.toFixed(2)}..${times.upper.toFixed(2)}`,
      timesOfLeastCpu.toFixed(2),
      here.byteLength === there.byteLength ? 'the same' : `${there.byteLength} then, ${here.byteLength} now`,
    ]),
  )
}

/** A worktree of that commit, built, with today's benchmarks in it. */
function checkOut(ref) {
  const run = (command, args, cwd = ROOT) => execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  const commit = run('git', ['rev-parse', '--verify', `${ref}^{commit}`])
    .toString()
    .trim()
  const directory = mkdtempSync(join(tmpdir(), 'sluice-against-'))
  const remove = atEnd(() => {
    rmSync(directory, { recursive: true, force: true })
    run('git', ['worktree', 'prune'])
  })
  run('git', ['worktree', 'add', '--detach', '--force', directory, commit])
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  console.log(`building ${ref} (${commit.slice(0, 7)}) in ${directory}`)
  run('npm', ['run', '--silent', 'build'], directory)
  rmSync(join(directory, 'bench'), { recursive: true, force: true })
  cpSync(import.meta.dirname, join(directory, 'bench'), { recursive: true })
  return {
    label: ref,
    url: (module) => pathToFileURL(join(directory, 'bench', module)).href,
    remove,
  }
}
