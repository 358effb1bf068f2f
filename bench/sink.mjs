// A server that takes every insert and stores nothing: reads the body to its end, waits, answers as ClickHouse does. To be forked;
// it sends its port, and `{bytes}` of the bodies since the last time when it is asked.
//
//   fork('sink.mjs', [JSON.stringify({ answerMs: 10 })])

import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const { answerMs } = JSON.parse(process.argv[2])
/** What a statement asks before its first row. */
const ANSWERS = {
  'version()': [{ version: '25.8.1.1', host: 'sink' }],
  'system.settings': ['async_insert', 'insert_deduplication_token'].map((name) => ({ name })),
}
let bytes = 0

const server = createServer(async (request, response) => {
  if (request.url.includes('query=INSERT')) {
    for await (const chunk of request) bytes += chunk.length
    await sleep(answerMs)
    response.end()
    return
  }
  const sql = await text(request)
  const rows = Object.entries(ANSWERS).find(([part]) => sql.includes(part))?.[1] ?? []
  response.end(rows.map((row) => JSON.stringify(row)).join('\n'))
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => {
  process.send({ bytes })
  bytes = 0
})
