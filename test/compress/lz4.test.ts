import { compressSync, uncompressSync } from 'lz4-napi'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Arena } from '../../src/wasm/core.ts'
import { CORE_BUILDS, onBuild, seeded } from '../support/core-builds.ts'

const BYTES_MAX = 1 << 20
/** Around every region the core may write to: a byte out of place shows. */
const FENCE = 64
const FENCE_BYTE = 0xa5
const INTACT = Buffer.alloc(FENCE, FENCE_BYTE)

let arena: Arena
let table: number
/** The last BYTES_MAX bytes of the memory. */
let ptr: number
let out: number

/** The LZ4 block of `bytes`, undefined when `limit` bytes do not hold it. */
function compress(bytes: Uint8Array, limit = bytes.byteLength + 64): Uint8Array | undefined {
  return fenced(limit, bytes, (src) => arena.core.lz4Compress(src, bytes.byteLength, out, limit, table))
}

/** What an LZ4 block holds, undefined when it is none or holds more than `limit` bytes. */
function decompress(block: Uint8Array, limit: number): Uint8Array | undefined {
  return fenced(limit, block, (src) => arena.core.lz4Decompress(src, block.byteLength, out, limit))
}

function fenced(limit: number, bytes: Uint8Array, run: (src: number) => number): Uint8Array | undefined {
  const src = ptr + BYTES_MAX - bytes.byteLength // ends where the memory ends: a read past the input traps
  arena.u8(src, bytes.byteLength).set(bytes)
  arena.u8(out - FENCE, FENCE).fill(FENCE_BYTE)
  arena.u8(out + limit, FENCE).fill(FENCE_BYTE)
  const written = run(src) >>> 0
  if (!INTACT.equals(arena.u8(out - FENCE, FENCE))) throw new Error('written before the region')
  if (!INTACT.equals(arena.u8(out + limit, FENCE))) throw new Error('written behind the region')
  if (written > limit) throw new Error(`${written} bytes where ${limit} were allowed`)
  return written === 0 ? undefined : arena.u8(out, written).slice()
}

/** lz4-napi puts the raw length in front of a block. */
function rival(block: Uint8Array, byteLength: number): Buffer {
  return uncompressSync(Buffer.concat([Buffer.from(Uint32Array.of(byteLength).buffer), block]))
}

function noise(byteLength: number, next: (below: number) => number): Uint8Array {
  return Uint8Array.from({ length: byteLength }, () => next(256))
}

/** Bytes as columns have them: runs, repeated pieces near and far, counters, noise. */
function mixed(byteLength: number, next: (below: number) => number): Uint8Array {
  const bytes = new Uint8Array(byteLength)
  for (let at = 0; at < byteLength; ) {
    const run = Math.min(byteLength - at, 1 + next(next(8) === 0 ? 2000 : 40))
    const kind = next(4)
    const from = at === 0 ? 0 : next(at)
    for (let i = 0; i < run; i++) {
      bytes[at + i] = kind === 0 ? 7 : kind === 1 ? next(256) : kind === 2 ? bytes[from + i] : i
    }
    at += run
  }
  return bytes
}

/** Theirs reads ours, ours reads ours, ours reads theirs. */
function comesBack(bytes: Uint8Array): void {
  const block = compress(bytes, bytes.byteLength + 5000)!
  const theirs = compressSync(Buffer.from(bytes)).subarray(4)
  const read = [
    rival(block, bytes.byteLength),
    decompress(block, bytes.byteLength),
    decompress(theirs, bytes.byteLength),
  ]
  expect(read.map((raw) => raw !== undefined && Buffer.compare(raw, bytes))).toEqual([0, 0, 0])
}

