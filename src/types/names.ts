// The names of ClickHouse's types, as system.data_type_families of 26.7 lists them. A name is either exact (`UInt32`,
// never `uint32`) or matched without regard to case; SQL aliases are all of the second kind, except GEOMETRY.
import { closestName } from './closest.ts'

/** Exact names of types without parameters; the `PlainTypeName`s that have no second spelling. */
const EXACT_PLAIN = [
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'UInt128',
  'UInt256',
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'Int128',
  'Int256',
  'Float32',
  'Float64',
  'BFloat16',
  'String',
  'UUID',
  'IPv4',
  'IPv6',
  'Nothing',
  'Point',
  'Ring',
  'LineString',
  'MultiLineString',
  'Polygon',
  'MultiPolygon',
  'Geometry',
  'IntervalNanosecond',
  'IntervalMicrosecond',
  'IntervalMillisecond',
  'IntervalSecond',
  'IntervalMinute',
  'IntervalHour',
  'IntervalDay',
  'IntervalWeek',
  'IntervalMonth',
  'IntervalQuarter',
  'IntervalYear',
] as const

const EXACT_WITH_PARAMETERS = [
  'FixedString',
  'Enum8',
  'Enum16',
  'Nullable',
  'LowCardinality',
  'Array',
  'Tuple',
  'Nested',
  'Map',
  'Variant',
  'Dynamic',
  'QBit',
  'AggregateFunction',
  'SimpleAggregateFunction',
] as const

const ANY_CASE = [
  'Bool',
  'Date',
  'Date32',
  'DateTime',
  'DateTime32',
  'DateTime64',
  'Time',
  'Time64',
  'Decimal',
  'Decimal32',
  'Decimal64',
  'Decimal128',
  'Decimal256',
  'Enum',
  'JSON',
] as const

export type FamilyName =
  | (typeof EXACT_PLAIN)[number]
  | (typeof EXACT_WITH_PARAMETERS)[number]
  | (typeof ANY_CASE)[number]

/** SQL spellings, matched in any case. */
const ALIASES: Partial<Record<FamilyName, string>> = {
  Bool: 'BOOLEAN',
  DateTime: 'TIMESTAMP',
  Decimal: 'DEC,FIXED,NUMERIC',
  FixedString: 'BINARY',
  Float32: 'FLOAT,REAL,SINGLE',
  Float64: 'DOUBLE,DOUBLE PRECISION',
  IPv4: 'INET4',
  IPv6: 'INET6',
  Int8: 'BYTE,INT1,INT1 SIGNED,TINYINT,TINYINT SIGNED',
  Int16: 'SMALLINT,SMALLINT SIGNED',
  Int32: 'INT,INT SIGNED,INTEGER,INTEGER SIGNED,MEDIUMINT,MEDIUMINT SIGNED',
  Int64: 'BIGINT,BIGINT SIGNED,SIGNED',
  UInt8: 'INT1 UNSIGNED,TINYINT UNSIGNED',
  UInt16: 'SMALLINT UNSIGNED,YEAR',
  UInt32: 'INT UNSIGNED,INTEGER UNSIGNED,MEDIUMINT UNSIGNED',
  UInt64: 'BIGINT UNSIGNED,BIT,SET,UNSIGNED',
  String:
    'BINARY LARGE OBJECT,BINARY VARYING,BLOB,BYTEA,CHAR,CHAR LARGE OBJECT,CHAR VARYING,CHARACTER,' +
    'CHARACTER LARGE OBJECT,CHARACTER VARYING,CLOB,LONGBLOB,LONGTEXT,MEDIUMBLOB,MEDIUMTEXT,NATIONAL CHAR,' +
    'NATIONAL CHAR VARYING,NATIONAL CHARACTER,NATIONAL CHARACTER LARGE OBJECT,NATIONAL CHARACTER VARYING,NCHAR,' +
    'NCHAR LARGE OBJECT,NCHAR VARYING,NVARCHAR,TEXT,TINYBLOB,TINYTEXT,VARBINARY,VARCHAR,VARCHAR2',
}

const exact = new Map<string, FamilyName>([...EXACT_PLAIN, ...EXACT_WITH_PARAMETERS].map((name) => [name, name]))
exact.set('GEOMETRY', 'Geometry')

const anyCase = new Map<string, FamilyName>(ANY_CASE.map((name) => [name.toUpperCase(), name]))
for (const [name, aliases] of Object.entries(ALIASES)) {
  for (const alias of aliases.split(',')) anyCase.set(alias, name as FamilyName)
}

// 'NATIONAL' and 'NATIONAL CHARACTER' → more words may follow.
const beginnings = new Set<string>()
for (const alias of anyCase.keys()) {
  for (let space = alias.indexOf(' '); space > 0; space = alias.indexOf(' ', space + 1)) {
    beginnings.add(alias.slice(0, space))
  }
}

/** The type family of a spelling (`int unsigned` → `UInt32`), if there is one. */
export function familyOf(spelling: string): FamilyName | undefined {
  return exact.get(spelling) ?? anyCase.get(spelling.toUpperCase())
}

/** Whether some alias of several words begins with `words`. */
export function mayContinue(words: string): boolean {
  return beginnings.has(words.toUpperCase())
}

/** The known name nearest to an unknown one, if any is near. */
export function nearestFamily(spelling: string): string | undefined {
  return closestName(spelling, [...exact.keys(), ...ANY_CASE, ...anyCase.keys()])
}
