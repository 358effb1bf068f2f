import { type ErrorCode, show } from '../errors.ts'
import { isKeyed } from './column.ts'
import { formatPath, invalidText, isIn64Bits, JSON_DEPTH_MAX, JsonFault } from './json-fault.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d

/** Up to this length a text is written character by character; a call into V8's writer costs as much as that. */
const SHORT = 48
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/

const KEYS_KNOWN = 1000

interface KeyText {
  readonly bytes: Uint8Array
  readonly isOdd: boolean
}

/**
 * Writes an object as JSON text: what JSON.stringify() writes, but a bigint is an integer, and what stringify would change
 * or drop without a word is refused (NaN, invalid Dates, functions, undefined in arrays, Maps). A number that is no safe
 * integer is written as a Float64, so that its type does not hang on how many digits JavaScript prints.
 */
export class JsonWriter {
  readonly #refuseInvalidText: boolean
  #out: Buffer = Buffer.allocUnsafe(1024)
  #at = 0
  #depth = 0
  /** The last value has keys that may meet as one path; its text must be looked through. */
  hasOddKeys = false
  readonly #knownKeys = new Map<string, KeyText>()
  /** Keys and element numbers down to the member that is being written. */
  readonly #place: (string | number)[] = []

  constructor(refuseInvalidText: boolean) {
    this.#refuseInvalidText = refuseInvalidText
  }

