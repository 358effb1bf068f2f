// A statement into a server over HTTP: rows in by exec(), flush() at the end, so that the server has acknowledged all when the clock stops.

import { connect } from '../../dist/index.js'
import { rowsOf } from '../shapes.mjs'

export async function create({ url, table, shape, rowCount, blockRows, compression }) {
  const rows = rowsOf(shape, rowCount)
  const connection = await connect({ url, compression })
  // The timer must not cut a block in two when the machine stands still for a second.
  const statement = await connection.prepare(`INSERT INTO ${table}`, { blockSize: blockRows, flushInterval: 60_000 })
  return {
    async run() {
      for (let i = 0; i < rows.length; i++) {
        const pause = statement.exec(rows[i])
        if (pause !== undefined) await pause
      }
      await statement.flush()
    },
  }
}
