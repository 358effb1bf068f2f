// A statement on a server that only records: for what is sent, when, and how often.

import { afterAll, afterEach } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import {
  type Connection,
  type ConnectOptions,
  connect,
  type Statement,
  type StatementOptions,
} from '../../src/index.ts'
import { type LyingServer, type RecordedRequest, type Reply, startLyingServer } from '../support/lying-server.ts'

export interface NumberRow {
  n?: number
  text?: string
}

export const COLUMNS = [
  { name: 'n', type: 'UInt32' },
  { name: 'text', type: 'String' },
]

const servers: LyingServer[] = []
const connections: Connection[] = []

/** A server, and a connection to it whose failures are quick. */
export async function lyingConnection(
  insert: (request: RecordedRequest) => Reply | undefined | Promise<Reply | undefined> = () => undefined,
  options: ConnectOptions = {},
): Promise<{ server: LyingServer; connection: Connection }> {
  const server = await startLyingServer({ insert })
  servers.push(server)
  const connection = await connect({ url: server.url, retry: { minDelay: 5, maxDelay: 20 }, ...options })
  connections.push(connection)
  return { server, connection }
}

export async function lyingStatement(
  options: StatementOptions = {},
  insert?: (request: RecordedRequest) => Reply | undefined | Promise<Reply | undefined>,
  connectOptions?: ConnectOptions,
): Promise<{ server: LyingServer; connection: Connection; statement: Statement<NumberRow> }> {
  const { server, connection } = await lyingConnection(insert, connectOptions)
  const statement = await connection.prepare<NumberRow>('events', { columns: COLUMNS, ...options })
  return { server, connection, statement }
}

/** The numbers in the blocks that arrived, block by block. */
export function numbersOf(requests: readonly RecordedRequest[]): number[][] {
  return requests.flatMap(({ body }) =>
    decodeBlocks(body).map(({ columns, rows }) => {
      const index = columns.findIndex(({ name }) => name === 'n')
      return rows.map((row) => Number(row[index]))
    }),
  )
}

/** A switch: requests wait for `open`. */
export function gate(): { wait: () => Promise<undefined>; open: () => void } {
  let open = () => {}
  const opened = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined)
  })
  return { wait: () => opened, open }
}

/** Answers 0, 1, 2, ... */
export function range(end: number, start = 0): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index)
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
  await Promise.all(connections.splice(0).map((connection) => connection.close({ deadline: 0 })))
})

// An unhandled rejection fails the run of vitest; this names the file it came from.
const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
process.on('unhandledRejection', note)
afterAll(async () => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', note)
  if (unhandled.length > 0) throw new Error('unhandled rejections', { cause: unhandled })
})
