import type { ErrorCode } from '../errors.ts'
import { formatPath, isIn64Bits, JSON_DEPTH_MAX, JsonFault, repeatedPath, twoValues } from './json-fault.ts'

const QUOTE = 0x22
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

/** Up to this many keys of an object are compared one by one, without a Set. */
const KEYS_COMPARED = 12

/**
 * Looks through JSON texts for all that the server would refuse: anything but one object, numbers that no 64-bit type
 * holds, escapes of half a character, two values for one path. Nothing is built on the way; a string is made only of a key
 * that is odd, and where something is wrong.
 */
export class JsonText {
  readonly #refuseInvalidText: boolean
  #text = ''
  #at = 0
  #depth = 0
  #hasDots = false
  /** Where in the value we are: by level, the bounds of the key in the text, or the number of the element and -1. */
  readonly #place: number[] = []
  /** Bounds of the keys of all open objects. */
  readonly #keys: number[] = []

  constructor(refuseInvalidText: boolean) {
    this.#refuseInvalidText = refuseInvalidText
  }

  /** @throws {JsonFault} */
  check(text: string): void {
    this.#text = text
    this.#at = 0
    this.#depth = 0
    this.#hasDots = false
    this.#keys.length = 0
    if (this.#next() !== BRACE) throw this.#unexpected('an object')
    this.#object()
    this.#next()
    if (this.#at < text.length) throw this.#unexpected('the end of the text')
    if (!this.#hasDots) return
    const repeated = repeatedPath(JSON.parse(text))
    if (repeated !== undefined) throw this.#repeated(repeated)
  }

  /** The next character that is no space, as a code; NaN at the end. */
  #next(): number {
    const text = this.#text
    for (;;) {
      const code = text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code
      this.#at++
    }
  }

  #value(): void {
    const code = this.#next()
    if (code === QUOTE) this.#string(false)
    else if (code === BRACE) this.#object()
    else if (code === BRACKET) this.#array()
    else if (code === MINUS || isDigit(code)) this.#number()
    else if (!this.#word('true') && !this.#word('false') && !this.#word('null')) throw this.#unexpected('a value')
  }

  #object(): void {
    const level = this.#enter()
    const keys = this.#keys
    const first = keys.length
    let names: Set<string> | undefined
    this.#at++
    if (this.#next() !== BRACE_END) {
      for (;;) {
        if (this.#next() !== QUOTE) throw this.#unexpected('a key in double quotes')
        const start = this.#at
        const hasEscapes = this.#string(true)
        const end = this.#at
        if (names === undefined && (hasEscapes || keys.length - first === KEYS_COMPARED * 2))
          names = this.#namesFrom(first)
        if (names === undefined ? this.#isKnown(first, start, end) : this.#isNamed(names, start, end)) {
          throw this.#repeated(this.#key(start, end))
        }
        keys.push(start, end)
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
    keys.length = first
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
  #string(isKey: boolean): boolean {
    const text = this.#text
    let hasEscapes = false
    let at = this.#at + 1
    for (;;) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        at = this.#escape(at)
        hasEscapes = true
      } else if (code >= 0x20 && code < 0xd800) {
        if (isKey && code === DOT) this.#hasDots = true
        at++
      } else if (code >= 0xe000) at++
      else if (code >= 0xd800) at = this.#surrogates(at, isKey)
      else {
        this.#at = at
        throw this.#unexpected('the rest of a string')
      }
    }
    this.#at = at + 1
    if (isKey && hasEscapes) this.#hasDots = true // one may be a dot
    return hasEscapes
  }

  /** From the backslash to behind the escape. */
  #escape(at: number): number {
    const text = this.#text
    if ('"\\/bfnrt'.includes(text[at + 1] ?? ' ')) return at + 2
    const unit = this.#unit(at)
    if (unit < 0xd800 || unit > 0xdfff) return at + 6
    if (unit < 0xdc00 && text[at + 6] === '\\') {
      const low = this.#unit(at + 6)
      if (low >= 0xdc00 && low <= 0xdfff) return at + 12
    }
    this.#at = at
    throw this.#fault(
      'BAD_TEXT',
      `the escape ${text.slice(at, at + 6)} is half a character`,
      'The server takes the two halves of a surrogate pair together, or U+FFFD instead.',
    )
  }

