// What does `await statement.exec(row)` on every row cost, next to awaiting only the promises that exec() returns?
//
// Awaiting `undefined` is a turn of the microtask queue, once a row. The same rows into the same device, in two processes.

import { perRow } from './per-row.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'
import { SHAPE_NAMES } from './shapes.mjs'

export const question = 'What does `await` on every row cost?'

export async function run({ quick }) {
  const rowCount = quick ? 3000 : 100_000
  const rounds = quick ? { rounds: 3, warmups: 1 } : { rounds: 31, warmups: 15 }
  const results = {}
  for (const shape of SHAPE_NAMES) {
    const module = './ours/statement.mjs'
    const measured = await alternate(
      {
        'const p = exec(row); if (p) await p': { module, args: { shape, rowCount } },
        'await exec(row)': { module, args: { shape, rowCount, awaited: true } },
      },
      rounds,
    )
    results[shape] = perRow(measured, rowCount)
  }
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
