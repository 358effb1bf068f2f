// Files that are cut off, changed, or no Native files at all.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { jsonReport } from '../../src/cli/inspect/json.ts'
import { readFindings } from '../../src/cli/inspect/read.ts'
import { textReport } from '../../src/cli/inspect/report.ts'
import { SluiceError } from '../../src/errors.ts'
import { compress, encodeBlock } from '../../src/native.ts'
import { loadAllVectors, loadBlockVectors } from '../support/vectors.ts'
import { Files, sluice } from './run.ts'

const files = new Files()
afterAll(() => files[Symbol.dispose]())

const COLUMNS = [
  { name: 'id', type: 'UInt32' },
  { name: 'name', type: 'String' },
  { name: 'tags', type: 'Array(LowCardinality(String))' },
]
const block = (first: number) =>
  Buffer.from(
    encodeBlock(
      COLUMNS,
      [first, first + 1, first + 2].map((id) => [id, `name ${id}`, ['x', `t${id}`]]),
    ),
  )
const BLOCKS = [block(0), block(3), block(6)]
const SOUND = Buffer.concat(BLOCKS)
const ENDS = BLOCKS.map((_, i) => Buffer.concat(BLOCKS.slice(0, i + 1)).length)

/** What inspect says about these bytes: the report, or the error that is all it has to say. */
async function look(bytes: Buffer, rows = 10) {
  const path = files.write('looked-at', bytes)
  try {
    const findings = await readFindings(path, { rows, listsBlocks: true, showsProgress: false })
    return {
      path,
      report: JSON.parse(jsonReport(findings)),
      text: textReport(findings, { width: 120, isVertical: false }),
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return { path, error }
  }
}

describe('a file that is cut off', () => {
  it('at every byte: all whole blocks are shown, then one error with block and byte; sound at the ends of blocks', async () => {
    for (let length = 1; length < SOUND.length; length++) {
      const { path, report, error } = await look(SOUND.subarray(0, length))
      const whole = ENDS.filter((end) => end <= length).length
      if (error) {
        expect(length).toBeLessThan(13) // not even the first column's type is there
        expect(error.message).toContain(`${path} is no Native file, or damaged at its beginning: byte `)
        continue
      }
      expect(report).toMatchObject({ blocks: whole, rows: whole * 3 })
      expect(report.blockList).toHaveLength(whole)
      expect(report.firstRows.slice(0, whole * 3).map(({ id }: { id: number }) => id)).toEqual(
        Array.from({ length: whole * 3 }, (_, i) => i),
      )
      if (ENDS.includes(length)) expect(report.errors).toEqual([])
      else {
        expect(report.errors).toHaveLength(1)
        const [problem] = report.errors
        expect(problem).toMatchObject({ code: 'BAD_BLOCK', block: whole })
        expect(problem.offset).toBeLessThanOrEqual(length)
        const start = ENDS[whole - 1] ?? 0
        expect(problem.message).toContain(`block ${whole} (from byte ${start}) is damaged at byte ${problem.offset}`)
      }
    }
  })

  it('shows the columns before the cut, and the rows they have', async () => {
    const { report, text } = await look(SOUND.subarray(0, ENDS[0]! - 1))
    expect(report.columns.map(({ name, rows }: { name: string; rows: number }) => [name, rows])).toEqual([
      ['id', 3],
      ['name', 3],
      ['tags', 0],
    ])
    expect(report.firstRows[2]).toEqual({ id: 2, name: 'name 2' })
    expect(text).toMatch(/: \d+ B, 0 whole blocks, 0 rows\n/)
    expect(text).toMatch(/\ntags {7}0 {6}- {3}0\.0% +Array\(LowCardinality\(String\)\)\n/)
    expect(text).toMatch(/\nid {2}name {4}tags\n 0 {2}name 0\n/)
  })

  it('within a long column: its first values are shown', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => [i])
    const bytes = Buffer.from(encodeBlock([{ name: 'n', type: 'Nullable(UInt16)' }], rows)).subarray(0, 9000)
    const numbers = Buffer.from(encodeBlock([{ name: 'n', type: 'UInt16' }], rows)).subarray(0, 9000)
    expect((await look(numbers, 3)).report.firstRows).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
    expect((await look(bytes, 3)).report.firstRows).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
  })

  it('ends with exit code 1, one error line, and how to save what is sound', async () => {
    const path = files.write('cut.native', SOUND.subarray(0, ENDS[1]! + 20))
    const { code, stdout, stderr } = await sluice(['inspect', path])
    expect(code).toBe(1)
    expect(stdout).toMatch(/cut\.native: \d+ B, 2 whole blocks, 6 rows/)
    expect(stderr).toMatch(
      new RegExp(
        `^sluice: \\S+cut\\.native: block 2 \\(from byte ${ENDS[1]}\\) is damaged at byte \\d+ \\(column "id" UInt32\\): 12 bytes expected, \\d left\n` +
          `  hint: The first ${ENDS[1]} bytes are sound: head -c ${ENDS[1]} \\S+cut\\.native > sound\\.native\n$`,
      ),
    )
    execFileSync('sh', ['-c', `head -c ${ENDS[1]} ${path} > ${path}.sound`])
    expect(await sluice(['inspect', `${path}.sound`])).toMatchObject({ code: 0, stderr: '' })
  })

  it('gzip: what could be unpacked is shown', async () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => [i, `name ${i * 7919}`, [`t${i % 9}`]])
    const whole = gzipSync(Buffer.concat([encodeBlock(COLUMNS, rows), SOUND]))
    const { report } = await look(whole.subarray(0, whole.length - 2000))
    expect(report).toMatchObject({ gzip: true, firstRows: expect.any(Array) })
    expect(report.firstRows[9]).toMatchObject({ id: 9 })
    expect(report.errors).toMatchObject([
      { code: 'BAD_INPUT', message: expect.stringMatching(/block \d .*is cut off: the gzip around it is damaged/) },
    ])
    for (const length of [10, 20, 100]) {
      const { report } = await look(gzipSync(SOUND).subarray(0, length))
      expect(report.errors).toMatchObject([{ code: 'BAD_INPUT', block: 0 }])
    }
    const short = gzipSync(SOUND)
    expect((await look(short.subarray(0, short.length - 8))).report).toMatchObject({
      blocks: 3,
      errors: [{ block: 3 }],
    })
  })
})

