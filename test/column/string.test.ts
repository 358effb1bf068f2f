import { describe, expect, it } from 'vitest'
import { encodeBlock } from '../../src/native.ts'
import {
  builderOf,
  columnOf,
  dataOf,
  encodes,
  expectRefused,
  rejects,
  sealedBytes,
  thrown,
  withoutGeneratedCode,
} from '../support/columns.ts'
import { random } from '../support/random.ts'

const utf8 = new TextEncoder()

/** The column as it must be: each value's UTF-8 alone, behind its length. */
function expected(values: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const bytes = typeof value === 'string' ? utf8.encode(value) : value
      const length: number[] = []
      let rest = bytes.byteLength
      for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest & 127) | 128)
      return Buffer.concat([Buffer.from([...length, rest]), bytes])
    }),
  )
}

/** A builder whose String column has chosen how to write: from the average length of a block before. */
function builderAfter(kind: keyof typeof BEFORE) {
  const builder = builderOf({ c: 'String' }, { requireAll: true, blockSize: 8192 })
  for (let row = 0; row < 300; row++) builder.stage([BEFORE[kind]], row)
  builder.seal().release()
  return builder
}
const BEFORE = {
  short: 'x',
  joined: 'x'.repeat(36),
  long: 'x'.repeat(200),
  mixed: 'ж'.repeat(36),
  foreign: 'ж',
} as const
const KINDS = Object.keys(BEFORE) as (keyof typeof BEFORE)[]

function check(values: readonly (string | Uint8Array)[], kinds = KINDS): void {
  for (const kind of kinds) {
    const builder = builderAfter(kind)
    values.forEach((value, row) => {
      builder.stage(row % 2 ? { c: value } : [value], row)
    })
    const data = dataOf('String', values, sealedBytes(builder))
    // Buffer.compare: a diff of megabytes helps nobody.
    expect(Buffer.compare(data, expected(values)), `after ${kind} values`).toBe(0)
  }
}

describe('String: VarUInt byte length, then the bytes', () => {
  encodes('String', ['', 'a', 'héllo', '日本', '🚀'], '00 01 61 06 68c3a96c6c6f 06 e697a5e69cac 04 f09f9a80')
  encodes(
    'String',
    ['a\0b', '\r\n', Uint8Array.of(0xff, 0x00, 0xfe), Buffer.from('é')],
    '03 610062 02 0d0a 03 ff00fe 02 c3a9',
  )
  encodes('String', [new Uint8Array(0), ''], '00 00')
  encodes('String', ['\ud83d', '\ude80', 'a\ud83d'], '03 efbfbd 03 efbfbd 04 61efbfbd')
  encodes('String', ['\ud83d', '', '\ude80', '\ud83d\ude80'], '03 efbfbd 00 03 efbfbd 04 f09f9a80')
})

describe('every length of 0 to 300 characters, however the column writes its values', () => {
  const lengths = Array.from({ length: 301 }, (_, length) => length)
  for (const [title, unit] of [
    ['ASCII', 'a'],
    ['Latin 1', 'é'],
    ['three bytes a character', '日'],
    ['pairs', '🚀'],
    ['U+0080', '\u0080'],
    ['U+07FF', '\u07ff'],
    ['U+0800', '\u0800'],
    ['U+FFFF', '\uffff'],
    ['lone halves', '\ud83d'],
  ] as const) {
    it(title, () => check(lengths.map((length) => unit.repeat(length))))
  }
  it('one character of two bytes at every place of ASCII texts of 0 to 40 characters', () => {
    check(
      lengths
        .slice(0, 41)
        .flatMap((length) => lengths.slice(0, length + 1).map((at) => `${'a'.repeat(at)}é${'b'.repeat(length - at)}`)),
    )
  })
})

describe('the VarUInt grows where the bytes grow, not the characters', () => {
  const borders = [12, 13, 42, 43, 59, 60, 63, 64, 126, 127, 128, 5461, 5462, 8191, 8192, 16383, 16384, 16385, 65536]
  for (const unit of ['a', 'é', '日', '🚀']) {
    it(`${unit}: ${borders.join(', ')} characters, and one character beside`, () =>
      check(
        borders.flatMap((length) => [unit.repeat(length), `x${unit.repeat(length)}`, `${unit.repeat(length - 1)}x`]),
      ))
  }
  it('values of exactly 127, 128, 16383 and 16384 bytes', () => {
    for (const byteLength of [127, 128, 16383, 16384]) {
      check([
        `${'é'.repeat((byteLength - 1) >> 1)}${byteLength % 2 ? 'x' : 'yy'}`,
        new Uint8Array(byteLength).fill(200),
      ])
    }
  })
})

