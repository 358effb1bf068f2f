// Follows a log file into ClickHouse and remembers how far it is there: a run that was killed goes on where the server's
// acknowledgements ended.
//
//   node examples/checkpoint.mjs events.ndjson                                      an embedded ClickHouse
//   SLUICE_URL=http://localhost:8123/db node examples/checkpoint.mjs events.ndjson  into a server
//
// The offset is written after the acknowledgement, so no line is lost. Lines between the two are sent again by the next run: the
// same pattern, and the same "at least once", as committing the offsets of a message queue.

import { createReadStream, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { connect } from 'sluice'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: node examples/checkpoint.mjs <file.ndjson>')
const offsetFile = `${file}.offset`
const start = existsSync(offsetFile) ? Number(readFileSync(offsetFile, 'utf8')) : 0

const connection = await connect(process.env.SLUICE_URL ?? 'chdb:./checkpoint-data')
await connection.command(`
  CREATE TABLE IF NOT EXISTS log (id UInt64, message String) ENGINE = MergeTree ORDER BY id
  SETTINGS non_replicated_deduplication_window = 1000`)
const statement = await connection.prepare('INSERT INTO log', { blockSize: 1000 })

let offset = start
let rowCount = 0
for await (const line of createInterface({ input: createReadStream(file, { start }) })) {
  offset += Buffer.byteLength(line) + 1 // lines end with \n alone
  if (line === '') continue
  const pause = statement.exec(JSON.parse(line))
  if (pause) await pause
  if (++rowCount % 1000 > 0) continue
  const end = offset
  // Resolves when this row and all before it are acknowledged. A failure is thrown by exec() or commit().
  statement.whenAcknowledged(rowCount - 1).then(
    () => remember(end),
    () => {},
  )
}
await statement.commit()
offset = Math.min(offset, statSync(file).size) // the last line may have no end yet
remember(offset)
console.log(`${rowCount} rows from byte ${start} to byte ${offset}`)
await connection.close()

/** Renamed into place, so that a kill leaves the old offset or the new one. */
function remember(end) {
  writeFileSync(`${offsetFile}.new`, String(end))
  renameSync(`${offsetFile}.new`, offsetFile)
}
