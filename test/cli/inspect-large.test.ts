// A file of 300 MB, most of it one block: larger than anything that is held in memory.

import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended, Files, sluice, start } from './run.ts'

const files = new Files()
const path = files.path('large.native')
afterAll(() => files[Symbol.dispose]())

const ROWS = 10_000_000
const SMALL_BLOCKS = 100_000
/** Makes the program tell its largest size at its end. */
const tellRss = files.write(
  'tell-rss.mjs',
  "process.on('exit', () => process.stderr.write(`RSS:${process.resourceUsage().maxRSS}`))",
)
const env = { NODE_OPTIONS: `--import=${tellRss}` }
const kilobytes = (stderr: string) => Number(/RSS:(\d+)/.exec(stderr)![1])

beforeAll(() => {
  const file = openSync(path, 'w')
  const many = (bytes: Buffer, byteLength: number) => {
    for (let left = byteLength; left > 0; left -= bytes.length) writeSync(file, bytes, 0, Math.min(left, bytes.length))
  }
  const repeated = (bytes: Buffer) => Buffer.concat(new Array<Buffer>(100_000).fill(bytes))
  writeSync(file, Buffer.from([3, 0x80, 0xad, 0xe2, 0x04])) // 10,000,000 rows
  writeSync(file, text('id', 'UInt64'))
  many(Buffer.alloc(800_000, 7), ROWS * 8)
  writeSync(file, text('name', 'String'))
  many(repeated(text('twelve chars')), ROWS * 13)
  writeSync(file, text('tags', 'Array(LowCardinality(String))'))
  writeSync(file, uint64s(1))
  const offsets = Buffer.alloc((ROWS / 100) * 8)
  for (let row = 0; row < ROWS; row += ROWS / 100) {
    for (let i = 0; i < ROWS / 100; i++) offsets.writeUInt32LE(row + i + 1, i * 8)
    writeSync(file, offsets)
  }
  writeSync(file, Buffer.concat([uint64s(0x600, 2), text('a', 'b'), uint64s(ROWS)]))
  many(repeated(Buffer.from([0, 1])), ROWS)
  const small = Buffer.concat([
    Buffer.from([2, 1]),
    text('id', 'UInt64'),
    Buffer.alloc(8, 9),
    text('name', 'String'),
    text('x'),
  ])
  many(repeated(small), SMALL_BLOCKS * small.length)
  closeSync(file)
}, 60_000)

describe('a file of 300 MB', () => {
  it('takes little more memory than an empty one: pieces of it and garbage, not its blocks', async () => {
    expect(statSync(path).size).toBeGreaterThan(300_000_000)
    const [small, large] = [
      await sluice(['inspect', files.write('empty.native', '')], { env }),
      await sluice(['inspect', path, '--rows', '3', '--json'], { env }),
    ]
    expect(large.code).toBe(0)
    expect(kilobytes(large.stderr) - kilobytes(small.stderr)).toBeLessThan(192 * 1024)
    const report = JSON.parse(large.stdout)
    expect(report).toMatchObject({
      bytes: statSync(path).size,
      blocks: 1 + SMALL_BLOCKS,
      rows: ROWS + SMALL_BLOCKS,
      rowsPerBlock: { min: 1, median: 1, max: ROWS },
      errors: [],
    })
    expect(report.columns.map(({ bytes }: { bytes: number }) => bytes)).toEqual([
      (ROWS + SMALL_BLOCKS) * 8 + (1 + SMALL_BLOCKS) * 10,
      ROWS * 13 + SMALL_BLOCKS * 2 + (1 + SMALL_BLOCKS) * 12,
      ROWS * 9 + 35 + 8 + 16 + 4 + 8,
    ])
    const id = 0x0707070707070707n.toString()
    expect(report.firstRows).toEqual([
      { id, name: 'twelve chars', tags: ['a'] },
      { id, name: 'twelve chars', tags: ['b'] },
      { id, name: 'twelve chars', tags: ['a'] },
    ])
  })

  it('through a pipe, and cut off', async () => {
    const child = start(['inspect', '-', '--rows', '0', '--json'], { env })
    createReadStream(path, { end: 250_000_000 }).pipe(child.stdin)
    const { code, stdout, stderr } = await ended(child)
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ blocks: 0, errors: [{ block: 0 }] })
    expect(kilobytes(stderr)).toBeLessThan(256 * 1024)
  })
})

function text(...words: string[]): Buffer {
  return Buffer.concat(words.map((word) => Buffer.from(`${String.fromCharCode(word.length)}${word}`)))
}

function uint64s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8)
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value, i * 8)
  return bytes
}
