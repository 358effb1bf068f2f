import { compressSync, uncompressSync } from 'lz4-napi'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SluiceError } from '../../src/errors.ts'
import type { Arena } from '../../src/wasm/core.ts'
import { CORE_BUILDS, onBuild, seeded } from '../support/core-builds.ts'
import { loadCompression } from '../support/vectors.ts'

const vectors = loadCompression()
const MIB = 2 ** 20
const NONE = 0x02
const LZ4 = 0x82
const HEADER_BYTES = 25

let arena: Arena
let compress: (bytes: Uint8Array, method?: 'lz4' | 'none') => Uint8Array
let decompress: (frames: Uint8Array) => Uint8Array
let cityHash128: (bytes: Uint8Array) => bigint

/** The frames as anybody else would read them: sizes checked, LZ4 by lz4-napi. */
function readFrames(frames: Uint8Array): { method: number; raw: Buffer }[] {
  const bytes = Buffer.from(frames)
  const read: { method: number; raw: Buffer }[] = []
  for (let at = 0; at < bytes.length; ) {
    const method = bytes[at + 16]
    const end = at + 16 + bytes.readUInt32LE(at + 17)
    const rawBytes = bytes.readUInt32LE(at + 21)
    expect(checksum(bytes.subarray(at + 16, end))).toEqual(bytes.subarray(at, at + 16))
    const body = bytes.subarray(at + HEADER_BYTES, end)
    const raw = method === LZ4 ? uncompressSync(Buffer.concat([bytes.subarray(at + 21, at + 25), body])) : body
    expect(raw.length).toBe(rawBytes)
    read.push({ method, raw })
    at = end
  }
  return read
}

function checksum(bytes: Uint8Array): Buffer {
  const hash = cityHash128(bytes)
  const inFileOrder = Buffer.alloc(16)
  inFileOrder.writeBigUInt64LE(hash & (2n ** 64n - 1n), 0)
  inFileOrder.writeBigUInt64LE(hash >> 64n, 8)
  return inFileOrder
}

/** One frame with a right checksum, whatever stands in it. */
function frame(method: number, body: Uint8Array, rawBytes: number, sizedBytes = body.byteLength + 9): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), body])
  bytes[16] = method
  bytes.writeUInt32LE(sizedBytes, 17)
  bytes.writeUInt32LE(rawBytes, 21)
  checksum(bytes.subarray(16)).copy(bytes)
  return bytes
}

/** What decompress throws, or undefined. */
function refusal(frames: Uint8Array): SluiceError | undefined {
  try {
    decompress(frames)
    return undefined
  } catch (error) {
    return error as SluiceError
  }
}

/** Log-like text that LZ4 makes about half as large. */
function text(byteLength: number, next: (below: number) => number): Buffer {
  const words = 'connection refused request from upstream timeout user session token expired cache größe 接続'.split(
    ' ',
  )
  const lines = Array.from({ length: byteLength / 8 }, () => words[next(words.length)] + next(50)).join(' ')
  return Buffer.from(lines.repeat(3)).subarray(0, byteLength)
}

function noise(byteLength: number, next: (below: number) => number): Buffer {
  return Buffer.from(Uint8Array.from({ length: byteLength }, () => next(256)))
}

