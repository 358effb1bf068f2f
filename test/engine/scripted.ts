// A transport that answers as it is told and a clock that never waits: for the order of attempts, pauses and deadlines.
// What goes over a socket is tested against servers.

import type { SealedBytes } from '../../src/block/sealed.ts'
import { Block } from '../../src/engine/block.ts'
import { BlockRows } from '../../src/engine/block-rows.ts'
import type { Clock } from '../../src/engine/clock.ts'
import { type DEFAULT_RETRY, type RetryOptions, resolveRetry } from '../../src/engine/retry.ts'
import { ServerError, TransportError } from '../../src/errors.ts'
import { HostList } from '../../src/transport/hosts.ts'
import type { InsertAnswer, InsertRequest, Transport } from '../../src/transport/transport.ts'

/** Returns, or a promise resolves, for success. */
export type Script = (request: InsertRequest, attempt: number) => unknown

export class ScriptedTransport implements Transport {
  readonly kind = 'http'
  readonly host = 'scripted:8123'
  readonly takesFrames = true
  readonly requests: InsertRequest[] = []
  readonly hosts: HostList
  readonly #script: Script

  /** Hosts are as good as the test says: `hosts.failed('b')`. */
  constructor(script: Script, names: readonly string[] = ['scripted']) {
    this.#script = script
    this.hosts = new HostList(names, 'in_order', async () => false)
  }

  async insert(request: InsertRequest): Promise<InsertAnswer> {
    this.requests.push(request)
    await this.#script(request, this.requests.length)
    return { host: request.host! }
  }

  async ping(): Promise<never> {
    throw new Error('not asked')
  }

  async query(): Promise<never> {
    throw new Error('not asked')
  }

  async command(): Promise<never> {
    throw new Error('not asked')
  }

  async close(): Promise<void> {}
}

/** Sleeping only moves the hands. */
export class ManualClock implements Clock {
  readonly pauses: number[] = []
  time = 0
  /** ms for which the machine slept, and the monotonic clock with it. */
  asleep = 0

  now(): number {
    return this.time
  }

  wall(): number {
    return this.time + this.asleep
  }

  async sleep(ms: number): Promise<void> {
    this.pauses.push(ms)
    this.time += ms
  }
}

export function blockOf(sequence: number, rowCount = 10, more: { onRelease?: () => void } = {}): Block {
  const sealed: SealedBytes = {
    bytes: Buffer.alloc(100, sequence),
    rowCount,
    hash: '0123456789abcdef',
    columnNames: ['a'],
    columnOffsets: [],
    nullsAsDefault: false,
    release: () => more.onRelease?.(),
  }
  const target = {
    database: 'db',
    table: 't',
    sql: 'INSERT INTO `db`.`t` (`a`) FORMAT Native',
    settings: { async_insert: 0 },
    sendsToken: true,
  }
  return new Block(`engine:${sequence}:0123456789abcdef`, new BlockRows(sequence * rowCount, rowCount), sealed, target)
}

export function retryOf(options: RetryOptions = {}): typeof DEFAULT_RETRY {
  return resolveRetry(options)
}

export function serverSays(code: number, name: string, retryable: boolean): ServerError {
  return new ServerError(`ClickHouse exception ${code} ${name}`, {
    serverCode: code,
    serverName: name,
    retryable,
    queryId: 'q',
  })
}

export function lost(): TransportError {
  return new TransportError('CONNECTION_LOST', 'cut', { retryable: true, blockMayHaveArrived: true })
}

export function refused(): TransportError {
  return new TransportError('CONNECT_FAILED', 'nobody listens', { retryable: true })
}