describe('compressed frames', () => {
  const frames = BLOCKS.map((bytes) => Buffer.from(compress(bytes)))
  const starts = [0, frames[0]!.length, frames[0]!.length + frames[1]!.length]
  const framed = Buffer.concat(frames)

  it('a changed byte anywhere is found, and blocks before it are shown', async () => {
    let mismatches = 0
    for (let at = 0; at < framed.length; at++) {
      const bytes = Buffer.from(framed)
      bytes[at]! ^= 1 << (at % 8)
      const { report, error } = await look(bytes)
      const frame = starts.findLastIndex((start) => start <= at)
      if (error) {
        // Of the first frame's method and sizes, so that it does not look like a frame any more.
        expect(at).toBeLessThan(25)
        expect(error.message).toContain('is no Native file')
        continue
      }
      expect(report).toMatchObject({
        blocks: frame,
        rows: frame * 3,
        frames: { count: frame, checksumsVerified: frame },
      })
      expect(report.errors).toHaveLength(1)
      expect(report.errors[0].message).toContain(
        `block ${frame} (from byte ${ENDS[frame - 1] ?? 0}) is cut off: Frame ${frame} at byte ${starts[frame]}: `,
      )
      expect(['CHECKSUM_MISMATCH', 'BAD_FRAME']).toContain(report.errors[0].code)
      if (report.errors[0].code === 'CHECKSUM_MISMATCH') mismatches++
    }
    expect(mismatches).toBeGreaterThan(framed.length / 2)
  })

  it('cut off at every byte', async () => {
    for (let length = 26; length < framed.length; length++) {
      const { report } = await look(framed.subarray(0, length))
      const whole = starts.filter((start, i) => start + frames[i]!.length <= length).length
      expect(report).toMatchObject({ blocks: whole, rows: whole * 3 })
      const isSound = length === starts[whole]
      expect(report.errors.length).toBe(isSound ? 0 : 1)
      if (!isSound) expect(report.errors[0]).toMatchObject({ code: 'BAD_FRAME', block: whole })
    }
  })

  it('a block that is cut off inside sound frames is damaged where its bytes end', async () => {
    const { report } = await look(Buffer.from(compress(SOUND.subarray(0, ENDS[1]! - 1))))
    expect(report).toMatchObject({ blocks: 1, frames: { count: 1 }, errors: [{ code: 'BAD_BLOCK', block: 1 }] })
  })

  it('exit code 1 and the frame’s own words', async () => {
    const bytes = Buffer.from(framed)
    bytes[starts[1]! + 40]! ^= 255
    const { code, stdout, stderr } = await sluice(['inspect', files.write('flipped', bytes)])
    expect(code).toBe(1)
    expect(stdout).toMatch(/\n {2}1 sound compressed frame \(1 lz4\)/)
    expect(stderr).toMatch(/block 1 .* Frame 1 at byte \d+: its checksum is not that of its bytes\.\n {2}hint: /)
  })

  it('ZSTD frames are named as such', async () => {
    const bytes = Buffer.from(framed)
    bytes[16] = 0x90
    expect((await look(bytes)).report.errors).toMatchObject([
      { code: 'BAD_FRAME', message: expect.stringContaining('ZSTD'), hint: expect.stringContaining('LZ4') },
    ])
  })
})

