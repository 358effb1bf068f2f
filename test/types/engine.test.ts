import { afterAll, describe, expect, it } from 'vitest'
import { SchemaError } from '../../src/errors.ts'
import { formatType } from '../../src/types/format.ts'
import { parseType } from '../../src/types/parse.ts'
import { Embedded } from '../support/embedded.ts'

const engine = new Embedded()
afterAll(() => engine[Symbol.dispose]())

/** The type as system.columns has it after a CREATE TABLE; undefined when the engine refuses to build it. */
function typeInTable(type: string): string | undefined {
  let table: string
  try {
    table = engine.createTable(type)
  } catch {
    return undefined
  }
  return engine.rows(
    `SELECT type FROM system.columns WHERE database = 't' AND table = '${table.slice(2)}'`,
  )[0]![0] as string
}

describe('every type family and alias of the engine is known', () => {
  it('by exactly its spelling, or in any case where the engine says so', () => {
    const unknown: string[] = []
    const tooLenient: string[] = []
    for (const [name, anyCase] of engine.rows('SELECT name, case_insensitive FROM system.data_type_families')) {
      const isKnown = (spelling: string) => {
        try {
          parseType(spelling)
          return true
        } catch (error) {
          return (error as SchemaError).code !== 'UNKNOWN_TYPE'
        }
      }
      const swapped = (name as string).replace(/[a-z]/gi, (c) =>
        c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase(),
      )
      if (!isKnown(name as string) || (anyCase && !isKnown(swapped))) unknown.push(name as string)
      if (!anyCase && isKnown(swapped)) tooLenient.push(name as string)
    }
    expect({ unknown, tooLenient }).toEqual({ unknown: [], tooLenient: [] })
  })
})

