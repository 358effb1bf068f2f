// A statement into ClickHouse in this process.

import { connect } from '../../dist/index.js'
import { rowsOf } from '../shapes.mjs'
import { arrivals, createTable } from '../tables.mjs'

export async function create({ shape, engine, rowCount, blockRows }) {
  const rows = rowsOf(shape, rowCount)
  const connection = await connect('chdb:')
  const run = (sql) => connection.command(sql)
  const table = { table: 't', shape, engine }
  await createTable(run, table)
  const statement = await connection.prepare('INSERT INTO t', { blockSize: blockRows, flushInterval: 60_000 })
  return {
    async run() {
      for (let i = 0; i < rows.length; i++) {
        const pause = statement.exec(rows[i])
        if (pause !== undefined) await pause
      }
      await statement.flush()
    },
    check: await arrivals(run, (sql) => connection.query(sql), table),
  }
}
