import { afterAll, describe, expect, it } from 'vitest'
import { EncodeError } from '../../src/errors.ts'
import { decodeBlocks, encodeBlock, typed } from '../../src/native.ts'
import { builderOf, dataOf, encodes, rejects, sealedBytes, thrown } from '../support/columns.ts'
import { Embedded } from '../support/embedded.ts'
import { random } from '../support/random.ts'
import { readBack } from '../support/read-back.ts'

const VERSION = '0100000000000000'
const text = (json: string) => `${Buffer.from([json.length]).toString('hex')} ${Buffer.from(json).toString('hex')}`

const engine = new Embedded()
afterAll(() => engine[Symbol.dispose]())

describe('JSON: version 1, then a text a row', () => {
  encodes('JSON', [{ a: 1 }], `${VERSION}   ${text('{"a":1}')}`)
  encodes('JSON', ['{"a": 1}', {}], `${VERSION}   ${text('{"a": 1}')} ${text('{}')}`)
  encodes('JSON(a UInt8, max_dynamic_paths=3, SKIP b)', [{ a: 1 }], `${VERSION}   ${text('{"a":1}')}`)
  encodes('Nullable(JSON)', [{ a: 1 }, null], `${VERSION}   00 01   ${text('{"a":1}')} ${text('{}')}`)
  encodes(
    'Array(JSON)',
    [[{ a: 1 }, {}], []],
    `${VERSION}   0200000000000000 0200000000000000   ${text('{"a":1}')} ${text('{}')}`,
  )
  encodes('Array(JSON)', [[], []], `${VERSION}   ${'00'.repeat(16)}`)
})

/** The text that stands in the block for `value`. */
function textOf(value: unknown): string {
  const data = dataOf('JSON', [value], encodeBlock([{ name: 'c', type: 'JSON' }], [[value]]))
  return Buffer.from(data).toString('utf8', 8 + (data.length - 9 < 128 ? 1 : 2))
}

