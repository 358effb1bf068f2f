// Whole columns that a caller gives by name, or in order: checked for names, shapes and equal lengths before anything is staged.

import { isKeyed } from '../column/column.ts'
import { type ColumnSource, MissingSource, readColumnData } from '../column/column-data.ts'
import { EncodeError, show } from '../errors.ts'
import type { BlockBuilder } from './builder.ts'
import { refuseKey } from './keys.ts'
import type { SealedBytes } from './sealed.ts'

/** One source a column of the builder, all of them equally long. */
export interface GivenColumns {
  readonly rowCount: number
  readonly sources: readonly ColumnSource[]
}

interface Place {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly table?: string
}

/**
 * @param data  by column name; a column that is absent or undefined is left out of every row
 * @throws {EncodeError} UNKNOWN_COLUMN, UNEQUAL_LENGTHS, WRONG_TYPE, naming the column
 */
export function readColumnsByName(data: object, place: Place, ignoreUnknown = false): GivenColumns {
  const { columns, table } = place
  // A Map, a Promise or what else has no keys would pass for a call of no rows.
  if (typeof data !== 'object' || data === null || !isKeyed(data)) {
    throw new EncodeError('WRONG_TYPE', `${show(data)} is no set of columns`, {
      table,
      hint:
        data instanceof Promise
          ? 'Await the promise first.'
          : 'Columns are an object by column name: { a: [1, 2], b: new Float64Array(2) }.',
    })
  }
  const given = data as Record<string, unknown>
  const names = new Set(columns.map(({ name }) => name))
  const values = columns.map(({ name }) => (Object.hasOwn(given, name) ? given[name] : undefined))
  // Keys may be ignored, rows may not: without any column nobody knows how many they are.
  if (!ignoreUnknown || values.every((one) => one === undefined)) {
    for (const key of Object.keys(given)) if (!names.has(key)) refuseKey('the call', key, names, { table })
  }
  return readColumns(values, place)
}

/** @param data  one column's values each; undefined for a column that no row has */
export function readColumns(data: readonly unknown[], { columns, table }: Place): GivenColumns {
  const read = data.map((one, i) =>
    one === undefined ? undefined : readColumnData(one, { table, column: columns[i].name, type: columns[i].type }),
  )
  const first = read.findIndex((source) => source !== undefined)
  const rowCount = first < 0 ? 0 : read[first]!.length
  const other = read.findIndex((source) => source !== undefined && source.length !== rowCount)
  if (other >= 0) {
    throw new EncodeError(
      'UNEQUAL_LENGTHS',
      `${read[other]!.length} values, but ${columns[first].name} has ${rowCount}`,
      {
        table,
        column: columns[other].name,
        type: columns[other].type,
        hint: 'The columns of one call are equally long: value number i of each is row i.',
      },
    )
  }
  return { rowCount, sources: read.map((source) => source ?? new MissingSource(rowCount)) }
}

/** A getter or a toJSON() of one value can cut short a column that is still to be read, and cut off rows would be defaults. */
export function requireWhole({ rowCount, sources }: GivenColumns, { columns, table }: Place): void {
  const cut = sources.findIndex(({ length }) => length !== rowCount)
  if (cut < 0) return
  throw new EncodeError('UNEQUAL_LENGTHS', `${sources[cut].length} values, of ${rowCount} when the call began`, {
    table,
    column: columns[cut].name,
    type: columns[cut].type,
    hint: 'A getter, proxy or toJSON() in the call changed the column: take what it gives before the call.',
  })
}

/**
 * Stages the rows from `from` on, for which the open block has no room, in an empty builder of the same shape: all of them, or none.
 * Blocks that are full are sealed, but nobody has seen them yet, so a fault in the last row undoes the first one too.
 *
 * @param firstRow  index in the statement of the row `from`
 * @returns         the blocks in front of what stays staged in `spare`, and how many of them are not full: a row behind them leaves
 *                  out other columns
 * @throws {EncodeError}  naming the row; `spare` is empty then
 */
export function stageRest(
  spare: BlockBuilder,
  columns: GivenColumns,
  from: number,
  firstRow: number,
): { sealed: SealedBytes[]; earlySeals: number } {
  const sealed: SealedBytes[] = []
  let earlySeals = 0
  try {
    for (let at = from; at < columns.rowCount; ) {
      spare.firstRow = firstRow + at - from
      at += spare.stageColumns(columns, at)
      if (!spare.isFull && at === columns.rowCount) break
      if (!spare.isFull) earlySeals++
      sealed.push(spare.seal())
    }
    return { sealed, earlySeals }
  } catch (error) {
    for (const { release } of sealed) release()
    spare.reset()
    throw error
  }
}
