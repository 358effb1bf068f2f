// Whether the server takes a JSON text: one object, numbers of 64 bits, no escape of half a character, no path twice.

import type { ErrorCode } from '../../../src/errors.ts'
import { pathPart } from './json.ts'

/** Levels of objects and arrays. */
export const DEPTH_MAX = 1000

export class JsonFault {
  readonly code: ErrorCode
  readonly path: string
  constructor(code: ErrorCode, path: string) {
    this.code = code
    this.path = path
  }
}

/** Throws a JsonFault. */
export function checkJson(text: string): void {
  const reader = new Reader(text)
  reader.document()
  checkPaths(JSON.parse(text) as object)
}

export function is64Bits(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 64n
}

const STRING = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![0-9])/y
const WORD = /true|false|null/y

class Reader {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  document(): void {
    if (this.#next() !== '{') throw new JsonFault('BAD_TEXT', '')
    this.#value('', 0)
    if (this.#next() !== '') throw new JsonFault('BAD_TEXT', '')
  }

  #value(path: string, depth: number): void {
    const next = this.#next()
    if (next === '{' || next === '[') {
      if (depth === DEPTH_MAX) throw new JsonFault('VALUE_OUT_OF_RANGE', path)
      this.#at++
      if (next === '{') this.#members(path, depth + 1)
      else this.#items(path, depth + 1)
    } else if (next === '"') this.#string(path)
    else if (this.#token(WORD) === undefined) this.#number(path)
  }

  #members(path: string, depth: number): void {
    const keys = new Set<string>()
    if (this.#take('}')) return
    do {
      this.#next()
      const key = this.#string(path)
      if (keys.has(key)) throw new JsonFault('BAD_TEXT', path)
      keys.add(key)
      const place = path + pathPart(key)
      if (!this.#take(':')) throw new JsonFault('BAD_TEXT', place)
      this.#value(place, depth)
    } while (this.#take(','))
    if (!this.#take('}')) throw new JsonFault('BAD_TEXT', path)
  }

  #items(path: string, depth: number): void {
    let i = 0
    if (this.#take(']')) return
    do this.#value(`${path}[${i++}]`, depth)
    while (this.#take(','))
    if (!this.#take(']')) throw new JsonFault('BAD_TEXT', `${path}[${i - 1}]`)
  }

  #string(path: string): string {
    const token = this.#token(STRING)
    if (token === undefined) throw new JsonFault('BAD_TEXT', path)
    const text = JSON.parse(token) as string
    if (!text.isWellFormed()) throw new JsonFault('BAD_TEXT', path)
    return text
  }

  #number(path: string): void {
    const token = this.#token(NUMBER)
    if (token === undefined) throw new JsonFault('BAD_TEXT', path)
    const isInteger = /^-?[0-9]+$/.test(token)
    if (isInteger ? !is64Bits(BigInt(token)) : !Number.isFinite(Number(token))) {
      throw new JsonFault('VALUE_OUT_OF_RANGE', path)
    }
  }

  /** The next character that is no space; '' at the end. */
  #next(): string {
    while (/[ \n\r\t]/.test(this.#text.charAt(this.#at))) this.#at++
    return this.#text.charAt(this.#at)
  }
  #take(character: string): boolean {
    const isNext = this.#next() === character
    if (isNext) this.#at++
    return isNext
  }
  #token(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const token = pattern.exec(this.#text)?.[0]
    this.#at += token?.length ?? 0
    return token
  }
}

/** The server joins keys with dots, and keeps one value a path; objects in an array have paths of their own. */
function checkPaths(root: object): void {
  const seen = new Set<string>()
  const look = (object: object, before: string) => {
    for (const [key, value] of Object.entries(object)) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        look(value, `${before}${key}.`)
        continue
      }
      if (seen.has(before + key)) throw new JsonFault('BAD_TEXT', '')
      seen.add(before + key)
      if (Array.isArray(value)) lookInside(value)
    }
  }
  look(root, '')
}

function lookInside(items: readonly unknown[]): void {
  for (const item of items) {
    if (Array.isArray(item)) lookInside(item)
    else if (typeof item === 'object' && item !== null) checkPaths(item)
  }
}
