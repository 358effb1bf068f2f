// Int8..Int32, UInt8..UInt32, Bool: two's complement, little endian.
//
//   Int8 -1, 1 ──▶ ff 01        UInt16 258 ──▶ 02 01
//
// One class per width and not one for all: V8 keeps what it learned about a store per function, and a store that has
// seen one kind of typed array is a single instruction.

import { show } from '../errors.ts'
import { FixedColumn, Refusal, type RowSource, type StagedColumn, type StagingContext } from './column.ts'
import { type ArrayKind, SIGNED, UNSIGNED } from './column-data.ts'
import type { TextParser } from './texts.ts'
import { integerParser, toBigInt } from './wide-integer.ts'

const TAKES = 'a whole number, a bigint or a boolean'

/** The rare forms of a small integer; range-checked. Refuses everything else. */
function smallInteger(column: StagedColumn, index: number, value: unknown, min: number, max: number): number {
  let number: number
  if (typeof value === 'number') number = value
  else if (typeof value === 'boolean') return value ? 1 : 0
  else if (typeof value === 'bigint')
    number = value < BigInt(min) || value > BigInt(max) ? Number.POSITIVE_INFINITY : Number(value)
  else column.refuseType(index, value, TAKES)
  if (Number.isNaN(number)) throw new Refusal('NOT_A_NUMBER', column, index, value, 'NaN is no integer')
  if (number < min || number > max) {
    throw new Refusal(
      'VALUE_OUT_OF_RANGE',
      column,
      index,
      value,
      `${show(value)} does not fit`,
      `${column.type} holds ${min}..${max}: check the value before exec(), or widen the column.`,
    )
  }
  if (!Number.isInteger(number)) {
    throw new Refusal(
      'NOT_AN_INTEGER',
      column,
      index,
      value,
      `${number} has a fraction`,
      'Round it before exec(), or make the column Float64 or Decimal.',
    )
  }
  return number
}

/** A text is an integer where a whole column is texts; in a row it is none. */
abstract class IntegerColumn extends FixedColumn {
  protected override readonly parser: TextParser
  constructor(context: StagingContext, type: string, width: number) {
    super(context, type, width)
    this.parser = integerParser(context, width, type.startsWith('I'))
  }
  override putText(index: number, text: string): void {
    this.put(index, toBigInt(this, index, text))
  }
}

export class UInt8Column extends IntegerColumn {
  values: Uint8Array = new Uint8Array(0)
  protected bind(): void {
    this.values = this.context.arena.u8(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number' && (value & 0xff) === value) this.values[index] = value
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = smallInteger(this, index, value, 0, 0xff)
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number' && (${value} & 255) === ${value}) ${source.view(this, 'values')}[${index}] = ${value}; else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Uint8Array | undefined {
    return UNSIGNED[8].includes(kind) ? this.values : undefined
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

export class Int8Column extends IntegerColumn {
  values: Int8Array = new Int8Array(0)
  protected bind(): void {
    this.values = this.context.arena.i8(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number' && (value << 24) >> 24 === value) this.values[index] = value
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = smallInteger(this, index, value, -0x80, 0x7f)
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number' && ${value} << 24 >> 24 === ${value}) ${source.view(this, 'values')}[${index}] = ${value}; else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Int8Array | undefined {
    return SIGNED[8].includes(kind) ? this.values : undefined
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

export class UInt16Column extends IntegerColumn {
  values: Uint16Array = new Uint16Array(0)
  protected bind(): void {
    this.values = this.context.arena.u16(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number' && (value & 0xffff) === value) this.values[index] = value
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = smallInteger(this, index, value, 0, 0xffff)
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number' && (${value} & 65535) === ${value}) ${source.view(this, 'values')}[${index}] = ${value}; else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Uint16Array | undefined {
    return UNSIGNED[16].includes(kind) ? this.values : undefined
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

export class Int16Column extends IntegerColumn {
  values: Int16Array = new Int16Array(0)
  protected bind(): void {
    this.values = this.context.arena.i16(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number' && (value << 16) >> 16 === value) this.values[index] = value
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = smallInteger(this, index, value, -0x8000, 0x7fff)
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number' && ${value} << 16 >> 16 === ${value}) ${source.view(this, 'values')}[${index}] = ${value}; else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Int16Array | undefined {
    return SIGNED[16].includes(kind) ? this.values : undefined
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

export class UInt32Column extends IntegerColumn {
  values: Uint32Array = new Uint32Array(0)
  protected bind(): void {
    this.values = this.context.arena.u32(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number' && value >>> 0 === value) this.values[index] = value
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = smallInteger(this, index, value, 0, 0xffffffff)
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number' && ${value} >>> 0 === ${value}) ${source.view(this, 'values')}[${index}] = ${value}; else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Uint32Array | undefined {
    return UNSIGNED[32].includes(kind) ? this.values : undefined
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

export class Int32Column extends IntegerColumn {
  values: Int32Array = new Int32Array(0)
  protected bind(): void {
    this.values = this.context.arena.i32(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number' && (value | 0) === value) this.values[index] = value
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = smallInteger(this, index, value, -0x80000000, 0x7fffffff)
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number' && (${value} | 0) === ${value}) ${source.view(this, 'values')}[${index}] = ${value}; else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Int32Array | undefined {
    return SIGNED[32].includes(kind) ? this.values : undefined
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

/** One byte, 0 or 1: the server stores other bytes as they come, and `= true` then fails on them. */
export class BoolColumn extends FixedColumn {
  values: Uint8Array = new Uint8Array(0)
  protected bind(): void {
    this.values = this.context.arena.u8(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === true || value === 1) this.values[index] = 1
    else if (value === false || value === 0) this.values[index] = 0
    else if (value === undefined) this.putMissing(index)
    else if (typeof value === 'number') {
      this.refuse('VALUE_OUT_OF_RANGE', index, value, `${value} is neither 0 nor 1`, 'Pass true, false, 0 or 1.')
    } else this.refuseType(index, value, 'true, false, 0 or 1')
  }
  /** Without a branch on what it is: nobody can foresee that. */
  override putSource(source: RowSource, index: string, value: string): string {
    return `if (typeof ${value} === 'boolean') ${source.view(this, 'values')}[${index}] = ${value} | 0; else ${source.name(this)}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Uint8Array | undefined {
    return UNSIGNED[8].includes(kind) ? this.values : undefined
  }
  protected override findStray(index: number, end: number): number {
    let at = index
    while (at < end && this.values[at] <= 1) at++
    return at
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}
