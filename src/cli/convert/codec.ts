// What turns the text or JSON of one value into what the statement takes. Chosen once per column; see ../convert.ts.

import { EncodeError, type ErrorCode } from '../../errors.ts'
import type { Column } from '../../types/node.ts'
import type { LiteralReader } from './literals.ts'
import type { Zone } from './times.ts'

export interface Codec {
  /** From the text of a CSV or TSV field, or of an element inside one. */
  text(text: string): unknown
  /** From a JSON value, in which numbers may be JsonNumber. null stays null: the statement knows which columns take it. */
  json(value: unknown): unknown
  /** What an empty field means where the column has no DEFAULT; absent: the column is left out, and the server decides. */
  readonly empty?: unknown
  /** Whether '' is a value and not an empty field. */
  readonly takesEmptyText?: boolean
  /** Composite types: reads one value out of a longer text. */
  read?(reader: LiteralReader): unknown
}

/** What the codecs of one column share. */
export interface CodecContext {
  readonly column: Column
  readonly zone: Zone
  /** Times finer than the column are cut instead of refused. */
  readonly floorTimes: boolean
  readonly source: JsonSource
}

/** Whether the reader keeps every number's text (slower); switched on by the first String column that is given a number. */
export interface JsonSource {
  exact: boolean
}

/** Thrown by a codec that needs a number's text: parse the record again with `exact`. */
export const NEEDS_SOURCE = Symbol('needs source')

export function refuse(context: CodecContext, code: ErrorCode, value: unknown, reason: string, hint?: string): never {
  throw new EncodeError(code, reason, { column: context.column.name, type: context.column.type, value, hint })
}
