// Columns of texts are read in the core, values in rows by put(): both take exactly the same texts and make the same bytes of them.
//
// TEXTS=20000 makes it thorough, SEED=… repeats a run.

import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ColumnData } from '../../src/column/column-data.ts'
import { DateColumn, DateTimeColumn } from '../../src/column/date.ts'
import { DateTime64Column } from '../../src/column/date-time64.ts'
import { DecimalColumn } from '../../src/column/decimal.ts'
import { IPv4Column, IPv6Column } from '../../src/column/ip.ts'
import { UuidColumn } from '../../src/column/uuid.ts'
import { BigIntegerColumn, Int64Column, UInt64Column } from '../../src/column/wide-integer.ts'
import { encodeColumns } from '../../src/native.ts'
import { thrown } from '../support/columns.ts'
import { CORE_BUILDS, onBuild } from '../support/core-builds.ts'
import { random } from '../support/random.ts'

const TEXTS = Number(process.env.TEXTS ?? 200)
const { seed, below } = random('SEED')
const pick = <T>(...values: readonly T[]): T => values[below(values.length)]!
const digits = (length: number) => Array.from({ length }, () => below(10)).join('')
const two = (limit: number) => String(below(limit)).padStart(2, '0')
const signed = () => pick('', '', '-', '+')

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

function uuid(): string {
  const hex = (length: number) => Array.from({ length }, () => below(16).toString(16)).join('')
  const text = [8, 4, 4, 4, 12].map(hex).join('-')
  return pick(text, text, text.toUpperCase(), `${text.slice(0, 18)}${text.slice(18).toUpperCase()}`)
}

function ipv4(): string {
  return Array.from({ length: 4 }, () => pick(below(256), below(256), 0, 255, below(300))).join('.')
}

