// What does the delivery of a block cost, beside encoding it?
//
// A block of 65,536 rows, staged and sealed; and what is done for a block from then on until it is acknowledged, but for sending its
// bytes. Two processes, least processor time.

import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'
import { SHAPE_NAMES } from './shapes.mjs'

export const question = 'What does the delivery of a block cost, beside encoding it?'

const ROWS = 65_536

export function cases({ quick }) {
  const blocks = quick ? 20 : 2_000
  const rounds = quick ? { rounds: 3, warmups: 1 } : { rounds: 31, warmups: 10 }
  return SHAPE_NAMES.map((shape) => ({
    title: shape,
    blocks,
    rounds,
    contenders: {
      'encode a block': { module: './ours/builder.mjs', args: { shape, rowCount: ROWS } },
      'deliver blocks': { module: './ours/delivery.mjs', args: { blocks } },
    },
  }))
}

export async function run({ quick }) {
  const results = {}
  for (const { title, blocks, contenders, rounds } of cases({ quick })) {
    const [encode, deliver] = Object.values(await alternate(contenders, rounds))
    const encodeUs = encode.cpuMs.min * 1000
    const deliverUs = (deliver.cpuMs.min * 1000) / blocks
    results[title] = { encodeUs, deliverUs, part: deliverUs / encodeUs }
  }
  printTable(
    `a block of ${ROWS} rows; µs, least processor time`,
    ['', 'encode it', 'deliver it', 'part'],
    Object.entries(results).map(([shape, { encodeUs, deliverUs, part }]) => [
      shape,
      encodeUs.toFixed(0),
      deliverUs.toFixed(1),
      `${(part * 100).toFixed(2)} %`,
    ]),
  )
  return results
}
