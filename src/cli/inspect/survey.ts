// What a walk over a file sees, gathered: sizes per column, blocks, the schemas they have, the first rows.

import { Head } from '../../block/decode/head.ts'
import type { BlockVisitor } from '../../block/decode/walk.ts'
import { SluiceError } from '../../errors.ts'
import type { TypeNode } from '../../types/node.ts'
import { Spread } from './spread.ts'

export interface SurveyOptions {
  /** Rows to keep. */
  readonly rows: number
  /** The only columns to keep rows of; undefined is all. */
  readonly columns?: readonly string[]
  /** Keep every block's size. */
  readonly listsBlocks: boolean
}

export interface ColumnSurvey {
  readonly name: string
  /** The column's name; `name (2)` for a second column of that name in one block. */
  readonly key: string
  /** As in the first block that has the column. */
  readonly type: string
  byteLength: number
  /** Rows of the blocks that have the column. */
  rowCount: number
}

export interface BlockSurvey {
  readonly index: number
  readonly offset: number
  readonly rowCount: number
  readonly byteLength: number
}

export interface Schema {
  readonly columns: readonly SchemaColumn[]
  readonly firstBlock: number
  blockCount: number
}

export interface SchemaColumn {
  readonly key: string
  readonly type: string
}

/** The first rows of one block. */
export interface Sample {
  readonly rowCount: number
  /** By column key; a column that cannot be shown has the reason instead of values. */
  readonly columns: Map<string, { readonly node: TypeNode; readonly values: readonly unknown[] } | string>
}

/** A column's first values that are no values of its type: the blocks behind it may be sound. */
export interface ValueFault {
  readonly block: number
  readonly column: string
  readonly type: string
  readonly reason: string
}

/** Blocks that are listed without being asked for. */
export const LISTED_BLOCKS = 10
/** The first values of all columns together; what is longer is not shown. */
export const SAMPLE_BYTES_MAX = 64 * 2 ** 20
const SCHEMAS_MAX = 20

export class Survey implements BlockVisitor {
  readonly columns = new Map<string, ColumnSurvey>()
  /** All blocks, or the first ones. */
  readonly blocks: BlockSurvey[] = []
  readonly samples: Sample[] = []
  readonly schemas = new Map<string, Schema>()
  /** Blocks of yet other schemas than those in `schemas`. */
  otherSchemaBlocks = 0
  readonly faults: ValueFault[] = []
  readonly rowsPerBlock = new Spread()
  readonly bytesPerBlock = new Spread()
  blockCount = 0
  /** Rows of whole blocks. */
  rowCount = 0
  byteLength = 0
  /** The block that has begun and not ended. */
  open: { readonly offset: number; readonly rowCount: number; readonly columnCount: number } | undefined
  readonly #options: SurveyOptions
  #rowsLeft: number
  #sampleBytesLeft = SAMPLE_BYTES_MAX
  #sample: Sample | undefined
  /** Of the block. */
  #schema: SchemaColumn[] = []
  #lastSchema: Schema | undefined
  readonly #times = new Map<string, number>()
  /** Of the column. */
  #column: ColumnSurvey | undefined
  #node: TypeNode | undefined
  #head: Head | undefined

  constructor(options: SurveyOptions) {
    this.#options = options
    this.#rowsLeft = options.rows
  }

  block(offset: number, columnCount: number, rowCount: number): void {
    this.open = { offset, rowCount, columnCount }
    this.#schema = []
    this.#times.clear()
    const sampleRows = Math.min(this.#rowsLeft, rowCount)
    this.#sample = sampleRows > 0 ? { rowCount: sampleRows, columns: new Map() } : undefined
    if (this.#sample) this.samples.push(this.#sample)
    this.#rowsLeft -= sampleRows
  }

  column(name: string, type: string, node: TypeNode): Head | undefined {
    const times = (this.#times.get(name) ?? 0) + 1
    this.#times.set(name, times)
    const key = times === 1 ? name : `${name} (${times})`
    this.#schema.push({ key, type })
    this.#column = this.columns.get(key)
    if (this.#column === undefined) {
      this.#column = { name, key, type, byteLength: 0, rowCount: 0 }
      this.columns.set(key, this.#column)
    }
    const isShown = this.#sample !== undefined && (this.#options.columns?.includes(name) ?? true)
    this.#head = isShown ? new Head(this.#sample!.rowCount, this.#sampleBytesLeft) : undefined
    this.#node = node
    return this.#head
  }

  columnEnd(byteLength: number): void {
    this.#column!.byteLength += byteLength
    this.#column!.rowCount += this.open!.rowCount
    this.#keepHead()
    this.#head = undefined
  }

  blockEnd(byteLength: number): void {
    const { offset, rowCount } = this.open!
    if (this.#options.listsBlocks || this.blocks.length < LISTED_BLOCKS) {
      this.blocks.push({ index: this.blockCount, offset, rowCount, byteLength })
    }
    this.rowsPerBlock.add(rowCount)
    this.bytesPerBlock.add(byteLength)
    this.#countSchema()
    this.blockCount++
    this.rowCount += rowCount
    this.byteLength += byteLength
    this.open = undefined
  }

  /** The walk ended here for good: of a column that is cut off the first values may all be there. */
  cut(): void {
    if (this.#head === undefined) return
    const { faults } = this
    const faultCount = faults.length
    this.#keepHead()
    if (faults.length > faultCount) {
      faults.pop()
      this.#sample!.columns.delete(this.#column!.key)
    }
    this.#head = undefined
  }

  #keepHead(): void {
    const head = this.#head
    if (head === undefined) return
    const { key } = this.#column!
    if (head.isTooLong) {
      this.#sample!.columns.set(key, 'too large to show')
      return
    }
    this.#sampleBytesLeft -= head.byteLength
    try {
      this.#sample!.columns.set(key, { node: this.#node!, values: head.values(this.#node!) })
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error
      const reason = error.message.split('\n')[0]!.replace(/^Not a Native block, byte \d+: /, '')
      this.faults.push({ block: this.blockCount, column: key, type: this.#schema.at(-1)!.type, reason })
      this.#sample!.columns.set(key, reason)
    }
  }

  #countSchema(): void {
    const last = this.#lastSchema
    if (last && isSame(last.columns, this.#schema)) {
      last.blockCount++
      return
    }
    const key = JSON.stringify(this.#schema.map((column) => [column.key, column.type]))
    let schema = this.schemas.get(key)
    if (schema) schema.blockCount++
    else if (this.schemas.size < SCHEMAS_MAX) {
      schema = { columns: this.#schema, firstBlock: this.blockCount, blockCount: 1 }
      this.schemas.set(key, schema)
    } else this.otherSchemaBlocks++
    this.#lastSchema = schema
  }
}

function isSame(a: readonly SchemaColumn[], b: readonly SchemaColumn[]): boolean {
  return a.length === b.length && a.every(({ key, type }, i) => key === b[i]!.key && type === b[i]!.type)
}
