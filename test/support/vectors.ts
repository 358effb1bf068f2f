// The golden vectors: what the real engine (26.7) wrote for known values. JSON holds the values in a convention of its
// own (a UUID is a string, a Date is {"$date": ms}, ...); this file turns them into what the public API accepts, and
// into what decodeBlocks() answers.
import { readFileSync } from 'node:fs'
import type { TypeNode } from '../../src/types/node.ts'
import { parseType } from '../../src/types/parse.ts'
import { type TypedValue, typed } from '../../src/types/typed.ts'
import { expandRows, type RowsGen } from './vector-rows.ts'

/** One column named `c`, one block. */
export interface Vector {
  readonly name: string
  /** The table's column type. */
  readonly type: string
  /** The type string inside the block; differs from `type` for a top-level DateTime with a zone. */
  readonly headerType: string
  /** One value a row, as the public API accepts them. */
  readonly rows: readonly unknown[]
  /** `bytes`: there is one natural encoding. `roundtrip`: others are as good, compare what the server reads back. */
  readonly compare: 'bytes' | 'roundtrip'
  /** Where the column's data begins in the block, when the header says `headerType`. */
  readonly dataOffset: number
  /** The whole block; absent above 6,000 bytes, where length and SHA-256 (hex) stand instead. */
  readonly native?: Uint8Array
  readonly nativeLength: number
  readonly nativeSha256?: string
  /** SHA-256 (hex) of the block from `dataOffset` on. */
  readonly dataSha256?: string
  /** First bytes of a block that is not here whole. */
  readonly nativeHead?: Uint8Array
  /** `SELECT c FORMAT RowBinary` after the insert. */
  readonly rowbinary?: Uint8Array
  readonly rowbinarySha256?: string
  /** For types with JSON, where RowBinary has no fixed order: `SELECT c` as JSONCompactEachRow lines. */
  readonly readbackJson?: readonly string[]
  readonly note?: string
}

/** Several columns or several blocks. */
export interface BlockVector {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** blocks[b][c][r]: row r of column c in block b, as the public API accepts it. */
  readonly blocks: readonly (readonly (readonly unknown[])[])[]
  readonly compare: 'bytes' | 'roundtrip'
  readonly native: Uint8Array
  readonly rowbinary: Uint8Array
  readonly note?: string
}

/** A body and what the engine did with it. */
export interface BehaviourVector {
  readonly name: string
  /** Creates table `t`. */
  readonly ddl: string
  /** `(a, b)`, or empty. */
  readonly insertColumns: string
  readonly insertSettings: string
  readonly body: Uint8Array
  readonly select?: string
  /** rows are JSONCompactEachRow lines of `SELECT select`. */
  readonly result:
    | { readonly ok: true; readonly rows: readonly string[] }
    | { readonly ok: false; readonly code: number; readonly message: string }
  readonly note?: string
}

export interface CompressionVector {
  readonly name: string
  /** 0x02 none, 0x82 LZ4, 0x90 ZSTD. */
  readonly method: number
  /** `decode`: another compressor may write other bytes. */
  readonly compare: 'bytes' | 'decode'
  readonly raw: Uint8Array
  /** The whole frame, checksum first. */
  readonly frame: Uint8Array
}

export interface CityHashVector {
  readonly name: string
  readonly input: Uint8Array
  /** (high << 64n) | low */
  readonly hash: bigint
}

/** Every file that loadVectors() takes. */
export const VECTOR_FILES = [
  'integers',
  'floats',
  'decimals',
  'strings',
  'dates',
  'identifiers',
  'nullable',
  'arrays',
  'tuples_maps',
  'lowcardinality',
  'nested_prefixes',
  'variant',
  'dynamic_json',
  'geo_misc',
  'aggregate_states',
] as const
export type VectorFile = (typeof VECTOR_FILES)[number]

