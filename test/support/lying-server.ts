// A plain HTTP stand-in for ClickHouse that records every request and answers inserts as it is told: for tests of tokens, timing
// and retries, where the point is what was sent and when. Rows never exist here; use chdb-front.ts where they must.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RecordedRequest {
  /** Number of the request among the inserts (or queries), from 0. */
  readonly index: number
  /** The SQL, from the URL or the body. */
  readonly sql: string
  /** Every URL parameter but `query`. */
  readonly params: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  /** The bytes of the block; shorter than announced when the client left. Empty for queries. */
  readonly body: Buffer
  /** False when the request was cut. */
  readonly complete: boolean
  /** `performance.now()` when the headers arrived. */
  readonly arrivedAt: number
  /** Number of the connection it came on, from 0. */
  readonly connection: number
}

export interface Reply {
  status?: number
  headers?: Record<string, string>
  body?: string
  delayMs?: number
  /** Never answers; the connection stays open. */
  hang?: boolean
  /** Closes the connection: before the status line, or after the headers and half of the body. */
  close?: 'before' | 'inside'
}

/** An exception as a modern server words it; `status` 200 makes the lie. */
export function exceptionReply(code: number, name: string, message: string, status = 500): Reply {
  return {
    status,
    headers: status === 200 ? {} : { 'X-ClickHouse-Exception-Code': String(code) },
    body: `Code: ${code}. DB::Exception: ${message}. (${name}) (version 26.7.2.1 (official build))\n`,
  }
}

/** Every table, unless a script says otherwise: a block whose answer was lost is recognised when it comes again. */
const RECOGNISING = {
  engine: 'MergeTree',
  engine_full: 'MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000',
  partition_key: '',
  dependencies_database: [],
  dependencies_table: [],
}

export interface LyingOptions {
  /** Rows of a query; undefined falls back to the version, the settings it asks for, tables that recognise blocks, and no rows. */
  rows?: (sql: string, request: RecordedRequest) => Record<string, unknown>[] | Reply | undefined
  /** The answer to an insert; undefined is a success. */
  insert?: (request: RecordedRequest) => Reply | undefined | Promise<Reply | undefined>
  /** Answers before the body is read, which then is left unread. */
  early?: (request: Omit<RecordedRequest, 'body' | 'complete'>) => Reply | undefined
  version?: string
  keepAliveMs?: number
}

export interface LyingServer {
  readonly url: string
  readonly port: number
  readonly inserts: readonly RecordedRequest[]
  readonly queries: readonly RecordedRequest[]
  readonly connectionCount: number
  readonly openCount: number
  /** Replaces the script. */
  script(options: LyingOptions): void
  /** Resolves when this many inserts have arrived. */
  whenInserts(count: number): Promise<void>
  close(): Promise<void>
}

export async function startLyingServer(options: LyingOptions = {}): Promise<LyingServer> {
  const server = new Lying(options)
  await server.listen()
  return server
}

class Lying implements LyingServer {
  port = 0
  connectionCount = 0
  readonly inserts: RecordedRequest[] = []
  readonly queries: RecordedRequest[] = []
  readonly #server: Server
  readonly #sockets = new Map<Socket, number>()
  readonly #waiting = new Set<() => void>()
  #options: LyingOptions
  #insertCount = 0
  #queryCount = 0

  constructor(options: LyingOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#handle(request, response))
    this.#server.keepAliveTimeout = options.keepAliveMs ?? 3_000
    this.#server.on('connection', (socket) => {
      this.#sockets.set(socket, this.connectionCount++)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as { port: number }).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get openCount(): number {
    return this.#sockets.size
  }

  script(options: LyingOptions): void {
    this.#options = { ...options, version: options.version ?? this.#options.version }
  }

  async whenInserts(count: number): Promise<void> {
    while (this.inserts.length < count) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const params = Object.fromEntries(new URL(request.url ?? '/', 'http://lying').searchParams)
    const { query: urlSql = '', ...others } = params
    const isInsert = /^\s*INSERT\b/i.test(urlSql)
    const known = {
      index: isInsert ? this.#insertCount++ : this.#queryCount++,
      params: others,
      headers: request.headers,
      arrivedAt: performance.now(),
      connection: this.#sockets.get(request.socket) ?? -1,
    }
    if (isInsert) {
      const early = this.#options.early?.({ ...known, sql: urlSql })
      if (early !== undefined) return await this.#reply(response, early)
    }
    const body = await readBody(request)
    const recorded: RecordedRequest = {
      ...known,
      sql: isInsert ? urlSql : [urlSql, body.toString('utf8')].filter(Boolean).join('\n'),
      body: isInsert ? body : Buffer.alloc(0),
      complete: request.complete,
    }
    ;(isInsert ? this.inserts : this.queries).push(recorded)
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
    if (!request.complete) return
    const reply = isInsert ? ((await this.#options.insert?.(recorded)) ?? {}) : this.#answerQuery(recorded)
    await this.#reply(response, reply)
  }

  #answerQuery(request: RecordedRequest): Reply {
    const scripted = this.#options.rows?.(request.sql, request)
    if (scripted !== undefined && !Array.isArray(scripted)) return scripted
    const rows = scripted ?? this.#usualRows(request.sql)
    return { body: rows.map((row) => `${JSON.stringify(row)}\n`).join('') }
  }

  #usualRows(sql: string): Record<string, unknown>[] {
    if (/\bversion\(\)/.test(sql)) return [{ version: this.#options.version ?? '26.7.2.1', host: 'lying' }]
    const asked = /system\.settings WHERE name IN \((.*)\)/.exec(sql)?.[1]
    if (asked !== undefined) return [...asked.matchAll(/'([^']*)'/g)].map(([, name]) => ({ name }))
    if (/FROM system\.tables WHERE/.test(sql)) return [RECOGNISING]
    return []
  }

  async #reply(response: ServerResponse, reply: Reply): Promise<void> {
    if (reply.hang) return
    if (reply.delayMs !== undefined) await sleep(reply.delayMs)
    if (reply.close === 'before') return void response.destroy()
    const body = Buffer.from(reply.body ?? '')
    response.writeHead(reply.status ?? 200, { 'Content-Type': 'text/plain; charset=UTF-8', ...reply.headers })
    if (reply.close === 'inside') {
      response.flushHeaders()
      response.write(body.subarray(0, Math.ceil(body.length / 2)))
      await sleep(20)
      response.destroy()
    } else response.end(body)
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of request) pieces.push(piece as Buffer)
  } catch {
    // The client left: `complete` says so.
  }
  return Buffer.concat(pieces)
}
