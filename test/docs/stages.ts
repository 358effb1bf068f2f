// What has happened before an example of the README begins, by the name it gives (```ts after=events), and what happens then.

const connection = `
import { connect } from 'sluice'
const connection = await connect(process.env.CLICKHOUSE!)
await connection.command('DROP TABLE IF EXISTS events')
await connection.command('DROP TABLE IF EXISTS elsewhere')
await connection.command(\`
  CREATE TABLE events (at DateTime64(3), user UInt64, kind LowCardinality(String), tags Array(String))
  ENGINE = MergeTree ORDER BY (kind, at)
  SETTINGS non_replicated_deduplication_window = 1000\`)
const rowsAtEnd = async () => Number((await connection.query<{ n: string }>('SELECT count() AS n FROM events'))[0]!.n)
`
const rows = `
const rows = Array.from({ length: 1000 }, (_, i) => ({ at: 1_700_000_000_000 + i, user: i, kind: 'view' as const, tags: ['a'] }))
`
const statement = `
interface Event { at: Date | number; user: number; kind: 'view' | 'click'; tags: string[] }
const statement = await connection.prepare<Event>('INSERT INTO events')
`

/** A way to the server on which an answer can be lost. */
const plain = `
import { createServer, connect as dial } from 'node:net'
import { connect } from 'sluice'
let isLosing = false
const loseNextAnswer = async () => { isLosing = true }
const way = createServer((client) => {
  const server = dial(Number(new URL(process.env.CLICKHOUSE!).port), '127.0.0.1')
  client.pipe(server)
  server.on('data', (answer) => { if (isLosing) { isLosing = false; client.destroy() } else client.write(answer) })
  for (const socket of [client, server]) socket.on('error', () => {}).on('close', () => { client.destroy(); server.destroy() })
}).listen(0, '127.0.0.1')
await new Promise((resolve) => way.once('listening', resolve))
const silent = () => {}
const logger = { debug: silent, info: silent, warn: silent, error: silent }
const connection = await connect({ url: 'http://127.0.0.1:' + (way.address() as { port: number }).port, logger })
await connection.command('DROP TABLE IF EXISTS plain')
await connection.command('CREATE TABLE plain (n UInt32) ENGINE = MergeTree ORDER BY n')
const rows = Array.from({ length: 1000 }, (_, n) => ({ n }))
`

interface Stage {
  readonly before: string
  readonly after?: string
}

export const STAGES: Readonly<Record<string, Stage>> = {
  events: { before: connection + rows },
  statement: { before: connection + statement },
  // A service lives for as long as it listens; at the end the system asks it to stop.
  service: {
    before: `import { createServer } from 'node:http'\n${connection + statement}
const server = createServer().listen(0, '127.0.0.1')`,
    after: `
await accept([{ at: 1, user: 1, kind: 'view', tags: [] }])
if (statement.stats.acknowledged !== 1) throw new Error('accept() returned too early')
statement.exec({ at: 2, user: 2, kind: 'click', tags: [] })
process.on('SIGTERM', () => server.close()) // or the process would end by the signal
process.kill(process.pid, 'SIGTERM')
while (statement.stats.acknowledged < 2) await new Promise((resolve) => setTimeout(resolve, 5))
await connection.close()
if (process.exitCode !== undefined) throw new Error('close() left rows behind')`,
  },
  plain: { before: plain, after: 'await connection.close()\nway.close()' },
  // One row of the seventh block is refused, and what came behind it was not sent.
  'partly-bad': {
    before: `${connection + rows}
await connection.command('ALTER TABLE events ADD CONSTRAINT known CHECK user != 666')
const statement = await connection.prepare('INSERT INTO events', { blockSize: 100, maxPendingBlocks: 100 })
for (const row of rows) await statement.exec(row)
await statement.commit().catch(() => {})
const blocks = statement.takeBlocks()`,
  },
  // The table goes away between prepare and the first block.
  doomed: {
    before: `${connection + rows}
const statement = await connection.prepare('INSERT INTO events')
await connection.command('RENAME TABLE events TO elsewhere')
const repair = () => connection.command('RENAME TABLE elsewhere TO events')`,
  },
}
