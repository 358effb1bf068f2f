// LowCardinality(T): a dictionary of the distinct values of the block, then one index a row.
//
//   a, b, a, '' ──▶ 00 06 00 00 00 00 00 00   03…   00 01 61 01 62   04…   01 02 01 00
//
// Texts find their index here, because a JavaScript string that was seen before is known by its address; all other types are
// staged as T and the core finds the distinct ones when the block is sealed.

import { isUtf8 } from 'node:buffer'
import type { Pieces } from '../wasm/pieces.ts'
import { FixedColumn, StagedColumn, type StagingContext } from './column.ts'
import type { ColumnSource } from './column-data.ts'
import { NullMap } from './nullable.ts'
import type { StringColumn } from './string.ts'

/** Dictionary version, and the flags "keys are here" and "new dictionary"; the server refuses a shared one in this format. */
const VERSION = 1n
const FLAGS = 0x600n
/** Entries of the table in front of the Map. */
const CACHE = 256

/** Log2 of the index width that the server itself would choose: 256 keys take two bytes already. */
function indexWidthLog2(keyCount: number): 0 | 1 | 2 {
  return keyCount < 256 ? 0 : keyCount < 65536 ? 1 : 2
}

/** Version, flags and two counts. */
const WORDS_BYTES = 32

/** The fixed words of the format. */
class DictionaryHead {
  readonly #context: StagingContext
  readonly #ptr: number
  constructor(context: StagingContext) {
    this.#context = context
    this.#ptr = context.arena.reserve(WORDS_BYTES)
    this.#write(0, VERSION)
  }
  prefix(pieces: Pieces): void {
    pieces.add(this.#ptr, 8)
  }
  beforeKeys(pieces: Pieces, keyCount: number): void {
    this.#write(1, FLAGS | BigInt(indexWidthLog2(keyCount)))
    this.#write(2, BigInt(keyCount))
    pieces.add(this.#ptr + 8, 16)
  }
  beforeIndexes(pieces: Pieces, count: number): void {
    this.#write(3, BigInt(count))
    pieces.add(this.#ptr + 24, 8)
  }
  #write(word: number, value: bigint): void {
    this.#context.arena.u64(this.#ptr, 4)[word] = value
  }
}

/** A LowCardinality column can travel as LowCardinality(Nullable(T)), NULL standing for the column's DEFAULT. */
export interface Dictionary {
  /** Address of one byte a row, 1 = send NULL; 0 for none. Set before `data`. */
  nullsPtr: number
}

export class LowCardinalityStringColumn extends FixedColumn implements Dictionary {
  #indexes: Uint32Array = new Uint32Array(0)
  readonly #nullable: boolean
  readonly #keys: StringColumn
  readonly #known = new Map<string, number>()
  readonly #knownBytes = new Map<string, number>()
  /** By slot a text and its index, side by side: with many columns each place of memory that a value needs counts. */
  readonly #cache: (string | number)[] = new Array(CACHE * 2).fill('')
  readonly #head: DictionaryHead
  #keyCount = 0
  /** The value that the last key was added for, or a later one. */
  #adding = -1
  nullsPtr = 0
  override readonly minWidth = 4

  constructor(context: StagingContext, type: string, keys: StringColumn, nullable: boolean) {
    super(context, type, 4)
    this.#keys = keys
    this.#nullable = nullable
    this.#head = new DictionaryHead(context)
    keys.parent = this
    this.#clear()
  }
  protected bind(): void {
    this.#indexes = this.context.arena.u32(this.ptr, this.capacity)
  }

  put(index: number, value: unknown): void {
    if (typeof value !== 'string') return this.#putOther(index, value)
    const { length } = value
    const slot = ((length + value.charCodeAt(0) * 7 + value.charCodeAt(length - 1) * 31) & (CACHE - 1)) * 2
    if (this.#cache[slot] === value) {
      this.#indexes[index] = this.#cache[slot + 1] as number
      return
    }
    const key = this.#known.get(value) ?? this.#learn(index, value)
    this.#cache[slot] = value
    this.#cache[slot + 1] = key
    this.#indexes[index] = key
  }
  /** Texts with halves of surrogate pairs are one key where U+FFFD makes them one text. */
  #learn(index: number, value: string): number {
    const text = this.context.refuseInvalidText ? value : value.toWellFormed()
    return (text === value ? undefined : this.#known.get(text)) ?? this.#addKey(index, text)
  }
  #addKey(index: number, value: string | Uint8Array, name?: string): number {
    const key = this.#keyCount
    this.context.byteBound += this.#keys.boundWidth
    this.#adding = index
    this.#keys.ensure(key + 1)
    this.#keys.put(key, value)
    if (name !== undefined) this.#knownBytes.set(name, key)
    else this.#known.set(value as string, key)
    this.#keyCount = key + 1
    return key
  }
  override get holdsElements(): boolean {
    return true
  }
  protected override get nullableHint(): string {
    return 'make the column LowCardinality(Nullable(String))'
  }
  protected override locateChild(): string {
    return this.locate(this.#adding)
  }
  #putOther(index: number, value: unknown): void {
    if (value === null && this.#nullable) this.#indexes[index] = 0
    else if (value === undefined) this.putMissing(index)
    else if (value instanceof Uint8Array) this.#putBytes(index, value)
    else this.refuseType(index, value, 'a string, or a Uint8Array of raw bytes')
  }
  /** Bytes that are UTF-8 are the text they spell; others are known by one character a byte. */
  #putBytes(index: number, value: Uint8Array): void {
    if (value.byteLength === 0) {
      this.requireBuffer(index, value)
      return this.put(index, '')
    }
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    if (isUtf8(bytes)) return this.put(index, bytes.toString())
    const name = bytes.toString('latin1')
    const key = this.#knownBytes.get(name) ?? this.#addKey(index, value, name) // may move the indexes
    this.#indexes[index] = key
  }
  putDefault(index: number): void {
    this.#indexes[index] = 0
  }
  override truncate(count: number): void {
    const keyCount = this.#keysOf(count)
    if (keyCount === this.#keyCount) return
    for (const known of [this.#known, this.#knownBytes]) {
      for (const [text, key] of known) if (key >= keyCount) known.delete(text)
    }
    for (let slot = 0; slot < CACHE * 2; slot += 2)
      if ((this.#cache[slot + 1] as number) >= keyCount) this.#forgetSlot(slot)
    this.#keys.truncate(keyCount)
    this.#keyCount = keyCount
    this.#adding = count - 1
  }
  /** Keys stand in order of first appearance: those that only later values use are the last ones. */
  #keysOf(count: number): number {
    if (count > this.#adding) return this.#keyCount
    let keyCount = this.#nullable ? 2 : 1
    for (let i = 0; i < count; i++) if (this.#indexes[i] >= keyCount) keyCount = this.#indexes[i] + 1
    return keyCount
  }
  #forgetSlot(slot: number): void {
    this.#cache[slot] = ''
    this.#cache[slot + 1] = this.#nullable ? 1 : 0
  }
  #clear(): void {
    this.#known.clear()
    this.#knownBytes.clear()
    for (let slot = 0; slot < CACHE * 2; slot += 2) this.#forgetSlot(slot)
    this.#keys.truncate(0)
    this.#keys.ensure(2)
    this.#keys.put(0, '')
    if (this.#nullable) this.#keys.put(1, '')
    this.#keyCount = this.#nullable ? 2 : 1
    this.#adding = -1
    this.#known.set('', this.#keyCount - 1)
  }
  override countBytes(count: number): number {
    return WORDS_BYTES + 1 + count * 4 + this.#keys.countBytes(this.#keysOf(count))
  }
  override prefix(pieces: Pieces): void {
    this.#head.prefix(pieces)
  }
  override data(pieces: Pieces, count: number): void {
    if (count === 0) return
    const keyCount = this.#keyCount + (this.nullsPtr ? 1 : 0)
    this.#head.beforeKeys(pieces, keyCount)
    if (this.nullsPtr) pieces.add(this.context.zeros, 1) // the bytes of NULL: an empty text
    this.#keys.data(pieces, this.#keyCount)
    this.#head.beforeIndexes(pieces, count)
    const widthLog2 = indexWidthLog2(keyCount)
    this.context.arena.core.narrowIndexes(this.ptr, this.ptr, count, widthLog2, this.nullsPtr)
    pieces.add(this.ptr, count << widthLog2)
  }
  override reset(): void {
    this.nullsPtr = 0
    this.#keys.reset()
    this.#clear()
  }
}

/** LowCardinality of a type of fixed width. */
export class LowCardinalityFixedColumn extends StagedColumn implements Dictionary {
  readonly #inner: FixedColumn
  readonly #nulls?: NullMap
  readonly #head: DictionaryHead
  #outPtr = 0
  #outBytes = 0
  nullsPtr = 0
  readonly minWidth: number

  constructor(context: StagingContext, type: string, inner: FixedColumn, nullable: boolean) {
    super(context, type)
    this.#inner = inner
    inner.parent = this
    if (nullable) {
      this.#nulls = new NullMap(context)
      this.#nulls.parent = this
    }
    this.#head = new DictionaryHead(context)
    this.minWidth = inner.minWidth + 4
  }
  put(index: number, value: unknown): void {
    if (value === undefined) return this.putMissing(index)
    if (this.#nulls) {
      if (value === null) return this.putDefault(index)
      this.#nulls.put(index, false)
    }
    this.#inner.put(index, value)
  }
  override putColumn(index: number, source: ColumnSource, from: number, count: number): number {
    if (source.mayMiss(from, count)) return this.putEach(index, source, from, count, 0)
    const nulls = this.#nulls
    if (nulls === undefined) return this.#inner.putColumn(index, source, from, count)
    const nullCount = source.writeNulls(nulls.flags, index, from, count)
    if (nullCount === 0) return this.#inner.putColumn(index, source.unmasked, from, count)
    return this.#inner.putColumn(index, source, from, count, nulls.ptr + index)
  }
  override get readsText(): boolean {
    return this.#inner.readsText
  }
  override putText(index: number, text: string): void {
    this.#nulls?.put(index, false)
    this.#inner.putText(index, text)
  }
  putDefault(index: number): void {
    if (this.#nulls) {
      this.#nulls.put(index, true)
      this.#inner.putZero(index)
    } else this.#inner.putDefault(index)
  }
  override putZero(index: number): void {
    if (this.#nulls) this.putDefault(index)
    else this.#inner.putZero(index)
  }
  ensure(count: number): void {
    this.#inner.ensure(count)
    this.#nulls?.ensure(count)
  }
  countBytes(count: number): number {
    return WORDS_BYTES + (count + 2) * this.minWidth
  }
  override prefix(pieces: Pieces): void {
    this.#head.prefix(pieces)
  }
  data(pieces: Pieces, count: number): void {
    if (count === 0) return
    const { core } = this.context.arena
    const { width } = this.#inner
    const tableWords = core.dictionaryTableWords(count)
    const keyBytes = (count + 2) * width
    const indexes = this.#room(((keyBytes + 15) & ~15) + count * 4) + ((keyBytes + 15) & ~15)
    this.context.scratch.ensure(tableWords * 4)
    const nulls = this.#nulls ? this.#nulls.ptr : this.nullsPtr
    const keys = this.#outPtr
    const table = this.context.scratch.ptr
    const keyCount = core.buildDictionary(this.#inner.ptr, count, width, nulls, table, tableWords, keys, indexes)
    this.#head.beforeKeys(pieces, keyCount)
    pieces.add(keys, keyCount * width)
    this.#head.beforeIndexes(pieces, count)
    const widthLog2 = indexWidthLog2(keyCount)
    core.narrowIndexes(indexes, indexes, count, widthLog2, 0)
    pieces.add(indexes, count << widthLog2)
  }
  #room(byteLength: number): number {
    if (byteLength > this.#outBytes) {
      this.#outBytes = Math.max(byteLength, this.#outBytes * 2)
      this.#outPtr = this.context.arena.reserve(this.#outBytes)
    }
    return this.#outPtr
  }
  override reset(): void {
    this.nullsPtr = 0
  }
}
