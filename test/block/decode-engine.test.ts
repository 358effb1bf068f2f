import { createHash } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { Embedded } from '../support/embedded.ts'
import { asDecoded, loadAllVectors } from '../support/vectors.ts'

const engine = new Embedded()
afterAll(() => engine[Symbol.dispose]())

/** The values of a one-column SELECT, read from its Native answer. */
async function select(sql: string): Promise<unknown[]> {
  return decodeBlocks(await engine.bytes(sql)).flatMap(({ rows }) => rows.map(([value]) => value))
}

describe('blocks too big for the vector files: the engine writes them again, to the same checksum', () => {
  for (const vector of loadAllVectors().filter(({ native }) => native === undefined)) {
    it(vector.name, async () => {
      const table = engine.createTable(vector.type)
      await engine.insert(table, vector.rows.map((value) => `${value ?? '\\N'}\n`).join(''), 'TSV')
      const native = await engine.bytes(`SELECT c FROM ${table}`)
      expect(createHash('sha256').update(native).digest('hex')).toBe(vector.nativeSha256)
      expect(decodeBlocks(native)[0]!.rows).toStrictEqual(vector.rows.map((value) => [asDecoded(vector.type, value)]))
    })
  }
})

describe('text forms are those the engine prints', () => {
  for (const [type, values] of [
    ['Date', 'toDate(arrayJoin([0, 1, 58, 59, 60, 789, 11016, 19782, 65535]))'],
    ['Date32', 'toDate32(arrayJoin(range(-25567, 120529, 97)))'],
    [
      'Date32',
      "toDate32(arrayJoin(['1900-01-01', '1900-02-28', '1900-03-01', '1999-12-31', '2000-02-29', '2299-12-31']))",
    ],
    ['Time', "CAST(arrayJoin([0, 1, -1, 59, 60, 3599, 3600, 86399, 3599999, -3599999]), 'Time')"],
    ['Time64', "CAST(arrayJoin([0, 1, -1, -0.001, 3599999.999, -3599999.999]), 'Time64(3)')"],
    ['UUID', "arrayJoin([generateUUIDv4(), toUUIDOrZero(''), generateUUIDv4()])"],
    ['IPv4', "toIPv4(arrayJoin(['0.0.0.0', '255.255.255.255', '10.0.0.1']))"],
    [
      'IPv6',
      `toIPv6(arrayJoin(['::', '::1', '::1:2', '::102:304', '::ffff:1.2.3.4', '::ffff:0:1', '1::', '1:0:0:2:0:0:0:3',
        '1:0:0:2:0:0:3:4', '1:0:2::', 'fe80::1:2', '0:1::', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '::5:102:304', '1:2:3:4:5:6:7:8']))`,
    ],
    ['Decimal', "toDecimal64(arrayJoin(['0', '1.5', '-1.5', '-0.001', '123456.789']), 3)"],
    ['Decimal', "toDecimal256(arrayJoin(['0', '1', '-1', '-0.0000000000000000000000000000000001']), 34)"],
    ['Int256', 'arrayJoin([toInt256(-1), toInt256(1), -toInt256(pow(2, 200))])'],
  ]) {
    it(`${type}: ${values!.slice(0, 60)}`, async () => {
      engine.run('DROP TABLE IF EXISTS t.text')
      engine.run(`CREATE TABLE t.text ENGINE = Memory AS SELECT ${values} AS v`)
      const printed = engine.rows(
        `SELECT v FROM t.text SETTINGS output_format_decimal_trailing_zeros = 1, output_format_json_quote_decimals = 1,
          output_format_json_quote_64bit_integers = 1`,
      )
      expect((await select('SELECT v FROM t.text')).map(String)).toStrictEqual(printed.map(([text]) => text))
    })
  }
})

