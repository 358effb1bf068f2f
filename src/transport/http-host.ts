import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Socket } from 'node:net'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { TransportError } from '../errors.ts'
import { execRequest, urlSettings } from './client-exec.ts'
import { Deadline } from './deadline.ts'
import { checkAnswer, type HttpAnswer } from './http-answer.ts'
import { connectFailed, type PostTarget, postBlock } from './http-post.ts'
import { parseRows, parseVersion } from './rows.ts'
import type { InsertRequest, ServerInfo, Settings } from './transport.ts'

export interface HostOptions {
  readonly username: string
  readonly password: string
  /** Sent with every request. */
  readonly database: string
  readonly tls?: { readonly ca?: string | Buffer; readonly cert?: string | Buffer; readonly key?: string | Buffer }
  /** An existing client: every request goes through it, and closing it stays with its owner. */
  readonly client?: ClickHouseClient
  readonly connectTimeoutMs: number
}

/** DDL and small reads; both may wait for a busy server. */
export const QUERY_TIMEOUT_MS = 300_000

// Below the server's own limit (3 s on older versions), so that we close idle sockets first. A `Keep-Alive: timeout=`
// of the server shortens it.
const IDLE_SOCKET_MS = 2_500

// What the client allows itself, if it has an agent of its own. A hundred prepare() at once are 300 queries, and a server that
// takes no more connections answers with a reset.
const CLIENT_SOCKETS = 10

/** One server: how it is reached, nothing else. */
export interface Host {
  readonly url: URL
  readonly client: ClickHouseClient
  insert(request: InsertRequest, settings: Settings, deadline: Deadline): Promise<HttpAnswer>
  close(): Promise<void>
}

export function openHost(url: URL, options: HostOptions): Host {
  if (options.client !== undefined) {
    const { client } = options
    return {
      url,
      client,
      insert: (request, settings, deadline) => {
        const { bytes, queryId } = request
        return execRequest(client, url, { ...placeSql(request), bytes, settings, queryId }, deadline)
      },
      close: async () => {},
    }
  }
  const agent = openAgent(url, options)
  // Its own pool of sockets: it keeps timers on them that would close a socket under a block.
  const clientAgent = openAgent(url, options, CLIENT_SOCKETS)
  const client = createClient({
    url: url.origin,
    username: options.username,
    password: options.password,
    database: options.database,
    http_agent: clientAgent,
    request_timeout: QUERY_TIMEOUT_MS,
    keep_alive: { idle_socket_ttl: IDLE_SOCKET_MS },
    log: { level: ClickHouseLogLevel.OFF }, // every failure reaches the caller as an error instead
  })
  const target: PostTarget = {
    url,
    agent,
    headers: {
      Authorization: `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`,
      'Content-Type': 'application/octet-stream',
      'User-Agent': 'sluice',
    },
  }
  return {
    url,
    client,
    insert: (request, settings, deadline) => {
      const { sql, head } = placeSql(request)
      const params = new URLSearchParams({
        query_id: request.queryId,
        database: options.database,
        ...urlSettings(settings),
      })
      if (sql !== '') params.set('query', sql)
      return postBlock(target, `/?${params}`, head, request.bytes, deadline)
    },
    close: async () => {
      agent.destroy()
      await client.close()
      clientAgent.destroy()
    },
  }
}

// 18.16 answers 400 to a URL above 16,384 characters; newer servers take a parameter of 128 KiB.
const URL_SQL_MAX = 12_000
const EMPTY = new Uint8Array(0)

/**
 * The INSERT text goes into the URL, and the block alone is the body; a very long one (many columns) goes before the block, where
 * exactly one line feed ends it: any other white space would eat a first byte of 09, 0a, 0d or 20. Not before frames: with
 * `decompress=1` the server takes the whole body for frames.
 */
function placeSql({ sql, compressed }: InsertRequest): { sql: string; head: Uint8Array } {
  if (compressed || encodeURIComponent(sql).length <= URL_SQL_MAX) return { sql, head: EMPTY }
  return { sql: '', head: Buffer.from(`${sql}\n`) }
}

/** An agent whose connections must be made within `connectTimeoutMs`. */
function openAgent(url: URL, options: HostOptions, maxSockets = Number.POSITIVE_INFINITY): HttpAgent {
  const common = { keepAlive: true, timeout: IDLE_SOCKET_MS, maxSockets }
  const secure = url.protocol === 'https:'
  const agent = secure ? new HttpsAgent({ ...common, ...options.tls }) : new HttpAgent(common)
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (...given) => {
    const socket = connect(...given) as Socket
    const timer = setTimeout(
      () => socket.destroy(new ConnectTimeout(options.connectTimeoutMs)),
      options.connectTimeoutMs,
    )
    const stop = () => clearTimeout(timer)
    socket.once(secure ? 'secureConnect' : 'connect', stop).once('close', stop)
    return socket
  }
  return agent
}

class ConnectTimeout extends Error {
  /** As errors of the system have it; @clickhouse/client shows nothing else. */
  readonly syscall = 'connect'

  constructor(timeoutMs: number) {
    super(`no connection within ${timeoutMs} ms`)
  }
}

export async function pingHost(host: Host, timeoutMs: number, signal: AbortSignal | undefined): Promise<ServerInfo> {
  const deadline = new Deadline(signal, timeoutMs)
  try {
    const answer = await readHost(host, 'SELECT version() AS version, hostName() AS host', {}, deadline)
    const [row] = parseRows(answer.text)
    return { kind: 'http', ...parseVersion(row?.version), host: String(row?.host ?? '') }
  } catch (error) {
    // At first contact a server that keeps silent is one that cannot be reached.
    if (error instanceof TransportError && error.code === 'TIMEOUT') {
      throw connectFailed(host.url, new Error(`no answer within ${timeoutMs} ms`))
    }
    throw error
  } finally {
    deadline.end()
  }
}

export async function readHost(host: Host, sql: string, settings: Settings, deadline: Deadline): Promise<HttpAnswer> {
  const all = {
    // The whole answer is held back until the query is done, so that an exception in the middle becomes a status.
    wait_end_of_query: 1,
    default_format: 'JSONEachRow',
    output_format_json_quote_64bit_integers: 1, // the default only up to 24.x
    ...settings,
  }
  const answer = await execRequest(host.client, host.url, { sql, settings: all }, deadline)
  checkAnswer(answer, undefined, true)
  return answer
}
