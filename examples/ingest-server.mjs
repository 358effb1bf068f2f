// POST /events takes NDJSON and answers 202 when every row of the request is in ClickHouse.
//
//   node examples/ingest-server.mjs                                      into a ClickHouse in this process
//   SLUICE_URL=http://localhost:8123/db node examples/ingest-server.mjs  into a server
//   printf '{"user":1,"kind":"view"}\n{"user":2,"kind":"click"}\n' | curl --data-binary @- localhost:8080/events

import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { connect, DeliveryError, EncodeError } from 'sluice'

const connection = await connect(process.env.SLUICE_URL ?? 'chdb:')
await connection.command(`
  CREATE TABLE IF NOT EXISTS events (at DateTime DEFAULT now(), user UInt64, kind LowCardinality(String))
  ENGINE = MergeTree ORDER BY (kind, at)
  SETTINGS non_replicated_deduplication_window = 1000`)

// One statement for all requests. A row waits 100 ms at most for others to share its block.
const statement = await connection.prepare('INSERT INTO events', { flushInterval: 100, strictKeys: true })

const server = createServer(async (request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
  if (request.method !== 'POST' || request.url !== '/events') return answer(404, { error: 'this is POST /events' })

  let rowCount = 0 // of this request, taken so far
  try {
    const lines = (await text(request)).split('\n').filter(Boolean)
    const rows = lines.map((line) => JSON.parse(line))
    // Waits where there is no room: a slow server slows the clients, it does not fill the memory.
    rowCount = await statement.execMany(rows)
    await statement.whenAcknowledged()
    answer(202, { rows: rowCount })
  } catch (error) {
    if (error instanceof SyntaxError) answer(400, { error: 'this is no NDJSON' })
    // The rows of this request before the bad one are taken: a client that repeats the request repeats them.
    else if (error instanceof EncodeError) answer(422, { error: error.message, column: error.column, code: error.code })
    else {
      // Not acknowledged, so the client has to come again. A statement that failed takes no more rows: start anew.
      answer(503, { error: error.code ?? 'not stored' })
      console.error(error)
      process.exitCode = 1
      if (error instanceof DeliveryError) stop()
    }
  }
})

/** Answers what is under way, delivers what is staged, and says where every row is. */
async function stop() {
  if (!server.listening) return
  server.close()
  server.closeIdleConnections()
  const { acknowledged, rejected, unknown, unsent } = await connection.close({ deadline: 10_000 })
  console.log(`stopped: ${acknowledged} rows in, ${rejected} rejected, ${unknown} unknown, ${unsent} not sent`)
}
process.once('SIGTERM', stop).once('SIGINT', stop)

server.listen(Number(process.env.PORT ?? 8080), () => console.log(`listening on port ${server.address().port}`))
