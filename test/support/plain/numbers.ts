// Integers, floats, Bool, Decimal, Enum and Interval.

import type { EnumValue } from '../../../src/types/node.ts'
import { fixed, illegal, type PlainColumn, wrongKind } from './column.ts'

/** (U)Int8 to (U)Int256, two's complement. From 64 bits on texts are integers, too. */
export function integer(bits: number, isSigned: boolean): PlainColumn {
  const min = isSigned ? -(2n ** BigInt(bits - 1)) : 0n
  const max = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n
  const bigOf = bits < 64 ? smallInteger(Number(min), Number(max)) : wideInteger
  if (bits === 8) return fixed(1, (view, at, value) => view.setInt8(at, Number(bigOf(value))))
  if (bits === 16) return fixed(2, (view, at, value) => view.setInt16(at, Number(bigOf(value)), true))
  if (bits === 32) return fixed(4, (view, at, value) => view.setInt32(at, Number(bigOf(value)), true))
  return fixed(bits / 8, (view, at, value) => {
    const big = bigOf(value) as bigint
    if (big < min || big > max) illegal('VALUE_OUT_OF_RANGE')
    putBig(view, at, bits / 8, big)
  })
}

function smallInteger(min: number, max: number): (value: unknown) => number {
  return (value) => {
    if (typeof value === 'boolean') return value ? 1 : 0
    if (typeof value !== 'number' && typeof value !== 'bigint') wrongKind(value)
    if (Number.isNaN(value)) illegal('NOT_A_NUMBER')
    if (value < min || value > max) illegal('VALUE_OUT_OF_RANGE')
    if (typeof value === 'number' && !Number.isInteger(value)) illegal('NOT_AN_INTEGER')
    return Number(value)
  }
}

function wideInteger(value: unknown): bigint {
  switch (typeof value) {
    case 'bigint':
      return value
    case 'boolean':
      return value ? 1n : 0n
    case 'number':
      if (!Number.isFinite(value)) illegal('NOT_A_NUMBER')
      if (!Number.isInteger(value)) illegal('NOT_AN_INTEGER')
      if (!Number.isSafeInteger(value)) illegal('UNSAFE_INTEGER')
      return BigInt(value)
    case 'string': {
      const [, sign, digits] = /^([+-]?)([0-9]+)$/.exec(value) ?? illegal('BAD_TEXT')
      return sign === '-' ? -BigInt(digits!) : BigInt(digits!)
    }
    default:
      return wrongKind(value)
  }
}

export function putBig(view: DataView, at: number, width: number, value: bigint): void {
  for (let i = 0; i < width; i += 8) view.setBigUint64(at + i, BigInt.asUintN(64, value >> BigInt(i * 8)), true)
}

export const float64 = fixed(8, (view, at, value) => view.setFloat64(at, floatOf(value), true))
export const float32 = fixed(4, (view, at, value) => view.setFloat32(at, inFloat32(floatOf(value, Math.fround)), true))

/** The upper half of a Float32; the engine cuts the lower one off as well. */
export const bfloat16 = fixed(2, (view, at, value) => {
  const bits = new DataView(new ArrayBuffer(4))
  bits.setFloat32(0, inFloat32(floatOf(value, upperHalf)))
  view.setUint16(at, bits.getUint16(0), true)
})

function upperHalf(value: number): number {
  const bits = new DataView(new ArrayBuffer(4))
  bits.setFloat32(0, value)
  bits.setUint16(2, 0)
  return bits.getFloat32(0)
}

/** @param held  what the column keeps of a number: all of it, or of a bigint nothing may be lost */
function floatOf(value: unknown, held: (value: number) => number = Number): number {
  if (typeof value === 'number') return value
  if (typeof value !== 'bigint') wrongKind(value)
  const float = held(Number(value))
  if (!Number.isFinite(float) || BigInt(float) !== value) illegal('UNSAFE_INTEGER')
  return float
}

function inFloat32(value: number): number {
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) illegal('VALUE_OUT_OF_RANGE')
  return value
}

export const bool = fixed(1, (view, at, value) => {
  if (typeof value !== 'boolean' && typeof value !== 'number') wrongKind(value)
  if (typeof value === 'number' && value !== 0 && value !== 1) illegal('VALUE_OUT_OF_RANGE')
  view.setUint8(at, Number(value))
})

/** The value times 10^scale, in a width that the precision alone decides. */
export function decimal(precision: number, scale: number): PlainColumn {
  const width = precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32
  const limit = 10n ** BigInt(precision)
  return fixed(width, (view, at, value) => {
    const scaled = scaledOf(value, scale)
    if (scaled <= -limit || scaled >= limit) illegal('VALUE_OUT_OF_RANGE')
    if (width === 4) view.setInt32(at, Number(scaled), true)
    else putBig(view, at, width, scaled)
  })
}

function scaledOf(value: unknown, scale: number): bigint {
  if (typeof value === 'bigint') return value * 10n ** BigInt(scale)
  if (typeof value !== 'number' && typeof value !== 'string') wrongKind(value)
  if (typeof value === 'number' && !Number.isFinite(value)) illegal('NOT_A_NUMBER')
  return timesTenTo(scale, String(value))
}

/** A decimal text times 10^scale; refused where that is no whole number. */
export function timesTenTo(scale: number, text: string): bigint {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?$/.exec(text) ?? illegal('BAD_TEXT')
  if (whole === '' && fraction === '') illegal('BAD_TEXT')
  const digits = BigInt(whole! + fraction)
  const shift = scale + Number(exponent) - fraction.length
  const power = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && digits % power !== 0n) illegal('TOO_MANY_DIGITS')
  const scaled = shift < 0 ? digits / power : digits * power
  return sign === '-' ? -scaled : scaled
}

/** The code of the label. */
export function enumeration(width: 1 | 2, labels: readonly EnumValue[]): PlainColumn {
  const codes = new Map<unknown, number>(
    labels.flatMap(({ label, code }) => [[label, code] as const, [code, code] as const]),
  )
  return fixed(width, (view, at, value) => {
    if (typeof value !== 'string' && typeof value !== 'number') wrongKind(value)
    const code = codes.get(value) ?? illegal('UNKNOWN_LABEL')
    if (width === 1) view.setInt8(at, code)
    else view.setInt16(at, code, true)
  })
}