  /**
   * @returns  UTF-8, good until the next call
   * @throws {JsonFault}
   */
  write(value: object): Uint8Array {
    this.#at = 0
    this.#depth = 0
    this.hasOddKeys = false
    const plain = this.#resolve(value, '')
    if (Array.isArray(plain) || typeof plain !== 'object' || plain === null) {
      throw this.#fault(
        'WRONG_TYPE',
        `${show(plain)} is no JSON object`,
        'A JSON column takes an object, or JSON text of one.',
      )
    }
    this.#object(plain as Record<string, unknown>)
    return this.#out.subarray(0, this.#at)
  }

  /** What stands for an object: a Date and whatever has toJSON() name it themselves. */
  #resolve(value: object, key: string): unknown {
    if (value instanceof Date && Number.isNaN(value.getTime())) throw this.#fault('NOT_A_NUMBER', 'an invalid Date')
    const { toJSON } = value as { toJSON?: unknown }
    return typeof toJSON === 'function' ? toJSON.call(value, key) : value
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.#string(value)
      case 'number':
        return this.#number(value)
      case 'boolean':
        return this.#ascii(value ? 'true' : 'false')
      case 'bigint':
        if (isIn64Bits(value)) return this.#ascii(value.toString())
        throw this.#fault('VALUE_OUT_OF_RANGE', `${value}n has more than 64 bits`, 'Pass it as a string.')
      case 'object':
        if (value === null) return this.#ascii('null')
        if (Array.isArray(value)) return this.#array(value)
        return this.#object(value as Record<string, unknown>)
      case 'undefined':
        throw this.#fault(
          'MISSING_VALUE',
          'undefined where a value is required',
          'Write null, or leave the member out.',
        )
      default:
        throw this.#fault('WRONG_TYPE', `${show(value)} is no JSON value`)
    }
  }

  #object(object: Record<string, unknown>): void {
    this.#requirePlain(object)
    const level = this.#enter()
    this.#byte(BRACE)
    let isFirst = true
    for (const key in object) {
      if (!Object.hasOwn(object, key)) continue
      this.#place[level] = key
      this.#depth = level + 1
      let member = object[key]
      if (typeof member === 'object' && member !== null) member = this.#resolve(member, key)
      if (member === undefined) continue
      if (isFirst) isFirst = false
      else this.#byte(COMMA)
      this.#key(key)
      this.#value(member)
    }
    this.#byte(BRACE_END)
    this.#depth = level
  }

  #array(array: readonly unknown[]): void {
    const level = this.#enter()
    this.#byte(BRACKET)
    for (let i = 0; i < array.length; i++) {
      this.#place[level] = i
      this.#depth = level + 1
      if (i > 0) this.#byte(COMMA)
      const element = array[i]
      this.#value(typeof element === 'object' && element !== null ? this.#resolve(element, String(i)) : element)
    }
    this.#byte(BRACKET_END)
    this.#depth = level
  }

  /** The level that begins; the path in messages grows only once it has a member. */
  #enter(): number {
    if (this.#depth < JSON_DEPTH_MAX) return this.#depth
    throw this.#fault('VALUE_OUT_OF_RANGE', `nested deeper than ${JSON_DEPTH_MAX} levels`, 'Does it hold itself?')
  }

  /** JSON.stringify() makes {} of a Map and {"0": …} of a typed array. */
  #requirePlain(object: object): void {
    if (isKeyed(object)) return
    const hint =
      object instanceof Map
        ? 'Object.fromEntries(map) makes an object of it.'
        : ArrayBuffer.isView(object)
          ? 'Array.from(values) makes an array of numbers.'
          : undefined
    throw this.#fault('WRONG_TYPE', `${show(object)} is no JSON value`, hint)
  }

  #number(value: number): void {
    if ((value | 0) === value && value !== 0) this.#ascii(`${value}`)
    else if (value === 0) this.#ascii(1 / value < 0 ? '-0.0' : '0')
    else if (!Number.isFinite(value)) throw this.#fault('NOT_A_NUMBER', `${value} is no JSON number`, 'Write null.')
    else if (Number.isSafeInteger(value) || !Number.isInteger(value)) this.#ascii(`${value}`)
    else this.#ascii(value.toExponential())
  }

  /** Keys come again with every row: their text, colon included, is kept. */
  #key(key: string): void {
    const known = this.#knownKeys.get(key) ?? this.#learnKey(key)
    if (known.isOdd) this.hasOddKeys = true
    const { bytes } = known
    const at = this.#room(bytes.length)
    const out = this.#out
    for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]
    this.#at = at + bytes.length
  }

  #learnKey(key: string): KeyText {
    const isWellFormed = key.isWellFormed()
    if (this.#refuseInvalidText && !isWellFormed) throw invalidText(formatPath(this.#place.slice(0, this.#depth)))
    const known = {
      bytes: Buffer.from(`${JSON.stringify(key.toWellFormed())}:`),
      isOdd: !isWellFormed || key.includes('.'),
    }
    if (this.#knownKeys.size >= KEYS_KNOWN) this.#knownKeys.clear()
    if (key.length <= SHORT) this.#knownKeys.set(key, known)
    return known
  }

  #string(value: string): void {
    const { length } = value
    const room = this.#room(length * 3 + 2)
    const out = this.#out
    let at = room
    out[at++] = QUOTE
    if (length <= SHORT) {
      let i = 0
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 126 || code < 32 || code === QUOTE || code === BACKSLASH) break
        out[at++] = code
      }
      if (i === length) {
        out[at++] = QUOTE
        this.#at = at
        return
      }
      at = room + 1
    }
    if (ESCAPED.test(value)) return this.#escaped(value)
    at += out.write(value, at)
    out[at++] = QUOTE
    this.#at = at
  }

  #escaped(value: string): void {
    if (this.#refuseInvalidText && !value.isWellFormed()) {
      throw invalidText(formatPath(this.#place.slice(0, this.#depth)))
    }
    const text = JSON.stringify(value.toWellFormed())
    const at = this.#room(text.length * 3)
    this.#at = at + this.#out.write(text, at)
  }

  #ascii(text: string): void {
    const at = this.#room(text.length)
    const out = this.#out
    for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i)
    this.#at = at + text.length
  }

  #byte(byte: number): void {
    const at = this.#room(1)
    this.#out[at] = byte
    this.#at = at + 1
  }

  /** Where the next bytes go; there is room for so many. */
  #room(byteLength: number): number {
    if (this.#at + byteLength > this.#out.length) {
      const grown = Buffer.allocUnsafeSlow((this.#at + byteLength) * 2)
      grown.set(this.#out.subarray(0, this.#at))
      this.#out = grown
    }
    return this.#at
  }

  #fault(code: ErrorCode, reason: string, hint?: string): JsonFault {
    return new JsonFault(code, formatPath(this.#place.slice(0, this.#depth)), reason, hint)
  }
}