describe('halves of a pair at the border of two values never meet', () => {
  const high = '\ud83d'
  const low = '\ude80'
  const pieces = [
    '',
    'a',
    'é',
    high,
    low,
    high + low,
    low + high,
    high + high,
    low + low,
    `a${high}`,
    `${low}a`,
    `${low}日${high}`,
  ]
  it('every three neighbours, among short values', () => {
    check(pieces.flatMap((a) => pieces.flatMap((b) => pieces.flatMap((c) => [a, b, c]))))
  })
  it('every three neighbours, among values that are joined: average length 13 to 60', () => {
    const padding = 'p'.repeat(40)
    check(
      pieces.flatMap((a) =>
        pieces.flatMap((b) => pieces.flatMap((c) => [padding, `${padding}${a}`, b, `${c}${padding}`])),
      ),
      ['joined'],
    )
    check(
      pieces.flatMap((a) => pieces.flatMap((b) => [`${low}${padding}${a}`, '', '', `${b}${padding}${high}`])),
      ['joined'],
    )
  })
  it('at the border of two bunches: 256 values, 32 once one is not Latin', () => {
    for (const size of [256, 32]) {
      for (const shift of [-1, 0, 1]) {
        const values = Array.from({ length: size * 3 }, () => `${low}${'q'.repeat(30)}${high}`)
        check([...Array(size + shift).fill('q'.repeat(30)), ...values], ['joined'])
      }
    }
  })
  it('around raw bytes, which stand for themselves', () => {
    check([
      `x${high}`,
      Uint8Array.of(0xed, 0xa0, 0xbd),
      `${low}x`,
      new Uint8Array(0),
      low,
      Buffer.from('p'.repeat(30)),
      high,
      'p'.repeat(30),
    ])
  })
})

describe('bunches end where they must', () => {
  it('16 Ki characters in one, then a value of 16 Ki that never joins', () => {
    check([
      ...Array(300).fill('w'.repeat(59)),
      'v'.repeat(16384),
      'v'.repeat(16385),
      'w'.repeat(30),
      'v'.repeat(16384),
      'w'.repeat(30),
    ])
  })
  it('lengths that swing between all three ways', () => {
    const values = Array.from({ length: 4000 }, (_, i) =>
      String.fromCharCode(97 + (i % 26)).repeat([1, 36, 200, 13, 12, 0, 59, 60][(i >> 8) & 7]!),
    )
    check(values)
  })
  it('a block that ends in the middle of a bunch, and the next', () => {
    const builder = builderAfter('joined')
    for (let block = 0; block < 20; block++) {
      const values = Array.from(
        { length: block * 31 + 1 },
        (_, i) => `block ${block}, value number ${i} ${i % 7 === 0 ? 'é' : ''}`,
      )
      values.forEach((value, row) => {
        builder.stage([value], row)
      })
      expect(columnOf(sealedBytes(builder))).toEqual(values)
    }
  })
})

const { seed, below } = random('SEED')
describe(`random values, one way after the other (SEED=${seed} repeats this run)`, () => {
  const alphabet = ['a', 'b', ' ', 'é', 'ß', '日', '\u0800', '\uffff', '🚀', '\ud83d', '\ude80', '\0', '\x7f', '\u0080']
  it('texts and bytes of all lengths', () => {
    for (let round = 0; round < 30; round++) {
      const most = [3, 14, 40, 70, 300][below(5)]!
      const letters = alphabet.slice(0, 1 + below(alphabet.length))
      const values = Array.from({ length: 1 + below(900) }, () => {
        if (below(40) === 0) return Uint8Array.from({ length: below(most) }, () => below(256))
        return Array.from({ length: below(most) }, () => letters[below(letters.length)]).join('')
      })
      check(values)
    }
  })
  it('texts of which some are beyond Latin-1, and rows that are refused', () => {
    for (let round = 0; round < 30; round++) {
      const most = [3, 14, 40, 70, 300][below(5)]!
      const wideOf = [2, 5, 30, 300][below(4)]!
      const builder = builderOf({ c: 'String', n: 'UInt8' }, { requireAll: true, blockSize: 8192 })
      for (let block = 0; block < 3; block++) {
        const values: string[] = []
        for (let given = 1 + below(900); given > 0; given--) {
          const letters = below(wideOf) === 0 ? alphabet : ['a', 'b']
          const value = Array.from({ length: below(most) }, () => letters[below(letters.length)]).join('')
          if (below(20) === 0) expect(() => builder.stage([value, 256], values.length)).toThrow()
          else {
            builder.stage([value, values.length & 255], values.length)
            values.push(value)
          }
        }
        const sealed = builder.seal()
        const rows = values.map((value, i) => [value, i & 255])
        const same = Buffer.compare(sealed.bytes, encodeBlock(blockColumns, rows)) === 0
        sealed.release()
        expect(same, `values of ${most}, 1 of ${wideOf}`).toBe(true)
        const column = Buffer.from(
          encodeBlock(
            blockColumns.slice(0, 1),
            values.map((value) => [value]),
          ),
        )
        expect(column.subarray(-expected(values).length).equals(expected(values))).toBe(true)
      }
    }
  })
})
const blockColumns = [
  { name: 'c', type: 'String' },
  { name: 'n', type: 'UInt8' },
]

