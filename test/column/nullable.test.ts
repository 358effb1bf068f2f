import { describe, expect, it } from 'vitest'
import type { TypeNode } from '../../src/types/node.ts'
import { parseType } from '../../src/types/parse.ts'
import { decodesTo, encodes, rejects } from '../support/columns.ts'
import { loadAllVectors } from '../support/vectors.ts'

describe('Nullable(T): a null map of one byte a row, then T with a placeholder under each NULL', () => {
  encodes('Nullable(UInt8)', [7, null], '00 01   07 00')
  encodes('Nullable(String)', ['a', null, ''], '00 01 00   01 61 00 00')
  encodes('Nullable(Int16)', [null, 5], '01 00   0000 0500')
  encodes('Nullable(FixedString(2))', [null, 'a'], '01 00   0000 6100')
  encodes("Nullable(Enum8('a' = 5))", [null, 'a'], '01 00   00 05')
  encodes('Nullable(Date32)', [null, '1900-01-01'], '01 00   00000000 219cffff')
  encodes('Nullable(Decimal(18, 1))', [null, '0.1'], '01 00   0000000000000000 0100000000000000')
  encodes(
    'Array(Nullable(UInt8))',
    [[1, null], [], [null]],
    '0200000000000000 0200000000000000 0300000000000000   00 01 01   01 00 00',
  )
  encodes(
    'Nullable(Tuple(UInt8, Nullable(String)))',
    [[1, 'a'], null, [2, null]],
    '00 01 00   01 00 02   00 01 01   01 61 00 00',
  )
})

describe('null under a value that was staged there before shows nothing of it', () => {
  // The first row is staged, refused, and its place taken by a NULL.
  rejects('Nullable(UInt64)', [null, 2 ** 53], { code: 'UNSAFE_INTEGER', row: 1 })
  encodes(
    'Array(Nullable(UInt16))',
    [[65535, 65535], [null]],
    '0200000000000000 0300000000000000   00 00 01   ffff ffff 0000',
  )
})

describe('values of T are checked as ever; undefined is no NULL', () => {
  rejects('Nullable(UInt8)', [7, 256], { code: 'VALUE_OUT_OF_RANGE', row: 1, column: 'c', type: 'UInt8' })
  rejects('Array(Nullable(UInt8))', [[null, 256]], { code: 'VALUE_OUT_OF_RANGE', column: 'c[1]' })
  rejects('Nullable(UInt8)', ['x'], { code: 'WRONG_TYPE' })
  rejects('Nullable(UInt8)', [undefined], { code: 'MISSING_VALUE' })
  rejects('Array(Nullable(UInt8))', [[null, undefined]], { code: 'MISSING_VALUE', column: 'c[1]' })
  rejects('Nullable(Tuple(UInt8))', [null, [null]], { code: 'NOT_NULLABLE', row: 1, column: 'c.1' })
})

/** T of every golden vector that can be inside Nullable, with its values. */
const plain = loadAllVectors().filter(({ type, native }) => {
  const node: TypeNode = parseType(type)
  return (
    native !== undefined && /^(U?Int\d|B?Float|Bool|Decimal|String|FixedString|Date|Time|Enum|IPv|UUID)/.test(node.name)
  )
})

describe('null and values alternate for every T', () => {
  it('there are vectors', () => {
    expect(new Set(plain.map(({ type }) => parseType(type).name)).size).toBeGreaterThan(25)
  })
  for (const { type, rows } of plain) {
    const alternating = rows.slice(0, 20).flatMap((value) => [null, value])
    decodesTo(`Nullable(${type})`, [...alternating, null])
    rejects(type, [null], { code: 'NOT_NULLABLE', hint: /Nullable\(/ })
  }
})
