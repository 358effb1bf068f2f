// Whole columns as a caller has them, and as the columns read them.

import { isUtf8 } from 'node:buffer'
import { EncodeError, type ErrorPlace, show } from '../errors.ts'
import { closestName } from '../types/closest.ts'
import type { StagedColumn } from './column.ts'

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/** Cuts bytes or values into rows: n + 1 places, the first need not be 0. */
export type ColumnOffsets = Int32Array | Uint32Array | BigInt64Array

/** An Arrow validity bitmap: bit i & 7 of byte i >> 3 is 0 where row i is NULL. */
export interface ColumnValidity {
  /** Absent, null or empty: every row has a value. */
  readonly validity?: Uint8Array | null
  /** The bit that stands for the first row; default 0. */
  readonly validityOffset?: number
}

/** Values of which some are NULL. */
export interface MaskedColumn extends ColumnValidity {
  readonly values: ColumnData
}

/** Texts (or, for String and FixedString, any bytes) back to back. */
export interface TextColumn extends ColumnValidity {
  readonly bytes: Uint8Array
  readonly offsets: ColumnOffsets
}

/** Arrays: row i has the values from offsets[i] up to offsets[i + 1]. */
export interface ListColumn extends ColumnValidity {
  readonly values: ColumnData
  readonly offsets: ColumnOffsets
}

/**
 * A whole column: a typed array, an array of the values that a row may have, or one of Arrow's layouts.
 *
 * Numbers mean what they mean in a row: days in a Date, seconds in a DateTime, milliseconds in a DateTime64, whole units in a
 * Decimal; bigints are ticks in a DateTime64. Texts are what a row takes as text, and in integer columns decimal numbers. In a plain
 * array null is NULL and undefined a missing value. The columns of one call are equally long.
 *
 * A typed array whose values all fit the column is copied as it is; other typed arrays, and plain ones, are looked at value by value.
 * Texts of UUID, IP, date, time, Decimal and integer columns are read in the core; as bytes they never become strings.
 */
export type ColumnData = TypedArray | readonly unknown[] | MaskedColumn | TextColumn | ListColumn

/** Says which values there are, one by one. The columns look at the class where they have a faster way. */
export abstract class ColumnSource {
  abstract readonly length: number
  /** Value number `i` as `put` takes it. */
  abstract at(i: number): unknown
  /** Stages value number `i` as number `index` of the column. */
  putInto(column: StagedColumn, index: number, i: number): void {
    column.put(index, this.at(i))
  }
  /** putInto, and the placeholder for a NULL of a column that stands under a null map. */
  stage(column: StagedColumn, index: number, i: number, underNulls: boolean): void {
    if (underNulls && this.isNull(i)) column.putZero(index)
    else this.putInto(column, index, i)
  }
  /** The values without regard to which of them are NULL. */
  get unmasked(): ColumnSource {
    return this
  }
  isNull(_i: number): boolean {
    return false
  }
  /** Whether a bitmap says NULL of one of these: a column that stands under no null map must not look at the values alone. */
  hidesNulls(_from: number, _count: number): boolean {
    return false
  }
  /** Whether `from` and the values behind it may hold one that was left out. */
  mayMiss(_from: number, _count: number): boolean {
    return false
  }
  isMissing(_i: number): boolean {
    return false
  }
  /** Writes one byte a value to `flags[index]` and on, 1 = NULL; returns how many are. */
  writeNulls(flags: Uint8Array, index: number, _from: number, count: number): number {
    flags.fill(0, index, index + count)
    return 0
  }
}

/** A column that the caller did not give. */
export class MissingSource extends ColumnSource {
  readonly length: number
  constructor(length: number) {
    super()
    this.length = length
  }
  at(): undefined {
    return undefined
  }
  override mayMiss(): boolean {
    return true
  }
  override isMissing(): boolean {
    return true
  }
}

