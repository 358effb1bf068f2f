// Array(T): one UInt64 a row with the element count up to and including that row, then all elements.
//
//   Array(UInt8)   [1, 2], [], [3] ──▶ 02… 02… 03…   01 02 03

import type { Pieces } from '../wasm/pieces.ts'
import { FixedColumn, type RowSource, type StagedColumn, type StagingContext } from './column.ts'

/** What Array and Map share: cumulative ends as UInt64, of which the upper words stay 0. */
export abstract class OffsetsColumn extends FixedColumn {
  /** Pairs of words; the low one counts the elements up to and including this row. */
  #words: Uint32Array = new Uint32Array(0)

  constructor(context: StagingContext, type: string) {
    super(context, type, 8)
  }
  protected bind(): void {
    this.#words = this.context.arena.u32(this.ptr, this.capacity * 2)
  }
  override get holdsElements(): boolean {
    return true
  }
  /** Number of elements of the first `count` rows. */
  elements(count: number): number {
    return count === 0 ? 0 : this.#words[count * 2 - 2]
  }
  endRow(index: number, elements: number): void {
    this.#words[index * 2] = elements
    this.#words[index * 2 + 1] = 0
  }
  /** Elements in row `index`, once it is staged. */
  lengthAt(index: number): number {
    return this.elements(index + 1) - this.elements(index)
  }
  putDefault(index: number): void {
    this.endRow(index, this.elements(index))
  }
  protected override locateChild(child: StagedColumn, index: number): string {
    // `index` counts elements; the row being staged is the last one that starts at or before it.
    let low = 0
    let high = this.capacity
    while (low < high) {
      const middle = (low + high) >> 1
      if (middle < this.#staging && this.elements(middle + 1) <= index) low = middle + 1
      else high = middle
    }
    return `${this.locate(low)}[${index - this.elements(low)}]${child.part}`
  }
  #staging = 0
  /** Notes which row is being staged, so that a refused element can be named. */
  protected beginRow(index: number): number {
    this.#staging = index
    return this.elements(index)
  }
}

export class ArrayColumn extends OffsetsColumn {
  readonly inner: StagedColumn
  override readonly minWidth = 8
  readonly #elementWidth: number

  constructor(context: StagingContext, type: string, inner: StagedColumn) {
    super(context, type)
    this.inner = inner
    this.#elementWidth = inner.minWidth
    inner.parent = this
  }
  put(index: number, value: unknown): void {
    if (!Array.isArray(value) && !isTypedArray(value)) {
      if (value === undefined) this.putMissing(index)
      else this.refuseType(index, value, 'an array or a typed array')
      return
    }
    const { length } = value
    const inner = this.inner
    const start = this.beginElements(index, length)
    for (let i = 0; i < length; i++) inner.put(start + i, value[i])
    this.endRow(index, start + length)
  }
  /** Room for `length` more elements; returns the index of the first. */
  beginElements(index: number, length: number): number {
    const start = this.beginRow(index)
    this.inner.ensure(start + length)
    this.context.byteBound += length * this.#elementWidth
    return start
  }
  override countBytes(count: number): number {
    return count * 8 + this.inner.countBytes(this.elements(count))
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    const [start, at, element, child] = [source.local(), source.local(), source.local(), source.local()]
    return `if (Array.isArray(${value})) {
    const ${start} = ${column}.beginElements(${index}, ${value}.length)
    for (let ${at} = 0; ${at} < ${value}.length; ${at}++) {
      const ${element} = ${value}[${at}], ${child} = ${start} + ${at}
      ${this.inner.putSource(source, child, element)}
    }
    ${column}.endRow(${index}, ${start} + ${value}.length)
  } else ${column}.put(${index}, ${value})`
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

function isTypedArray(value: unknown): value is ArrayLike<unknown> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
}
