// Whether a table is still the one that blocks were made for.
//
// Since 23.3 a server refuses blocks of other types than the table's (TYPE_MISMATCH, with conversions switched off), but for a
// few changes that it does not see (type-change.ts, `misread`) and some that would do no harm. Servers between 19.15 and that
// refuse them too, as far as we read; 18.16 checks nothing: it takes a FixedString(3) for a FixedString(5), and is brought down
// by a UInt32 where a Nullable(UInt32) should be. So the guard looks at the table before a block, where the last look is too old:
//
//   types are checked    once a second while blocks are sent
//   they are not         every 100 ms while blocks are sent, and after the last one
//
// What changes between two looks is found by the second one. Rows sent in between are named, because nobody can say then
// what became of them.

import type { Block } from '../engine/block.ts'
import type { BlockGuard } from '../engine/deliver-block.ts'
import { describeCause } from '../engine/describe-cause.ts'
import { ServerError, TransportError } from '../errors.ts'
import { Deadline } from '../transport/deadline.ts'
import type { Logger, Transport } from '../transport/transport.ts'
import type { Column } from '../types/node.ts'
import type { OpenedTarget } from './connect.ts'
import { type ColumnChange, disturbances, PREPARE_AGAIN, schemaChanged } from './schema-drift.ts'
import { columnsOf, quoteTable, type TableName } from './table.ts'

/** Undefined for a file, which has no table. */
export function schemaGuard(
  { transport, known, options: { logger } }: OpenedTarget,
  { database, table }: TableName,
  seen: Pick<GuardOptions, 'columns' | 'looks' | 'adapts'>,
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
  /** The statement follows its table as far as it can. */
  readonly adapts?: boolean
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

export function speaksOfAnotherTable(error: unknown): error is ServerError {
  return error instanceof ServerError && OF_A_CHANGED_TABLE.has(error.serverCode)
}

export class SchemaGuard implements BlockGuard {
  readonly #options: GuardOptions
  readonly #maxAgeMs: number
  #columns: readonly Column[] | undefined
  #lookedAt: number
  #looking: Promise<void> | undefined
  /** Sent since the last look, or still on their way. */
  #trusted = new Set<Block>()
  /** Of such blocks, where the next look found another table, and the server would not have noticed. */
  #doubts: { readonly rows: string[]; readonly changes: readonly ColumnChange[] } | undefined
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

  /** Rows are in the table of which nobody can say whether they are as they were sent. */
  get hasDoubts(): boolean {
    return this.#doubts !== undefined
  }

  check(block: Block, signal: AbortSignal): Promise<void> | undefined {
    if (this.#isFresh) {
      this.#pass(block)
      return undefined
    }
    return this.#look(signal).then(() => this.#pass(block))
  }

  async explain(block: Block, error: unknown, signal: AbortSignal): Promise<unknown> {
    if (!speaksOfAnotherTable(error)) return undefined
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
    if (this.#options.typesAreChecked) return
    await this.#looking?.catch(() => {}) // whoever asked was told
    if (this.#trusted.size > 0) await this.#look().catch((error: unknown) => this.#warn(error))
    if (this.#doubts !== undefined) throw this.#changed(this.#doubts.changes)
  }

  get #isFresh(): boolean {
    return performance.now() - this.#lookedAt < this.#maxAgeMs
  }

  /** @throws {SchemaError} SCHEMA_CHANGED */
  #pass(block: Block): void {
    const changes = this.#changesFor(block, this.#options.typesAreChecked)
    if (changes.length > 0) throw this.#changed(changes)
    if (this.#doubts !== undefined) throw this.#changed(this.#doubts.changes)
    if (this.#maxAgeMs < Number.POSITIVE_INFINITY) this.#trusted.add(block)
  }

  #changesFor({ columns, settings }: Block, typesAreChecked: boolean): ColumnChange[] {
    if (columns === undefined || this.#columns === undefined) return []
    const nullsAsDefault = settings.input_format_null_as_default === 1
    return disturbances(columns, this.#columns, { typesAreChecked, nullsAsDefault })
  }

  /** One look for all blocks that wait for it. */
  #look(signal?: AbortSignal): Promise<void> {
    this.#looking ??= this.#ask(signal)
      .catch((error: unknown) => {
        if (!(error instanceof ServerError)) throw error
        this.#warn(error) // the insert goes on: it may well be that only this table of the system is closed to the user
      })
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  async #ask(signal?: AbortSignal): Promise<void> {
    const { transport, table } = this.#options
    const began = performance.now()
    const trusted = this.#trusted
    this.#trusted = new Set()
    const deadline = new Deadline(signal, LOOK_TIMEOUT_MS)
    let columns: Column[]
    try {
      columns = await columnsOf(transport, table, deadline.signal)
    } catch (error) {
      for (const block of trusted) this.#trusted.add(block)
      throw deadline.passed ? deadline.error(false) : unsent(error)
    } finally {
      deadline.end()
    }
    // An answer to a later question was faster; or the table is gone, or may not be seen: the insert will say it.
    if (began < this.#lookedAt || columns.length === 0) {
      for (const block of trusted) this.#trusted.add(block)
      return
    }
    this.#lookedAt = began
    const isOther = JSON.stringify(columns) !== JSON.stringify(this.#columns)
    this.#columns = columns
    for (const block of trusted) this.#doubt(block)
    if (isOther) this.onChange?.(columns)
  }

  /** Was the table, when this block came, the one that it is now? */
  #doubt(block: Block): void {
    const { state, firstRow, rowEnd } = block
    const changes = this.#changesFor(block, this.#options.typesAreChecked)
    if (state === 'sent' && changes.length === 0) this.#trusted.add(block)
    if (state === 'sealed' || state === 'rejected' || changes.length === 0) return
    this.#doubts ??= { rows: [], changes }
    this.#doubts.rows.push(`${firstRow}..${rowEnd - 1}`)
  }

  #warn(error: unknown): void {
    const { logger, table } = this.#options
    logger?.warn('look', { table: quoteTable(table), cause: describeCause(error) })
  }

  #changed(changes: readonly ColumnChange[], cause?: ServerError): Error {
    const { table, adapts } = this.#options
    const rows = this.#doubts?.rows.slice(0, 20).join(', ')
    return schemaChanged(table, changes, {
      ...(rows && { consequence: `The server does not notice this: rows ${rows} may be stored with other values` }),
      ...(!adapts && { hint: `${PREPARE_AGAIN} onSchemaChange: 'adapt' follows what loses nothing.` }),
      cause,
    })
  }
}

/** The look failed: of the block nothing was sent. */
function unsent(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error
  const { code, message, retryable, cause, status } = error
  return new TransportError(code, message, { retryable, cause, status })
}
