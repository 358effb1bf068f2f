import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Arena } from '../../src/wasm/core.ts'
import type { Pieces } from '../../src/wasm/pieces.ts'
import { CORE_BUILDS, onBuild } from '../support/core-builds.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each(CORE_BUILDS)('an arena, %s core', (build) => {
  const load = () => onBuild(build, () => import('../../src/wasm/core.ts'))
  const open = async () => new (await load()).Arena()

  it('gives 16-byte aligned regions that do not touch each other', async () => {
    const arena = await open()
    let end = 0
    for (const byteLength of [1, 15, 16, 17, 1000, 0, 65_536, 3]) {
      const ptr = arena.reserve(byteLength)
      expect(ptr % 16).toBe(0)
      expect(ptr).toBeGreaterThanOrEqual(end)
      end = ptr + byteLength
    }
  })

  it('grows when it must, tells the listeners then, and keeps what was written', async () => {
    const arena = await open()
    const ptr = arena.reserve(8)
    const old = arena.u8(ptr, 8)
    old.set([1, 2, 3, 4, 5, 6, 7, 8])
    let moves = 0
    arena.onMove(() => moves++)
    const before = arena.byteLength
    while (arena.byteLength === before) arena.reserve(10_000)
    expect(moves).toBe(1)
    expect(old.byteLength).toBe(0) // detached
    expect([...arena.u8(ptr, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('all views show the same bytes', async () => {
    const arena = await open()
    const ptr = arena.reserve(16)
    arena.u64(ptr, 2).set([0x0102030405060708n, 2n ** 64n - 1n])
    expect([...arena.u8(ptr, 8)]).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
    expect([...arena.node(ptr, 8)]).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
    expect([...arena.u16(ptr, 4)]).toEqual([0x0708, 0x0506, 0x0304, 0x0102])
    expect([...arena.u32(ptr, 2)]).toEqual([0x05060708, 0x01020304])
    expect([
      ...arena.i8(ptr + 8, 1),
      ...arena.i16(ptr + 8, 1),
      ...arena.i32(ptr + 8, 1),
      ...arena.i64(ptr + 8, 1),
    ]).toEqual([-1, -1, -1, -1n])
    arena.f64(ptr, 2).set([1.5, -0])
    expect(arena.f32(ptr + 4, 1)[0]).toBe(new Float32Array(new Uint32Array([0x3ff80000]).buffer)[0])
    arena.move(ptr + 8, ptr, 8)
    expect(arena.f64(ptr, 2)[1]).toBe(1.5)
  })

  it('gives back what was reserved since a mark', async () => {
    const arena = await open()
    const mark = arena.core.arenaTop()
    const first = arena.reserve(5000)
    arena.reserve(100_000)
    arena.releaseTo(mark)
    expect(arena.reserve(1)).toBe(first)
  })

  it('ends at 4 GiB with an error that says so, and works on after it', async () => {
    const arena = await open()
    const refused = expect.objectContaining({ code: 'BAD_OPTION', hint: expect.stringContaining('blockBytes') })
    // 2^32 and more would arrive in the core as their lower 32 bits.
    for (const byteLength of [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 8, 2 ** 34, Number.POSITIVE_INFINITY, Number.NaN]) {
      expect(() => arena.reserve(byteLength), `${byteLength}`).toThrow(refused)
    }
    const gibibyte = 2 ** 30
    for (let i = 0; i < 3; i++) arena.reserve(gibibyte)
    expect(() => arena.reserve(gibibyte)).toThrow(refused)
    const ptr = arena.reserve(64)
    arena.u8(ptr, 64).fill(7)
    expect(arena.u8(ptr, 64).every((byte) => byte === 7)).toBe(true)
    expect(ptr).toBeGreaterThan(3 * gibibyte) // an address above 2^31 is no negative number
  })
})

describe.each(CORE_BUILDS)('pieces, %s core', (build) => {
  const load = () =>
    onBuild(build, async () => ({
      ...(await import('../../src/wasm/core.ts')),
      ...(await import('../../src/wasm/pieces.ts')),
    }))

  /** Pieces of the given lengths, filled with a counter; and what they are when put together. */
  function fill(arena: Arena, pieces: Pieces, lengths: readonly number[]): Buffer {
    const parts = lengths.map((byteLength, n) => {
      const ptr = arena.reserve(byteLength)
      const bytes = Uint8Array.from({ length: byteLength }, (_, i) => (i * 31 + n * 7) & 255)
      arena.u8(ptr, byteLength).set(bytes)
      pieces.add(ptr, byteLength)
      return bytes
    })
    return Buffer.concat(parts)
  }

  it('copied together they are the block, and the hash is the same however it is cut', async () => {
    const { Arena, Pieces } = await load()
    const hashes = new Set<string>()
    const total = 700_000
    for (const lengths of [
      [total],
      [1, total - 1],
      [131_072, 131_072, total - 262_144],
      Array(700).fill(1000),
      [0, total, 0],
    ]) {
      const arena = new Arena()
      const pieces = new Pieces(arena)
      const hashPtr = arena.reserve(16)
      // One content, cut differently.
      const whole = Buffer.from(Uint8Array.from({ length: total }, (_, i) => (i * 31) & 255))
      let at = 0
      for (const byteLength of lengths) {
        const ptr = arena.reserve(byteLength)
        arena.u8(ptr, byteLength).set(whole.subarray(at, at + byteLength))
        pieces.add(ptr, byteLength)
        at += byteLength
      }
      expect(pieces.byteLength).toBe(total)
      const out = new Uint8Array(total)
      pieces.copyTo(out, hashPtr)
      expect(Buffer.compare(out, whole)).toBe(0)
      hashes.add(Buffer.from(arena.u8(hashPtr, 8)).toString('hex'))
    }
    expect([...hashes]).toHaveLength(1)
  })

  it('any number of them: the list grows, while the memory moves', async () => {
    const { Arena, Pieces } = await load()
    const arena = new Arena()
    const pieces = new Pieces(arena)
    const whole = fill(
      arena,
      pieces,
      Array.from({ length: 3000 }, (_, i) => i % 40),
    )
    expect(pieces.count).toBe(3000 - 75) // empty pieces are none
    const out = new Uint8Array(whole.byteLength)
    pieces.copyTo(out, arena.reserve(16))
    expect(Buffer.compare(out, whole)).toBe(0)
    pieces.clear()
    expect([pieces.count, pieces.byteLength]).toEqual([0, 0])
  })
})
