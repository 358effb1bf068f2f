import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

describe('(U)Int64 to (U)Int256: two’s complement, little endian', () => {
  encodes(
    'UInt64',
    [0, 1, 258, 2 ** 32, 2n ** 64n - 1n],
    '00 00000000000000 01 00000000000000 02 01 000000000000 00000000 01000000 ffffffffffffffff',
  )
  encodes(
    'Int64',
    [-1, -258, -(2n ** 63n), 2n ** 63n - 1n],
    'ffffffffffffffff fefeffffffffffff 0000000000000080 ffffffffffffff7f',
  )
  encodes('UInt128', [1, 2n ** 64n], '0100000000000000 0000000000000000   0000000000000000 0100000000000000')
  encodes('Int128', [-2], `fe${'ff'.repeat(15)}`)
  encodes('UInt256', [2n ** 256n - 1n], 'ff'.repeat(32))
  encodes('Int256', [-2, 1], `fe${'ff'.repeat(31)} 01${'00'.repeat(31)}`)
})

describe('numbers around every word border are exact', () => {
  const borders = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1]
  decodesTo('UInt64', borders)
  decodesTo('Int64', [...borders, ...borders.map((value) => -value)])
  decodesTo('Int128', [...borders, ...borders.map((value) => -value)])
  decodesTo('Int256', [...borders, ...borders.map((value) => -value)])
})

describe('decimal text and booleans are taken, too', () => {
  decodesTo(
    'UInt64',
    ['18446744073709551615', '0', '007', '+1', '-0', true, false],
    [2n ** 64n - 1n, 0n, 7n, 1n, 0n, 1n, 0n],
  )
  decodesTo('Int64', ['-9223372036854775808', '-1'], [-(2n ** 63n), -1n])
  decodesTo('UInt256', [`${2n ** 256n - 1n}`], [2n ** 256n - 1n])
  for (const text of ['', ' 1', '1 ', '1.0', '1e3', '0x10', '1n', '--1', '+', '١', '1_000', '1\n']) {
    rejects('UInt64', [text], { code: 'BAD_TEXT' })
    rejects('Int256', [text], { code: 'BAD_TEXT' })
  }
})

describe('first and last value go through, one beyond is refused', () => {
  for (const [type, min, max] of [
    ['UInt64', 0n, 2n ** 64n - 1n],
    ['Int64', -(2n ** 63n), 2n ** 63n - 1n],
    ['UInt128', 0n, 2n ** 128n - 1n],
    ['Int128', -(2n ** 127n), 2n ** 127n - 1n],
    ['UInt256', 0n, 2n ** 256n - 1n],
    ['Int256', -(2n ** 255n), 2n ** 255n - 1n],
  ] as const) {
    decodesTo(type, [min, max, `${min}`, `${max}`], [min, max, min, max])
    const hint = new RegExp(`${type} holds ${min}\\.\\.${max}`)
    rejects(type, [max, max + 1n], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint })
    rejects(type, [min - 1n], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, [`${max + 1n}`], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, [`${min - 1n}`], { code: 'VALUE_OUT_OF_RANGE', hint })
  }
  rejects('UInt64', [-1], { code: 'VALUE_OUT_OF_RANGE', hint: /0\.\.18446744073709551615/ })
})

describe('a number from 2^53 on has lost digits before it arrived', () => {
  for (const type of ['UInt64', 'Int64', 'UInt128', 'Int128', 'UInt256', 'Int256']) {
    rejects(type, [2 ** 53], { code: 'UNSAFE_INTEGER', hint: /bigint or a decimal string/ })
    rejects(type, [1e300], { code: 'UNSAFE_INTEGER' })
    rejects(type, [-(2 ** 53)], { code: 'UNSAFE_INTEGER' })
    rejects(type, [1.5], { code: 'NOT_AN_INTEGER' })
    rejects(type, [Number.NaN], { code: 'NOT_A_NUMBER' })
    rejects(type, [Number.POSITIVE_INFINITY], { code: 'NOT_A_NUMBER' })
    rejects(type, [null], { code: 'NOT_NULLABLE' })
    rejects(type, [undefined], { code: 'MISSING_VALUE' })
    rejects(type, [[1n]], { code: 'WRONG_TYPE' })
    rejects(type, [new Date(0)], { code: 'WRONG_TYPE' })
  }
})
