import { describe, expect, it } from 'vitest'
import { Head, textBytes } from '../../src/block/decode/head.ts'
import { BlockDamage } from '../../src/block/decode/stream.ts'
import { walkBlocks } from '../../src/block/decode/walk.ts'
import { decodeBlocks } from '../../src/block/decode.ts'
import { EngineError, SchemaError, SluiceError } from '../../src/errors.ts'
import type { TypeNode } from '../../src/types/node.ts'
import { random } from '../support/random.ts'
import { loadAllVectors, loadBehaviour, loadBlockVectors } from '../support/vectors.ts'

interface Walked {
  columns: { name: string; type: string; byteLength: number; values: unknown[] }[]
  offset: number
  rowCount: number
  byteLength?: number
}

/** What a walk sees, with the first `keep` values of every column; with the error that ended it, if one did. */
async function walked(
  bytes: Uint8Array,
  keep: number,
  pieceBytes: number,
  isSized: boolean,
): Promise<{ blocks: Walked[]; error?: unknown }> {
  const blocks: Walked[] = []
  let head: Head | undefined
  let type: TypeNode | undefined
  const block = () => blocks.at(-1)!
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield Buffer.from(bytes.subarray(at, at + pieceBytes))
  }
  try {
    await walkBlocks(
      pieces(),
      {
        block: (offset, _, rowCount) => void blocks.push({ offset, rowCount, columns: [] }),
        column: (name, typeName, node) => {
          block().columns.push({ name, type: typeName, byteLength: 0, values: [] })
          type = node
          head = keep > 0 ? new Head(Math.min(keep, block().rowCount), 2 ** 20) : undefined
          return head
        },
        columnEnd: (byteLength) => {
          const column = block().columns.at(-1)!
          column.byteLength = byteLength
          column.values = head?.values(type!) ?? []
        },
        blockEnd: (byteLength) => {
          block().byteLength = byteLength
        },
      },
      isSized ? bytes.length : undefined,
    )
    return { blocks }
  } catch (error) {
    return { blocks, error }
  }
}

const WHOLE = [...loadAllVectors(), ...loadBlockVectors()].flatMap(({ name, native, ...vector }) =>
  native === undefined || ('type' in vector && vector.type.startsWith('AggregateFunction(')) ? [] : [{ name, native }],
)

describe('a walk ends each block and column where the decoder does, and its heads hold the first values', () => {
  for (const { name, native } of WHOLE) {
    it(name, async () => {
      const expected = decodeBlocks(native)
      for (const [keep, pieceBytes, isSized] of [
        [0, 1, false],
        [1, 3, true],
        [2, 100_000, true],
        [7, 1, true],
        [1_000_000, 11, false],
      ] as const) {
        const { blocks, error } = await walked(native, keep, pieceBytes, isSized)
        expect(error).toBeUndefined()
        expect(blocks.map(({ columns }) => columns.map((one) => ({ name: one.name, type: one.type })))).toStrictEqual(
          expected.map(({ columns }) => columns),
        )
        expect(blocks.map(({ rowCount }) => rowCount)).toStrictEqual(expected.map(({ rows }) => rows.length))
        blocks.forEach(({ columns }, b) => {
          columns.forEach(({ values }, c) => {
            expect(values).toStrictEqual(expected[b]!.rows.slice(0, keep).map((row) => row[c]))
          })
        })
        expect(blocks.reduce((sum, block) => sum + block.byteLength!, 0)).toBe(native.length)
      }
    })
  }
})

describe('bodies that the engine takes although no engine wrote them', () => {
  for (const { name, body } of loadBehaviour()) {
    const expected = attempt(() => decodeBlocks(body))
    if (expected === undefined) continue
    it(name, async () => {
      const { blocks, error } = await walked(body, 5, 2, true)
      expect(error).toBeUndefined()
      expect(blocks.flatMap(({ columns }) => columns.map(({ values }) => values))).toStrictEqual(
        expected.flatMap(({ columns, rows }) => columns.map((_, c) => rows.slice(0, 5).map((row) => row[c]))),
      )
    })
  }
})

