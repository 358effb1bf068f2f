// The seam between blocks and servers: one sealed block out, one answer back. A transport knows bytes, never rows;
// it never retries and never re-cuts, because only the engine knows which token belongs to which bytes.

import type { Hosts } from './hosts.ts'

export type SettingValue = string | number | boolean
export type Settings = Readonly<Record<string, SettingValue | undefined>>

/** `console` is one. Messages and fields never hold row values or credentials. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

export interface ServerInfo {
  /** As `SELECT version()` answers: '26.7.2.1', '18.16.1'. Empty for a file. */
  readonly version: string
  /** [major, minor], for comparisons; [0, 0] for a file. */
  readonly release: readonly [number, number]
  readonly kind: 'http' | 'chdb' | 'file'
  /** The server's own name of the host that answered; empty where it has none. */
  readonly host: string
}

export interface InsertRequest {
  /** `INSERT INTO db.table (a, b) FORMAT Native`, with quoted identifiers and the column list always present. */
  readonly sql: string
  /** One sealed block: a Native block, or its ClickHouse compressed frames when `compressed`. Never changed by the transport. */
  readonly bytes: Uint8Array
  /** Only where the transport `takesFrames`. */
  readonly compressed: boolean
  /** Settings the server knows (the caller filtered them with `probeSettings`). */
  readonly settings: Settings
  readonly queryId: string
  /** One of `hosts.names`; without it, the one that `hosts.pick` says. */
  readonly host?: string
  readonly signal?: AbortSignal
  /** ms from the call to the complete answer; TransportError TIMEOUT after it. */
  readonly attemptTimeoutMs: number
}

export interface InsertAnswer {
  /** From the summary header where the server sends one; advisory (on a retry 0 can mean "deduplicated"). */
  readonly writtenRows?: number
  /** One of `hosts.names`. */
  readonly host: string
}

export interface ReadOptions {
  readonly settings?: Settings
  readonly signal?: AbortSignal
  /** These and no others. */
  readonly hosts?: readonly string[]
  /** close() cuts it instead of waiting for it: nobody needs the answer then. */
  readonly endsWithClose?: boolean
}

/**
 * Resolves only when the server's answer proves success: status 200, no exception header, no exception text in the body,
 * body drained. Everything else is thrown as ServerError (ClickHouse said no) or TransportError (nobody knows, or nothing was
 * sent: see `blockMayHaveArrived`). `bytes` must stay untouched until the promise settles, and after TIMEOUT or ABORTED
 * nothing of ours reads them any more.
 */
export interface Transport {
  readonly kind: ServerInfo['kind']
  /** Whether `compressed` blocks are understood (HTTP yes, chDB no, a file when it was opened for LZ4). */
  readonly takesFrames: boolean
  /** Named `host:port`, 'chdb', or by a file's path. */
  readonly hosts: Hosts
  /** First contact with the first host that answers: finds the version. Throws TransportError CONNECT_FAILED, ServerError AUTHENTICATION_FAILED. */
  ping(signal?: AbortSignal): Promise<ServerInfo>
  insert(request: InsertRequest): Promise<InsertAnswer>
  /**
   * A small read; rows as objects. 64-bit integers come back as strings. Never used for inserts; `sql` has no FORMAT clause. Where
   * a host fails, the next one is asked.
   */
  query(sql: string, options?: ReadOptions): Promise<Record<string, unknown>[]>
  /** DDL and SET-like statements; the answer's body is dropped. Goes to another host only where the first cannot have it. */
  command(sql: string, options?: ReadOptions): Promise<void>
  /**
   * Waits for what is running, then closes sockets, files, the engine. Calling it again is a no-op.
   *
   * @param hurry  when it fires, what still runs over HTTP is cut; a query of the embedded engine or a write cannot be
   */
  close(hurry?: AbortSignal): Promise<void>
}
