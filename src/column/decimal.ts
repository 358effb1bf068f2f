// Decimal(P, S): the value * 10^S as a signed integer of 4, 8, 16 or 32 bytes, by P alone.
//
//   Decimal(9, 2) -1.5 ──▶ 6a ff ff ff
//
// Nothing is rounded: a text, or a number in its shortest form, that needs more than S digits behind the point is refused.

import { show } from '../errors.ts'
import { FixedColumn, type StagingContext } from './column.ts'
import { isBelow, putWords, readDigits, wordsOf } from './digits.ts'
import type { TextParser } from './texts.ts'
import { putSafe } from './ticks.ts'
import { putLimbs } from './wide-integer.ts'

/** Digits that a number holds for certain, whatever they are. */
const SAFE_DIGITS = 15
const TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

export class DecimalColumn extends FixedColumn {
  #small: Int32Array = new Int32Array(0)
  #limbs: BigInt64Array = new BigInt64Array(0)
  protected override readonly parser: TextParser = (out, text, offsets, row, count, nulls) =>
    this.context.arena.core.parseDecimals(
      out,
      text,
      offsets,
      row,
      count,
      nulls,
      this.width,
      this.#precision,
      this.#scale,
    )
  readonly #precision: number
  readonly #scale: number
  readonly #factor: number
  readonly #limit: bigint
  readonly #limitWords: Uint32Array
  /** The same as a number; Infinity above 15 digits, where numbers are not compared. */
  readonly #numberLimit: number

  constructor(context: StagingContext, type: string, precision: number, scale: number) {
    super(context, type, precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32)
    this.#precision = precision
    this.#scale = scale
    this.#factor = 10 ** scale
    this.#limit = 10n ** BigInt(precision)
    this.#limitWords = wordsOf(this.#limit)
    this.#numberLimit = precision <= SAFE_DIGITS ? 10 ** precision : Number.POSITIVE_INFINITY
  }
  protected bind(): void {
    const arena = this.context.arena
    this.#small = arena.i32(this.ptr, (this.capacity * this.width) / 4)
    if (this.width > 4) this.#limbs = arena.i64(this.ptr, (this.capacity * this.width) / 8)
  }

  put(index: number, value: unknown): void {
    if (typeof value === 'string') {
      const scaled = shortText(value, this.#scale)
      if (!Number.isNaN(scaled)) this.#store(index, value, scaled)
      else if (readDigits(value, this.#scale) && isBelow(this.#limitWords)) putWords(this.#small, index, this.width / 4)
      else this.#putText(index, value, value)
    } else if (typeof value === 'number') {
      const scaled = Math.round(value * this.#factor)
      // A whole number of at most 15 digits divided by a power of ten gives the float nearest to that decimal: when it is
      // the value itself, the shortest form of the value has no more than S digits behind the point.
      if (scaled <= 1e15 && scaled >= -1e15 && this.#scale <= 22 && scaled / this.#factor === value)
        this.#store(index, value, scaled)
      else if (Number.isFinite(value)) this.#putText(index, value, String(value))
      else this.refuse('NOT_A_NUMBER', index, value, `${value} is no decimal`)
    } else if (typeof value === 'bigint') this.#storeBig(index, value, value * 10n ** BigInt(this.#scale))
    else if (value === undefined) this.putMissing(index)
    else this.refuseType(index, value, 'a decimal string, a number or a bigint of whole units')
  }
  putDefault(index: number): void {
    this.#storeBig(index, 0n, 0n)
  }

  #putText(index: number, value: unknown, text: string): void {
    const parts = TEXT.exec(text)
    if (!parts || (!parts[2] && !parts[3])) this.refuse('BAD_TEXT', index, value, `${show(value)} is no decimal number`)
    const fraction = parts[3] ?? ''
    // The digits without a point, and how many of them stand behind it.
    let digits = (parts[2] + fraction).replace(/^0+(?=\d)/, '')
    let behind = fraction.length - Number(parts[4] ?? 0)
    const zeros = digits.length - digits.replace(/0+$/, '').length
    if (behind > this.#scale) {
      const surplus = behind - this.#scale
      if (digits !== '0' && surplus > zeros) {
        this.refuse(
          'TOO_MANY_DIGITS',
          index,
          value,
          `${show(value)} has more than ${this.#scale} digits behind the point`,
          `Round it before exec() (value.toFixed(${this.#scale})), or widen the column.`,
        )
      }
      digits = digits.slice(0, Math.max(0, digits.length - surplus)) || '0'
      behind = this.#scale
    }
    if (digits !== '0' && digits.length + this.#scale - behind > this.#precision) this.#refuseRange(index, value)
    const scaled = digits === '0' ? 0n : BigInt(digits) * 10n ** BigInt(this.#scale - behind)
    this.#storeBig(index, value, parts[1] === '-' ? -scaled : scaled)
  }

  #store(index: number, value: unknown, scaled: number): void {
    if (scaled >= this.#numberLimit || scaled <= -this.#numberLimit) this.#refuseRange(index, value)
    if (this.width === 4) this.#small[index] = scaled
    else if (this.width === 8) putSafe(this.#small, index, scaled)
    else putLimbs(this.#limbs, index, this.width / 8, BigInt(scaled))
  }

  #storeBig(index: number, value: unknown, scaled: bigint): void {
    if (scaled >= this.#limit || scaled <= -this.#limit) this.#refuseRange(index, value)
    if (this.width === 4) this.#small[index] = Number(scaled)
    else putLimbs(this.#limbs, index, this.width / 8, scaled)
  }

  #refuseRange(index: number, value: unknown): never {
    this.refuse(
      'VALUE_OUT_OF_RANGE',
      index,
      value,
      `${show(value)} does not fit`,
      `${this.type} holds ${this.#precision - this.#scale} digits before the point.`,
    )
  }
}

const DOT = 46 - 48
/** As many fit an int32, which is multiplied faster than a double. */
const HEAD_DIGITS = 9

/** Plain text of at most 15 digits as value * 10^scale; NaN for everything that needs the long way. */
function shortText(text: string, scale: number): number {
  const { length } = text
  const isNegative = text.charCodeAt(0) === 45
  let at = isNegative ? 1 : 0
  if (length - at > SAFE_DIGITS + 1) return Number.NaN
  let head = 0
  let tail = 0
  let digits = 0
  let before = -1
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit >>> 0 > 9) {
      if (digit !== DOT || before >= 0) return Number.NaN
      before = digits
    } else if (digits++ < HEAD_DIGITS) head = (Math.imul(head, 10) + digit) | 0
    else tail = (Math.imul(tail, 10) + digit) | 0
  }
  const behind = before < 0 ? 0 : digits - before
  const zeros = scale - behind
  if (digits === 0 || zeros < 0 || digits + zeros > SAFE_DIGITS) return Number.NaN
  const value = digits <= HEAD_DIGITS ? head : head * SAFE_POWERS[digits - HEAD_DIGITS] + tail
  const scaled = value * SAFE_POWERS[zeros]
  return isNegative ? -scaled : scaled
}

const SAFE_POWERS = Array.from({ length: SAFE_DIGITS + 1 }, (_, i) => 10 ** i)
