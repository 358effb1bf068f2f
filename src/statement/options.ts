import { type RetryOptions, resolveRetry } from '../engine/retry.ts'
import { show, UsageError } from '../errors.ts'
import { refuseUnknown } from '../transport/target.ts'
import type { GivenSettings } from './insert-settings.ts'
import type { RejectedRow } from './rejected.ts'

export interface StatementOptions {
  /** Rows per block; default 65,536, at most 1,048,449: what the server itself makes one part of. */
  blockSize?: number
  /** Uncompressed bytes per block, whichever comes first; default 32 MiB, at most 256 MiB. A larger row travels alone. */
  blockBytes?: number
  /** ms after which a timer seals a block that has rows but is not full; default 1,000; 0 never does. Does not keep the process alive. */
  flushInterval?: number
  /** Blocks that are sealed and not acknowledged before exec() asks to wait; default 4. */
  maxPendingBlocks?: number
  /** Sends nothing before commit(), so that rollback() leaves no trace; default false. */
  holdUntilCommit?: boolean
  /** With holdUntilCommit: bytes of sealed blocks held at most, as they will be sent; default 1 GiB. */
  holdBytesMax?: number
  /** Default 'lz4' for remote hosts; 'none' for loopback, chdb: and file:, where it costs more than it saves. */
  compression?: 'lz4' | 'none'
  /** Server settings of every insert, over those of connect() and under those of the INSERT text. */
  settings?: GivenSettings
  /** Over those of connect(), one by one. */
  retry?: RetryOptions
  /** Ends the statement: attempts under way are cut, what is not acknowledged stays for takeBlocks(). */
  signal?: AbortSignal
  /** Declares the columns instead of asking the server; needed for file:. The types are sent exactly as written here. */
  columns?: readonly { readonly name: string; readonly type: string }[]
  /** With `deterministic`: blocks have the same tokens in every run, so equal blocks under one id are inserted once. */
  engineId?: string | number
  deterministic?: boolean
  /** Refuses to start where check() does not promise that no row is lost or comes twice. */
  exactlyOnce?: boolean
  /**
   * Sends a block whose answer was lost again, also where the table cannot be trusted to recognise it; stats.possibleDuplicates counts
   * the rows. Default: it stays `unknown` and ends the statement.
   */
  acceptDuplicates?: boolean
  /** Drops keys of a row that are no column, instead of refusing the row. */
  ignoreUnknown?: boolean
  /** Looks for unknown keys on every row, not only on the first of a block and where a column is missing. */
  strictKeys?: boolean
  /**
   * Takes the rows that the server refuses, one by one, where it refuses a block for what its rows say (a constraint, an expression of
   * the table): the block is cut by halves until they stand alone, and all others are delivered. A row is rejected, and done, when the
   * promise that this may return is fulfilled; when it throws, the statement fails, and takeBlocks() has the row. It must not wait for
   * the statement itself. Without it such a block ends the statement.
   */
  onReject?: (rejected: RejectedRow) => void | Promise<void>
  /**
   * Makes blocks of one partition each, of the rows that would have been one: then every INSERT is one part, stored whole or not at
   * all. For PARTITION BY a column, toYYYYMM, toDate and their like, intDiv or modulo by a constant, or a tuple of these. Default false.
   */
  splitByPartition?: boolean
  /**
   * When the table changes while the statement is open. 'error', the default: a block that it does not take ends the statement.
   * 'adapt': where nothing can be lost, rows of such blocks go again for the table as it is, under new tokens, and the rows after
   * them follow it: columns that were added, and types that take the values of the old ones. The event `schema` tells.
   */
  onSchemaChange?: 'error' | 'adapt'
  /**
   * With compression: whether blocks are compressed on a second thread, one for the whole process. Default: where there is more
   * than one processor. Without it they are compressed in slices on this one.
   */
  worker?: boolean
  /** What a lone surrogate becomes: U+FFFD ('replace', the default) or an error. */
  invalidText?: 'replace' | 'refuse'
}

type Resolved = 'blockSize' | 'blockBytes' | 'flushInterval' | 'maxPendingBlocks' | 'holdBytesMax' | 'holdUntilCommit'
export type ResolvedOptions = Omit<StatementOptions, Resolved> & Required<Pick<StatementOptions, Resolved>>

const MIB = 1024 * 1024
// name → [default, least, most]
const NUMBERS: Record<Exclude<Resolved, 'holdUntilCommit'>, readonly [number, number, number]> = {
  // 1,048,449 is the server's min_insert_block_size_rows: above it, a block might not stay one piece.
  blockSize: [65_536, 1, 1_048_449],
  blockBytes: [32 * MIB, 1, 256 * MIB],
  flushInterval: [1_000, 0, 2_147_483_647],
  maxPendingBlocks: [4, 1, 1_000],
  holdBytesMax: [1024 * MIB, 1, Number.MAX_SAFE_INTEGER],
}
const FLAGS = [
  'holdUntilCommit',
  'deterministic',
  'exactlyOnce',
  'acceptDuplicates',
  'ignoreUnknown',
  'strictKeys',
  'worker',
  'splitByPartition',
] as const
const CHOICES = {
  compression: ['lz4', 'none'],
  invalidText: ['replace', 'refuse'],
  onSchemaChange: ['error', 'adapt'],
} as const
const OTHERS = ['settings', 'retry', 'signal', 'columns', 'engineId', 'onReject'] as const
const NAMES = [...Object.keys(NUMBERS), ...FLAGS, ...Object.keys(CHOICES), ...OTHERS]