export class ArraySource extends ColumnSource {
  readonly values: readonly unknown[]
  constructor(values: readonly unknown[]) {
    super()
    this.values = values
  }
  get length(): number {
    return this.values.length
  }
  at(i: number): unknown {
    return this.values[i]
  }
  override putInto(column: StagedColumn, index: number, i: number): void {
    const value = this.values[i]
    if (typeof value === 'string' && column.readsText) column.putText(index, value)
    else column.put(index, value)
  }
  override isNull(i: number): boolean {
    return this.values[i] === null
  }
  override mayMiss(from: number, count: number): boolean {
    for (let i = from; i < from + count; i++) if (this.values[i] === undefined) return true
    return false
  }
  override isMissing(i: number): boolean {
    return this.values[i] === undefined
  }
  override writeNulls(flags: Uint8Array, index: number, from: number, count: number): number {
    const { values } = this
    let nullCount = 0
    for (let i = 0; i < count; i++) {
      const isNull = values[from + i] === null ? 1 : 0
      flags[index + i] = isNull
      nullCount += isNull
    }
    return nullCount
  }
}

/** 'Float64Array', for Node's Buffer 'Uint8Array'. */
export type ArrayKind = TypedArray[typeof Symbol.toStringTag]

/** Kinds whose values all fit into an unsigned or a signed integer of so many bits. */
const BYTES: readonly ArrayKind[] = ['Uint8Array', 'Uint8ClampedArray']
export const UNSIGNED: Readonly<Record<8 | 16 | 32, readonly ArrayKind[]>> = {
  8: BYTES,
  16: [...BYTES, 'Uint16Array'],
  32: [...BYTES, 'Uint16Array', 'Uint32Array'],
}
export const SIGNED: Readonly<Record<8 | 16 | 32, readonly ArrayKind[]>> = {
  8: ['Int8Array'],
  16: [...BYTES, 'Int8Array', 'Int16Array'],
  32: [...UNSIGNED[16], 'Int8Array', 'Int16Array', 'Int32Array'],
}

export class TypedSource extends ColumnSource {
  readonly values: TypedArray
  readonly kind: ArrayKind
  constructor(values: TypedArray) {
    super()
    this.values = values
    this.kind = values[Symbol.toStringTag]
  }
  get length(): number {
    return this.values.length
  }
  at(i: number): number | bigint {
    return this.values[i]
  }
}

