// Random dates and times, each in every form that says the same.

import { type Below, between, decimalText, leaf, pick, type RandomType } from './value.ts'

const DAY_MS = 86_400_000

export function randomTime(below: Below): RandomType {
  switch (below(7)) {
    case 0:
      return date(below, 'Date', 0, 65_535)
    case 1:
      return date(below, 'Date32', -25_567, 120_529)
    case 2:
      return dateTime(below)
    case 3:
      return time(below, 0, 'Time')
    case 4: {
      const scale = below(10)
      return time(below, scale, `Time64(${scale})`)
    }
    default:
      return dateTime64(below, below(10))
  }
}

function date(below: Below, type: string, min: number, max: number): RandomType {
  return leaf(
    below,
    type,
    () => {
      const days = Number(between(below, BigInt(min), BigInt(max)))
      const text = new Date(days * DAY_MS).toISOString().slice(0, 10)
      return {
        input: pick<unknown>(below, days, text, new Date(days * DAY_MS + below(DAY_MS))),
        decoded: text,
        shown: text,
      }
    },
    ...[
      max + 1,
      min - 1,
      new Date((max + 1) * DAY_MS),
      new Date(min * DAY_MS - 1),
      new Date(Number.NaN),
      0.5,
      Number.NaN,
    ],
    ...[
      '2024-02-30',
      '2023-02-29',
      '2024-13-01',
      '2024-1-1',
      '9999-01-01',
      '0000-01-01',
      '',
      '2024-01-01T00:00:00Z',
      1n,
      Infinity,
    ],
  )
}

const ZONES = ['', "'UTC'", "'Asia/Tokyo'", "'America/New_York'"]

function dateTime(below: Below): RandomType {
  const zone = pick(below, ...ZONES)
  return leaf(
    below,
    zone === '' ? 'DateTime' : `DateTime(${zone})`,
    () => {
      const seconds = Number(between(below, 0n, 2n ** 32n - 1n))
      const instant = new Date(seconds * 1000)
      const input = pick<unknown>(
        below,
        seconds,
        new Date(seconds * 1000 + below(1000)),
        isoText(below, BigInt(seconds), ''),
      )
      return { input, decoded: instant, shown: instant.toISOString().replace('.000', '') }
    },
    ...[-1, 2 ** 32, 1e12, 0.5, Number.NaN, new Date(-1), new Date(2 ** 32 * 1000), new Date(Number.NaN), 5n],
    ...[
      '2024-01-01T00:00:00',
      '2024-01-01',
      '2024-01-01T24:00:00Z',
      '2024-01-01T00:00:00.5Z',
      '1969-12-31T23:59:59Z',
      'now',
      '2024-01-01T00:00:00+19:00',
    ],
  )
}

/** Seconds and the digits behind the point, as an instant of some zone. */
function isoText(below: Below, seconds: bigint, fraction: string): string {
  const east = below(3) ? 0 : (below(37) - 18) * 60 + (below(2) ? 0 : below(60))
  const local = seconds + BigInt(east * 60)
  const isNear = local > -62_135_596_800n && local < 253_402_300_799n && Math.abs(east) < 18 * 60
  if (!isNear) return `${civil(seconds, below)}${fraction && `.${fraction}`}${pick(below, 'Z', 'z', '+00:00', '-00')}`
  const [hours, minutes] = [Math.floor(Math.abs(east) / 60), Math.abs(east) % 60].map(two)
  const offset = minutes === '00' && below(2) ? hours : `${hours}${pick(below, ':', '')}${minutes}`
  return `${civil(local, below)}${fraction && `.${fraction}`}${east < 0 ? '-' : '+'}${offset}`
}

