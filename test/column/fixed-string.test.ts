import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

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

describe('what a refused or longer value left behind does not show', () => {
  // The bytes of a row by name that was refused are overwritten by the next one.
  encodes(
    'Array(FixedString(4))',
    [['abcd', 'efgh'], [''], ['x']],
    '0200000000000000 0300000000000000 0400000000000000 61626364 65666768 00000000 78000000',
  )
  decodesTo('FixedString(3)', ['abc', 'a'], ['abc', 'a\0\0'])
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
