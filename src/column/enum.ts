// Enum8, Enum16: the signed code of the label.
//
//   Enum8('a' = -1, 'b' = 2)   a, b ──▶ ff 02
//
// The server stores any code without a check, and every SELECT of an unknown one fails from then on (error 691).

import { show } from '../errors.ts'
import type { EnumValue } from '../types/node.ts'
import { FixedColumn, type RowSource, type StagingContext } from './column.ts'
import { type ArrayKind, SIGNED } from './column-data.ts'

const COMPARED_MAX = 6

export class EnumColumn extends FixedColumn {
  values: Int8Array | Int16Array = new Int8Array(0)
  readonly #codes: Map<unknown, number>
  readonly #labels: readonly EnumValue[]
  readonly #lowest: number
  /** 1 where the code, its sign bit as one more bit of a place, has a label. */
  readonly #labelled: Uint8Array

  constructor(context: StagingContext, type: string, width: 1 | 2, labels: readonly EnumValue[]) {
    super(context, type, width)
    this.#labels = labels
    this.#codes = new Map()
    for (const { label, code } of labels) this.#codes.set(label, code).set(code, code)
    this.#labelled = new Uint8Array(width === 1 ? 0x100 : 0x10000)
    for (const { code } of labels) this.#labelled[code & (this.#labelled.length - 1)] = 1
    this.#lowest = Math.min(...labels.map(({ code }) => code))
  }
  protected bind(): void {
    const arena = this.context.arena
    this.values = this.width === 1 ? arena.i8(this.ptr, this.capacity) : arena.i16(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    const code = this.#codes.get(value)
    if (code !== undefined) this.values[index] = code
    else if (value === undefined) this.putMissing(index)
    else if (typeof value === 'string' || typeof value === 'number') {
      const shown = this.#labels.slice(0, 12).map(({ label }) => JSON.stringify(label))
      const more = this.#labels.length - shown.length
      this.refuse(
        'UNKNOWN_LABEL',
        index,
        value,
        `${show(value)} is no ${typeof value === 'string' ? 'label' : 'number'} of this Enum`,
        `The labels are ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`,
      )
    } else this.refuseType(index, value, 'a label or its number')
  }
  /** A few labels are compared one after the other: most texts of a few characters are internalized, and known by their address. */
  override putSource(source: RowSource, index: string, value: string): string {
    if (this.#labels.length > COMPARED_MAX) return super.putSource(source, index, value)
    const cases = this.#labels.map(
      ({ label, code }) =>
        `if (${value} === ${JSON.stringify(label)}) ${source.view(this, 'values')}[${index}] = ${code}; else `,
    )
    return `${cases.join('')}${source.name(this)}.put(${index}, ${value})`
  }
  /** Codes; labels go one by one. */
  protected override viewFor(kind: ArrayKind): Int8Array | Int16Array | undefined {
    return SIGNED[this.width === 1 ? 8 : 16].includes(kind) ? this.values : undefined
  }
  protected override findStray(index: number, end: number): number {
    const labelled = this.#labelled
    const mask = labelled.length - 1
    let at = index
    while (at < end && labelled[this.values[at] & mask] === 1) at++
    return at
  }
  putDefault(index: number): void {
    this.values[index] = this.#lowest
  }
  override putZero(index: number): void {
    this.values[index] = 0
  }
}
