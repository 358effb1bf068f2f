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
    ['', 'where asked to', 'min..max', 'every row', 'min..max', 'an await costs'],
    Object.entries(results).map(([shape, result]) => {
      const [asked, every] = Object.values(result).map(({ nsPerRow }) => nsPerRow)
      return [
        shape,
        asked.median.toFixed(1),
        `${asked.min.toFixed(1)}..${asked.max.toFixed(1)}`,
        every.median.toFixed(1),
        `${every.min.toFixed(1)}..${every.max.toFixed(1)}`,
        (every.median - asked.median).toFixed(1),
      ]
    }),
  )
  return results
}
