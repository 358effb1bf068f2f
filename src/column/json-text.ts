import type { ErrorCode } from '../errors.ts'
import { formatPath, isIn64Bits, JSON_DEPTH_MAX, JsonFault, repeatedPath, twoValues } from './json-fault.ts'

const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')
const SIMPLE_ESCAPES = Buffer.from('"\\/bfnrt')

/** Up to this many keys of an object are compared one by one, without a Set. */
const KEYS_COMPARED = 12

/**
 * Looks through JSON texts for all that the server would refuse: anything but one object, numbers that no 64-bit type
 * holds, escapes of half a character, two values for one path. It looks at the UTF-8 that will be sent (half the time of
 * looking at the characters of a string), and builds nothing on the way; a string is made only of a key that is odd, and
 * where something is wrong.
 */
export class JsonText {
  /** The text, and a 0 behind it, which no JSON text has. */
  #bytes: Buffer = Buffer.allocUnsafeSlow(1024)
  #end = 0
  #at = 0
  #depth = 0
  #hasDots = false
  /** Where in the value we are: by level, the bounds of the key in the text, or the number of the element and -1. */
  readonly #place: number[] = []
  /** Bounds of the keys of all open objects, up to number `keyEnd`. */
  readonly #keys: number[] = []
  #keyEnd = 0