describe.each(CORE_BUILDS)('LZ4 blocks (%s build)', (build) => {
  beforeAll(async () => {
    const { Arena } = await onBuild(build, () => import('../../src/wasm/core.ts'))
    arena = new Arena()
    table = arena.reserve(16384)
    out = arena.reserve(FENCE + 2 * BYTES_MAX + FENCE) + FENCE
    arena.reserve(BYTES_MAX)
    ptr = arena.byteLength - BYTES_MAX
  })

  it('looks as the format says: literals, then what repeats, then the last literals', () => {
    const block = compress(Buffer.from('abcabcabcabcabcabcabcabc'))!
    expect(Buffer.from(block).toString('hex')).toBe('3c616263' + '0300' + '506263616263')
  })

  it('come back from lz4-napi and from ours, at every length and in every pattern', () => {
    const next = seeded()
    const texts = 'connection refused by upstream, connection timed out, '.repeat(20)
    for (let byteLength = 1; byteLength < 400; byteLength++) {
      const inputs = [
        new Uint8Array(byteLength),
        Buffer.from(texts.slice(0, byteLength)),
        noise(byteLength, next),
        Uint8Array.from({ length: byteLength }, (_, i) => i % (1 + (byteLength % 37))),
      ]
      for (const bytes of inputs) {
        comesBack(bytes)
      }
    }
  })

  it('come back when they are large, with matches near, far and too far', () => {
    const next = seeded()
    const far = noise(65_536 + 100, next)
    const inputs = [mixed(200_000, next), mixed(70_000, next), noise(100_000, next), new Uint8Array(BYTES_MAX)]
    for (const gap of [65_535, 65_536]) {
      const bytes = new Uint8Array(gap + 60)
      bytes.set(far.subarray(0, gap))
      bytes.set(far.subarray(0, 60), gap)
      inputs.push(bytes)
    }
    for (const bytes of inputs) {
      comesBack(bytes)
    }
  })

  it('are given up, and nothing is written outside, when the limit does not hold them', () => {
    const next = seeded()
    for (let run = 0; run < 400; run++) {
      const bytes = mixed(1 + next(2000), next)
      const block = compress(bytes)!
      const limit = next(block.byteLength + 80)
      const tight = compress(bytes, limit)
      if (limit < block.byteLength) expect(tight, `run ${run}`).toBeUndefined()
      else if (limit >= block.byteLength + 16) expect(tight, `run ${run}`).toEqual(block)
      else if (tight) expect(tight).toEqual(block)
    }
    expect(compress(noise(50_000, next), 49_999)).toBeUndefined()
  })

  it('are refused when they are cut off, claim too much, or point before their beginning', () => {
    const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
    const refused = [
      '', // nothing at all
      '50 61 62', // five literals, two there
      'f0', // a length that never comes
      'f0 ff ff', // a length that never ends
      '10 61 01', // half an offset
      '10 61 00 00  00', // offset 0
      '10 61 02 00  00', // two before, of one byte
      '10 61 01 00', // no last sequence
      '1f 61 01 00', // a match length that never comes
      `1f 61 01 00 ${'ff'.repeat(300)} 00  00`, // more than there is room for
    ]
    for (const block of refused) expect(decompress(hex(block), 1000), block).toBeUndefined()
    expect(decompress(hex('10 61 01 00  00'), 1000)).toEqual(Uint8Array.from(Buffer.from('aaaaa')))
    expect(decompress(hex('10 61 01 00  00'), 5)).toEqual(Uint8Array.from(Buffer.from('aaaaa')))
    expect(decompress(hex('10 61 01 00  00'), 4)).toBeUndefined()
  })

  it('never read or write outside, whatever was done to them', () => {
    const next = seeded()
    const raw = mixed(3000, next)
    const block = compress(raw)!
    let refused = 0
    for (let run = 0; run < 3000; run++) {
      const damaged =
        run % 4 === 0 ? noise(next(200), next) : block.slice(0, run % 3 === 0 ? next(block.byteLength) : undefined)
      for (let i = next(4); i >= 0 && damaged.byteLength > 0; i--) damaged[next(damaged.byteLength)] = next(256)
      if (decompress(damaged, run % 2 === 0 ? raw.byteLength : next(4000)) === undefined) refused++
    }
    expect(refused).toBeGreaterThan(500)
  })

  it('are at most 15 % larger than those of lz4-napi', () => {
    const next = seeded()
    const words =
      'connection refused request from upstream timeout user session token expired cache hit shard replica'.split(' ')
    const text = Buffer.from(Array.from({ length: 60_000 }, () => words[next(words.length)] + next(1000)).join(' '))
    const bytes = text.subarray(0, 500_000)
    expect(compress(bytes)!.byteLength).toBeLessThan(compressSync(bytes).byteLength * 1.15)
  })
})
