// The rival: an encoder of exactly these tables, written by hand in plain JavaScript. It knows the columns, looks at no
// type and checks no value; typed arrays and the output are kept from call to call, so that nothing is allocated.
//
//   rows ──one pass, row by row──▶ a typed array a column ──▶ one output buffer, block after block

import { checkBlocks } from '../check.mjs'
import { rowsOf } from '../shapes.mjs'

/** @param rowsOfBlock  as many as it is fastest with, if it is not told */
export function create({ shape, rowCount, rowsOfBlock = blockRows }) {
  blockRows = rowsOfBlock
  const rows = rowsOf(shape, rowCount)
  const encode = encoders[shape]()
  const wanted = Buffer.from(encode(rows))
  checkBlocks(wanted, shape, rows)
  let made
  return {
    byteLength: wanted.length,
    run() {
      made = encode(rows)
    },
    check() {
      if (!wanted.equals(made)) throw new Error('other bytes than those that were read back')
    },
  }
}

/** Rows of a block. With 8,192 its columns stay in the second-level cache until they are copied out. */
let blockRows = 8192

/** By shape: makes `encode(rows)`, whose answer is valid until the next call. */
export const encoders = { clickstream, log, metrics, texts, id, four }

/** Calls `stage(rows, start, count)`, the optimiser's unit, and then `write(output, count)` for every block. */
function inBlocks(headers, stage, write) {
  const output = new Output()
  return function encode(rows) {
    output.clear()
    for (let start = 0; start < rows.length; start += blockRows) {
      const count = Math.min(blockRows, rows.length - start)
      stage(rows, start, count)
      output.block(headers.length, count)
      write(output, count)
    }
    return output.all()
  }
}

function clickstream() {
  const country = new TextColumn()
  const os = new Uint8Array(blockRows)
  const browser = new Uint8Array(blockRows)
  const ends = new Uint32Array(blockRows * 2)
  let categories = new Int16Array(blockRows * 4)
  const day = new Uint16Array(blockRows)
  const time = new Uint32Array(blockRows)
  const names = ['country_code', 'os_id', 'browser_id', 'categories', 'action_day', 'action_time']
  const types = ['String', 'UInt8', 'UInt8', 'Array(Int16)', 'Date', 'DateTime']
  const headers = headersOf(names, types)

  function stage(rows, start, count) {
    let elements = 0
    country.clear()
    for (let i = 0; i < count; i++) {
      const row = rows[start + i]
      country.addShort(row.country_code)
      os[i] = row.os_id
      browser[i] = row.browser_id
      const list = row.categories
      if (elements + list.length > categories.length) categories = grown(categories, elements + list.length)
      for (let k = 0; k < list.length; k++) categories[elements++] = list[k]
      ends[i * 2] = elements
      day[i] = row.action_day.getTime() / 86_400_000
      time[i] = row.action_time.getTime() / 1000
    }
  }
  function write(output, count) {
    output.bytes(headers[0])
    output.bytes(country.bytes())
    output.bytes(headers[1])
    output.array(os, count)
    output.bytes(headers[2])
    output.array(browser, count)
    output.bytes(headers[3])
    output.array(ends, count * 2)
    output.array(categories, ends[count * 2 - 2])
    output.bytes(headers[4])
    output.array(day, count)
    output.bytes(headers[5])
    output.array(time, count)
  }
  return inBlocks(headers, stage, write)
}

function log() {
  const time = new Int32Array(blockRows * 2)
  const level = new Dictionary()
  const service = new Dictionary()
  const host = new Dictionary()
  const message = new TextColumn()
  const status = new Uint16Array(blockRows)
  const duration = new Float64Array(blockRows)
  const names = ['time', 'level', 'service', 'host', 'message', 'status', 'duration']
  const text = 'LowCardinality(String)'
  const headers = headersOf(names, ['DateTime64(3)', text, text, text, 'String', 'UInt16', 'Float64'])

  function stage(rows, start, count) {
    message.clear()
    level.clear()
    service.clear()
    host.clear()
    for (let i = 0; i < count; i++) {
      const row = rows[start + i]
      const ms = row.time.getTime()
      time[i * 2] = ms | 0
      time[i * 2 + 1] = ms / 4294967296
      level.add(i, row.level)
      service.add(i, row.service)
      host.add(i, row.host)
      message.addLong(row.message)
      status[i] = row.status
      duration[i] = row.duration
    }
  }
  function write(output, count) {
    output.bytes(headers[0])
    output.array(time, count * 2)
    output.bytes(headers[1])
    level.write(output, count)
    output.bytes(headers[2])
    service.write(output, count)
    output.bytes(headers[3])
    host.write(output, count)
    output.bytes(headers[4])
    output.bytes(message.bytes())
    output.bytes(headers[5])
    output.array(status, count)
    output.bytes(headers[6])
    output.array(duration, count)
  }
  return inBlocks(headers, stage, write)
}

