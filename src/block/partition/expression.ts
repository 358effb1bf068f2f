// PARTITION BY as system.tables prints it, taken apart:
//
//   toYYYYMM(at)                          (toDate(at, \'Asia/Tokyo\'), user % 16)          `odd name`

export type Expression =
  | { readonly call: string; readonly args: readonly Expression[] }
  | { readonly column: string }
  | { readonly number: number }
  | { readonly text: string }

/** The expressions that a partition's values come from; undefined for what is none of these forms. */
export function parsePartitionKey(text: string): readonly Expression[] | undefined {
  try {
    const parser = new Parser(text)
    const list = parser.list()
    parser.end()
    return list.flatMap(parts)
  } catch (error) {
    if (error === OTHER_FORM) return undefined
    throw error
  }
}

/** A tuple is its elements. */
function parts(expression: Expression): readonly Expression[] {
  return 'call' in expression && expression.call === 'tuple' ? expression.args.flatMap(parts) : [expression]
}

const OTHER_FORM = Symbol('another form')

const TOKEN = /\s*(?:`((?:[^`\\]|\\.)*)`|'((?:[^'\\]|\\.)*)'|(-?\d+)(?![\w.])|([a-z_]\w*(?:\.[a-z_]\w*)*)|([(),%]))/iy

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  list(): Expression[] {
    const list = [this.#expression()]
    while (this.#accept(',')) list.push(this.#expression())
    return list
  }

  end(): void {
    if (this.#text.slice(this.#at).trim() !== '') throw OTHER_FORM
  }

  #expression(): Expression {
    let left = this.#primary()
    while (this.#accept('%')) left = { call: 'modulo', args: [left, this.#primary()] }
    return left
  }

  #primary(): Expression {
    const [, backquoted, text, number, word, sign] = this.#next() ?? []
    if (text !== undefined) return { text: unescaped(text) }
    if (number !== undefined) return { number: Number(number) }
    if (backquoted !== undefined) return { column: unescaped(backquoted) }
    if (word !== undefined) return this.#accept('(') ? { call: word, args: this.#rest() } : { column: word }
    if (sign !== '(') throw OTHER_FORM
    const list = this.#rest()
    return list.length === 1 ? list[0]! : { call: 'tuple', args: list }
  }

  /** What follows an opening bracket, up to the closing one. */
  #rest(): Expression[] {
    if (this.#accept(')')) return []
    const list = this.list()
    if (!this.#accept(')')) throw OTHER_FORM
    return list
  }

  #accept(sign: string): boolean {
    const before = this.#at
    if (this.#next()?.[5] === sign) return true
    this.#at = before
    return false
  }

  #next(): RegExpExecArray | undefined {
    TOKEN.lastIndex = this.#at
    const found = TOKEN.exec(this.#text)
    if (found === null) return undefined
    this.#at = TOKEN.lastIndex
    return found
  }
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1')
}
