// What is decided once per statement: for every column its stager, the headers it can travel under, and what a row that
// leaves it out means.

import { ArrayColumn } from '../column/array.ts'
import type { StagedColumn, StagingContext } from '../column/column.ts'
import { createColumn } from '../column/create.ts'
import { LowCardinalityFixedColumn, LowCardinalityStringColumn } from '../column/low-cardinality.ts'
import { NullsColumn, OmittableColumn, UniformColumn } from '../column/omittable.ts'
import { withLength } from '../column/var-uint.ts'
import { SchemaError } from '../errors.ts'
import { formatType } from '../types/format.ts'
import type { Column, TypeNode } from '../types/node.ts'
import { parseType } from '../types/parse.ts'
import { computableColumns } from './default-expression.ts'

export interface PlannedColumn {
  readonly name: string
  readonly type: string
  readonly column: StagedColumn
  /** Name and type as they stand in the block. */
  readonly header: Header
  /** Whether it may stand in the INSERT's list without being in the block, see computableColumns(). */
  readonly isComputable: boolean
  /** The same as Nullable(T); there when some rows may leave the column out and others not. */
  readonly nullableHeader?: Header
}

export interface Header {
  readonly ptr: number
  readonly byteLength: number
}

/** Sibling arrays of a flattened Nested, `n.a` and `n.b`: every row has equal lengths in all. */
export interface NestedGroup {
  readonly name: string
  readonly members: readonly { readonly part: string; readonly name: string; readonly column: StagedColumn }[]
}

export function planColumns(
  context: StagingContext,
  columns: readonly Column[],
  nullsAsDefault: boolean,
  table?: string,
): PlannedColumn[] {
  const computable = computableColumns(columns)
  return columns.map(({ name, type, defaultKind }) => {
    try {
      const node = parseType(type)
      const plain = createColumn(context, node)
      const isComputable = computable.has(name)
      const column = defaultKind === '' ? plain : omittable(plain, node, nullsAsDefault && isComputable)
      const nullableHeader =
        column instanceof NullsColumn ? writeHeader(context, name, asNullable(node, type)) : undefined
      return { name, type, column, header: writeHeader(context, name, type), isComputable, nullableHeader }
    } catch (error) {
      if (!(error instanceof SchemaError) || error.column !== undefined) throw error
      // The same refusal, now with the column that asked for it.
      const [reason] = error.message.split('\n', 1)
      throw new SchemaError(error.code, `${[table, name].filter(Boolean).join('.')}: ${reason}`, {
        table,
        column: name,
        type,
        hint: error.hint,
        cause: error,
      })
    }
  })
}

function omittable(column: StagedColumn, node: TypeNode, nullsAsDefault: boolean): OmittableColumn {
  if (!nullsAsDefault || !canBeNullable(node)) return new UniformColumn(column)
  const isDictionary = column instanceof LowCardinalityStringColumn || column instanceof LowCardinalityFixedColumn
  return new NullsColumn(column, isDictionary ? column : undefined)
}

/** Plain types that are not Nullable already; composites have no Nullable form. */
function canBeNullable(node: TypeNode): boolean {
  switch (node.name) {
    case 'LowCardinality':
      return node.inner.name !== 'Nullable' && node.inner.name !== 'SimpleAggregateFunction'
    case 'Nullable':
    case 'Array':
    case 'Map':
    case 'Tuple':
    case 'Nested':
    case 'Variant':
    case 'Dynamic':
    case 'JSON':
    case 'QBit':
    case 'AggregateFunction':
    case 'SimpleAggregateFunction':
    case 'Nothing':
    case 'Point':
    case 'Ring':
    case 'LineString':
    case 'MultiLineString':
    case 'Polygon':
    case 'MultiPolygon':
    case 'Geometry':
      return false
    default:
      return true
  }
}

function asNullable(node: TypeNode, type: string): string {
  return node.name === 'LowCardinality' ? `LowCardinality(Nullable(${formatType(node.inner)}))` : `Nullable(${type})`
}

function writeHeader(context: StagingContext, name: string, type: string): Header {
  const bytes = Buffer.concat([withLength(name), withLength(type)])
  const ptr = context.arena.reserve(bytes.byteLength)
  context.arena.u8(ptr, bytes.byteLength).set(bytes)
  return { ptr, byteLength: bytes.byteLength }
}

/** Array columns `n.a`, `n.b` by their `n`; the server refuses unequal lengths among them (error 190). */
export function nestedGroups(columns: readonly PlannedColumn[]): NestedGroup[] {
  const groups = new Map<string, NestedGroup['members'][number][]>()
  for (const { name, column } of columns) {
    const dot = name.indexOf('.')
    const inner = column instanceof OmittableColumn ? column.inner : column
    if (dot <= 0 || !(inner instanceof ArrayColumn)) continue
    const members = groups.get(name.slice(0, dot)) ?? []
    members.push({ part: name.slice(dot + 1), name, column })
    groups.set(name.slice(0, dot), members)
  }
  return [...groups].map(([name, members]) => ({ name, members }))
}
