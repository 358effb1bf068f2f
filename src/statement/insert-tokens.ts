// Words, quoted names, strings, numbers and symbols of an INSERT text, comments left out.

import { UsageError } from '../errors.ts'

export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol' | 'end'
  /** Without quotes, escapes resolved. */
  readonly text: string
  readonly start: number
}

const CLAUSES = ['VALUES', 'FORMAT', 'SETTINGS', 'SELECT', 'WITH', 'FROM', 'WATCH']

export function isIdentifier(token: Token): boolean {
  return token.kind === 'word' || token.kind === 'quoted'
}

/** The tokens of an INSERT text, read from left to right. Every refusal names its place in the text. */
export class Reader {
  readonly #text: string
  readonly #tokens: Token[]
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokenize(text)
  }

  /** The token `ahead` places from here; the last one is always `end`. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!
  }

  next(): Token {
    const token = this.peek()
    this.#at++
    return token
  }

  isWord(upper: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'word' && token.text.toUpperCase() === upper
  }

  isClause(ahead: number): boolean {
    return CLAUSES.some((word) => this.isWord(word, ahead))
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  identifier(wanted: string): string {
    const token = this.next()
    if (!isIdentifier(token)) return this.refuseAt(token, wanted)
    if (token.text === '') return this.refuseAt(token, `${wanted}, which cannot be empty`)
    return token.text
  }

  refuse(wanted: string, hint?: string): never {
    return this.refuseAt(this.peek(), wanted, hint)
  }

  refuseAt(token: Token, wanted: string, hint?: string): never {
    throw badInsert(this.#text, token.start, `expected ${wanted}, found ${describeToken(token)}`, hint)
  }
}

/** What stands there, without showing a string literal: it may be somebody's data. */
function describeToken(token: Token): string {
  if (token.kind === 'end') return 'the end'
  if (token.kind === 'string') return 'a string'
  return JSON.stringify(token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text)
}

function badInsert(text: string, position: number, reason: string, hint?: string): UsageError {
  const before = text.slice(0, position).split('\n')
  const place = `position ${position} (line ${before.length}, column ${before.at(-1)!.length + 1})`
  return new UsageError('BAD_INSERT', `The INSERT cannot be prepared: at ${place} ${reason}.`, {
    hint:
      hint ??
      'INSERT INTO [db.]table [(a, b)] [SETTINGS name = value] [FORMAT Native | VALUES], or only the name of a table.',
  })
}

// Comments as the server knows them: -- and # to the end of the line, /* */ over lines. Sticky, so every match starts
// where the last one ended.
const SPACE = /(?:\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)+/y
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const NUMBER = /0x[0-9a-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy
const QUOTED = {
  '`': /`((?:[^`\\]|\\[\s\S]|``)*)`/y,
  '"': /"((?:[^"\\]|\\[\s\S]|"")*)"/y,
  "'": /'((?:[^'\\]|\\[\s\S]|'')*)'/y,
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at = pattern.lastIndex
    return found
  }
  for (;;) {
    match(SPACE)
    const start = at
    const char = text[at]
    if (char === undefined) {
      tokens.push({ kind: 'end', text: '', start })
      return tokens
    }
    if (text.startsWith('/*', at)) throw badInsert(text, start, 'a comment begins that never ends')
    if (char === '`' || char === '"' || char === "'") {
      const found = match(QUOTED[char])
      if (!found) throw badInsert(text, start, `a quote ${char} opens that is never closed`)
      tokens.push({ kind: char === "'" ? 'string' : 'quoted', text: resolveEscapes(found[1]!, char), start })
      continue
    }
    const word = match(WORD)
    if (word) {
      tokens.push({ kind: 'word', text: word[0], start })
      continue
    }
    const number = match(NUMBER)
    if (number) {
      tokens.push({ kind: 'number', text: number[0], start })
      continue
    }
    at++
    tokens.push({ kind: 'symbol', text: char, start })
  }
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', 0: '\0', b: '\b', f: '\f', a: '\x07', v: '\v' }

/** `\n`, `\\`, `\xHH` and the doubled quote, as ClickHouse resolves them; an unknown escape keeps its backslash. */
function resolveEscapes(body: string, quote: string): string {
  return body.replace(/\\x([0-9a-fA-F]{2})|\\([\s\S])|(``|""|'')/g, (whole, hex, escaped, doubled) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (escaped !== undefined) return ESCAPES[escaped] ?? ('\\`"\''.includes(escaped) ? escaped : whole)
    return doubled[0] === quote ? quote : whole
  })
}