/** The single-column vectors of one file. The rows of `aggregate_states` are `{$state: sql}`: no client can make them. */
export function loadVectors(file: VectorFile): Vector[] {
  return readVectors<RawVector>(file).map((raw) => {
    const node = parseType(raw.type)
    const native = raw.native_hex === undefined ? undefined : hex(raw.native_hex)
    return {
      name: raw.name,
      type: raw.type,
      headerType: raw.header_type ?? raw.type,
      rows: raw.rows_gen ? expandRows(raw.rows_gen) : raw.rows!.map((value) => toInput(node, value)),
      compare: raw.compare,
      dataOffset: raw.data_offset,
      native,
      nativeLength: native?.length ?? raw.native_length!,
      nativeSha256: raw.native_sha256,
      dataSha256: raw.data_sha256,
      nativeHead: raw.native_head_hex === undefined ? undefined : hex(raw.native_head_hex),
      rowbinary: raw.rowbinary_hex === undefined ? undefined : hex(raw.rowbinary_hex),
      rowbinarySha256: raw.rowbinary_sha256,
      readbackJson: raw.readback_json,
      note: raw.note,
    }
  })
}

export function loadAllVectors(): Vector[] {
  return VECTOR_FILES.flatMap(loadVectors)
}

export function loadBlockVectors(): BlockVector[] {
  return readVectors<RawBlockVector>('blocks').map((raw) => {
    const nodes = raw.columns.map((column) => parseType(column.type))
    return {
      name: raw.name,
      columns: raw.columns,
      blocks: raw.blocks.map((block) => block.map((values, c) => values.map((value) => toInput(nodes[c]!, value)))),
      compare: raw.compare,
      native: hex(raw.native_hex),
      rowbinary: hex(raw.rowbinary_hex),
      note: raw.note,
    }
  })
}

export function loadBehaviour(): BehaviourVector[] {
  return readVectors<RawBehaviour>('behaviour').map((raw) => ({
    name: raw.name,
    ddl: raw.ddl,
    insertColumns: raw.insert_columns ?? '',
    insertSettings: raw.insert_settings ?? '',
    body: hex(raw.body_hex),
    select: raw.select,
    result: raw.result,
    note: raw.note,
  }))
}

export function loadCompression(): CompressionVector[] {
  return readVectors<RawCompression>('compression').map((raw) => {
    const bytes = raw.raw_hex === undefined ? generatedBytes(raw.raw_gen!) : hex(raw.raw_hex)
    // A frame of method "none" whose payload would only repeat the raw bytes is stored as its 25 header bytes.
    const frame = raw.frame_hex === undefined ? Buffer.concat([hex(raw.frame_head_hex!), bytes]) : hex(raw.frame_hex)
    return {
      name: raw.name,
      method: Number(raw.method),
      compare: raw.compare,
      raw: bytes,
      frame: new Uint8Array(frame),
    }
  })
}

export function loadCityHash(): CityHashVector[] {
  return readVectors<RawCityHash>('cityhash').map((raw) => {
    const hash = Buffer.from(raw.hash_hex, 'hex')
    return {
      name: raw.name,
      input: hex(raw.input_hex),
      hash: (hash.readBigUInt64LE(8) << 64n) | hash.readBigUInt64LE(0),
    }
  })
}

/** Names of the vectors whose bytes clickhouse-server 18.16.1 took over HTTP and gave back unchanged. */
export function loadAcceptedBy18(): Set<string> {
  return new Set((readJson('accepted-by-18.16') as { names: string[] }).names)
}

/** The values of one block of a BlockVector row by row, as exec() takes them. */
export function rowsOfBlock(block: readonly (readonly unknown[])[]): unknown[][] {
  return (block[0] ?? []).map((_, row) => block.map((values) => values[row]))
}

/**
 * What decodeBlocks() answers for `value` in a column of `type`: the "decodes to" column of the types table. Written
 * without the decoder's code, so that a slip there cannot hide here.
 */
