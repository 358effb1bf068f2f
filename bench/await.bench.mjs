// What does `await statement.exec(row)` on every row cost, next to awaiting only the promises that exec() returns?
//
// Awaiting `undefined` is a turn of the microtask queue, once a row. The same rows into the same device, in two processes.

import { perRow } from './per-row.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'
import { SHAPE_NAMES } from './shapes.mjs'

export const question = 'What does `await` on every row cost?'

export function cases({ quick }) {
  const rowCount = quick ? 3000 : 100_000
  const rounds = quick ? { rounds: 3, warmups: 1 } : { rounds: 31, warmups: 15 }
  const module = './ours/statement.mjs'
  return SHAPE_NAMES.map((shape) => ({
    title: shape,
    rowCount,
    rounds,
    contenders: {
      'const p = exec(row); if (p) await p': { module, args: { shape, rowCount } },
      'await exec(row)': { module, args: { shape, rowCount, awaited: true } },
    },
  }))
}

export async function run({ quick }) {
  const results = {}
  const all = cases({ quick })
  for (const { title, contenders, rounds, rowCount } of all)
    results[title] = perRow(await alternate(contenders, rounds), rowCount)
  const [{ rowCount, rounds }] = all
  printTable(
    `${rowCount} rows a round, ${rounds.rounds} rounds; ns per row`,
    ['', 'where asked to', 'min..max', 'every row', 'min..max', 'least CPU', 'every row', 'an await costs'],
    Object.entries(results).map(([shape, result]) => {
      const [asked, every] = Object.values(result)
      const spread = ({ median, min, max }) => [median.toFixed(1), `${min.toFixed(1)}..${max.toFixed(1)}`]
      const least = [asked, every].map(({ cpuNsPerRow }) => cpuNsPerRow.min)
      const cells = [...spread(asked.nsPerRow), ...spread(every.nsPerRow), ...least.map((ns) => ns.toFixed(1))]
      return [shape, ...cells, (least[1] - least[0]).toFixed(1)]
    }),
  )
  return results
}