function metrics() {
  const id = new Int32Array(blockRows * 2)
  const ts = new Uint32Array(blockRows)
  const [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9] = Array.from({ length: 10 }, () => new Float64Array(blockRows))
  const [u0, u1, u2, u3, u4] = Array.from({ length: 5 }, () => new Uint32Array(blockRows))
  const [i0, i1, i2] = Array.from({ length: 3 }, () => new Int32Array(blockRows * 2))
  const columns = { id, ts, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, u0, u1, u2, u3, u4, i0, i1, i2 }
  const arrays = Object.values(columns)
  const types = { i: 'Int64', f: 'Float64', u: 'UInt32' }
  const headers = headersOf(
    Object.keys(columns),
    Object.keys(columns).map((name) => (name === 'id' ? 'UInt64' : name === 'ts' ? 'DateTime' : types[name[0]])),
  )

  function stage(rows, start, count) {
    for (let i = 0; i < count; i++) {
      const row = rows[start + i]
      const wide = row.id
      id[i * 2] = wide | 0
      id[i * 2 + 1] = wide / 4294967296
      ts[i] = row.ts.getTime() / 1000
      f0[i] = row.f0
      f1[i] = row.f1
      f2[i] = row.f2
      f3[i] = row.f3
      f4[i] = row.f4
      f5[i] = row.f5
      f6[i] = row.f6
      f7[i] = row.f7
      f8[i] = row.f8
      f9[i] = row.f9
      u0[i] = row.u0
      u1[i] = row.u1
      u2[i] = row.u2
      u3[i] = row.u3
      u4[i] = row.u4
      const wide0 = row.i0
      i0[i * 2] = wide0 | 0
      i0[i * 2 + 1] = Math.floor(wide0 / 4294967296)
      const wide1 = row.i1
      i1[i * 2] = wide1 | 0
      i1[i * 2 + 1] = Math.floor(wide1 / 4294967296)
      const wide2 = row.i2
      i2[i * 2] = wide2 | 0
      i2[i * 2 + 1] = Math.floor(wide2 / 4294967296)
    }
  }
  function write(output, count) {
    for (let k = 0; k < arrays.length; k++) {
      output.bytes(headers[k])
      output.array(arrays[k], arrays[k] instanceof Int32Array ? count * 2 : count)
    }
  }
  return inBlocks(headers, stage, write)
}

function texts() {
  const uid = new Int32Array(blockRows * 4)
  const nameNulls = new Uint8Array(blockRows)
  const name = new TextColumn()
  const scoreNulls = new Uint8Array(blockRows)
  const score = new Int32Array(blockRows)
  const amount = new Int32Array(blockRows * 2)
  const kind = new Uint8Array(blockRows)
  const flag = new Uint8Array(blockRows)
  const [s1, s2, s3] = Array.from({ length: 3 }, () => new TextColumn())
  const headers = headersOf(
    ['uid', 'name', 'score', 'amount', 'kind', 'flag', 's1', 's2', 's3'],
    [
      'UUID',
      'Nullable(String)',
      'Nullable(Int32)',
      'Decimal(18, 4)',
      "Enum8('alpha' = 1, 'beta' = 2, 'gamma' = 3, 'delta' = 4)",
      'Bool',
      ...['String', 'String', 'String'],
    ],
  )
  const codes = new Map([
    ['alpha', 1],
    ['beta', 2],
    ['gamma', 3],
    ['delta', 4],
  ])

  function stage(rows, start, count) {
    for (const column of [name, s1, s2, s3]) column.clear()
    for (let i = 0; i < count; i++) {
      const row = rows[start + i]
      putUuid(uid, i * 4, row.uid)
      const called = row.name
      nameNulls[i] = called === null ? 1 : 0
      name.addShort(called === null ? '' : called)
      const points = row.score
      scoreNulls[i] = points === null ? 1 : 0
      score[i] = points === null ? 0 : points
      const scaled = tenThousandths(row.amount)
      amount[i * 2] = scaled | 0
      amount[i * 2 + 1] = Math.floor(scaled / 4294967296)
      kind[i] = codes.get(row.kind)
      flag[i] = row.flag ? 1 : 0
      s1.addShort(row.s1)
      s2.addShort(row.s2)
      s3.addShort(row.s3)
    }
  }
  function write(output, count) {
    output.bytes(headers[0])
    output.array(uid, count * 4)
    output.bytes(headers[1])
    output.array(nameNulls, count)
    output.bytes(name.bytes())
    output.bytes(headers[2])
    output.array(scoreNulls, count)
    output.array(score, count)
    output.bytes(headers[3])
    output.array(amount, count * 2)
    output.bytes(headers[4])
    output.array(kind, count)
    output.bytes(headers[5])
    output.array(flag, count)
    output.bytes(headers[6])
    output.bytes(s1.bytes())
    output.bytes(headers[7])
    output.bytes(s2.bytes())
    output.bytes(headers[8])
    output.bytes(s3.bytes())
  }
  return inBlocks(headers, stage, write)
}

