import { ServerError, type SluiceError, TransportError, UsageError } from '../errors.ts'
import { Deadline } from './deadline.ts'
import { HostList, isOfOneHost, type LoadBalancing } from './hosts.ts'
import { checkAnswer, type HttpAnswer, writtenRows } from './http-answer.ts'
import { type Host, type HostOptions, openHost, pingHost, QUERY_TIMEOUT_MS, readHost } from './http-host.ts'
import { parseRows } from './rows.ts'
import type { InsertAnswer, InsertRequest, Logger, ReadOptions, ServerInfo, Transport } from './transport.ts'

export interface HttpOptions extends HostOptions {
  /** One or several hosts of one cluster, without path: `http://host:8123`. */
  readonly urls: readonly URL[]
  readonly loadBalancing: LoadBalancing
  readonly logger?: Logger
}

/** ClickHouse over HTTP. Blocks go over node:http (see http-post.ts), everything else through `@clickhouse/client`. */
export function httpTransport(options: HttpOptions): Transport {
  return new HttpTransport(options)
}

class HttpTransport implements Transport {
  readonly kind = 'http'
  readonly takesFrames = true
  readonly hosts: HostList
  readonly #hosts: ReadonlyMap<string, Host>
  readonly #options: HttpOptions
  readonly #running = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()

  constructor(options: HttpOptions) {
    this.#options = options
    this.#hosts = new Map(options.urls.map((url) => [url.host, openHost(url, options)]))
    this.hosts = new HostList([...this.#hosts.keys()], options.loadBalancing, (name) => this.#ask(name))
  }

  async ping(signal?: AbortSignal): Promise<ServerInfo> {
    const failures: TransportError[] = []
    for (const name of this.hosts.names) {
      try {
        return await this.#observe(name, (host) => pingHost(host, this.#options.connectTimeoutMs, signal))
      } catch (error) {
        // A server that answers "no" has answered; only silence moves on to the next host.
        if (!(error instanceof TransportError) || error.code === 'ABORTED') throw error
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    const names = this.hosts.names.join(', ')
    throw new TransportError('CONNECT_FAILED', `None of the hosts answers: ${names}. ${failures[0]!.message}`, {
      retryable: true,
      cause: failures[0],
    })
  }

  async insert(request: InsertRequest): Promise<InsertAnswer> {
    const name = request.host ?? this.hosts.pick()
    const settings = request.compressed ? { ...request.settings, decompress: 1 } : request.settings
    const deadline = new Deadline(request.signal, request.attemptTimeoutMs)
    try {
      const answer = await this.#observe(name, async (host) => {
        const given = await host.insert(request, settings, deadline)
        checkAnswer(given, request.queryId, false)
        return given
      })
      return { writtenRows: writtenRows(answer.headers), host: name }
    } finally {
      deadline.end()
    }
  }

  async query(sql: string, options: ReadOptions = {}): Promise<Record<string, unknown>[]> {
    return parseRows((await this.#read(sql, options, true)).text)
  }

  async command(sql: string, options: ReadOptions = {}): Promise<void> {
    await this.#read(sql, options, false) // ON CLUSTER statements answer with a row per host
  }

  /** @param mayRepeat  also where a host may have done it already */
  async #read(sql: string, options: ReadOptions, mayRepeat: boolean): Promise<HttpAnswer> {
    const signal = options.endsWithClose ? this.#closing.signal : options.signal
    const deadline = new Deadline(signal, QUERY_TIMEOUT_MS)
    let names = options.hosts ?? this.hosts.names
    try {
      for (;;) {
        const name = this.hosts.pick(names)
        try {
          return await this.#observe(name, (host) => readHost(host, sql, options.settings ?? {}, deadline))
        } catch (error) {
          names = names.filter((other) => other !== name)
          const mayBeDone = error instanceof TransportError && error.blockMayHaveArrived && !mayRepeat
          if (names.length === 0 || deadline.passed || mayBeDone || !isOfOneHost(error)) throw error
        }
      }
    } finally {
      deadline.end()
    }
  }

  /** Waits for what is running, then closes every socket of ours. */
  async close(hurry?: AbortSignal): Promise<void> {
    this.#closing.abort()
    await Promise.race([Promise.allSettled(this.#running), ...(hurry ? [fired(hurry)] : [])])
    await Promise.all([...this.#hosts.values()].map((host) => host.close()))
  }

  /** Whether a host that failed answers again. Never rejects. */
  async #ask(name: string): Promise<boolean> {
    try {
      await this.#track(name, (host) => pingHost(host, this.#options.connectTimeoutMs, this.#closing.signal))
      this.#options.logger?.info('host answers again', { host: name })
      return true
    } catch {
      return false // requests go to another host, and where there is none whoever makes them is told
    }
  }

  /** How it ends is what is known of the host from then on. */
  async #observe<T>(name: string, start: (host: Host) => Promise<T>): Promise<T> {
    try {
      const done = await this.#track(name, start)
      this.hosts.answered(name)
      return done
    } catch (error) {
      if (isOfOneHost(error)) this.#failed(name, error)
      else if (error instanceof ServerError) this.hosts.answered(name)
      throw error
    }
  }

  #failed(name: string, error: unknown): void {
    const isNews = this.hosts.failed(name)
    if (!isNews || this.hosts.names.length === 1) return
    this.#options.logger?.warn('host does not answer', { host: name, code: (error as SluiceError).code })
  }

  async #track<T>(name: string, start: (host: Host) => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) throw new UsageError('CONNECTION_CLOSED', 'The connection was closed.')
    const work = start(this.#hosts.get(name)!)
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
