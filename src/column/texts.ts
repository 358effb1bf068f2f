// Columns of texts, read in the core.
//
// A thousand texts at a time are written into the scratch region, and one call makes values of them:
//
//   scratch   offsets u32[TEXTS + 1]   texts, back to back   slack
//
// The core takes the common forms and names the first row it does not take. That one goes through `put`, which knows every form
// and every fault, and the core goes on behind it: both ways take the same texts, because `put` has the last word.

import type { FixedColumn, StagingContext } from './column.ts'
import { ArraySource, type ColumnSource, TextSource } from './column-data.ts'

/** Makes values of texts: see assembly/column/uuid.ts. Returns the first row from `row` on that it does not take, or `count`. */
export type TextParser = (
  out: number,
  text: number,
  offsets: number,
  row: number,
  count: number,
  nulls: number,
) => number

/** Texts, and bytes of them, that go over at a time: with what is made of them they stay in the first two caches. */
const TEXTS = 1024
const TEXT_BYTES = 256 * 1024
const TEXT_AT = 16 * Math.ceil(((TEXTS + 1) * 4) / 16)
/** Bytes behind the texts that the core may read. */
const SLACK = 48

/** Whether the core has a way for these values, as far as the first of them tells. */
export function beginsWithText(column: FixedColumn, source: ColumnSource, from: number, count: number): boolean {
  if (source instanceof TextSource) return true
  if (!(source instanceof ArraySource && column.readsText)) return false
  let first = from
  while (first < from + count - 1 && source.values[first] === null) first++
  return typeof source.values[first] === 'string'
}

/** Stages texts as numbers `index` and on; `nulls` as in putColumn. */
export function putTexts(
  column: FixedColumn,
  parse: TextParser,
  index: number,
  source: ColumnSource,
  from: number,
  count: number,
  nulls: number,
): void {
  const { context } = column
  const { scratch } = context
  const texts = source.unmasked
  for (let at = 0; at < count; ) {
    let text = 0
    let written = 0
    if (texts instanceof TextSource) {
      written = textsWithin(texts, from + at, count - at)
      text = writeTexts(context, texts, from + at, written)
    } else {
      written = writeStrings(context, texts as ArraySource, from + at, Math.min(count - at, TEXTS), nulls !== 0)
      text = scratch.ptr + TEXT_AT
    }
    const out = column.ptr + (index + at) * column.width
    const under = nulls === 0 ? 0 : nulls + at
    // One row at least goes on its way, be it no text at all.
    const end = Math.max(written, 1)
    for (let row = 0; row < end; row++) {
      if (written > 0) row = parse(out, text, scratch.ptr, row, written, under) >>> 0
      if (row < end) source.stage(column, index + at + row, from + at + row, under !== 0)
    }
    at += end
  }
}

/** How many texts go over at a time; none where the first one alone is too long. */
export function textsWithin(texts: TextSource, from: number, count: number): number {
  const { offsets } = texts
  let rows = Math.min(count, TEXTS)
  while (rows > 0 && offsets[from + rows] - offsets[from] > TEXT_BYTES) rows >>= 1
  texts.checkEnds(from, rows)
  return rows
}

/**
 * Writes them behind their offsets; returns the address that the offsets count from.
 * @throws {EncodeError} WRONG_TYPE: the offsets descend
 */
export function writeTexts({ arena, scratch }: StagingContext, texts: TextSource, from: number, count: number): number {
  const { bytes, offsets } = texts
  const start = offsets[from]
  const end = offsets[from + count]
  scratch.ensure(TEXT_AT + end - start + SLACK)
  arena.u32(scratch.ptr, count + 1).set(offsets.subarray(from, from + count + 1))
  if (!arena.core.ascends(scratch.ptr, count + 1)) texts.refuseOffsets()
  scratch.buffer.set(bytes.subarray(start, end), TEXT_AT)
  return scratch.ptr + TEXT_AT - start
}

/** Joined, because a write costs 40 ns however short the text. */
const ends = new Uint32Array(TEXTS + 1)

/** Writes the texts from `from` on up to a value that is none; returns how many. The core reads ASCII only. */
function writeStrings(
  context: StagingContext,
  texts: ArraySource,
  from: number,
  count: number,
  hasNulls: boolean,
): number {
  const { arena, scratch } = context
  const { values } = texts
  let joined = ''
  let rows = 0
  for (; rows < count; rows++) {
    const value = values[from + rows]
    if (typeof value === 'string') joined += value
    else if (value !== null || !hasNulls) break
    ends[rows + 1] = joined.length
  }
  scratch.ensure(TEXT_AT + joined.length * 3 + SLACK)
  const isAscii = scratch.buffer.write(joined, TEXT_AT) === joined.length
  if (!isAscii) return rows === 1 ? 0 : writeStrings(context, texts, from, rows >> 1, hasNulls)
  arena.u32(scratch.ptr, rows + 1).set(ends.subarray(0, rows + 1))
  return rows
}
