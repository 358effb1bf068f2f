// What does a value of each type cost, and how does that stand beside the plain encoder of the tests?
//
// One column in a table of its own, values in the forms that programs have: row objects into the block builder, the whole column into
// encodeColumns(), and the same rows into the plain encoder. Ours checks all of a value and hashes the block; the plain one checks
// numbers and texts, and not the shape of what holds them. The slowest family stands first.

import { countOf, FAMILY_NAMES } from './families.mjs'
import { buildPlain } from './peers/plain.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'

export const question = 'What does a value of each type cost, beside a plain TypeScript encoder?'

const CONTENDERS = {
  rows: { module: './ours/values.mjs', way: 'rows' },
  column: { module: './ours/values.mjs', way: 'column' },
  plain: { module: './peers/plain.mjs' },
}

export function cases({ quick }) {
  const rounds = quick ? { rounds: 1, warmups: 0 } : { rounds: 15, warmups: 10 }
  // A smoke run has all of them in one process.
  const all = quick ? [[`${FAMILY_NAMES.length} families`, FAMILY_NAMES]] : FAMILY_NAMES.map((name) => [name, [name]])
  return all.map(([title, families]) => {
    const contenders = Object.entries(CONTENDERS).map(([label, { module, way }]) => [
      label,
      { module, args: { families, way, quick } },
    ])
    return { title, contenders: Object.fromEntries(contenders), rounds }
  })
}

export async function run({ quick }) {
  buildPlain()
  const all = cases({ quick })
  if (quick) {
    const [{ contenders, rounds }] = all
    const { rows, ...rivals } = await alternate(contenders, rounds)
    console.log(`${FAMILY_NAMES.length} families, ${rows.byteLength} bytes; read back too from ${Object.keys(rivals)}`)
    return rows
  }
  const results = {}
  for (const { title, contenders, rounds } of all)
    results[title] = perValue(await alternate(contenders, rounds), countOf(title))
  print(results)
  return results
}

/** The medians, and the least processor time, in ns. */
function perValue(measured, count) {
  return Object.fromEntries(
    Object.entries(measured).map(([label, { ms, cpuMs }]) => [
      label,
      { median: (ms.median * 1e6) / count, leastCpu: (cpuMs.min * 1e6) / count },
    ]),
  )
}

function print(results) {
  const slowestFirst = Object.entries(results).sort(([, a], [, b]) => b.rows.leastCpu - a.rows.leastCpu)
  printTable(
    'ns a value, least processor time (and the median of the time that passed), the slowest first',
    ['', 'rows', '', 'column', '', 'plain', '', 'plain / rows'],
    slowestFirst.map(([family, { rows, column, plain }]) => [
      family,
      ...[rows, column, plain].flatMap(({ leastCpu, median }) => [leastCpu.toFixed(1), `(${median.toFixed(1)})`]),
      (plain.leastCpu / rows.leastCpu).toFixed(1),
    ]),
  )
}
