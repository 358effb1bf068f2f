import { beforeAll, describe, expect, it } from 'vitest'
import type { Arena } from '../../src/wasm/core.ts'
import { CORE_BUILDS, onBuild, seeded } from '../support/core-builds.ts'

const BYTES_MAX = 1 << 16

let arena: Arena
let result: number
let ptr: number

/** The hash of `bytes`, cut into pieces at `cuts`. The pieces lie apart and in another order in memory. */
function hash(bytes: Uint8Array, cuts: readonly number[] = []): bigint {
  const ends = [...cuts, bytes.byteLength]
  const pieces = ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
  let at = ptr
  const places: [number, number][] = []
  for (let i = pieces.length - 1; i >= 0; i--) {
    arena.u8(at, pieces[i].byteLength).set(pieces[i])
    places.unshift([at, pieces[i].byteLength])
    at += pieces[i].byteLength + 3
  }
  arena.core.hashBegin()
  for (const [place, byteLength] of places) arena.core.hashAdd(place, byteLength)
  arena.core.hashEnd(result)
  return arena.u64(result, 1)[0]
}

describe.each(CORE_BUILDS)('the block hash: 64 bits over all bytes of a block (%s build)', (build) => {
  beforeAll(async () => {
    arena = new (await onBuild(build, () => import('../../src/wasm/core.ts'))).Arena()
    result = arena.reserve(16)
    ptr = arena.reserve(BYTES_MAX + 4096)
  })

  it('equals its plain twin at every length', () => {
    const next = seeded()
    const lengths = [...Array(200).keys(), 255, 256, 1023, 1024, 1025, 5000]
    for (const byteLength of lengths) {
      const bytes = Uint8Array.from({ length: byteLength }, () => next(256))
      expect(`${byteLength} ${hash(bytes)}`).toBe(`${byteLength} ${twin(bytes)}`)
    }
  })

  it('does not depend on where the bytes are cut into pieces', () => {
    const next = seeded()
    for (let run = 0; run < 300; run++) {
      const bytes = Uint8Array.from({ length: next(run % 3 === 0 ? 20_000 : 300) }, () => next(256))
      const cuts = Array.from({ length: next(40) }, () => next(bytes.byteLength + 1)).sort((a, b) => a - b)
      expect(hash(bytes, cuts), `cuts ${cuts}`).toBe(hash(bytes))
    }
  })

  it('changes with every single bit, on average in half of its bits', () => {
    const next = seeded()
    const bytes = Uint8Array.from({ length: 1500 }, () => next(256))
    const before = hash(bytes)
    let changed = 0
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7)
      const bits = bitCount(hash(bytes) ^ before)
      expect(bits, `bit ${bit}`).toBeGreaterThan(8)
      changed += bits
      bytes[bit >> 3] ^= 1 << (bit & 7)
    }
    expect(changed / (bytes.byteLength * 8)).toBeCloseTo(32, 0)
  })

  it('gives no two of 150,000 blocks that are nearly alike the same', () => {
    const seen = new Map<bigint, string>()
    const add = (bytes: Uint8Array, what: string) => {
      const value = hash(bytes)
      expect(seen.get(value), `${what} hashes as ${seen.get(value)}`).toBeUndefined()
      seen.set(value, what)
    }
    // Zeros and ones of every length.
    for (let byteLength = 0; byteLength < 3000; byteLength++) {
      add(new Uint8Array(byteLength), `${byteLength} zeros`)
      if (byteLength > 0) add(new Uint8Array(byteLength).fill(255), `${byteLength} of 255`)
    }
    // A column of 96 consecutive numbers with every two rows swapped, one larger at each place, and starting anywhere.
    for (const Numbers of [Uint8Array, Uint16Array, Uint32Array, BigUint64Array]) {
      const rows = new Numbers(96)
      const bytes = new Uint8Array(rows.buffer)
      const fill = (from: number) => {
        for (let i = 0; i < 96; i++) rows[i] = (Numbers === BigUint64Array ? BigInt(from + i) : from + i) as never
      }
      for (let i = 0; i < 96; i++) {
        for (let j = i + 1; j < 96; j++) {
          fill(100)
          ;[rows[i], rows[j]] = [rows[j], rows[i]]
          add(bytes, `${Numbers.name} ${i} <-> ${j}`)
        }
      }
      if (Numbers === Uint8Array) continue
      for (let from = 100; from < 30_000; from++) {
        fill(from)
        add(bytes, `${Numbers.name} from ${from}`)
      }
    }
    // One or two bits in an empty kilobyte and a half.
    const sparse = new Uint8Array(1536)
    for (let first = 0; first < sparse.byteLength * 8; first += 13) {
      for (let second = first; second < sparse.byteLength * 8; second += 151) {
        sparse[first >> 3] |= 1 << (first & 7)
        sparse[second >> 3] |= 1 << (second & 7)
        add(sparse, `bits ${first}, ${second}`)
        sparse[first >> 3] = 0
        sparse[second >> 3] = 0
      }
    }
    expect(seen.size).toBeGreaterThan(150_000)
  })
})

const M64 = 2n ** 64n - 1n
const [PRIME1, PRIME2, PRIME3, PRIME4, PRIME5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
]

/** The same hash over bytes in one piece, in BigInt. */
function twin(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const primes = [PRIME1, PRIME2, PRIME3, PRIME4]
  const lanes = [...primes, ...primes.map((prime) => ~prime & M64)]
  const fold = (hash: bigint, lane: bigint) => {
    const word = ((lane ^ (lane >> 32n)) * PRIME2) & M64
    return (rotate(hash ^ word ^ (word >> 29n), 27n) * PRIME1 + PRIME4) & M64
  }
  let at = 0
  for (; at + 64 <= bytes.byteLength; at += 64) {
    for (let i = 0; i < 8; i++) {
      lanes[i] = rotate(((lanes[i] ^ view.getBigUint64(at + i * 8, true)) * PRIME1) & M64, 29n)
    }
  }
  let hash = bytes.byteLength >= 64 ? lanes.reduce(fold, PRIME5) : PRIME5
  hash = (hash + BigInt(bytes.byteLength)) & M64
  for (; at + 8 <= bytes.byteLength; at += 8) hash = fold(hash, view.getBigUint64(at, true))
  for (; at < bytes.byteLength; at++) {
    hash = (rotate(hash ^ ((BigInt(bytes[at]) * PRIME5) & M64), 11n) * PRIME1) & M64
  }
  hash = ((hash ^ (hash >> 33n)) * PRIME2) & M64
  hash = ((hash ^ (hash >> 29n)) * PRIME3) & M64
  return hash ^ (hash >> 32n)
}

function rotate(word: bigint, by: bigint): bigint {
  return ((word << by) | (word >> (64n - by))) & M64
}

function bitCount(word: bigint): number {
  return word.toString(2).replaceAll('0', '').length
}
