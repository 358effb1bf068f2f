import type { ArrayColumn } from '../column/array.ts'
import { isKeyed, Refusal } from '../column/column.ts'
import { OmittableColumn, omittedRows, UniformColumn } from '../column/omittable.ts'
import { EncodeError, show } from '../errors.ts'
import type { BuilderOptions } from './builder.ts'
import { checkKeys } from './keys.ts'
import type { NestedGroup, PlannedColumn } from './plan.ts'

/** What is asked of a row as a whole, besides its values: its keys, and equal lengths in a Nested. */
export class RowCheck {
  readonly #columns: readonly PlannedColumn[]
  readonly #groups: readonly NestedGroup[]
  readonly #options: BuilderOptions
  /** Whether every row must be looked at, and not only the first of a block and those that leave a column out. */
  readonly everyRow: boolean

  constructor(columns: readonly PlannedColumn[], groups: readonly NestedGroup[], options: BuilderOptions) {
    this.#columns = columns
    this.#groups = groups
    this.#options = options
    this.everyRow = options.strictKeys === true || groups.length > 0
  }

  /** @throws {EncodeError | Refusal} */
  check(row: object | readonly unknown[], index: number, rowIndex: number, omitted: boolean): void {
    if (!Array.isArray(row)) {
      const { table, ignoreUnknown, strictKeys } = this.#options
      if (typeof row !== 'object' || (omitted && !isKeyed(row))) refuseRow(row, rowIndex, table)
      const looks = index === 0 || omitted || strictKeys
      if (looks && !ignoreUnknown) checkKeys(row, rowIndex, this.#columns, this.#groups, table)
      if (omitted && index === 0) this.#refuseEmpty(rowIndex)
    }
    for (const group of this.#groups) checkLengths(group, index)
  }

  /** Of rows that came as whole columns, row `index` of the block. */
  checkColumns(index: number, rowIndex: number): void {
    if (index === 0) this.#refuseEmpty(rowIndex)
    for (const group of this.#groups) checkLengths(group, index)
  }

  /** A block of no columns cannot be sent, and where no column can travel as NULL there is nothing to send instead. */
  #refuseEmpty(rowIndex: number): void {
    if (!this.#columns.every(({ column }) => column instanceof UniformColumn && column.omittedRows(1) === 1)) return
    throw new EncodeError('MISSING_VALUE', 'the row leaves every column out', {
      table: this.#options.table,
      row: rowIndex,
      hint: 'This server takes no rows without a column: give at least one value.',
    })
  }
}

function checkLengths({ name, members }: NestedGroup, index: number): void {
  let length = -1
  for (const { column } of members) {
    if (omittedRows(column, index + 1) > omittedRows(column, index)) continue
    const own = ((column instanceof OmittableColumn ? column.inner : column) as ArrayColumn).lengthAt(index)
    if (length >= 0 && own !== length) {
      throw new Refusal(
        'UNEQUAL_LENGTHS',
        column,
        index,
        undefined,
        `${own} elements, but ${members[0].name} has ${length}`,
        `The columns of the Nested ${JSON.stringify(name)} have equal lengths in every row.`,
      )
    }
    length = own
  }
}

export function refuseRow(row: unknown, rowIndex: number, table?: string): never {
  throw new EncodeError('WRONG_TYPE', `${show(row)} is no row`, {
    table,
    row: rowIndex,
    value: row,
    hint:
      row instanceof Promise
        ? 'Await the promise first.'
        : 'A row is an object by column name, or an array in column order.',
  })
}

export function refuseArity(
  row: readonly unknown[],
  names: readonly string[],
  rowIndex: number,
  table?: string,
): never {
  throw new EncodeError('WRONG_ARITY', `${row.length} values for ${names.length} columns`, {
    table,
    row: rowIndex,
    hint: `A row given as an array has one value a column, in this order: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`,
  })
}
