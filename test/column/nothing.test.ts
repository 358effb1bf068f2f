import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

describe('Nothing: one byte 0x30 a row, and only under NULL; no table has such a column, but a type inside may', () => {
  encodes('Nullable(Nothing)', [null, null], '01 01   30 30')
  encodes('Array(Nothing)', [[], []], '00'.repeat(16))
  encodes('Array(Nullable(Nothing))', [[null, null], []], '0200000000000000 0200000000000000   01 01   30 30')
  decodesTo('Tuple(Nullable(Nothing), Array(Nothing), UInt8)', [[null, [], 1]])
  rejects('Nullable(Nothing)', [null, 0], { code: 'WRONG_TYPE', hint: /no value at all/ })
  rejects('Array(Nothing)', [[], [null]], { code: 'NOT_NULLABLE', column: 'c[0]' })
  rejects('Array(Nothing)', [[], [1]], { code: 'WRONG_TYPE', column: 'c[0]' })
  rejects('Array(Nullable(Nothing))', [[undefined]], { code: 'MISSING_VALUE', column: 'c[0]' })
})
