// Arrays, tuples and maps as text: ClickHouse's form and JSON's.
//
//   [1,2]   ['a','it\'s']   ["a"]   (1,'x')   {'k':1}   [NULL,1]
//
// The reader knows brackets, quotes and commas; what stands between them goes to the element's codec.

/** The text is no literal of that shape. */
export class LiteralFault {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export class LiteralReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Reads `open item , item close`. */
  list(open: string, close: string, item: () => void): void {
    this.expect(open)
    if (this.#take(close)) return
    do item()
    while (this.#take(','))
    this.expect(close)
  }

  expect(character: string): void {
    if (!this.#take(character))
      throw new LiteralFault(`${JSON.stringify(character)} expected at character ${this.#at + 1}`)
  }

  end(): void {
    if (this.peek() !== '') throw new LiteralFault(`more text after the value, at character ${this.#at + 1}`)
  }

  /** The next character that is no blank; '' at the end. */
  peek(): string {
    while (this.#text.charCodeAt(this.#at) <= 32) this.#at++
    return this.#text[this.#at] ?? ''
  }

  /** A quoted or bare value; null for a bare NULL. */
  scalar(isKey = false): string | null {
    const quote = this.peek()
    if (quote === "'" || quote === '"') return this.#quoted(quote)
    const start = this.#at
    const ends = isKey ? ',]})([{:' : ',]})([{'
    while (this.#at < this.#text.length && !ends.includes(this.#text[this.#at]!)) this.#at++
    const text = this.#text.slice(start, this.#at).trimEnd()
    if (text === '') throw new LiteralFault(`a value is missing at character ${start + 1}`)
    return text === 'NULL' || text === 'null' ? null : text
  }

  #quoted(quote: string): string {
    let result = ''
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]!
      if (character === '\\') result += this.#escape()
      else if (character !== quote) result += character
      else if (this.#text[this.#at + 1] === quote) {
        result += quote
        this.#at++
      } else {
        this.#at++
        return result
      }
    }
    throw new LiteralFault('a quote does not close')
  }

  /** At a backslash; stays on the escape's last character. */
  #escape(): string {
    const letter = this.#text[++this.#at] ?? ''
    const digits = letter === 'u' ? 4 : letter === 'x' ? 2 : 0
    if (digits === 0) return ESCAPES[letter] ?? letter
    const hex = this.#text.substr(this.#at + 1, digits)
    if (!/^[0-9a-fA-F]+$/.test(hex) || hex.length < digits)
      throw new LiteralFault(`\\${letter} needs ${digits} hexadecimal digits`)
    this.#at += digits
    return String.fromCharCode(Number.parseInt(hex, 16))
  }

  #take(character: string): boolean {
    if (this.peek() !== character) return false
    this.#at++
    return true
  }
}

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', r: '\r', n: '\n', t: '\t', 0: '\0', a: '\x07', v: '\v' }