describe('a value in the shared column of a Dynamic is the value of a column of its type', () => {
  for (const value of [
    'toUInt8(200)',
    'toUInt16(60000)',
    'toUInt32(4e9)',
    'toUInt64(18e18)',
    'bitShiftLeft(toUInt128(3), 100)',
    'bitShiftLeft(toUInt256(3), 200)',
    'toInt8(-100)',
    'toInt16(-30000)',
    'toInt32(-2e9)',
    'toInt64(-9e18)',
    'toInt128(-3)',
    'toInt256(-3)',
    'toFloat32(0.1)',
    'toFloat64(0.1)',
    'toBFloat16(0.1)',
    "'text'",
    "unhex('ff00')",
    "toFixedString('ab', 4)",
    'true',
    "toDate('2024-02-29')",
    "toDate32('1950-01-01')",
    "toDateTime('2024-02-29 01:02:03')",
    "toDateTime('2024-02-29 01:02:03', 'Asia/Tokyo')",
    "toDateTime64('1960-01-01 00:00:00.123', 3)",
    "toDateTime64('2024-01-01 00:00:00.123456', 6, 'Europe/Berlin')",
    "'-12:34:56'::Time",
    "'12:34:56.789'::Time64(3)",
    "'b'::Enum8('a' = -1, 'b' = 2)",
    "'b'::Enum16('a' = -1, 'b' = 2000)",
    "'-1.25'::Decimal(9, 2)",
    "'-1.25'::Decimal(18, 2)",
    "'-1.25'::Decimal(38, 2)",
    "'-1.25'::Decimal(76, 2)",
    "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')",
    "toIPv4('1.2.3.4')",
    "toIPv6('::1:2:3')",
    '[1, 2, 3]',
    '[]::Array(UInt8)',
    '[]',
    '[[1], [], [2, 3]]',
    "[NULL, 'x']",
    "tuple(1, 'x')",
    "(1, 'x')::Tuple(a UInt8, `b c` String)",
    "map('a', 1, 'b', 2)",
    "map(1, [map('x', NULL::Nullable(UInt8))])",
    "'lc'::LowCardinality(String)",
    "['a', 'b', 'a']::Array(LowCardinality(Nullable(String)))",
    "[1, 'x', NULL]::Array(Variant(String, UInt8))",
    "[1, 'x', NULL]::Array(Dynamic)",
    '(1, 2)::Point',
    '[(1, 2), (3, 4)]::Ring',
    '[[(1, 2), (3, 4)]]::Polygon',
    '[(1, 2)::Point::Geometry]',
    'toIntervalNanosecond(1)',
    'toIntervalDay(-3)',
    'toIntervalQuarter(2)',
    'toIntervalYear(2)',
    "[(1, 'a'), (2, 'b')]::Nested(x UInt8, y String)",
    `'{"a":{"b":[1,2]},"c":"x"}'::JSON`,
    `'{"a":1,"b":"x","c":2}'::JSON(a UInt8, max_dynamic_paths=1, SKIP q, SKIP REGEXP 'r')`,
    `['{"a":{"b":7}}', '{}']::Array(JSON(max_dynamic_paths=0))`,
  ]) {
    it(value, async () => {
      const [plain] = await select(`SELECT ${value} AS c`)
      const typed = await select(`SELECT arrayJoin([materialize(${value})::Dynamic(max_types=8), NULL]) AS c`)
      const shared = await select(`SELECT arrayJoin([materialize(${value})::Dynamic(max_types=0), NULL]) AS c`)
      expect(typed).toStrictEqual([plain, null])
      expect(shared).toStrictEqual([plain, null])
    })
  }
})