function civil(seconds: bigint, below: Below): string {
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return text.replace('T', pick(below, 'T', 't', ' '))
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

const INT64_MAX = 2n ** 63n - 1n

function dateTime64(below: Below, scale: number): RandomType {
  const zone = pick(below, ...ZONES)
  const perSecond = 10n ** BigInt(scale)
  const [first, last] = [-62_135_596_800n * perSecond, 253_402_300_800n * perSecond - 1n]
  const min = first < -INT64_MAX - 1n ? -INT64_MAX - 1n : first
  const max = last > INT64_MAX ? INT64_MAX : last
  return leaf(
    below,
    zone === '' ? `DateTime64(${scale})` : `DateTime64(${scale}, ${zone})`,
    () => {
      const ticks = below(3) ? between(below, min, max) : between(below, 0n, 2n ** 31n) * perSecond
      const [seconds, rest] = floorDivided(ticks, perSecond)
      const digits = scale === 0 ? '' : `${rest}`.padStart(scale, '0')
      const shown = `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${digits && `.${digits}`}Z`
      return {
        input: pick(below, ...dateTime64Forms(below, ticks, scale, seconds, digits)),
        decoded: scale <= 3 ? new Date(Number(ticks) * 10 ** (3 - scale)) : ticks,
        shown,
      }
    },
    ...[
      max + 1n,
      min - 1n,
      1e17,
      -1e17,
      0.5,
      Number.NaN,
      Infinity,
      new Date(Number.NaN),
      new Date(8.64e15),
      new Date(-8.64e15),
    ],
    ...[
      ...(scale < 3 ? [1] : []),
      `2024-01-01T00:00:00.${'0'.repeat(scale)}1Z`,
      '2024-01-01T00:00:00',
      '10000-01-01T00:00:00Z',
      '0000-06-01T00:00:00Z',
      'now',
    ],
  )
}

function floorDivided(value: bigint, divisor: bigint): [bigint, bigint] {
  const rest = ((value % divisor) + divisor) % divisor
  return [(value - rest) / divisor, rest]
}

function dateTime64Forms(below: Below, ticks: bigint, scale: number, seconds: bigint, digits: string): unknown[] {
  const forms: unknown[] = [ticks]
  if (scale < 3) {
    const ms = Number(ticks) * 10 ** (3 - scale)
    forms.push(ms, new Date(ms + below(10 ** (3 - scale))))
  } else {
    const [ms, rest] = floorDivided(ticks, 10n ** BigInt(scale - 3))
    if (rest === 0n) forms.push(Number(ms), new Date(Number(ms)))
  }
  const trimmed = digits.replace(/0+$/, '')
  forms.push(isoText(below, seconds, pick(below, digits, trimmed, `${digits}00`)))
  return forms
}

function time(below: Below, scale: number, type: string): RandomType {
  const perSecond = 10n ** BigInt(scale)
  const max = 3_600_000n * perSecond - 1n
  return leaf(
    below,
    type,
    () => {
      const ticks = below(3) ? between(below, -max, max) : between(below, -3599n, 3599n) * perSecond
      const text = clockText(ticks, scale, perSecond)
      const forms: unknown[] = [text, text.replace(/:00(\.0+)?$/, ''), ticks < 0n ? text : `+${text}`]
      if (type !== 'Time') forms.push(ticks)
      // Numbers of at most 15 digits are the decimals they were written as.
      if (`${ticks}`.length <= 15) forms.push(Number(decimalText(ticks, scale)))
      return { input: pick(below, ...forms), decoded: text, shown: text }
    },
    ...[3_600_000, -3_600_000, '24', '12:60:00', '1000:00:00', '12:00:00.', `00:00:00.${'0'.repeat(scale)}1`, ''],
    ...[-4e6, Number.POSITIVE_INFINITY, Number.NaN],
    ...[10 ** -(scale + 1), 1e-15, new Date(0), type === 'Time' ? 5n : max + 1n],
  )
}

function clockText(ticks: bigint, scale: number, perSecond: bigint): string {
  const absolute = ticks < 0n ? -ticks : ticks
  const seconds = Number(absolute / perSecond)
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':')
  const digits = `${absolute % perSecond}`.padStart(scale, '0')
  return `${ticks < 0n ? '-' : ''}${clock}${scale === 0 ? '' : `.${digits}`}`
}
