// Blocks travel over node:http, not through @clickhouse/client: for the default block (65,536 clickstream rows, 2.8 MB, two
// in flight, clickhouse-server 18.16, Null table) the client's exec takes 3.3 ms where node:http takes 2.5, about 1 ms of it
// a timer that it waits for before each request; at 42 KB it is 1.1 against 0.3 ms. And here we see when the last byte
// of the block was handed to the kernel, which is what tells "cannot have arrived" from "unknown".

import { type Agent as HttpAgent, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { TransportError } from '../errors.ts'
import { type Deadline, fate } from './deadline.ts'
import { type HttpAnswer, INSERT_TEXT_MAX, readAnswer } from './http-answer.ts'

export interface PostTarget {
  /** Without a path. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly agent: HttpAgent
}

/**
 * Sends one block and reads the whole answer.
 *
 * @param head  goes before the block in the body; usually empty, see `placeSql`
 * @throws {TransportError}  CONNECT_FAILED: nothing was sent. CONNECTION_LOST, TIMEOUT, ABORTED: `blockMayHaveArrived` is false
 *   only when the kernel had not taken the last byte. A block that lacks its end is never stored: it is the only one in its
 *   request, and the server reports 32 or 33 where it stops.
 */
export async function postBlock(
  target: PostTarget,
  path: string,
  head: Uint8Array,
  bytes: Uint8Array,
  deadline: Deadline,
): Promise<HttpAnswer> {
  // Two turns of the event loop, so that the poll phase sees which idle sockets the server has closed meanwhile, and the
  // agent does not hand one of them out. After a long synchronous stretch (staging) nothing else would have looked.
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  if (deadline.passed) throw deadline.error(false)

  return await new Promise<HttpAnswer>((resolve, reject) => {
    let connected = false
    let sent = false
    const secure = target.url.protocol === 'https:'
    const request = (secure ? httpsRequest : httpRequest)(new URL(path, target.url), {
      method: 'POST',
      agent: target.agent,
      headers: { ...target.headers, 'Content-Length': head.byteLength + bytes.byteLength },
    })

    const settle = () => deadline.signal.removeEventListener('abort', onDeadline)
    const fail = (cause: Error) => {
      settle()
      if (deadline.passed) reject(deadline.error(sent))
      else if (!connected) reject(connectFailed(target.url, cause))
      else reject(connectionLost(target.url, cause, sent))
    }
    // Not at once: a write that has just ended reports it within this turn of the event loop, unless the socket is gone.
    const onDeadline = () => setImmediate(() => request.destroy())
    deadline.signal.addEventListener('abort', onDeadline, { once: true })

    request.once('socket', (socket) => {
      if (request.reusedSocket || (!socket.connecting && !secure)) {
        connected = true
        return
      }
      // A request goes out only after the TLS handshake; a refused certificate is a failed connect.
      ;(socket as TLSSocket).once(secure ? 'secureConnect' : 'connect', () => {
        connected = true
      })
    })
    // Stays for the life of the request: after an early answer the rest of the body can still fail to be written.
    request.on('error', fail)
    request.once('response', (response) => {
      readAnswer(response, response.statusCode ?? 0, response.headers, INSERT_TEXT_MAX).then(async (answer) => {
        // What was read is handed over before the write that ended earlier says so, both in one turn of the event loop: the rule
        // where blocks are large, this thread is busy and the server answers at once (half of 8.7 MB blocks, Node 20).
        if (!sent) await new Promise(setImmediate)
        settle()
        // A refusal may come before the body was read; the socket is of no further use then.
        if (!sent) request.destroy()
        if (!sent && answer.status === 200) reject(successTooEarly())
        else resolve(answer)
      }, fail)
    })
    if (head.byteLength > 0) request.write(head)
    request.write(bytes, (error) => {
      // Called without an error, too, for a write that a destroyed socket gave up. (Node 20, stream_base_commons.js; the same
      // holds for the 'finish' event.)
      sent = !error && request.socket?.destroyed === false
    })
    request.end()
  })
}

export function connectFailed(url: URL, cause: Error): TransportError {
  return new TransportError('CONNECT_FAILED', `No connection to ${url.host}: ${reason(cause)}. Nothing was sent.`, {
    hint: portHint(url),
    retryable: true,
    cause,
  })
}

export function connectionLost(url: URL, cause: Error, blockMayHaveArrived: boolean): TransportError {
  return new TransportError(
    'CONNECTION_LOST',
    `The connection to ${url.host} broke (${reason(cause)}); ${fate(blockMayHaveArrived)}.`,
    {
      hint: NATIVE_PORTS.has(url.port) ? portHint(url) : undefined,
      retryable: true,
      blockMayHaveArrived,
      cause,
    },
  )
}

export function successTooEarly(): TransportError {
  return new TransportError('BAD_ANSWER', 'Status 200 before the whole block was sent.', {
    hint: 'Is there something between here and ClickHouse that answers in its place?',
    status: 200,
    retryable: true,
    blockMayHaveArrived: true,
  })
}

const NATIVE_PORTS = new Set(['9000', '9440'])

function portHint(url: URL): string {
  if (NATIVE_PORTS.has(url.port))
    return `${url.port} is ClickHouse’s native port; sluice speaks HTTP, usually on 8123 (TLS 8443).`
  return 'Is the server running there, and is this its HTTP port (usually 8123, TLS 8443)?'
}

/** One line for a person: the system's code where there is one; several addresses of a name may each have failed. */
function reason(cause: Error): string {
  const inner = cause instanceof AggregateError ? (cause.errors[0] as Error) : cause
  const { code } = inner as NodeJS.ErrnoException
  return code === undefined || inner.message.includes(code) ? inner.message : `${code}: ${inner.message}`
}
