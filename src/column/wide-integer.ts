// (U)Int64 and wider: two's complement, little endian, as 32-bit words.
//
//   UInt64 2^64-1 ──▶ ff ff ff ff ff ff ff ff        Int128 -2 ──▶ fe and fifteen ff
//
// A safe integer never becomes a BigInt: its low word is value mod 2^32, its high word floor(value / 2^32), both exact.

import { show } from '../errors.ts'
import { FixedColumn, Refusal, type RowSource, type StagedColumn, type StagingContext } from './column.ts'
import type { ArrayKind } from './column-data.ts'
import { fitsWords, putWords, readDigits } from './digits.ts'
import type { TextParser } from './texts.ts'

const INTEGER_TEXT = /^[+-]?\d+$/
const TWO_32 = 4294967296

/** A bigint, a safe integer, a boolean or a decimal string as a bigint; refuses everything else. */
export function toBigInt(column: StagedColumn, index: number, value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return BigInt(value)
    if (Number.isNaN(value)) throw new Refusal('NOT_A_NUMBER', column, index, value, 'NaN is no integer')
    if (!Number.isInteger(value)) {
      if (Math.abs(value) === Number.POSITIVE_INFINITY)
        throw new Refusal('NOT_A_NUMBER', column, index, value, `${value} is no integer`)
      throw new Refusal(
        'NOT_AN_INTEGER',
        column,
        index,
        value,
        `${value} has a fraction`,
        'Round it before exec(), or make the column Float64 or Decimal.',
      )
    }
    throw new Refusal(
      'UNSAFE_INTEGER',
      column,
      index,
      value,
      `${value} is above 2^53-1, where a number has already lost digits`,
      'Pass a bigint or a decimal string.',
    )
  }
  if (typeof value === 'string') {
    if (INTEGER_TEXT.test(value)) return BigInt(value[0] === '+' ? value.slice(1) : value)
    throw new Refusal('BAD_TEXT', column, index, value, `${show(value)} is no decimal integer`)
  }
  if (typeof value === 'boolean') return value ? 1n : 0n
  column.refuseType(index, value, 'a bigint, a whole number up to 2^53-1 or a decimal string')
}

/** The core's way to read decimal integers, for a width of 1 to 32 bytes. */
export function integerParser({ arena }: StagingContext, width: number, isSigned: boolean): TextParser {
  return (out, text, offsets, row, count, nulls) =>
    arena.core.parseIntegers(out, text, offsets, row, count, nulls, width, isSigned)
}

export function refuseRange(column: StagedColumn, index: number, value: unknown, min: bigint, max: bigint): never {
  throw new Refusal(
    'VALUE_OUT_OF_RANGE',
    column,
    index,
    value,
    `${show(value)} does not fit`,
    `${column.type} holds ${min}..${max}.`,
  )
}

export class UInt64Column extends FixedColumn {
  words: Int32Array = new Int32Array(0)
  bigs: BigUint64Array = new BigUint64Array(0)
  protected override readonly parser: TextParser
  constructor(context: StagingContext, type: string, width: number) {
    super(context, type, width)
    this.parser = integerParser(context, width, false)
  }
  protected bind(): void {
    this.words = this.context.arena.i32(this.ptr, this.capacity * 2)
    this.bigs = this.context.arena.u64(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) {
      this.words[index * 2] = value | 0
      this.words[index * 2 + 1] = (value / TWO_32) | 0
    } else if (typeof value === 'string' && readDigits(value, -1) && fitsWords(2, false)) putWords(this.words, index, 2)
    else if (value === undefined) this.putMissing(index)
    else {
      const big = toBigInt(this, index, value)
      if (big < 0n || big > 0xffffffffffffffffn) refuseRange(this, index, value, 0n, 0xffffffffffffffffn)
      this.bigs[index] = big
    }
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number' && ${value} >= 0 && ${value} <= 9007199254740991 && Math.floor(${value}) === ${value}) { ${source.view(this, 'words')}[${index} * 2] = ${value} | 0; ${source.view(this, 'words')}[${index} * 2 + 1] = Math.floor(${value} / 4294967296) | 0 } else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): BigUint64Array | undefined {
    return kind === 'BigUint64Array' ? this.bigs : undefined
  }
  putDefault(index: number): void {
    this.words[index * 2] = 0
    this.words[index * 2 + 1] = 0
  }
}

