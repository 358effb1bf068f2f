// Variant(T1, T2, …): one discriminator byte a row (255 is NULL), then the values of each alternative, dense. The
// alternatives stand in the bytewise order of their names, however the type was declared; parseType() has them so.
//
//   Variant(String, UInt8)   'x', 5, NULL ──▶ 00 01 ff   01 78   05

import { formatType } from '../types/format.ts'
import type { TypeNode } from '../types/node.ts'
import { TypedValue } from '../types/typed.ts'
import type { Pieces } from '../wasm/pieces.ts'
import { Alternative, AlternativesColumn } from './alternatives.ts'
import type { StagedColumn, StagingContext } from './column.ts'
import { candidates, type Kind, kindOf } from './kind.ts'
import { Spellings, typeOf } from './typed.ts'

const MODE_BYTES = 8
const KINDS: readonly Kind[] = ['string', 'number', 'bigint', 'boolean', 'Date', 'bytes', 'array', 'Map', 'object']

export class VariantColumn extends AlternativesColumn {
  protected codes: Uint8Array = new Uint8Array(0)
  protected readonly nullCode = 255
  protected readonly headBytes = MODE_BYTES
  readonly #names: readonly string[]
  /** By the text given to typed(): the alternative. */
  readonly #spellings = new Spellings<number>()
  /** By kind of value: the alternatives it can mean. */
  readonly #candidates: ReadonlyMap<Kind | undefined, readonly number[]>

  /** @param columns  one for each alternative, in the order of the discriminators */
  constructor(
    context: StagingContext,
    type: string,
    columns: readonly StagedColumn[],
    alternatives: readonly TypeNode[],
  ) {
    super(context, type, 1)
    this.#names = alternatives.map(formatType)
    this.#candidates = new Map(KINDS.map((kind) => [kind, candidates(alternatives, kind)]))
    for (const column of columns) {
      column.parent = this
      this.used.push(new Alternative(column))
    }
  }
  protected bind(): void {
    this.codes = this.context.arena.u8(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === null) return this.putNull(index)
    if (value instanceof TypedValue) return this.#putTyped(index, value)
    const kind = kindOf(value)
    const found = this.#candidates.get(kind)
    if (found?.length === 1) this.putAs(index, found[0], value)
    else if (value === undefined) this.putMissing(index)
    else this.#refuseKind(index, value, kind, found ?? [])
  }
  #putTyped(index: number, typed: TypedValue): void {
    const code = this.#spellings.get(typed.type) ?? this.#codeOf(index, typed)
    if (typed.value === null) this.putNull(index)
    else this.putAs(index, code, typed.value)
  }
  #codeOf(index: number, typed: TypedValue): number {
    const name = typeOf(this, index, typed, formatType)
    const code = this.#names.indexOf(name)
    if (code < 0) {
      const hint = `Its alternatives are ${this.#names.join(', ')}.`
      this.refuse('WRONG_TYPE', index, typed.value, `${name} is no alternative of this Variant`, hint)
    }
    this.#spellings.set(typed.type, code)
    return code
  }
  #refuseKind(index: number, value: unknown, kind: Kind | undefined, codes: readonly number[]): never {
    const found = codes.map((code) => this.#names[code])
    if (found.length === 0) this.refuseType(index, value, `a value of ${this.#names.join(', ')}, or null`)
    this.refuse(
      'WRONG_TYPE',
      index,
      value,
      `${kind === 'array' || kind === 'object' ? 'an' : 'a'} ${kind} can mean ${found.join(' or ')}`,
      `Say which: typed(${JSON.stringify(found[0])}, value).`,
    )
  }
  override prefix(pieces: Pieces): void {
    pieces.add(this.context.zeros, MODE_BYTES) // mode 0: a discriminator a row
    for (const { column } of this.used) column.prefix(pieces)
  }
  override data(pieces: Pieces, count: number): void {
    super.data(pieces, count)
    this.alternativesData(pieces)
  }
}