function id() {
  const id = new Int32Array(blockRows * 2)
  const headers = headersOf(['id'], ['UInt64'])
  function stage(rows, start, count) {
    for (let i = 0; i < count; i++) {
      const wide = rows[start + i].id
      id[i * 2] = wide | 0
      id[i * 2 + 1] = wide / 4294967296
    }
  }
  function write(output, count) {
    output.bytes(headers[0])
    output.array(id, count * 2)
  }
  return inBlocks(headers, stage, write)
}

function four() {
  const number = new Int32Array(blockRows * 2)
  const text = new TextColumn()
  const ends = new Uint32Array(blockRows * 2)
  let elements = new Uint8Array(blockRows * 16)
  const time = new Uint32Array(blockRows)
  const headers = headersOf(['Col1', 'Col2', 'Col3', 'Col4'], ['UInt64', 'String', 'Array(UInt8)', 'DateTime'])

  function stage(rows, start, count) {
    let end = 0
    text.clear()
    for (let i = 0; i < count; i++) {
      const row = rows[start + i]
      const wide = row.Col1
      number[i * 2] = wide | 0
      number[i * 2 + 1] = wide / 4294967296
      text.addShort(row.Col2)
      const list = row.Col3
      if (end + list.length > elements.length) elements = grown(elements, end + list.length)
      for (let k = 0; k < list.length; k++) elements[end++] = list[k]
      ends[i * 2] = end
      time[i] = row.Col4.getTime() / 1000
    }
  }
  function write(output, count) {
    output.bytes(headers[0])
    output.array(number, count * 2)
    output.bytes(headers[1])
    output.bytes(text.bytes())
    output.bytes(headers[2])
    output.array(ends, count * 2)
    output.array(elements, ends[count * 2 - 2])
    output.bytes(headers[3])
    output.array(time, count)
  }
  return inBlocks(headers, stage, write)
}

const HEX = new Uint8Array(128)
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/** Two halves of eight bytes, each the last one first. */
function putUuid(words, to, text) {
  words[to] = byteOf(text, 16) | (byteOf(text, 14) << 8) | (byteOf(text, 11) << 16) | (byteOf(text, 9) << 24)
  words[to + 1] = byteOf(text, 6) | (byteOf(text, 4) << 8) | (byteOf(text, 2) << 16) | (byteOf(text, 0) << 24)
  words[to + 2] = byteOf(text, 34) | (byteOf(text, 32) << 8) | (byteOf(text, 30) << 16) | (byteOf(text, 28) << 24)
  words[to + 3] = byteOf(text, 26) | (byteOf(text, 24) << 8) | (byteOf(text, 21) << 16) | (byteOf(text, 19) << 24)
}

function byteOf(text, at) {
  return (HEX[text.charCodeAt(at)] << 4) | HEX[text.charCodeAt(at + 1)]
}

/** A decimal with four digits behind the point, or fewer, times 10,000; below 2^53. */
function tenThousandths(text) {
  const end = text.length
  const isNegative = text.charCodeAt(0) === 45
  let at = isNegative ? 1 : 0
  let value = 0
  for (; at < end; at++) {
    const char = text.charCodeAt(at)
    if (char === 46) break
    value = value * 10 + (char - 48)
  }
  let places = 0
  for (at++; at < end; at++, places++) value = value * 10 + (text.charCodeAt(at) - 48)
  for (; places < 4; places++) value *= 10
  return isNegative ? -value : value
}

