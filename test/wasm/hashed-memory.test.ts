// Blocks are sealed into memory that the core reaches, or into other memory: the same bytes, the same hash.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { CORE_BUILDS, onBuild } from '../support/core-builds.ts'
import { random } from '../support/random.ts'

const { seed, below } = random('SEED')
const MIB = 1024 * 1024

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.each(CORE_BUILDS)('a block sealed into memory with a core of its own, %s core', (build) => {
  const load = () =>
    onBuild(build, async () => ({
      ...(await import('../../src/wasm/core.ts')),
      ...(await import('../../src/wasm/pieces.ts')),
      ...(await import('../../src/wasm/hashed-memory.ts')),
    }))

  it('has the bytes and the hash that it has elsewhere, wherever its pieces lie', async () => {
    const { Arena, Pieces, allocateHashed, hashedMemoryOf } = await load()
    const arena = new Arena()
    const pieces = new Pieces(arena)
    const hashPtr = arena.reserve(16)
    const buffer = allocateHashed(2 * MIB)
    expect(hashedMemoryOf(buffer)).toBeDefined()
    for (let round = 0; round < 20; round++) {
      pieces.clear()
      const parts: Uint8Array[] = []
      for (let i = below(8); i >= 0; i--) {
        const part = new Uint8Array(below(3) ? below(300) : below(300_000)).map(() => below(256))
        parts.push(part)
        if (below(2)) pieces.addOutside(part)
        else {
          const ptr = arena.reserve(part.length)
          arena.u8(ptr, part.length).set(part)
          pieces.add(ptr, part.length)
        }
      }
      const whole = Buffer.concat(parts)
      const hashes = [buffer, Buffer.alloc(2 * MIB)].map((out) => {
        pieces.copyTo(out, hashPtr)
        expect(out.subarray(0, whole.length).equals(whole), `SEED=${seed}`).toBe(true)
        return Buffer.from(arena.u8(hashPtr, 8)).toString('hex')
      })
      expect(hashes[0], `SEED=${seed}`).toBe(hashes[1])
    }
  })

  it('small ones, and those that are too many at a time, have plain memory', async () => {
    const { allocateHashed, hashedMemoryOf } = await load()
    expect(hashedMemoryOf(allocateHashed(1000))).toBeUndefined()
    const buffers = Array.from({ length: 100 }, () => allocateHashed(MIB))
    const reached = buffers.filter((buffer) => hashedMemoryOf(buffer) !== undefined).length
    expect(reached).toBeGreaterThan(10)
    expect(reached).toBeLessThan(64)
    for (const buffer of buffers) expect(buffer.byteLength).toBe(MIB)
  })
})
