// Random texts and bytes, and the types that are written as texts, in every form that the README's table names.

import { type Below, between, leaf, pick, type RandomType, type Value } from './value.ts'

const LETTERS = ['a', 'bc', ' ', 'é', '日', '🚀', '\ud83d', '\ude80', '\0', 'zz', '"', '\\', '\u2028']

/** Mostly short, sometimes of joining length, sometimes longer than a page of memory. */
export function randomText(below: Below): string {
  const length = [0, 3, 12, 13, 40, 60, 130][below(7)]!
  const text = below(3)
    ? 'x'.repeat(below(length + 1))
    : Array.from({ length: below(length + 1) }, () => pick(below, ...LETTERS)).join('')
  return below(300) === 0 ? text + 'long '.repeat(below(20_000)) : text
}

const utf8 = new TextEncoder()

/** Text or bytes, and what a column has of it. */
function textValue(input: string | Uint8Array, length = 0): Value {
  const given = typeof input === 'string' ? utf8.encode(input) : input
  const bytes = length === 0 ? given : Uint8Array.from({ length }, (_, i) => given[i] ?? 0)
  return { input, decoded: textOrBytes(bytes), shown: Buffer.from(bytes).toString('latin1') }
}

function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new Uint8Array(bytes)
  }
}

export function string(below: Below): RandomType {
  // A column of few different texts, or of all kinds.
  const isRepeating = below(2) === 0
  return leaf(
    below,
    'String',
    () => {
      if (isRepeating && below(4)) return textValue(`key ${below(20)}`)
      const text = randomText(below)
      if (below(10)) return textValue(text)
      return textValue(below(2) ? utf8.encode(text) : Buffer.from(Array.from({ length: below(40) }, () => below(256))))
    },
    ...[5, 5n, true, new Date(0), new Uint8ClampedArray(2), new DataView(new ArrayBuffer(2))],
  )
}

export function fixedString(below: Below): RandomType {
  const length = pick(below, 1, 2, 5, 16, 1 + below(40))
  return leaf(
    below,
    `FixedString(${length})`,
    () => {
      const bytes = Uint8Array.from({ length: below(length + 1) }, () => below(256))
      if (below(3) === 0) return textValue(bytes, length)
      let text = ''
      for (const letter of Array.from({ length: below(length + 1) }, () => pick(below, ...LETTERS))) {
        if (utf8.encode(text + letter).length <= length) text += letter
      }
      return textValue(text, length)
    },
    ...['x'.repeat(length + 1), 'é'.repeat(length), new Uint8Array(length + 1), 7, 1n, false],
  )
}

function hex(value: bigint): string {
  return value.toString(16).padStart(32, '0')
}

function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}

export function uuid(below: Below): RandomType {
  return leaf(
    below,
    'UUID',
    () => {
      const value = between(below, 0n, 2n ** 128n - 1n)
      const text = hex(value).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      return {
        input: pick<unknown>(below, text, text, text.toUpperCase(), value, bytesOf(hex(value))),
        decoded: text,
        shown: text,
      }
    },
    ...[
      'x'.repeat(36),
      '',
      '0'.repeat(32),
      `{${crypto.randomUUID().slice(2)}}`,
      new Uint8Array(15),
      5,
      -1n,
      2n ** 128n,
    ],
  )
}

export function ipv4(below: Below): RandomType {
  return leaf(
    below,
    'IPv4',
    () => {
      const value = Number(between(below, 0n, 2n ** 32n - 1n))
      const octets = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
      const text = octets.join('.')
      return {
        input: pick<unknown>(below, text, text, value, BigInt(value), Uint8Array.from(octets)),
        decoded: text,
        shown: text,
      }
    },
    ...['1.2.3.256', '1.2.3', '1.2.3.04', '', '::1', -1, 2 ** 32, 0.5, Number.NaN, 2n ** 32n, new Uint8Array(5), true],
  )
}

export function ipv6(below: Below): RandomType {
  return leaf(
    below,
    'IPv6',
    () => {
      const words = Array.from({ length: 8 }, () => (below(2) ? 0 : below(2) ? below(65536) : below(20)))
      if (below(6) === 0) words.splice(0, 6, 0, 0, 0, 0, 0, 0xffff)
      const digits = words.map((word) => word.toString(16).padStart(4, '0')).join('')
      const text = ipv6Text(words)
      const full = words.map((word) => word.toString(16).padStart(below(5), '0')).join(':')
      return {
        input: pick<unknown>(below, text, text, full, full.toUpperCase(), BigInt(`0x${digits}`), bytesOf(digits)),
        decoded: text,
        shown: text,
      }
    },
    ...[
      '::g',
      '',
      ':',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      'fe80::1%eth0',
      '1.2.3.256',
      new Uint8Array(4),
      5,
      -1n,
      2n ** 128n,
    ],
  )
}

/** The first longest run of zeros is '::'; addresses that hold an IPv4 one end in it. */
function ipv6Text(words: readonly number[]): string {
  const texts = words.map((word) => word.toString(16))
  const runs = texts
    .map((_, i) => texts.slice(i).findIndex((text) => text !== '0'))
    .map((run, i) => (run < 0 ? 8 - i : run))
  const longest = Math.max(...runs)
  if (longest < 2) return texts.join(':')
  const start = runs.indexOf(longest)
  const isMapped = start === 0 && (longest === 6 || (longest === 5 && words[5] === 0xffff))
  const tail = isMapped
    ? [...texts.slice(longest, 6), [words[6]! >> 8, words[6]! & 255, words[7]! >> 8, words[7]! & 255].join('.')]
    : texts.slice(start + longest)
  return `${texts.slice(0, start).join(':')}::${tail.join(':')}`
}
