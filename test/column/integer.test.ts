import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

describe('Int8 to Int32, UInt8 to UInt32: two’s complement, little endian', () => {
  encodes('UInt8', [0, 1, 127, 128, 255], '00 01 7f 80 ff')
  encodes('Int8', [-128, -1, 0, 1, 127], '80 ff 00 01 7f')
  encodes('UInt16', [0, 258, 65535], '0000 0201 ffff')
  encodes('Int16', [-32768, -2, 32767], '0080 feff ff7f')
  encodes('UInt32', [0, 16909060, 4294967295], '00000000 04030201 ffffffff')
  encodes('Int32', [-2147483648, -2, 2147483647], '00000080 feffffff ffffff7f')
})

describe('a bigint or a boolean is the number it stands for, -0 is 0', () => {
  encodes('UInt8', [7n, 255n, true, false, -0], '07 ff 01 00 00')
  encodes('Int8', [-128n, 127n, true, -0], '80 7f 01 00')
  encodes('UInt16', [65535n, true, false], 'ffff 0100 0000')
  encodes('Int16', [-32768n, true], '0080 0100')
  encodes('UInt32', [4294967295n, true, -0], 'ffffffff 01000000 00000000')
  encodes('Int32', [-2147483648n, false, -0], '00000080 00000000 00000000')
})

describe('a value one beyond either end is refused, never wrapped', () => {
  for (const [type, min, max] of [
    ['UInt8', 0, 255],
    ['Int8', -128, 127],
    ['UInt16', 0, 65535],
    ['Int16', -32768, 32767],
    ['UInt32', 0, 4294967295],
    ['Int32', -2147483648, 2147483647],
  ] as const) {
    decodesTo(type, [min, max])
    const hint = new RegExp(`${type} holds ${min}\\.\\.${max}`)
    rejects(type, [min, max, max + 1], { code: 'VALUE_OUT_OF_RANGE', row: 2, type, hint })
    rejects(type, [max, min - 1], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint })
    rejects(type, [BigInt(max) + 1n], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, [BigInt(min) - 1n], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, [2 ** 53], { code: 'VALUE_OUT_OF_RANGE' })
    rejects(type, [Number.POSITIVE_INFINITY], { code: 'VALUE_OUT_OF_RANGE' })
    rejects(type, [Number.NEGATIVE_INFINITY], { code: 'VALUE_OUT_OF_RANGE' })
    rejects(type, [1.5], { code: 'NOT_AN_INTEGER', hint: /Round it/ })
    rejects(type, [Number.MIN_VALUE], { code: 'NOT_AN_INTEGER' })
    rejects(type, [Number.NaN], { code: 'NOT_A_NUMBER' })
    rejects(type, ['7'], { code: 'WRONG_TYPE', hint: /whole number/, message: /"7" is no value for/ })
    rejects(type, [null], { code: 'NOT_NULLABLE', hint: /Nullable\(/ })
    rejects(type, [undefined], { code: 'MISSING_VALUE' })
    rejects(type, [new Number(7)], { code: 'WRONG_TYPE' })
    rejects(type, [[7]], { code: 'WRONG_TYPE' })
    rejects(type, [{ valueOf: () => 7 }], { code: 'WRONG_TYPE' })
    rejects(type, [Symbol('7')], { code: 'WRONG_TYPE' })
  }
})

describe('Bool: one byte, 0 or 1 and nothing else, because the server stores any other as it comes', () => {
  encodes('Bool', [true, false, 1, 0, -0], '01 00 01 00 00')
  decodesTo('Bool', [true, 0], [true, false])
  rejects('Bool', [2], { code: 'VALUE_OUT_OF_RANGE', hint: /true, false, 0 or 1/ })
  rejects('Bool', [-1], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('Bool', [0.5], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('Bool', [Number.NaN], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('Bool', ['true'], { code: 'WRONG_TYPE' })
  rejects('Bool', [1n], { code: 'WRONG_TYPE' })
  rejects('Bool', [null], { code: 'NOT_NULLABLE' })
})
