import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { TransportError } from '../errors.ts'
import { parseException, serverError } from './exception.ts'

/** One complete answer, body read to its end. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/**
 * Throws unless the answer is a success. Said in three places: the status, the exception header, and, when the exception came
 * after the headers were sent, the body.
 *
 * @param hasRows  the body is the answer of a query: only a marker, not just any text, makes it an exception
 */
export function checkAnswer(answer: HttpAnswer, queryId: string | undefined, hasRows: boolean): void {
  const { status, headers, text } = answer
  const headerCode = headers['x-clickhouse-exception-code']
  const looksRight = hasRows ? !text.includes('\n__exception__') : text.trim() === ''
  if (status === 200 && headerCode === undefined && looksRight) return

  const exception = parseException(text)
  if (exception !== undefined) throw serverError(exception, queryId)
  if (headerCode !== undefined) {
    throw serverError({ code: Number(headerCode), name: '', message: 'the answer carries no text' }, queryId)
  }
  if (status === 200) {
    throw new TransportError(
      'BAD_ANSWER',
      `Status 200 with ${text.length} bytes that are neither rows nor an exception.`,
      {
        hint: 'Is there something between here and ClickHouse that answers in its place?',
        status,
        blockMayHaveArrived: true,
        retryable: true,
      },
    )
  }
  throw statusError(status)
}

// ClickHouse always says why in the body; a bare status comes from a proxy, a load balancer, another program.
function statusError(status: number): TransportError {
  // 3xx and 4xx are given instead of handling the request; 408 and everything from 500 up may come in the middle of it.
  const refused = status >= 300 && status < 500 && status !== 408
  return new TransportError('HTTP_STATUS', `HTTP status ${status} without a ClickHouse exception.`, {
    hint: statusHint(status),
    status,
    blockMayHaveArrived: !refused,
    retryable: [408, 425, 429, 502, 503, 504].includes(status),
  })
}

function statusHint(status: number): string {
  if (status === 401 || status === 403) return 'Something in front of ClickHouse wants other credentials.'
  const port = 'Check that the URL is ClickHouse’s HTTP port (usually 8123, TLS 8443) and what stands in front of it.'
  if (status !== 400 && status !== 414) return port
  return `${port} An INSERT of very many columns makes a long URL: with compression 'none' it travels in the body.`
}

/** Most text kept of one body. An insert answers with nothing or an exception; more is drained and dropped. */
export const INSERT_TEXT_MAX = 64 * 1024

/** Reads a body to its end. Rejects when it is cut, unless the headers already said no: that stands. */
export async function readAnswer(
  body: Readable,
  status: number,
  headers: IncomingHttpHeaders,
  byteLengthMax: number,
): Promise<HttpAnswer> {
  const pieces: Buffer[] = []
  let byteLength = 0
  const whole = new Promise<void>((resolve, reject) => {
    body.on('data', (piece: Buffer) => {
      if (byteLength < byteLengthMax) pieces.push(piece)
      byteLength += piece.length
    })
    body.once('end', resolve)
    body.on('error', reject)
    // 'close' without 'end' or 'error' is how some streams report a cut.
    body.once('close', () => reject(new Error('the answer was cut')))
  })
  try {
    await whole
  } catch (cause) {
    if (headers['x-clickhouse-exception-code'] === undefined) throw cause
  }
  return { status, headers, text: Buffer.concat(pieces).toString('utf8') }
}

/** `written_rows` of the X-ClickHouse-Summary header. */
export function writtenRows(headers: IncomingHttpHeaders): number | undefined {
  const summary = headers['x-clickhouse-summary']
  if (typeof summary !== 'string') return undefined
  const found = /"written_rows":\s*"?(\d+)/.exec(summary)
  return found === null ? undefined : Number(found[1])
}
