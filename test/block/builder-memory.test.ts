// What a builder keeps, and what it gives back.

import { describe, expect, it } from 'vitest'
import type { BlockBuilder } from '../../src/block/builder.ts'
import { builderOf, sealedBytes } from '../support/columns.ts'

const TYPES = {
  id: 'UInt64',
  name: 'String',
  tags: 'Array(LowCardinality(String))',
  attrs: 'Map(String, String)',
  kind: 'LowCardinality(String)',
  code: 'LowCardinality(UInt32)',
  maybe: 'Nullable(FixedString(4))',
  point: 'Tuple(Float64, Array(IPv6))',
}

function row(i: number): Record<string, unknown> {
  return {
    id: i,
    name: `name number ${i}${i % 11 === 0 ? 'é' : ''}`,
    tags: [`t${i % 7}`, `u${i % 300}`],
    attrs: { a: `value ${i}`, [`key ${i % 5}`]: '' },
    kind: `kind ${i % 100}`,
    code: i % 1000,
    maybe: i % 3 ? 'abcd' : null,
    point: [i / 2, ['::1', new Uint8Array(16).fill(i & 255)]],
  }
}

function block(builder: BlockBuilder, count = 1000, from = 0): Uint8Array {
  for (let i = from; i < from + count; i++) builder.stage(i % 2 ? row(i) : Object.values(row(i)))
  return sealedBytes(builder)
}

/** Bytes of the arena in use. */
const memoryOf = (builder: BlockBuilder) => (builder as unknown as { memoryBytes: number }).memoryBytes

describe('the same block again and again', () => {
  it('a thousand times: the same bytes, and the memory is no larger than after the first', () => {
    const builder = builderOf(TYPES, { table: 'thousand' })
    const first = block(builder, 60)
    // The second one knows how its texts are written best, and may need the room for that.
    block(builder, 60)
    const memory = memoryOf(builder)
    for (let i = 0; i < 1000; i++) expect(Buffer.compare(block(builder, 60), first)).toBe(0)
    expect(memoryOf(builder)).toBe(memory)
  })

  it('thousands of refused rows take no memory', () => {
    const builder = builderOf(TYPES, { table: 'refused' })
    block(builder)
    block(builder)
    const memory = memoryOf(builder)
    for (let i = 0; i < 3000; i++)
      expect(() => builder.stage({ ...row(i), kind: `new ${i}`, point: [1, ['no address']] })).toThrow()
    expect(builder.rowCount).toBe(0)
    expect(memoryOf(builder)).toBe(memory)
  })
})

describe('reset() drops the open block', () => {
  it('and nothing of it shows in the next', () => {
    const builder = builderOf(TYPES, { table: 'reset' })
    const expected = block(builderOf(TYPES, { table: 'reset, fresh' }), 10, 500)
    for (const count of [1, 37, 999]) {
      for (let i = 0; i < count; i++) builder.stage(row(i))
      builder.reset()
      expect(builder.rowCount).toBe(0)
      expect(Buffer.compare(block(builder, 10, 500), expected)).toBe(0)
    }
  })
})

describe('free() gives the builder to the next statement of the same shape', () => {
  it('which makes the same bytes as a fresh one, whatever was left in the block', () => {
    const fresh = block(builderOf(TYPES, { table: 'fresh' }), 50)
    const first = builderOf(TYPES, { table: 'shape' })
    for (let i = 0; i < 333; i++) first.stage(row(i * 7))
    expect(() => first.stage({ id: 'x' })).toThrow()
    first.firstRow = 12_345
    first.free()
    const second = builderOf(TYPES, { table: 'shape' })
    expect(second).toBe(first) // or the rest shows nothing
    expect([second.rowCount, second.firstRow]).toEqual([0, 0])
    expect(Buffer.compare(block(second, 50), fresh)).toBe(0)
  })

  it('given back twice it is still there once', () => {
    const builder = builderOf(TYPES, { table: 'twice' })
    builder.free()
    builder.free()
    const [one, other] = [builderOf(TYPES, { table: 'twice' }), builderOf(TYPES, { table: 'twice' })]
    expect(one).not.toBe(other)
    one.stage(row(1))
    expect(other.rowCount).toBe(0)
  })

  it('other columns, types, defaults or options are another shape', () => {
    const builder = builderOf({ a: 'UInt8' }, { table: 'one' })
    builder.free()
    const others = [
      builderOf({ b: 'UInt8' }, { table: 'one' }),
      builderOf({ a: 'UInt16' }, { table: 'one' }),
      builderOf({ a: 'UInt8' }, { table: 'one', strictKeys: true }),
      builderOf({ a: 'UInt8' }, { table: 'one', nullsAsDefault: false }),
      builderOf({ a: 'UInt8' }, { table: 'one' }, { a: '1' }),
      builderOf({ a: 'UInt8' }, { table: 'other' }),
    ]
    expect(new Set([builder, ...others]).size).toBe(7)
  })

  it('a builder that grew large is dropped instead', () => {
    const builder = builderOf({ s: 'String' }, { table: 'large' })
    builder.stage(['x'.repeat(40_000_000)])
    builder.seal().release()
    builder.free()
    expect(builderOf({ s: 'String' }, { table: 'large' })).not.toBe(builder)
  })

  it('keeps a few of each shape, of a few shapes', () => {
    const make = () => builderOf({ a: 'UInt8' }, { table: 'many' })
    const builders = Array.from({ length: 10 }, make)
    for (const builder of builders) builder.free()
    const again = Array.from({ length: 10 }, make)
    const reused = again.filter((builder) => builders.includes(builder)).length
    expect(reused).toBeGreaterThan(0)
    expect(reused).toBeLessThan(5)
  })
})

describe('64 statements at once', () => {
  it('their rows never mix, and their memories are their own', () => {
    const builders = Array.from({ length: 64 }, (_, n) => builderOf(TYPES, { table: `statement ${n % 8}` }))
    expect(new Set(builders).size).toBe(64)
    for (let i = 0; i < 50; i++) for (const [n, builder] of builders.entries()) builder.stage(row(i * 64 + n))
    const blocks = builders.map(sealedBytes)
    const alone = builderOf(TYPES, { table: 'alone' })
    for (const n of [0, 1, 31, 63]) {
      for (let i = 0; i < 50; i++) alone.stage(row(i * 64 + n))
      expect(Buffer.compare(blocks[n]!, sealedBytes(alone))).toBe(0)
    }
    for (const builder of builders) builder.free()
  })
})
