// Requests through @clickhouse/client: queries and commands of our own, and, when the caller brought a client, inserts too,
// because its agent, headers and tokens are its own business.

import { Readable } from 'node:stream'
import type { ClickHouseClient } from '@clickhouse/client'
import { TransportError } from '../errors.ts'
import { type Deadline, timedOut } from './deadline.ts'
import { type HttpAnswer, INSERT_TEXT_MAX, readAnswer } from './http-answer.ts'
import { connectFailed, connectionLost, successTooEarly } from './http-post.ts'
import type { Settings } from './transport.ts'

export interface ExecRequest {
  readonly sql: string
  /** The block of an insert, and what goes before it in the body; the sql travels in the URL then. */
  readonly bytes?: Uint8Array
  readonly head?: Uint8Array
  readonly settings: Settings
  readonly queryId?: string
}

/** Sends one request and reads the whole answer, whatever its status. Errors as `postBlock`. */
export async function execRequest(
  client: ClickHouseClient,
  url: URL,
  request: ExecRequest,
  deadline: Deadline,
): Promise<HttpAnswer> {
  if (deadline.passed) throw deadline.error(false)
  const body = request.bytes === undefined ? undefined : new BlockBody(request.bytes, request.head)
  const sent = () => body === undefined || body.taken
  try {
    const exec = await client.exec({
      query: request.sql,
      ...(body && { values: body }),
      clickhouse_settings: urlSettings(request.settings),
      query_id: request.queryId,
      abort_signal: deadline.signal,
      // Without this the client parses the error itself and loses the status on the way.
      ignore_error_response: true,
    } as Parameters<ClickHouseClient['exec']>[0])
    const { stream } = exec
    // The client stops watching the signal once the headers are there.
    const onDeadline = () => stream.destroy()
    deadline.signal.addEventListener('abort', onDeadline, { once: true })
    if (deadline.passed) onDeadline()
    try {
      const status = exec.http_status_code ?? 0
      const answer = await readAnswer(
        stream,
        status,
        exec.response_headers,
        body ? INSERT_TEXT_MAX : Number.POSITIVE_INFINITY,
      )
      if (status === 200 && !sent()) throw successTooEarly()
      return answer
    } finally {
      deadline.signal.removeEventListener('abort', onDeadline)
    }
  } catch (thrown) {
    if (thrown instanceof TransportError) throw thrown
    const cause = thrown as NodeJS.ErrnoException
    if (deadline.passed) throw deadline.error(sent())
    if (cause.message === 'Timeout error.') throw timedOut('within the client’s request_timeout', sent())
    throw isConnectFailure(cause) ? connectFailed(url, cause) : connectionLost(url, cause, sent())
  } finally {
    body?.destroy()
  }
}

/** The block in views of 256 KiB, so that it shows how far the client got: it takes the next piece when the socket wants more. */
class BlockBody extends Readable {
  /** The last byte was given away; before that the server cannot have the whole block. */
  taken = false
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array, head: Uint8Array | undefined) {
    super({ highWaterMark: 1 })
    this.#bytes = bytes
    if (head !== undefined && head.length > 0) this.push(head)
  }

  override _read(): void {
    const piece = this.#bytes.subarray(this.#offset, this.#offset + 256 * 1024)
    this.#offset += piece.length
    if (this.#offset >= this.#bytes.length) this.taken = true
    this.push(piece.length === 0 ? null : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
  }
}

/** As they go into the URL: ClickHouse takes 0 and 1 for booleans in every version. */
export function urlSettings(settings: Settings): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) texts[name] = typeof value === 'boolean' ? String(Number(value)) : String(value)
  }
  return texts
}

// The client hides its socket: what is left to see is the system call or the certificate check that failed.
function isConnectFailure(cause: NodeJS.ErrnoException): boolean {
  const first = (cause instanceof AggregateError ? cause.errors[0] : cause) as NodeJS.ErrnoException
  return (
    first.syscall === 'connect' ||
    first.syscall === 'getaddrinfo' ||
    /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(first.code ?? '')
  )
}
