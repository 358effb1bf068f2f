// A parsed ClickHouse type. `name` discriminates; the names are ClickHouse's own spelling.

/** Types that carry no parameters. */
export type PlainTypeName =
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'UInt128'
  | 'UInt256'
  | 'Int8'
  | 'Int16'
  | 'Int32'
  | 'Int64'
  | 'Int128'
  | 'Int256'
  | 'Float32'
  | 'Float64'
  | 'BFloat16'
  | 'Bool'
  | 'String'
  | 'Date'
  | 'Date32'
  | 'Time'
  | 'UUID'
  | 'IPv4'
  | 'IPv6'
  | 'Nothing'
  | 'Point'
  | 'Ring'
  | 'LineString'
  | 'MultiLineString'
  | 'Polygon'
  | 'MultiPolygon'
  | 'Geometry'
  | 'IntervalNanosecond'
  | 'IntervalMicrosecond'
  | 'IntervalMillisecond'
  | 'IntervalSecond'
  | 'IntervalMinute'
  | 'IntervalHour'
  | 'IntervalDay'
  | 'IntervalWeek'
  | 'IntervalMonth'
  | 'IntervalQuarter'
  | 'IntervalYear'

export interface EnumValue {
  readonly label: string
  readonly code: number
}

export interface TupleElement {
  /** Absent in an unnamed Tuple. */
  readonly name?: string
  readonly type: TypeNode
}

/** One parameter of JSON(...): a typed path, a limit, or paths to skip. */
export type JsonParameter =
  | { readonly path: string; readonly type: TypeNode }
  | { readonly setting: 'max_dynamic_paths' | 'max_dynamic_types'; readonly value: number }
  | { readonly skip: string }
  | { readonly skipRegexp: string }

export type TypeNode =
  | { readonly name: PlainTypeName }
  | { readonly name: 'FixedString'; readonly length: number }
  | { readonly name: 'Decimal'; readonly precision: number; readonly scale: number }
  | { readonly name: 'DateTime'; readonly zone?: string }
  | { readonly name: 'DateTime64'; readonly scale: number; readonly zone?: string }
  | { readonly name: 'Time64'; readonly scale: number }
  | { readonly name: 'Enum8' | 'Enum16'; readonly values: readonly EnumValue[] }
  | { readonly name: 'Nullable' | 'LowCardinality' | 'Array'; readonly inner: TypeNode }
  | { readonly name: 'Tuple' | 'Nested'; readonly elements: readonly TupleElement[] }
  | { readonly name: 'Map'; readonly key: TypeNode; readonly value: TypeNode }
  | { readonly name: 'Variant'; readonly alternatives: readonly TypeNode[] }
  | { readonly name: 'Dynamic'; readonly maxTypes?: number }
  | { readonly name: 'JSON'; readonly parameters: readonly JsonParameter[] }
  | { readonly name: 'QBit'; readonly element: TypeNode; readonly dimension: number; readonly stride?: number }
  | {
      readonly name: 'AggregateFunction' | 'SimpleAggregateFunction'
      /** The function as written, with its parameters: `quantiles(0.5, 0.9)`. */
      readonly function: string
      readonly args: readonly TypeNode[]
      /** Version of the state's layout, where ClickHouse prints one: `AggregateFunction(1, sumMap, ...)`. */
      readonly version?: number
    }

/** A column as the server has it (`system.columns`) or as the caller declared it. */
export interface Column {
  readonly name: string
  /** The type string exactly as it stands in system.columns. */
  readonly type: string
  readonly defaultKind: '' | 'DEFAULT' | 'MATERIALIZED' | 'ALIAS' | 'EPHEMERAL'
  readonly defaultExpression: string
}

/** A row by column name. No index signature: a value of an interface type has none, and is a row all the same. */
export type Row = object
