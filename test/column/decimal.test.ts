import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

describe('Decimal(P, S): value * 10^S as a signed integer of 4, 8, 16 or 32 bytes, by P alone', () => {
  encodes('Decimal(9, 2)', ['-1.5', 1.5, 2n], '6affffff 96000000 c8000000')
  encodes('Decimal(1, 0)', [1], '01000000')
  encodes('Decimal(10, 0)', [1], '0100000000000000')
  encodes('Decimal(18, 2)', ['-1.5'], '6affffffffffffff')
  encodes('Decimal(19, 0)', [-1], 'ff'.repeat(16))
  encodes('Decimal(38, 2)', ['1.5'], `96${'00'.repeat(15)}`)
  encodes('Decimal(39, 0)', [-1], 'ff'.repeat(32))
  encodes('Decimal(9, 2)', [0, -0, '0', '-0', '-0.00', 0n, '0e5', '0e-99'], '00000000'.repeat(8))
})

describe('text forms', () => {
  decodesTo(
    'Decimal(9, 2)',
    ['1', '+1', '1.', '.5', '-.5', '1.50', '1.500000', '0001.5', '15e-1', '0.15E+1', '1500E-3', '-1.5e0'],
    ['1.00', '1.00', '1.00', '0.50', '-0.50', '1.50', '1.50', '1.50', '1.50', '1.50', '1.50', '-1.50'],
  )
  decodesTo(
    'Decimal(38, 0)',
    ['1e21', 1e21, '12e36'],
    [`1${'0'.repeat(21)}`, `1${'0'.repeat(21)}`, `12${'0'.repeat(36)}`],
  )
  decodesTo(
    'Decimal(76, 76)',
    [`0.${'1'.repeat(76)}`, '1e-76', `-.${'9'.repeat(76)}`],
    [`0.${'1'.repeat(76)}`, `0.${'0'.repeat(75)}1`, `-0.${'9'.repeat(76)}`],
  )
  for (const text of [
    '',
    '.',
    '-',
    '+',
    '-.',
    'e5',
    '.e5',
    '1e',
    '1e5.5',
    '1,5',
    ' 1',
    '1 ',
    '1\n',
    '--1',
    '1_0',
    '0x1',
    'NaN',
    'Infinity',
    '١',
    '1e99999',
  ]) {
    rejects('Decimal(9, 2)', [text], { code: 'BAD_TEXT', type: 'Decimal(9, 2)' })
    rejects('Decimal(38, 2)', [text], { code: 'BAD_TEXT' })
  }
})

describe('a number counts in its shortest form: nothing is rounded', () => {
  decodesTo('Decimal(9, 2)', [1.15, 0.07, 1.005e2, 4.35, -0.01], ['1.15', '0.07', '100.50', '4.35', '-0.01'])
  decodesTo('Decimal(18, 2)', [9007199254740991, 123456789012345.67], ['9007199254740991.00', '123456789012345.67'])
  decodesTo('Decimal(18, 17)', [0.1 + 0.2, 0.3], ['0.30000000000000004', '0.30000000000000000'])
  decodesTo('Decimal(76, 20)', [1e-20, 2 ** 70], ['0.00000000000000000001', `1180591620717411300000.${'0'.repeat(20)}`])
  for (const value of [0.1 + 0.2, 0.57 * 100, 1.005, 1e-3, 1e-7, 5e-324, 1 / 3, -1.005]) {
    rejects('Decimal(9, 2)', [1, value], { code: 'TOO_MANY_DIGITS', row: 1, hint: /toFixed\(2\)/ })
    rejects('Decimal(76, 2)', [value], { code: 'TOO_MANY_DIGITS' })
  }
  for (const text of ['0.001', '1.005', '-0.009', '1e-3', '15e-3', `0.${'0'.repeat(80)}1`]) {
    rejects('Decimal(9, 2)', [text], { code: 'TOO_MANY_DIGITS' })
  }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    rejects('Decimal(9, 2)', [value], { code: 'NOT_A_NUMBER' })
    rejects('Decimal(76, 0)', [value], { code: 'NOT_A_NUMBER' })
  }
})

describe('P digits fit, a value of one digit more is refused', () => {
  for (const [precision, scale] of [
    [1, 0],
    [4, 4],
    [9, 0],
    [9, 2],
    [9, 9],
    [10, 3],
    [15, 2],
    [16, 0],
    [18, 0],
    [18, 18],
    [19, 4],
    [38, 0],
    [38, 38],
    [39, 5],
    [76, 0],
    [76, 30],
  ] as const) {
    const type = `Decimal(${precision}, ${scale})`
    const most = `${'9'.repeat(precision - scale) || '0'}${scale > 0 ? `.${'9'.repeat(scale)}` : ''}`
    const beyond = `1${'0'.repeat(precision - scale)}`
    const hint = new RegExp(`${precision - scale} digits before the point`)
    decodesTo(type, [most, `-${most}`])
    rejects(type, [most, beyond], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint })
    rejects(type, [`-${beyond}`], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, [`${beyond}.0`], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, [BigInt(beyond)], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, [Number(beyond)], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, [1e300], { code: 'VALUE_OUT_OF_RANGE', hint })
    rejects(type, ['1e9999'], { code: 'VALUE_OUT_OF_RANGE', hint })
    if (precision > scale)
      decodesTo(
        type,
        [BigInt('9'.repeat(precision - scale))],
        [`${'9'.repeat(precision - scale)}${scale > 0 ? `.${'0'.repeat(scale)}` : ''}`],
      )
  }
})

describe('the short way (15 digits at most) and the long way agree', () => {
  // '0000…' has too many characters for the short way.
  for (const digits of ['1', '12.3', '999999999999.999', '-0.001', '123456789012.345', '0.5']) {
    const [whole, fraction = ''] = digits.replace('-', '').split('.')
    const long = `${digits.startsWith('-') ? '-' : ''}${whole!.padStart(30, '0')}.${fraction}`
    decodesTo(
      'Decimal(18, 3)',
      [digits, long],
      Array(2).fill(`${digits.startsWith('-') ? '-' : ''}${whole}.${fraction.padEnd(3, '0')}`),
    )
    decodesTo(
      'Decimal(76, 3)',
      [digits, long],
      Array(2).fill(`${digits.startsWith('-') ? '-' : ''}${whole}.${fraction.padEnd(3, '0')}`),
    )
  }
})

describe('nothing else is a decimal', () => {
  for (const value of [true, [1], {}, new Date(0), Symbol('1')]) {
    rejects('Decimal(9, 2)', [value], {
      code: 'WRONG_TYPE',
      hint: /a decimal string, a number or a bigint of whole units/,
    })
  }
  rejects('Decimal(9, 2)', [null], { code: 'NOT_NULLABLE' })
  rejects('Decimal(9, 2)', [undefined], { code: 'MISSING_VALUE' })
})
