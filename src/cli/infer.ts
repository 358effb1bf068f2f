// Types for `--create`, guessed from the first rows. A guess is conservative: a column that holds one value of another kind is
// a String, because a String takes every value and an Int64 that meets 'n/a' in row 20,000 stops the load.

import { LiteralFault, LiteralReader } from './convert/literals.ts'
import { momentFromText, UTC } from './convert/times.ts'
import { JsonNumber } from './input/ndjson.ts'

/** Rows that a guess is made from. */
export const SAMPLE_ROWS = 10_000

/** What the server's version knows. */
export interface Abilities {
  hasBool: boolean
  hasDate32: boolean
  hasDateTime64: boolean
  hasLowCardinality: boolean
}

export function abilitiesOf(release: readonly [number, number]): Abilities {
  const isFrom = (year: number, month: number) =>
    release[0] === 0 || release[0] > year || (release[0] === year && release[1] >= month)
  return {
    hasBool: isFrom(21, 12),
    hasDate32: isFrom(21, 9),
    hasDateTime64: isFrom(20, 1),
    hasLowCardinality: isFrom(19, 1),
  }
}

type Kind = 'integer' | 'float' | 'bool' | 'date' | 'time' | 'uuid' | 'array' | 'text'

/** What is known of one column's values so far. */
export class ColumnGuess {
  readonly #kinds = new Set<Kind>()
  #valueCount = 0
  #nullCount = 0
  #emptyCount = 0
  #isNegative = false
  /** 0: fits an Int64 and a double, 1: an Int64, 2: a UInt64, 3: neither. */
  #integerSize = 0
  #isLongFloat = false
  #fractionDigits = 0
  #firstSecond = Number.POSITIVE_INFINITY
  #lastSecond = Number.NEGATIVE_INFINITY
  #element: ColumnGuess | undefined
  readonly #distinct = new Set<string>()

  addNull(): void {
    this.#nullCount++
  }

