// Every type family of the README's table, in the forms in which programs have values of it.
//
// A family makes a value (`make`), and says what decodeBlocks() gives for it where that is another (`decoded`), and how a program has
// a whole column of them where it is no array of values (`column`).

import { checkValues } from './check.mjs'
import { random } from './random.mjs'

/** Values of a block; a quarter of them where each holds several others. */
const BLOCK_VALUES = 65_536

const START_MS = Date.UTC(2024, 0, 1)
const DAY_MS = 86_400_000
const UNITS = ['auth', 'billing', 'cart', 'catalog', 'checkout', 'gateway', 'inventory', 'mail', 'orders', 'payments']

const isoDay = (ms) => new Date(ms).toISOString().slice(0, 10)
const instant = (text) => new Date(text)
const hex = (next, digits) => {
  let text = ''
  while (text.length < digits)
    text += whole(next, 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return text.slice(0, digits)
}
const uuid = (next) => hex(next, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const two = (value) => String(value).padStart(2, '0')
const clock = (next) => `${two(whole(next, 24))}:${two(whole(next, 60))}:${two(whole(next, 60))}`
const price = (next) => `${whole(next, 1e6)}.${two(whole(next, 100))}`
const big64 = (next) => BigInt(whole(next, 2 ** 31)) * 2n ** 32n + BigInt(whole(next, 2 ** 32))
const point = (next) => [next() * 360 - 180, next() * 180 - 90]
const vector = (next, length) => Float32Array.from({ length }, () => next() - 0.5)
const unit = (next) => flat(UNITS[whole(next, UNITS.length)])

/** By the type and the form of its values. */
const FAMILIES = {
  'UInt8 number': { make: (next) => whole(next, 256), column: (values) => Uint8Array.from(values) },
  'Int32 number': { make: (next) => whole(next, 2 ** 32) - 2 ** 31, column: (values) => Int32Array.from(values) },
  'Int64 number': { make: (next) => whole(next, 2 ** 53), decoded: BigInt },
  'UInt64 bigint': { make: big64, column: (values) => BigUint64Array.from(values) },
  'UInt64 text': { make: (next) => flat(`${big64(next)}`), decoded: BigInt, column: texts },
  'UInt128 bigint': { make: (next) => big64(next) * big64(next) },
  'Int256 bigint': { make: (next) => -big64(next) * big64(next) * big64(next) },
  'Float64 number': { make: (next) => next() * 1000, column: (values) => Float64Array.from(values) },
  'Float32 number': {
    make: (next) => next() * 1000,
    decoded: Math.fround,
    column: (values) => Float32Array.from(values),
  },
  'BFloat16 number': { make: (next) => whole(next, 128) / 8 },
  'Bool boolean': { make: (next) => next() < 0.5 },
  'Decimal(18, 2) text': { make: (next) => flat(price(next)), column: texts },
  'Decimal(18, 2) number': { make: (next) => Number(price(next)), decoded: (value) => value.toFixed(2) },
  'Decimal(38, 2) text': { make: (next) => flat(`${big64(next)}${price(next)}`), column: texts },
  'String 8 characters': { make: (next) => flat(hex(next, 8)), column: texts },
  'String 100 characters': { make: (next) => flat(hex(next, 100)), column: texts },
  'String bytes': { make: (next) => Buffer.from(hex(next, 40)), decoded: String },
  'FixedString(16) text': { make: (next) => flat(hex(next, 16)), column: texts },
  'FixedString(16) bytes': { make: (next) => Buffer.from(hex(next, 32).replaceAll('0', 'f'), 'hex'), decoded: asText },
  'Date Date': { make: (next) => time(next), decoded: isoDay },
  'Date text': { make: (next) => flat(isoDay(time(next))), column: texts },
  'Date32 Date': { make: (next) => time(next), decoded: isoDay },
  'DateTime Date': { make: (next) => time(next), decoded: (date) => new Date(Math.floor(date / 1000) * 1000) },
  'DateTime text': {
    make: (next) => flat(time(next).toISOString().replace(/\.\d+/, '')),
    decoded: instant,
    column: texts,
  },
  'DateTime64(3) Date': { make: (next) => time(next) },
  'DateTime64(6) Date': { make: (next) => time(next), decoded: (date) => BigInt(date.getTime()) * 1000n },
  'DateTime64(6) bigint': {
    make: (next) => BigInt(time(next).getTime()) * 1000n,
    column: (values) => BigInt64Array.from(values),
  },
  'DateTime64(3) text': { make: (next) => flat(time(next).toISOString()), decoded: instant, column: texts },
  'Time text': { make: (next) => flat(clock(next)) },
  'Time number': {
    make: (next) => whole(next, 86_400),
    decoded: (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19),
    column: (values) => Int32Array.from(values),
  },
  'Time64(3) text': { make: (next) => flat(`${clock(next)}.${100 + whole(next, 900)}`) },
  'UUID text': { make: (next) => flat(uuid(next)), column: texts },
  'UUID bytes': { make: (next) => Buffer.from(hex(next, 32), 'hex'), decoded: uuidOf },
  'IPv4 text': { make: (next) => flat(Array.from({ length: 4 }, () => whole(next, 256)).join('.')), column: texts },
  'IPv6 text': {
    make: (next) => flat(`2001:db8::${1 + whole(next, 9999)}:${hex(next, 4).replace(/^0+/, '') || 1}`),
    column: texts,
  },
  'Enum8 label': { type: `Enum8(${UNITS.map((label, i) => `'${label}' = ${i}`).join(', ')})`, make: unit },
  'Enum16 number': {
    type: `Enum16(${UNITS.map((label, i) => `'${label}' = ${i * 300}`).join(', ')})`,
    make: (next) => whole(next, UNITS.length) * 300,
    decoded: (code) => UNITS[code / 300],
    column: (values) => Int16Array.from(values),
  },
  'Nullable(Int32) every third NULL': { make: (next) => (next() < 1 / 3 ? null : whole(next, 1e6)) },
  'Nullable(String) every third NULL': { make: (next) => (next() < 1 / 3 ? null : flat(hex(next, 8))) },
  'LowCardinality(String) 10 keys': { make: unit },
  'LowCardinality(String) 10,000 keys': { make: (next) => flat(`key number ${whole(next, 10_000)}`) },
  'LowCardinality(UInt32) 10,000 keys': {
    make: (next) => whole(next, 10_000),
    column: (values) => Uint32Array.from(values),
  },
  'LowCardinality(Nullable(String)) 10 keys': { make: (next) => (next() < 1 / 3 ? null : unit(next)) },
  'Array(Int32) 5 numbers': { make: (next) => numbers(next, 5) },
  'Array(Float32) typed array of 100': { make: (next) => vector(next, 100), decoded: Array.from, isLarge: true },
  'Array(String) 3 texts': { make: (next) => [unit(next), unit(next), hex(next, 8)].map(flat) },
  'Tuple(UInt32, String) array': { make: (next) => [whole(next, 1e6), unit(next)] },
  'Tuple(a UInt32, b String) object': { make: (next) => ({ a: whole(next, 1e6), b: unit(next) }) },
  'Map(String, UInt32) object of 3': {
    make: (next) => entries(next),
    decoded: (object) => new Map(Object.entries(object)),
    isLarge: true,
  },
  'Map(String, UInt32) Map of 3': { make: (next) => new Map(Object.entries(entries(next))), isLarge: true },
  'Nested(a UInt32, b String) 2 objects': {
    make: (next) => [1, 2].map(() => ({ a: whole(next, 1e6), b: unit(next) })),
    isLarge: true,
  },
  'Variant(String, UInt32) by kind': { make: (next) => (next() < 0.5 ? unit(next) : whole(next, 1e6)) },
  'Variant(UInt32, UInt64) typed()': {
    make: (next, typed) => typed(next() < 0.5 ? 'UInt32' : 'UInt64', whole(next, 1e6)),
    decoded: ({ type, value }) => (type === 'UInt64' ? BigInt(value) : value),
  },
  'Dynamic by itself': {
    make: (next) => (next() < 0.5 ? unit(next) : whole(next, 1e6)),
    decoded: (value) => (typeof value === 'number' ? BigInt(value) : value),
  },
  'Dynamic arrays of 5': { make: (next) => numbers(next, 5), decoded: (list) => list.map(BigInt), isLarge: true },
  'JSON object of 5': { make: (next) => object(next), isLarge: true },
  'JSON text of 5 members': { make: (next) => flat(JSON.stringify(object(next))), decoded: JSON.parse, isLarge: true },
  'Point array': { make: point },
  'Ring 5 points': { make: (next) => Array.from({ length: 5 }, () => point(next)), isLarge: true },
  'Geometry typed()': { make: (next, typed) => typed('Point', point(next)), decoded: ({ value }) => value },
  'QBit(Float32, 16) typed array': { make: (next) => vector(next, 16), decoded: Array.from, isLarge: true },
  'IntervalSecond number': { make: (next) => whole(next, 1e6), decoded: BigInt },
  'SimpleAggregateFunction(sum, UInt64) number': { make: (next) => whole(next, 1e6), decoded: BigInt },
}

export const FAMILY_NAMES = Object.keys(FAMILIES)

/** Values of a block of the family. */
export function countOf(name, quick) {
  return BLOCK_VALUES / (quick ? 256 : FAMILIES[name].isLarge ? 4 : 1)
}

/**
 * A contender that makes a block of each of the families.
 *
 * @param typed    the encoder's own, which knows its values by their class
 * @param prepare  takes {columns, rows, column}, a table of one column and all its values; returns what makes the block's bytes
 */
export function contenderOf({ families, quick }, typed, prepare) {
  const encoders = families.map((family) => {
    const { type, make, decoded = itself, column = itself } = FAMILIES[family]
    const next = random(FAMILY_NAMES.indexOf(family) + 1)
    const values = Array.from({ length: countOf(family, quick) }, () => make(next, typed))
    const columns = [{ name: 'v', type: type ?? typeIn(family) }]
    const encode = prepare({ columns, rows: values.map((v) => ({ v })), column: column(values) })
    const wanted = Buffer.from(encode())
    checkValues(
      wanted,
      columns[0],
      values.map((value) => (value === null ? null : decoded(value))),
    )
    return { family, encode, wanted, made: wanted }
  })
  return {
    byteLength: encoders.reduce((sum, { wanted }) => sum + wanted.length, 0),
    run() {
      for (const encoder of encoders) encoder.made = encoder.encode()
    },
    check() {
      const other = encoders.find(({ wanted, made }) => !wanted.equals(made))
      if (other) throw new Error(`${other.family}: other bytes than those that were read back`)
    },
  }
}

/** The type is what stands before the form. */
function typeIn(name) {
  const end = name.lastIndexOf(')') + 1 || name.indexOf(' ')
  return name.endsWith('typed()') ? name.slice(0, name.indexOf(' typed()')) : name.slice(0, end)
}

function itself(value) {
  return value
}

function time(next) {
  return new Date(START_MS + whole(next, 365 * DAY_MS))
}

function numbers(next, length) {
  return Array.from({ length }, () => whole(next, 1e6))
}

function entries(next) {
  return { requests: whole(next, 1e6), errors: whole(next, 1e6), retries: whole(next, 1e6) }
}

function object(next) {
  return {
    id: whole(next, 1e6),
    service: unit(next),
    duration: next() * 1000,
    ok: next() < 0.9,
    tags: [unit(next), unit(next)],
  }
}

function asText(bytes) {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? text : bytes
}

function uuidOf(bytes) {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Texts back to back, with the places where each ends. */
function texts(values) {
  const bytes = Buffer.from(values.join(''))
  const offsets = new Int32Array(values.length + 1)
  values.forEach((value, i) => {
    offsets[i + 1] = offsets[i] + value.length
  })
  return { bytes, offsets }
}

function whole(next, below) {
  return Math.floor(next() * below)
}

function flat(text) {
  return Buffer.from(text).toString()
}