describe('formatType(parseType(t)) is what system.columns prints for a column declared as t, and its own fixed point', () => {
  // The left-hand forms of CREATE TABLE; what stands in system.columns is asked from the engine.
  const declared = `
    UInt8; UInt256; Int128; Float32; BFloat16; Bool; bool; BOOLEAN; String; UUID; IPv4; IPv6; Date; Date32; date; Time
    Date(); UUID(); IntervalDay(); Point(); Tuple(); Tuple; JSON(); Dynamic(); DateTime(); DateTime64(); Decimal()
    INT; INT(11); INT(11) UNSIGNED; INT UNSIGNED(11); int   unsigned; INTEGER SIGNED; TINYINT(1); UInt8(3); YEAR(4); BIT(3); SET
    BIGINT SIGNED; SIGNED; UNSIGNED; BYTE; MEDIUMINT UNSIGNED; INT1; SMALLINT UNSIGNED
    FLOAT; FLOAT(12); FLOAT(12, 3); DOUBLE; DOUBLE PRECISION; double precision(10); REAL; SINGLE; Float64(3)
    TEXT; VARCHAR(255); CHAR LARGE OBJECT; character varying(22); NATIONAL CHARACTER VARYING (10); BLOB; BYTEA; CLOB; String(10)
    BINARY(16); FixedString(1); FixedString(16777215); FixedString(0x10); FixedString( +16 )
    Decimal; Decimal(9); Decimal(76, 76); Decimal32(9); Decimal64(4); Decimal128(0); Decimal256(76); DEC(5); numeric(5, 2); FIXED(3)
    DateTime; DateTime('UTC'); DateTime(''); DateTime32; DateTime32('UTC'); DateTime(3); DateTime(3, 'Asia/Tokyo'); TIMESTAMP; TIMESTAMP(6)
    DateTime64; DateTime64(0); DateTime64(9, 'Europe/Berlin'); datetime64(3,'UTC'); Time(3); Time64; Time64(9)
    Enum('a' = 1); Enum('a' = 1000); Enum('a' = -129); Enum8('a', 'b'); Enum8('a' = 5, 'b'); Enum8('a', 'b' = 5); Enum('a', 'b')
    Enum8('b' = 2, 'a' = 1); Enum8('a' = -1, 'b' = +1); Enum8('a' = 1,); Enum8('min' = -128, 'max' = 127); Enum16('' = -32768, ' ' = 32767)
    Enum8('it''s' = 1, 'it\\'s not' = 2); Enum8('a\\nb\\tc\\0d\\be\\ff\\rg' = 1); Enum8('\\x41\\x42\\xC3\\xA9' = 1); Enum8('\\d\\q\\%\\_' = 1)
    Enum8('\\"\\\`\\/\\=\\N' = 1); Enum8('\\a\\v\\e' = 1); Enum8('é😀日本' = 0x10); Enum16('a\\\\b' = 1, 'a,b) = 2' = 2)
    Nullable(UInt8); Nullable(Tuple(UInt8)); Nullable(JSON); Nullable(Point); Nullable(QBit(Float32, 3)); Nullable(IntervalDay); Nullable(Enum8('a'=1))
    Nullable(SimpleAggregateFunction(sum, UInt64)); Array(Array(Array(Nullable(String)))); Array(  UInt8 ); Array (UInt8); Array(UInt8,)
    LowCardinality(String); LowCardinality(Nullable(String)); LowCardinality(FixedString(3)); LowCardinality(UInt256); LowCardinality(Bool)
    LowCardinality(BFloat16); LowCardinality(Date32); LowCardinality(DateTime('UTC')); LowCardinality(Time); LowCardinality(UUID); LowCardinality(IPv6)
    LowCardinality(IntervalDay); LowCardinality(SimpleAggregateFunction(anyLast, Nullable(String)))
    Map(String, UInt8); Map(LowCardinality(String), Array(UInt8)); Map(Float64, UInt8); Map(Tuple(UInt8), Map(String, String)); Map(Dynamic, JSON)
    Tuple(UInt8); Tuple(UInt8, String); Tuple(a UInt8, b Tuple(c String)); Tuple(\`a b\` UInt8, \`c.d\` UInt8); Tuple("a b" UInt8)
    Tuple(\`a\`\`b\` UInt8); Tuple(\`a\\\`b\` UInt8); Tuple(\`a\\nb\\t\\\\\` UInt8); Tuple(\`ключ\` UInt8, \`1\` UInt8, _ UInt8)
    Tuple(\`distinct\` UInt8, \`ALL\` UInt8, table UInt8, \`Select\` UInt8, \`from\` UInt8, \`NULL\` UInt8, \`values\` UInt8, where UInt8, array UInt8)
    Tuple(date Date, String String, Array Array(UInt8), Tuple Tuple()); Tuple(x DOUBLE PRECISION, y INT UNSIGNED); Tuple(double DOUBLE PRECISION)
    Tuple(a UInt8, b String,); Nested(a UInt8); Nested(a UInt8, b Nested(c String)); Array(Nested(a UInt8)); Map(String, Nested(a UInt8))
    Variant(UInt8, String); Variant(UInt8, UInt8); Variant(LowCardinality(String), String); Variant(JSON, String); Variant(Nothing, String)
    Variant(Ring, Point, Tuple(Float64, Float64)); Variant(INT, TEXT, Decimal64(2)); Variant(DateTime('UTC'), DateTime)
    Variant(Tuple(\`\uffee\` UInt8), Tuple(\`😀\` UInt8), Tuple(\`z\` UInt8)); Array(Variant(UInt8, Array(Variant(UInt16, UInt128))))
    Dynamic; Dynamic(max_types=2); Dynamic(max_types = 32); Dynamic(max_types=0); Dynamic(max_types=254)
    JSON; json; JSON(max_dynamic_paths=0); JSON(max_dynamic_paths=1024); JSON(max_dynamic_types=32, max_dynamic_paths=10000); JSON(max_dynamic_types=254)
    JSON(a UInt32, max_dynamic_types=5, SKIP b, max_dynamic_paths=6, SKIP REGEXP 'x.*', c.d String, SKIP a1.b1)
    JSON(\`a b\`.c UInt32); JSON(\`a.b\` UInt32); JSON(z UInt8, a UInt8, a.b UInt8); JSON(a Array(JSON(b UInt8))); JSON(a INT UNSIGNED)
    JSON(SKIP REGEXP 'it''s\\\\d\\.'); JSON(SKIP z, SKIP \`a b\`.c, SKIP z); JSON(SKIP REGEXP 'z', SKIP REGEXP 'a', SKIP REGEXP 'a')
    JSON(skip UInt8); JSON(SKIP skip); JSON(SKIP \`SKIP\`); JSON(SKIP \`regexp\`.a); JSON(\`SKIP\`.a UInt8); JSON(\`SKIP\` UInt8); JSON(\`skip\`.a UInt8); JSON(REGEXP UInt8); JSON(max_dynamic_paths UInt8); JSON(a UInt8,)
    JSON(\`distinct\`.b UInt8, \`select\` UInt8, \`a[]\` UInt8); JSON(a Nullable(UInt8), b LowCardinality(String), c Tuple(x UInt8, y String))
    AggregateFunction(sum, UInt64); AggregateFunction(count); AggregateFunction(quantiles(0.5,0.9), UInt64); AggregateFunction(topK(10), String)
    AggregateFunction(1, sumMap, Array(UInt8), Array(UInt8)); AggregateFunction(0, sum, UInt64); AggregateFunction(argMax, INT, TEXT)
    AggregateFunction(sequenceMatch('(?1)(?2)'), DateTime, UInt8, UInt8); AggregateFunction(groupConcat(', ', 10), String)
    AggregateFunction(1, sumMapFiltered([1, 4, 8]), Array(UInt8), Array(UInt8)); AggregateFunction(groupArrayInsertAt((1, 'a'), 5), Tuple(UInt8, String), UInt32)
    AggregateFunction(groupArrayInsertAt(-5, 5), Int8, UInt32); AggregateFunction(groupArrayInsertAt(1e100, 5), Float64, UInt32)
    AggregateFunction(groupArrayInsertAt(NULL, 5), Nullable(UInt8), UInt32); AggregateFunction(quantile(), UInt8); AggregateFunction(sumIf, UInt64, UInt8)
    AggregateFunction(stochasticLinearRegression(0.00001, 0.1, 15, 'Adam'), Float64, Float64); AggregateFunction(\`sum\`, UInt64)
    AggregateFunction(groupArrayInsertAt('it\\'s ) , (', 5), String, UInt32); Tuple(AggregateFunction(count), UInt8)
    SimpleAggregateFunction(sum, UInt64); SimpleAggregateFunction(anyLast, Nullable(String)); SimpleAggregateFunction(groupArrayArray(10), Array(UInt8))
    SimpleAggregateFunction(sumMap, Tuple(Array(UInt8), Array(UInt64))); SimpleAggregateFunction(max, DateTime('UTC'))
    QBit(Float32, 3); QBit(BFloat16, 1); QBit(Int8, 4); QBit(Float64, 16, 8); QBit(Float32, 16, 16); QBit(FLOAT, 24); Array(QBit(Float32, 3))
    Point; Ring; LineString; MultiLineString; Polygon; MultiPolygon; Geometry; GEOMETRY; Array(Geometry); \`UInt8\`; Array(\`UInt8\`)
    IntervalNanosecond; IntervalMicrosecond; IntervalMillisecond; IntervalSecond; IntervalMinute; IntervalHour; IntervalWeek; IntervalMonth
    IntervalQuarter; IntervalYear
  `
  for (const type of declared
    .split(/[;\n]/)
    .map((part) => part.trim())
    .filter(Boolean)) {
    it(type, () => {
      const canonical = typeInTable(type)
      expect(canonical, 'the engine takes this type').toBeDefined()
      expect(formatType(parseType(type))).toBe(canonical)
      expect(formatType(parseType(canonical!))).toBe(canonical)
    })
  }

  it('every column of the engine’s own system tables', () => {
    const types = engine.rows('SELECT DISTINCT type FROM system.columns').map(([type]) => type as string)
    expect(types.length).toBeGreaterThan(60)
    expect(types.map((type) => formatType(parseType(type)))).toEqual(types)
  })

  it('named tuples over several lines, as DESCRIBE prints them', () => {
    const table = engine.createTable("Tuple(a UInt8, `b c` Array(Tuple(d Enum8('x' = 1), e String)))")
    const [[, described]] = engine.rows(`DESCRIBE TABLE ${table}`) as [[string, string]]
    const [[type]] = engine.rows(`SELECT type FROM system.columns WHERE table = '${table.slice(2)}'`) as [[string]]
    expect(described).toContain('\n')
    expect(formatType(parseType(described))).toBe(type)
  })
})

