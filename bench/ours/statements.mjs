// Several statements at once in one process, one row to each in turn, as a program does that sorts rows into tables.

import { connect } from '../../dist/index.js'
import { columnsOf, rowsOf } from '../shapes.mjs'

export async function create({ shape, rowCount, statements: count }) {
  const rows = rowsOf(shape, Math.min(rowCount, 20_000))
  const connection = await connect('file:/dev/null')
  const options = { columns: columnsOf(shape), flushInterval: 60_000 }
  const statements = await Promise.all(
    Array.from({ length: count }, () => connection.prepare(`INSERT INTO ${shape}`, options)),
  )
  const hashes = statements.map(() => [])
  statements.forEach((statement, i) => {
    statement.on('block', ({ token }) => hashes[i].push(token.split(':').at(-1)))
  })
  const stream = async () => {
    for (let i = 0; i < rowCount; i++) {
      const pause = statements[i % count].exec(rows[i % rows.length])
      if (pause !== undefined) await pause
    }
    await Promise.all(statements.map((statement) => statement.flush()))
  }
  const made = () => String(hashes.map((list) => list.splice(0)))
  await stream()
  const accepted = statements.reduce((sum, { stats }) => sum + stats.acknowledged, 0)
  if (accepted !== rowCount) throw new Error(`${accepted} rows of ${rowCount}`)
  const byteLength = statements.reduce((sum, { stats }) => sum + stats.bytes, 0)
  const wanted = made()
  return {
    byteLength,
    run: stream,
    check() {
      const now = made()
      if (now !== wanted) throw new Error(`blocks ${now}, before they were ${wanted}`)
    },
  }
}