  /** A CSV or TSV field: anything may be written there. */
  addText(text: string): void {
    if (text === '') {
      this.#emptyCount++
      return
    }
    this.#add(
      this.#kindOfNumber(text) ??
        (/^(true|false)$/i.test(text) ? 'bool' : undefined) ??
        this.#kindOfArray(text) ??
        this.#kindOfString(text),
    )
  }

  addJson(value: unknown): void {
    if (value === null) this.addNull()
    else if (typeof value === 'boolean') this.#add('bool')
    else if (typeof value === 'number' || value instanceof JsonNumber) {
      const text = typeof value === 'number' ? String(value) : value.text
      this.#add(this.#kindOfNumber(text) ?? 'float')
    } else if (Array.isArray(value)) {
      this.#element ??= new ColumnGuess()
      for (const item of value) this.#element.addJson(item)
      this.#add('array')
    } else if (typeof value === 'string') this.#add(this.#kindOfString(value))
    else this.#add('text') // an object: a String column keeps its JSON text
  }

  /** @param rowCount  rows in the sample: more than the values seen means that the column was missing in some */
  type(rowCount: number, abilities: Abilities): string {
    const isText = this.#plainType(abilities) === 'String'
    const missing = rowCount - this.#valueCount - (isText ? this.#emptyCount : 0)
    const isNullable = this.#nullCount > 0 || missing > 0
    const plain = this.#plainType(abilities)
    // An Array is never Nullable: a missing one is empty, but NULL would be refused.
    if (plain.startsWith('Array')) return this.#nullCount > 0 ? 'Nullable(String)' : plain
    const type = isNullable ? `Nullable(${plain})` : plain
    return isText && abilities.hasLowCardinality && this.#isRepeated() ? `LowCardinality(${type})` : type
  }

  #plainType(abilities: Abilities): string {
    const has = (...kinds: Kind[]) => this.#kinds.size > 0 && [...this.#kinds].every((kind) => kinds.includes(kind))
    if (has('integer')) {
      if (this.#integerSize <= 1) return 'Int64'
      return this.#integerSize === 2 && !this.#isNegative ? 'UInt64' : 'String'
    }
    if (has('integer', 'float')) return this.#integerSize === 0 && !this.#isLongFloat ? 'Float64' : 'String'
    if (has('bool')) return abilities.hasBool ? 'Bool' : 'UInt8'
    if (has('uuid')) return 'UUID'
    if (has('array')) return `Array(${this.#element!.type(this.#element!.#valueCount, abilities)})`
    if (has('date')) {
      if (this.#isWithin(0, LAST_DATE)) return 'Date'
      return abilities.hasDate32 && this.#isWithin(FIRST_DATE32, LAST_DATE32) ? 'Date32' : 'String'
    }
    if (has('date', 'time')) {
      if (this.#fractionDigits === 0 && this.#isWithin(0, LAST_DATETIME)) return 'DateTime'
      if (!abilities.hasDateTime64 || this.#fractionDigits > 9) return 'String'
      return `DateTime64(${this.#fractionDigits <= 3 ? 3 : this.#fractionDigits <= 6 ? 6 : 9})`
    }
    return 'String'
  }

  /** Clearly repeated: many values, few different ones. */
  #isRepeated(): boolean {
    return this.#valueCount >= 100 && this.#distinct.size <= Math.min(DISTINCT_MAX, this.#valueCount / 10)
  }

  #isWithin(first: number, last: number): boolean {
    return this.#firstSecond >= first && this.#lastSecond <= last
  }

  #add(kind: Kind): void {
    this.#valueCount++
    this.#kinds.add(kind)
  }

  #kindOfNumber(text: string): Kind | undefined {
    // 007 is a code, not a number: as an integer it would come back as 7.
    if (/^-?(0|[1-9]\d*)$/.test(text)) {
      const number = Number(text)
      const size = Number.isSafeInteger(number)
        ? 0
        : BigInt(text) < 1n << 63n && BigInt(text) >= -(1n << 63n)
          ? 1
          : BigInt(text) < 1n << 64n
            ? 2
            : 3
      this.#integerSize = Math.max(this.#integerSize, size)
      if (number < 0) this.#isNegative = true
      this.#count(text)
      return 'integer'
    }
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return undefined
    if (
      text
        .replace(/[eE].*/, '')
        .replace(/\D/g, '')
        .replace(/^0+/, '').length > 17
    )
      this.#isLongFloat = true
    this.#count(text)
    return 'float'
  }

  #kindOfString(text: string): Kind {
    this.#count(text)
    if (UUID.test(text)) return 'uuid'
    const moment = DATE_START.test(text) ? momentFromText(text, UTC) : undefined
    if (moment === undefined || moment === 'skipped') return 'text'
    this.#firstSecond = Math.min(this.#firstSecond, moment.seconds)
    this.#lastSecond = Math.max(this.#lastSecond, moment.seconds)
    if (text.length === 10) return 'date'
    const digits = /[.,](\d+)/.exec(text)?.[1]?.length ?? 0
    this.#fractionDigits = Math.max(this.#fractionDigits, digits)
    return 'time'
  }

  #kindOfArray(text: string): Kind | undefined {
    if (!text.startsWith('[')) return undefined
    try {
      const reader = new LiteralReader(text)
      const values = readItems(reader)
      reader.end()
      this.#element ??= new ColumnGuess()
      for (const value of values) this.#element.#addItem(value)
      return 'array'
    } catch (error) {
      if (error instanceof LiteralFault) return undefined
      throw error
    }
  }

  #addItem(item: Item): void {
    if (item === null) this.addNull()
    else if (typeof item === 'string') this.addText(item)
    else if (Array.isArray(item)) {
      this.#element ??= new ColumnGuess()
      for (const inner of item) this.#element.#addItem(inner)
      this.#add('array')
    } else this.#add(this.#kindOfString(item.quoted))
  }

  #count(text: string): void {
    if (this.#distinct.size <= DISTINCT_MAX) this.#distinct.add(text)
  }
}

/** Different values up to which LowCardinality is a gain whatever the table's size. */
const DISTINCT_MAX = 1000
const LAST_DATETIME = 0xffffffff
const DAY = 86_400
const LAST_DATE = 65_535 * DAY
const FIRST_DATE32 = -25_567 * DAY
const LAST_DATE32 = 120_529 * DAY
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const DATE_START = /^\d{4}-\d\d-\d\d/

/** An element of an array in text: bare text, quoted text, NULL, or an array again. */
type Item = string | { quoted: string } | null | Item[]

function readItems(reader: LiteralReader): Item[] {
  const items: Item[] = []
  reader.list('[', ']', () => {
    const first = reader.peek()
    if (first === '[') return items.push(readItems(reader))
    const text = reader.scalar()
    return items.push(text !== null && (first === "'" || first === '"') ? { quoted: text } : text)
  })
  return items
}
