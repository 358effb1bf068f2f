// The rival: parsers of one type each, written by hand in plain JavaScript. They write into a typed array that is kept, allocate
// nothing and check nothing: a wrong text would make a wrong value. Of several ways the fastest one stands here:
//
//   digits      a loop over character codes; arithmetic on 32-bit integers where nine digits fit, on doubles beyond
//   hex digits  lookup tables; out of bytes four characters at once, as a word (UUID), which beats tables by 1.7
//   dates       a table of the days before each month of each year

import { texts } from '../columns-of.mjs'

/** @param form  'strings', or 'bytes' for UTF-8 with offsets */
export function create({ type, form, rowCount, way = 'fastest' }) {
  const { strings, bytes, offsets, column } = texts(type, rowCount)
  const parser = way === 'tables' ? tables[form] : parsers[type][form]
  const out = new Uint8Array(column.length)
  const parse = form === 'strings' ? parser(out, strings) : parser(out, bytes, offsets)
  return {
    byteLength: column.length,
    run: parse,
    check() {
      if (!column.equals(out)) throw new Error(`${type}: other values than the texts say`)
      out.fill(0)
    },
  }
}

/** By type and form: makes the function that parses all texts into `out`. */
const parsers = {
  UUID: { strings: uuidStrings, bytes: uuidBytes },
  'Decimal(18, 4)': { strings: decimalStrings, bytes: decimalBytes },
  IPv4: { strings: ipv4Strings, bytes: ipv4Bytes },
  IPv6: { strings: ipv6Strings, bytes: ipv6Bytes },
  Date: { strings: dateStrings, bytes: dateBytes },
  DateTime: { strings: timeStrings, bytes: timeBytes },
  Int64: { strings: integerStrings, bytes: integerBytes },
  UInt64: { strings: integerStrings, bytes: integerBytes },
}

const HEX = new Uint8Array(128)
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

function uuidStrings(out, strings) {
  const words = new Int32Array(out.buffer)
  const byte = (text, at) => (HEX[text.charCodeAt(at)] << 4) | HEX[text.charCodeAt(at + 1)]
  return () => {
    for (let i = 0, to = 0; i < strings.length; i++, to += 4) {
      const text = strings[i]
      words[to] = byte(text, 16) | (byte(text, 14) << 8) | (byte(text, 11) << 16) | (byte(text, 9) << 24)
      words[to + 1] = byte(text, 6) | (byte(text, 4) << 8) | (byte(text, 2) << 16) | (byte(text, 0) << 24)
      words[to + 2] = byte(text, 34) | (byte(text, 32) << 8) | (byte(text, 30) << 16) | (byte(text, 28) << 24)
      words[to + 3] = byte(text, 26) | (byte(text, 24) << 8) | (byte(text, 21) << 16) | (byte(text, 19) << 24)
    }
  }
}

function uuidTables(out, bytes, offsets) {
  const words = new Int32Array(out.buffer)
  const byte = (at) => (HEX[bytes[at]] << 4) | HEX[bytes[at + 1]]
  return () => {
    for (let i = 0, to = 0; i < offsets.length - 1; i++, to += 4) {
      const at = offsets[i]
      words[to] = byte(at + 16) | (byte(at + 14) << 8) | (byte(at + 11) << 16) | (byte(at + 9) << 24)
      words[to + 1] = byte(at + 6) | (byte(at + 4) << 8) | (byte(at + 2) << 16) | (byte(at) << 24)
      words[to + 2] = byte(at + 34) | (byte(at + 32) << 8) | (byte(at + 30) << 16) | (byte(at + 28) << 24)
      words[to + 3] = byte(at + 26) | (byte(at + 24) << 8) | (byte(at + 21) << 16) | (byte(at + 19) << 24)
    }
  }
}

function uuidBytes(out, bytes, offsets) {
  const words = new Int32Array(out.buffer)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  // 'a1f0' as one word: 0a 01 0f 00, then a1 and f0 next to each other.
  const two = (at) => {
    const chars = view.getInt32(at)
    const nibbles = (chars & 0x0f0f0f0f) + Math.imul((chars >>> 6) & 0x01010101, 9)
    const pairs = nibbles | (nibbles >>> 4)
    return (pairs & 0xff) | ((pairs >>> 8) & 0xff00)
  }
  return () => {
    for (let i = 0, to = 0; i < offsets.length - 1; i++, to += 4) {
      const at = offsets[i]
      words[to] = two(at + 14) | (two(at + 9) << 16)
      words[to + 1] = two(at + 4) | (two(at) << 16)
      words[to + 2] = two(at + 32) | (two(at + 28) << 16)
      words[to + 3] = two(at + 24) | (two(at + 19) << 16)
    }
  }
}

/** What is chosen only where it is asked for: the fastest way without words of four characters. */
const tables = { strings: uuidStrings, bytes: uuidTables }

const TENS = Array.from({ length: 5 }, (_, exponent) => 10 ** exponent)

