// What ClickHouse says when it refuses, taken apart. The text reaches us in three dialects:
//
//   Code: 60. DB::Exception: Table default.t does not exist. (UNKNOWN_TABLE) (version 26.7.2.1)
//   Code: 117. DB::Exception: Code: 117. DB::Exception: Unknown column ... (INCORRECT_DATA) (version 26.7.2.1). (INCORRECT_DATA)
//   Code: 60, e.displayText() = DB::Exception: Table default.t doesn't exist., e.what() = DB::Exception         (18.16)

import { ServerError } from '../errors.ts'

export interface ServerException {
  readonly code: number
  /** Empty where the server gives none (18.16). */
  readonly name: string
  readonly message: string
}

const CODE = /(?:^|\n|__exception__\s*\S*\s*|exception: )(?:[\w:]+\. )?Code: (\d+)[.,]/
const PREFIX =
  /^(?:\s*(?:Poco::Exception\. )?Code: \d+[.,] )?(?:e\.code\(\) = -?\d+, )?(?:e\.displayText\(\) = )?(?:[\w:]*Exception: )?/
const TAIL = /(?:, e\.what\(\) = .*| \(version [^()]*(?:\([^()]*\))?\)\.?| ?\([A-Z][A-Z0-9_]{2,}\)\.?|\s)+$/s
const NAME = /\(([A-Z][A-Z0-9_]{2,})\)/g

/** Undefined where the text holds no exception. */
export function parseException(text: string): ServerException | undefined {
  const found = CODE.exec(text)
  if (found === null) return undefined
  let message = text.slice(text.indexOf('Code:', found.index))
  const names = [...message.matchAll(NAME)]
  message = message.replace(/\r?\n(?:\d+ \S+\s+)?__exception__[\s\S]*$/, '')
  // A wrapped exception repeats the prefix; the innermost text is the one that says something.
  for (let shorter = message.replace(PREFIX, ''); shorter !== message; shorter = message.replace(PREFIX, '')) {
    message = shorter
  }
  message = message.replace(TAIL, '').trim()
  return { code: Number(found[1]), name: names.at(-1)?.[1] ?? '', message }
}

/** The typed error of an exception; `queryId` finds it in the server's query_log. */
export function serverError(exception: ServerException, queryId?: string): ServerError {
  const { code, name } = exception
  const label = name ? `${code} ${name}` : `${code}`
  const reason = withoutValues(exception)
  return new ServerError(`ClickHouse exception ${label}: ${reason}`, {
    code: AUTHENTICATION.has(code) ? 'AUTHENTICATION_FAILED' : 'SERVER_EXCEPTION',
    serverCode: code,
    serverName: name,
    reason,
    queryId,
    retryable: isRetryable(exception),
    hint: hintFor(exception),
  })
}

const AUTHENTICATION = new Set([192, 193, 194, 516])

// Too many connections, timeouts, memory, replicas that are behind, Keeper: the same request can pass a moment later. 33 and 40
// are damage in transit.
const RETRYABLE = new Set([
  33, 40, 159, 202, 203, 209, 210, 236, 241, 242, 252, 254, 279, 285, 286, 319, 425, 439, 473, 745, 999,
])

function isRetryable(exception: ServerException): boolean {
  return RETRYABLE.has(exception.code) && !isTooManyPartitions(exception)
}

/** 252 means two things: parts pile up on the server (wait), or this one block spans too many partitions (never passes). */
export function isTooManyPartitions(exception: { readonly code: number; readonly message: string }): boolean {
  return exception.code === 252 && /partitions for single INSERT block/i.test(exception.message)
}

function hintFor(exception: ServerException): string | undefined {
  if (AUTHENTICATION.has(exception.code)) {
    return 'Check user name and password: `username` and `password`, or http://user:password@host with both percent-encoded.'
  }
  if (isTooManyPartitions(exception)) {
    return 'Insert rows ordered by the partition key, or raise max_partitions_per_insert_block.'
  }
  if (exception.code === 53)
    return 'The column types of the block are not the table’s: was the table altered since prepare()?'
  return undefined
}

// Codes whose text quotes what was being inserted: parse errors, conversions, labels, constraints.
const QUOTES_VALUES = new Set([6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349, 395, 407, 469, 691])

function withoutValues({ code, message }: ServerException): string {
  if (!QUOTES_VALUES.has(code)) return message
  return message.replace(/Column values: .*$/s, 'Column values: (hidden)').replace(/'(?:[^'\\]|\\.)*'/gs, "'…'")
}
