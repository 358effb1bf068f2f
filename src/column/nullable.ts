// Nullable(T): a null map of one byte a row (1 = NULL), then T with a placeholder under each NULL.
//
//   Nullable(Int16)   NULL, 5 ──▶ 01 00   00 00 05 00

import type { Pieces } from '../wasm/pieces.ts'
import {
  FixedColumn,
  type RowSource,
  type StagedColumn,
  type StagingContext,
  type StripRegion,
  type StripRoom,
  type TextWay,
} from './column.ts'
import type { ColumnSource } from './column-data.ts'

/** One byte a row. */
export class NullMap extends FixedColumn {
  flags: Uint8Array = new Uint8Array(0)
  constructor(context: StagingContext) {
    super(context, 'UInt8', 1)
  }
  protected bind(): void {
    this.flags = this.context.arena.u8(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    this.flags[index] = value ? 1 : 0
  }
  putDefault(index: number): void {
    this.flags[index] = 0
  }
}

export class NullableColumn extends FixedColumn {
  flags: Uint8Array = new Uint8Array(0)
  readonly inner: StagedColumn
  override readonly minWidth: number

  constructor(context: StagingContext, type: string, inner: StagedColumn) {
    super(context, type, 1)
    this.inner = inner
    this.minWidth = 1 + inner.minWidth
    inner.parent = this
  }
  override get boundWidth(): number {
    return 1 + this.inner.boundWidth
  }
  protected bind(): void {
    this.flags = this.context.arena.u8(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === null) this.putNull(index)
    else if (value === undefined) this.putMissing(index)
    else {
      this.flags[index] = 0
      this.inner.put(index, value)
    }
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    const inner = this.inner.putSource(source, index, value)
    return `if (${value} == null) ${column}.put(${index}, ${value}); else { ${source.view(this, 'flags')}[${index}] = 0; ${inner} }`
  }
  override putColumn(index: number, source: ColumnSource, from: number, count: number): number {
    if (source.mayMiss(from, count)) return this.putEach(index, source, from, count, 0)
    const nullCount = source.writeNulls(this.flags, index, from, count)
    if (nullCount === 0) return this.inner.putColumn(index, source.unmasked, from, count)
    return this.inner.putColumn(index, source, from, count, this.ptr + index)
  }
  override get textWay(): TextWay | undefined {
    return this.inner.textWay
  }
  override get readsText(): boolean {
    return this.inner.readsText
  }
  override putText(index: number, text: string): void {
    this.flags[index] = 0
    this.inner.putText(index, text)
  }
  override get stripWidth(): number {
    return this.inner.stripWidth === 0 ? 0 : this.width + this.inner.stripWidth
  }
  override useStrips(strip: StripRoom, blockRows: number): StripRegion[] {
    return [...super.useStrips(strip, blockRows), ...this.inner.useStrips(strip, blockRows)]
  }
  putNull(index: number): void {
    this.flags[index] = 1
    this.inner.putZero(index)
  }
  putDefault(index: number): void {
    this.putNull(index)
  }
  override ensure(count: number): void {
    super.ensure(count)
    this.inner.ensure(count)
  }
  override countBytes(count: number): number {
    return count + this.inner.countBytes(count)
  }
  override truncate(count: number): void {
    this.inner.truncate(count)
  }
  override prefix(pieces: Pieces): void {
    this.inner.prefix(pieces)
  }
  override data(pieces: Pieces, count: number): void {
    super.data(pieces, count)
    this.inner.data(pieces, count)
  }
  override reset(): void {
    this.inner.reset()
  }
}
