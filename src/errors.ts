// Every error sluice throws. Callers branch on `code` and `retryable`; people read `message` and `hint`.
//
//   EncodeError [VALUE_OUT_OF_RANGE] events.status UInt8, row 41207: 300 does not fit
//     hint: UInt8 holds 0..255: clamp before exec(), or make the column UInt16.

/** Every code and what it means. README prints this table; a test compares the two. */
export const ERROR_CODES = {
  // UsageError: a wrong call or a call at the wrong time
  BAD_OPTION: 'An option is unknown, misspelled or outside its limits.',
  BAD_INSERT: 'The INSERT text cannot be prepared (not an INSERT, INSERT ... SELECT, syntax).',
  STATEMENT_CLOSED: 'The statement was committed, rolled back or closed before this call.',
  STATEMENT_FAILED: 'A block failed for good; only takeBlocks() and rollback() are legal now.',
  CONNECTION_CLOSED: 'The connection was closed before this call.',
  BACKPRESSURE: 'Every pending block is on its way and the open block is full: await the promise exec() returned.',
  HOLD_LIMIT: 'holdUntilCommit holds more than holdBytesMax.',
  MISSING_DEPENDENCY: 'An optional package that this target needs is not installed.',
  NOT_SUPPORTED: 'This target cannot do what was asked.',
  BUSY: 'Another call of this statement is still running, or its blocks are still its own.',
  // SchemaError: the table or its types
  UNKNOWN_TABLE: 'The table does not exist.',
  UNKNOWN_TYPE: 'A type name is not ClickHouse’s.',
  BAD_TYPE: 'A type string cannot be parsed.',
  UNSUPPORTED_TYPE: 'The type is known but cannot be encoded (yet).',
  COLUMN_NOT_INSERTABLE: 'A MATERIALIZED or ALIAS column was named in the INSERT.',
  SCHEMA_CHANGED: 'The table changed between prepare and this block.',
  // EncodeError: one value, one row
  WRONG_TYPE: 'The JavaScript value is of a kind this column does not take.',
  VALUE_OUT_OF_RANGE: 'The value does not fit the column’s type.',
  NOT_AN_INTEGER: 'A fraction was given to an integer column.',
  UNSAFE_INTEGER: 'A number above 2^53-1 lost digits before it arrived: pass a bigint or a decimal string.',
  NOT_A_NUMBER: 'NaN or an infinity was given to a column that holds none.',
  TOO_MANY_DIGITS: 'More digits than the Decimal, DateTime64 or Time64 holds.',
  TOO_LONG: 'More bytes than the FixedString holds.',
  BAD_TEXT: 'A text form (UUID, IP address, date, decimal, integer) cannot be parsed.',
  INVALID_TEXT: 'A lone surrogate, and invalidText is "refuse".',
  UNKNOWN_LABEL: 'The Enum has no such label or number.',
  NOT_NULLABLE: 'NULL for a column that is not Nullable.',
  MISSING_VALUE: 'undefined where a value is required.',
  WRONG_ARITY: 'The row or tuple has another number of values than columns or elements.',
  UNKNOWN_COLUMN: 'The row has a key, or the INSERT a name, that is no column.',
  UNEQUAL_LENGTHS: 'Sibling columns of a Nested structure (or columns given together) differ in length.',
  // decoding
  BAD_BLOCK: 'Bytes that are no Native block.',
  BAD_FRAME: 'Bytes that are no ClickHouse compressed frame.',
  CHECKSUM_MISMATCH: 'A compressed frame is damaged.',
  // TransportError: the way to the server
  CONNECT_FAILED: 'No connection could be made.',
  CONNECTION_LOST:
    'The connection broke before the answer was complete; blockMayHaveArrived says whether the block can be there.',
  TIMEOUT: 'No complete answer within attemptTimeout; blockMayHaveArrived says whether the block can be there.',
  ABORTED: 'The caller’s AbortSignal fired.',
  HTTP_STATUS: 'An HTTP status that is not ClickHouse’s (a proxy, a load balancer).',
  BAD_ANSWER: 'A success status whose body is no success.',
  FILE_FAILED: 'A file could not be read or written.',
  // ServerError: ClickHouse answered with an exception; `serverCode` is its number
  SERVER_EXCEPTION: 'ClickHouse refused the request; see serverCode and serverName.',
  AUTHENTICATION_FAILED: 'ClickHouse refused the user name or password.',
  // EngineError
  DELIVERY_FAILED: 'At least one block was not acknowledged; the error lists every block’s state.',
  DEADLINE_EXCEEDED: 'The delivery deadline passed; the block’s last state is in the error.',
  CANNOT_HOLD_PROMISE:
    'exactlyOnce was asked for and the table or the options cannot hold it; or deliver() was given a block that may be stored, and the table cannot be trusted to recognise it.',
  // StorageError
  BAD_INPUT: 'An input file or line cannot be read.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

export interface ErrorPlace {
  table?: string
  column?: string
  type?: string
  /** Index of the row in the statement, from 0. */
  row?: number
  /** The offending value; non-enumerable on the error, so that a logger does not print it. */
  value?: unknown
  hint?: string
  cause?: unknown
}

/** The base of all errors of this library. */
export class SluiceError extends Error {
  readonly code: ErrorCode
  /** What to do next. */
  readonly hint?: string
  /** True when repeating the same call can succeed without changing anything. */
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options: { hint?: string; retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    if (options.hint !== undefined) {
      this.hint = options.hint
      this.message += `\n  hint: ${options.hint}`
    }
    Object.defineProperty(this, 'name', {
      value: `${new.target.name} [${code}]`,
      enumerable: false,
      configurable: true,
    })
  }
}

/** A wrong call or a call in the wrong order. Nothing was staged or sent by it. */
export class UsageError extends SluiceError {}

/** The table or a type is not what the call needs. */
export class SchemaError extends SluiceError {
  readonly table?: string
  readonly column?: string
  readonly type?: string
  constructor(code: ErrorCode, message: string, place: ErrorPlace = {}) {
    super(code, message, place)
    this.table = place.table
    this.column = place.column
    this.type = place.type
  }
}

/** One value was refused. Its row was left out whole; every earlier row is still staged. */
export class EncodeError extends SluiceError {
  readonly table?: string
  readonly column?: string
  readonly type?: string
  readonly row?: number
  declare readonly value?: unknown

  constructor(code: ErrorCode, reason: string, place: ErrorPlace = {}) {
    super(code, describePlace(place) + reason, place)
    this.table = place.table
    this.column = place.column
    this.type = place.type
    this.row = place.row
    Object.defineProperty(this, 'value', { value: place.value, enumerable: false })
  }
}

function describePlace(place: ErrorPlace): string {
  const name = [place.table, place.column].filter((part) => part !== undefined).join('.')
  const typed = [name, place.type].filter(Boolean).join(' ')
  const row = place.row === undefined ? '' : `${typed ? ', ' : ''}row ${place.row}`
  return typed || row ? `${typed}${row}: ` : ''
}

/** A value for a message: short, on one line, and only its size when it is long. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : `Date ${value.toISOString()}`
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no prototype'})`
  return String(value)
}

/** The way to the server failed. `blockMayHaveArrived` says whether repeating without a token could duplicate. */
export class TransportError extends SluiceError {
  readonly blockMayHaveArrived: boolean
  /** HTTP status, where there was one. */
  readonly status?: number
  constructor(
    code: ErrorCode,
    message: string,
    options: {
      hint?: string
      retryable?: boolean
      cause?: unknown
      blockMayHaveArrived?: boolean
      status?: number
    } = {},
  ) {
    super(code, message, options)
    this.blockMayHaveArrived = options.blockMayHaveArrived ?? false
    if (options.status !== undefined) this.status = options.status
  }
}

/** ClickHouse's own exception. */
export class ServerError extends SluiceError {
  /** ClickHouse's error number, e.g. 60. */
  readonly serverCode: number
  /** ClickHouse's error name, e.g. UNKNOWN_TABLE; empty where the server gives none. */
  readonly serverName: string
  /** What it said, without the values that its text may quote. */
  readonly reason: string
  readonly queryId?: string
  constructor(
    message: string,
    options: {
      serverCode: number
      serverName?: string
      reason?: string
      queryId?: string
      retryable?: boolean
      hint?: string
      cause?: unknown
      code?: ErrorCode
    },
  ) {
    super(options.code ?? 'SERVER_EXCEPTION', message, options)
    this.serverCode = options.serverCode
    this.serverName = options.serverName ?? ''
    this.reason = options.reason ?? message
    if (options.queryId !== undefined) this.queryId = options.queryId
  }
}

export class EngineError extends SluiceError {}

export class StorageError extends SluiceError {}
