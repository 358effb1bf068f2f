// `sluice inspect` as a user runs it, on files that sluice wrote.

import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonReport } from '../../src/cli/inspect/json.ts'
import { type ReadOptions, readFindings } from '../../src/cli/inspect/read.ts'
import { connect } from '../../src/index.ts'
import { compress, encodeBlock } from '../../src/native.ts'
import { ended, Files, sluice, start } from './run.ts'

const files = new Files()
afterAll(() => files[Symbol.dispose]())

const COLUMNS = [
  { name: 'id', type: 'UInt64' },
  { name: 'at', type: 'DateTime64(6)' },
  { name: 'country', type: 'LowCardinality(String)' },
  { name: 'tags', type: 'Array(String)' },
  { name: 'note', type: 'Nullable(String)' },
]

async function writeFile(name: string, compression: 'lz4' | 'none', rowCount = 25): Promise<string> {
  const connection = await connect({ url: `file:${files.path(name)}`, compression })
  const statement = await connection.prepare('events', { columns: COLUMNS, blockSize: 10, compression })
  for (let id = 0; id < rowCount; id++) {
    await statement.exec({
      id,
      at: 1_700_000_000_123_456n + BigInt(id),
      country: ['DE', 'US'][id % 2],
      tags: ['a', 'b'].slice(0, id % 3),
      note: id % 2 === 0 ? null : `n${id}`,
    })
  }
  await statement.commit()
  await connection.close()
  return files.path(name)
}

/** One block of one row, or of the same row several times. */
function nativeBlock(columns: { name: string; type: string }[], row: unknown[], rowCount = 1): Buffer {
  return Buffer.from(encodeBlock(columns, new Array<unknown[]>(rowCount).fill(row)))
}

let plain: string
let framed: string
let gzipped: string
beforeAll(async () => {
  plain = await writeFile('plain.native', 'none')
  framed = await writeFile('framed.native', 'lz4')
  gzipped = files.write('zipped.bin', gzipSync(readFileSync(plain)))
})

/** What --json prints, without a process. */
async function report(path: string, options: Partial<ReadOptions> = {}) {
  const findings = await readFindings(path, { rows: 10, listsBlocks: false, showsProgress: false, ...options })
  return JSON.parse(jsonReport(findings))
}

