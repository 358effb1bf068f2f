import type { ArrayColumn } from '../column/array.ts'
import { Refusal, type StagedColumn, StagingContext } from '../column/column.ts'
import { type NullsColumn, OmittableColumn, OTHER_OMISSIONS, UniformColumn } from '../column/omittable.ts'
import { EncodeError } from '../errors.ts'
import type { Column } from '../types/node.ts'
import { Arena } from '../wasm/core.ts'
import { Pieces } from '../wasm/pieces.ts'
import { sealedBuffers } from './buffer-pool.ts'
import {
  BLOCK_FULL,
  type BlockBuilder,
  type BuilderOptions,
  LOOK,
  SEAL_FIRST,
  STAGED,
  type StageResult,
} from './builder.ts'
import { checkKeys } from './keys.ts'
import { type NestedGroup, nestedGroups, type PlannedColumn, planColumns, varUInt } from './plan.ts'
import { byName, byPosition, type NamedColumn, type RowFunction } from './row-function.ts'
import type { SealedBytes } from './sealed.ts'

/** Stands in until the first row; `#memoryMoved` is set then. */
const unwritten: RowFunction = () => {}

/** Idle builders by shape: the memory of a statement outlives it, for the next one of the same shape. */
const idle = new Map<string, NativeBuilder[]>()
const IDLE_PER_SHAPE = 2
const IDLE_SHAPES = 8
/** A builder that grew beyond this is dropped instead. */
const IDLE_BYTES_MAX = 32 * 1024 * 1024

/**
 * A builder for these columns, fresh or one that an earlier statement of the same shape gave back.
 *
 * @throws {SchemaError} UNKNOWN_TYPE, BAD_TYPE, UNSUPPORTED_TYPE, naming the column
 */
export function createBuilder(columns: readonly Column[], options: BuilderOptions): BlockBuilder {
  const shape = JSON.stringify([columns, options])
  const builder = idle.get(shape)?.pop() ?? new NativeBuilder(columns, options, shape)
  builder.firstRow = 0
  builder.lookRows = Number.POSITIVE_INFINITY
  return builder
}

const LZ4 = 0x82

class NativeBuilder implements BlockBuilder {
  readonly columns: readonly Column[]
  rowCount = 0
  firstRow = 0
  #lookRows = Number.POSITIVE_INFINITY
  readonly #shape: string
  readonly #options: BuilderOptions
  readonly #arena: Arena
  readonly #context: StagingContext
  readonly #planned: readonly PlannedColumn[]
  readonly #groups: readonly NestedGroup[]
  readonly #named: readonly NamedColumn[]
  /** Written for the memory as it lies; see #memoryMoved. */
  #stageObject: RowFunction = unwritten
  #stageArray: RowFunction = unwritten
  /** The memory moved since the row functions were written: what they stored since then is lost. */
  #memoryMoved = true
  readonly #pieces: Pieces
  readonly #headPtr: number
  readonly #hashPtr: number
  /** Bytes that every row takes at least. */
  readonly #rowWidth: number
  /** Bytes that every row takes at most, but for what its columns add to the context's byteBound. */
  readonly #boundWidth: number
  /** Rows the arena has room for. */
  readonly #rowCapacity: number
  /** The next row count at which `stage` has more to do: a look, or to count bytes. */
  #checkRows = 0
  /** The next row count at which the block's bytes are counted exactly. */
  #countAt = 0
  /** And the bound of text and element bytes at which they are. */
  #checkBytes = 0
  #exactBytes = 0
  #exactRows = 0
  #framesPtr = 0
  #framesBytes = 0
  #scratchPtr = 0
  #freed = false
  /** False where every row must have every column. */
  readonly #mayOmit: boolean

  constructor(columns: readonly Column[], options: BuilderOptions, shape: string) {
    this.columns = columns
    this.#shape = shape
    this.#options = options
    this.#arena = new Arena()
    this.#context = new StagingContext(this.#arena, options.invalidText === 'refuse')
    this.#mayOmit = options.requireAll !== true
    this.#context.mayOmit = this.#mayOmit
    this.#planned = planColumns(this.#context, columns, options.nullsAsDefault, options.table)
    this.#rowWidth = this.#planned.reduce((sum, { column }) => sum + column.minWidth, 0)
    this.#boundWidth = this.#planned.reduce((sum, { column }) => sum + column.boundWidth, 0)
    this.#rowCapacity = Math.min(options.blockSize, Math.ceil(options.blockBytes / this.#rowWidth) + 1)
    for (const { column } of this.#planned) column.ensure(this.#rowCapacity)
    this.#groups = nestedGroups(this.#planned)
    this.#named = this.#planned.map((planned) => ({ ...planned, fromNested: nestedReader(planned.name, this.#groups) }))
    this.#context.regionMoved = () => {
      this.#memoryMoved = true
      this.#context.attention = true
    }
    this.#arena.onMove(this.#context.regionMoved)
    this.#pieces = new Pieces(this.#arena)
    this.#headPtr = this.#arena.reserve(16)
    this.#hashPtr = this.#arena.reserve(16)
    this.#forgetRows()
  }