export class TextSource extends ColumnSource {
  readonly bytes: Uint8Array
  readonly #buffer: Buffer
  /** `length + 1` places in the bytes. Whether they ascend is looked at where they are used: a look at all of them takes 2 ns a text. */
  readonly offsets: Uint32Array
  readonly length: number
  readonly #place: ErrorPlace
  constructor(bytes: Uint8Array, offsets: Uint32Array, place: ErrorPlace) {
    super()
    this.#place = place
    this.bytes = bytes
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.offsets = offsets
    this.length = offsets.length - 1
    this.checkEnds(0, this.length)
  }
  /** Throws unless the texts from `from` on begin and end in the bytes. */
  checkEnds(from: number, count: number): void {
    const end = this.offsets[from + count]
    if (this.offsets[from] > end || end > this.bytes.length) refuseOffsets(this.#place, end, this.bytes.length)
  }
  refuseOffsets(): never {
    refuseOffsets(this.#place)
  }
  /** The text; the bytes themselves where they are not UTF-8. */
  at(i: number): string | Uint8Array {
    this.checkEnds(i, 1)
    const bytes = this.#buffer.subarray(this.offsets[i], this.offsets[i + 1])
    return isUtf8(bytes) ? bytes.toString() : bytes
  }
  override putInto(column: StagedColumn, index: number, i: number): void {
    if (!column.readsText) return column.put(index, this.at(i))
    this.checkEnds(i, 1)
    column.putText(index, this.#buffer.toString('utf8', this.offsets[i], this.offsets[i + 1]))
  }
}

export class ListSource extends ColumnSource {
  readonly items: ColumnSource
  /** `length + 1` places in the items, ascending. */
  readonly offsets: Uint32Array
  readonly length: number
  constructor(items: ColumnSource, offsets: Uint32Array) {
    super()
    this.items = items
    this.offsets = offsets
    this.length = offsets.length - 1
  }
  at(i: number): unknown[] {
    const start = this.offsets[i]
    return Array.from({ length: this.offsets[i + 1] - start }, (_, j) => this.items.at(start + j))
  }
  override putInto(column: StagedColumn, index: number, i: number): void {
    if (column.putItems) column.putItems(index, this.items, this.offsets[i], this.offsets[i + 1])
    else column.put(index, this.at(i))
  }
}

export class MaskedSource extends ColumnSource {
  readonly inner: ColumnSource
  readonly #validity: Uint8Array
  readonly #offset: number
  constructor(inner: ColumnSource, validity: Uint8Array, offset: number) {
    super()
    this.inner = inner
    this.#validity = validity
    this.#offset = offset
  }
  get length(): number {
    return this.inner.length
  }
  at(i: number): unknown {
    return this.isNull(i) ? null : this.inner.at(i)
  }
  override putInto(column: StagedColumn, index: number, i: number): void {
    if (this.isNull(i)) column.put(index, null)
    else this.inner.putInto(column, index, i)
  }
  override get unmasked(): ColumnSource {
    return this.inner.unmasked
  }
  override isNull(i: number): boolean {
    const bit = this.#offset + i
    return ((this.#validity[bit >>> 3] >> (bit & 7)) & 1) === 0 || this.inner.isNull(i)
  }
  override hidesNulls(from: number, count: number): boolean {
    for (let i = from; i < from + count; i++) if (this.isNull(i)) return true
    return false
  }
  override mayMiss(from: number, count: number): boolean {
    return this.inner.mayMiss(from, count)
  }
  override isMissing(i: number): boolean {
    return !this.isNull(i) && this.inner.isMissing(i)
  }
  override writeNulls(flags: Uint8Array, index: number, from: number, count: number): number {
    let nullCount = this.inner.writeNulls(flags, index, from, count)
    const validity = this.#validity
    for (let i = 0, bit = this.#offset + from; i < count; i++, bit++) {
      const isNull = (((validity[bit >>> 3] >> (bit & 7)) & 1) ^ 1) & ~flags[index + i]
      flags[index + i] |= isNull
      nullCount += isNull
    }
    return nullCount
  }
}

/**
 * @throws {EncodeError} WRONG_TYPE, naming the column: no column, or one whose parts do not fit together.
 */
export function readColumnData(data: unknown, place: ErrorPlace): ColumnSource {
  if (Array.isArray(data)) return new ArraySource(data)
  if (isTypedArray(data)) return new TypedSource(requireBuffer(data, place))
  if (typeof data !== 'object' || data === null) refuse(place, `${show(data)} is no column`)
  const { values, bytes, offsets, validity, validityOffset } = data as Partial<TextColumn & ListColumn>
  const inner = readUnmasked(values, bytes, offsets, data, place)
  refuseOtherParts(data, place)
  if (validity === undefined || validity === null || requireBuffer(validity, place).length === 0) return inner
  return new MaskedSource(inner, checkValidity(validity, validityOffset, inner.length, place), validityOffset ?? 0)
}

/** A `validty` would be NULLs that become values. What a class has beside its parts is its own business. */
function refuseOtherParts(data: object, place: ErrorPlace): void {
  if (Object.getPrototypeOf(data) !== Object.prototype) return
  const other = Object.keys(data).find((key) => !PARTS.includes(key))
  if (other === undefined) return
  const meant = closestName(other, PARTS)
  refuse(
    place,
    `${JSON.stringify(other)} is no part of a column`,
    meant === undefined ? TAKES : `Did you mean ${meant}?`,
  )
}

const PARTS = ['values', 'bytes', 'offsets', 'validity', 'validityOffset']

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
}

/** Whether the array's memory went to another thread, or was made smaller: it then says that it is empty. */
export function lostBuffer(values: unknown): boolean {
  if (!isTypedArray(values) || values.length > 0) return false
  try {
    values.keys()
    return false
  } catch {
    return true
  }
}

function requireBuffer<T>(values: T, place: ErrorPlace): T {
  if (lostBuffer(values)) refuse(place, LOST_BUFFER, LOST_BUFFER_HINT)
  return values
}

export const LOST_BUFFER = 'the array has lost its memory'
export const LOST_BUFFER_HINT = 'Its ArrayBuffer was transferred or resized: give the array before, or a copy of it.'

function readUnmasked(
  values: unknown,
  bytes: unknown,
  offsets: unknown,
  data: object,
  place: ErrorPlace,
): ColumnSource {
  if (bytes instanceof Uint8Array) return new TextSource(bytes, readOffsets(offsets, place), place)
  if (values === undefined) refuse(place, `${show(data)} is no column`)
  const inner = readColumnData(values, place)
  if (offsets === undefined) return inner
  const places = readOffsets(offsets, place)
  checkOffsets(places, inner.length, place)
  return new ListSource(inner, places)
}

const TAKES =
  'A column is a typed array, an array, { values, validity }, { bytes, offsets } for texts or { values, offsets } for arrays.'

function refuse(place: ErrorPlace, reason: string, hint: string = TAKES): never {
  throw new EncodeError('WRONG_TYPE', reason, { ...place, hint })
}

/** As unsigned 32-bit places: no Uint8Array and no array is longer than they reach. */
function readOffsets(offsets: unknown, place: ErrorPlace): Uint32Array {
  let words: Uint32Array
  if (offsets instanceof Uint32Array) words = offsets
  else if (offsets instanceof Int32Array) words = new Uint32Array(offsets.buffer, offsets.byteOffset, offsets.length)
  else if (offsets instanceof BigInt64Array) words = Uint32Array.from(offsets, lowWord)
  else refuse(place, `offsets are ${show(offsets)}`, 'They are an Int32Array, a Uint32Array or a BigInt64Array.')
  if (words.length === 0) refuse(place, 'offsets are empty', OFFSETS)
  return words
}

const OFFSETS = 'Offsets are the places where each row begins, and one more where the last one ends.'

function checkOffsets(places: Uint32Array, end: number, place: ErrorPlace): void {
  let last = places[0]
  let descends = 0
  for (let i = 1; i < places.length; i++) {
    const next = places[i]
    descends |= next < last ? 1 : 0
    last = next
  }
  if (descends !== 0 || last > end) refuseOffsets(place, descends ? 0 : last, end)
}

/** @param last  where they end, `end` being the last place there is */
function refuseOffsets(place: ErrorPlace, last = 0, end = 0): never {
  refuse(place, last > end ? `offsets end at ${last} of ${end}` : 'offsets descend', OFFSETS)
}

/** A place that no Uint8Array reaches becomes one that the check finds. */
function lowWord(offset: bigint): number {
  return offset >= 0n && offset < 0xffffffffn ? Number(offset) : 0xffffffff
}

function checkValidity(validity: unknown, offset: unknown, rowCount: number, place: ErrorPlace): Uint8Array {
  const hint = 'It is an Arrow bitmap in a Uint8Array, one bit a row from the lowest bit on, 1 where there is a value.'
  if (!(validity instanceof Uint8Array)) refuse(place, `validity is ${show(validity)}`, hint)
  if (offset !== undefined && !(Number.isInteger(offset) && (offset as number) >= 0))
    refuse(place, `validityOffset is ${show(offset)}`, 'It is the bit that stands for the first row.')
  const bits = ((offset as number | undefined) ?? 0) + rowCount
  if (validity.length * 8 < bits) refuse(place, `validity has ${validity.length} bytes for ${bits} bits`, hint)
  if (isByteARow(validity, rowCount)) refuse(place, 'validity has one byte a row', hint)
  return validity
}

/** One flag a byte, taken for a bitmap, would make seven of eight rows NULL. Bitmaps are padded to 8 or 64 bytes. */
function isByteARow(validity: Uint8Array, rowCount: number): boolean {
  if (validity.length !== rowCount || rowCount <= 8 || rowCount === 64) return false
  return validity.includes(1) && validity.every((flag) => flag <= 1)
}