describe('damage', () => {
  it('a block that is cut off anywhere ends the walk there, with all blocks and columns before it seen', async () => {
    const vector = loadBlockVectors().find(({ blocks }) => blocks.length > 1)!
    const { blocks: whole } = await walked(vector.native, 0, 100, true)
    const ends = whole.map(({ offset, byteLength }) => offset + byteLength!)
    for (let length = 0; length < vector.native.length; length++) {
      for (const isSized of [true, false]) {
        const { blocks, error } = await walked(vector.native.subarray(0, length), 1, 7, isSized)
        const isBoundary = length === 0 || ends.includes(length)
        if (isBoundary) expect(error).toBeUndefined()
        else {
          expect(error).toBeInstanceOf(BlockDamage)
          expect(error).toMatchObject({ code: 'BAD_BLOCK' })
          expect((error as BlockDamage).offset).toBeLessThanOrEqual(length)
        }
        expect(blocks.filter(({ byteLength }) => byteLength !== undefined)).toHaveLength(
          ends.filter((end) => end <= length).length,
        )
      }
    }
  })

  it('no vector can be cut off unseen', async () => {
    for (const { name, native } of WHOLE) {
      if (native.length > 300) continue
      for (let length = 1; length < native.length; length++) {
        const cut = native.subarray(0, length)
        const isWhole = attempt(() => decodeBlocks(cut)) !== undefined
        const { error } = await walked(cut, 1, 64, length % 2 === 0)
        expect(error === undefined, `${name} at ${length}`).toBe(isWhole)
      }
    }
  })

  const { seed, below } = random('SLUICE_WALK_SEED')
  it(`whatever the decoder takes, the walk takes alike; what it refuses it refuses with a place (SLUICE_WALK_SEED=${seed})`, async () => {
    let taken = 0
    let refused = 0
    for (let round = 0; round < 3000; round++) {
      const { name, native } = WHOLE[below(WHOLE.length)]!
      if (native.length > 2000) continue
      const bytes = native.slice()
      for (let n = below(3); n >= 0; n--) bytes[below(bytes.length)] = below(256)
      const decoded = attempt(() => decodeBlocks(bytes))
      const { blocks, error } = await walked(bytes, below(4), 1 + below(200), below(2) === 0)
      if (decoded) {
        expect(error, `${name} ${Buffer.from(bytes).toString('hex')}`).toBeUndefined()
        expect(blocks.reduce((sum, { byteLength }) => sum + byteLength!, 0)).toBe(bytes.length)
        taken++
      } else if (error !== undefined) {
        expect(error).toBeInstanceOf(SluiceError)
        if (error instanceof BlockDamage) expect(error.offset).toBeLessThanOrEqual(bytes.length)
        refused++
      }
    }
    expect(Math.min(taken, refused)).toBeGreaterThan(100)
  })

  it('counts that cannot be are refused at once where the length is known, and at the end where it is not', async () => {
    // 2^49 rows of UInt64
    const bytes = Buffer.concat([Buffer.from('01808080808080800101630655496e743634', 'hex'), Buffer.alloc(100)])
    expect((await walked(bytes, 0, 10, true)).error).toMatchObject({
      message: 'byte 18 (column "c" UInt64): 562949953421312 values of 8 bytes announced, 100 bytes left',
    })
    expect((await walked(bytes, 0, 10, false)).error).toMatchObject({
      message: 'byte 18 (column "c" UInt64): 4503599627370496 bytes expected, 100 left',
    })
  })

  it('types of more parts than a call has arguments are walked over like others', async () => {
    const tuple = `Tuple(${Array(200_000).fill('UInt8').join(', ')})`
    for (const [type, byteLength] of [
      ['QBit(Float32, 4294967296, 8)', 8],
      ['QBit(Float32, 1600000, 8)', 8],
      [tuple, 7],
    ] as const) {
      expect((await walked(blockOf(type, Buffer.alloc(byteLength)), 0, 2 ** 20, true)).error).toBeInstanceOf(
        BlockDamage,
      )
    }
    const whole = blockOf(tuple, Buffer.alloc(200_000))
    expect(await walked(whole, 0, 2 ** 16, true)).toMatchObject({ blocks: [{ byteLength: whole.length }] })
  })

  it('empty JSON objects in arrays take no bytes', async () => {
    const bytes = blockOf('Array(JSON)', Buffer.from('0300000000000000 00 0700000000000000'.replaceAll(' ', ''), 'hex'))
    expect(decodeBlocks(bytes)[0]!.rows).toEqual([[Array(7).fill({})]])
    expect((await walked(bytes, 1, 5, true)).blocks).toMatchObject([{ columns: [{ values: [Array(7).fill({})] }] }])
  })

  it('AggregateFunction ends the walk: its states have no length', async () => {
    const { native } = loadAllVectors().find(({ type }) => type.startsWith('AggregateFunction('))!
    const { error } = await walked(native!, 0, 100, true)
    expect(error).toBeInstanceOf(SchemaError)
    expect(error).toMatchObject({ code: 'UNSUPPORTED_TYPE', message: expect.stringMatching(/^byte \d+ \(column "c"/) })
  })
})

describe('a head', () => {
  it('that grows too long is empty and says so', async () => {
    const head = new Head(2, 10)
    head.push(Buffer.alloc(10))
    expect([head.isTooLong, head.byteLength]).toEqual([false, 10])
    head.push(Buffer.alloc(1))
    expect([head.isTooLong, head.byteLength]).toEqual([true, 0])
  })

  it('of a column that ended before its rows are there has no values', () => {
    const head = new Head(2, 10)
    head.push(Buffer.of(1))
    expect(() => head.values({ name: 'UInt8' })).toThrow(EngineError)
  })
})

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof SluiceError) return undefined
    throw error
  }
}

/** One row of one column `c`. */
function blockOf(type: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([1, 1, 1, 0x63]), textBytes(type), data])
}
