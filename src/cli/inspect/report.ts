// The report for people.

import { formatBytes, formatCount } from '../progress.ts'
import { type Cell, type Findings, firstRows, schemaDifferences } from './findings.ts'
import type { Survey } from './survey.ts'
import { tableLines, verticalLines } from './table.ts'
import { clean } from './values.ts'

export interface ReportOptions {
  /** Characters in a line. */
  readonly width: number
  readonly isVertical: boolean
}

export function textReport(findings: Findings, options: ReportOptions): string {
  const { survey } = findings
  const sections = [
    [titleLine(findings), ...wrappingLines(findings)],
    columnLines(findings, options.width),
    schemaLines(survey),
    blockLines(survey, options.width),
    rowLines(findings, options),
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}`
}

function titleLine({ source, survey, isCut }: Findings): string {
  const { blockCount, rowCount, byteLength } = survey
  const parts = [
    formatBytes(source.size ?? source.bytesRead),
    blockCount === 0 && !isCut ? 'no blocks' : `${count(blockCount, isCut ? 'whole block' : 'block')}`,
    count(rowCount, 'row'),
  ]
  if (rowCount > 0) parts.push(`${perRow(byteLength, rowCount)} bytes per row`)
  return `${clean(source.name)}: ${parts.join(', ')}`
}

/** What is around the blocks. */
function wrappingLines({ source: { isGzip, frames, size, bytesRead }, isCut }: Findings): string[] {
  const lines: string[] = []
  if (isGzip) lines.push(`  gzip: ${formatBytes(size ?? bytesRead)}; all bytes below are those inside`)
  if (frames) {
    const { count: n, compressedBytes, rawBytes } = frames
    const methods = [...frames.methods].map(([method, times]) => `${formatCount(times)} ${method}`).join(', ')
    const ratio = `${formatBytes(rawBytes)} in ${formatBytes(compressedBytes)}, ratio ${(rawBytes / compressedBytes).toFixed(2)}`
    const what = `${count(n, isCut ? 'sound compressed frame' : 'compressed frame')}`
    lines.push(
      n === 0
        ? '  compressed frames, of which none could be read'
        : `  ${what} (${methods}): ${ratio}, checksums verified`,
      '  all bytes below are uncompressed',
    )
  }
  return lines
}

function columnLines({ columns, survey }: Findings, width: number): string[] {
  if (columns.length === 0) return []
  const total = [...survey.columns.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)
  // Where every block has every column, rows are those of the file.
  const hasOwnRows = columns.some(({ rowCount }) => rowCount !== survey.rowCount)
  const table = [
    { title: 'column', cells: columns.map(({ key }) => clean(key)) },
    ...(hasOwnRows
      ? [{ title: 'rows', cells: columns.map(({ rowCount }) => formatCount(rowCount)), isNumber: true }]
      : []),
    {
      title: 'bytes',
      cells: columns.map(({ byteLength }) => (byteLength === 0 ? '-' : formatBytes(byteLength))),
      isNumber: true,
    },
    { title: 'share', cells: columns.map(({ byteLength }) => percent(byteLength / total)), isNumber: true },
    {
      title: 'per row',
      cells: columns.map(({ byteLength, rowCount }) => perRow(byteLength, rowCount)),
      isNumber: true,
    },
    { title: 'type', cells: columns.map(({ type }) => clean(type)), runsOver: true },
  ]
  return tableLines(table, Math.max(width, 80))!
}

function schemaLines(survey: Survey): string[] {
  const changes = schemaDifferences(survey)
  if (changes.length === 0) return []
  const first = [...survey.schemas.values()][0]!
  return [
    `${formatCount(survey.blockCount - first.blockCount)} of ${count(survey.blockCount, 'block')} have another schema than block 0:`,
    ...changes.map(({ firstBlock, blockCount, differences }) => {
      const others = blockCount === 1 ? '' : ` and ${formatCount(blockCount - 1)} more`
      return `  block ${firstBlock}${others}: ${clean(differences.join('; '))}`
    }),
    ...(survey.otherSchemaBlocks > 0 ? [`  ${count(survey.otherSchemaBlocks, 'block')} of further schemas`] : []),
  ]
}

function blockLines({ blocks, blockCount, rowsPerBlock, bytesPerBlock }: Survey, width: number): string[] {
  if (blockCount === 0) return []
  if (blocks.length === blockCount) {
    const table = [
      { title: 'block', cells: blocks.map(({ index }) => String(index)), isNumber: true },
      { title: 'at byte', cells: blocks.map(({ offset }) => String(offset)), isNumber: true },
      { title: 'rows', cells: blocks.map(({ rowCount }) => formatCount(rowCount)), isNumber: true },
      { title: 'bytes', cells: blocks.map(({ byteLength }) => formatBytes(byteLength)), isNumber: true },
    ]
    return tableLines(table, Math.max(width, 80))!
  }
  const rows = rowsPerBlock.summary()!
  const bytes = bytesPerBlock.summary()!
  const three = ['min', 'median', 'max'] as const
  return [
    ...tableLines(
      [
        { title: `${formatCount(blockCount)} blocks`, cells: [...three] },
        { title: 'rows', cells: three.map((which) => formatCount(rows[which])), isNumber: true },
        { title: 'bytes', cells: three.map((which) => formatBytes(bytes[which])), isNumber: true },
      ],
      Math.max(width, 80),
    )!,
    '--blocks lists them all',
  ]
}

function rowLines(findings: Findings, { width, isVertical }: ReportOptions): string[] {
  const rows = firstRows(findings)
  if (rows.length === 0) return []
  const titles = findings.columns.map(({ key }) => clean(key))
  const table = isVertical ? undefined : tableLines(rowTable(findings, titles, rows), width)
  if (table) return table
  return rows.flatMap((row, r) => {
    const entries = row.flatMap((cell, c) => (cell === undefined ? [] : [[titles[c]!, cell.text] as const]))
    const title = `Row ${r + 1}:`
    return [...(r === 0 ? [] : ['']), title, '─'.repeat(title.length), ...verticalLines(entries, width)]
  })
}

function rowTable({ columns }: Findings, titles: readonly string[], rows: readonly (readonly (Cell | undefined)[])[]) {
  return columns.map(({ type }, c) => ({
    title: titles[c]!,
    cells: rows.map((row) => row[c]?.text ?? ''),
    isNumber: NUMBER.test(type),
  }))
}

const NUMBER = /^(Nullable\(|LowCardinality\()*(U?Int\d|B?Float|Decimal|Interval)/

function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? '' : 's'}`
}

function perRow(bytes: number, rows: number): string {
  return rows === 0
    ? ''
    : (bytes / rows).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
}

function percent(share: number): string {
  return Number.isNaN(share) ? '' : `${(share * 100).toFixed(1)}%`
}