describe('large values', () => {
  it('50 MB in one value', () => {
    const half = 'x'.repeat(25_000_000)
    const rows = ['before', `${half}é${half}`, 'after']
    const block = encodeBlock(
      [{ name: 'c', type: 'String' }],
      rows.map((value) => [value]),
    )
    expect(Buffer.compare(dataOf('String', rows, block), expected(rows))).toBe(0)
  })
  it('50 MB of bytes', () => {
    const rows = [new Uint8Array(50_000_000).fill(0x80), 'after']
    const block = withoutGeneratedCode(() =>
      encodeBlock(
        [{ name: 'c', type: 'String' }],
        rows.map((value) => [value]),
      ),
    )
    expect(Buffer.compare(dataOf('String', rows, block), expected(rows))).toBe(0)
  })
})

describe('text or bytes, nothing else', () => {
  for (const value of [
    1,
    1n,
    true,
    {},
    [],
    new Date(0),
    new String('a'),
    new ArrayBuffer(1),
    new Uint16Array(1),
    Symbol('s'),
    () => 1,
  ]) {
    rejects('String', ['ok', value], { code: 'WRONG_TYPE', row: 1, hint: /a string, or a Uint8Array of raw bytes/ })
  }
  rejects('String', [null], { code: 'NOT_NULLABLE', hint: /Nullable\(String\)/ })
  rejects('String', [undefined], { code: 'MISSING_VALUE' })
})

describe("invalidText: 'refuse' refuses a lone surrogate, and only that", () => {
  const refuse = { invalidText: 'refuse' } as const
  encodes('String', ['🚀', 'é', Uint8Array.of(0xff), ''], '04 f09f9a80 02 c3a9 01 ff 00', refuse)
  for (const text of ['\ud83d', '\ude80', 'a\ud83d', '\ude80\ud83d', `${'x'.repeat(100)}\ud83d`, '🚀\ud83d']) {
    rejects('String', ['ok', text], { code: 'INVALID_TEXT', row: 1, hint: /toWellFormed/ }, refuse)
  }
  rejects('Array(String)', [['ok'], ['ok', '\ud83d']], { code: 'INVALID_TEXT', row: 1, column: 'c[1]' }, refuse)
  rejects('LowCardinality(String)', ['ok', '\ud83d'], { code: 'INVALID_TEXT', row: 1, column: 'c' }, refuse)
  rejects('Map(String, String)', [{ a: 'b', '\ud83d': 'c' }], { code: 'INVALID_TEXT', column: 'c[1] key' }, refuse)
})

describe('a refused value leaves nothing behind, in a bunch or out of it', () => {
  for (const kind of KINDS) {
    it(`among ${kind} values`, () => {
      const builder = builderAfter(kind)
      const good: string[] = []
      for (let row = 0; row < 700; row++) {
        const value = `${BEFORE[kind]}${row}${row % 50 === 3 ? '日' : ''}`
        if (row % 3 === 1)
          expectRefused(
            thrown(() => builder.stage([row], row)),
            { code: 'WRONG_TYPE', row },
          )
        builder.stage([value], row)
        good.push(value)
      }
      expect(columnOf(sealedBytes(builder))).toEqual(good)
    })
  }
})
