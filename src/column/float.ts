// Float32, Float64: IEEE 754, little endian; NaN, infinities and -0 as they come. BFloat16: the upper half of a Float32.
//
//   Float32 1.5 ──▶ 00 00 c0 3f        BFloat16 1.5 ──▶ c0 3f

import { FixedColumn, Refusal, type RowSource } from './column.ts'
import type { ArrayKind } from './column-data.ts'

const TAKES = 'a number or a bigint'

abstract class FloatColumn extends FixedColumn {
  /** A bigint that the column holds exactly; refuses everything else. */
  protected convert(index: number, value: unknown, round: (value: number) => number = Number): number {
    if (typeof value !== 'bigint') return this.refuseType(index, value, TAKES)
    const number = round(Number(value))
    if (!Number.isFinite(number) || BigInt(number) !== value) {
      this.refuse(
        'UNSAFE_INTEGER',
        index,
        value,
        `${value}n has more digits than a float holds`,
        'Pass Number(value) to round it.',
      )
    }
    return number
  }
}

export class Float64Column extends FloatColumn {
  values: Float64Array = new Float64Array(0)
  protected bind(): void {
    this.values = this.context.arena.f64(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number') this.values[index] = value
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = this.convert(index, value)
  }
  override putSource(source: RowSource, index: string, value: string): string {
    const column = source.name(this)
    return `if (typeof ${value} === 'number') ${source.view(this, 'values')}[${index}] = ${value}; else ${column}.put(${index}, ${value})`
  }
  protected override viewFor(kind: ArrayKind): Float64Array | undefined {
    return kind.startsWith('Big') ? undefined : this.values
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

export class Float32Column extends FloatColumn {
  values: Float32Array = new Float32Array(0)
  protected bind(): void {
    this.values = this.context.arena.f32(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (typeof value === 'number') this.values[index] = inFloat32(this, index, value)
    else if (value === undefined) this.putMissing(index)
    else this.values[index] = this.convert(index, value, Math.fround)
  }
  protected override viewFor(kind: ArrayKind): Float32Array | undefined {
    return kind.startsWith('Big') || kind === 'Float64Array' ? undefined : this.values
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

const MAX_FLOAT32 = 3.4028234663852886e38

/** Rounding is what Float32 is for; a finite number that would become an infinity is not rounding. */
function inFloat32(column: FixedColumn, index: number, value: number): number {
  if ((value > MAX_FLOAT32 || value < -MAX_FLOAT32) && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    refuseFloat32(column, index, value)
  }
  return value
}

function refuseFloat32(column: FixedColumn, index: number, value: number): never {
  throw new Refusal(
    'VALUE_OUT_OF_RANGE',
    column,
    index,
    value,
    `${value} does not fit`,
    'A Float32 ends at 3.4e38: make the column Float64.',
  )
}

export class BFloat16Column extends FloatColumn {
  values: Uint16Array = new Uint16Array(0)
  protected bind(): void {
    this.values = this.context.arena.u16(this.ptr, this.capacity)
  }
  put(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    const number = typeof value === 'number' ? value : this.convert(index, value, toBFloat16)
    asFloat[0] = number
    if (!Number.isFinite(asFloat[0]) && Number.isFinite(number)) refuseFloat32(this, index, number)
    // Truncated, as the engine's own casts do. A NaN must keep a payload bit, or it would become an infinity.
    this.values[index] = Number.isNaN(number) ? 0x7fc0 : asBits[0] >>> 16
  }
  putDefault(index: number): void {
    this.values[index] = 0
  }
}

const asFloat = new Float32Array(1)
const asBits = new Uint32Array(asFloat.buffer)

function toBFloat16(value: number): number {
  asFloat[0] = value
  asBits[0] &= 0xffff0000
  return asFloat[0]
}
