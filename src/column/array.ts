// Array(T): one UInt64 a row with the element count up to and including that row, then all elements.
//
//   Array(UInt8)   [1, 2], [], [3] ──▶ 02… 02… 03…   01 02 03

import type { Pieces } from '../wasm/pieces.ts'
import { FixedColumn, type RowSource, type StagedColumn, type StagingContext } from './column.ts'
import { type ColumnSource, isTypedArray, ListSource, TypedSource } from './column-data.ts'

/** What Array and Map share: cumulative ends as UInt64, of which the upper words stay 0 as the arena came. */
export abstract class OffsetsColumn extends FixedColumn {
  /** Pairs of words; the low one counts the elements up to and including this row. */
  words: Uint32Array = new Uint32Array(0)
  #staging = 0

  constructor(context: StagingContext, type: string) {
    super(context, type, 8)
  }
  protected bind(): void {
    this.words = this.context.arena.u32(this.ptr, this.capacity * 2)
  }
  override get holdsElements(): boolean {
    return true
  }
  protected override get nullableHint(): string {
    return 'pass an empty one: ClickHouse has no Nullable of it'
  }
  /** Number of elements of the first `count` rows. */
  elements(count: number): number {
    return count === 0 ? 0 : this.words[count * 2 - 2]
  }
  protected endRow(index: number, elements: number): void {
    this.words[index * 2] = elements
  }
  /** Elements in row `index`, once it is staged. */
  lengthAt(index: number): number {
    return this.elements(index + 1) - this.elements(index)
  }
  putDefault(index: number): void {
    this.endRow(index, this.elements(index))
  }
  protected override locateChild(child: StagedColumn, index: number): string {
    const row = this.isRowLevel ? this.context.stagingRow : this.#staging
    return `${this.locate(row)}[${index - this.elements(row)}]${child.part}`
  }
  /** Notes which array is being staged, so that a refused element can be named; returns the index of its first element. */
  protected beginRow(index: number): number {
    this.#staging = index
    return this.elements(index)
  }
}

export class ArrayColumn extends OffsetsColumn {
  readonly inner: StagedColumn
  override readonly minWidth = 8
  /** Elements of an array of the row level move only in `grow`. */
  override get elementsTellMoves(): boolean {
    return this.isRowLevel
  }
  /** Elements that `inner` has room for. */
  room = 0

  constructor(context: StagingContext, type: string, inner: StagedColumn) {
    super(context, type)
    this.inner = inner
    inner.parent = this
  }
  put(index: number, value: unknown): void {
    if (!Array.isArray(value) && !isTypedArray(value)) {
      if (value === undefined) this.putMissing(index)
      else this.refuseType(index, value, 'an array or a typed array')
      return
    }
    const { length } = value
    if (length === 0) this.requireBuffer(index, value)
    const inner = this.inner
    const start = this.beginRow(index)
    if (start + length > this.room) this.grow(start + length)
    this.context.byteBound += length * inner.boundWidth
    if (length >= COPIED && isTypedArray(value)) inner.putColumn(start, new TypedSource(value), 0, length)
    else for (let i = 0; i < length; i++) inner.put(start + i, value[i])
    this.endRow(index, start + length)
  }
  override putItems(index: number, items: ColumnSource, from: number, to: number): void {
    const start = this.beginRow(index)
    const end = start + to - from
    if (end > this.room) this.grow(end)
    this.context.byteBound += (to - from) * this.inner.boundWidth
    for (let i = from; i < to; i++) items.putInto(this.inner, start + i - from, i)
    this.endRow(index, end)
  }
  override putColumn(index: number, source: ColumnSource, from: number, count: number, nulls = 0): number {
    if (!(source instanceof ListSource)) return this.putEach(index, source, from, count, nulls)
    const { items, offsets } = source
    const { context, inner } = this
    // The first array goes whole, the others as far as they fit.
    const widest = Math.floor(context.columnBytesMax / inner.boundWidth)
    let rows = 1
    while (rows < count && offsets[from + rows + 1] - offsets[from] <= widest) rows++
    const start = this.elements(index)
    const first = offsets[from]
    const length = offsets[from + rows] - first
    if (start + length > this.room) this.grow(start + length)
    context.byteBound += length * inner.boundWidth
    let taken = inner.putColumn(start, items, first, length)
    while (taken < offsets[from + 1] - first)
      taken += inner.putColumn(start + taken, items, first + taken, length - taken)
    while (rows > 1 && offsets[from + rows] - first > taken) rows--
    const end = offsets[from + rows] - first
    if (taken > end) inner.truncate(start + end) // elements of an array that does not go whole
    for (let i = 0; i < rows; i++) this.endRow(index + i, start + offsets[from + i + 1] - first)
    return rows
  }
  override putSource(source: RowSource, index: string, value: string): string {
    if (!this.isRowLevel) return super.putSource(source, index, value)
    const column = source.name(this)
    // Undefined once the memory has moved: the row is staged again then, but meanwhile no element may go to a wrong place.
    const words = source.view(this, 'words')
    const [start, length, at, element, child] = [
      source.local(),
      source.local(),
      source.local(),
      source.local(),
      source.local(),
    ]
    return `if (Array.isArray(${value})) {
    const ${length} = ${value}.length, ${start} = ${index} === 0 ? 0 : ${words}[${index} * 2 - 2] ?? ${column}.elements(${index})
    if (${start} + ${length} > ${column}.room) ${column}.grow(${start} + ${length})
    ${source.name(this.context)}.byteBound += ${length} * ${this.inner.boundWidth}
    for (let ${at} = 0; ${at} < ${length}; ${at}++) {
      const ${element} = ${value}[${at}], ${child} = ${start} + ${at}
      ${this.inner.putSource(source, child, element)}
    }
    ${words}[${index} * 2] = ${start} + ${length}
  } else ${column}.put(${index}, ${value})`
  }
  grow(count: number): void {
    // Nothing is touched before it is used, and each growth writes the row function anew: grow in few steps.
    const room = Math.max(count, this.room * 4, this.isRowLevel ? 64 * 1024 : 1024)
    this.inner.ensure(room) // throws where the memory ends
    this.room = room
    this.context.regionMoved()
  }
  override countBytes(count: number): number {
    return count * 8 + this.inner.countBytes(this.elements(count))
  }
  override truncate(count: number): void {
    this.inner.truncate(this.elements(count))
  }
  override prefix(pieces: Pieces): void {
    this.inner.prefix(pieces)
  }
  override data(pieces: Pieces, count: number): void {
    super.data(pieces, count)
    const elements = this.elements(count)
    if (elements > 0) this.inner.data(pieces, elements)
  }
  override reset(): void {
    this.inner.reset()
  }
}

/** From so many elements on a typed array is copied as a whole; setting that up takes as long as so many values. */
const COPIED = 16
