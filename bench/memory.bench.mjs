// Does memory grow with the rows, and does a row leave garbage?
//
// Peak memory: ten million rows through a statement, against a hundred thousand, each in a process of its own; the row objects come
// from a small pool, so that what grows is ours. Garbage: the block builder stages and seals blocks with a young generation too large
// to be collected meanwhile; what the heap gained is what was allocated. The rivals' garbage stands beside it.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { printTable } from './print.mjs'
import { SHAPE_NAMES } from './shapes.mjs'

export const question = 'Does memory grow with the rows, and does a row leave garbage?'

const FEW_ROWS = 100_000
const STREAM = fileURLToPath(new URL('ours/stream.mjs', import.meta.url))
const GARBAGE = fileURLToPath(new URL('garbage.mjs', import.meta.url))

export function run({ quick }) {
  const manyRows = quick ? 200_000 : 10_000_000
  const peaks = Object.fromEntries(
    ['clickstream', 'log'].map((shape) => [shape, { few: peak(shape, FEW_ROWS), many: peak(shape, manyRows) }]),
  )
  const mib = (bytes) => (bytes / 2 ** 20).toFixed(1)
  printTable(
    'peak memory of the process (resident), MiB',
    ['', `${FEW_ROWS} rows`, `${manyRows} rows`, 'more', 'block bytes streamed'],
    Object.entries(peaks).map(([shape, { few, many }]) => [
      shape,
      mib(few.peakBytes),
      mib(many.peakBytes),
      mib(many.peakBytes - few.peakBytes),
      mib(many.streamedBytes),
    ]),
  )
  const blocks = quick ? 2 : 10
  const garbage = Object.fromEntries(SHAPE_NAMES.map((shape) => [shape, measureGarbage(shape, blocks)]))
  const first = garbage[SHAPE_NAMES[0]]
  printTable(
    `bytes allocated on the JavaScript heap per row, ${blocks} blocks of ${first.blockRows} rows`,
    ['', ...Object.keys(first.bytesPerRow), 'and per sealed block'],
    Object.entries(garbage).map(([shape, { bytesPerRow, bytesPerSeal }]) => [
      shape,
      ...Object.values(bytesPerRow).map((bytes) => bytes.toFixed(2)),
      bytesPerSeal.toFixed(0),
    ]),
  )
  return { peaks, garbage }
}

function peak(shape, rowCount) {
  return JSON.parse(execFileSync(process.execPath, [STREAM, shape, String(rowCount)], { encoding: 'utf8' }))
}

function measureGarbage(shape, blocks) {
  // 512 MiB hold all that the contenders allocate: the script throws when something was collected all the same.
  const flags = ['--expose-gc', '--max-semi-space-size=512', '--min-semi-space-size=512']
  return JSON.parse(execFileSync(process.execPath, [...flags, GARBAGE, shape, String(blocks)], { encoding: 'utf8' }))
}
