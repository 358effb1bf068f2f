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

// Values that a constraint, an expression of the table (DEFAULT, MATERIALIZED, keys, indexes, TTL) or the type refuses: CANNOT_PARSE_TEXT,
// _ESCAPE_SEQUENCE, _QUOTED_STRING, _INPUT_ASSERTION_FAILED, CANNOT_PARSE_DATE, _DATETIME, ARGUMENT_OUT_OF_BOUND,
// CANNOT_CONVERT_TYPE, CANNOT_PARSE_NUMBER, INCORRECT_DATA, TOO_LARGE_ARRAY_SIZE, CANNOT_READ_ARRAY_FROM_TEXT, TOO_LARGE_STRING_SIZE,
// ILLEGAL_DIVISION, SIZES_OF_ARRAYS_DONT_MATCH, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE, CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN,
// CANNOT_PARSE_UUID, FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, DECIMAL_OVERFLOW, CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING, CANNOT_PARSE_BOOL,
// VIOLATED_CONSTRAINT, CANNOT_PARSE_IPV4, CANNOT_PARSE_IPV6, UNKNOWN_ELEMENT_OF_ENUM. (BAD_ARGUMENTS may be about a setting as well.)
export const ABOUT_ROWS = new Set([
  6, 25, 26, 27, 38, 41, 69, 70, 72, 117, 128, 130, 131, 153, 190, 321, 349, 376, 395, 407, 441, 467, 469, 675, 676,
  691,
])

const TYPE_MISMATCH = 53

/** The table behind a view has its rows by then, whatever the code says. (Measured on 26.7: the source kept them after a 395.) */
export const FROM_VIEW = /while pushing to view/i

/** What errors about rows begin with: all words that follow each other here are the server's own. */
const OWN_WORDS =
  /^(?:(?:a|array|arrays|as|attempt|be|bool|by|cannot|column|convert|converted|date|datetime|decimal|division|domain|element|enum|escape|expected|float|floating|from|illegal|in|input|insert|integer|into|invalid|ipv4|ipv6|is|large|math|not|null|number|numeric|of|out|overflow|parse|point|range|read|sequence|size|sizes|string|text|the|to|too|type|unexpected|unknown|uuid|value|violated|zero)(?:\s+|$|(?=\W)))+/i

/**
 * What an error about rows says before it may come to their values, which stand anywhere in it, and not always in quotes. A violated
 * constraint names itself and its table before them.
 */
function withoutValues({ code, message }: ServerException): string {
  if (code === TYPE_MISMATCH) return message.replace(/'(?:[^'\\]|\\.)*'/gs, "'…'")
  if (!ABOUT_ROWS.has(code)) return message
  const constraint = /^Constraint `(?:[^`\\]|\\.)*` .*? is violated at row \d+/s.exec(message)
  const view = FROM_VIEW.test(message) ? ' (while pushing to view)' : ''
  if (constraint !== null) return `${constraint[0]}.${view}`
  const said = OWN_WORDS.exec(message)?.[0].trim() ?? ''
  return `${said === message ? said : `${said}…`}${view}`
}
