import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

const ENUM8 = "Enum8('a' = -1, 'b' = 2)"

describe('Enum8, Enum16: the signed code of the label', () => {
  encodes(ENUM8, ['a', 'b', -1, 2], 'ff 02 ff 02')
  encodes("Enum16('x' = -32768, 'y' = 32767)", ['x', 'y', 32767], '0080 ff7f ff7f')
  encodes("Enum8('low' = -128, 'high' = 127, '' = 0)", ['low', 'high', '', -0], '80 7f 00 00')
  decodesTo(ENUM8, ['b', -1], ['b', 'a'])
})

describe('labels are any text, and no number', () => {
  const odd = "Enum8('1' = 5, 'it\\'s' = 6, 'a\\\\b' = 7, 'é🚀' = 8, '__proto__' = 9, 'toString' = 10)"
  encodes(odd, ['1', "it's", 'a\\b', 'é🚀', '__proto__', 'toString', 5], '05 06 07 08 09 0a 05')
  rejects(odd, [1], { code: 'UNKNOWN_LABEL', message: /1 is no number of this Enum/ })
  rejects(odd, ['5'], { code: 'UNKNOWN_LABEL', message: /"5" is no label/ })
  rejects(odd, ['constructor'], { code: 'UNKNOWN_LABEL' })
})

describe('an unknown label or number is refused, naming the labels', () => {
  rejects(ENUM8, ['a', 'c'], { code: 'UNKNOWN_LABEL', row: 1, hint: /The labels are "a", "b"\./ })
  for (const value of [0, 1, 256 - 1, 1.5, Number.NaN, 'A', ' a', ''])
    rejects(ENUM8, [value], { code: 'UNKNOWN_LABEL' })
  const many = `Enum16(${Array.from({ length: 100 }, (_, i) => `'label ${i}' = ${i}`).join(', ')})`
  rejects(many, ['label 100'], { code: 'UNKNOWN_LABEL', hint: /"label 11" and 88 more/ })
  rejects(ENUM8, [2n], { code: 'WRONG_TYPE', hint: /a label or its number/ })
  rejects(ENUM8, [true], { code: 'WRONG_TYPE' })
  rejects(ENUM8, [null], { code: 'NOT_NULLABLE' })
  rejects(ENUM8, [undefined], { code: 'MISSING_VALUE' })
})