function decimalStrings(out, strings) {
  const words = new Int32Array(out.buffer)
  return () => {
    for (let i = 0; i < strings.length; i++) {
      const text = strings[i]
      const end = text.length
      const isNegative = text.charCodeAt(0) === 45
      let at = isNegative ? 1 : 0
      let value = 0
      for (; at < end; at++) {
        const char = text.charCodeAt(at)
        if (char === 46) break
        value = value * 10 + (char - 48)
      }
      let zeros = 4
      if (at < end) {
        zeros -= end - at - 1
        for (at++; at < end; at++) value = value * 10 + (text.charCodeAt(at) - 48)
      }
      value *= TENS[zeros]
      if (isNegative) value = -value
      const high = Math.floor(value / 4294967296)
      words[i * 2] = value - high * 4294967296
      words[i * 2 + 1] = high
    }
  }
}

function decimalBytes(out, bytes, offsets) {
  const words = new Int32Array(out.buffer)
  return () => {
    for (let i = 0; i < offsets.length - 1; i++) {
      let at = offsets[i]
      const end = offsets[i + 1]
      const isNegative = bytes[at] === 45
      if (isNegative) at++
      let value = 0
      for (; at < end; at++) {
        const char = bytes[at]
        if (char === 46) break
        value = value * 10 + (char - 48)
      }
      let zeros = 4
      if (at < end) {
        zeros -= end - at - 1
        for (at++; at < end; at++) value = value * 10 + (bytes[at] - 48)
      }
      value *= TENS[zeros]
      if (isNegative) value = -value
      const high = Math.floor(value / 4294967296)
      words[i * 2] = value - high * 4294967296
      words[i * 2 + 1] = high
    }
  }
}

function ipv4Strings(out, strings) {
  const words = new Int32Array(out.buffer)
  return () => {
    for (let i = 0; i < strings.length; i++) {
      const text = strings[i]
      const end = text.length
      let address = 0
      let at = 0
      for (let octets = 0; octets < 3; octets++) {
        let octet = text.charCodeAt(at) - 48
        let char = text.charCodeAt(at + 1)
        at += 2
        if (char !== 46) {
          octet = octet * 10 + char - 48
          char = text.charCodeAt(at++)
          if (char !== 46) {
            octet = octet * 10 + char - 48
            at++
          }
        }
        address = (address << 8) | octet
      }
      let octet = text.charCodeAt(at++) - 48
      if (at < end) octet = octet * 10 + text.charCodeAt(at++) - 48
      if (at < end) octet = octet * 10 + text.charCodeAt(at) - 48
      words[i] = (address << 8) | octet
    }
  }
}

function ipv4Bytes(out, bytes, offsets) {
  const words = new Int32Array(out.buffer)
  return () => {
    for (let i = 0; i < offsets.length - 1; i++) {
      const end = offsets[i + 1]
      let address = 0
      let at = offsets[i]
      for (let octets = 0; octets < 3; octets++) {
        let octet = bytes[at] - 48
        let char = bytes[at + 1]
        at += 2
        if (char !== 46) {
          octet = octet * 10 + char - 48
          char = bytes[at++]
          if (char !== 46) {
            octet = octet * 10 + char - 48
            at++
          }
        }
        address = (address << 8) | octet
      }
      let octet = bytes[at++] - 48
      if (at < end) octet = octet * 10 + bytes[at++] - 48
      if (at < end) octet = octet * 10 + bytes[at] - 48
      words[i] = (address << 8) | octet
    }
  }
}

/** Groups are written as they come; those behind '::' then move to the end. */
function ipv6Strings(out, strings) {
  const groups = new Uint16Array(out.buffer)
  return () => {
    for (let i = 0; i < strings.length; i++) {
      const text = strings[i]
      const end = text.length
      let to = i * 8
      let gap = -1
      let group = 0
      for (let at = 0; at < end; at++) {
        const char = text.charCodeAt(at)
        if (char !== 58) group = (group << 4) | HEX[char]
        else {
          groups[to++] = (group << 8) | (group >> 8)
          group = 0
          if (text.charCodeAt(at + 1) === 58) {
            gap = to
            at++
          }
        }
      }
      groups[to++] = (group << 8) | (group >> 8)
      if (gap >= 0) closeGap(groups, gap, to, i * 8 + 7)
    }
  }
}

function ipv6Bytes(out, bytes, offsets) {
  const groups = new Uint16Array(out.buffer)
  return () => {
    for (let i = 0; i < offsets.length - 1; i++) {
      const end = offsets[i + 1]
      let to = i * 8
      let gap = -1
      let group = 0
      for (let at = offsets[i]; at < end; at++) {
        const char = bytes[at]
        if (char !== 58) group = (group << 4) | HEX[char]
        else {
          groups[to++] = (group << 8) | (group >> 8)
          group = 0
          if (bytes[at + 1] === 58) {
            gap = to
            at++
          }
        }
      }
      groups[to++] = (group << 8) | (group >> 8)
      if (gap >= 0) closeGap(groups, gap, to, i * 8 + 7)
    }
  }
}

function closeGap(groups, gap, end, last) {
  let to = last
  for (let from = end - 1; from >= gap; from--) groups[to--] = groups[from]
  while (to >= gap) groups[to--] = 0
}

