import { Refusal, StagingContext, type TextWay } from '../column/column.ts'
import { OmittableColumn, OTHER_OMISSIONS } from '../column/omittable.ts'
import { EncodeError } from '../errors.ts'
import type { Column } from '../types/node.ts'
import { Arena } from '../wasm/core.ts'
import { sealedBuffers, sharedBuffers } from './buffer-pool.ts'
import {
  BLOCK_FULL,
  type BlockBuilder,
  type BuilderOptions,
  LOOK,
  SEAL_FIRST,
  STAGED,
  type StageResult,
} from './builder.ts'
import { ColumnStager } from './column-stager.ts'
import { type GivenColumns, readColumnsByName, requireWhole } from './given-columns.ts'
import { type NestedGroup, nestedGroups, type PlannedColumn, planColumns } from './plan.ts'
import { RowCheck, refuseArity, refuseRow } from './row-check.ts'
import {
  byName,
  byPosition,
  type NamedColumn,
  ownValue,
  plainByName,
  plainByPosition,
  type RowFunction,
  type StageFunction,
  stageFunction,
} from './row-function.ts'
import { Sealer } from './seal.ts'
import type { SealedBytes } from './sealed.ts'
import { Strips } from './strips.ts'

/** Two VarUInts: how many columns, how many rows. */
const HEAD_BYTES_MAX = 10

/**
 * The open block of one statement, in a memory of its own.
 *
 * A row is staged by a function that is written for the columns and for the places where they lie. It counts the row itself
 * in the common case; `settle` does the rest: the first row of a block, a row that leaves columns out, a moved memory, a
 * block that may be full.
 */
export class NativeBuilder implements BlockBuilder {
  readonly columns: readonly Column[]
  firstRow = 0
  stage: StageFunction
  readonly #names: readonly string[]
  readonly #options: BuilderOptions
  readonly #onFree: (builder: NativeBuilder) => void
  readonly #arena = new Arena()
  readonly #context: StagingContext
  readonly #planned: readonly PlannedColumn[]
  readonly #named: readonly NamedColumn[]
  readonly #check: RowCheck
  readonly #strips: Strips
  readonly #columns: ColumnStager
  readonly #sealer: Sealer
  #stageArray: RowFunction | undefined
  /** The memory, or a region of a row's columns, moved since the row functions were written: what they stored since is lost. */
  #moved = false
  /** Bytes of the block before its first row: counts, names and types. */
  readonly #headBytes: number
  /** Bytes that every row takes at most, but for what its columns add to the context's byteBound. */
  readonly #boundWidth: number
  /** Rows the arena has room for. */
  readonly #rowCapacity: number
  /** The next row count at which the block's bytes are counted exactly. */
  #countAt = 0
  #exactBytes = 0
  #exactRows = 0
  #lookRows = Number.POSITIVE_INFINITY
  #lookAt = Number.POSITIVE_INFINITY
  #freed = false

