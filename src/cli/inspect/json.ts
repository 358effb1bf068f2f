// The report for programs: one JSON object per file, on one line.

import type { Findings, Problem } from './findings.ts'
import { firstRows, schemaDifferences } from './findings.ts'

export function jsonReport(findings: Findings): string {
  const { source, survey, columns, problems } = findings
  const { frames } = source
  const rows = firstRows(findings)
  const columnBytes = [...survey.columns.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)
  return JSON.stringify({
    file: source.name,
    fileBytes: source.size ?? source.bytesRead,
    ...(source.isGzip ? { gzip: true } : {}),
    ...(frames === undefined
      ? {}
      : {
          frames: {
            count: frames.count,
            methods: Object.fromEntries(frames.methods),
            compressedBytes: frames.compressedBytes,
            uncompressedBytes: frames.rawBytes,
            ratio: rounded(frames.rawBytes / frames.compressedBytes),
            checksumsVerified: frames.count,
          },
        }),
    bytes: survey.byteLength,
    rows: survey.rowCount,
    blocks: survey.blockCount,
    rowsPerBlock: survey.rowsPerBlock.summary(),
    bytesPerBlock: survey.bytesPerBlock.summary(),
    columns: columns.map(({ key, type, byteLength, rowCount }) => ({
      name: key,
      type,
      bytes: byteLength,
      share: rounded(byteLength / columnBytes),
      rows: rowCount,
      bytesPerRow: rounded(byteLength / rowCount),
    })),
    ...(survey.schemas.size > 1 ? { schemaChanges: schemaDifferences(survey) } : {}),
    ...(survey.blocks.length === survey.blockCount
      ? {
          blockList: survey.blocks.map(({ index, offset, rowCount, byteLength }) => ({
            index,
            offset,
            rows: rowCount,
            bytes: byteLength,
          })),
        }
      : {}),
    firstRows: rows.map((row) =>
      Object.fromEntries(row.flatMap((cell, c) => (cell === undefined ? [] : [[columns[c]!.key, cell.json]]))),
    ),
    errors: problems,
  })
}

/** A file of which nothing can be said. */
export function jsonFailure(file: string, problem: Problem): string {
  return JSON.stringify({ file, errors: [problem] })
}

/** JSON has no NaN: nothing over nothing is null. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toFixed(4)) : null
}
