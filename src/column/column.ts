// What every column does between a JavaScript value and its bytes in the arena.
//
// A column holds `count` values, but does not know the number: the caller says at which index a value goes (`put`), and
// how many there are (`truncate`, `data`). So a row becomes real only when the builder counts it, and undoing a bad row is
// forgetting everything from an index on.

import type { ErrorCode } from '../errors.ts'
import { show } from '../errors.ts'
import { TypedValue } from '../types/typed.ts'
import type { Arena } from '../wasm/core.ts'
import type { Pieces } from '../wasm/pieces.ts'
import {
  type ArrayKind,
  type ColumnSource,
  LOST_BUFFER,
  LOST_BUFFER_HINT,
  lostBuffer,
  type TypedArray,
  TypedSource,
} from './column-data.ts'
import { beginsWithText, putTexts, type TextParser } from './texts.ts'

/** What the columns of one block share. */
export class StagingContext {
  readonly arena: Arena
  readonly refuseInvalidText: boolean
  /** Whether a row given by name may leave a column out. */
  readonly mayOmitByName: boolean
  /** Whether the row being staged may (rows by name; not arrays, not inside composites). */
  mayOmit: boolean
  /** The row being staged left at least one column out. */
  omitted = false
  /** Rows in the open block. */
  rowCount = 0
  /** Row of the block that stands first in the strip: see Strips. */
  stripStart = 0
  /** Below this row count and this bound a row needs no look at it as a whole; 0 asks for one. */
  checkRows = 0
  checkBytes = 0
  /** Upper bound of the text and element bytes staged since they were last counted exactly. */
  byteBound = 0
  /** Of a whole column, values are staged until they add this much to the byteBound; the rest comes after a look at the block. */
  columnBytesMax = Number.POSITIVE_INFINITY
  /** Whether the block is to be sealed before a whole column's values are the caller's again: they need not be copied here. */
  lends = false
  /** Region that text is written to before the core cuts it into values; shared, because nothing stays in it. */
  readonly scratch: Scratch
  /** Address of 64 zero bytes that nothing writes to. */
  readonly zeros: number

  /** Bytes of text that a column of the row level reserves at first; untouched memory costs nothing, but growing it does. */
  textBytes = 64 * 1024
  /** The memory holds much that another statement of the same columns has no use for. */
  isWorn = false
  /** The row that is being staged when a value is refused; set before its place is named. */
  stagingRow = 0
  /** Called when a region of the row level moves inside the memory, as when the memory itself moves. */
  regionMoved: () => void = () => {}

  constructor(arena: Arena, refuseInvalidText: boolean, mayOmitByName: boolean) {
    this.arena = arena
    this.mayOmitByName = mayOmitByName
    this.mayOmit = mayOmitByName
    this.refuseInvalidText = refuseInvalidText
    this.scratch = new Scratch(arena)
    this.zeros = arena.reserve(64)
    arena.u8(this.zeros, 64).fill(0)
  }

  noteOmission(): void {
    this.omitted = true
    this.checkRows = 0
  }
}

/** Where the strips of all columns stand close together. */
export interface StripRoom {
  readonly rowCount: number
  /** Address of room for `rowCount` values. */
  take(width: number): number
}

/**
 * How a column writes its texts, chosen from those it has seen: `short` ones character by character; `joined` to one text that is
 * written at once; `mixed`: joined, but for those beyond Latin-1, which would make all of them two bytes a character.
 */
export type TextWay = 'short' | 'joined' | 'mixed'

/** Where values of a column are staged, and where they belong in the block: see Strips. */
export interface StripRegion {
  readonly from: number
  readonly to: number
  readonly width: number
}

/** Working memory of one call into the core. */
export class Scratch {
  readonly #arena: Arena
  #capacity = 0
  ptr = 0
  /** The region as a Buffer, for `utf8Write`. */
  buffer: Buffer = Buffer.alloc(0)