export function asDecoded(type: string | TypeNode, value: unknown): unknown {
  const node = typeof type === 'string' ? parseType(type) : type
  if (value === null) return null
  switch (node.name) {
    case 'Nullable':
    case 'LowCardinality':
      return asDecoded(node.inner, value)
    case 'SimpleAggregateFunction':
      return asDecoded(node.args[0]!, value)
    case 'UInt64':
    case 'Int64':
    case 'UInt128':
    case 'Int128':
    case 'UInt256':
    case 'Int256':
      return BigInt(value as bigint)
    case 'Float32':
      return Math.fround(value as number)
    case 'BFloat16':
      return truncateToBFloat16(value as number)
    case 'Decimal':
      return decimalText(value as string, node.scale)
    case 'String':
      return textOrBytes(bytesOf(value))
    case 'FixedString':
      return textOrBytes(Buffer.concat([bytesOf(value), Buffer.alloc(node.length)]).subarray(0, node.length))
    case 'Date':
    case 'Date32': {
      const ms = value instanceof Date ? value.getTime() : (value as number) * 86_400_000
      return new Date(ms).toISOString().slice(0, 10)
    }
    case 'DateTime': {
      const seconds = value instanceof Date ? Math.floor(value.getTime() / 1000) : (value as number)
      return new Date(seconds * 1000)
    }
    case 'DateTime64': {
      const ticks = value instanceof Date ? ticksOf(value.getTime(), node.scale) : (value as bigint)
      return node.scale <= 3 ? new Date(Number(ticks) * 10 ** (3 - node.scale)) : ticks
    }
    case 'Time':
      return clockText(BigInt(value as number), 0)
    case 'Time64':
      return clockText(BigInt(value as bigint), node.scale)
    case 'Array':
      return (value as unknown[]).map((element) => asDecoded(node.inner, element))
    case 'Nested':
      return (value as unknown[]).map((row) => asDecoded({ name: 'Tuple', elements: node.elements }, row))
    case 'Tuple': {
      const parts = node.elements.map(({ name, type }, i) => [
        name,
        asDecoded(type, Array.isArray(value) ? value[i] : (value as Record<string, unknown>)[name!]),
      ])
      return parts[0]?.[0] === undefined ? parts.map(([, part]) => part) : Object.fromEntries(parts)
    }
    case 'Map': {
      const entries = [...(value as Iterable<[unknown, unknown]>)].map(
        ([key, item]) => [asDecoded(node.key, key), asDecoded(node.value, item)] as const,
      )
      const map = new Map(entries)
      return map.size === entries.length ? map : entries
    }
    case 'Variant':
    case 'Dynamic':
    case 'Geometry':
      return asDecoded((value as TypedValue).type, (value as TypedValue).value)
    case 'QBit':
      return (value as number[]).map((element) => asDecoded(node.element, element))
    case 'JSON':
      return withoutNulls(value)
    default:
      return node.name.startsWith('Interval') ? BigInt(value as bigint) : value
  }
}

// ------------------------------------------------------------------------------------------------ JSON convention

interface RawVector {
  name: string
  type: string
  header_type?: string
  rows?: unknown[]
  rows_gen?: RowsGen
  compare: 'bytes' | 'roundtrip'
  note?: string
  data_offset: number
  native_hex?: string
  native_length?: number
  native_sha256?: string
  native_head_hex?: string
  data_sha256?: string
  rowbinary_hex?: string
  rowbinary_sha256?: string
  readback_json?: string[]
}

interface RawBlockVector {
  name: string
  columns: { name: string; type: string }[]
  blocks: unknown[][][]
  compare: 'bytes' | 'roundtrip'
  note?: string
  native_hex: string
  rowbinary_hex: string
}

interface RawBehaviour {
  name: string
  ddl: string
  insert_columns?: string
  insert_settings?: string
  body_hex: string
  select?: string
  result: BehaviourVector['result']
  note?: string
}

interface RawCompression {
  name: string
  method: string
  compare: 'bytes' | 'decode'
  raw_hex?: string
  raw_gen?: string
  frame_hex?: string
  frame_head_hex?: string
}