export class Int64Column extends FixedColumn {
  words: Int32Array = new Int32Array(0)
  bigs: BigInt64Array = new BigInt64Array(0)
  protected override readonly parser: TextParser
  constructor(context: StagingContext, type: string, width: number) {
    super(context, type, width)
    this.parser = integerParser(context, width, true)
  }
  protected bind(): void {
    this.words = this.context.arena.i32(this.ptr, this.capacity * 2)
    this.bigs = this.context.arena.i64(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (
      typeof value === 'number' &&
      value >= Number.MIN_SAFE_INTEGER &&
      value <= Number.MAX_SAFE_INTEGER &&
      Math.floor(value) === value
    ) {
      this.words[index * 2] = value | 0
      this.words[index * 2 + 1] = Math.floor(value / TWO_32) | 0
    } else if (typeof value === 'string' && readDigits(value, -1) && fitsWords(2, true)) putWords(this.words, index, 2)
    else if (value === undefined) this.putMissing(index)
    else {
      const big = toBigInt(this, index, value)
      if (big < -0x8000000000000000n || big > 0x7fffffffffffffffn) {
        refuseRange(this, index, value, -0x8000000000000000n, 0x7fffffffffffffffn)
      }
      this.bigs[index] = big
    }
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number' && ${value} >= -9007199254740991 && ${value} <= 9007199254740991 && Math.floor(${value}) === ${value}) { ${source.view(this, 'words')}[${index} * 2] = ${value} | 0; ${source.view(this, 'words')}[${index} * 2 + 1] = Math.floor(${value} / 4294967296) | 0 } else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): BigInt64Array | undefined {
    return kind === 'BigInt64Array' ? this.bigs : undefined
  }
  putDefault(index: number): void {
    this.words[index * 2] = 0
    this.words[index * 2 + 1] = 0
  }
}

/** 128 and 256 bits: 64-bit limbs, lowest first. */
export class BigIntegerColumn extends FixedColumn {
  limbs: BigInt64Array = new BigInt64Array(0)
  #words: Int32Array = new Int32Array(0)
  readonly #isSigned: boolean
  readonly #min: bigint
  readonly #max: bigint
  protected override readonly parser: TextParser
  constructor(context: StagingContext, type: string, bits: 128 | 256, signed: boolean) {
    super(context, type, bits / 8)
    this.parser = integerParser(context, this.width, signed)
    this.#isSigned = signed
    this.#min = signed ? -(1n << BigInt(bits - 1)) : 0n
    this.#max = (1n << BigInt(signed ? bits - 1 : bits)) - 1n
  }
  protected bind(): void {
    this.limbs = this.context.arena.i64(this.ptr, (this.capacity * this.width) / 8)
    this.#words = this.context.arena.i32(this.ptr, (this.capacity * this.width) / 4)
  }
  put(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    const count = this.width / 4
    if (typeof value === 'string' && readDigits(value, -1) && fitsWords(count, this.#isSigned)) {
      return putWords(this.#words, index, count)
    }
    const big = toBigInt(this, index, value)
    if (big < this.#min || big > this.#max) refuseRange(this, index, value, this.#min, this.#max)
    putLimbs(this.limbs, index, this.width / 8, big)
  }
  putDefault(index: number): void {
    putLimbs(this.limbs, index, this.width / 8, 0n)
  }
}

export function putLimbs(limbs: BigInt64Array, index: number, perValue: number, value: bigint): void {
  const first = index * perValue
  limbs[first] = value // a BigInt64Array keeps the low 64 bits
  let rest = value
  for (let i = first + 1; i < first + perValue; i++) limbs[i] = rest >>= 64n
}