  /** The code unit that `\uXXXX` at `at` spells. */
  #unit(at: number): number {
    const digits = this.#text.slice(at + 2, at + 6)
    if (this.#text[at + 1] === 'u' && /^[\da-fA-F]{4}$/.test(digits)) return Number.parseInt(digits, 16)
    this.#at = at
    throw this.#unexpected('an escape')
  }

  /** A lone surrogate becomes U+FFFD on its way to UTF-8, where that is wanted; two keys could become one so. */
  #surrogates(at: number, isKey: boolean): number {
    const code = this.#text.codePointAt(at)!
    if (code > 0xffff) return at + 2
    if (isKey || this.#refuseInvalidText) {
      this.#at = at
      throw this.#fault(
        'INVALID_TEXT',
        'a lone surrogate, which UTF-8 cannot carry',
        'Mend it with text.toWellFormed().',
      )
    }
    return at + 1
  }

  #number(): void {
    const text = this.#text
    const start = this.#at
    const digits = text.charCodeAt(start) === MINUS ? start + 1 : start
    let at = this.#digits(digits)
    if (text.charCodeAt(digits) === ZERO && at > digits + 1) {
      this.#at = digits
      throw this.#fault('BAD_TEXT', 'a number with a leading zero')
    }
    const isWhole = text.charCodeAt(at) !== DOT
    if (!isWhole) at = this.#digits(at + 1)
    const hasExponent = (text.charCodeAt(at) | 0x20) === 0x65
    if (hasExponent) {
      const sign = text[at + 1]
      at = this.#digits(sign === '+' || sign === '-' ? at + 2 : at + 1)
    }
    this.#at = at
    if (isWhole && !hasExponent) {
      if (at - digits > 18 && !isIn64Bits(BigInt(text.slice(start, at))))
        throw this.#tooLarge('an integer of more than 64 bits')
    } else if ((hasExponent || at - digits > 300) && !Number.isFinite(Number(text.slice(start, at)))) {
      throw this.#tooLarge('a number that no Float64 holds')
    }
  }

  #tooLarge(what: string): JsonFault {
    return this.#fault('VALUE_OUT_OF_RANGE', what, 'The server refuses it: write it as a string.')
  }

  /** From the first of at least one digit to behind the last. */
  #digits(at: number): number {
    let end = at
    while (isDigit(this.#text.charCodeAt(end))) end++
    if (end > at) return end
    this.#at = at
    throw this.#unexpected('a digit')
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false
    this.#at += word.length
    return true
  }

  /** Whether the key occurs among those of its object; none of them has an escape. */
  #isKnown(first: number, start: number, end: number): boolean {
    const text = this.#text
    const keys = this.#keys
    for (let i = first; i < keys.length; i += 2) {
      if (keys[i + 1] - keys[i] !== end - start) continue
      let same = 1
      while (start + same < end && text.charCodeAt(start + same) === text.charCodeAt(keys[i] + same)) same++
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
    for (let i = first; i < this.#keys.length; i += 2) names.add(this.#key(this.#keys[i], this.#keys[i + 1]))
    return names
  }

  #key(start: number, end: number): string {
    return JSON.parse(this.#text.slice(start, end))
  }

  #unexpected(wanted: string): JsonFault {
    const found = this.#text.codePointAt(this.#at)
    const shown = found === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(found))
    return this.#fault('BAD_TEXT', `no JSON text: ${wanted} expected at character ${this.#at + 1}, found ${shown}`)
  }

  #repeated(path: string): JsonFault {
    return twoValues('BAD_TEXT', formatPath(this.#parts()), path)
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
