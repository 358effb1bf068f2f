import { describe } from 'vitest'
import { decodesTo, encodes, rejects } from '../support/columns.ts'

const TEXT = '00112233-4455-6677-8899-aabbccddeeff'
const BYTES = Uint8Array.from({ length: 16 }, (_, i) => i * 0x11)

describe('UUID: two UInt64, high half first, each little endian', () => {
  const column = '7766554433221100 ffeeddccbbaa9988'
  encodes('UUID', [TEXT], column)
  encodes('UUID', [TEXT.toUpperCase()], column)
  encodes('UUID', [BYTES], column)
  encodes('UUID', [0x00112233445566778899aabbccddeeffn], column)
  encodes('UUID', [Buffer.concat([Buffer.of(9), BYTES]).subarray(1)], column)
  decodesTo(
    'UUID',
    [0n, 2n ** 128n - 1n, 1n],
    [
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      '00000000-0000-0000-0000-000000000001',
    ],
  )
  decodesTo('UUID', ['0123abcd-4567-89ef-ABCD-ef0123456789'], ['0123abcd-4567-89ef-abcd-ef0123456789'])
})

describe('every character counts', () => {
  for (let place = 0; place < 36; place++) {
    for (const character of ['g', '/', ':', '@', '`', ' ', 'ß', '\ud83d', 'Ａ']) {
      if (TEXT[place] === '-' || place === 35 || place % 7 === 0) {
        rejects('UUID', [TEXT.slice(0, place) + character + TEXT.slice(place + 1)], { code: 'BAD_TEXT' })
      }
    }
  }
  for (const text of [
    '',
    TEXT.slice(1),
    `${TEXT}0`,
    `{${TEXT}}`,
    TEXT.replaceAll('-', ''),
    TEXT.replaceAll('-', '_'),
    `urn:uuid:${TEXT}`,
    ` ${TEXT}`,
  ]) {
    rejects('UUID', [TEXT, text], { code: 'BAD_TEXT', row: 1, hint: /xxxxxxxx-xxxx/ })
  }
})

describe('nothing else is a UUID', () => {
  rejects('UUID', [new Uint8Array(15)], { code: 'BAD_TEXT', message: /16 bytes, not 15/ })
  rejects('UUID', [new Uint8Array(17)], { code: 'BAD_TEXT' })
  rejects('UUID', [-1n], { code: 'VALUE_OUT_OF_RANGE', hint: /128 bits/ })
  rejects('UUID', [2n ** 128n], { code: 'VALUE_OUT_OF_RANGE' })
  rejects('UUID', [1], { code: 'WRONG_TYPE', hint: /text form, 16 bytes or a bigint/ })
  rejects('UUID', [null], { code: 'NOT_NULLABLE' })
  rejects('UUID', [undefined], { code: 'MISSING_VALUE' })
})
