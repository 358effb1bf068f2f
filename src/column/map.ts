// Map(K, V): as Array(Tuple(K, V)): ends, all keys, all values. Order and repeated keys stay as they come.
//
//   Map(String, UInt8)   {k: 1, l: 2}, {} ──▶ 02… 02…   01 6b 01 6c   01 02

import type { Pieces } from '../wasm/pieces.ts'
import { OffsetsColumn } from './array.ts'
import { isKeyed, type StagedColumn, type StagingContext } from './column.ts'

const TAKES = 'a Map, an object, or an array of [key, value]'

export class MapColumn extends OffsetsColumn {
  readonly #keys: StagedColumn
  readonly #values: StagedColumn
  override readonly minWidth = 8

  constructor(context: StagingContext, type: string, keys: StagedColumn, values: StagedColumn) {
    super(context, type)
    this.#keys = keys
    this.#values = values
    keys.parent = this
    keys.part = ' key'
    values.parent = this
  }
  put(index: number, value: unknown): void {
    if (value === null || typeof value !== 'object') {
      if (value === undefined) this.putMissing(index)
      else this.refuseType(index, value, TAKES)
      return
    }
    const start = this.beginRow(index)
    let at = start
    if (value instanceof Map) {
      const { size } = value
      this.#ensure(start, size)
      for (const [key, item] of value) {
        if (at - start >= size) this.#ensure(at, 1) // a class of its own may give more than it says
        this.#putEntry(at++, key, item)
      }
    } else if (Array.isArray(value)) {
      const { length } = value
      this.#ensure(start, length)
      for (let i = 0; i < length; i++) {
        const entry: unknown = value[i]
        if (!Array.isArray(entry) || entry.length !== 2) {
          this.refuse(
            'WRONG_TYPE',
            index,
            value,
            `entry ${at - start} is no [key, value]`,
            'A Map column takes a Map, an object, or an array of [key, value].',
          )
        }
        this.#putEntry(at++, entry[0], entry[1])
      }
    } else {
      if (!isKeyed(value)) this.refuseType(index, value, TAKES)
      const object = value as Record<string, unknown>
      for (const key in object) {
        if (!Object.hasOwn(object, key)) continue
        this.#ensure(at, 1)
        // The key of an object is a text, whatever number the program wrote.
        if (this.#keys.readsText) this.#keys.putText(at, key)
        else this.#keys.put(at, key)
        this.#values.put(at++, object[key])
      }
    }
    this.endRow(index, at)
  }
  #putEntry(at: number, key: unknown, value: unknown): void {
    this.#keys.put(at, key)
    this.#values.put(at, value)
  }
  #ensure(start: number, more: number): void {
    this.#keys.ensure(start + more)
    this.#values.ensure(start + more)
    this.context.byteBound += more * (this.#keys.boundWidth + this.#values.boundWidth)
  }
  override countBytes(count: number): number {
    const entries = this.elements(count)
    return count * 8 + this.#keys.countBytes(entries) + this.#values.countBytes(entries)
  }
  override truncate(count: number): void {
    const entries = this.elements(count)
    this.#keys.truncate(entries)
    this.#values.truncate(entries)
  }
  override prefix(pieces: Pieces): void {
    this.#keys.prefix(pieces)
    this.#values.prefix(pieces)
  }
  override data(pieces: Pieces, count: number): void {
    super.data(pieces, count)
    const entries = this.elements(count)
    if (entries === 0) return
    this.#keys.data(pieces, entries)
    this.#values.data(pieces, entries)
  }
  override reset(): void {
    this.#keys.reset()
    this.#values.reset()
  }
}
