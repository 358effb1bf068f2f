// What does a row cost, from the object to the bytes of an insert?
//
// Row objects in memory, default block size, no compression. A statement into /dev/null and the block builder alone, next to what
// @clickhouse/client makes of the same rows and to an encoder written by hand for exactly these tables. Ours checks every value and
// hashes every block; the hand-written one does neither.

import { perRow } from './per-row.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'
import { SHAPE_NAMES } from './shapes.mjs'

export const question = 'What does a row cost, from the object to the bytes of an insert?'

const CONTENDERS = {
  'exec() loop': './ours/statement.mjs',
  'block builder alone': './ours/builder.mjs',
  'hand-written columnar JS': './peers/columnar-js.mjs',
  'JSONEachRow body': './peers/json-body.mjs',
}

export async function run({ quick }) {
  const rowCount = quick ? 3000 : 100_000
  const rounds = quick ? { rounds: 3, warmups: 1 } : { rounds: 31, warmups: 15 }
  const results = {}
  for (const shape of SHAPE_NAMES) {
    const contenders = Object.entries(CONTENDERS).map(([label, module]) => [
      label,
      { module, args: { shape, rowCount } },
    ])
    const measured = await alternate(Object.fromEntries(contenders), rounds)
    results[shape] = perRow(measured, rowCount)
    print(shape, rowCount, rounds, results[shape])
  }
  return results
}

function print(shape, rowCount, { rounds }, results) {
  printTable(
    `${shape}: ${rowCount} rows a round, ${rounds} rounds`,
    ['', 'ns/row', 'min..max', 'CPU ns/row', 'least', 'bytes/row', 'MB/s', 'x exec()', 'of least'],
    Object.entries(results).map(([label, result]) => [
      label,
      result.nsPerRow.median.toFixed(1),
      `${result.nsPerRow.min.toFixed(1)}..${result.nsPerRow.max.toFixed(1)}`,
      result.cpuNsPerRow.median.toFixed(1),
      result.cpuNsPerRow.min.toFixed(1),
      result.bytesPerRow.toFixed(1),
      result.mbPerSecond.toFixed(0),
      result.timesFirst.toFixed(2),
      result.timesFirstOfLeast.toFixed(2),
    ]),
  )
}