describe.each(CORE_BUILDS)('compressed frames (%s build)', (build) => {
  beforeAll(async () => {
    const modules = await onBuild(build, async () => ({
      ...(await import('../../src/block/frame.ts')),
      ...(await import('../../src/wasm/core.ts')),
    }))
    ;({ compress, decompress, cityHash128 } = modules)
    arena = new modules.Arena()
  })

  it.each(vectors)('$name of the engine is read, or refused as ZSTD', ({ method, raw, frame }) => {
    if (method === 0x90) {
      expect(refusal(frame)).toMatchObject({ code: 'BAD_FRAME', message: expect.stringContaining('ZSTD') })
    } else {
      expect(decompress(frame)).toEqual(Uint8Array.from(raw))
    }
  })

  it.each(vectors.filter(({ method }) => method === NONE))(
    '$name is written byte for byte as the engine does',
    ({ raw, frame }) => {
      expect(compress(raw, 'none')).toEqual(frame)
    },
  )

  it.each(vectors.filter(({ method }) => method === LZ4))(
    '$name comes back from ours, read by lz4-napi and by us',
    ({ raw }) => {
      const frames = compress(raw)
      expect(readFrames(frames).map((one) => one.raw)).toEqual([Buffer.from(raw)])
      expect(decompress(frames)).toEqual(Uint8Array.from(raw))
    },
  )

  it('no bytes give no frames, and no frames no bytes', () => {
    expect(compress(new Uint8Array(0)).byteLength).toBe(0)
    expect(compress(new Uint8Array(0), 'none').byteLength).toBe(0)
    expect(decompress(new Uint8Array(0)).byteLength).toBe(0)
  })

  it('hold 1 MiB each, the last one the rest; a slice that LZ4 cannot make smaller travels as it is', () => {
    const next = seeded()
    const raw = Buffer.concat([text(MIB, next), noise(MIB, next), Buffer.alloc(3 * MIB), text(300, next)])
    const frames = compress(raw)
    const read = readFrames(frames)
    expect(read.map(({ method }) => method)).toEqual([LZ4, NONE, LZ4, LZ4, LZ4, LZ4])
    expect(read.map((one) => one.raw.length)).toEqual([MIB, MIB, MIB, MIB, MIB, 300])
    expect(Buffer.concat(read.map((one) => one.raw)).equals(raw)).toBe(true)
    expect(Buffer.from(decompress(frames)).equals(raw)).toBe(true)

    const plain = compress(raw, 'none')
    expect(readFrames(plain).map(({ method }) => method)).toEqual(Array(6).fill(NONE))
    expect(plain.byteLength).toBe(raw.length + 6 * HEADER_BYTES)
    expect(Buffer.from(decompress(plain)).equals(raw)).toBe(true)
  })

  it('are owned by the caller: a later call changes nothing in them', () => {
    const frames = compress(Buffer.from('first'), 'none')
    const raw = decompress(frames)
    compress(Buffer.from('other'), 'none')
    decompress(compress(Buffer.from('other')))
    expect(Buffer.from(frames.subarray(HEADER_BYTES)).toString()).toBe('first')
    expect(Buffer.from(raw).toString()).toBe('first')
  })

  it('keep to framesBound, and are those of compress()', () => {
    const next = seeded()
    const { core } = arena
    const inputs = [
      text(2 * MIB + 77_777, next),
      Buffer.concat([noise(MIB + 5, next), text(MIB, next)]),
      text(1000, next),
      noise(1, next),
    ]
    for (const raw of inputs) {
      for (const method of [LZ4, NONE]) {
        const mark = core.arenaTop()
        const ptr = arena.reserve(raw.length)
        const scratch = arena.reserve(core.frameScratchBytes())
        const bound = core.framesBound(raw.length) >>> 0
        const out = arena.reserve(bound + 64)
        arena.u8(ptr, raw.length).set(raw)
        arena.u8(out + bound, 64).fill(0xa5)
        const byteLength = core.frameBytes(ptr, raw.length, method, scratch, out) >>> 0
        const whole = compress(raw, method === LZ4 ? 'lz4' : 'none')
        expect(whole.byteLength).toBeLessThanOrEqual(bound)
        expect(Buffer.from(arena.u8(out, byteLength)).equals(whole)).toBe(true)
        expect(arena.u8(out + bound, 64).every((byte) => byte === 0xa5)).toBe(true)
        arena.releaseTo(mark)
      }
    }
  })

  it('are refused with their index, their place and the way out', () => {
    const first = Buffer.from(compress(Buffer.from('a first frame, a first frame, a first frame')))
    const second = frame(NONE, Buffer.from('second'), 6)
    const refused: [string, Buffer, string, RegExp][] = [
      ['a flipped bit in the body', flip(second, 27), 'CHECKSUM_MISMATCH', /checksum/],
      ['a flipped bit in the checksum', flip(second, 3), 'CHECKSUM_MISMATCH', /checksum/],
      [
        'swapped halves of the checksum',
        Buffer.concat([second.subarray(8, 16), second.subarray(0, 8), second.subarray(16)]),
        'CHECKSUM_MISMATCH',
        /checksum/,
      ],
      ['half a header', second.subarray(0, 20), 'BAD_FRAME', /20 bytes are left/],
      ['half a body', second.subarray(0, 29), 'BAD_FRAME', /it has 31 bytes, of which 29 are here/],
      ['no body', frame(NONE, Buffer.alloc(0), 0), 'BAD_FRAME', /25 bytes are left/],
      ['an unknown method', frame(0x91, Buffer.from('x'), 1), 'BAD_FRAME', /unknown method 0x91/],
      ['ZSTD', frame(0x90, Buffer.from('x'), 1), 'BAD_FRAME', /ZSTD/],
      ['a size below its header', frame(NONE, Buffer.from('x'), 1, 8), 'BAD_FRAME', /compressed size 8 is impossible/],
      ['a size above 1 GiB', frame(NONE, Buffer.from('x'), 1, 2 ** 30 + 1), 'BAD_FRAME', /compressed size 1073741825/],
      [
        'a promise of 4 GiB in three bytes',
        frame(LZ4, Buffer.from('xyz'), 2 ** 32 - 1),
        'BAD_FRAME',
        /cannot hold the 4294967295/,
      ],
      ['a promise of no bytes', frame(LZ4, Buffer.from([0]), 0), 'BAD_FRAME', /cannot hold the 0/],
      [
        'more than it says, uncompressed',
        frame(NONE, Buffer.from('xyz'), 2),
        'BAD_FRAME',
        /body is not what its header says/,
      ],
      ['less than it says, uncompressed', frame(NONE, Buffer.from('xyz'), 4), 'BAD_FRAME', /cannot hold the 4/],
      ['more than it says, LZ4', frame(LZ4, Buffer.from('\x30xyz'), 2), 'BAD_FRAME', /body is not/],
      ['less than it says, LZ4', frame(LZ4, Buffer.from('\x30xyz'), 4), 'BAD_FRAME', /body is not/],
      ['a body that is no LZ4 block', frame(LZ4, Buffer.from('\xf0xyz', 'latin1'), 4), 'BAD_FRAME', /body is not/],
    ]
    for (const [what, bytes, code, message] of refused) {
      const error = refusal(Buffer.concat([first, bytes]))
      expect(error, what).toMatchObject({ code, retryable: false, hint: expect.stringMatching(/./) })
      expect(error?.name, what).toContain('EngineError')
      expect(error?.message, what).toMatch(message)
      expect(error?.message, what).toContain(`Frame 1 at byte ${first.length}`)
    }
    expect(Buffer.from(decompress(Buffer.concat([first, second]))).toString()).toMatch(/frame.*second$/)
    expect(refusal(Buffer.from('these are not frames, but some text'))).toMatchObject({ code: 'BAD_FRAME' })
  })

  it('are whole or refused: cut at every byte, only the border between two is accepted', () => {
    const first = compress(Buffer.from('a first frame, a first frame, a first frame'))
    const both = Buffer.concat([first, compress(Buffer.from('second'), 'none')])
    for (let end = 1; end < both.length; end++) {
      expect(refusal(both.subarray(0, end))?.code, `cut at ${end}`).toBe(end === first.length ? undefined : 'BAD_FRAME')
    }
  })

  it('are found damaged by any flipped bit', () => {
    const raw = text(600, seeded())
    const frames = Buffer.from(compress(raw))
    for (let bit = 0; bit < frames.length * 8; bit++) {
      const error = refusal(flip(frames, bit >> 3, bit & 7))
      expect(error?.code, `bit ${bit}`).toMatch(/^(BAD_FRAME|CHECKSUM_MISMATCH)$/)
    }
  })

  it('end in typed errors or in bytes, whatever was done to them, also behind a right checksum', () => {
    const next = seeded()
    const raw = text(5000, next)
    const theirs = compressSync(raw).subarray(4)
    let refused = 0
    for (let run = 0; run < 2000; run++) {
      const body = Buffer.from(theirs)
      for (let i = next(3); i >= 0; i--) body[next(body.length)] = next(256)
      const promised = next(3) === 0 ? next(body.length * 300) : raw.length
      const bytes = frame(
        next(10) === 0 ? next(256) : LZ4,
        next(4) === 0 ? body.subarray(0, next(body.length)) : body,
        promised,
      )
      if (next(3) === 0) bytes[next(HEADER_BYTES)] = next(256)
      const error = refusal(bytes)
      if (error === undefined) continue
      refused++
      expect(error.code, `run ${run}: ${error.stack}`).toMatch(/^(BAD_FRAME|CHECKSUM_MISMATCH)$/)
    }
    expect(refused).toBeGreaterThan(200)
  })

  it('take no other method and nothing but bytes', () => {
    const code = (call: () => unknown) => {
      try {
        call()
      } catch (error) {
        return (error as SluiceError).code
      }
    }
    expect(code(() => compress(Buffer.from('x'), 'zstd' as 'lz4'))).toBe('BAD_OPTION')
    expect(code(() => compress(Buffer.from('x'), 'constructor' as 'lz4'))).toBe('BAD_OPTION')
    expect(code(() => compress('text' as unknown as Uint8Array))).toBe('BAD_OPTION')
    expect(code(() => decompress([1, 2] as unknown as Uint8Array))).toBe('BAD_OPTION')
  })
})

function flip(bytes: Buffer, at: number, bit = 0): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] ^= 1 << bit
  return copy
}