interface RawCityHash {
  name: string
  input_hex: string
  hash_hex: string
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}.json`, import.meta.url), 'utf8'))
}

function readVectors<T>(file: string): T[] {
  return (readJson(file) as { vectors: T[] }).vectors
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}

function generatedBytes(text: string): Uint8Array {
  const [, count, byte] = /^(\d+) bytes of (0x[0-9a-f]{2})$/.exec(text)!
  return new Uint8Array(Number(count)).fill(Number(byte))
}

/** A value of the JSON convention → what the public API takes. */
function toInput(node: TypeNode, value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  const marked = value as Record<string, never>
  if (marked.$bigint !== undefined) return BigInt(marked.$bigint)
  if (marked.$float !== undefined) return Number(marked.$float)
  if (marked.$hex !== undefined) return hex(marked.$hex)
  if (marked.$date !== undefined) return new Date(marked.$date)
  if (marked.$ticks !== undefined) return takesBigTicks(node) ? BigInt(marked.$ticks) : Number(marked.$ticks)
  if (marked.$state !== undefined) return value
  const alternative = (marked.$variant ?? marked.$dynamic) as [string, unknown] | undefined
  if (alternative !== undefined) return typed(alternative[0], toInput(parseType(alternative[0]), alternative[1]))
  switch (node.name) {
    case 'Nullable':
    case 'LowCardinality':
      return toInput(node.inner, value)
    case 'Array':
      return (value as unknown[]).map((element) => toInput(node.inner, element))
    case 'SimpleAggregateFunction':
      return toInput(node.args[0]!, value)
    case 'QBit':
      return (value as unknown[]).map((element) => toInput(node.element, element))
    case 'Nested':
      return (value as unknown[]).map((row) => toInput({ name: 'Tuple', elements: node.elements }, row))
    case 'Tuple':
      if (Array.isArray(value)) return value.map((part, i) => toInput(node.elements[i]!.type, part))
      return Object.fromEntries(node.elements.map(({ name, type }) => [name, toInput(type, marked[name!])]))
    case 'Map': {
      const entries = (marked.$map as [unknown, unknown][]).map(
        ([key, item]) => [toInput(node.key, key), toInput(node.value, item)] as const,
      )
      const map = new Map(entries)
      return map.size === entries.length ? map : entries // a Map would drop duplicate keys, the server keeps them
    }
    default:
      return value // JSON objects, and the nested number arrays of the geo types
  }
}

function takesBigTicks(node: TypeNode): boolean {
  if (node.name === 'Nullable' || node.name === 'LowCardinality') return takesBigTicks(node.inner)
  if (node.name === 'SimpleAggregateFunction') return takesBigTicks(node.args[0]!)
  return node.name === 'DateTime64' || node.name === 'Time64'
}

// ------------------------------------------------------------------------------------------------ decoded values

function bytesOf(value: unknown): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : (value as Uint8Array)
}

function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new Uint8Array(bytes)
  }
}

function truncateToBFloat16(value: number): number {
  const bits = new DataView(new ArrayBuffer(4))
  bits.setFloat32(0, value)
  bits.setUint16(2, 0)
  return bits.getFloat32(0)
}

function decimalText(text: string, scale: number): string {
  const [whole, fraction = ''] = text.split('.')
  return scale === 0 ? whole! : `${whole}.${fraction.padEnd(scale, '0')}`
}

function ticksOf(ms: number, scale: number): bigint {
  return scale >= 3 ? BigInt(ms) * 10n ** BigInt(scale - 3) : BigInt(Math.floor(ms / 10 ** (3 - scale)))
}

function clockText(ticks: bigint, scale: number): string {
  const absolute = ticks < 0n ? -ticks : ticks
  const digits = absolute.toString().padStart(scale + 1, '0')
  const seconds = Number(digits.slice(0, digits.length - scale))
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':')
  return `${ticks < 0n ? '-' : ''}${clock}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`
}

/** A JSON column drops null members of objects. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  )
}
