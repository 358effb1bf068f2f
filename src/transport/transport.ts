// The seam between blocks and servers: one sealed block out, one answer back. A transport knows bytes, never rows;
// it never retries and never re-cuts, because only the engine knows which token belongs to which bytes.

export type SettingValue = string | number | boolean
export type Settings = Readonly<Record<string, SettingValue | undefined>>

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
  readonly compressed: boolean
  /** Settings the server knows (the caller filtered them by version). */
  readonly settings: Settings
  readonly queryId: string
  readonly signal?: AbortSignal
  /** ms from the call to the complete answer; TransportError TIMEOUT after it. */
  readonly attemptTimeoutMs: number
}

export interface InsertAnswer {
  /** From the summary header where the server sends one; advisory (on a retry 0 can mean "deduplicated"). */
  readonly writtenRows?: number
  /** Name of the host that answered, for logs. */
  readonly host: string
}

/**
 * Resolves only when the server's answer proves success: status 200, no exception header, no exception text in the body,
 * body drained. Everything else is thrown as ServerError (ClickHouse said no) or TransportError (nobody knows, or nothing was
 * sent: see `blockMayHaveArrived`).
 */
export interface Transport {
  readonly kind: ServerInfo['kind']
  /** Whether `decompress=1` frames are understood (HTTP yes, chDB no, file no). */
  readonly takesFrames: boolean
  /** First contact: finds the version. Throws TransportError CONNECT_FAILED, ServerError AUTHENTICATION_FAILED. */
  ping(signal?: AbortSignal): Promise<ServerInfo>
  insert(request: InsertRequest): Promise<InsertAnswer>
  /** A small read; rows as objects. 64-bit integers come back as strings. Never used for inserts. */
  query(sql: string, options?: { settings?: Settings; signal?: AbortSignal }): Promise<Record<string, unknown>[]>
  /** DDL and SET-like statements; the answer's body is dropped. */
  command(sql: string, options?: { settings?: Settings; signal?: AbortSignal }): Promise<void>
  close(): Promise<void>
}
