// Whether a table is still the one that blocks were made for.
//
// A server of our days refuses blocks of other types than the table's (TYPE_MISMATCH, with conversions switched off), but for a
// few changes that it does not see (type-change.ts, `misread`) and some that would do no harm. Before 23.x there is no such
// setting; 18.16 checks nothing: it takes a FixedString(3) for a FixedString(5), and is brought down by a UInt32 where a
// Nullable(UInt32) should be. So the guard looks at the table before a block, where the last look is too old:
//
//   types are checked        once a second while blocks are sent: 1 of 1,000 ms
//   they are not             every 100 ms, and after the last block. What changes between two looks is found by the second:
//                            rows sent in between are named, because nobody can say what became of them

import type { Block } from '../engine/block.ts'
import type { BlockGuard } from '../engine/deliver-block.ts'
import { describeCause } from '../engine/deliver-block.ts'
import { ServerError, TransportError } from '../errors.ts'
import { Deadline } from '../transport/deadline.ts'
import type { Logger, Transport } from '../transport/transport.ts'
import type { Column } from '../types/node.ts'
import type { OpenedTarget } from './connect.ts'
import { type ColumnChange, disturbances, schemaChanged } from './schema-drift.ts'
import { lookAtTable, quoteTable, type TableName } from './table.ts'

/** Undefined for a file, which has no table. */
export function schemaGuard(
  { transport, known, options: { logger } }: OpenedTarget,
  { database, table }: TableName,
  seen: Pick<GuardOptions, 'columns' | 'looks'>,
): SchemaGuard | undefined {
  if (transport.kind === 'file') return undefined
  const typesAreChecked = known.has('input_format_native_allow_types_conversion')
  return new SchemaGuard({ transport, table: { database, table }, typesAreChecked, logger, ...seen })
}

export interface GuardOptions {
  readonly transport: Transport
  readonly table: TableName
  /** Whether the server refuses what is not of the table's types. */
  readonly typesAreChecked: boolean
  /** The columns as prepare() saw them just now; undefined: it did not look. */
  readonly columns?: readonly Column[]
  /** Looks before blocks also where types are checked. */
  readonly looks: boolean
  readonly logger?: Logger
}

const LOOK_MS = 1_000
const UNCHECKED_LOOK_MS = 100
const LOOK_TIMEOUT_MS = 60_000

/**
 * What the server says of a block that is not for its table: NO_SUCH_COLUMN_IN_TABLE, ILLEGAL_COLUMN, LOGICAL_ERROR (another
 * number of tuple elements), TYPE_MISMATCH, CANNOT_CONVERT_TYPE, INCORRECT_DATA, CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, "Bad
 * cast" of 18.16, STD_EXCEPTION (fewer tuple elements).
 */
const OF_A_CHANGED_TABLE = new Set([16, 44, 49, 53, 70, 117, 349, 368, 1001])

export class SchemaGuard implements BlockGuard {
  readonly #options: GuardOptions
  readonly #maxAgeMs: number
  #columns: readonly Column[] | undefined
  #lookedAt: number
  #looking: Promise<void> | undefined
  /** Sent since the last look to a server that checks nothing. */
  #trusted = new Set<Block>()
  /** Rows of such blocks, where the next look found another table. */
  #doubtful: string[] = []
  /** Hears of every look that found something else than the one before. */
  onChange: ((columns: readonly Column[]) => void) | undefined

  constructor(options: GuardOptions) {
    this.#options = options
    const { typesAreChecked, looks, columns } = options
    this.#maxAgeMs = !typesAreChecked ? UNCHECKED_LOOK_MS : looks ? LOOK_MS : Number.POSITIVE_INFINITY
    this.#columns = columns
    this.#lookedAt =
      columns === undefined && this.#maxAgeMs < Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : performance.now()
  }

  check(block: Block, signal: AbortSignal): Promise<void> | undefined {
    if (this.#isFresh) {
      this.#pass(block)
      return undefined
    }
    return this.#look(signal).then(() => this.#pass(block))
  }

