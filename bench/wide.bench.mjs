// Does a value cost more in a row of 1,000 columns than in one of 10?
//
// The block builder alone. All tables have as many values, so that their rows are as far from the processor, and as many of them are
// distinct. What grows with the columns: code, places that are written to, headers; what does not: the work per value.

import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'
import { WIDE_KINDS, wideShape } from './shapes.mjs'

export const question = 'Does a value cost more in a row of 1,000 columns than in one of 10?'

const COLUMN_COUNTS = [10, 100, 1000]
const DISTINCT_VALUES = 20_000

export function cases({ quick }) {
  const values = quick ? 20_000 : 2_000_000
  const rounds = quick ? { rounds: 1, warmups: 1 } : { rounds: 15, warmups: 5 }
  return WIDE_KINDS.map((kind) => {
    const contenders = COLUMN_COUNTS.map((count) => {
      const args = { shape: wideShape(kind, count), rowCount: values / count, distinctRows: DISTINCT_VALUES / count }
      return [count, { module: './ours/builder.mjs', args }]
    })
    return { title: kind, values, contenders: Object.fromEntries(contenders), rounds }
  })
}

export async function run({ quick }) {
  const results = {}
  for (const { title, values, contenders, rounds } of cases({ quick })) {
    const measured = await alternate(contenders, rounds)
    results[title] = Object.fromEntries(
      COLUMN_COUNTS.map((count) => [count, { nsPerValue: (measured[count].cpuMs.min * 1e6) / values }]),
    )
  }
  print(results)
  return results
}

function print(results) {
  printTable(
    'ns per value, least processor time, and how many times that of 10 columns',
    [
      '',
      ...COLUMN_COUNTS.map((count) => `${count} columns`),
      ...COLUMN_COUNTS.slice(1).map((count) => `x at ${count}`),
    ],
    Object.entries(results).map(([kind, byCount]) => {
      const costs = COLUMN_COUNTS.map((count) => byCount[count].nsPerValue)
      return [
        kind,
        ...costs.map((cost) => cost.toFixed(1)),
        ...costs.slice(1).map((cost) => (cost / costs[0]).toFixed(2)),
      ]
    }),
  )
}
