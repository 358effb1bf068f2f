import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

describe('Tuple(A, B): all of A, then all of B; names leave no trace in the bytes', () => {
  encodes(
    'Tuple(UInt8, String)',
    [
      [1, 'x'],
      [2, 'y'],
    ],
    '01 02   01 78 01 79',
  )
  encodes('Tuple(a UInt8, b String)', [{ a: 1, b: 'x' }, [2, 'y'], { b: 'z', a: 3 }], '01 02 03   01 78 01 79 01 7a')
  encodes('Tuple(UInt8)', [[1]], '01')
  encodes(
    'Tuple(Tuple(UInt8, UInt8), UInt8)',
    [
      [[1, 2], 3],
      [[4, 5], 6],
    ],
    '01 04   02 05   03 06',
  )
  encodes('Tuple()', [[], []], '30 30')
})

describe('names are any text', () => {
  const odd = 'Tuple(`a b` UInt8, `__proto__` UInt8, toString UInt8)'
  encodes(odd, [JSON.parse('{"a b": 1, "__proto__": 2, "toString": 3}')], '01 02 03')
  rejects(odd, [{ 'a b': 1 }], { code: 'WRONG_TYPE', column: 'c.__proto__' })
  decodesTo(
    'Tuple(a UInt8, b UInt8)',
    [Object.freeze({ a: 1, b: 2 }), Object.assign(Object.create(null), { a: 3, b: 4 })],
    [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ],
  )
  class Point {
    constructor(
      readonly x: number,
      readonly y: number,
    ) {}
    get length() {
      return 5
    }
  }
  decodesTo('Tuple(x Float64, y Float64)', [new Point(1, 2)], [{ x: 1, y: 2 }])
})

describe('an element is named in the error', () => {
  rejects(
    'Tuple(UInt8, String)',
    [
      [1, 'a'],
      [1, 2],
    ],
    { code: 'WRONG_TYPE', row: 1, column: 'c.2', type: 'String' },
  )
  rejects('Tuple(a UInt8, b String)', [[256, 'a']], { code: 'VALUE_OUT_OF_RANGE', column: 'c.a' })
  rejects('Tuple(a UInt8, b Tuple(x UInt8, y UInt8))', [{ a: 1, b: { x: 1, y: -1 } }], {
    code: 'VALUE_OUT_OF_RANGE',
    column: 'c.b.y',
  })
})

describe('as many values as elements, under their names', () => {
  rejects('Tuple(UInt8, String)', [[1]], { code: 'WRONG_ARITY', message: /1 values for a tuple of 2/ })
  rejects('Tuple(UInt8, String)', [[1, 'a', 2]], { code: 'WRONG_ARITY' })
  rejects('Tuple(a UInt8, b String)', [[]], { code: 'WRONG_ARITY' })
  rejects('Tuple(a UInt8, b String)', [{ a: 1 }], { code: 'MISSING_VALUE', column: 'c.b' })
  rejects('Tuple(a UInt8, b String)', [{ a: 1, b: undefined }], { code: 'MISSING_VALUE', column: 'c.b' })
  rejects('Tuple(a UInt8, b String)', [{ a: 1, b: 'x', B: 'y' }], {
    code: 'UNKNOWN_COLUMN',
    hint: /Its elements are a, b/,
    message: /"B"/,
  })
  rejects('Tuple(UInt8, String)', [[1, undefined]], { code: 'MISSING_VALUE', column: 'c.2' })
  rejects('Tuple(UInt8, String)', [[1, null]], { code: 'NOT_NULLABLE', column: 'c.2' })
  rejects('Tuple()', [[1]], { code: 'WRONG_TYPE' })
})

describe('nothing else is a tuple', () => {
  rejects('Tuple(UInt8, String)', [{ 0: 1, 1: 'a' }], { code: 'WRONG_TYPE', hint: /It takes an array\./ })
  rejects('Tuple(a UInt8)', ['a'], { code: 'WRONG_TYPE', hint: /an array, or an object by element name/ })
  rejects('Tuple(a UInt8)', [null], { code: 'NOT_NULLABLE' })
  rejects('Tuple(a UInt8)', [undefined], { code: 'MISSING_VALUE' })
  rejects('Tuple(a UInt8)', [new Map([['a', 1]])], { code: 'MISSING_VALUE', column: 'c.a' })
  rejects('Tuple(UInt8, UInt8)', [Uint8Array.of(1, 2)], { code: 'WRONG_TYPE' })
  rejects('Tuple()', [{}], { code: 'WRONG_TYPE' })
  rejects('Tuple()', [null], { code: 'NOT_NULLABLE' })
})

describe('Nested(a A, b B) with flatten_nested=0: Array(Tuple(a A, b B))', () => {
  encodes(
    'Nested(a UInt8, b String)',
    [[{ a: 1, b: 'x' }, [2, 'y']], []],
    '0200000000000000 0200000000000000   01 02   01 78 01 79',
  )
  rejects(
    'Nested(a UInt8, b String)',
    [
      [
        { a: 1, b: 'x' },
        { a: 2, b: 3 },
      ],
    ],
    { code: 'WRONG_TYPE', column: 'c[1].b' },
  )
})