function ipv6(): string {
  const group = () => pick(below(65536), below(65536), 0, below(16)).toString(16)
  const groups = (count: number) => Array.from({ length: count }, group).join(':')
  const text = pick(
    () => groups(8),
    () => `${groups(6)}:${ipv4()}`,
    () => `${groups(below(7))}::${groups(below(5))}`,
    () => `${groups(below(5))}::${pick('', `${groups(1)}:`)}${ipv4()}`,
    () => `::ffff:${ipv4()}`,
    () => ipv4(),
    () => pick('::', '::1', '1::', ':::', '1:2', '::1::', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', 'fe80::1%eth0'),
  )()
  return pick(text, text, text.toUpperCase())
}

function day(): string {
  const year = String(pick(1970, 2024, 1900, 2000, 2100, 2149, 2299, 2300, 1, 9999, 1 + below(9999))).padStart(4, '0')
  const month = String(1 + below(12)).padStart(2, '0')
  return `${year}-${month}-${pick(String(1 + below(28)).padStart(2, '0'), '28', '29', '30', '31')}`
}

function instant(): string {
  const fraction = pick(
    '',
    '',
    '.0',
    '.000',
    `.${digits(3)}`,
    `.${digits(6)}`,
    `.${digits(9)}`,
    `.${digits(3)}000000000`,
  )
  const zone = pick('Z', 'Z', 'z', '+00:00', `-${two(20)}:${two(61)}`, `+${two(20)}${two(61)}`, `+${two(20)}`, '')
  const time = pick(`${two(24)}:${two(60)}:${two(61)}`, `${two(25)}:${two(60)}`, '23:59:59', '00:00:00')
  return `${day()}${pick('T', 'T', ' ', 't')}${time}${fraction}${zone}`
}

function decimal(): string {
  const whole = pick(
    '',
    '0',
    digits(below(6)),
    digits(below(20)),
    digits(below(80)),
    `${'0'.repeat(below(20))}${digits(3)}`,
  )
  const fraction = pick(
    '',
    '.',
    `.${digits(below(5))}`,
    `.${digits(below(22))}`,
    `.${digits(2)}${'0'.repeat(below(30))}`,
  )
  return `${signed()}${whole}${fraction}${pick('', '', '', '', 'e2', 'E-3', 'e+10')}`
}

const LIMITS = [7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256].flatMap((bits) =>
  [-1n, 0n, 1n].map((more) => String((1n << BigInt(bits)) + more)),
)

function integer(): string {
  return `${signed()}${pick('', '', '0', '0'.repeat(below(40)))}${pick(digits(1 + below(3)), digits(1 + below(22)), digits(1 + below(80)), pick(...LIMITS))}`
}

/** What is made of the texts, and whether a row takes no text where a column does. */
const FAMILIES: readonly { readonly types: readonly string[]; readonly text: () => string; readonly isSmall?: true }[] =
  [
    { types: ['UUID'], text: uuid },
    { types: ['IPv4'], text: ipv4 },
    { types: ['IPv6'], text: ipv6 },
    { types: ['Date', 'Date32'], text: day },
    {
      types: ['DateTime', ...[0, 1, 3, 6, 7, 8, 9].map((scale) => `DateTime64(${scale})`)],
      text: instant,
    },
    {
      types: [
        ...[
          '9, 0',
          '9, 9',
          '5, 2',
          '18, 4',
          '18, 18',
          '10, 0',
          '38, 10',
          '38, 38',
          '20, 2',
          '76, 20',
          '76, 0',
          '76, 76',
        ],
      ].map((parameters) => `Decimal(${parameters})`),
      text: decimal,
    },
    { types: ['Int64', 'UInt64', 'Int128', 'UInt128', 'Int256', 'UInt256'], text: integer },
    { types: ['Int8', 'UInt8', 'Int16', 'UInt16', 'Int32', 'UInt32'], text: integer, isSmall: true },
  ]

const ODD = [...'0123456789.-+eE:ZTt abcfgxX/%', '\0', 'é', '٣', '🚀', 'Ā', '\ud83d']

/** The text with a character more, less or other. */
function mutate(text: string): string {
  const at = below(text.length + 1)
  return pick(
    () => text.slice(0, at) + pick(...ODD) + text.slice(at + 1),
    () => text.slice(0, at) + pick(...ODD) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(at),
    () => `${text}${pick(' ', '0', '\n')}`,
    () => '',
  )()
}

/** As UTF-8 with offsets, behind and in front of bytes of somebody else. */
function asBytes(texts: readonly string[]): ColumnData {
  const parts = texts.map((text) => Buffer.from(text))
  const front = below(5)
  const places = [front]
  for (const { length } of parts) places.push(places.at(-1)! + length)
  const bytes = Buffer.concat([Buffer.alloc(front, '1'), ...parts, Buffer.alloc(below(3), '7')])
  const offsets = below(2) ? Int32Array.from(places) : Uint32Array.from(places)
  return { bytes, offsets: below(3) === 0 ? BigInt64Array.from(places.map(BigInt)) : offsets }
}

describe.each(CORE_BUILDS)('the %s core and put() take the same texts', (build) => {
  for (const { types, text, isSmall } of FAMILIES) {
    it.each(types)('%s', async (type) => {
      const { encodeBlock, encodeColumns } = await onBuild(build, () => import('../../src/native.ts'))
      const context = `SEED=${seed}, ${type}`
      const byRow = (given: string) => {
        if (!isSmall) return given
        return /^[+-]?\d+$/.test(given) ? BigInt(given) : { bad: given }
      }
      const good: string[] = []
      const bad: [string, string][] = []
      for (let i = 0; i < TEXTS; i++) {
        const made = text()
        const given = below(3) === 0 ? mutate(made) : made
        try {
          encodeBlock([{ name: 'c', type }], [[byRow(given)]])
          good.push(given)
        } catch (error) {
          bad.push([given, isSmall && typeof byRow(given) === 'object' ? 'BAD_TEXT' : (error as { code: string }).code])
        }
      }
      expect(good.length, context).toBeGreaterThan(0)
      expect(bad.length, context).toBeGreaterThan(0)
      const wanted = hex(
        encodeBlock(
          [{ name: 'c', type }],
          good.map((one) => [byRow(one)]),
        ),
      )
      for (const data of [good, asBytes(good), asBytes(good)]) {
        expect(hex(encodeColumns([{ name: 'c', type, data }])), context).toBe(wanted)
      }
      for (const [one, code] of bad) {
        const at = below(Math.min(good.length, 40))
        const texts = good.slice(0, 40).toSpliced(at, 0, one)
        // UTF-8 has no lone surrogates: there it is another text, as bad as this one.
        for (const data of [texts, asBytes(texts)]) {
          const error = thrown(() => encodeColumns([{ name: 'c', type, data }]))
          expect(error, `${context} ${JSON.stringify(one)}`).toMatchObject({ code, row: at, column: 'c' })
        }
      }
      // Under NULL anything may stand.
      const nulls = good.map(() => below(3) === 0)
      const rows = good.map((one, i) => [nulls[i] ? null : byRow(one)])
      const nullable = hex(encodeBlock([{ name: 'c', type: `Nullable(${type})` }], rows))
      const validity = new Uint8Array(Math.ceil(good.length / 8) + 1)
      nulls.forEach((isNull, i) => {
        if (!isNull) validity[(i + 3) >> 3]! |= 1 << ((i + 3) & 7)
      })
      const garbled = good.map((one, i) => (nulls[i] ? pick('', 'garbage', one) : one))
      for (const data of [
        good.map((one, i) => (nulls[i] ? null : one)),
        { values: garbled, validity, validityOffset: 3 },
        { ...(asBytes(garbled) as object), validity, validityOffset: 3 } as ColumnData,
      ]) {
        expect(hex(encodeColumns([{ name: 'c', type: `Nullable(${type})`, data }])), context).toBe(nullable)
      }
    })
  }
})

describe('the usual forms never leave the core', () => {
  const COUNT = 3000
  const forms: [string, { prototype: { put(index: number, value: unknown): void } }, () => string][] = [
    ['UUID', UuidColumn, () => uuid()],
    ['IPv4', IPv4Column, () => Array.from({ length: 4 }, () => below(256)).join('.')],
    ['IPv6', IPv6Column, () => Array.from({ length: 8 }, () => below(65536).toString(16)).join(':')],
    ['IPv6', IPv6Column, () => `2001:db8::${below(65536).toString(16)}`],
    ['Date', DateColumn, () => new Date(below(65536) * 86_400_000).toISOString().slice(0, 10)],
    ['DateTime', DateTimeColumn, () => new Date(below(2 ** 32) * 1000).toISOString().replace('.000', '')],
    ['DateTime64(3)', DateTime64Column, () => new Date(below(2 ** 32) * 1000 + below(1000)).toISOString()],
    ['Decimal(18, 4)', DecimalColumn, () => `${pick('', '-')}${below(1e9)}.${digits(4)}`],
    ['Decimal(18, 4)', DecimalColumn, () => String(below(1e9))],
    ['Decimal(76, 30)', DecimalColumn, () => `${pick('', '-')}${below(1e9)}${digits(30)}.${digits(30)}`],
    ['Int64', Int64Column, () => String(BigInt(below(2 ** 32)) * -1_000_000_007n)],
    ['UInt64', UInt64Column, () => String((BigInt(below(2 ** 32)) << 32n) + 0xffffffffn)],
    ['Int256', BigIntegerColumn, () => `-${digits(70)}`],
  ]
  it.each(forms)('%s', (type, { prototype }, text) => {
    const put = vi.spyOn(prototype, 'put')
    const texts = Array.from({ length: COUNT }, text)
    encodeColumns([{ name: 'c', type, data: asBytes(texts) }])
    encodeColumns([{ name: 'c', type, data: texts }])
    expect(put.mock.calls.map(([, value]) => value)).toEqual([])
  })
})

describe('texts that are not of one kind', () => {
  it('a column of texts, dates, numbers and NULLs is staged value by value where it must be', async () => {
    const { encodeBlock } = await import('../../src/native.ts')
    const values = Array.from({ length: 5000 }, (_, i) =>
      pick<unknown>(day(), new Date(below(60_000) * 86_400_000), below(60_000), null, i % 2 ? '2024-02-29' : null),
    ).map((value) => (typeof value === 'string' && !/^(19[789]|20)/.test(value) ? '2000-01-01' : value))
    const rows = values.map((value) => [typeof value === 'string' && !isDay(value) ? null : value])
    const data = rows.map(([value]) => value)
    const type = 'Nullable(Date)'
    expect(hex(encodeColumns([{ name: 'c', type, data }]))).toBe(hex(encodeBlock([{ name: 'c', type }], rows)))
  })

  it('one text of a megabyte among short ones', () => {
    const long = `${'0'.repeat(1 << 20)}7`
    const texts = ['1', long, '2', long, '3']
    const small = encodeColumns([{ name: 'c', type: 'UInt64', data: ['1', '7', '2', '7', '3'] }])
    expect(hex(encodeColumns([{ name: 'c', type: 'UInt64', data: texts }]))).toBe(hex(small))
    expect(hex(encodeColumns([{ name: 'c', type: 'UInt64', data: asBytes(texts) }]))).toBe(hex(small))
  })

  it('16 bytes that are no text are no UUID: a column of texts holds texts', () => {
    const data = { bytes: new Uint8Array(16).fill(0xff), offsets: Int32Array.of(0, 16) }
    expect(thrown(() => encodeColumns([{ name: 'c', type: 'UUID', data }]))).toMatchObject({ code: 'BAD_TEXT', row: 0 })
  })

  it('a text in an integer column is a decimal number, in a Float column it is none', () => {
    for (const data of [['7', '-8'], asBytes(['7', '-8'])]) {
      const bytes = encodeColumns([{ name: 'c', type: 'Int16', data }])
      expect(hex(bytes)).toMatch(/0700f8ff$/)
      expect(thrown(() => encodeColumns([{ name: 'c', type: 'Float64', data }]))).toMatchObject({ code: 'WRONG_TYPE' })
      expect(thrown(() => encodeColumns([{ name: 'c', type: 'UInt16', data }]))).toMatchObject({
        code: 'VALUE_OUT_OF_RANGE',
        row: 1,
      })
    }
  })
})

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