describe('what the engine refuses to build is refused here', () => {
  const refused = `
    Decimal(77, 1); Decimal(0, 0); Decimal(5, 6); Decimal(5, -1); Decimal32(10); Decimal32; Decimal256(77); DateTime64(10); DateTime64('UTC'); Time64(10)
    Time('UTC'); DateTime64(-1); FixedString(0); FixedString(16777216); FixedString; FixedString('a'); FixedString(1e1); FixedString(16.0); BINARY
    Enum8('a' = 1, 'a' = 2); Enum8('a' = 1, 'b' = 1); Enum8('a' = 128); Enum8('a' = -129); Enum8(); Enum8; Enum('a' = 40000); Enum8('a' = 127, 'b')
    Enum8('a' = 1e1); Enum8(a = 1); VARCHAR('a'); Bool(1); Date(1); UUID(3); IPv4(3); IntervalDay(3); Point(3); Float64(1, 2, 3); String(1, 2)
    Array(); Array; Array(UInt8, UInt8); Array(UInt8; Array(UInt8)); Nullable(Nullable(UInt8)); Nullable(Array(UInt8)); Nullable(Map(String, String))
    Nullable(LowCardinality(String)); Nullable(Variant(UInt8)); Nullable(Dynamic); Nullable(Ring); Nullable(Geometry); Nullable(Nested(a UInt8))
    Nullable(AggregateFunction(sum, UInt64)); Nullable(SimpleAggregateFunction(anyLast, Nullable(String)))
    Nullable(SimpleAggregateFunction(groupArrayArray, Array(UInt8))); LowCardinality(Array(String)); LowCardinality(Enum8('a' = 1))
    LowCardinality(Decimal(9, 2)); LowCardinality(DateTime64(3)); LowCardinality(Time64(3)); LowCardinality(LowCardinality(String))
    LowCardinality(Tuple(UInt8)); LowCardinality(Nothing); LowCardinality(Point); Map(Nullable(String), UInt8); Map(String)
    Map(LowCardinality(Nullable(String)), UInt8); Map(K String, V String); Tuple(a UInt8, UInt8); Tuple(a UInt8, a UInt8); Tuple(\`\` UInt8); Tuple(,)
    Tuple(a.b UInt8); Tuple(1 UInt8); Tuple(UInt8,,UInt8); Tuple(DOUBLE PRECISION, UInt8); Tuple(x array); Nested(UInt8); Nested(); Nested(a UInt8, a UInt8)
    Variant(); Variant; Variant(Nothing); Variant(Nullable(UInt8), String); Variant(LowCardinality(Nullable(String)), UInt8); Variant(Variant(UInt8), String)
    Variant(Dynamic, String); Variant(Geometry, UInt8); Variant(SimpleAggregateFunction(anyLast, Nullable(String)), UInt8)
    Dynamic(max_types=255); Dynamic(3); Dynamic(max_dynamic_types=2); JSON(max_dynamic_types=255); JSON(max_dynamic_paths=10001); JSON(foo=3)
    JSON(a UInt8, a UInt8); JSON(SKIP REGEXP); JSON(SKIP REGEXP.a); AggregateFunction(); SimpleAggregateFunction(any); SimpleAggregateFunction(any, UInt8, UInt16)
    QBit(UInt8, 4); QBit(Float32, 0); QBit(Float32); QBit(Float32, 16, 3); QBit(Float32, 8, 4); QBit(Nullable(Float32), 3)
    uint32; UINT32; STRING; Unit32; ARRAY(UInt8); point; geometry; Interval; Object('json'); Nullable(NULL)
  `
  for (const type of refused
    .split(/[;\n]/)
    .map((part) => part.trim())
    .filter(Boolean)) {
    it(type, () => {
      expect(typeInTable(type), 'the engine builds it').toBeUndefined()
      expect(() => parseType(type)).toThrow(SchemaError)
    })
  }
})
