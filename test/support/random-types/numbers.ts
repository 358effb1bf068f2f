// Random integers, floats, decimals, Bool, Enum and Interval, in every form that the README's table names.

import { type Below, between, decimalText, leaf, ODD_NAMES, pick, quoted, type RandomType } from './value.ts'

export function integer(below: Below, bits: number, isSigned: boolean): RandomType {
  const [min, max] = range(bits, isSigned)
  return leaf(
    below,
    `${isSigned ? 'Int' : 'UInt'}${bits}`,
    () => {
      const value = between(below, min, max)
      const number = Number(value)
      const isBit = value === 0n || value === 1n
      const input = below(4) ? number : isBit && below(2) ? value === 1n : value
      return { input, decoded: number, shown: number }
    },
    ...[max + 1n, min - 1n, Number(max) + 1, Number(min) - 1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY, '7', 1e300],
  )
}

function range(bits: number, isSigned: boolean): [min: bigint, max: bigint] {
  const half = 2n ** BigInt(bits - 1)
  return isSigned ? [-half, half - 1n] : [0n, half * 2n - 1n]
}

export function wideInteger(below: Below): RandomType {
  const [bits, isSigned] = [pick(below, 64, 64, 128, 256), below(2) === 0]
  const [min, max] = range(bits, isSigned)
  return leaf(
    below,
    `${isSigned ? 'Int' : 'UInt'}${bits}`,
    () => {
      const value = between(below, min, max)
      return { input: integerForm(below, value), decoded: value, shown: value }
    },
    ...[
      max + 1n,
      min - 1n,
      `${max + 1n}`,
      2 ** 53,
      -(2 ** 60),
      1.5,
      Number.NaN,
      'x',
      '',
      '-',
      '1.5',
      '1e3',
      ' 1',
      '0x1',
    ],
  )
}

function integerForm(below: Below, value: bigint): unknown {
  const number = Number(value)
  if (Number.isSafeInteger(number) && below(2))
    return (value === 0n || value === 1n) && below(3) === 0 ? value === 1n : number
  if (below(2)) return value
  const digits = `${pick(below, '', '', '0', '00')}${value < 0n ? -value : value}`
  return `${value < 0n ? '-' : pick(below, '', '', '+')}${digits}`
}

export function interval(below: Below): RandomType {
  const unit = pick(
    below,
    'Nanosecond',
    'Microsecond',
    'Millisecond',
    'Second',
    'Minute',
    'Hour',
    'Day',
    'Week',
    'Month',
    'Quarter',
    'Year',
  )
  const [min, max] = range(64, true)
  return leaf(
    below,
    `Interval${unit}`,
    () => {
      const value = between(below, min, max)
      return { input: integerForm(below, value), decoded: value, shown: value }
    },
    ...[max + 1n, 0.5, 2 ** 53, 'x', new Date(0)],
  )
}

const FLOATS = [
  0,
  -0,
  0.1,
  1.5,
  -2.75,
  1 / 3,
  1e-45,
  5e-324,
  3.4e38,
  2 ** 24 + 1,
  2 ** 53,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
]

export function float(below: Below): RandomType {
  const type = pick(below, 'Float64', 'Float64', 'Float32', 'BFloat16')
  const make = (): number | bigint => {
    if (below(3) === 0) return pick(below, ...FLOATS)
    // What the column holds exactly; of the digits below that a number is rounded and a bigint refused.
    if (below(8) === 0) return BigInt(below(type === 'BFloat16' ? 2 ** 8 : 2 ** 24)) << BigInt(below(100))
    return pick(below, below(1000), (below(2 ** 32) - 2 ** 31) / 1000, below(2 ** 32) * 10 ** (below(58) - 30))
  }
  const held = { Float64: (value: number) => value, Float32: Math.fround, BFloat16: truncated }[type]!
  return leaf(
    below,
    type,
    () => {
      const input = make()
      const float = held(Number(input))
      return { input, decoded: float, shown: float }
    },
    ...['1', '', true, 2n ** 70n + 1n, 10n ** 400n, new Date(0)],
    ...(type === 'Float64' ? [] : [1e39, -1e300, 2n ** 24n + 1n]),
  )
}

function truncated(value: number): number {
  const bits = new DataView(new ArrayBuffer(4))
  bits.setFloat32(0, value)
  bits.setUint16(2, 0)
  return bits.getFloat32(0)
}

export function bool(below: Below): RandomType {
  return leaf(
    below,
    'Bool',
    () => {
      const value = below(2) === 1
      return { input: below(2) ? value : Number(value), decoded: value, shown: value }
    },
    ...[2, -1, 0.5, Number.NaN, 1n, 'true', ''],
  )
}

export function decimal(below: Below): RandomType {
  const precision = pick(below, 1, 9, 10, 15, 16, 18, 19, 38, 39, 76, 1 + below(76))
  const scale = pick(below, 0, precision, below(precision + 1))
  const unit = 10n ** BigInt(scale)
  const limit = 10n ** BigInt(precision) - 1n
  const good = () => {
    const scaled = between(below, -limit, limit)
    const text = decimalText(scaled, scale)
    return { input: decimalForm(below, scaled, scale, text), decoded: text, shown: text }
  }
  const tooLarge = decimalText(limit + 1n, scale)
  return leaf(
    below,
    `Decimal(${precision}, ${scale})`,
    good,
    ...[tooLarge, `-${tooLarge}`, `0.${'0'.repeat(scale)}1`, `1e${precision}`, '1e-9999', limit / unit + 1n],
    ...['', '.', '+', 'x', '1,5', ' 1', '1e', Number.NaN, Number.POSITIVE_INFINITY, 1e300, true, new Date(0)],
  )
}

function decimalForm(below: Below, scaled: bigint, scale: number, text: string): unknown {
  if (below(3) === 0 && scaled % 10n ** BigInt(scale) === 0n) return scaled / 10n ** BigInt(scale)
  // A number of at most 15 digits is the decimal it was written as.
  if (below(2) && `${scaled}`.length <= 15) return Number(text)
  const trimmed = text.includes('.') ? text.replace(/0+$/, '') : text
  return pick(
    below,
    text,
    trimmed,
    `${trimmed.includes('.') ? trimmed : `${trimmed}.`}000`,
    `${scaled}e-${scale}`,
    `${scaled}0E-${scale + 1}`,
  ).replace(/^(?=\d)/, pick(below, '', '+', '00'))
}

export function enumeration(below: Below): RandomType {
  const is8 = below(2) === 0
  const [min, max] = range(is8 ? 8 : 16, true)
  const labels = new Map<number, string>()
  for (const label of ['', ...ODD_NAMES].filter(() => below(3) === 0).concat('z'))
    labels.set(Number(between(below, min, max)), label)
  const list = [...labels].map(([code, label]) => `${quoted(label, "'")} = ${code}`)
  return leaf(
    below,
    `${is8 ? 'Enum8' : 'Enum16'}(${list.join(', ')})`,
    () => {
      const [code, label] = pick(below, ...labels)
      return { input: below(4) ? label : code, decoded: label, shown: Buffer.from(label).toString('latin1') }
    },
    ...['no label', 'A', 1.5, Number(max) + 1, Number.NaN, true, 1n],
  )
}
