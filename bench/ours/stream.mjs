// A statement takes `rowCount` rows of a small pool; prints the process's peak memory.
//
//   node bench/ours/stream.mjs <shape> <rows>

import { connect } from '../../dist/index.js'
import { columnsOf, rowsOf } from '../shapes.mjs'

const [shape, rowCount] = [process.argv[2], Number(process.argv[3])]
const pool = rowsOf(shape, 1000)

const connection = await connect('file:/dev/null')
const statement = await connection.prepare(`INSERT INTO ${shape}`, { columns: columnsOf(shape) })
for (let i = 0; i < rowCount; i++) {
  const pause = statement.exec(pool[i % pool.length])
  if (pause !== undefined) await pause
}
const { rows, bytes } = await statement.commit()
await connection.close()
if (rows !== rowCount) throw new Error(`${rows} rows of ${rowCount}`)
console.log(JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1024, streamedBytes: bytes }))
