import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

describe('Float32, Float64: IEEE 754, little endian; NaN, infinities and -0 as they come', () => {
  encodes('Float64', [1.5, -0], '000000000000f83f 0000000000000080')
  encodes(
    'Float64',
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
    '000000000000f07f 000000000000f0ff 000000000000f87f',
  )
  encodes('Float32', [1.5, -0, Number.POSITIVE_INFINITY, Number.NaN], '0000c03f 00000080 0000807f 0000c07f')
  encodes('BFloat16', [1.5, -0, Number.NEGATIVE_INFINITY, Number.NaN], 'c03f 0080 80ff c07f')
  decodesTo('Float64', [0.1, 5e-324, 1.7976931348623157e308, -1.7976931348623157e308])
})

describe('Float32 rounds, BFloat16 truncates as the engine does', () => {
  decodesTo('Float32', [0.1, 16777217, 1e-46], [Math.fround(0.1), 16777216, 0])
  decodesTo('BFloat16', [1.1, -1.1, 1.999999], [1.09375, -1.09375, 1.9921875])
})

describe('a finite number never becomes an infinity', () => {
  const MAX = 3.4028234663852886e38
  decodesTo('Float32', [MAX, -MAX])
  decodesTo('Float32', [3.4028235e38], [MAX]) // rounds down to it
  rejects('Float32', [1, 3.5e38], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint: /Float64/ })
  rejects('Float32', [-3.5e38], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('BFloat16', [3.5e38], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('Float32', [Number.MAX_VALUE], { code: 'VALUE_OUT_OF_RANGE' })
})

describe('a bigint is taken where a float holds all its digits', () => {
  decodesTo('Float64', [7n, -(2n ** 53n), 2n ** 100n], [7, -(2 ** 53), 2 ** 100])
  decodesTo('Float32', [7n], [7])
  decodesTo('BFloat16', [1n], [1])
  decodesTo('Float32', [2n ** 24n, -(2n ** 90n)], [2 ** 24, -(2 ** 90)])
  rejects('Float32', [2n ** 24n + 1n], { code: 'UNSAFE_INTEGER', hint: /Number\(value\)/ })
  rejects('Float32', [2n ** 128n], { code: 'UNSAFE_INTEGER' })
  decodesTo('BFloat16', [255n, -(2n ** 90n)], [255, -(2 ** 90)])
  rejects('BFloat16', [257n], { code: 'UNSAFE_INTEGER' })
  rejects('Float64', [2n ** 53n + 1n], { code: 'UNSAFE_INTEGER', hint: /Number\(value\)/ })
  rejects('Float64', [10n ** 400n], { code: 'UNSAFE_INTEGER' })
})

describe('nothing else is a float', () => {
  for (const type of ['Float32', 'Float64', 'BFloat16']) {
    rejects(type, ['1.5'], { code: 'WRONG_TYPE', hint: /a number or a bigint/ })
    rejects(type, [true], { code: 'WRONG_TYPE' })
    rejects(type, [null], { code: 'NOT_NULLABLE' })
    rejects(type, [undefined], { code: 'MISSING_VALUE' })
    rejects(type, [new Number(1)], { code: 'WRONG_TYPE' })
  }
})