describe('the report for people', () => {
  it('columns with bytes, share, bytes per row and type; blocks; the first rows', async () => {
    const { code, stdout, stderr } = await sluice(['inspect', plain, '--rows', '2'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const size = readFileSync(plain).length
    const share = ((230 / (size - 6)) * 100).toFixed(1)
    expect(stdout.split('\n')).toEqual([
      `${plain}: ${(size / 1000).toFixed(1)} kB, 3 blocks, 25 rows, ${(size / 25).toFixed(1)} bytes per row`,
      '',
      'column   bytes  share  per row  type',
      `id       230 B  ${share}%      9.2  UInt64`,
      expect.stringMatching(/^at {7}251 B {2}[\d.]+% {5}10\.0 {2}DateTime64\(6\)$/),
      expect.stringMatching(/^country .* LowCardinality\(String\)$/),
      expect.stringMatching(/^tags .* Array\(String\)$/),
      expect.stringMatching(/^note .* Nullable\(String\)$/),
      '',
      'block  at byte  rows  bytes',
      expect.stringMatching(/^ {4}0 {8}0 {4}10 {2}\d+ B$/),
      expect.stringMatching(/^ {4}1 {6}\d{3} {4}10 {2}\d+ B$/),
      expect.stringMatching(/^ {4}2 {6}\d{3} {5}5 {2}\d+ B$/),
      '',
      'id  at                          country  tags   note',
      ' 0  2023-11-14 22:13:20.123456  DE       []     NULL',
      " 1  2023-11-14 22:13:20.123457  US       ['a']  n1",
      '',
    ])
  })

  it('ten rows unless told otherwise, also across blocks; none with --rows 0', async () => {
    const ids = (text: string) => text.split('\n').filter((line) => /^ *\d+ +2023-/.test(line)).length
    expect(ids((await sluice(['inspect', plain])).stdout)).toBe(10)
    expect(ids((await sluice(['inspect', plain, '--rows', '14'])).stdout)).toBe(14)
    expect(ids((await sluice(['inspect', plain, '--rows', '1000'])).stdout)).toBe(25)
    expect((await sluice(['inspect', plain, '--rows', '0'])).stdout).not.toContain('2023-')
  })

  it('--columns restricts sizes and rows, in the order given; shares stay those of the whole', async () => {
    const { stdout } = await sluice(['inspect', plain, '--columns', 'note,id', '--rows', '2'])
    expect(stdout).toMatch(/column {2}bytes.*\nnote .*\nid .*230 B.*\n\n/)
    expect(stdout).toMatch(/\nnote {2}id\nNULL {3}0\nn1 {5}1\n$/)
    const restricted = await report(plain, { columns: ['note'] })
    expect(restricted.columns[0].share).toBeLessThan(0.2)
    expect(restricted.firstRows[1]).toEqual({ note: 'n1' })
  })

  it('--vertical, and wide tables of themselves, show a value per line', async () => {
    const { stdout } = await sluice(['inspect', plain, '--rows', '2', '--vertical'])
    expect(stdout).toContain(
      "\nRow 2:\n──────\nid:      1\nat:      2023-11-14 22:13:20.123457\ncountry: US\ntags:    ['a']\nnote:    n1\n",
    )
    const wide = nativeBlock(
      Array.from({ length: 40 }, (_, i) => ({ name: `column_${i}`, type: 'UInt8' })),
      Array.from({ length: 40 }, (_, i) => i),
    )
    const shown = await sluice(['inspect', files.write('wide.native', wide)])
    expect(shown.stdout).toContain('Row 1:\n──────\ncolumn_0:  0\ncolumn_1:  1\n')
  })

  it('up to ten blocks are listed, more are summed up, --blocks lists them all', async () => {
    const many = await writeFile('many.native', 'none', 115)
    const { stdout } = await sluice(['inspect', many, '--rows', '0'])
    expect(stdout).toMatch(
      /\n12 blocks {2}rows {2}bytes\nmin {11}5 {2}\d+ B\nmedian {7}10 .*\nmax {10}10 .*\n--blocks lists/,
    )
    const all = await sluice(['inspect', many, '--rows', '0', '--blocks'])
    expect(all.stdout).toMatch(/\nblock {2}at byte {2}rows {2}bytes\n( +\d+ +\d+ +\d+ {2}\d+ B\n){12}$/)
    const found = await report(many)
    expect(found).toMatchObject({ blocks: 12, rowsPerBlock: { min: 5, median: 10, max: 10 } })
    expect(found.blockList).toBeUndefined()
    expect((await report(many, { listsBlocks: true })).blockList).toHaveLength(12)
  })

  it('long values end in …, control characters and turned text are escaped, in names and types too', async () => {
    const bytes = nativeBlock(
      [
        { name: 'evil\x1b[2J', type: 'String' },
        { name: 'long', type: 'String' },
        { name: 'e', type: "Enum8('\x1b[31m' = 1)" },
      ],
      ['\x1b]0;title\x07\n\u202Eabc', 'x'.repeat(500_000), 1],
    )
    const { stdout, code } = await sluice(['inspect', files.write('evil.native', bytes)])
    expect(code).toBe(0)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none but line ends
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/)
    expect(stdout).toContain('evil\\x1b[2J')
    expect(stdout).toContain('\\x1b]0;title\\x07\\n\\u{202e}abc')
    expect(stdout).toMatch(/ x{20,}… /)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
  })
})

describe('what is around the blocks', () => {
  it('compressed frames: how many, by which method, sizes, ratio, all checksums verified', async () => {
    const { stdout, code } = await sluice(['inspect', framed, '--rows', '1'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /\n {2}3 compressed frames \(3 lz4\): 1\.\d kB in \d+ B, ratio \d\.\d\d, checksums verified\n/,
    )
    const { frames } = await report(framed)
    const raw = readFileSync(plain).length
    const size = readFileSync(framed).length
    expect(frames).toEqual({
      count: 3,
      methods: { lz4: 3 },
      compressedBytes: size,
      uncompressedBytes: raw,
      ratio: Number((raw / size).toFixed(4)),
      checksumsVerified: 3,
    })
  })

  it('plain, framed and gzipped, also framed and gzipped, from a file or stdin: the same blocks', async () => {
    const zippedFrames = files.write('both.gz', gzipSync(readFileSync(framed)))
    const reports = await Promise.all([plain, framed, gzipped, zippedFrames].map((path) => report(path)))
    const blocks = reports.map(({ file, fileBytes, frames, gzip, ...rest }) => rest)
    expect(blocks).toEqual([blocks[0], blocks[0], blocks[0], blocks[0]])
    expect(reports.map(({ gzip, frames }) => [gzip ?? false, frames?.count ?? 0])).toEqual([
      [false, 0],
      [false, 3],
      [true, 0],
      [true, 3],
    ])
    for (const path of [plain, framed, gzipped]) {
      const { stdout, code } = await sluice(['inspect', '-', '--json'], { input: readFileSync(path) })
      expect(code).toBe(0)
      const { file, fileBytes, frames, gzip, ...rest } = JSON.parse(stdout)
      expect([file, fileBytes]).toEqual(['stdin', readFileSync(path).length])
      expect(rest).toEqual(blocks[0])
    }
  })

  it('blocks that begin like gzip, or have a frame’s method and sizes at its place, are blocks', async () => {
    const columns = Array.from({ length: 31 }, (_, i) => ({ name: `c${i}`, type: 'UInt8' }))
    const rows = Array.from({ length: 1035 }, () => columns.map((_, i) => i))
    const like = Buffer.from(encodeBlock(columns, rows))
    expect(like.toString('hex', 0, 3)).toBe('1f8b08')
    expect(await report(files.write('like.gz', like))).toMatchObject({ rows: 1035, bytes: like.length, errors: [] })
    // The header takes 11 bytes; a frame has its method at byte 16, its sizes behind it.
    const block = nativeBlock([{ name: 'c', type: 'UInt64' }], [0n], 4)
    block[16] = 0x82
    block.writeUInt32LE(30, 17)
    block.writeUInt32LE(100, 21)
    const { frames, errors } = await report(files.write('like-frame', block))
    expect([frames, errors]).toEqual([undefined, []])
  })

  it('frames of several methods and sizes, cut anywhere', async () => {
    const bytes = readFileSync(plain)
    const parts = [0, 1, 400, 401, 800, bytes.length]
    const frames = parts.slice(1).map((end, i) => compress(bytes.subarray(parts[i], end), i % 2 === 0 ? 'none' : 'lz4'))
    const found = await report(files.write('mixed', Buffer.concat(frames)))
    expect(found.frames).toMatchObject({ count: 5, methods: { none: 3, lz4: 2 }, checksumsVerified: 5 })
    expect(found.rows).toBe(25)
  })

  it('stdin that arrives byte by byte', async () => {
    const child = start(['inspect', '-', '--json'])
    const done = ended(child)
    const bytes = readFileSync(framed).subarray(0)
    for (let at = 0; at < bytes.length; at++) {
      child.stdin.write(bytes.subarray(at, at + 1))
      if (at % 16 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    child.stdin.end()
    const { code, stdout } = await done
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rows: 25, blocks: 3 })
  })
})

describe('blocks of different schemas', () => {
  const block = (columns: Record<string, string>, row: unknown[]) =>
    nativeBlock(
      Object.entries(columns).map(([name, type]) => ({ name, type })),
      row,
    )
  const bytes = Buffer.concat([
    block({ a: 'UInt8', b: 'String' }, [1, 'x']),
    block({ a: 'Nullable(UInt8)', b: 'String' }, [null, 'y']),
    block({ b: 'String', c: 'Date' }, ['z', '2024-01-01']),
    block({ a: 'UInt8', b: 'String' }, [2, 'w']),
    block({ a: 'Nullable(UInt8)', b: 'String' }, [3, 'v']),
    block({ b: 'String', a: 'UInt8' }, ['u', 4]),
  ])
  const path = files.write('schemas.native', bytes)

  it('are told apart: what is missing, new, of another type, in another order', async () => {
    const { stdout, code } = await sluice(['inspect', path])
    expect(code).toBe(0)
    expect(stdout).toContain(
      [
        '4 of 6 blocks have another schema than block 0:',
        '  block 1 and 1 more: "a" is Nullable(UInt8) instead of UInt8',
        '  block 2: "a" UInt8 is missing; "c" Date is new',
        '  block 5: the columns stand in another order',
        '',
      ].join('\n'),
    )
    expect(stdout).toMatch(/column {2}rows .*\na {10}5 .* UInt8\nb {10}6 .* String\nc {10}1 .* Date\n/)
    expect(stdout).toMatch(
      /\n {3}a {2}b {2}c\n {3}1 {2}x\nNULL {2}y\n {6}z {2}2024-01-01\n {3}2 {2}w\n {3}3 {2}v\n {3}4 {2}u\n$/,
    )
  })

  it('and in JSON', async () => {
    const found = await report(path)
    expect(found.schemaChanges).toEqual([
      { firstBlock: 1, blockCount: 2, differences: ['"a" is Nullable(UInt8) instead of UInt8'] },
      { firstBlock: 2, blockCount: 1, differences: ['"a" UInt8 is missing', '"c" Date is new'] },
      { firstBlock: 5, blockCount: 1, differences: ['the columns stand in another order'] },
    ])
    expect(found.firstRows[2]).toEqual({ b: 'z', c: '2024-01-01' })
    expect(found.columns.map(({ name, rows }: { name: string; rows: number }) => [name, rows])).toEqual([
      ['a', 5],
      ['b', 6],
      ['c', 1],
    ])
  })
})

describe('the report for programs', () => {
  it('one JSON object per file, sizes that add up', async () => {
    const { code, stdout } = await sluice(['inspect', plain, framed, '--rows', '1', '--json'])
    expect(code).toBe(0)
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(reports).toHaveLength(2)
    const [found] = reports
    const size = readFileSync(plain).length
    expect(found).toMatchObject({ file: plain, fileBytes: size, bytes: size, rows: 25, blocks: 3 })
    const sum = (list: { bytes: number }[]) => list.reduce((total, { bytes }) => total + bytes, 0)
    expect(sum(found.blockList)).toBe(size)
    expect(sum(found.columns)).toBe(size - 3 * 2) // each block says its columns and rows in a byte each
    expect(found.firstRows).toEqual([
      { id: '0', at: '2023-11-14 22:13:20.123456', country: 'DE', tags: [], note: null },
    ])
    expect(found.errors).toEqual([])
  })
})

describe('usage', () => {
  it('an empty file is a stream of no rows', async () => {
    const empty = files.write('empty.native', '')
    expect(await sluice(['inspect', empty])).toMatchObject({
      code: 0,
      stdout: `${empty}: 0 B, no blocks, 0 rows\n`,
      stderr: '',
    })
    expect(await report(empty, { columns: ['id'] })).toMatchObject({ blocks: 0, rows: 0, columns: [] })
    const zipped = files.write('empty.gz', gzipSync(''))
    expect(await sluice(['inspect', zipped])).toMatchObject({ code: 0, stderr: '' })
  })

  it('several files one after the other; one that fails does not hide the others, the worst exit code counts', async () => {
    const missing = files.path('missing.native')
    const csv = files.write('a.csv', 'a,b\n1,2\n')
    const { code, stdout, stderr } = await sluice(['inspect', missing, plain, csv, framed, '--rows', '0'])
    expect(code).toBe(2)
    expect(stdout).toMatch(/^\S*plain\.native: [\s\S]*\n\n\S*framed\.native: /)
    expect(stderr).toContain(`sluice: cannot read ${missing}: no such file\n`)
    expect(stderr).toContain(`sluice: ${csv} is no Native file: it looks like CSV\n`)
    expect((await sluice(['inspect', plain, csv])).code).toBe(1)
    const lines = (await sluice(['inspect', missing, plain, csv, '--json'])).stdout.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { file: missing, errors: [{ code: 'FILE_FAILED' }] },
      { rows: 25 },
      { file: csv, errors: [{ code: 'BAD_INPUT' }] },
    ])
  })

  for (const [title, args, message] of [
    ['no file', ['inspect'], /missing required argument 'files'/],
    ['a directory', ['inspect', files.directory], /is a directory\n {2}hint: Name its files/],
    ['stdin twice', ['inspect', '-', '-'], /stdin \(-\) can be read only once/],
    ['rows that are no number', ['inspect', 'x', '--rows', '-1'], /--rows is a number up to 100000, not "-1"/],
    ['too many rows', ['inspect', 'x', '--rows', '100001'], /--rows is a number up to 100000/],
    ['an empty column name', ['inspect', 'x', '--columns', 'a,,b'], /empty name/],
    ['a misspelled option', ['inspect', 'x', '--column', 'a'], /Did you mean --columns\?/],
    ['a misspelled command', ['inspekt', 'x'], /Did you mean inspect\?/],
  ] as const) {
    it(`${title} is wrong usage`, async () => {
      const { code, stderr, stdout } = await sluice([...args])
      expect(stderr).toMatch(message)
      expect([code, stdout]).toEqual([2, ''])
    })
  }

  it('a column that no block has names the closest one', async () => {
    const { code, stdout, stderr } = await sluice(['inspect', plain, '--columns', 'id,county'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toBe(`sluice: ${plain} has no column "county"\n  hint: Did you mean "country"?\n`)
  })

  it('--help teaches with examples', async () => {
    const { code, stdout } = await sluice(['inspect', '--help'])
    expect(code).toBe(0)
    for (const part of ['What is shown:', 'JSON:', 'Damage:', 'Exit codes:', 'Examples:', '--rows', '--vertical'])
      expect(stdout).toContain(part)
    expect((await sluice(['--help'])).stdout).toMatch(/inspect .*show what is in a Native file/)
  })

  it('a reader that has enough is no failure', async () => {
    const child = start(['inspect', plain, '--blocks'])
    child.stdout.destroy()
    const { code, stderr } = await ended(child)
    expect([code, stderr]).toEqual([0, ''])
  })
})
