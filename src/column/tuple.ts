// Tuple(A, B): all of A, then all of B; names leave no trace in the bytes. Tuple(): one byte 0x30 a row.
//
//   Tuple(a UInt8, b String)   (1, 'x'), (2, 'y') ──▶ 01 02   01 78 01 79

import type { TupleElement } from '../types/node.ts'
import type { Pieces } from '../wasm/pieces.ts'
import { FixedColumn, StagedColumn, type StagingContext } from './column.ts'

export class TupleColumn extends StagedColumn {
  readonly #elements: readonly StagedColumn[]
  readonly #names: readonly (string | undefined)[]
  readonly minWidth: number

  constructor(
    context: StagingContext,
    type: string,
    columns: readonly StagedColumn[],
    elements: readonly TupleElement[],
  ) {
    super(context, type)
    this.#elements = columns
    this.#names = elements.map(({ name }) => name)
    this.minWidth = columns.reduce((sum, column) => sum + column.minWidth, 0)
    columns.forEach((column, i) => {
      column.parent = this
      column.part = `.${elements[i].name ?? i + 1}`
    })
  }
  protected override get nullableHint(): string {
    return 'make its elements Nullable'
  }
  override get boundWidth(): number {
    return this.#elements.reduce((sum, element) => sum + element.boundWidth, 0)
  }
  put(index: number, value: unknown): void {
    const elements = this.#elements
    if (Array.isArray(value)) {
      if (value.length !== elements.length) {
        this.refuse('WRONG_ARITY', index, value, `${value.length} values for a tuple of ${elements.length}`)
      }
      for (let i = 0; i < elements.length; i++) elements[i].put(index, value[i])
    } else if (value === undefined) this.putMissing(index)
    else if (value !== null && typeof value === 'object' && this.#names[0] !== undefined) {
      this.#putObject(index, value as Record<string, unknown>)
    } else
      this.refuseType(
        index,
        value,
        this.#names[0] === undefined ? 'an array' : 'an array, or an object by element name',
      )
  }
  #putObject(index: number, value: Record<string, unknown>): void {
    for (const key in value) {
      if (!this.#names.includes(key)) {
        this.refuse(
          'UNKNOWN_COLUMN',
          index,
          value,
          `the tuple has no element ${JSON.stringify(key)}`,
          `Its elements are ${this.#names.join(', ')}.`,
        )
      }
    }
    for (let i = 0; i < this.#elements.length; i++) this.#elements[i].put(index, value[this.#names[i]!])
  }
  putDefault(index: number): void {
    for (const element of this.#elements) element.putDefault(index)
  }
  override putZero(index: number): void {
    for (const element of this.#elements) element.putZero(index)
  }
  ensure(count: number): void {
    for (const element of this.#elements) element.ensure(count)
  }
  countBytes(count: number): number {
    return this.#elements.reduce((sum, element) => sum + element.countBytes(count), 0)
  }
  override truncate(count: number): void {
    for (const element of this.#elements) element.truncate(count)
  }
  override prefix(pieces: Pieces): void {
    for (const element of this.#elements) element.prefix(pieces)
  }
  data(pieces: Pieces, count: number): void {
    for (const element of this.#elements) element.data(pieces, count)
  }
  override reset(): void {
    for (const element of this.#elements) element.reset()
  }
}

export class EmptyTupleColumn extends FixedColumn {
  #bytes: Uint8Array = new Uint8Array(0)
  constructor(context: StagingContext, type: string) {
    super(context, type, 1)
  }
  protected bind(): void {
    this.#bytes = this.context.arena.u8(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    if (!Array.isArray(value) || value.length !== 0) this.refuseType(index, value, 'an empty array')
    this.putDefault(index)
  }
  putDefault(index: number): void {
    this.#bytes[index] = 0x30
  }
}
