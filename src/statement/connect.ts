import { Observer } from '../engine/observer.ts'
import { type RetryOptions, resolveRetry } from '../engine/retry.ts'
import { show, UsageError } from '../errors.ts'
import { type KnownSettings, probeSettings } from '../transport/capabilities.ts'
import { openTransport, type TargetOptions } from '../transport/target.ts'
import type { ServerInfo, Transport } from '../transport/transport.ts'
import { safeLogger } from './caller-code.ts'
import { Connection } from './connection.ts'
import { type GivenSettings, insertSettings, knownSettings } from './insert-settings.ts'
import { quoteTable } from './table.ts'
import { Throttles } from './throttles.ts'

export interface ConnectOptions extends TargetOptions {
  /** Server settings of every insert. */
  settings?: GivenSettings
  /** For every statement; prepare() can say otherwise. */
  retry?: RetryOptions
}

/** A target after first contact. */
export interface OpenedTarget {
  readonly transport: Transport
  readonly server: ServerInfo
  /** Which of the settings that matter to an insert the server knows, and their values for this user. */
  readonly known: KnownSettings
  /** Of unqualified table names; empty for a file. */
  readonly database: string
  /** Where prepare() does not say otherwise. */
  readonly compression: 'lz4' | 'none'
  /** Blocks of one statement that are on their way at the same time. */
  readonly concurrency: number
  readonly observer: Observer
  readonly throttles: Throttles
  /** For metrics. */
  readonly name: string
  readonly options: ConnectOptions
}

/**
 * Opens a connection and says hello to the server.
 *
 *   'http://user:pass@host:8123/db'   ClickHouse over HTTP; several hosts: an array, or commas
 *   'chdb:' | 'chdb:./dir'            ClickHouse embedded in the process, in memory or in a directory
 *   'file:out.native'                 writes the blocks themselves; needs `columns` in prepare()
 *
 * @throws {UsageError}      BAD_OPTION, MISSING_DEPENDENCY
 * @throws {TransportError}  CONNECT_FAILED
 * @throws {ServerError}     AUTHENTICATION_FAILED
 */
export async function connect(target: string | ConnectOptions, ...more: never[]): Promise<Connection> {
  if (typeof target !== 'string' && (typeof target !== 'object' || target === null)) {
    throw new UsageError('BAD_OPTION', `connect() needs a target, not ${show(target)}.`, {
      hint: "For example 'http://user:password@localhost:8123/default'. Is the environment variable set?",
    })
  }
  if (more.length > 0) {
    throw new UsageError('BAD_OPTION', 'connect() takes one argument: a URL, or options with one.', {
      hint: "Write connect({ url: 'http://localhost:8123', compression: 'lz4' }).",
    })
  }
  const given: ConnectOptions = typeof target === 'string' ? { url: target } : target
  const options = given.logger === undefined ? given : { ...given, logger: safeLogger(given.logger) }
  const { transport, database, name } = openTransport(options, ['settings', 'retry'])
  resolveRetry(options.retry)
  insertSettings(new Map(), options.settings)
  try {
    const server = await transport.ping()
    const [probed, current] = await Promise.all([probeSettings(transport), database || currentDatabase(transport)])
    return new Connection({
      transport,
      server,
      known: knownSettings(probed, server.release),
      database: current,
      compression: transport.takesFrames ? (options.compression ?? defaultCompression(options)) : 'none',
      // The embedded engine and a file take one after the other anyway.
      concurrency: transport.kind === 'http' ? 2 : 1,
      observer: new Observer({ logger: options.logger, nameOf: quoteTable }),
      throttles: new Throttles(),
      name,
      options,
    })
  } catch (error) {
    await transport.close()
    throw error
  }
}

/** LZ4 carries half the bytes through a network; to the same machine it only costs time (bodies move at the same speed). */
function defaultCompression({ url = 'client' }: ConnectOptions): 'lz4' | 'none' {
  const hosts = [url].flat().join(',').split(',')
  const isLocal = /^(https?:\/\/)?([^/@]*@)?(localhost|127\.[\d.]+|\[::1\])(:\d+)?(\/|$)/i
  return hosts.every((host) => isLocal.test(host)) ? 'none' : 'lz4'
}

async function currentDatabase(transport: Transport): Promise<string> {
  if (transport.kind === 'file') return ''
  const [row] = await transport.query('SELECT currentDatabase() AS name')
  return String(row?.name)
}
