// How does the cost of a row grow: with rows per block, length of texts, columns, statements at once, and with the length of a stream?
//
// All but the last two ask the block builder alone; the statements and the stream write to /dev/null. The stream is 100,000,000 rows
// long; SLUICE_ROWS=5000000 makes it shorter.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'
import { wideShape } from './shapes.mjs'

export const question = 'How does the cost of a row grow with blocks, texts, columns, statements and the stream?'

const STREAM = fileURLToPath(new URL('ours/stream.mjs', import.meta.url))
const SHAPES = ['clickstream', 'log']
const BLOCK_ROWS = [1000, 4000, 16_000, 65_536, 262_144, 1_000_000]
const TEXT_LENGTHS = [2, 8, 32, 128, 512, 2000]
const LETTERS = ['ASCII', 'Cyrillic']
const COLUMN_COUNTS = [1, 3, 10, 30, 100, 300, 1000]
const KINDS = ['Float64', 'Nullable(Int64)', 'String']
const STATEMENTS = [1, 4, 16, 64]
const DEFAULT_BLOCK = 65_536
const DISTINCT_VALUES = 20_000
const STREAM_SAMPLES = 50

export async function run({ quick }) {
  const rounds = quick ? { rounds: 1, warmups: 0 } : { rounds: 9, warmups: 3 }
  const fewRounds = quick ? rounds : { rounds: 3, warmups: 1 }
  const blocks = {}
  const statements = {}
  for (const shape of SHAPES) {
    blocks[shape] = await perBlockRows(shape, quick ? 2000 : 1_000_000, rounds)
    // Twice as many as fill one block of each statement.
    statements[shape] = await perStatements(shape, quick ? 2000 : 2 * STATEMENTS.at(-1) * DEFAULT_BLOCK, fewRounds)
  }
  const texts = {}
  for (const letters of LETTERS) texts[letters] = await perTextLength(letters, quick, rounds)
  const columns = {}
  for (const kind of KINDS) columns[kind] = await perColumns(kind, quick ? 20_000 : 2_000_000, rounds)
  const stream = longStream(Number(process.env.SLUICE_ROWS ?? (quick ? 100_000 : 100_000_000)))
  return { blocks, texts, columns, statements, stream }
}

async function perBlockRows(shape, rowCount, rounds) {
  const measured = await sizes(BLOCK_ROWS, rounds, (blockSize) => ({ shape, rowCount, blockSize }))
  return printed(`${shape}: rows per block, ns per row`, 'rows per block', measured, () => rowCount)
}

async function perTextLength(letters, quick, rounds) {
  const rowCount = (length) => (quick ? 1000 : Math.min(500_000, Math.ceil(2 ** 25 / (length + 8))))
  const measured = await sizes(TEXT_LENGTHS, rounds, (length) => {
    return { letters, length, rowCount: rowCount(length), blockSize: DEFAULT_BLOCK }
  })
  return printed(`a column of texts, ${letters}: ns per text`, 'characters', measured, rowCount)
}

/** All have as many values, and as many distinct ones. */
async function perColumns(kind, values, rounds) {
  const measured = await sizes(COLUMN_COUNTS, rounds, (count) => {
    const [rowCount, distinctRows] = [Math.ceil(values / count), Math.ceil(DISTINCT_VALUES / count)]
    return { shape: wideShape(kind, count), rowCount, distinctRows, blockSize: DEFAULT_BLOCK }
  })
  return printed(`columns of ${kind}: ns per value`, 'columns', measured, (count) => Math.ceil(values / count) * count)
}

async function perStatements(shape, rowCount, rounds) {
  const contenders = STATEMENTS.map((count) => [
    count,
    { module: './ours/statements.mjs', args: { shape, rowCount, statements: count } },
  ])
  const measured = await alternate(Object.fromEntries(contenders), rounds)
  return printed(
    `${shape}: a row to each of several statements in turn, ns per row`,
    'statements',
    measured,
    () => rowCount,
  )
}

function sizes(list, rounds, argsOf) {
  const contenders = list.map((size) => [size, { module: './ours/scaled.mjs', args: argsOf(size) }])
  return alternate(Object.fromEntries(contenders), rounds)
}

/** @param unitsOf  rows or values of a round at that size */
function printed(title, head, measured, unitsOf) {
  const results = Object.entries(measured).map(([key, { ms, cpuMs, byteLength, peakBytes }]) => {
    const size = Number(key)
    const ns = ({ median, min, max }) => {
      const per = 1e6 / unitsOf(size)
      return { median: median * per, min: min * per, max: max * per }
    }
    return { size, ns: ns(ms), cpuNs: ns(cpuMs), bytes: byteLength / unitsOf(size), peakBytes }
  })
  const least = results[0].cpuNs.min
  printTable(
    title,
    [head, 'median', 'min..max', 'CPU', 'least CPU', 'x the first', 'bytes', 'peak MiB'],
    results.map(({ size, ns, cpuNs, bytes, peakBytes }) => [
      String(size),
      ns.median.toFixed(1),
      `${ns.min.toFixed(1)}..${ns.max.toFixed(1)}`,
      cpuNs.median.toFixed(1),
      cpuNs.min.toFixed(1),
      (cpuNs.min / least).toFixed(2),
      bytes.toFixed(1),
      (peakBytes / 2 ** 20).toFixed(0),
    ]),
  )
  return results
}

function longStream(rowCount) {
  const args = [STREAM, 'clickstream', String(rowCount), String(STREAM_SAMPLES)]
  const result = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  const parts = [0, 0.02, 0.1, 0.25, 0.5, 0.75, 1].map((share) => result.samples[Math.round(share * STREAM_SAMPLES)])
  printTable(
    `clickstream: a stream of ${rowCount} rows through one statement`,
    ['rows', 'resident MiB', 'heap MiB', 'ns/row so far'],
    parts.map(({ rows, residentBytes, heapBytes, ms }) => [
      String(rows),
      (residentBytes / 2 ** 20).toFixed(1),
      (heapBytes / 2 ** 20).toFixed(1),
      rows === 0 ? '' : ((ms * 1e6) / rows).toFixed(1),
    ]),
  )
  return { shape: 'clickstream', rowCount, ...result }
}