/** Days before the first of month m in year y, at y * 16 + m. */
const DAYS = new Int32Array(2160 * 16)
for (let year = 1970; year < 2160; year++)
  for (let month = 1; month <= 12; month++) DAYS[year * 16 + month] = Date.UTC(year, month - 1, 1) / 86_400_000 - 1
/** What the character codes of 'YYYY' and of two digits have too much. */
const YEAR = 16 * 48 * 1111
const TWO = 48 * 11

function dateStrings(out, strings) {
  const days = new Uint16Array(out.buffer)
  return () => {
    for (let i = 0; i < strings.length; i++) days[i] = dayOfString(strings[i])
  }
}

function dateBytes(out, bytes, offsets) {
  const days = new Uint16Array(out.buffer)
  return () => {
    for (let i = 0; i < offsets.length - 1; i++) days[i] = dayOfBytes(bytes, offsets[i])
  }
}

function dayOfString(text) {
  const year =
    text.charCodeAt(0) * 16_000 + text.charCodeAt(1) * 1600 + text.charCodeAt(2) * 160 + text.charCodeAt(3) * 16 - YEAR
  return DAYS[year + twoOfString(text, 5)] + twoOfString(text, 8)
}

function dayOfBytes(bytes, at) {
  const year = bytes[at] * 16_000 + bytes[at + 1] * 1600 + bytes[at + 2] * 160 + bytes[at + 3] * 16 - YEAR
  return DAYS[year + twoOfBytes(bytes, at + 5)] + twoOfBytes(bytes, at + 8)
}

function twoOfString(text, at) {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - TWO
}

function twoOfBytes(bytes, at) {
  return bytes[at] * 10 + bytes[at + 1] - TWO
}

function timeStrings(out, strings) {
  const seconds = new Uint32Array(out.buffer)
  return () => {
    for (let i = 0; i < strings.length; i++) {
      const text = strings[i]
      const time = twoOfString(text, 11) * 3600 + twoOfString(text, 14) * 60 + twoOfString(text, 17)
      seconds[i] = dayOfString(text) * 86_400 + time
    }
  }
}

function timeBytes(out, bytes, offsets) {
  const seconds = new Uint32Array(out.buffer)
  return () => {
    for (let i = 0; i < offsets.length - 1; i++) {
      const at = offsets[i]
      const time = twoOfBytes(bytes, at + 11) * 3600 + twoOfBytes(bytes, at + 14) * 60 + twoOfBytes(bytes, at + 17)
      seconds[i] = dayOfBytes(bytes, at) * 86_400 + time
    }
  }
}

/** Digits that a double holds exactly whatever they are. */
const SAFE_DIGITS = 15

function integerStrings(out, strings) {
  const words = new Int32Array(out.buffer)
  return () => {
    for (let i = 0; i < strings.length; i++) {
      const text = strings[i]
      const end = text.length
      const isNegative = text.charCodeAt(0) === 45
      let at = isNegative ? 1 : 0
      const split = end - at <= SAFE_DIGITS ? end : end - 9
      let high = 0
      for (; at < split; at++) high = high * 10 + (text.charCodeAt(at) - 48)
      let low = 0
      for (; at < end; at++) low = Math.imul(low, 10) + text.charCodeAt(at) - 48
      if (split === end) putNumber(words, i * 2, isNegative ? -high : high)
      else putTwo(words, i * 2, high, low, isNegative)
    }
  }
}

function integerBytes(out, bytes, offsets) {
  const words = new Int32Array(out.buffer)
  return () => {
    for (let i = 0; i < offsets.length - 1; i++) {
      let at = offsets[i]
      const end = offsets[i + 1]
      const isNegative = bytes[at] === 45
      if (isNegative) at++
      const split = end - at <= SAFE_DIGITS ? end : end - 9
      let high = 0
      for (; at < split; at++) high = high * 10 + (bytes[at] - 48)
      let low = 0
      for (; at < end; at++) low = Math.imul(low, 10) + bytes[at] - 48
      if (split === end) putNumber(words, i * 2, isNegative ? -high : high)
      else putTwo(words, i * 2, high, low, isNegative)
    }
  }
}

function putNumber(words, at, value) {
  const high = Math.floor(value / 4294967296)
  words[at] = value - high * 4294967296
  words[at + 1] = high
}

/** high * 10^9 + low, in steps of 16 bits so that every product is exact. */
function putTwo(words, at, high, low, isNegative) {
  const upper = Math.floor(high / 65_536)
  const sum = (high - upper * 65_536) * 1e9 + low
  const carry = Math.floor(sum / 65_536)
  const rest = upper * 1e9 + carry
  let lowWord = (sum - carry * 65_536) | ((rest % 65_536) << 16)
  let highWord = Math.floor(rest / 65_536) | 0
  if (isNegative) {
    lowWord = -lowWord | 0
    highWord = lowWord === 0 ? -highWord : ~highWord
  }
  words[at] = lowWord
  words[at + 1] = highWord
}
