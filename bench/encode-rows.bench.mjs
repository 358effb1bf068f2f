// What does a row cost, from the object to the bytes of an insert?
//
// Row objects in memory, default block size. A statement into /dev/null takes them one by one, as arrays, and as whole columns, with and
// without compression; beside it the block builder alone, what @clickhouse/client makes of the same rows, and an encoder written by
// hand for exactly these tables: in the blocks that suit it best, and in ours. Ours checks every value and hashes every block; the
// hand-written one does neither.

import { perRow } from './per-row.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'
import { ALL_SHAPES } from './shapes.mjs'

export const question = 'What does a row cost, from the object to the bytes of an insert?'

const STATEMENT = './ours/statement.mjs'
const CONTENDERS = {
  'exec() loop': { module: STATEMENT },
  'exec() loop, array rows': { module: STATEMENT, form: 'arrays' },
  'exec() loop, LZ4': { module: STATEMENT, compression: 'lz4' },
  'execColumns(), one call': { module: STATEMENT, form: 'columns' },
  'block builder alone': { module: './ours/builder.mjs' },
  'hand-written columnar JS': { module: './peers/columnar-js.mjs' },
  'the same in blocks of 65,536': { module: './peers/columnar-js.mjs', rowsOfBlock: 65_536 },
  'JSONEachRow body': { module: './peers/json-body.mjs', every: 5 }, // or nearly all the time would be its own
}

/** Rows a round; of the small ones as many as make it some milliseconds. */
const ROW_COUNT = 100_000
const ROW_COUNTS = { id: 1_000_000, four: 1_000_000 }

export function cases({ quick }) {
  return ALL_SHAPES.map((shape) => {
    const rowCount = quick ? 3000 : (ROW_COUNTS[shape] ?? ROW_COUNT)
    const contenders = Object.entries(CONTENDERS).map(([label, { module, every, ...how }]) => [
      label,
      { module, every, args: { shape, rowCount, ...how } },
    ])
    const long = rowCount > ROW_COUNT ? { rounds: 11, warmups: 5 } : { rounds: 31, warmups: 15 }
    const rounds = quick ? { rounds: 3, warmups: 1 } : long
    return { title: shape, rowCount, rounds, contenders: Object.fromEntries(contenders) }
  })
}

export async function run({ quick }) {
  const results = {}
  for (const { title, rowCount, rounds, contenders } of cases({ quick })) {
    results[title] = perRow(await alternate(contenders, rounds), rowCount)
    print(title, rowCount, rounds, results[title])
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