  async explain(block: Block, error: unknown, signal: AbortSignal): Promise<unknown> {
    if (!(error instanceof ServerError) || !OF_A_CHANGED_TABLE.has(error.serverCode)) return undefined
    this.#trusted.delete(block)
    try {
      await this.#ask(signal)
    } catch {
      return undefined // the server's own answer says enough
    }
    const changes = this.#changesFor(block, false)
    return changes.length === 0 ? undefined : this.#changed(changes, error)
  }

  /** Looks now, without delaying anybody: somebody saw a sign of a change. */
  lookSoon(): void {
    if (!this.#isFresh) this.#look().catch(() => {}) // the next block looks again
  }

  /**
   * After the last block: whether the table was the same all the time, where the server would not have noticed.
   *
   * @throws {SchemaError} SCHEMA_CHANGED
   */
  async confirm(): Promise<void> {
    const [block] = this.#trusted
    if (block === undefined) return
    await this.#look().catch((error: unknown) => this.#warn(error))
    if (this.#doubtful.length > 0) throw this.#changed(this.#changesFor(block, false))
  }

  get #isFresh(): boolean {
    return performance.now() - this.#lookedAt < this.#maxAgeMs
  }

  /** @throws {SchemaError} SCHEMA_CHANGED */
  #pass(block: Block): void {
    const { typesAreChecked } = this.#options
    const changes = this.#changesFor(block, typesAreChecked)
    if (changes.length > 0 || this.#doubtful.length > 0) throw this.#changed(changes)
    if (!typesAreChecked) this.#trusted.add(block)
  }

  #changesFor({ columns }: Block, typesAreChecked: boolean): ColumnChange[] {
    return columns && this.#columns ? disturbances(columns, this.#columns, typesAreChecked) : []
  }

  /** One look for all blocks that wait for it. */
  #look(signal?: AbortSignal): Promise<void> {
    this.#looking ??= this.#ask(signal)
      .catch((error: unknown) => {
        if (!(error instanceof ServerError)) throw error
        this.#warn(error) // rights can be missing, the table can be gone: the insert says it too
      })
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  async #ask(signal?: AbortSignal): Promise<void> {
    const { transport, table } = this.#options
    const began = performance.now()
    const deadline = new Deadline(signal, LOOK_TIMEOUT_MS)
    let columns: Column[]
    try {
      columns = await lookAtTable(transport, table, deadline.signal)
    } catch (error) {
      throw deadline.passed ? deadline.error(false) : unsent(error)
    } finally {
      deadline.end()
    }
    this.#lookedAt = began
    if (columns.length === 0) return // a table has one at least: this is no answer
    const isOther = JSON.stringify(columns) !== JSON.stringify(this.#columns)
    this.#columns = columns
    for (const block of this.#trusted) {
      const isStored = block.state !== 'rejected' && block.state !== 'sealed'
      if (isStored && this.#changesFor(block, false).length > 0) {
        this.#doubtful.push(`${block.firstRow}..${block.rowEnd - 1}`)
      }
    }
    this.#trusted.clear()
    if (isOther) this.onChange?.(columns)
  }

  #warn(error: unknown): void {
    const { logger, table } = this.#options
    logger?.warn('look', { table: quoteTable(table), cause: describeCause(error) })
  }

  #changed(changes: readonly ColumnChange[], cause?: ServerError): Error {
    const { table } = this.#options
    const doubtful = this.#doubtful.slice(0, 20).join(', ')
    return schemaChanged(table, changes, {
      consequence:
        doubtful === '' ? undefined : `This server compares no types: rows ${doubtful} may be stored with other values`,
      hint: doubtful === '' ? REPAIR : `Look at these rows. ${REPAIR}`,
      cause,
    })
  }
}

const REPAIR =
  "prepare again, and exec the rows of the blocks that are not stored; or change the table back and give takeBlocks() to deliver(). onSchemaChange: 'adapt' follows what loses nothing."

/** The look failed: of the block nothing was sent. */
function unsent(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error
  const { code, message, retryable, cause, status } = error
  return new TransportError(code, message, { retryable, cause, status })
}
