// What anybody in the process may listen to, through node:diagnostics_channel: names and messages are a contract. A channel
// that nobody listens to costs a look per block, and nothing per row. Messages never hold row values, SQL or credentials.
//
//   sluice:block:sealed ──▶ tracing:sluice:insert:*  (one attempt) ──▶ sluice:block:settled
//                                    ▲    │ failed
//                                    └────┴─ sluice:retry

import { type Channel, channel, tracingChannel } from 'node:diagnostics_channel'
import { SchemaError, ServerError, SluiceError, TransportError } from '../errors.ts'
import type { Block } from './block.ts'
import { describeCause } from './describe-cause.ts'

/** A block, in every message about one. */
export interface BlockMessage {
  readonly token: string
  readonly database: string
  readonly table: string
  /** Its rows are among those from here up to `rowEnd`, by their index in the statement. */
  readonly firstRow: number
  readonly rowEnd: number
  readonly rowCount: number
  /** As sent; uncompressed while it is still being compressed. */
  readonly bytes: number
  /** So far, the one that the message is about included. */
  readonly attempts: number
  /** `host:port` of the last attempt, of an unknown block where it may be stored; 'chdb', or a file's path. None before the first. */
  readonly host: string | undefined
}

/**
 * What became of a block. `unsent`: it never arrived, the statement failed, and takeBlocks() has it; `dropped`: a rollback gave it
 * up; `recut`: other blocks hold its rows.
 */
export type SettledState = 'acknowledged' | 'rejected' | 'unknown' | 'unsent' | 'dropped' | 'recut'

/** `sluice:block:settled`. Every block that was sealed, or given to deliver(), is settled once. */
export interface SettledMessage extends BlockMessage {
  readonly state: SettledState
  readonly error?: Failure
}

/** `sluice:retry`: an attempt failed, and another follows after `delayMs`. */
export interface RetryMessage extends BlockMessage {
  readonly error: Failure
  readonly delayMs: number
}

/** The one message of all events of the tracing channel `sluice:insert`: one attempt. */
export interface InsertMessage extends BlockMessage {
  readonly queryId: string
  readonly compressed: boolean
  /** Once it failed. */
  error?: Failure
}

/** `sluice:wait`: exec() asks to wait, because so many blocks are on their way. */
export interface WaitMessage {
  readonly database: string
  readonly table: string
  readonly pendingBlocks: number
}

/** `sluice:drain`: it need no longer wait, or the statement failed. */
export interface DrainMessage {
  readonly database: string
  readonly table: string
  readonly waitedMs: number
}

export const channels = {
  sealed: channel('sluice:block:sealed') as Channel<unknown, BlockMessage>,
  settled: channel('sluice:block:settled') as Channel<unknown, SettledMessage>,
  retry: channel('sluice:retry') as Channel<unknown, RetryMessage>,
  wait: channel('sluice:wait') as Channel<unknown, WaitMessage>,
  drain: channel('sluice:drain') as Channel<unknown, DrainMessage>,
  insert: tracingChannel<unknown, InsertMessage>('sluice:insert'),
}

/** An error without its words: those of the server may quote a row. */
export class Failure extends Error {
  /** One of ERROR_CODES; of a defect the name of its error. */
  readonly code: string
  /** ClickHouse's number and name, where it answered with an exception. */
  readonly serverCode?: number
  readonly serverName?: string
  readonly retryable: boolean
  /** Where the way to the server failed: whether it can have the block. */
  readonly blockMayHaveArrived?: boolean

  constructor(error: unknown) {
    super(describeCause(error))
    this.name = 'InsertFailure'
    this.code = error instanceof SluiceError ? error.code : this.message
    this.retryable = error instanceof SluiceError && error.retryable
    const said = error instanceof SchemaError ? error.cause : error
    if (said instanceof ServerError) {
      this.serverCode = said.serverCode
      if (said.serverName) this.serverName = said.serverName
    }
    if (error instanceof TransportError) this.blockMayHaveArrived = error.blockMayHaveArrived
  }
}

export function blockMessage(block: Block): BlockMessage {
  const { token, database, table, firstRow, rowEnd, rowCount, byteLength: bytes, attempts, host } = block
  return { token, database, table, firstRow, rowEnd, rowCount, bytes, attempts, host }
}
