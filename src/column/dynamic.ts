// Dynamic: every value has a type of its own, and a block brings the list of those it uses (structure version 3).
//
//   prefix   UInt64 3, VarUInt k, the names of k types, the prefixes of these types
//   data     a code a row: the number of its type, k for NULL (one byte, two from 256 types on); then the values of each
//            type, dense
//
//   8, NULL, 'x' ──▶ 03…   02   05 Int64   06 String      00 02 01   08…   01 78

import { show } from '../errors.ts'
import { whyNotAlternative } from '../types/check.ts'
import { formatType } from '../types/format.ts'
import type { TypeNode } from '../types/node.ts'
import { parseType } from '../types/parse.ts'
import { TypedValue } from '../types/typed.ts'
import type { Pieces } from '../wasm/pieces.ts'
import { Alternative, AlternativesColumn } from './alternatives.ts'
import type { StagedColumn, StagingContext } from './column.ts'
import { inferType, NO_TYPE, typeName } from './infer.ts'
import { Spellings, typeOf } from './typed.ts'
import { varUInt, withLength } from './var-uint.ts'

/** The column of a type is kept for the next blocks, so their number is what bounds the memory; the server keeps 254 types apart. */
const TYPES_MAX = 1000
/** With more types than this the memory is not handed on to another statement, whose own types it would count against. */
const TYPES_HANDED_ON = 100
/** VarUInt of at most TYPES_MAX. */
const COUNT_BYTES_MAX = 2
/** Flattened: no alternative that values of further types share. */
const VERSION = [3, 0, 0, 0, 0, 0, 0, 0]

class DynamicType extends Alternative {
  readonly name: string
  /** The name as it stands in the prefix. */
  readonly head: Uint8Array
  /** Its number in the open block, or -1. */
  code = -1
  constructor(column: StagedColumn, name: string) {
    super(column)
    this.name = name
    this.head = withLength(name)
  }
}

export class DynamicColumn extends AlternativesColumn {
  protected codes: Uint16Array = new Uint16Array(0)
  protected readonly nullCode = 0xffff
  protected override readonly used: DynamicType[] = []
  override readonly minWidth = 1
  readonly #makeColumn: (node: TypeNode) => StagedColumn
  readonly #byName = new Map<string, DynamicType>()
  readonly #inferred = new Map<number, DynamicType>()
  readonly #spellings = new Spellings<DynamicType>()
  /** Version, number of types and their names. */
  protected headBytes = VERSION.length + COUNT_BYTES_MAX
  #headPtr = 0
  #headRoom = 0

  constructor(context: StagingContext, type: string, makeColumn: (node: TypeNode) => StagedColumn) {
    super(context, type, 2)
    this.#makeColumn = makeColumn
  }
  override get boundWidth(): number {
    return 2
  }
  protected bind(): void {
    this.codes = this.context.arena.u16(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === null) return this.putNull(index)
    if (value === undefined) return this.putMissing(index)
    if (value instanceof TypedValue) return this.#putTyped(index, value)
    const inferred = inferType(value)
    const type = this.#inferred.get(inferred) ?? this.#infer(index, value, inferred)
    this.putAs(index, type.code >= 0 ? type.code : this.#use(type), value)
  }
  #putTyped(index: number, typed: TypedValue): void {
    const type = this.#spellings.get(typed.type) ?? this.#spell(index, typed)
    if (typed.value === null) this.putNull(index)
    else this.putAs(index, type.code >= 0 ? type.code : this.#use(type), typed.value)
  }
  #infer(index: number, value: unknown, inferred: number): DynamicType {
    if (inferred === NO_TYPE) {
      this.refuse(
        'WRONG_TYPE',
        index,
        value,
        `${show(value)} has no type of its own`,
        "Name one: typed('Map(UUID, String)', value).",
      )
    }
    const type = this.#typeOf(index, value, parseType(typeName(inferred)))
    this.#inferred.set(inferred, type)
    return type
  }
  #spell(index: number, typed: TypedValue): DynamicType {
    const type = typeOf(this, index, typed, (node) => this.#typeOf(index, typed.value, node))
    this.#spellings.set(typed.type, type)
    return type
  }
  #typeOf(index: number, value: unknown, node: TypeNode): DynamicType {
    const name = formatType(node)
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const whyNot = whyNotAlternative(node)
    if (whyNot !== undefined) {
      this.refuse(
        'WRONG_TYPE',
        index,
        value,
        `no value of a Dynamic is a ${name}`,
        'Name the type of the value itself; NULL is null.',
      )
    }
    if (this.#byName.size === TYPES_MAX) {
      this.refuse(
        'WRONG_TYPE',
        index,
        value,
        `${name} would be type ${TYPES_MAX + 1} of this column`,
        'What differs from value to value belongs into the value, not into its type.',
      )
    }
    const type = new DynamicType(this.#makeColumn(node), name)
    type.column.parent = this
    this.#byName.set(name, type)
    if (this.#byName.size > TYPES_HANDED_ON) this.context.isWorn = true
    return type
  }
  /** Puts a type on the block's list. */
  #use(type: DynamicType): number {
    this.headBytes += type.head.length
    this.context.byteBound += type.head.length + type.column.countBytes(0)
    type.code = this.used.length
    this.used.push(type)
    return type.code
  }
  /** Types stand in the order of their first value: those that only forgotten rows used are the last ones. */
  override truncate(count: number): void {
    super.truncate(count)
    while (this.used.length > 0 && this.used[this.used.length - 1].count === 0) {
      const type = this.used.pop()!
      this.headBytes -= type.head.length
      type.code = -1
    }
  }
  override prefix(pieces: Pieces): void {
    const head = Buffer.concat([Buffer.from(VERSION), varUInt(this.used.length), ...this.used.map((type) => type.head)])
    if (head.length > this.#headRoom) {
      this.#headRoom = head.length * 2
      this.#headPtr = this.context.arena.reserve(this.#headRoom)
    }
    this.context.arena.u8(this.#headPtr, head.length).set(head)
    pieces.add(this.#headPtr, head.length)
    for (const { column } of this.used) column.prefix(pieces)
  }
  override data(pieces: Pieces, count: number): void {
    const nullCode = this.used.length
    const width = nullCode < 256 ? 1 : 2
    const narrow = width === 1 ? this.context.arena.u8(this.ptr, count) : this.codes
    for (let i = 0; i < count; i++) narrow[i] = this.codes[i] === this.nullCode ? nullCode : this.codes[i]
    pieces.add(this.ptr, count * width)
    this.alternativesData(pieces)
  }
  override reset(): void {
    super.reset()
    this.truncate(0)
  }
}