/** Promised elsewhere in the documentation and not built yet: said, because ignoring them would look like having them. */
const NOT_YET: Record<string, string> = {
  spool:
    'Blocks are kept in memory: they survive a lost server, not a lost process. For equal tokens in every run use engineId with deterministic: true.',
}

/** Everything has its default; nothing is out of range. @throws {UsageError} BAD_OPTION, NOT_SUPPORTED */
export function resolveOptions(given: StatementOptions): ResolvedOptions {
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(NOT_YET, name) && value !== undefined)
      throw new UsageError('NOT_SUPPORTED', `The option ${name} is not built yet.`, { hint: NOT_YET[name] })
  }
  refuseUnknown(given, [...NAMES, ...Object.keys(NOT_YET)])
  const options = given as Record<string, unknown>
  const numbers: Record<string, number> = {}
  for (const [name, [standard, least, most]] of Object.entries(NUMBERS)) {
    const value = options[name] ?? standard
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw badOption(name, `a whole number from ${least} to ${most}`, value)
    }
    numbers[name] = value
  }
  for (const name of FLAGS) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean')
      throw badOption(name, 'true or false', options[name])
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = options[name]
    if (value !== undefined && !(choices as readonly unknown[]).includes(value)) {
      throw badOption(name, choices.map((choice) => `'${choice}'`).join(' or '), value)
    }
  }
  if (given.onReject !== undefined && typeof given.onReject !== 'function') {
    throw badOption('onReject', 'a function', given.onReject)
  }
  resolveRetry(given.retry)
  checkEngineId(given)
  checkAdapt(given)
  checkReject(given)
  if (given.exactlyOnce && given.acceptDuplicates) {
    throw new UsageError('BAD_OPTION', 'exactlyOnce and acceptDuplicates exclude each other.')
  }
  checkColumns(given.columns)
  return { ...given, ...numbers, holdUntilCommit: given.holdUntilCommit ?? false } as ResolvedOptions
}

function checkEngineId({ engineId, deterministic }: StatementOptions): void {
  if (engineId !== undefined && typeof engineId !== 'string' && typeof engineId !== 'number') {
    throw badOption('engineId', 'a text or a number', engineId)
  }
  if (engineId !== undefined && !deterministic) {
    throw new UsageError('BAD_OPTION', 'engineId needs deterministic: true.', {
      hint: 'After a restart the block numbers begin at 0 again, and under a fixed id an equal block is then taken for a repetition and dropped. Say deterministic: true if that is what you want.',
    })
  }
  if (deterministic && engineId === undefined) {
    throw new UsageError(
      'BAD_OPTION',
      'deterministic needs an engineId: what makes the tokens of this run those of the last.',
    )
  }
}

function checkAdapt({ onSchemaChange, columns, deterministic }: StatementOptions): void {
  if (onSchemaChange !== 'adapt') return
  if (columns !== undefined) {
    throw new UsageError('BAD_OPTION', "onSchemaChange: 'adapt' and columns exclude each other.", {
      hint: 'Declared columns stay as they are, whatever the table becomes.',
    })
  }
  if (deterministic) {
    throw new UsageError('BAD_OPTION', "onSchemaChange: 'adapt' and deterministic exclude each other.", {
      hint: 'Rows that go again for a changed table have other tokens than in another run.',
    })
  }
}

function checkReject({ onReject, deterministic }: StatementOptions): void {
  if (onReject === undefined || !deterministic) return
  throw new UsageError('BAD_OPTION', 'onReject and deterministic exclude each other.', {
    hint: 'A table that has come to take such a row takes the whole block in another run, and has most of it from pieces.',
  })
}

function checkColumns(columns: StatementOptions['columns']): void {
  if (columns === undefined) return
  const isColumn = (column: unknown) =>
    typeof (column as { name?: unknown })?.name === 'string' && typeof (column as { type?: unknown }).type === 'string'
  if (!Array.isArray(columns) || columns.length === 0 || !columns.every(isColumn)) {
    throw badOption('columns', "a list of {name: 'a', type: 'UInt8'}, at least one", columns)
  }
  const names = columns.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError('BAD_OPTION', `columns declares ${JSON.stringify(twice)} twice.`)
}

function badOption(name: string, wanted: string, value: unknown): UsageError {
  return new UsageError('BAD_OPTION', `${name} must be ${wanted}, not ${show(value)}.`)
}
