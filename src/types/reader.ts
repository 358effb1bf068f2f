import { SchemaError } from '../errors.ts'

export interface Identifier {
  readonly text: string
  /** Written in backticks or double quotes: then never a keyword. */
  readonly isQuoted: boolean
}

/** Walks over a type string: words, quoted text, integers, punctuation. Every failure names its position. */
export class TypeReader {
  readonly text: string
  #at = 0

  constructor(text: string) {
    this.text = text
  }

  get at(): number {
    return this.#at
  }

  /** Goes back to an earlier `at`. */
  rewind(at: number): void {
    this.#at = at
  }

  /** The next character that is not a space; empty at the end. */
  peek(): string {
    this.#match(SPACE)
    return this.text.charAt(this.#at)
  }

  /** Takes `character` if it is next. */
  take(character: string): boolean {
    if (this.peek() !== character) return false
    this.#at++
    return true
  }

  expect(character: string): void {
    if (!this.take(character)) throw this.unexpected(`"${character}"`)
  }

  /** A bare word, or undefined. */
  word(): string | undefined {
    this.#match(SPACE)
    return this.#match(WORD)
  }

  /** A bare word, or a name in backticks or double quotes; undefined if something else comes next. */
  identifier(): Identifier | undefined {
    const next = this.peek()
    if (next === '`' || next === '"') {
      const text = this.quoted(next)
      if (text === '') throw this.bad('a quoted name is empty')
      return { text, isQuoted: true }
    }
    const text = this.#match(WORD)
    return text === undefined ? undefined : { text, isQuoted: false }
  }

  /** An integer, or undefined. Hexadecimal is ClickHouse's too: `FixedString(0x10)`. */
  integer(): number | undefined {
    this.#match(SPACE)
    const text = this.#match(INTEGER)
    if (text === undefined) return undefined
    const digits = text.replace(/^[+-]/, '')
    return text.startsWith('-') ? -Number(digits) : Number(digits)
  }

  /** A number or a word as it stands (`0.5`, `-1`, `1e-3`, `inf`, `true`), or undefined. */
  literal(): string | undefined {
    this.#match(SPACE)
    return this.#match(LITERAL)
  }

  /** Text between `quote`s, with ClickHouse's escapes undone; the opening quote must be next. */
  quoted(quote: string): string {
    const { text } = this
    const start = this.#at
    let out = ''
    let copied = start + 1
    let i = copied
    while (i < text.length) {
      const character = text[i]
      if (character === quote) {
        out += text.slice(copied, i)
        if (text[i + 1] !== quote) {
          this.#at = i + 1
          return out
        }
        copied = i + 1 // doubled: stands for itself
        i += 2
      } else if (character === '\\') {
        out += text.slice(copied, i)
        this.#at = i
        out += this.#escape()
        copied = i = this.#at
      } else i++
    }
    this.#at = start
    throw this.bad(`the text that begins here has no closing ${quote}`)
  }

  /** One run of escapes, from the backslash on. */
  #escape(): string {
    const start = this.#at
    const hex = this.#match(HEX_ESCAPES)
    if (hex !== undefined) {
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
          Buffer.from(hex.replaceAll('\\x', ''), 'hex'),
        )
      } catch {
        throw this.bad(`the escapes ${hex.slice(0, 40)} are no UTF-8`, start)
      }
    }
    const character = this.text.charAt(this.#at + 1)
    this.#at += 2
    // Anything else keeps its backslash, so that '\d' of a regular expression means what it says.
    return ESCAPES[character] ?? (STANDS_FOR_ITSELF.includes(character) ? character : `\\${character}`)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  /** BAD_TYPE: something else was expected here. */
  unexpected(wanted: string): SchemaError {
    const next = this.peek()
    return this.bad(`expected ${wanted}, found ${next === '' ? 'the end' : JSON.stringify(next)}`)
  }

  /** BAD_TYPE with the position; `at` is counted from 1 for people. */
  bad(reason: string, at: number = this.#at, hint?: string): SchemaError {
    return new SchemaError('BAD_TYPE', `${excerpt(this.text, at)}: ${reason}, at position ${at + 1}`, {
      type: this.text,
      hint,
    })
  }
}

const SPACE = /\s*/y
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const INTEGER = /[+-]?(?:0x[0-9A-Fa-f]+|\d+)/y
const LITERAL = /[+-]?[0-9A-Za-z_.]+(?:(?<=\d[eE])[+-]\d+)?/y
const HEX_ESCAPES = /(?:\\x[0-9A-Fa-f]{2})+/y
const STANDS_FOR_ITSELF = '\\\'"`/='
const ESCAPES: Record<string, string> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  0: '\0',
  a: '\x07',
  v: '\v',
  e: '\x1b',
  N: '',
}

/** The type as far as it fits a line: an Enum may have thousands of labels. */
function excerpt(text: string, at: number): string {
  if (text.length <= 80) return `Type ${JSON.stringify(text)}`
  const start = Math.max(0, Math.min(at - 40, text.length - 80))
  return `Type ${JSON.stringify(`${start > 0 ? '…' : ''}${text.slice(start, start + 80)}${start + 80 < text.length ? '…' : ''}`)}`
}
