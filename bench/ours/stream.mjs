// A statement takes `rowCount` rows of a small pool; prints the process's peak memory, and what it had on the way.
//
//   node bench/ours/stream.mjs <shape> <rows> [samples]

import { connect } from '../../dist/index.js'
import { columnsOf, rowsOf } from '../shapes.mjs'

const [shape, rowCount, sampleCount] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4] ?? 1)]
const pool = rowsOf(shape, 1000)

const connection = await connect('file:/dev/null')
const statement = await connection.prepare(`INSERT INTO ${shape}`, { columns: columnsOf(shape) })
const start = performance.now()
const samples = [sample(0)]
for (let part = 1; part <= sampleCount; part++) {
  const end = Math.round((rowCount * part) / sampleCount)
  await stream(samples.at(-1).rows, end)
  samples.push(sample(end))
}
const { rows, bytes } = await statement.commit()
await connection.close()
if (rows !== rowCount) throw new Error(`${rows} rows of ${rowCount}`)
console.log(JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1024, streamedBytes: bytes, samples }))

async function stream(from, end) {
  for (let i = from; i < end; i++) {
    const pause = statement.exec(pool[i % pool.length])
    if (pause !== undefined) await pause
  }
}

function sample(rows) {
  const { rss, heapUsed } = process.memoryUsage()
  return { rows, ms: performance.now() - start, residentBytes: rss, heapBytes: heapUsed }
}
