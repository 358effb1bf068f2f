// What does it cost to split blocks by partition?
//
// The block builder, and after it each block of 65,536 rows split by the day of its rows, against the same rows without. Days either
// follow each other, as they do in what is written while it happens, or each row is of another day than its neighbours.

import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'

export const question = 'What does it cost to split blocks by partition?'

const SHAPES = ['clickstream', 'log']
const BLOCK_ROWS = 65_536
const CASES = {
  '1 partition': { partitions: 1, isMixed: false },
  '10, one after the other': { partitions: 10, isMixed: false },
  '100, one after the other': { partitions: 100, isMixed: false },
  '10, mixed': { partitions: 10, isMixed: true },
  '100, mixed': { partitions: 100, isMixed: true },
}

export function cases({ quick }) {
  const blockRows = quick ? 1000 : BLOCK_ROWS
  const rowCount = blockRows * 2
  const rounds = quick ? { rounds: 1, warmups: 1 } : { rounds: 15, warmups: 5 }
  return SHAPES.flatMap((shape) =>
    Object.entries(CASES).map(([title, layout]) => {
      const args = { shape, rowCount, blockRows, ...layout }
      const module = './ours/split.mjs'
      const contenders = {
        'as they are': { module, args: { ...args, isSplit: false } },
        split: { module, args: { ...args, isSplit: true } },
      }
      return { title: `${shape}, ${title}`, rowCount, contenders, rounds }
    }),
  )
}

export async function run({ quick }) {
  const results = {}
  for (const { title, rowCount, contenders, rounds } of cases({ quick })) {
    const measured = await alternate(contenders, rounds)
    const nsPerRow = (label) => (measured[label].cpuMs.min * 1e6) / rowCount
    const [whole, split] = [nsPerRow('as they are'), nsPerRow('split')]
    results[title] = { encodeNsPerRow: whole, splitNsPerRow: split - whole }
  }
  printTable(
    'ns per row, least processor time',
    ['', 'encoding', 'splitting'],
    Object.entries(results).map(([title, { encodeNsPerRow, splitNsPerRow }]) => [
      title,
      encodeNsPerRow.toFixed(0),
      splitNsPerRow.toFixed(0),
    ]),
  )
  return results
}
