import { isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { encodeBlock } from '../../src/native.ts'
import { decodesTo, encodes, rejects } from '../support/columns.ts'
import { random } from '../support/random.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

describe('IPv4: UInt32, little endian', () => {
  encodes('IPv4', ['1.2.3.4', '0.0.0.0', '255.255.255.255'], '04030201 00000000 ffffffff')
  encodes('IPv4', [bytes(1, 2, 3, 4), 0x01020304, 0x01020304n, 0xffffffff], '04030201 04030201 04030201 ffffffff')
  for (const text of [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.999',
    '01.2.3.4',
    '1.2.3.04',
    '1.2.3.00',
    '1..3.4',
    '.1.2.3.4',
    '1.2.3.4.',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4/8',
    '0x1.2.3.4',
    '::1',
    '1,2,3,4',
    '+1.2.3.4',
  ]) {
    rejects('IPv4', [text], { code: 'BAD_TEXT', hint: /192\.0\.2\.1/ })
  }
  for (const value of [-1, 2 ** 32, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -1n, 2n ** 32n]) {
    rejects('IPv4', [0, value], { code: 'VALUE_OUT_OF_RANGE', row: 1, hint: /0 to 4294967295/ })
  }
  rejects('IPv4', [bytes(1, 2, 3)], { code: 'BAD_TEXT', message: /4 bytes, not 3/ })
  rejects('IPv4', [true], { code: 'WRONG_TYPE' })
  rejects('IPv4', [[1, 2, 3, 4]], { code: 'WRONG_TYPE' })
  rejects('IPv4', [null], { code: 'NOT_NULLABLE' })
  rejects('IPv4', [undefined], { code: 'MISSING_VALUE' })
})

describe('IPv6: 16 bytes in network order; an IPv4 address in it is ::ffff:a.b.c.d', () => {
  encodes('IPv6', ['::1:2', '::', '1::'], `${'00'.repeat(12)}00010002 ${'00'.repeat(16)} 0001${'00'.repeat(14)}`)
  encodes('IPv6', ['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:102:304'], `${'00'.repeat(10)}ffff01020304`.repeat(3))
  encodes(
    'IPv6',
    [new Uint8Array(16).fill(7), 1n, 2n ** 128n - 1n],
    `${'07'.repeat(16)} ${'00'.repeat(15)}01 ${'ff'.repeat(16)}`,
  )
  decodesTo(
    'IPv6',
    [
      '2001:db8::1',
      '2001:DB8:0:0:0:0:0:1',
      '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7::',
      '::2:3:4:5:6:7:8',
      '1:2:3:4:5:6:1.2.3.4',
      '64:ff9b::192.0.2.33',
    ],
    [
      '2001:db8::1',
      '2001:db8::1',
      '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7:0',
      '0:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:102:304',
      '64:ff9b::c000:221',
    ],
  )
  for (const text of [
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '::12345',
    '::g',
    '::1.2.3',
    '::1.2.3.256',
    '::01.2.3.4',
    'fe80::1%eth0',
    '[::1]',
    '::1/64',
    ' ::1',
  ]) {
    rejects('IPv6', ['::', text], { code: 'BAD_TEXT', row: 1, hint: /2001:db8::1/ })
  }
  rejects('IPv6', [new Uint8Array(4)], { code: 'BAD_TEXT', message: /16 bytes, not 4/ })
  rejects('IPv6', [-1n], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('IPv6', [2n ** 128n], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('IPv6', [1], { code: 'WRONG_TYPE' })
  rejects('IPv6', [null], { code: 'NOT_NULLABLE' })
  rejects('IPv6', [undefined], { code: 'MISSING_VALUE' })
})

describe('texts of IPv6 addresses', () => {
  const { seed, below } = random('SEED')
  const pick = (...parts: readonly string[]) => parts[below(parts.length)]!
  const group = () => pick('0', '1', 'ff', 'ABCD', '0001', below(65536).toString(16), '12345', 'g', '')
  const tail = () => pick('', '', '', ':1.2.3.4', ':256.1.1.1', ':1.2.3', '1.2.3.4', ':', '::')
  it(`random ones are those that Node knows (SEED=${seed})`, () => {
    const taken = { yes: 0, no: 0 }
    for (let i = 0; i < 20_000; i++) {
      const groups = Array.from({ length: below(9) }, () => (below(8) ? pick('0', '1', 'abcd') : group()))
      if (below(2)) groups.splice(below(groups.length + 1), 0, pick('', '', ':'))
      const text = pick('', '', '', ':', '::') + groups.join(':') + tail()
      const encode = () => encodeBlock([{ name: 'c', type: 'IPv6' }], [[text]])
      if (isIP(text)) expect(encode, text).not.toThrow()
      else expect(encode, text).toThrow()
      taken[isIP(text) ? 'yes' : 'no']++
    }
    expect(Math.min(taken.yes, taken.no)).toBeGreaterThan(1000)
  })
})
