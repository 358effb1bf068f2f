// One inspected file: what was found, in the one form from which both reports are made.

import type { ErrorCode, SluiceError } from '../../errors.ts'
import type { Source } from './source.ts'
import type { ColumnSurvey, Sample, Schema, SchemaColumn, Survey } from './survey.ts'
import { jsonValue, timesAsText, valueText } from './values.ts'

export interface Problem {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
  /** The block that is damaged, from 0. */
  readonly block?: number
  /** Where in the Native stream, without gzip and frames. */
  readonly offset?: number
}

export function problemOf({ code, message, hint }: SluiceError, place: Partial<Problem> = {}): Problem {
  return { code, message: message.split('\n  hint: ')[0]!, hint, ...place }
}

export interface Findings {
  readonly source: Source
  readonly survey: Survey
  /** Those that were asked for. */
  readonly columns: readonly ColumnSurvey[]
  readonly problems: readonly Problem[]
  /** The last of the problems ended the reading. */
  readonly isCut: boolean
}

/** A value to show. Its text is made for people, its JSON for programs; undefined where the block has no such column. */
export interface Cell {
  readonly text: string
  readonly json: unknown
}

/** The first rows, one cell per column. */
export function firstRows({ survey, columns }: Findings): (Cell | undefined)[][] {
  return survey.samples.flatMap((sample) => {
    const cellsOf = columns.map(({ key }) => cells(sample, key))
    // A block that is cut off before its first column has rows of nothing.
    if (cellsOf.every((cellAt) => cellAt === undefined)) return []
    return Array.from({ length: sample.rowCount }, (_, r) => cellsOf.map((cellAt) => cellAt?.(r)))
  })
}

function cells(sample: Sample, key: string): ((rowIndex: number) => Cell) | undefined {
  const column = sample.columns.get(key)
  if (column === undefined) return undefined
  if (typeof column === 'string') return () => ({ text: `(${column})`, json: { unreadable: column } })
  const withTimes = timesAsText(column.node)
  return (rowIndex) => {
    const value = withTimes(column.values[rowIndex])
    return { text: valueText(value), json: jsonValue(value) }
  }
}

export interface SchemaDifference {
  readonly firstBlock: number
  readonly blockCount: number
  /** '"b" is UInt16 instead of UInt8' */
  readonly differences: readonly string[]
}

/** How the schemas of later blocks differ from that of the first. */
export function schemaDifferences({ schemas }: Survey): SchemaDifference[] {
  const [first, ...others] = schemas.values()
  return others.map((schema) => ({
    firstBlock: schema.firstBlock,
    blockCount: schema.blockCount,
    differences: differences(first!, schema),
  }))
}

function differences(from: Schema, to: Schema): string[] {
  const before = new Map(from.columns.map(({ key, type }) => [key, type]))
  const after = new Map(to.columns.map(({ key, type }) => [key, type]))
  const found: string[] = []
  for (const { key, type } of from.columns) {
    const other = after.get(key)
    if (other === undefined) found.push(`${JSON.stringify(key)} ${type} is missing`)
    else if (other !== type) found.push(`${JSON.stringify(key)} is ${other} instead of ${type}`)
  }
  for (const { key, type } of to.columns) if (!before.has(key)) found.push(`${JSON.stringify(key)} ${type} is new`)
  const order = (columns: readonly SchemaColumn[], others: ReadonlyMap<string, string>) =>
    columns.flatMap(({ key }) => (others.has(key) ? [key] : [])).join('\0')
  if (order(from.columns, after) !== order(to.columns, before)) found.push('the columns stand in another order')
  return found
}
