import { describe, expect, it } from 'vitest'
import { encodeBlock } from '../../src/native.ts'
import { builderOf, columnOf, sealedBytes } from '../support/columns.ts'

describe('encodeBlock', () => {
  const column = [{ name: 'c', type: 'String' }]

  it('gives bytes that are the caller’s: later calls leave them alone', () => {
    const blocks = ['a', 'b', 'c'].map((value) => encodeBlock(column, [[value]]))
    expect(blocks.map(columnOf)).toEqual([['a'], ['b'], ['c']])
    const framed = ['a', 'b'].map((value) => encodeBlock(column, [[value]], { compression: 'lz4' }))
    expect(framed[0]).not.toEqual(framed[1])
  })

  it('no rows give no bytes: an empty block would end the server’s input', () => {
    expect(encodeBlock(column, []).byteLength).toBe(0)
    expect(encodeBlock(column, new Set<string[]>()).byteLength).toBe(0)
  })

  it('no columns are refused for the same reason', () => {
    expect(() => encodeBlock([], [[]])).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
  })

  it('takes any iterable of rows', () => {
    function* rows() {
      yield ['a']
      yield { c: 'b' }
    }
    expect(columnOf(encodeBlock(column, rows()))).toEqual(['a', 'b'])
    expect(columnOf(encodeBlock(column, new Set([['a'], ['b']])))).toEqual(['a', 'b'])
  })

  it('every value is required', () => {
    expect(() => encodeBlock(column, [{}])).toThrow(
      expect.objectContaining({ code: 'MISSING_VALUE', column: 'c', row: 0 }),
    )
    expect(() => encodeBlock(column, [['a'], []])).toThrow(expect.objectContaining({ code: 'WRONG_ARITY', row: 1 }))
  })
})

describe('a sealed block', () => {
  it('never changes until it is released, whatever the builder does', () => {
    const builder = builderOf({ c: 'String' })
    const sealed = Array.from({ length: 20 }, (_, i) => {
      builder.stage([`block ${i}`], 0)
      return builder.seal()
    })
    expect(sealed.map(({ bytes }) => columnOf(bytes))).toEqual(Array.from({ length: 20 }, (_, i) => [`block ${i}`]))
    for (const { release } of sealed) {
      release()
      release() // a second call gives nothing back twice
    }
    const [first, second] = ['a', 'b'].map((text) => {
      builder.stage([text], 0)
      return builder.seal()
    })
    expect([columnOf(first!.bytes), columnOf(second!.bytes)]).toEqual([['a'], ['b']])
  })

  it('names its rows, its bytes and its columns', () => {
    const builder = builderOf({ a: 'UInt8', b: 'String' })
    builder.stage([1, 'x'], 0)
    builder.stage([2, 'y'], 1)
    const sealed = builder.seal()
    expect(sealed).toMatchObject({ rowCount: 2, columnNames: ['a', 'b'], nullsAsDefault: false })
    expect(sealed.hash).toMatch(/^[0-9a-f]{16}$/)
    expect(builder.rowCount).toBe(0)
  })

  it('equal rows give equal bytes and hashes, other rows another hash', () => {
    const hash = (value: string) => {
      const builder = builderOf({ c: 'String' })
      builder.stage([value], 0)
      return builder.seal().hash
    }
    expect(hash('a')).toBe(hash('a'))
    expect(hash('a')).not.toBe(hash('b'))
  })

  it('bytes() copies of sealedBytes are the test’s own', () => {
    const builder = builderOf({ c: 'String' })
    const copies = ['a', 'b'].map((text) => {
      builder.stage([text], 0)
      return sealedBytes(builder)
    })
    expect(copies.map(columnOf)).toEqual([['a'], ['b']])
  })
})