describe('values that no writer writes', () => {
  it('are said for the rows that are shown, and the file is read on', async () => {
    const sound = Buffer.from(
      encodeBlock(
        [
          { name: 'b', type: 'Bool' },
          { name: 'n', type: 'UInt8' },
        ],
        [[true, 1]],
      ),
    )
    const bytes = Buffer.concat([sound, sound])
    bytes[sound.indexOf('Bool') + 4] = 2
    const { report, text } = await look(bytes)
    expect(report).toMatchObject({ blocks: 2, rows: 2 })
    expect(report.firstRows).toEqual([
      { b: { unreadable: 'a Bool is 0 or 1' }, n: 1 },
      { b: true, n: 1 },
    ])
    expect(report.errors).toMatchObject([
      { code: 'BAD_BLOCK', block: 0, message: expect.stringContaining('block 0, column "b" Bool: a Bool is 0 or 1') },
    ])
    expect(text).toContain('(a Bool is 0 or 1)  1\n')
    expect((await sluice(['inspect', files.write('bool', bytes)])).code).toBe(1)
  })

  it('AggregateFunction: what stands before it is shown, and why nothing behind it can be', async () => {
    const state = loadAllVectors().find(({ type }) => type.startsWith('AggregateFunction('))!.native!
    const { report } = await look(Buffer.concat([SOUND, state]))
    expect(report).toMatchObject({ blocks: 3, rows: 9 })
    expect(report.errors).toMatchObject([
      {
        code: 'UNSUPPORTED_TYPE',
        block: 3,
        message: expect.stringMatching(/block 3 \(from byte \d+\) can be read up to byte \d+ \(column "c" Agg/),
      },
    ])
  })

  it('an error that the server wrote behind the rows is shown', async () => {
    const text =
      '\r\n__exception__\r\nabcdef\r\nCode: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\r\n'
    const { report } = await look(Buffer.concat([SOUND, Buffer.from(text)]))
    expect(report).toMatchObject({ blocks: 3, rows: 9 })
    expect(report.errors).toMatchObject([
      { block: 3, hint: expect.stringContaining('Code: 241. DB::Exception: Memory limit exceeded') },
    ])
  })
})

describe('a file that is no Native file says what it looks like', () => {
  for (const [title, bytes, seen] of [
    ['CSV', 'id,name\n1,a\n', 'CSV'],
    ['CSV with semicolons', 'id;name\n1;a\n', 'CSV'],
    ['TSV', 'id\tname\n1\ta\n', 'TSV'],
    ['NDJSON', '{"a":1}\n{"a":2}\n', 'NDJSON'],
    ['JSON over several lines', '{\n  "a": 1\n}\n', 'JSON'],
    ['a JSON array', '[{"a":1}]', 'JSON'],
    ['text', 'hello world, this is text\n'.replace(',', ''), 'text'],
    ['text that is not ASCII', 'grüße '.repeat(5000), 'text'],
    ['SQL', 'INSERT INTO t VALUES (1)', 'SQL'],
    ['HTML', '<!DOCTYPE html><html></html>', 'XML or HTML'],
    [
      'an error of the server',
      'Code: 60. DB::Exception: Table t does not exist. (UNKNOWN_TABLE)\n',
      'an error of ClickHouse: Code: 60. DB::Exception: Table t',
    ],
    ['Parquet', 'PAR1\x15\x04\x15\x00', 'a Parquet file'],
    ['Arrow', 'ARROW1\0\0\0\0', 'an Arrow file'],
    ['Avro', 'Obj\x01\x04', 'an Avro file'],
    ['ORC', 'ORC\x08\x03', 'an ORC file'],
    ['zstd', '\x28\xb5\x2f\xfd\x04\x58\x01', 'a file compressed with zstd'],
    ['xz', '\xfd7zXZ\0\0\x04', 'a file compressed with xz'],
    ['bzip2', 'BZh91AY&SY', 'a file compressed with bzip2'],
    ['the lz4 program', '\x04\x22\x4d\x18\x64\x40', 'a file compressed with the program lz4'],
    ['zip', 'PK\x03\x04\x14\0\0', 'a zip archive'],
    ['UTF-16', '\xff\xfea\0b\0', 'UTF-16 text'],
    ['RowBinaryWithNamesAndTypes', '\x02\x01a\x01b\x05UInt8\x06String\x07\x01x', 'RowBinaryWithNamesAndTypes'],
    [
      'TCP blocks',
      '\x01\x00\x02\xff\xff\xff\xff\x00\x01\x01\x01a\x05UInt8\x00\x07',
      'Native as the TCP protocol has it',
    ],
    ['gzip in gzip', gzipSync(gzipSync('x')).toString('latin1'), 'gzip in gzip'],
    ['CSV in gzip', gzipSync('id,name\n1,a\n').toString('latin1'), 'CSV'],
    ['CSV in frames', Buffer.from(compress(Buffer.from('id,name\n1,a\n'))).toString('latin1'), 'CSV'],
  ] as const) {
    it(title, async () => {
      const { error, path } = await look(Buffer.from(bytes, title.startsWith('text') ? 'utf8' : 'latin1'))
      expect(error).toMatchObject({ code: 'BAD_INPUT' })
      expect(error!.message).toContain(`${path} is no Native file: it looks like ${seen}`)
    })
  }

  it('or, where it looks like nothing known, what is wrong with its first bytes', async () => {
    const { error } = await look(Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0, 1, 2]))
    expect(error!.message).toMatch(/is no Native file, or damaged at its beginning: byte \d+ /)
    expect((await look(Buffer.from([0, 0]))).error!.message).toContain('a block without columns')
  })

  it('with exit code 1 and nothing on stdout', async () => {
    const { code, stdout, stderr } = await sluice(['inspect', files.write('x.parquet', 'PAR1....')])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^sluice: \S+x\.parquet is no Native file: it looks like a Parquet file\n$/)
    const piped = await sluice(['inspect', '-'], { input: 'a,b\n1,2\n' })
    expect(piped).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^sluice: stdin is no Native file: it looks like CSV\n/),
    })
  })
})

describe('every golden vector', () => {
  it('is shown, as text, vertically and as JSON', async () => {
    for (const { name, native } of [...loadAllVectors(), ...loadBlockVectors()]) {
      if (native === undefined) continue
      writeFileSync(files.path('vector'), native)
      const findings = await readFindings(files.path('vector'), { rows: 10, listsBlocks: false, showsProgress: false })
      const hasStates = [...findings.survey.columns.values()].some(({ type }) => type.startsWith('AggregateFunction('))
      expect(
        findings.problems.map(({ code }) => code),
        name,
      ).toEqual(hasStates ? ['UNSUPPORTED_TYPE'] : [])
      if (!hasStates) expect(findings.survey.byteLength).toBe(native.length)
      expect(() => JSON.parse(jsonReport(findings)), name).not.toThrow()
      for (const isVertical of [true, false]) {
        const lines = textReport(findings, { width: 80, isVertical }).split('\n')
        const isControl = (character: string) => character < ' ' || character === '\x7f'
        const broken = lines.filter((line) => [...line].some(isControl))
        expect(broken, name).toEqual([])
      }
    }
  })
})
