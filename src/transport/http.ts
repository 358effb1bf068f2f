import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { TransportError, UsageError } from '../errors.ts'
import { execRequest, urlSettings } from './client-exec.ts'
import { Deadline } from './deadline.ts'
import { checkAnswer, type HttpAnswer, writtenRows } from './http-answer.ts'
import { connectFailed, type PostTarget, postBlock } from './http-post.ts'
import { parseRows, parseVersion } from './rows.ts'
import type { InsertAnswer, InsertRequest, Logger, ReadOptions, ServerInfo, Settings, Transport } from './transport.ts'

export interface HttpOptions {
  /** One or several hosts of one cluster, without path: `http://host:8123`. The first that answers at `ping` is used. */
  readonly urls: readonly URL[]
  readonly username: string
  readonly password: string
  /** Sent with every request. */
  readonly database: string
  readonly tls?: { readonly ca?: string | Buffer; readonly cert?: string | Buffer; readonly key?: string | Buffer }
  /** An existing client: every request goes through it, and closing it stays with its owner. */
  readonly client?: ClickHouseClient
  readonly logger?: Logger
  readonly connectTimeoutMs: number
}

/** DDL and small reads; both may wait for a busy server. */
const QUERY_TIMEOUT_MS = 300_000

// Below the server's own limit (3 s on older versions), so that we close idle sockets first. A `Keep-Alive: timeout=`
// of the server shortens it.
const IDLE_SOCKET_MS = 2_500

// What the client allows itself, if it has an agent of its own. A hundred prepare() at once are 300 queries, and a server that
// takes no more connections answers with a reset.
const CLIENT_SOCKETS = 10

/** ClickHouse over HTTP. Blocks go over node:http (see http-post.ts), everything else through `@clickhouse/client`. */
export function httpTransport(options: HttpOptions): Transport {
  return new HttpTransport(options)
}

class HttpTransport implements Transport {
  readonly kind = 'http'
  readonly takesFrames = true
  readonly #options: HttpOptions
  readonly #hosts: readonly Host[]
  #current: Host
  #isChosen = false
  readonly #running = new Set<Promise<unknown>>()
  #closed = false

  constructor(options: HttpOptions) {
    this.#options = options
    this.#hosts = options.urls.map((url) => openHost(url, options))
    this.#current = this.#hosts[0]!
  }

  get host(): string {
    return this.#current.url.host
  }

  async ping(signal?: AbortSignal): Promise<ServerInfo> {
    const failures: TransportError[] = []
    // Once one answered, no other takes its place: a block in doubt may only be repeated where the first attempt went.
    for (const host of this.#isChosen ? [this.#current] : this.#hosts) {
      try {
        const info = await this.#track(() => pingHost(host, this.#options.connectTimeoutMs, signal))
        this.#current = host
        this.#isChosen = true
        return info
      } catch (error) {
        // A server that answers "no" has answered; only silence moves on to the next host.
        if (!(error instanceof TransportError) || error.code === 'ABORTED') throw error
        this.#options.logger?.warn('host does not answer', { host: host.url.host, code: error.code })
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    const names = this.#hosts.map((host) => host.url.host).join(', ')
    throw new TransportError('CONNECT_FAILED', `None of the hosts answers: ${names}. ${failures[0]!.message}`, {
      retryable: true,
      cause: failures[0],
    })
  }

  async insert(request: InsertRequest): Promise<InsertAnswer> {
    const host = this.#current
    const settings = request.compressed ? { ...request.settings, decompress: 1 } : request.settings
    const deadline = new Deadline(request.signal, request.attemptTimeoutMs)
    try {
      const answer = await this.#track(() => host.insert(request, settings, deadline))
      checkAnswer(answer, request.queryId, false)
      return { writtenRows: writtenRows(answer.headers), host: host.url.host }
    } finally {
      deadline.end()
    }
  }

  async query(sql: string, options: ReadOptions = {}): Promise<Record<string, unknown>[]> {
    return parseRows((await this.#read(sql, options)).text)
  }

  async command(sql: string, options: ReadOptions = {}): Promise<void> {
    await this.#read(sql, options) // ON CLUSTER statements answer with a row per host
  }

  async #read(sql: string, options: ReadOptions): Promise<HttpAnswer> {
    const deadline = new Deadline(options.signal, QUERY_TIMEOUT_MS)
    try {
      return await this.#track(() => readHost(this.#current, sql, options.settings ?? {}, deadline))
    } finally {
      deadline.end()
    }
  }

  /** Waits for what is running, then closes every socket of ours. */
  async close(hurry?: AbortSignal): Promise<void> {
    this.#closed = true
    await Promise.race([Promise.allSettled(this.#running), ...(hurry ? [fired(hurry)] : [])])
    await Promise.all(this.#hosts.map((host) => host.close()))
  }

  async #track<T>(start: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new UsageError('CONNECTION_CLOSED', 'The connection was closed.')
    const work = start()
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** One server: how it is reached, nothing else. Pinning a block to a host means keeping one of these. */
interface Host {
  readonly url: URL
  readonly client: ClickHouseClient
  insert(request: InsertRequest, settings: Settings, deadline: Deadline): Promise<HttpAnswer>
  close(): Promise<void>
}

function openHost(url: URL, options: HttpOptions): Host {
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
    connectTimeoutMs: options.connectTimeoutMs,
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

function openAgent(url: URL, options: HttpOptions, maxSockets = Number.POSITIVE_INFINITY): HttpAgent {
  const common = { keepAlive: true, timeout: IDLE_SOCKET_MS, maxSockets }
  return url.protocol === 'https:' ? new HttpsAgent({ ...common, ...options.tls }) : new HttpAgent(common)
}

async function pingHost(host: Host, timeoutMs: number, signal: AbortSignal | undefined): Promise<ServerInfo> {
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

async function readHost(host: Host, sql: string, settings: Settings, deadline: Deadline): Promise<HttpAnswer> {
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