  /**
   * @returns  the text in UTF-8, good until the next call
   * @throws {JsonFault}
   */
  check(text: string): Uint8Array {
    const byteLength = text.length * 3 + 1
    if (byteLength > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(byteLength * 2)
    const bytes = this.#bytes
    this.#end = bytes.write(text)
    bytes[this.#end] = 0
    this.#at = 0
    this.#depth = 0
    this.#hasDots = false
    this.#keyEnd = 0
    if (this.#next() !== BRACE) throw this.#unexpected('an object')
    this.#object()
    this.#next()
    if (this.#at < this.#end) throw this.#unexpected('the end of the text')
    if (this.#hasDots) this.#checkPaths()
    return bytes.subarray(0, this.#end)
  }

  #checkPaths(): void {
    const path = repeatedPath(JSON.parse(this.#slice(0, this.#end)))
    if (path !== undefined) throw this.#repeated(path)
  }

  /** The next byte that is no space; 0 at the end. */
  #next(): number {
    const bytes = this.#bytes
    for (;;) {
      const byte = bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.#at++
    }
  }

  #value(): void {
    const byte = this.#next()
    if (byte === QUOTE) this.#string()
    else if (byte === BRACE) this.#object()
    else if (byte === BRACKET) this.#array()
    else if (byte === MINUS || isDigit(byte)) this.#number()
    else if (byte === TRUE[0]) this.#word(TRUE)
    else if (byte === FALSE[0]) this.#word(FALSE)
    else if (byte === NULL[0]) this.#word(NULL)
    else throw this.#unexpected('a value')
  }

  #object(): void {
    const level = this.#enter()
    const keys = this.#keys
    const first = this.#keyEnd
    let names: Set<string> | undefined
    this.#at++
    if (this.#next() !== BRACE_END) {
      for (;;) {
        if (this.#next() !== QUOTE) throw this.#unexpected('a key in double quotes')
        const start = this.#at
        const hasEscapes = this.#string()
        const end = this.#at
        if (names === undefined && (hasEscapes || this.#keyEnd - first === KEYS_COMPARED * 2))
          names = this.#namesFrom(first)
        if (names === undefined ? this.#isKnown(first, start, end) : this.#isNamed(names, start, end)) {
          throw this.#repeated(this.#key(start, end))
        }
        if (hasEscapes || this.#hasDot(start, end)) this.#hasDots = true
        keys[this.#keyEnd++] = start
        keys[this.#keyEnd++] = end
        this.#place[level * 2] = start
        this.#place[level * 2 + 1] = end
        if (this.#next() !== COLON) throw this.#unexpected('":"')
        this.#at++
        this.#value()
        this.#place[level * 2 + 1] = 0
        if (this.#next() !== COMMA) break
        this.#at++
        this.#next()
      }
      if (this.#next() !== BRACE_END) throw this.#unexpected('"," or "}"')
    }
    this.#at++
    this.#keyEnd = first
    this.#depth--
  }

  #array(): void {
    const level = this.#enter()
    this.#at++
    this.#place[level * 2] = 0
    this.#place[level * 2 + 1] = -1
    if (this.#next() !== BRACKET_END) {
      for (;;) {
        this.#value()
        if (this.#next() !== COMMA) break
        this.#at++
        this.#place[level * 2]++
      }
      if (this.#next() !== BRACKET_END) throw this.#unexpected('"," or "]"')
    }
    this.#at++
    this.#depth--
  }

  #enter(): number {
    if (this.#depth === JSON_DEPTH_MAX) {
      throw this.#fault('VALUE_OUT_OF_RANGE', `nested deeper than ${JSON_DEPTH_MAX} levels`)
    }
    const level = this.#depth++
    this.#place[level * 2] = this.#place[level * 2 + 1] = 0
    return level
  }

  /** From the opening quote to behind the closing one; whether there is an escape in it. */
  #string(): boolean {
    const bytes = this.#bytes
    let hasEscapes = false
    let at = this.#at + 1
    for (;;) {
      const byte = bytes[at]
      if (byte === QUOTE) break
      if (byte === BACKSLASH) {
        at = this.#escape(at)
        hasEscapes = true
      } else if (byte >= 0x20) at++
      else {
        this.#at = at
        throw this.#unexpected('the rest of a string')
      }
    }
    this.#at = at + 1
    return hasEscapes
  }

  /** From the backslash to behind the escape. */
  #escape(at: number): number {
    if (SIMPLE_ESCAPES.includes(this.#bytes[at + 1])) return at + 2
    const unit = this.#unit(at)
    if (unit < 0xd800 || unit > 0xdfff) return at + 6
    if (unit < 0xdc00 && this.#bytes[at + 6] === BACKSLASH) {
      const low = this.#unit(at + 6)
      if (low >= 0xdc00 && low <= 0xdfff) return at + 12
    }
    this.#at = at
    throw this.#fault(
      'BAD_TEXT',
      `the escape ${this.#slice(at, at + 6)} is half a character`,
      'The server refuses it: write both halves of the surrogate pair, or U+FFFD.',
    )
  }

  /** The code unit that `\uXXXX` at `at` spells. */
  #unit(at: number): number {
    const spelled = this.#slice(at, at + 6)
    if (/^\\u[\da-fA-F]{4}$/.test(spelled)) return Number.parseInt(spelled.slice(2), 16)
    this.#at = at
    throw this.#unexpected('an escape')
  }

  #number(): void {
    const bytes = this.#bytes
    const start = this.#at
    const digits = bytes[start] === MINUS ? start + 1 : start
    let at = this.#digits(digits)
    if (bytes[digits] === ZERO && at > digits + 1) {
      this.#at = digits
      throw this.#fault('BAD_TEXT', 'a number with a leading zero')
    }
    const isWhole = bytes[at] !== DOT
    if (!isWhole) at = this.#digits(at + 1)
    const hasExponent = (bytes[at] | 0x20) === 0x65
    if (hasExponent) {
      const sign = bytes[at + 1]
      at = this.#digits(sign === PLUS || sign === MINUS ? at + 2 : at + 1)
    }
    this.#at = at
    if (isWhole && !hasExponent) {
      if (at - digits > 18 && !isIn64Bits(BigInt(this.#slice(start, at))))
        throw this.#tooLarge('an integer of more than 64 bits')
    } else if ((hasExponent || at - digits > 300) && !Number.isFinite(Number(this.#slice(start, at)))) {
      throw this.#tooLarge('a number that no Float64 holds')
    }
  }

  #tooLarge(what: string): JsonFault {
    return this.#fault('VALUE_OUT_OF_RANGE', what, 'The server refuses it: write it as a string.')
  }

  /** From the first of at least one digit to behind the last. */
  #digits(at: number): number {
    let end = at
    while (isDigit(this.#bytes[end])) end++
    if (end > at) return end
    this.#at = at
    throw this.#unexpected('a digit')
  }

  #word(word: Uint8Array): void {
    for (let i = 1; i < word.length; i++) {
      if (this.#bytes[this.#at + i] !== word[i]) throw this.#unexpected('a value')
    }
    this.#at += word.length
  }

  #hasDot(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (this.#bytes[at] === DOT) return true
    return false
  }

  /** Whether the key occurs among those of its object; none of them has an escape. */
  #isKnown(first: number, start: number, end: number): boolean {
    const bytes = this.#bytes
    const keys = this.#keys
    for (let i = first; i < this.#keyEnd; i += 2) {
      const other = keys[i]
      if (keys[i + 1] - other !== end - start) continue
      let same = 1
      while (start + same < end && bytes[start + same] === bytes[other + same]) same++
      if (start + same === end) return true
    }
    return false
  }

  #isNamed(names: Set<string>, start: number, end: number): boolean {
    const count = names.size
    return names.add(this.#key(start, end)).size === count
  }

  #namesFrom(first: number): Set<string> {
    const names = new Set<string>()
    for (let i = first; i < this.#keyEnd; i += 2) names.add(this.#key(this.#keys[i], this.#keys[i + 1]))
    return names
  }

  #key(start: number, end: number): string {
    return JSON.parse(this.#slice(start, end))
  }

  #slice(start: number, end: number): string {
    return this.#bytes.toString('utf8', start, Math.min(end, this.#end))
  }

  #unexpected(wanted: string): JsonFault {
    const [found] = this.#slice(this.#at, this.#at + 4)
    const shown = found === undefined ? 'the end' : JSON.stringify(found)
    const character = this.#slice(0, this.#at).length + 1
    return this.#fault('BAD_TEXT', `no JSON text: ${wanted} expected at character ${character}, found ${shown}`)
  }

  #repeated(path: string): JsonFault {
    return twoValues(formatPath(this.#parts()), path)
  }

  #fault(code: ErrorCode, reason: string, hint?: string): JsonFault {
    return new JsonFault(code, formatPath(this.#parts()), reason, hint)
  }

  /** The place, from the outside in. */
  #parts(): (string | number)[] {
    const parts: (string | number)[] = []
    for (let level = 0; level < this.#depth; level++) {
      const [start, end] = [this.#place[level * 2], this.#place[level * 2 + 1]]
      if (end < 0) parts.push(start)
      else if (end > 0) parts.push(this.#key(start, end))
    }
    return parts
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9
}
