// Enum8, Enum16: the signed code of the label.
//
//   Enum8('a' = -1, 'b' = 2)   a, b ──▶ ff 02
//
// The server stores any code without a check, and every SELECT of an unknown one fails from then on (error 691).

import { show } from '../errors.ts'
import type { EnumValue } from '../types/node.ts'
import { FixedColumn, type StagingContext } from './column.ts'

export class EnumColumn extends FixedColumn {
  values: Int8Array | Int16Array = new Int8Array(0)
  readonly #codes: Map<unknown, number>
  readonly #labels: readonly EnumValue[]
  readonly #lowest: number

  constructor(context: StagingContext, type: string, width: 1 | 2, labels: readonly EnumValue[]) {
    super(context, type, width)
    this.#labels = labels
    this.#codes = new Map()
    for (const { label, code } of labels) this.#codes.set(label, code).set(code, code)
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
  putDefault(index: number): void {
    this.values[index] = this.#lowest
  }
  override putZero(index: number): void {
    this.values[index] = 0
  }
}
