// The core reads texts sixteen characters at a time, and must not miss one: every character at every place of a text, every way an
// address can be cut, held against put().

import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ColumnData } from '../../src/column/column-data.ts'
import { IPv4Column } from '../../src/column/ip.ts'
import { thrown } from '../support/columns.ts'
import { CORE_BUILDS, onBuild } from '../support/core-builds.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const TEXTS: readonly (readonly [type: string, ...texts: string[]])[] = [
  ['UUID', '0123abcd-4567-89AB-cdef-fedcBA987654'],
  ['IPv4', '1.20.255.4', '192.168.100.200', '0.0.0.0'],
  ['IPv6', 'fe80:0:12:abc:1:2:3:4', '2001:db8::FFFF', '1:2:3:4:5:6:7::', '::', '::ffff:1.2.3.4'],
  ['Date', '1970-01-01', '2024-02-29', '2149-06-06'],
  ['Date32', '1900-01-01', '2299-12-31'],
  ['DateTime', '1970-01-01T00:00:00Z', '2099-12-31 23:59:59Z', '2024-06-30T12:34:56+02:00'],
  ['DateTime64(3)', '2024-02-29T23:59:59.123Z', '0001-01-01T10:00:00Z', '9999-12-31T00:00:00.5-0130'],
  ['Decimal(9, 3)', '-12345.678', '+1.5', '.5', '5.', '0'],
  ['Decimal(38, 10)', '-1234567890123456.7890', '12345678901234567'],
  ['Int64', '-9223372036854775808', '12345', '-7'],
  ['UInt64', '18446744073709551615', '1234567890123456'],
  ['Int256', '-123456789012345678901234567890'],
]

/** Every ASCII character, and what no encoder writes. */
const CHARACTERS = Array.from({ length: 130 }, (_, code) => (code < 128 ? code : code === 128 ? 0xb0 : 0xff))

/** Texts as bytes; a byte above 127 is no character. */
function column(texts: readonly Buffer[]): ColumnData {
  const offsets = new Uint32Array(texts.length + 1)
  texts.forEach(({ length }, i) => {
    offsets[i + 1] = offsets[i]! + length
  })
  return { bytes: Buffer.concat(texts), offsets }
}

describe.each(CORE_BUILDS)('the %s core takes what put() takes', (build) => {
  it.each(TEXTS)('every character at every place: %s', async (type, ...texts) => {
    const { encodeBlock, encodeColumns } = await onBuild(build, () => import('../../src/native.ts'))
    const encode = (data: ColumnData) => Buffer.from(encodeColumns([{ name: 'c', type, data }]))
    for (const text of texts) {
      for (let at = 0; at < text.length; at++) {
        const good: string[] = []
        const bad: Buffer[] = []
        for (const code of CHARACTERS) {
          const bytes = Buffer.from(text)
          bytes[at] = code
          try {
            encodeBlock([{ name: 'c', type }], [[bytes.toString()]])
            good.push(bytes.toString())
          } catch {
            bad.push(bytes)
          }
        }
        expect(good).toContain(text)
        const wanted = Buffer.from(
          encodeBlock(
            [{ name: 'c', type }],
            good.map((one) => [one]),
          ),
        )
        expect(encode(column(good.map((one) => Buffer.from(one)))).equals(wanted), `${text}, character ${at}`).toBe(
          true,
        )
        for (const bytes of bad) {
          expect(() => encode(column([bytes])), `${JSON.stringify(bytes.toString('latin1'))}`).toThrow()
        }
      }
    }
  })

  it('an IPv4 address in all its lengths; no octet above 255, none that begins with 0', async () => {
    const { encodeColumns } = await onBuild(build, () => import('../../src/native.ts'))
    const GOOD = ['0', '7', '10', '99', '100', '249', '255']
    const BAD = ['', '00', '05', '012', '256', '999', '1000']
    const texts = (octets: readonly string[]) =>
      octets.flatMap((a) => octets.flatMap((b) => octets.flatMap((c) => octets.map((d) => `${a}.${b}.${c}.${d}`))))
    const good = texts(GOOD)
    const body = Buffer.concat(good.map((text) => Buffer.from(text.split('.').reverse().map(Number))))
    const data = column(good.map((text) => Buffer.from(text)))
    expect(Buffer.from(encodeColumns([{ name: 'c', type: 'IPv4', data }])).subarray(-body.length)).toEqual(body)
    for (let at = 0; at < 4; at++) {
      for (const octet of BAD) {
        for (const others of GOOD) {
          const text = Array(4).fill(others).with(at, octet).join('.')
          expect(
            thrown(() => encodeColumns([{ name: 'c', type: 'IPv4', data: [text] }])),
            text,
          ).toMatchObject({
            code: 'BAD_TEXT',
          })
        }
      }
    }
  })
})

it('no length of an IPv4 address leaves the core', async () => {
  const { encodeColumns } = await import('../../src/native.ts')
  const put = vi.spyOn(IPv4Column.prototype, 'put')
  const octets = ['1', '12', '123']
  const texts = octets.flatMap((a) =>
    octets.flatMap((b) => octets.flatMap((c) => octets.map((d) => `${a}.${b}.${c}.${d}`))),
  )
  encodeColumns([{ name: 'c', type: 'IPv4', data: texts }])
  expect(put.mock.calls).toEqual([])
})
