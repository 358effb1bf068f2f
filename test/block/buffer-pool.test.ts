import { describe, expect, it } from 'vitest'
import { BufferPool } from '../../src/block/buffer-pool.ts'

const MIB = 2 ** 20

/** A pool that numbers its buffers; what is compared are numbers, because a buffer that is another is a long message. */
function poolOf(): { take: (byteLength: number) => number; give: (...numbers: number[]) => void; trim: () => void } {
  const made: Buffer[] = []
  const pool = new BufferPool(64 * MIB, (byteLength) => {
    made.push(Buffer.allocUnsafeSlow(byteLength))
    return made.at(-1)!
  })
  return {
    take: (byteLength) => made.indexOf(pool.take(byteLength)),
    give: (...numbers) => {
      for (const number of numbers) pool.give(made[number]!)
    },
    trim: () => pool.trim(),
  }
}

describe('buffers of sealed blocks', () => {
  it('serve again, the last one first, where they are large enough and not far too large', () => {
    const { take, give } = poolOf()
    expect([take(MIB), take(MIB)]).toEqual([0, 1])
    give(0, 1)
    expect([take(MIB), take(MIB)]).toEqual([1, 0])
    give(0)
    expect([take(2 * MIB), take(1000)]).toEqual([2, 3])
  })

  it('are dropped beyond the limit, the oldest first', () => {
    const { take, give } = poolOf()
    expect([take(25 * MIB), take(25 * MIB), take(25 * MIB)]).toEqual([0, 1, 2])
    give(0, 1, 2)
    expect([take(25 * MIB), take(25 * MIB), take(25 * MIB)]).toEqual([2, 1, 3])
  })

  it('are dropped when nobody needed them between two trims', () => {
    const { take, give, trim } = poolOf()
    expect([take(MIB), take(MIB), take(MIB)]).toEqual([0, 1, 2])
    give(0, 1, 2)
    trim() // all three were needed a moment ago
    expect(take(MIB)).toBe(2)
    give(2)
    trim() // one of them was needed since
    expect([take(MIB), take(MIB)]).toEqual([2, 3])
    give(2, 3)
    trim()
    trim()
    expect(take(MIB)).toBe(4)
  })
})
