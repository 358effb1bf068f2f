// What a failed attempt says about its block: may another attempt succeed, and may this one have stored the block?
// The second answer is given against us where in doubt: a wrong "no" duplicates rows, a wrong "perhaps" costs a question.
//
//   241 MEMORY_LIMIT_EXCEEDED    again: yes    mayHaveArrived: true     a view may have failed after the table had its part
//   202 TOO_MANY_SIMULTANEOUS…   again: yes    mayHaveArrived: false    refused at the door
//    40 CHECKSUM_DOESNT_MATCH    again: once   mayHaveArrived: false    the block could not even be read
//    60 UNKNOWN_TABLE            again: no     mayHaveArrived: false

import { SchemaError, ServerError, SluiceError, TransportError } from '../errors.ts'
import { ABOUT_ROWS, FROM_VIEW, isTooManyPartitions } from '../transport/exception.ts'
import { isOfOneHost } from '../transport/hosts.ts'

export interface Verdict {
  readonly again: 'yes' | 'once' | 'no'
  readonly mayHaveArrived: boolean
  /** The server itself answered no. */
  readonly refused: boolean
  /** Another host may take it, and need not be waited for. */
  readonly elsewhere: boolean
  readonly hint?: string
}

export function classify(error: unknown): Verdict {
  const verdict = classifyAlone(error)
  return { ...verdict, elsewhere: verdict.again === 'yes' && !verdict.mayHaveArrived && isOfOneHost(error) }
}

function classifyAlone(error: unknown): Omit<Verdict, 'elsewhere'> {
  if (error instanceof ServerError) return classifyServer(error)
  // Of a table that changed: the server's own answer, or ours before anything was sent.
  if (error instanceof SchemaError) {
    const { cause, hint } = error
    const said = cause instanceof ServerError ? classifyServer(cause) : { mayHaveArrived: false, refused: false }
    return { ...said, again: 'no', ...(hint && { hint }) }
  }
  if (error instanceof TransportError) {
    const { retryable, blockMayHaveArrived: mayHaveArrived, hint } = error
    return { again: retryable ? 'yes' : 'no', mayHaveArrived, refused: false, ...(hint && { hint }) }
  }
  // Our own refusals happen before anything is sent; of a defect nothing is known.
  return { again: 'no', mayHaveArrived: !(error instanceof SluiceError), refused: false }
}

/** The server refused the block for what a row of it says: without that row it may pass. */
export function isAboutRows(error: unknown): error is ServerError {
  return error instanceof ServerError && ABOUT_ROWS.has(error.serverCode)
}

/** Merges do not keep up: fewer and larger blocks would help. */
export function isTooManyParts(error: unknown): boolean {
  return (
    error instanceof ServerError &&
    error.serverCode === 252 &&
    !isTooManyPartitions({ code: 252, message: error.message })
  )
}

function classifyServer(error: ServerError): Omit<Verdict, 'elsewhere'> {
  const { serverCode: code, retryable } = error
  const again = code === SAME_QUERY_ID ? 'yes' : !retryable ? 'no' : DAMAGED.has(code) ? 'once' : 'yes'
  const fromView = FROM_VIEW.test(error.message)
  const mayHaveArrived =
    fromView || (retryable ? !DAMAGED.has(code) && !REFUSED_AT_THE_DOOR.has(code) : PERHAPS_STORED.has(code))
  const partitions = isTooManyPartitions({ code, message: error.message })
  const hint = partitions ? PARTITIONS_HINT : (HINTS.get(code) ?? error.hint)
  return { again, mayHaveArrived, refused: true, ...(hint && { hint }) }
}

// A fixed engineId repeats its query ids after a restart, and the attempt of the process before may still be running.
const SAME_QUERY_ID = 216

// CANNOT_READ_ALL_DATA, CHECKSUM_DOESNT_MATCH: damage in transit is possible, but the same damage twice is ours.
const DAMAGED = new Set([33, 40])

// Checked before anything is written: TOO_MANY_SIMULTANEOUS_QUERIES, TABLE_IS_READ_ONLY, TOO_MANY_PARTS, NO_ACTIVE_REPLICAS,
// TOO_FEW_LIVE_REPLICAS, UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE, SERVER_OVERLOADED. Every other repeatable code comes in
// the middle of an insert too, when a partition, a shard or a view may have its share.
const REFUSED_AT_THE_DOOR = new Set([202, 242, 252, 254, 285, 286, 745])

// Not repeatable, and no proof that nothing is stored: LOGICAL_ERROR, NOT_ENOUGH_SPACE, UNFINISHED, QUERY_WAS_CANCELLED,
// POCO_EXCEPTION, STD_EXCEPTION, UNKNOWN_EXCEPTION. All others are about the statement or the bytes.
const PERHAPS_STORED = new Set([49, 243, 341, 394, 1000, 1001, 1002])

const PARTITIONS_HINT =
  'Rows of one block become one part per partition: prepare with splitByPartition: true for blocks of one partition each, sort the rows by partition, use a coarser PARTITION BY, or raise max_partitions_per_insert_block.'

const AGAIN = 'prepare again, and exec the rows of the blocks that are not acknowledged.'
const HINTS = new Map<number, string>([
  [16, `The table lost a column since prepare(): ${AGAIN}`],
  [53, `The table has other types than at prepare(): ${AGAIN}`],
  [60, 'The table is gone: create it, and hand the blocks of takeBlocks() to deliver().'],
  [
    115,
    'The server does not know a setting of this insert: see `settings` of connect(), prepare() and the INSERT text. Of several hosts, the first is asked what it knows, and the others must know the same.',
  ],
  [241, 'Lower blockSize or blockBytes, or raise max_memory_usage for this user.'],
  [252, 'Merges cannot keep up: insert fewer and larger blocks (blockSize, flushInterval).'],
])
