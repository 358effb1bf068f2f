import { describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { builderOf, columnOf, encodes, rejects, sealedBytes } from '../support/columns.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('FixedString(N): N bytes, shorter values padded with zeros on the right', () => {
  encodes('FixedString(4)', ['ab', 'abcd', ''], '61620000 61626364 00000000')
  encodes('FixedString(2)', ['R', 'é', bytes(0xf0, 0xf0), bytes(0xf0), bytes()], '5200 c3a9 f0f0 f000 0000')
  encodes('FixedString(3)', ['\ud83d', 'a\0b', '€'], 'efbfbd 610062 e282ac')
  encodes(
    'FixedString(4)',
    ['🚀', Buffer.from('xy'), new Uint8Array([9, 8, 7, 6, 5]).subarray(1, 4)],
    'f09f9a80 78790000 08070600',
  )
  encodes('FixedString(1)', ['a'], '61')
  // Up to 64 bytes go one by one.
  for (const width of [64, 65]) {
    const [half, rest] = ['61'.repeat(30), '00'.repeat(width - 32)]
    encodes(
      `FixedString(${width})`,
      ['x'.repeat(width), `${'a'.repeat(30)}é`, bytes(...Buffer.from(`${half}f0f0`, 'hex')), 'a', ''],
      `${'78'.repeat(width)} ${half}c3a9${rest} ${half}f0f0${rest} 61${'00'.repeat(width - 1)} ${'00'.repeat(width)}`,
    )
    rejects(`FixedString(${width})`, ['x', `${'x'.repeat(width - 1)}é`], { code: 'TOO_LONG' })
    rejects(`FixedString(${width})`, ['x', new Uint8Array(width + 1)], { code: 'TOO_LONG' })
  }
})

describe('a longer value is refused, counted in bytes', () => {
  rejects('FixedString(2)', ['RU', 'RUS'], {
    code: 'TOO_LONG',
    row: 1,
    hint: /FixedString\(2\) holds 2 bytes/,
    message: /3 bytes do not fit/,
  })
  rejects('FixedString(2)', ['€'], { code: 'TOO_LONG', message: /3 bytes/ })
  rejects('FixedString(2)', ['\ud83d'], { code: 'TOO_LONG', message: /3 bytes/ })
  rejects('FixedString(2)', [bytes(1, 2, 3)], { code: 'TOO_LONG' })
})

describe('what stood in its place before does not show', () => {
  it('of a refused row, of the block before, of a statement before', () => {
    const table = 'fixed'
    const open = () => builderOf({ c: 'FixedString(4)', a: 'Array(FixedString(4))', n: 'UInt8' }, { table })
    const builder = open()
    const short = ['x', ['y', '', Uint8Array.of(7)], 1]
    const padded = [['x\0\0\0', ['y\0\0\0', '\0\0\0\0', '\x07\0\0\0'], 1]]
    expect(() => builder.stage(['abcd', ['efgh', 'ijkl', 'mnop'], 256])).toThrow()
    builder.stage(short)
    expect(decodeBlocks(sealedBytes(builder))[0]!.rows).toEqual(padded)
    builder.stage(['abcd', ['efgh', 'ijkl', 'mnop'], 1])
    builder.seal().release()
    builder.stage(short)
    expect(decodeBlocks(sealedBytes(builder))[0]!.rows).toEqual(padded)
    builder.stage(['abcd', ['efgh', 'ijkl', 'mnop'], 1])
    builder.free()
    const next = open()
    next.stage(short)
    expect(decodeBlocks(sealedBytes(next))[0]!.rows).toEqual(padded)
    next.stage(['abcd', [], 1])
    next.stage({ a: [], n: 1 }) // left out: zeros
    next.seal().release()
    next.stage({ a: [], n: 1 })
    expect(columnOf(sealedBytes(next))).toEqual(['\0\0\0\0'])
  })
})

describe('text or bytes, nothing else', () => {
  rejects('FixedString(2)', [1], { code: 'WRONG_TYPE', hint: /a string, or a Uint8Array/ })
  rejects('FixedString(2)', [new Uint16Array(1)], { code: 'WRONG_TYPE' })
  rejects('FixedString(2)', [new ArrayBuffer(2)], { code: 'WRONG_TYPE' })
  rejects('FixedString(2)', [[97]], { code: 'WRONG_TYPE' })
  rejects('FixedString(2)', [null], { code: 'NOT_NULLABLE' })
  rejects('FixedString(2)', [undefined], { code: 'MISSING_VALUE' })
})

describe("invalidText: 'refuse'", () => {
  rejects(
    'FixedString(8)',
    ['ok', 'a\udc00'],
    { code: 'INVALID_TEXT', row: 1, hint: /Uint8Array/ },
    { invalidText: 'refuse' },
  )
  encodes('FixedString(4)', ['🚀', bytes(0xff)], 'f09f9a80 ff000000', { invalidText: 'refuse' })
})