  get byteLength(): number {
    return this.#exactBytes + (this.rowCount - this.#exactRows) * this.#boundWidth + this.#context.byteBound
  }

  stage(row: object | readonly unknown[], rowIndex?: number): StageResult {
    const index = this.rowCount
    const context = this.#context
    try {
      if (Array.isArray(row)) this.#stageValues(row, index, rowIndex)
      else {
        this.#stageObject(row, index)
        if (context.attention) this.#attend(row, index, rowIndex)
      }
    } catch (error) {
      this.#undo(index)
      if (error === OTHER_OMISSIONS) return SEAL_FIRST
      throw this.#explain(error, row, rowIndex)
    }
    if (index + 1 < this.#checkRows && context.byteBound < this.#checkBytes) {
      this.rowCount = index + 1
      return STAGED
    }
    return this.#countRow(index)
  }

  #stageValues(row: readonly unknown[], index: number, rowIndex: number | undefined): void {
    if (row.length !== this.columns.length) this.#refuseArity(row, rowIndex)
    this.#context.mayOmit = false
    this.#stageArray(row, index)
    while (this.#memoryMoved) this.#stageAnew(row, index)
    this.#context.mayOmit = this.#mayOmit
    if (this.#groups.length > 0) this.#checkGroups(index)
  }

  /** Writes the row functions for the memory as it lies now, and stages the row that met the old ones once more. */
  #stageAnew(row: object, index: number): void {
    this.#memoryMoved = false
    this.#stageObject = byName(this.#named)
    this.#stageArray = byPosition(this.#named)
    for (const { column } of this.#planned) column.truncate(index)
    this.#context.omitted = false
    if (Array.isArray(row)) this.#stageArray(row as never, index)
    else this.#stageObject(row as never, index)
  }

  /** The row may have filled the block, or it is time to look at the clock. */
  #countRow(index: number): StageResult {
    const { blockSize, blockBytes } = this.#options
    if (index + 1 < this.#countAt && this.#context.byteBound < this.#checkBytes) {
      this.rowCount = index + 1
      this.#planLook()
      return LOOK
    }
    const exact = this.#countBytes(index + 1)
    if (exact >= blockBytes && index > 0 && exact - this.#countBytes(index) > blockBytes) {
      this.#undo(index) // a row larger than a block travels alone
      return SEAL_FIRST
    }
    this.rowCount = index + 1
    this.#exactBytes = exact
    this.#exactRows = this.rowCount
    this.#context.byteBound = 0
    if (this.rowCount >= blockSize || this.rowCount >= this.#rowCapacity || exact >= blockBytes) return BLOCK_FULL
    this.#planCheck()
    return STAGED
  }

  #countBytes(count: number): number {
    let bytes = 0
    for (const { column } of this.#planned) bytes += column.countBytes(count)
    return bytes
  }

  /** When to count next: half of what is left for the fixed part of rows, half for text and elements. */
  #planCheck(): void {
    const left = this.#options.blockBytes - this.#exactBytes
    this.#checkBytes = Math.ceil(left / 2)
    this.#countAt = Math.min(
      this.#options.blockSize,
      this.#rowCapacity,
      this.#exactRows + Math.max(1, Math.floor(left / 2 / this.#boundWidth)),
    )
    this.#planLook()
  }

  get lookRows(): number {
    return this.#lookRows
  }
  set lookRows(rowCount: number) {
    this.#lookRows = rowCount
    this.#planLook()
  }
  #planLook(): void {
    this.#checkRows = Math.min(this.#countAt, this.rowCount + this.#lookRows)
  }

  seal(): SealedBytes {
    const rowCount = this.rowCount
    const pieces = this.#pieces
    const columnNames = this.#gather(rowCount)
    const rawByteLength = pieces.byteLength
    const compressed = this.#options.compression === 'lz4'
    const buffer = compressed ? this.#frame() : this.#copy()
    const [low, high] = this.#arena.u32(this.#hashPtr, 2)
    const hash = hex(high) + hex(low)
    const nullsAsDefault = this.#sentNulls
    this.reset()
    let released = false
    return {
      bytes: buffer.bytes,
      compressed,
      rowCount,
      rawByteLength,
      hash,
      columnNames,
      nullsAsDefault,
      release() {
        if (released) return
        released = true
        sealedBuffers.give(buffer.owner)
      },
    }
  }

  #sentNulls = false

  /** Lists the places of the block's bytes; returns the names of the columns in it. */
  #gather(rowCount: number): string[] {
    const pieces = this.#pieces
    pieces.clear()
    this.#sentNulls = false
    const sent = this.#planned.map((planned) => ({ planned, omitted: omittedRows(planned.column, rowCount) }))
    let present = sent.filter(({ omitted }) => omitted < rowCount)
    // A block of no columns means "end of data": one column goes as all NULL instead.
    if (present.length === 0) present = sent.filter(({ planned }) => planned.nullableHeader).slice(0, 1)
    const head = Buffer.concat([varUInt(present.length), varUInt(rowCount)])
    this.#arena.u8(this.#headPtr, head.byteLength).set(head)
    pieces.add(this.#headPtr, head.byteLength)
    for (const { planned, omitted } of present) {
      const { column } = planned
      const header = omitted > 0 ? planned.nullableHeader! : planned.header
      pieces.add(header.ptr, header.byteLength)
      column.prefix(pieces)
      if (omitted > 0) {
        this.#sentNulls = true
        ;(column as NullsColumn).dataWithNulls(pieces, rowCount)
      } else column.data(pieces, rowCount)
    }
    return present.map(({ planned }) => planned.name)
  }

  #copy(): { bytes: Uint8Array; owner: Buffer } {
    const owner = sealedBuffers.take(this.#pieces.byteLength)
    const bytes = owner.subarray(0, this.#pieces.byteLength)
    this.#pieces.copyTo(bytes, this.#hashPtr)
    return { bytes, owner }
  }

  #frame(): { bytes: Uint8Array; owner: Buffer } {
    const { core } = this.#arena
    const bound = core.framesBound(this.#pieces.byteLength) >>> 0
    core.hashPieces(this.#pieces.ptr, this.#pieces.count, this.#hashPtr)
    if (this.#scratchPtr === 0) this.#scratchPtr = this.#arena.reserve(core.frameScratchBytes())
    if (bound > this.#framesBytes) {
      this.#framesBytes = Math.ceil(bound * 1.25)
      this.#framesPtr = this.#arena.reserve(this.#framesBytes)
    }
    const byteLength =
      core.framePieces(this.#pieces.ptr, this.#pieces.count, LZ4, this.#scratchPtr, this.#framesPtr) >>> 0
    const owner = sealedBuffers.take(byteLength)
    const bytes = owner.subarray(0, byteLength)
    bytes.set(this.#arena.u8(this.#framesPtr, byteLength))
    return { bytes, owner }
  }

  reset(): void {
    for (const { column } of this.#planned) column.reset()
    this.#forgetRows()
  }

  free(): void {
    if (this.#freed) return
    this.reset()
    const builders = idle.get(this.#shape) ?? []
    if (this.#arena.core.arenaTop() >>> 0 > IDLE_BYTES_MAX || builders.length >= IDLE_PER_SHAPE) {
      this.#freed = true
      return
    }
    builders.push(this)
    idle.delete(this.#shape)
    idle.set(this.#shape, builders)
    if (idle.size > IDLE_SHAPES) idle.delete(idle.keys().next().value!)
  }

  #forgetRows(): void {
    this.rowCount = 0
    this.#exactBytes = 0
    this.#exactRows = 0
    this.#context.byteBound = 0
    this.#context.omitted = false
    this.#context.attention = true
    this.#planCheck()
  }

  #undo(index: number): void {
    for (const { column } of this.#planned) column.truncate(index)
    this.#context.mayOmit = this.#mayOmit
    this.#context.omitted = false
    this.#context.attention = true
    this.#checkRows = this.#countAt = 0 // the bound still counts the row: count exactly after the next one
  }

  /** The first row of a block, a row that leaves a column out, or options that look at every row. */
  #attend(row: object, index: number, rowIndex = this.firstRow + this.rowCount): void {
    while (this.#memoryMoved) this.#stageAnew(row, index)
    const { omitted } = this.#context
    this.#context.omitted = false
    this.#context.attention = this.#options.strictKeys === true || this.#groups.length > 0
    if (typeof row !== 'object') this.#refuseRow(row, rowIndex)
    if (!this.#options.ignoreUnknown && (omitted || index === 0 || this.#options.strictKeys)) {
      checkKeys(row, rowIndex, this.#planned, this.#groups, this.#options.table)
    }
    if (
      omitted &&
      index === 0 &&
      this.#planned.every(({ column }) => column instanceof UniformColumn && column.omittedRows(1) === 1)
    ) {
      throw new EncodeError('MISSING_VALUE', 'the row leaves every column out', {
        table: this.#options.table,
        row: rowIndex,
        hint: 'This server takes no rows without a column: give at least one value.',
      })
    }
    if (this.#groups.length > 0) this.#checkGroups(index)
  }

  #checkGroups(index: number): void {
    for (const { name, members } of this.#groups) {
      let length = -1
      for (const member of members) {
        const column = member.column
        if (column instanceof OmittableColumn && column.omittedRows(index + 1) > index) continue
        const own = ((column instanceof OmittableColumn ? column.inner : column) as ArrayColumn).lengthAt(index)
        if (length >= 0 && own !== length) {
          throw new Refusal(
            'UNEQUAL_LENGTHS',
            column,
            index,
            undefined,
            `${own} elements, but ${members[0].name} has ${length}`,
            `The columns of the Nested ${JSON.stringify(name)} have equal lengths in every row.`,
          )
        }
        length = own
      }
    }
  }

  #explain(error: unknown, row: unknown, rowIndex = this.firstRow + this.rowCount): unknown {
    if (error instanceof Refusal) return this.#toError(error, rowIndex)
    if (typeof row !== 'object' || row === null) this.#refuseRow(row, rowIndex)
    if (!(error instanceof TypeError)) return error
    // The written-out cases trust what they see; the columns themselves name what is wrong with an odd object.
    try {
      for (const { column, name } of this.#planned) column.put(this.rowCount, (row as Record<string, unknown>)[name])
    } catch (refusal) {
      if (refusal instanceof Refusal) return this.#toError(refusal, rowIndex)
    } finally {
      this.#undo(this.rowCount)
    }
    return error
  }

  #toError(refusal: Refusal, rowIndex: number): EncodeError {
    this.#context.stagingRow = this.rowCount
    let root: StagedColumn = refusal.column
    while (root.parent) root = root.parent
    const planned = this.#planned.find(
      ({ column }) => column === root || (column instanceof OmittableColumn && column.inner === root),
    )
    return new EncodeError(refusal.code, refusal.reason, {
      table: this.#options.table,
      column: `${planned?.name ?? ''}${refusal.column.locate(refusal.index)}`,
      type: refusal.column.type,
      row: rowIndex,
      value: refusal.value,
      hint: refusal.hint,
    })
  }

  #refuseArity(row: readonly unknown[], rowIndex = this.firstRow + this.rowCount): never {
    const names = this.columns.map(({ name }) => name)
    throw new EncodeError('WRONG_ARITY', `${row.length} values for ${names.length} columns`, {
      table: this.#options.table,
      row: rowIndex,
      hint: `A row given as an array has one value a column, in this order: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`,
    })
  }

  #refuseRow(row: unknown, rowIndex: number): never {
    throw new EncodeError('WRONG_TYPE', `${row === null ? 'null' : `a ${typeof row}`} is no row`, {
      table: this.#options.table,
      row: rowIndex,
      hint: 'A row is an object by column name, or an array in column order.',
    })
  }
}

function omittedRows(column: StagedColumn, count: number): number {
  return column instanceof OmittableColumn ? column.omittedRows(count) : 0
}

/** Reads `n.a` from the row's `n`: [{a, b}, …] ──▶ the a of each. */
function nestedReader(
  name: string,
  groups: readonly NestedGroup[],
): ((row: Record<string, unknown>) => unknown) | undefined {
  const group = groups.find(({ members }) => members.some((member) => member.name === name))
  if (!group) return undefined
  const { part } = group.members.find((member) => member.name === name)!
  return (row) => {
    const list = row[group.name]
    if (!Array.isArray(list)) return list
    return list.map((item) =>
      item !== null && typeof item === 'object' ? (item as Record<string, unknown>)[part] : undefined,
    )
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0')
}