  constructor(arena: Arena) {
    this.#arena = arena
    arena.onMove(() => this.#bind())
  }

  /** Makes room for `byteLength` bytes; what was there is lost. */
  ensure(byteLength: number): void {
    if (byteLength <= this.#capacity) return
    const capacity = Math.max(byteLength, this.#capacity * 2, 64 * 1024)
    this.ptr = this.#arena.reserve(capacity)
    this.#capacity = capacity
    this.#bind()
  }

  #bind(): void {
    this.buffer = this.#arena.node(this.ptr, this.#capacity)
  }
}

/** The row function while it is written. */
export interface RowSource {
  /** The identifier under which the function knows a column, or a function of one. */
  name(value: unknown): string
  /**
   * A view of a column as an expression. Where the column tells its moves it is a constant of the function, which V8 turns
   * into an address, and the function is written anew after a move. Other columns' views are looked up.
   */
  view<Name extends string>(column: StagedColumn & { readonly [name in Name]: unknown }, name: Name): string
  /** A fresh identifier. */
  local(): string
}

/**
 * Whether an object is what its own keys say. A Date, a Promise, a Set, bytes have none, or others: taken as an object, they
 * would be an empty one without a word.
 */
export function isKeyed(value: object): boolean {
  if (Object.getPrototypeOf(value) === Object.prototype) return true
  return Object.prototype.toString.call(value) === '[object Object]' && !(value instanceof TypedValue)
}

/** A value was refused. Becomes an EncodeError where table and row are known. */
export class Refusal {
  readonly code: ErrorCode
  readonly column: StagedColumn
  /** Index of the value in its column. */
  readonly index: number
  readonly value: unknown
  readonly reason: string
  readonly hint?: string
  constructor(code: ErrorCode, column: StagedColumn, index: number, value: unknown, reason: string, hint?: string) {
    this.code = code
    this.column = column
    this.index = index
    this.value = value
    this.reason = reason
    this.hint = hint
  }
}

export abstract class StagedColumn {
  readonly context: StagingContext
  /** The type as text, for messages. */
  readonly type: string
  /** The composite around this column, and which part of it this is: '[]', '.name', ' key'. Absent at the row level. */
  parent?: StagedColumn
  part = ''

  constructor(context: StagingContext, type: string) {
    this.context = context
    this.type = type
  }

  /** Whether the column has one value a row. */
  get isRowLevel(): boolean {
    return this.parent === undefined || (!this.parent.holdsElements && this.parent.isRowLevel)
  }
  /** Whether `context.regionMoved` is called each time a region of this column moves. */
  get tellsMoves(): boolean {
    if (this.parent === undefined) return true
    return this.parent.holdsElements ? this.parent.elementsTellMoves : this.parent.tellsMoves
  }
  get elementsTellMoves(): boolean {
    return false
  }
  /** Whether the columns inside have any number of values a row. */
  get holdsElements(): boolean {
    return false
  }

  /** For a column of texts at the row level. */
  get textWay(): TextWay | undefined {
    return undefined
  }
  /** Smallest number of bytes a value takes in the block. */
  abstract readonly minWidth: number
  /** Bytes that a value takes at most, as far as it adds nothing to the context's byteBound. */
  get boundWidth(): number {
    return this.minWidth
  }
  /** Bytes of the block that the first `count` values take; dictionaries count as they will be written at the widest. */
  abstract countBytes(count: number): number

  /** Bytes that a value takes where the column can stage in strips; 0 where it cannot. */
  get stripWidth(): number {
    return 0
  }
  /** Whether it does: `index` of put(), putColumn() and the like then counts from the strip's first row. */
  inStrips = false
  /** Stages in the strip from now on, of `blockRows` values in all; returns the regions to copy. Instead of `ensure`. */
  useStrips(_strip: StripRoom, _blockRows: number): StripRegion[] {
    return []
  }

  /** Stages `value` as number `index`; values are put in order, `ensure` was called before. Throws Refusal. */
  abstract put(index: number, value: unknown): void
  /**
   * `put` as a statement of the generated row function, its common case written out: V8 inlines only so many calls into one
   * function, and a row of twenty columns is beyond that. `index` and `value` are identifiers.
   */
  putSource(source: RowSource, index: string, value: string): string {
    return `${source.name(this)}.put(${index}, ${value})`
  }
  /**
   * Stages values of a whole column, from number `from` on, as numbers `index` and on; `ensure` was called before.
   *
   * @param nulls  address of one byte a value, 1 = NULL and the placeholder is staged; 0 where none is
   * @returns      how many: less than `count` where they are large (context.columnBytesMax, but one at least), or where the next
   *               one does not belong into the open block
   * @throws {Refusal}  of any of them; whoever wants to name the row stages them one by one then
   */
  putColumn(index: number, source: ColumnSource, from: number, count: number, nulls = 0): number {
    return this.putEach(index, source, from, count, nulls)
  }
  /** putColumn() without a faster way. */
  protected putEach(index: number, source: ColumnSource, from: number, count: number, nulls: number): number {
    const { context } = this
    const enough = context.byteBound + context.columnBytesMax
    for (let i = 0; i < count; i++) {
      source.stage(this, index + i, from + i, nulls !== 0)
      if (context.byteBound > enough) return i + 1
    }
    return count
  }
  /** Takes the caller's bytes as the values from number 0 on, instead of putColumn(), where they are the column as it is. */
  lend(_source: ColumnSource, _from: number, _count: number): boolean {
    return false
  }
  /** Whether a column of texts is read where a row's text may be none: putText(). */
  get readsText(): boolean {
    return false
  }
  putText(index: number, text: string): void {
    this.put(index, text)
  }
  /** Stages the items from `from` up to `to` as one array; absent where a value is no array. */
  putItems?(index: number, items: ColumnSource, from: number, to: number): void
  /** Stages the value a missing one gets: the type's zero, NULL, an Enum's lowest code. */
  abstract putDefault(index: number): void
  /** Stages the placeholder under a NULL. */
  putZero(index: number): void {
    this.putDefault(index)
  }
  /** Room for `count` values in all. */
  abstract ensure(count: number): void
  /** Forgets every value from `count` on. */
  truncate(_count: number): void {}
  /** Copies the first `count` values where they were only lent. */
  keep(_count: number): void {}
  /** State prefixes, written before any data of the whole column. */
  prefix(_pieces: Pieces): void {}
  /** The bytes of the first `count` values; the same call may be made once a block. */
  abstract data(pieces: Pieces, count: number): void
  /** Forgets what was learned from the values of the last block. */
  reset(): void {
    this.truncate(0)
  }

  /** Where in the row value `index` of this column stands, for messages: `tags[3].name`. */
  locate(index: number): string {
    return this.parent ? this.parent.locateChild(this, index) : ''
  }

  /** `index` counts the child's values; composites translate it to their own. */
  protected locateChild(child: StagedColumn, index: number): string {
    return this.locate(index) + child.part
  }

  /** For `undefined`: a missing column of a row by name takes its default, anything else is an error. */
  protected putMissing(index: number): void {
    if (this.parent || !this.context.mayOmit) {
      throw new Refusal(
        'MISSING_VALUE',
        this,
        index,
        undefined,
        'undefined where a value is required',
        'Only a column of a row given by name may be left out; write null for NULL.',
      )
    }
    this.context.noteOmission()
    this.putDefault(index)
  }

  /** For a typed array that says it is empty. */
  protected requireBuffer(index: number, value: unknown): void {
    if (lostBuffer(value)) this.refuse('WRONG_TYPE', index, value, LOST_BUFFER, LOST_BUFFER_HINT)
  }

  refuse(code: ErrorCode, index: number, value: unknown, reason: string, hint?: string): never {
    throw new Refusal(code, this, index, value, reason, hint)
  }

  /** What to do where NULL is wanted; composites have no Nullable form. */
  protected get nullableHint(): string {
    return `make the column Nullable(${this.type})`
  }

  /** The value is of a kind the column does not take; `takes` names those it does. */
  refuseType(index: number, value: unknown, takes: string): never {
    if (value === null) {
      throw new Refusal(
        'NOT_NULLABLE',
        this,
        index,
        value,
        'null, but the column is not Nullable',
        `Leave the key out for the default, or ${this.nullableHint}.`,
      )
    }
    throw new Refusal(
      'WRONG_TYPE',
      this,
      index,
      value,
      `${show(value)} is no value for ${this.type}`,
      `It takes ${takes}.`,
    )
  }
}

/** A column whose staged bytes are the column's data: `width` bytes a value, at `ptr`. */
export abstract class FixedColumn extends StagedColumn {
  readonly width: number
  readonly minWidth: number
  /** The values, or those of the strip. */
  ptr = 0
  /** The values of the finished strips. */
  #bodyPtr = 0
  protected capacity = 0
  /** The core's way to read texts, where it has one. */
  protected readonly parser: TextParser | undefined = undefined
  /** Bytes of the caller's that are the column, and are nowhere in the arena. */
  #lent: Uint8Array | undefined

  constructor(context: StagingContext, type: string, width: number) {
    super(context, type)
    this.width = width
    this.minWidth = width
    context.arena.onMove(() => this.bind())
  }

  /** Makes the views anew, over `capacity` values at `ptr`. */
  protected abstract bind(): void

  override get stripWidth(): number {
    return this.holdsElements ? 0 : this.width
  }
  override useStrips(strip: StripRoom, blockRows: number): StripRegion[] {
    const { width } = this
    this.inStrips = true
    this.ptr = strip.take(width)
    this.capacity = strip.rowCount
    this.#bodyPtr = this.context.arena.reserve(blockRows * width)
    this.bind()
    return [{ from: this.ptr, to: this.#bodyPtr, width }]
  }

  ensure(count: number): void {
    if (count <= this.capacity || this.inStrips) return
    const capacity = this.parent ? Math.max(count, this.capacity * 2, 1024) : count
    const from = this.ptr
    const byteLength = this.capacity * this.width
    this.ptr = this.context.arena.reserve(capacity * this.width)
    this.capacity = capacity
    this.context.arena.move(this.ptr, from, byteLength)
    this.bind()
  }

  override putColumn(index: number, source: ColumnSource, from: number, count: number, nulls = 0): number {
    if (nulls === 0 && source.hidesNulls(from, count)) return this.putEach(index, source, from, count, nulls)
    const values = source.unmasked
    const view = values instanceof TypedSource ? this.viewFor(values.kind) : undefined
    if (view) {
      copyInto(view, (values as TypedSource).values, index, from, count)
      if (nulls !== 0) this.context.arena.core.zeroNulls(this.ptr + index * this.width, this.width, nulls, count)
      this.#putStrays(index, source, from, count, nulls)
      return count
    }
    const { parser } = this
    if (parser === undefined || !beginsWithText(this, values, from, count))
      return this.putEach(index, source, from, count, nulls)
    putTexts(this, parser, index, source, from, count, nulls)
    return count
  }
  override lend(source: ColumnSource, from: number, count: number): boolean {
    const isPlain = this.parent === undefined && this.findStray === FixedColumn.prototype.findStray
    if (!isPlain || !(source instanceof TypedSource)) return false
    if (source.kind !== this.viewFor(source.kind)?.[Symbol.toStringTag]) return false
    this.#lent = bytesOf(source.values, from, count)
    return true
  }
  override keep(count: number): void {
    const lent = this.#lent
    if (lent === undefined) return
    this.#lent = undefined
    const byteLength = count * this.width
    this.context.arena.u8(this.#dataPtr, byteLength).set(lent.subarray(0, byteLength))
  }
  override truncate(count: number): void {
    if (count === 0) this.#lent = undefined
  }
  /** put() says what is wrong with values that were copied and do not belong here. */
  #putStrays(index: number, source: ColumnSource, from: number, count: number, nulls: number): void {
    const end = index + count
    for (let at = this.findStray(index, end); at < end; at = this.findStray(at + 1, end))
      source.stage(this, at, from + at - index, nulls !== 0)
  }
  /** The view that an array of this kind is copied into as it is; undefined where the values go one by one. */
  protected viewFor(_kind: ArrayKind): TypedArray | undefined {
    return undefined
  }
  /** The first value from `index` on that may be in memory but not in this column; `end` where there is none. */
  protected findStray(_index: number, end: number): number {
    return end
  }
  override get readsText(): boolean {
    return this.parser !== undefined
  }

  countBytes(count: number): number {
    return count * this.width
  }

  data(pieces: Pieces, count: number): void {
    if (this.#lent) pieces.addOutside(this.#lent.subarray(0, count * this.width))
    else pieces.add(this.#dataPtr, count * this.width)
  }
  get #dataPtr(): number {
    return this.inStrips ? this.#bodyPtr : this.ptr
  }
}

function bytesOf(values: TypedArray, from: number, count: number): Uint8Array {
  const width = values.BYTES_PER_ELEMENT
  return new Uint8Array(values.buffer, values.byteOffset + from * width, count * width)
}

/** What viewFor() promises: same kind, or one whose values all fit. */
function copyInto(view: TypedArray, values: TypedArray, index: number, from: number, count: number): void {
  const part = from === 0 && count === values.length ? values : values.subarray(from, from + count)
  ;(view as Uint8Array).set(part as Uint8Array, index)
}