describe('JSON columns give the same objects in every form the engine has', () => {
  const texts = [
    '{"a":1,"b":{"c":"x","d":[1,2,3]},"big":9007199254740993,"u":18446744073709551615}',
    '{"a":"text","b":{"c":null},"list":[{"x":1},{"x":2,"y":{"z":[]}}]}',
    '{}',
    '{"a":1.5,"t":true,"mixed":[1,"x",[2,{"k":"v"}]],"ключ":"😀","__proto__":{"x":1}}',
    '{"deep":{"er":{"and":{"deeper":{"still":[[1],[2,3]]}}}}}',
  ]
  for (const type of [
    'JSON',
    'JSON(max_dynamic_paths=2)',
    'JSON(max_dynamic_paths=0)',
    'JSON(max_dynamic_types=1)',
    'JSON(max_dynamic_paths=1, max_dynamic_types=0)',
    'JSON(`b.c` Nullable(String), t Bool, u UInt64)',
    'Array(JSON)',
    'Nullable(JSON(max_dynamic_paths=1))',
    'Tuple(x JSON, y Array(JSON(max_dynamic_paths=0)))',
  ]) {
    it(type, async () => {
      const table = engine.createTable(type)
      const wrap = (text: string) => {
        if (type.startsWith('Array')) return `['${text}', '${text}']`
        return type.startsWith('Tuple') ? `('${text}', ['${text}'])` : `'${text}'`
      }
      engine.run(`INSERT INTO ${table} VALUES ${texts.map((text) => `(${wrap(text)})`)}`)
      const asColumns = await select(`SELECT c FROM ${table}`)
      const asText = await select(
        `SELECT c FROM ${table} SETTINGS output_format_native_write_json_as_string = 1, output_format_json_quote_64bit_integers = 0`,
      )
      expect(asColumns).toStrictEqual(asText)
    })
  }

  it('objects without members take no bytes in the flattened form', async () => {
    const flattened = 'SETTINGS output_format_native_use_flattened_dynamic_and_json_serialization = 1'
    for (const [value, decoded] of [
      ["'{}'::JSON", {}],
      ["['{}', '{}', '{}']::Array(JSON)", [{}, {}, {}]],
    ] as const) {
      const bytes = await engine.bytes(`SELECT ${value} AS c FROM numbers(1000) ${flattened}`)
      expect(decodeBlocks(bytes).flatMap(({ rows }) => rows)).toStrictEqual(Array(1000).fill([decoded]))
    }
  })

  it('structure version 2, which the native protocol uses: version 0 without its number of paths', async () => {
    const table = engine.createTable('JSON')
    engine.run(`INSERT INTO ${table} VALUES ('{"a":1}'), ('{"a":"x"}')`)
    const version0 = Buffer.from(await engine.bytes(`SELECT c FROM ${table}`)).toString('hex')
    const [before, after] = [
      '0000000000000000 01 01 0161 0100000000000000 02',
      '0200000000000000 01 0161 0200000000000000',
    ]
    expect(version0).toContain(before.replaceAll(' ', ''))
    const version2 = Buffer.from(version0.replace(before.replaceAll(' ', ''), after.replaceAll(' ', '')), 'hex')
    const again = engine.createTable('JSON')
    await engine.insert(again, version2)
    expect(engine.rows(`SELECT c FROM ${again}`)).toEqual([[{ a: 1 }], [{ a: 'x' }]])
    expect(decodeBlocks(version2)[0]!.rows).toStrictEqual([[{ a: 1 }], [{ a: 'x' }]])
  })
})

describe('QBit: bits in planes, planes in groups of `stride` elements', () => {
  for (const [type, ...rows] of [
    ['QBit(Float32, 16, 8)', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -16], Array(16).fill(-0.5)],
    ['QBit(Float64, 24, 8)', Array.from({ length: 24 }, (_, i) => i / 3), Array.from({ length: 24 }, (_, i) => -1 - i)],
    ['QBit(BFloat16, 16, 8)', Array.from({ length: 16 }, (_, i) => i - 4), Array(16).fill(0.5)],
    ['QBit(Int8, 3)', [1, -128, 127], [0, -1, 2]],
    ['QBit(Float32, 17)', Array.from({ length: 17 }, (_, i) => 1.5 * i), Array(17).fill(0)],
  ] as [string, ...number[][]][]) {
    it(type, async () => {
      const table = engine.createTable(type)
      engine.run(`INSERT INTO ${table} VALUES ${rows.map((row) => `([${row}])`)}`)
      expect(await select(`SELECT c FROM ${table}`)).toStrictEqual(rows)
    })
  }
})
