// Whole columns as programs have them: typed arrays of numbers, and texts as strings or as UTF-8 with offsets.

import { random } from './random.mjs'

/** What a statement cuts anyway. */
export const BLOCK_ROWS = 65_536

/** Ten columns of numbers, 45 bytes a row; arrays of exactly the values that are sent. */
const NUMBERS = {
  id: ['UInt64', BigUint64Array],
  delta: ['Int64', BigInt64Array],
  price: ['Float64', Float64Array],
  ratio: ['Float32', Float32Array],
  user: ['UInt32', Uint32Array],
  shift: ['Int32', Int32Array],
  port: ['UInt16', Uint16Array],
  level: ['UInt8', Uint8Array],
  at: ['DateTime', Uint32Array],
  day: ['Date', Uint16Array],
}

export const NUMBER_COLUMNS = Object.entries(NUMBERS).map(([name, [type]]) => ({ name, type }))

/** @returns {object}  by column name, an array each */
export function numbers(rowCount) {
  const next = random(1)
  return Object.fromEntries(
    Object.entries(NUMBERS).map(([name, [type, Values]]) => {
      const values = new Values(rowCount)
      const words = new Uint32Array(values.buffer)
      if (type.startsWith('Float')) for (let i = 0; i < rowCount; i++) values[i] = (next() - 0.5) * 1e6
      else for (let i = 0; i < words.length; i++) words[i] = next() * 2 ** 32
      return [name, values]
    }),
  )
}

/** The rows from `from` on; nothing is copied. */
export function rowsOf(columns, from, rowCount) {
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [name, values.subarray(from, from + rowCount)]),
  )
}

/** By type: makes a text, and says what the column holds for it: the value, and its bytes. */
const TEXTS = {
  UUID: {
    make: (next) => [8, 4, 4, 4, 12].map((length) => hex(next, length)).join('-'),
    value: (text) => BigInt(`0x${text.replaceAll('-', '')}`),
    width: 16,
    write: (out, at, value) => {
      out.writeBigUInt64LE(value >> 64n, at)
      out.writeBigUInt64LE(value & 0xffffffffffffffffn, at + 8)
    },
  },
  'Decimal(18, 4)': {
    make: (next) => {
      const whole = Math.floor(10 ** (next() * 9))
      const fraction = String(Math.floor(next() * 10_000))
        .padStart(4, '0')
        .slice(0, 1 + Math.floor(next() * 4))
      return `${next() < 0.3 ? '-' : ''}${whole}${next() < 0.1 ? '' : `.${fraction}`}`
    },
    value: (text) => {
      const [whole, fraction = ''] = text.split('.')
      return BigInt(whole + fraction.padEnd(4, '0'))
    },
    width: 8,
    write: writeInt64,
  },
  IPv4: {
    make: (next) => Array.from({ length: 4 }, () => Math.floor(next() * 256)).join('.'),
    value: (text) => text.split('.').reduce((address, octet) => address * 256 + Number(octet), 0),
    width: 4,
    write: (out, at, value) => out.writeUInt32LE(value, at),
  },
  IPv6: {
    make: (next) => {
      const groups = (count) => Array.from({ length: count }, () => Math.floor(next() * 65_536).toString(16)).join(':')
      return next() < 0.5 ? groups(8) : `2001:db8::${groups(1 + Math.floor(next() * 4))}`
    },
    value: (text) => {
      const [front, back] = text.split('::').map((part) => part.split(':'))
      const groups =
        back === undefined ? front : [...front, ...Array(8 - front.length - back.length).fill('0'), ...back]
      return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
    },
    width: 16,
    write: (out, at, value) => out.set(value, at),
  },
  Date: {
    make: (next) => new Date(Math.floor(next() * 65_536) * 86_400_000).toISOString().slice(0, 10),
    value: (text) => Date.parse(text) / 86_400_000,
    width: 2,
    write: (out, at, value) => out.writeUInt16LE(value, at),
  },
  DateTime: {
    make: (next) => `${new Date(Math.floor(next() * 2 ** 32) * 1000).toISOString().slice(0, 19)}Z`,
    value: (text) => Date.parse(text) / 1000,
    width: 4,
    write: (out, at, value) => out.writeUInt32LE(value, at),
  },
  Int64: {
    make: (next) => String((next() < 0.3 ? -1n : 1n) * digits(next, 1 + Math.floor(next() * 18))),
    value: BigInt,
    width: 8,
    write: writeInt64,
  },
  UInt64: {
    make: (next) => String(digits(next, 17 + Math.floor(next() * 3))),
    value: BigInt,
    width: 8,
    write: writeInt64,
  },
}

export const TEXT_TYPES = Object.keys(TEXTS)

/** Texts of their own, flat as they come from a socket; the same as UTF-8 with offsets; and the bytes of the column. */
export function texts(type, count) {
  const next = random(1)
  const { make, value, width, write } = TEXTS[type]
  const strings = Array.from({ length: count }, () => Buffer.from(make(next)).toString('latin1'))
  const offsets = new Uint32Array(count + 1)
  const column = Buffer.alloc(count * width)
  strings.forEach((text, i) => {
    offsets[i + 1] = offsets[i] + text.length
    write(column, i * width, value(text))
  })
  return { strings, bytes: new Uint8Array(Buffer.from(strings.join(''))), offsets, column }
}

function writeInt64(out, at, value) {
  out.writeBigUInt64LE(BigInt.asUintN(64, value), at)
}

function hex(next, length) {
  return Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join('')
}

/** A number of that many digits. */
function digits(next, length) {
  return BigInt(
    Array.from({ length }, (_, i) => (i === 0 ? 1 + Math.floor(next() * 9) : Math.floor(next() * 10))).join(''),
  )
}