/** String: VarUInt byte length and UTF-8, value after value. */
class TextColumn {
  #buffer = Buffer.allocUnsafeSlow(1 << 16)
  #end = 0

  clear() {
    this.#end = 0
  }
  /** A few characters: cheaper in a loop than by a call into V8's writer. */
  addShort(text) {
    const { length } = text
    if (this.#end + length * 3 + 5 > this.#buffer.length) this.#buffer = grown(this.#buffer, this.#end + length * 3 + 5)
    const buffer = this.#buffer
    let end = this.#end + 1
    let i = 0
    for (; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) break
      buffer[end++] = code
    }
    if (i < length || length > 127) return this.addLong(text)
    buffer[this.#end] = length
    this.#end = end
  }
  addLong(text) {
    const { length } = text
    if (this.#end + length * 3 + 5 > this.#buffer.length) this.#buffer = grown(this.#buffer, this.#end + length * 3 + 5)
    const buffer = this.#buffer
    const start = this.#end
    // The width of the length is guessed from the characters.
    const guessed = varUIntWidth(length)
    const byteLength = buffer.utf8Write(text, start + guessed, length * 3)
    const width = varUIntWidth(byteLength)
    if (width !== guessed) buffer.copyWithin(start + width, start + guessed, start + guessed + byteLength)
    this.#end = writeVarUInt(buffer, start, byteLength) + byteLength
  }
  bytes() {
    return this.#buffer.subarray(0, this.#end)
  }
}

/** LowCardinality(String): the distinct texts, then an index a row. */
class Dictionary {
  #known = new Map()
  #keys = new TextColumn()
  #indexes = new Uint16Array(blockRows)
  #narrow = new Uint8Array(blockRows)

  clear() {
    this.#known.clear()
    this.#keys.clear()
    this.#keys.addShort('')
    this.#known.set('', 0)
  }
  add(i, text) {
    let index = this.#known.get(text)
    if (index === undefined) {
      index = this.#known.size
      this.#known.set(text, index)
      this.#keys.addLong(text)
    }
    this.#indexes[i] = index
  }
  write(output, count) {
    const isNarrow = this.#known.size < 256
    // Version 1; new keys follow, 8 or 16 bits an index.
    output.words(1, 0, isNarrow ? 0x600 : 0x601, 0, this.#known.size, 0)
    output.bytes(this.#keys.bytes())
    output.words(count, 0)
    if (isNarrow) for (let i = 0; i < count; i++) this.#narrow[i] = this.#indexes[i]
    output.array(isNarrow ? this.#narrow : this.#indexes, count)
  }
}

class Output {
  #buffer = Buffer.allocUnsafeSlow(1 << 20)
  #end = 0

  clear() {
    this.#end = 0
  }
  block(columnCount, rowCount) {
    this.#room(10)
    this.#end = writeVarUInt(this.#buffer, this.#end, columnCount)
    this.#end = writeVarUInt(this.#buffer, this.#end, rowCount)
  }
  bytes(bytes) {
    this.#room(bytes.length)
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.length
  }
  /** The first `length` elements of a typed array. */
  array(array, length) {
    this.bytes(new Uint8Array(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT))
  }
  words(...words) {
    this.array(Uint32Array.from(words), words.length)
  }
  all() {
    return this.#buffer.subarray(0, this.#end)
  }
  #room(byteLength) {
    if (this.#end + byteLength > this.#buffer.length) this.#buffer = grown(this.#buffer, this.#end + byteLength)
  }
}

/** A copy of a typed array or Buffer with room for `length` elements, and some more. */
function grown(array, length) {
  const larger = Math.max(length, array.length * 2)
  const copy = Buffer.isBuffer(array) ? Buffer.allocUnsafeSlow(larger) : new array.constructor(larger)
  copy.set(array)
  return copy
}

/** What stands in front of each column: its name and its type. */
function headersOf(names, types) {
  return names.map((name, i) => {
    const bytes = Buffer.alloc(name.length + types[i].length + 2)
    bytes[0] = name.length
    bytes.write(name, 1)
    bytes[name.length + 1] = types[i].length
    bytes.write(types[i], name.length + 2)
    return bytes
  })
}

function varUIntWidth(value) {
  return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : value < 1 << 28 ? 4 : 5
}

function writeVarUInt(out, at, value) {
  while (value > 127) {
    out[at++] = (value & 127) | 128
    value >>>= 7
  }
  out[at++] = value
  return at
}