describe('an object is written as JSON.stringify() writes it', () => {
  class Event {
    readonly kind = 'click'
    readonly tags = ['a']
  }
  class Money {
    toJSON() {
      return { amount: '1.50', at: new Date(0) }
    }
  }
  const sparse = Object.assign(Object.create({ inherited: 1 }), { own: 1, undefined: undefined })
  for (const value of [
    {},
    { a: null, b: true, c: false, d: 'x', e: 1, f: -1.5, g: 1e21, h: 1e-7, i: [1, [2, {}], []], j: { k: { l: {} } } },
    { 'key "with" quotes': '"\\/\b\f\n\r\t\0\u001f\u007f', é: '日本🚀', ' ': '\u2028' },
    { undefined: undefined, a: undefined, b: 1, c: undefined },
    { date: new Date(0), far: new Date(8.64e15), long: 'x'.repeat(500), wide: 'é'.repeat(200) },
    new Event(),
    new Money(),
    { nested: new Money(), list: [new Money(), new Event()] },
    Object.assign(Object.create(null), { a: 1 }),
    sparse,
    JSON.parse('{"__proto__":{"x":1},"toString":2,"constructor":3,"hasOwnProperty":4}'),
    { toJSON: 5, a: { toJSON: 'x' } },
    Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key ${i}`, i])),
    { url: new URL('https://example.com/a?b') },
    new Proxy({ a: 1 }, {}),
  ]) {
    it(JSON.stringify(value).slice(0, 100), () => expect(textOf(value)).toBe(JSON.stringify(value)))
  }
})

describe('but where stringify would lose or change something', () => {
  for (const [value, written, why] of [
    [
      { a: 2n ** 64n - 1n, b: -(2n ** 63n) },
      '{"a":18446744073709551615,"b":-9223372036854775808}',
      'a bigint is an integer',
    ],
    [{ a: -0 }, '{"a":-0.0}', '-0 keeps its sign, as a Float64'],
    [{ a: 2 ** 53 - 1 }, '{"a":9007199254740991}', 'a safe integer is an integer'],
    [
      { a: 2 ** 53, b: -(2 ** 63), c: 1e20 },
      '{"a":9.007199254740992e+15,"b":-9.223372036854776e+18,"c":1e+20}',
      'any other is a Float64',
    ],
    [{ a: 'x\ud800y', '\udc00': 1 }, '{"a":"x\ufffdy","\ufffd":1}', 'a lone surrogate becomes U+FFFD'],
  ] as [object, string, string][]) {
    it(`${why}: ${written}`, () => expect(textOf(value)).toBe(written))
  }
})

describe('what is no JSON is refused, with the path of the member', () => {
  const at = (path: string, value: object, code: string, hint?: RegExp) =>
    rejects('JSON', [{ a: 1 }, value], { code: code as 'WRONG_TYPE', column: `c${path}`, type: 'JSON', hint })
  at('.items[3].price', { items: [1, 2, 3, { price: Number.NaN }] }, 'NOT_A_NUMBER', /null/)
  at('.a', { a: Number.POSITIVE_INFINITY }, 'NOT_A_NUMBER')
  at('.a.b', { a: { b: new Date(Number.NaN) } }, 'NOT_A_NUMBER')
  at('.a', { a: 2n ** 64n }, 'VALUE_OUT_OF_RANGE', /string/)
  at('.a', { a: -(2n ** 63n) - 1n }, 'VALUE_OUT_OF_RANGE')
  at('.a[1]', { a: [1, undefined] }, 'MISSING_VALUE', /null/)
  at('.a[0]', { a: new Array(2) }, 'MISSING_VALUE')
  at('.a', { a: () => 1 }, 'WRONG_TYPE')
  at('.a', { a: Symbol('x') }, 'WRONG_TYPE')
  at('.a', { a: new Map([['k', 1]]) }, 'WRONG_TYPE', /fromEntries/)
  at('.a', { a: new Set([1]) }, 'WRONG_TYPE')
  at('.a', { a: /x/ }, 'WRONG_TYPE')
  at('.a', { a: new Error('x') }, 'WRONG_TYPE')
  at('.a', { a: Uint8Array.of(1) }, 'WRONG_TYPE', /Array\.from/)
  at('.a', { a: new ArrayBuffer(2) }, 'WRONG_TYPE')
  at('.a', { a: Object(1) }, 'WRONG_TYPE')
  at('.a', { a: Promise.resolve(1) }, 'WRONG_TYPE')
  at('.a', { a: typed('UInt8', 1) }, 'WRONG_TYPE')
  at('["odd key"].b', { 'odd key': { b: Number.NaN } }, 'NOT_A_NUMBER')
  at('.ключ', { ключ: Number.NaN }, 'NOT_A_NUMBER')
  at('', { a: { b: 1 }, 'a.b': 2 }, 'BAD_TEXT', /keys joined with dots/)
  at('', { a: [{ b: { c: 1 }, 'b.c': 2 }] }, 'BAD_TEXT')
  at('', { '\ud800': 1, '\udc00': 2 }, 'BAD_TEXT')
  at('', new Date(0), 'WRONG_TYPE')
  at('', new Map(), 'WRONG_TYPE')
  at('', [], 'WRONG_TYPE')
  at('', typed('JSON', {}) as object, 'WRONG_TYPE')
  rejects('JSON', [{}, 5], { code: 'WRONG_TYPE', hint: /an object, or JSON text/ })
  rejects('JSON', [{}, null], { code: 'NOT_NULLABLE' })
  rejects('JSON', [{}, undefined], { code: 'MISSING_VALUE' })
  rejects('Array(JSON)', [[{}], [{}, { a: { b: [Number.NaN] } }]], { code: 'NOT_A_NUMBER', column: 'c[1].a.b[0]' })
  rejects('Tuple(x Array(JSON))', [{ x: [{ a: '' }, '{"a":[1e999]}'] }], {
    code: 'VALUE_OUT_OF_RANGE',
    column: 'c.x[1].a[0]',
  })

  it('an object that holds itself ends at 1,000 levels', () => {
    const circle: Record<string, unknown> = {}
    circle.self = [circle]
    const error = thrown(() => textOf(circle)) as EncodeError
    expect(error).toMatchObject({ code: 'VALUE_OUT_OF_RANGE', hint: expect.stringMatching(/itself/) })
    expect(error.column).toMatch(/^c\.self\[0\]\.self.{1,200}…$/)
  })

  it('the path of an earlier refusal does not stick', () => {
    const builder = builderOf({ c: 'JSON' })
    expect(thrown(() => builder.stage([{ a: Number.NaN }]))).toHaveProperty('column', 'c.a')
    expect(thrown(() => builder.stage([5]))).toHaveProperty('column', 'c')
    expect(thrown(() => builder.stage([null]))).toHaveProperty('column', 'c')
    expect(thrown(() => builder.stage(['[]']))).toHaveProperty('column', 'c')
  })
})

describe("invalidText: 'refuse'", () => {
  const refuse = { invalidText: 'refuse' } as const
  rejects('JSON', [{ a: ['x', '\ud800'] }], { code: 'INVALID_TEXT', column: 'c.a[1]' }, refuse)
  rejects('JSON', [{ a: { '\ud800': 1 } }], { code: 'INVALID_TEXT', column: 'c.a["\\ud800"]' }, refuse)
  rejects('JSON', ['{"a":["x","\ud800"]}'], { code: 'INVALID_TEXT', column: 'c.a[1]' }, refuse)
  rejects('JSON', ['{"a":"\udc00\ud800"}'], { code: 'INVALID_TEXT', column: 'c.a' }, refuse)
  encodes('JSON', ['{"a":"🚀"}'], `${VERSION} 0c ${Buffer.from('{"a":"🚀"}').toString('hex')}`, refuse)
})

const nested = (levels: number, open: string, close: string) =>
  `{"a":${open.repeat(levels - 1)}1${close.repeat(levels - 1)}}`
const wide = (count: number, last: string) =>
  `{${Array.from({ length: count }, (_, i) => `"key${i}":${i}`).join(',')},${last}}`

describe('texts: what 26.7 refuses (117) is refused before it is sent, and what it takes goes through', () => {
  const taken = [
    '{}',
    ' \n\r\t{ "a" : 1 , "b" : [ 1 , 2 , { } ] , "c":{}}  ',
    '{"a":null}',
    '{"a":true,"b":false,"c":"","d":[]}',
    '{"a":0,"b":-0,"c":-1,"d":18446744073709551615,"e":-9223372036854775808}',
    '{"a":1.0,"b":-0.0,"c":1e5,"d":1E+5,"e":1e-5,"f":1.5e300}',
    '{"a":1.7976931348623157e308,"b":5e-324,"c":1e-99999,"d":0e99999,"e":1234567890123456789012.5}',
    `{"a":0.${'0'.repeat(400)}1}`,
    '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u0000\\ud83d\\ude00"}',
    '{"ключ":"日本🚀","a b":"\u007f\u2028"}',
    '{"":1,"a.":2,".b":3,"c..d":4}',
    '{"a":1,"a.b":2}',
    '{"a.b":1,"a":{"c":2}}',
    '{"a":[{"b":1},{"b":2},{"b.c":1}]}',
    '{"a":[[],[[1]],[null],["x"],{"b":[{"c":null}]}]}',
    '{"a":[1,"x",true,null,1.5,{"b":1}]}',
    '{"aa":1,"ab":2,"ba":3,"a":4,"b":5}',
    '{"\\u0061a":1,"a":2}',
    wide(40, '"other":1'),
    nested(1000, '[', ']'),
    nested(1000, '{"a":', '}'),
  ]
  const refused: [string, string, string][] = [
    // text, code, path
    ['', 'BAD_TEXT', ''],
    [' ', 'BAD_TEXT', ''],
    ['{', 'BAD_TEXT', ''],
    ['[]', 'BAD_TEXT', ''],
    ['[{}]', 'BAD_TEXT', ''],
    ['1', 'BAD_TEXT', ''],
    ['"x"', 'BAD_TEXT', ''],
    ['{} x', 'BAD_TEXT', ''],
    ['{}{}', 'BAD_TEXT', ''],
    ['{}\0', 'BAD_TEXT', ''],
    ['{}\u00a0', 'BAD_TEXT', ''],
    ['\f{}', 'BAD_TEXT', ''],
    ['{}//x', 'BAD_TEXT', ''],
    ['{"a":/**/1}', 'BAD_TEXT', '.a'],
    ['{,}', 'BAD_TEXT', ''],
    ['{"a":1,}', 'BAD_TEXT', ''],
    ['{"a":1,,"b":2}', 'BAD_TEXT', ''],
    ['{"a":1 "b":2}', 'BAD_TEXT', ''],
    ['{"a":1;"b":2}', 'BAD_TEXT', ''],
    ['{"a"}', 'BAD_TEXT', '.a'],
    ['{"a":}', 'BAD_TEXT', '.a'],
    ['{"a"=1}', 'BAD_TEXT', '.a'],
    ['{a:1}', 'BAD_TEXT', ''],
    ["{'a':1}", 'BAD_TEXT', ''],
    ['{"a":\'x\'}', 'BAD_TEXT', '.a'],
    ['{1:1}', 'BAD_TEXT', ''],
    ['{"a":[1,]}', 'BAD_TEXT', '.a[1]'],
    ['{"a":[,1]}', 'BAD_TEXT', '.a[0]'],
    ['{"a":[1 2]}', 'BAD_TEXT', '.a[0]'],
    ['{"a":[1}', 'BAD_TEXT', '.a[0]'],
    ['{"a":{"b":1]}', 'BAD_TEXT', '.a'],
    ['{"a":]}', 'BAD_TEXT', '.a'],
    ['{"a":01}', 'BAD_TEXT', '.a'],
    ['{"a":-01}', 'BAD_TEXT', '.a'],
    ['{"a":1.}', 'BAD_TEXT', '.a'],
    ['{"a":.5}', 'BAD_TEXT', '.a'],
    ['{"a":+1}', 'BAD_TEXT', '.a'],
    ['{"a":-}', 'BAD_TEXT', '.a'],
    ['{"a":1e}', 'BAD_TEXT', '.a'],
    ['{"a":1e+}', 'BAD_TEXT', '.a'],
    ['{"a":1e5.5}', 'BAD_TEXT', ''],
    ['{"a":0x1}', 'BAD_TEXT', ''],
    ['{"a":NaN}', 'BAD_TEXT', '.a'],
    ['{"a":Infinity}', 'BAD_TEXT', '.a'],
    ['{"a":-Infinity}', 'BAD_TEXT', '.a'],
    ['{"a":tru}', 'BAD_TEXT', '.a'],
    ['{"a":True}', 'BAD_TEXT', '.a'],
    ['{"a":nul', 'BAD_TEXT', '.a'],
    ['{"a":undefined}', 'BAD_TEXT', '.a'],
    ['{"a":"x}', 'BAD_TEXT', '.a'],
    ['{"a":"\n"}', 'BAD_TEXT', '.a'],
    ['{"a":"\t"}', 'BAD_TEXT', '.a'],
    ['{"a":"\0"}', 'BAD_TEXT', '.a'],
    ['{"a\nb":1}', 'BAD_TEXT', ''],
    ['{"a":"\\x"}', 'BAD_TEXT', '.a'],
    ['{"a":"\\u12"}', 'BAD_TEXT', '.a'],
    ['{"a":"\\u12g4"}', 'BAD_TEXT', '.a'],
    ['{"a":"\\', 'BAD_TEXT', '.a'],
    ['{"a":"\\u00', 'BAD_TEXT', '.a'],
    ['{"a":"\\ud800"}', 'BAD_TEXT', '.a'],
    ['{"a":"\\udc00"}', 'BAD_TEXT', '.a'],
    ['{"a":["x","\\ud800\\u0041"]}', 'BAD_TEXT', '.a[1]'],
    ['{"a":"\\ud800\\ud800\\udc00"}', 'BAD_TEXT', '.a'],
    ['{"a":"\\ud800x"}', 'BAD_TEXT', '.a'],
    ['{"\\ud800":1}', 'BAD_TEXT', ''],
    ['{"a":18446744073709551616}', 'VALUE_OUT_OF_RANGE', '.a'],
    ['{"a":[1,-9223372036854775809]}', 'VALUE_OUT_OF_RANGE', '.a[1]'],
    ['{"a":1234567890123456789012}', 'VALUE_OUT_OF_RANGE', '.a'],
    ['{"a":{"b":[0,{"c":1e400}]}}', 'VALUE_OUT_OF_RANGE', '.a.b[1].c'],
    ['{"a":-1e400}', 'VALUE_OUT_OF_RANGE', '.a'],
    ['{"a":1.7976931348623159e308}', 'VALUE_OUT_OF_RANGE', '.a'],
    [`{"a":${'1'.repeat(310)}.0}`, 'VALUE_OUT_OF_RANGE', '.a'],
    ['{"a":1,"a":2}', 'BAD_TEXT', ''],
    ['{"a":null,"a":null}', 'BAD_TEXT', ''],
    ['{"a":{"b":1},"a":{"c":2}}', 'BAD_TEXT', ''],
    ['{"x":[{"b":1,"b":2}]}', 'BAD_TEXT', '.x[0]'],
    ['{"a":{"b":1},"a.b":2}', 'BAD_TEXT', ''],
    ['{"a":{"b":{"c":1}},"a.b":{"c":2}}', 'BAD_TEXT', ''],
    ['{"a\\u002eb":1,"a":{"b":2}}', 'BAD_TEXT', ''],
    ['{"\\u0061":1,"a":2}', 'BAD_TEXT', ''],
    ['{"a":1,"\\u0061":2}', 'BAD_TEXT', ''],
    ['{"a":{"":1},"a.":2}', 'BAD_TEXT', ''],
    [wide(40, '"key7":1'), 'BAD_TEXT', ''],
    [wide(40, '"ke\\u00797":1'), 'BAD_TEXT', ''],
    ['{"a":[[{"b":{"c":1},"b.c":2}]]}', 'BAD_TEXT', ''],
    [nested(1024, '[', ']'), 'VALUE_OUT_OF_RANGE', undefined as unknown as string],
    [nested(1024, '{"a":', '}'), 'VALUE_OUT_OF_RANGE', undefined as unknown as string],
  ]

  it('one block of all that is taken', async () => {
    const rows = await readBack(engine, 'JSON', taken, 'count()')
    expect(rows).toEqual([[taken.length]])
  })

  it.each(refused)('%s', async (json, code, path) => {
    const error = thrown(() => encodeBlock([{ name: 'c', type: 'JSON' }], [[json]])) as EncodeError
    expect(error).toBeInstanceOf(EncodeError)
    expect(error).toMatchObject({ code, ...(path !== undefined && { column: `c${path}` }) })
    const table = engine.createTable('JSON')
    const body = Buffer.concat([encodeBlock([{ name: 'c', type: 'String' }], [[json]])])
    await expect(engine.insert(table, withVersion(body))).rejects.toThrow(/117/)
  })

  it('two keys that are one in UTF-8', () => {
    expect(textOf('{"a":"x\ud800","b\ud800":1}')).toBe('{"a":"x\ufffd","b\ufffd":1}')
    expect(thrown(() => textOf('{"b\ud800":1,"b\udc00":2}'))).toHaveProperty('code', 'BAD_TEXT')
  })

  describe('stricter than the server, on purpose', () => {
    for (const [json, why] of [
      ['null', 'it stands for {} without a word'],
      ['\ufeff{"a":1}', 'no byte order mark is part of a value'],
      ['{"a.b":1,"a":{"b":null}}', 'null counts, because for a typed path the server counts it too'],
      ['{"a":{},"a":1}', 'one of the two is lost'],
      ['{"a":1,"a":{"b":2}}', 'a key has one value'],
      [nested(1010, '[', ']'), 'depth ends at 1,000, before the server’s 1,023'],
    ] as const) {
      it(`${why}: ${json.slice(0, 30)} is refused`, () => {
        expect(thrown(() => textOf(json))).toBeInstanceOf(EncodeError)
      })
      it(`${json.slice(0, 30)} is taken by the engine`, async () => {
        const table = engine.createTable('JSON')
        await engine.insert(table, withVersion(encodeBlock([{ name: 'c', type: 'String' }], [[json]])))
      })
    }
  })

  it('says what was expected, and where', () => {
    const message = (json: string) => (thrown(() => textOf(json)) as Error).message
    expect(message('{"ключ":[1,}')).toMatch(
      /c\.ключ\[1\] JSON, row 0: no JSON text: a value expected at character 12, found "}"/,
    )
    expect(message('{"a":1')).toMatch(/"," or "}" expected at character 7, found the end/)
    expect(message('[1]')).toMatch(/an object expected at character 1, found "\["/)
    expect(message('{"a":1}🚀')).toMatch(/the end of the text expected at character 8, found "🚀"/)
    expect(message('{"a":{"b":1,"b":2}}')).toMatch(/c\.a JSON, row 0: two values for the path "b"/)
  })
})

/** A block of texts as one of JSON: another type name, and the version before the data. */
function withVersion(block: Uint8Array): Uint8Array {
  const at = Buffer.from(block).indexOf('\x06String')
  const version = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([block.subarray(0, at), Buffer.from('\x04JSON'), version, block.subarray(at + 7)])
}

describe('damaged texts', () => {
  const { seed, below } = random('SEED')
  it(`are refused, or read as JSON.parse() reads them (SEED=${seed})`, async () => {
    const whole = '{"a":[1,-2.5e3,"x\\u00e9\\n",{"b":null,"c.d":true}],"e":{"f":{},"g":"🚀"},"h":123456789012345}'
    const pieces = [
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '0',
      '-',
      'e',
      '.',
      ' ',
      '\n',
      'true',
      '\\u',
      '\ud800',
      'é',
    ]
    const taken: string[] = []
    for (let i = 0; i < 4000; i++) {
      let damaged = whole
      for (let n = 1 + below(2); n > 0; n--) {
        const at = below(damaged.length + 1)
        const piece = below(3) === 0 ? '' : pieces[below(pieces.length)]!
        damaged = damaged.slice(0, at) + piece + damaged.slice(at + below(3))
      }
      try {
        textOf(damaged)
      } catch (error) {
        expect(error, damaged).toBeInstanceOf(EncodeError)
        continue
      }
      expect(() => JSON.parse(damaged), damaged).not.toThrow()
      taken.push(damaged)
    }
    expect(taken.length).toBeGreaterThan(100)
    // All of them in one block: a single one that the engine refuses would take the others along.
    const select = 'count(), countIf(c.a IS NULL)'
    expect((await readBack(engine, 'JSON', taken, select))[0]![0]).toBe(taken.length)
  })
})

describe('refused rows were never there', () => {
  it('byte for byte', () => {
    const good = [{ a: 'x'.repeat(100) }, '{"b":[1,2]}', {}, { c: { d: 'é' } }]
    const bad = ['{"a":1', { a: [1, Number.NaN] }, '{"a":1,"a":2}', [], { a: { b: 1 }, 'a.b': 1 }]
    const clean = builderOf({ c: 'JSON', n: 'UInt8' })
    const dirty = builderOf({ c: 'JSON', n: 'UInt8' }, { table: 'dirty' })
    for (let round = 0; round < 40; round++) {
      expect(thrown(() => dirty.stage([bad[round % bad.length], 1]))).toHaveProperty('code')
      expect(thrown(() => dirty.stage([good[round % good.length], 256]))).toHaveProperty('column', 'n')
      clean.stage([good[round % good.length], 1])
      dirty.stage([good[round % good.length], 1])
    }
    expect(Buffer.compare(sealedBytes(dirty), sealedBytes(clean))).toBe(0)
  })
})

describe('the engine reads what was meant', () => {
  it('types of the paths', async () => {
    const value = {
      i: -1,
      u: 2n ** 64n - 1n,
      f: 1.5,
      big: 2 ** 60,
      s: 'text',
      t: true,
      n: null,
      d: new Date(1234567890123),
      a: [1, null],
      m: [1, 'x'],
      o: { p: { q: 'deep' } },
      l: [{ x: 1 }],
    }
    const [[types]] = (await readBack(engine, 'JSON', [value], 'JSONAllPathsWithTypes(c)')) as [[object]]
    expect(types).toEqual({
      i: 'Int64',
      u: 'UInt64',
      f: 'Float64',
      big: 'Float64',
      s: 'String',
      t: 'Bool',
      d: 'DateTime64(9)',
      a: 'Array(Nullable(Int64))',
      m: 'Array(Dynamic)',
      'o.p.q': 'String',
      l: 'Array(JSON(max_dynamic_types=16, max_dynamic_paths=256))',
    })
    const select = 'toUnixTimestamp64Milli(c.d::DateTime64(3)), c.big, toString(c.u)'
    expect(await readBack(engine, 'JSON', [value], select)).toEqual([[1234567890123, 2 ** 60, '18446744073709551615']])
  })

  const object = { a: 1, b: { c: ['x', { d: 2 }] } }
  for (const [type, value, read] of [
    ['JSON', object, object],
    ['JSON', JSON.stringify(object), object],
    ['JSON(a UInt32, b.x String, max_dynamic_paths=1)', { a: 1, z: 2 }, { a: 1, b: { x: '' }, z: 2 }],
    ["JSON(SKIP a, SKIP REGEXP 'b.*')", { a: 1, bc: 2, d: 3 }, { d: 3 }],
    ['JSON(max_dynamic_paths=0, max_dynamic_types=0)', object, object],
    ['Nullable(JSON)', null, null],
    ['Nullable(JSON(a UInt32))', { a: 5 }, { a: 5 }],
    ['Array(JSON)', [object, '{}'], [object, {}]],
    ['Map(String, JSON)', { k: object }, { k: object }],
    ['Map(LowCardinality(String), Nullable(JSON))', { k: object, n: null }, { k: object, n: null }],
    ['Tuple(JSON, Array(Point))', [object, [[1, 2]]], [object, [[1, 2]]]],
    [
      'Tuple(j JSON, lc LowCardinality(String), js Array(JSON))',
      { j: {}, lc: 'a', js: [object] },
      { j: {}, lc: 'a', js: [object] },
    ],
    ['Array(Array(Nullable(JSON)))', [[object, null], []], [[object, null], []]],
    ['Variant(JSON, String)', object, object],
    ['Variant(Array(JSON), JSON)', [object], [object]],
    ['Dynamic', [object], [object]],
  ] as [string, unknown, unknown][]) {
    it(`${type}   ${JSON.stringify(value)}`, async () => {
      expect(await readBack(engine, type, [value])).toEqual([[read]])
      const [block] = decodeBlocks(encodeBlock([{ name: 'c', type }], [[value]]))
      expect(block!.columns).toEqual([{ name: 'c', type }])
    })
  }

  it('a missing value is {}', () => {
    const builder = builderOf({ c: 'JSON(a UInt32)', n: 'UInt8' })
    builder.stage({ n: 1 })
    expect(decodeBlocks(sealedBytes(builder))[0]!.rows).toEqual([[{}, 1]])
  })

  it('20,000 objects', async () => {
    const values = Array.from({ length: 20_000 }, (_, i) => ({
      id: i,
      name: `name ${i}`,
      tags: [i % 7, i % 11],
      o: { p: i / 4 },
    }))
    const select = 'sum(c.id::UInt64), uniqExact(c.name), sum(arraySum(c.tags::Array(UInt64))), sum(c.o.p::Float64)'
    const sum = (of: (value: (typeof values)[number]) => number) =>
      values.reduce((total, value) => total + of(value), 0)
    expect(await readBack(engine, 'JSON', values, select)).toEqual([
      [sum(({ id }) => id), 20_000, sum(({ tags }) => tags[0]! + tags[1]!), sum(({ o }) => o.p)],
    ])
  })
})

describe('members that the type names take what a column of their type takes', () => {
  // Left to the server, 1.5 would become 1, the 30th of February a day in March, and 'dear' would refuse the whole block.
  const type =
    "JSON(`at.day` Date, d Decimal(4, 2), e Enum8('a' = 1), i UInt8, l Array(Nullable(Int16)), u UUID, w UInt64)"
  const faults: [unknown, { code: string; column: string }][] = [
    [{ i: 1.5 }, { code: 'NOT_AN_INTEGER', column: 'c.i' }],
    [{ i: 256 }, { code: 'VALUE_OUT_OF_RANGE', column: 'c.i' }],
    [{ i: 'dear' }, { code: 'BAD_TEXT', column: 'c.i' }],
    [{ i: '256' }, { code: 'VALUE_OUT_OF_RANGE', column: 'c.i' }],
    [{ i: { j: 1 } }, { code: 'WRONG_TYPE', column: 'c.i' }],
    [{ at: { day: '2024-02-30' } }, { code: 'BAD_TEXT', column: 'c.at.day' }],
    [{ 'at.day': '1960-01-01' }, { code: 'VALUE_OUT_OF_RANGE', column: 'c["at.day"]' }],
    [{ l: [1, null, 40_000] }, { code: 'VALUE_OUT_OF_RANGE', column: 'c.l[2]' }],
    [{ l: 5 }, { code: 'WRONG_TYPE', column: 'c.l' }],
    [{ d: '1.234' }, { code: 'TOO_MANY_DIGITS', column: 'c.d' }],
    [{ e: 'b' }, { code: 'UNKNOWN_LABEL', column: 'c.e' }],
    [{ u: 'no id' }, { code: 'BAD_TEXT', column: 'c.u' }],
    [{ w: -1 }, { code: 'VALUE_OUT_OF_RANGE', column: 'c.w' }],
  ]
  for (const [value, refused] of faults) {
    it(`${JSON.stringify(value)} is refused, as an object and as text`, () => {
      for (const given of [value, JSON.stringify(value)]) {
        const builder = builderOf({ c: type })
        builder.stage([{ i: 1 }])
        const error = thrown(() => builder.stage([given]))
        expect(error).toMatchObject({ ...refused, row: 1 })
        expect(builder.rowCount).toBe(1)
      }
    })
  }

  const uuid = '00112233-4455-6677-8899-aabbccddeeff'
  const taken: [object, object][] = [
    [
      { i: 255, l: [1, null, -5], d: 1.25, u: uuid },
      { i: 255, l: [1, null, -5], d: 1.25, u: uuid },
    ],
    [
      { i: '7', at: { day: '2024-02-29' }, e: 'a' },
      { i: 7, at: { day: '2024-02-29' }, e: 'a' },
    ],
    [
      { w: 2n ** 64n - 1n, i: true, x: [1.5] },
      { w: Number(2n ** 64n - 1n), i: 1, x: [1.5] },
    ],
    [
      { i: null, l: [], other: 'dear' },
      { l: [], other: 'dear' },
    ],
  ]
  it('and the server has what was given', async () => {
    for (const [value, read] of taken) expect((await readBack(engine, type, [value]))[0]![0]).toMatchObject(read)
    expect((await readBack(engine, type, ['{"w":18446744073709551615,"i":3}']))[0]![0]).toMatchObject({
      w: Number(2n ** 64n - 1n), // as JSON.parse() reads the engine's answer
      i: 3,
    })
  })
})