  constructor(columns: readonly Column[], options: BuilderOptions, onFree: (builder: NativeBuilder) => void) {
    this.columns = columns
    this.#names = columns.map(({ name }) => name)
    this.#options = options
    this.#onFree = onFree
    this.#context = new StagingContext(this.#arena, options.invalidText === 'refuse', options.requireAll !== true)
    this.#context.textBytes = Math.max(
      16 * 1024,
      Math.min(2 ** 20, Math.floor(options.blockBytes / columns.length / 2)),
    )
    this.#planned = planColumns(this.#context, columns, options.nullsAsDefault, options.table)
    const rowWidth = this.#planned.reduce((sum, { column }) => sum + column.minWidth, 0)
    this.#headBytes = this.#planned.reduce((sum, planned) => sum + headerBytes(planned), HEAD_BYTES_MAX)
    this.#boundWidth = this.#planned.reduce((sum, { column }) => sum + column.boundWidth, 0)
    this.#rowCapacity = Math.min(options.blockSize, Math.ceil(options.blockBytes / rowWidth) + 1)
    this.#strips = new Strips(
      this.#context,
      this.#planned.map(({ column }) => column),
      this.#rowCapacity,
    )
    for (const { column } of this.#planned) column.ensure(this.#rowCapacity)
    const groups = nestedGroups(this.#planned)
    this.#named = this.#planned.map((planned) => ({ ...planned, fromNested: nestedReader(planned.name, groups) }))
    this.#check = new RowCheck(this.#planned, groups, options)
    this.#columns = new ColumnStager(
      this.#context,
      this.#planned,
      this.#strips,
      (count) => this.#countBytes(count),
      options.blockBytes,
    )
    this.#sealer = new Sealer(this.#arena, this.#planned, options.shared ? sharedBuffers : sealedBuffers)
    this.#context.regionMoved = () => {
      this.#moved = true
      this.#context.checkRows = 0
    }
    this.#arena.onMove(this.#context.regionMoved)
    this.stage = this.#write()
    this.#forgetRows()
  }

  get rowCount(): number {
    return this.#context.rowCount
  }

  get byteLength(): number {
    return this.#exactBytes + (this.rowCount - this.#exactRows) * this.#boundWidth + this.#context.byteBound
  }

  /** Bytes of the arena that were handed out. */
  get memoryBytes(): number {
    return this.#arena.core.arenaTop() >>> 0
  }

  get textWays(): Record<string, TextWay> {
    const ways = this.#planned.map(({ name, column }) => [name, column.textWay] as const)
    return Object.fromEntries(ways.filter((entry): entry is [string, TextWay] => entry[1] !== undefined))
  }

  get lookRows(): number {
    return this.#lookRows
  }
  set lookRows(rowCount: number) {
    this.#lookRows = rowCount
    this.#lookAt = this.rowCount + rowCount
    this.#planNext()
  }

  /** Stages a row given as an array. */
  stageValues(row: readonly unknown[], rowIndex?: number): StageResult {
    const context = this.#context
    const index = context.rowCount
    try {
      if (row.length !== this.#names.length) refuseArity(row, this.#names, this.#indexOf(rowIndex), this.#options.table)
      context.mayOmit = false
      this.#stageArray ??= byPosition(this.#named)
      this.#stageArray(row, index, index - context.stripStart)
    } catch (error) {
      return this.refuse(error, row, rowIndex)
    } finally {
      context.mayOmit = context.mayOmitByName
    }
    if (index + 1 < context.checkRows && context.byteBound < context.checkBytes) {
      context.rowCount = index + 1
      return STAGED
    }
    return this.settle(row, index, rowIndex)
  }

  /** The row's values are staged as number `index`, and there may be more to do. */
  settle(row: object | readonly unknown[], index: number, rowIndex?: number): StageResult {
    const context = this.#context
    try {
      while (this.#moved) this.#stageAnew(row, index)
      const { omitted } = context
      context.omitted = false
      if (index === 0 || omitted || this.#check.everyRow)
        this.#check.check(row, index, this.#indexOf(rowIndex), omitted)
    } catch (error) {
      return this.refuse(error, row, rowIndex)
    }
    return this.#countRow(index)
  }

  /** Undoes the row; its error becomes one that names the place. */
  refuse(error: unknown, row: unknown, rowIndex?: number): StageResult {
    const index = this.rowCount
    this.#undo(index)
    if (error === OTHER_OMISSIONS) return SEAL_FIRST
    if (error instanceof Refusal) throw this.#toError(error, rowIndex)
    if (typeof row !== 'object' || row === null) refuseRow(row, this.#indexOf(rowIndex), this.#options.table)
    if (error instanceof TypeError) this.#refuseOdd(row, rowIndex)
    throw error
  }

  get isFull(): boolean {
    return this.rowCount >= this.#rowCapacity || (this.rowCount > 0 && this.#exactBytes >= this.#options.blockBytes)
  }

  readColumns(data: object): GivenColumns {
    return readColumnsByName(data, { columns: this.columns, table: this.#options.table }, this.#options.ignoreUnknown)
  }

  stageColumns(given: GivenColumns, from: number, sealsNext = false): number {
    const before = this.rowCount
    let at = from
    this.#count(before)
    try {
      while (at < given.rowCount && !this.isFull) {
        const rows = this.#stageSlice(given, at, sealsNext)
        if (rows === 0) break
        at += rows
      }
      this.#requireWhole(given)
    } catch (error) {
      const told = error instanceof Refusal ? this.#toColumnError(error, from - before) : error
      this.truncate(before)
      if (told instanceof TypeError || told instanceof RangeError) this.#requireWhole(given)
      throw told
    }
    this.#lookAt = this.rowCount + this.#lookRows
    this.#planNext()
    return at - from
  }

  #requireWhole(given: GivenColumns): void {
    requireWhole(given, { columns: this.columns, table: this.#options.table })
  }

  keep(): void {
    for (const { column } of this.#planned) column.keep(this.rowCount)
  }

  truncate(rowCount: number): void {
    for (const { column } of this.#planned) column.truncate(rowCount)
    this.#strips.truncate(rowCount)
    this.#count(rowCount)
    this.#planNext()
  }

  seal(): SealedBytes {
    this.#strips.flush(this.rowCount)
    const sealed = this.#sealer.seal(this.rowCount)
    this.reset()
    return sealed
  }

  sealOwn(into?: Uint8Array): Uint8Array {
    this.#strips.flush(this.rowCount)
    const bytes = this.#sealer.sealOwn(this.rowCount, into)
    this.reset()
    return bytes
  }

  reset(): void {
    for (const { column } of this.#planned) column.reset()
    this.#forgetRows()
  }

  free(): void {
    if (this.#freed) return
    this.#freed = true
    this.reset()
    if (!this.#context.isWorn) this.#onFree(this)
  }

  /** Legal again after free(): somebody took the builder out of the pool. */
  revive(): this {
    this.#freed = false
    this.firstRow = 0
    this.lookRows = Number.POSITIVE_INFINITY
    return this
  }

  /** The row may have filled the block, or it is time to look at the clock. */
  #countRow(index: number): StageResult {
    const context = this.#context
    const { blockSize, blockBytes } = this.#options
    const rowCount = index + 1
    if (rowCount >= this.#countAt || context.byteBound >= context.checkBytes) {
      const exact = this.#countBytes(rowCount)
      if (exact >= blockBytes && index > 0 && exact - this.#countBytes(index) > blockBytes) {
        this.#undo(index) // a row larger than a block travels alone
        return SEAL_FIRST
      }
      this.#exactBytes = exact
      this.#exactRows = rowCount
      context.byteBound = 0
      context.rowCount = rowCount
      if (rowCount >= blockSize || rowCount >= this.#rowCapacity || exact >= blockBytes) return BLOCK_FULL
      this.#planCount()
    }
    context.rowCount = rowCount
    if (rowCount === this.#strips.end) this.#strips.flush(rowCount)
    const looks = rowCount >= this.#lookAt
    if (looks) this.#lookAt = rowCount + this.#lookRows
    this.#planNext()
    return looks ? LOOK : STAGED
  }

  #stageSlice(given: GivenColumns, from: number, sealsNext: boolean): number {
    const context = this.#context
    const index = this.rowCount
    context.lends = index === 0 && (sealsNext || given.rowCount - from >= this.#rowCapacity)
    this.#strips.flush(index)
    const rows = this.#columns.stage(given, from, index, this.#rowCapacity - index, this.#exactBytes)
    context.stripStart = index + rows
    context.lends = context.omitted = false
    for (let row = index; row < index + rows && (row === 0 || this.#check.everyRow); row++) {
      context.stagingRow = row
      this.#check.checkColumns(row, this.firstRow + row)
    }
    this.#count(index + rows)
    if (!this.isFull && !(sealsNext && from + rows === given.rowCount)) this.keep()
    return rows
  }

  /** Makes `rowCount` rows real, and counts their bytes. */
  #count(rowCount: number): void {
    this.#context.rowCount = rowCount
    this.#context.byteBound = 0
    this.#context.omitted = false
    this.#exactBytes = this.#countBytes(rowCount)
    this.#exactRows = rowCount
    this.#planCount()
  }

  #countBytes(count: number): number {
    let bytes = this.#headBytes
    for (const { column } of this.#planned) bytes += column.countBytes(count)
    return bytes
  }

  /** When to count bytes next: half of what is left for the fixed part of rows, half for text and elements. */
  #planCount(): void {
    const left = this.#options.blockBytes - this.#exactBytes
    const rows = Math.max(1, Math.floor(left / 2 / this.#boundWidth))
    this.#context.checkBytes = Math.ceil(left / 2)
    this.#countAt = Math.min(this.#options.blockSize, this.#rowCapacity, this.#exactRows + rows)
  }

  /** The row count below which the row function need not call settle(). */
  #planNext(): void {
    const looksAtNext = this.rowCount === 0 || this.#moved || this.#check.everyRow
    this.#context.checkRows = looksAtNext ? 0 : Math.min(this.#countAt, this.#lookAt, this.#strips.end)
  }

  /** Writes the row functions for the memory as it lies now, and stages the row that met the old ones once more. */
  #stageAnew(row: object | readonly unknown[], index: number): void {
    this.#moved = false
    this.stage = this.#write()
    this.#stageArray = undefined
    for (const { column } of this.#planned) column.truncate(index)
    this.#context.omitted = false
    const slot = index - this.#context.stripStart
    if (Array.isArray(row)) {
      this.#context.mayOmit = false
      this.#stageArray = byPosition(this.#named)
      this.#stageArray(row, index, slot)
      this.#context.mayOmit = this.#context.mayOmitByName
    } else byName(this.#named)(row, index, slot)
  }

  #write(): StageFunction {
    return stageFunction(this.#named, this.#context, this)
  }

  #undo(index: number): void {
    for (const { column } of this.#planned) column.truncate(index)
    this.#context.mayOmit = this.#context.mayOmitByName
    this.#context.omitted = false
    this.#countAt = this.#context.checkRows = 0 // the bound still counts the row: count exactly after the next one
  }

  #forgetRows(): void {
    this.#context.rowCount = 0
    this.#context.stripStart = 0
    this.#context.byteBound = 0
    this.#context.omitted = false
    this.#exactBytes = this.#countBytes(0)
    this.#exactRows = 0
    this.#lookAt = this.#lookRows
    this.#planCount()
    this.#planNext()
  }

  #indexOf(rowIndex: number | undefined): number {
    return rowIndex ?? this.firstRow + this.rowCount
  }

  /** The written-out cases trust what they see; the columns themselves name what is wrong with an odd object. */
  #refuseOdd(row: object, rowIndex?: number): void {
    const index = this.rowCount
    const isArray = Array.isArray(row)
    this.#context.mayOmit &&= !isArray
    try {
      const stage = isArray ? plainByPosition(this.#named) : plainByName(this.#named)
      stage(row, index, index - this.#context.stripStart)
    } catch (error) {
      if (error instanceof Refusal) throw this.#toError(error, rowIndex)
    } finally {
      this.#undo(index)
    }
  }

  /** @param shift  from rows of the block to rows of the call */
  #toColumnError(refusal: Refusal, shift: number): EncodeError {
    const { stagingRow } = this.#context
    const rowIndex = this.firstRow + stagingRow
    const rowOfCall = stagingRow + shift
    return this.#toError(
      refusal,
      rowIndex,
      stagingRow,
      rowOfCall === rowIndex ? '' : ` (row ${rowOfCall} of this call)`,
    )
  }

  #toError(refusal: Refusal, rowIndex?: number, stagingRow: number = this.rowCount, which = ''): EncodeError {
    this.#context.stagingRow = stagingRow
    let root = refusal.column
    while (root.parent) root = root.parent
    const name = this.#planned.find(
      ({ column }) => column === root || (column instanceof OmittableColumn && column.inner === root),
    )?.name
    return new EncodeError(refusal.code, refusal.reason + which, {
      table: this.#options.table,
      column: `${name ?? ''}${refusal.column.locate(refusal.index)}`,
      type: refusal.column.type,
      row: this.#indexOf(rowIndex),
      value: refusal.value,
      hint: refusal.hint,
    })
  }
}

function headerBytes({ header, nullableHeader }: PlannedColumn): number {
  return Math.max(header.byteLength, nullableHeader?.byteLength ?? 0)
}

/** Reads `n.a` from the row's `n`: [{a, b}, …] ──▶ the a of each. */
function nestedReader(name: string, groups: readonly NestedGroup[]): NamedColumn['fromNested'] {
  const group = groups.find(({ members }) => members.some((member) => member.name === name))
  if (!group) return undefined
  const { part } = group.members.find((member) => member.name === name)!
  return (row, own) => {
    if (own !== undefined) return own
    const list = ownValue(row, group.name)
    if (!Array.isArray(list)) return list
    return list.map((item) =>
      item !== null && typeof item === 'object' ? (item as Record<string, unknown>)[part] : undefined,
    )
  }
}
