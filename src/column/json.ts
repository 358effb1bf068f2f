// JSON: one text a row (structure version 1), which the server takes apart itself. It goes wherever a JSON column can stand,
// under NULL as `{}`.
//
//   {a: 1} ──▶ 01 00 00 00 00 00 00 00   07 7b 22 61 22 3a 31 7d
//
// The server refuses a whole block for one bad text (117), so every text is looked through before it is staged.

import type { Pieces } from '../wasm/pieces.ts'
import { Refusal, StagedColumn, type StagingContext } from './column.ts'
import { invalidText, JsonFault } from './json-fault.ts'
import { JsonText } from './json-text.ts'
import type { TypedMembers } from './json-typed.ts'
import { JsonWriter } from './json-writer.ts'
import { StringColumn } from './string.ts'

/** Text. */
const VERSION = [1, 0, 0, 0, 0, 0, 0, 0]

export class JsonColumn extends StagedColumn {
  readonly minWidth = 3
  readonly #bytes: StringColumn
  readonly #text = new JsonText()
  readonly #writer: JsonWriter
  readonly #versionPtr: number
  /** Where in the value the refused member stands. */
  #path = ''

  readonly #members: TypedMembers

  constructor(context: StagingContext, type: string, members: TypedMembers) {
    super(context, type)
    this.#members = members
    this.#bytes = new StringColumn(context, 'String')
    this.#bytes.parent = this
    this.#writer = new JsonWriter(context.refuseInvalidText)
    this.#versionPtr = context.arena.reserve(VERSION.length)
    context.arena.u8(this.#versionPtr, VERSION.length).set(VERSION)
  }
  override get boundWidth(): number {
    return this.#bytes.boundWidth
  }
  put(index: number, value: unknown): void {
    this.#path = ''
    if (typeof value === 'string') this.#bytes.put(index, this.#checked(index, value))
    else if (value === undefined) this.putMissing(index)
    else if (typeof value === 'object' && value !== null) this.#bytes.put(index, this.#written(index, value))
    else this.refuseType(index, value, 'an object, or JSON text of one')
  }
  putDefault(index: number): void {
    this.#bytes.put(index, '{}')
  }
  ensure(count: number): void {
    this.#bytes.ensure(count)
  }
  countBytes(count: number): number {
    return VERSION.length + this.#bytes.countBytes(count)
  }
  override truncate(count: number): void {
    this.#bytes.truncate(count)
  }
  override prefix(pieces: Pieces): void {
    pieces.add(this.#versionPtr, VERSION.length)
  }
  data(pieces: Pieces, count: number): void {
    this.#bytes.data(pieces, count)
  }
  override reset(): void {
    this.#bytes.reset()
  }
  override locate(index: number): string {
    return super.locate(index) + this.#path
  }

  #checked(index: number, text: string): Uint8Array {
    try {
      if (this.context.refuseInvalidText && !text.isWellFormed()) return this.#findSurrogate(text)
      const bytes = this.#text.check(text)
      if (!this.#members.isEmpty) this.#members.check(JSON.parse(text))
      return bytes
    } catch (error) {
      return this.#refuse(index, text, error)
    }
  }
  /** A lone surrogate becomes U+FFFD in UTF-8. Where that is not wanted, a 0 in its place is what the look stops at. */
  #findSurrogate(text: string): never {
    try {
      this.#text.check(text.replace(/\p{Surrogate}/gu, '\0'))
    } catch (error) {
      if (error instanceof JsonFault) throw invalidText(error.path)
      throw error
    }
    throw invalidText('')
  }
  #written(index: number, value: object): Uint8Array {
    try {
      const bytes = this.#writer.write(value)
      if (!this.#members.isEmpty) this.#members.check(value)
      return this.#writer.hasOddKeys ? this.#text.check(Buffer.from(bytes).toString()) : bytes
    } catch (error) {
      return this.#refuse(index, value, error)
    }
  }
  #refuse(index: number, value: unknown, error: unknown): never {
    if (!(error instanceof JsonFault)) throw error
    this.#path = error.path
    throw new Refusal(error.code, this, index, value, error.reason, error.hint)
  }
}
