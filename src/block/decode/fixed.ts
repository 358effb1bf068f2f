import type { EnumValue, TypeNode } from '../../types/node.ts'
import type { ByteReader } from './bytes.ts'
import type { ReadValues } from './column.ts'
import { clockText, dayText, decimalText, ipv4Text, ipv6Text, uuidText } from './text.ts'

type ReadOne = (view: DataView, offset: number) => unknown

const bigInt64: ReadOne = (view, at) => view.getBigInt64(at, true)
const FLOAT32 = new DataView(new ArrayBuffer(4))

const FIXED: Record<string, readonly [byteLength: number, read: ReadOne]> = {
  UInt8: [1, (view, at) => view.getUint8(at)],
  UInt16: [2, (view, at) => view.getUint16(at, true)],
  UInt32: [4, (view, at) => view.getUint32(at, true)],
  UInt64: [8, (view, at) => view.getBigUint64(at, true)],
  UInt128: [16, (view, at) => wideUint(view, at, 16)],
  UInt256: [32, (view, at) => wideUint(view, at, 32)],
  Int8: [1, (view, at) => view.getInt8(at)],
  Int16: [2, (view, at) => view.getInt16(at, true)],
  Int32: [4, (view, at) => view.getInt32(at, true)],
  Int64: [8, bigInt64],
  Int128: [16, (view, at) => wideInt(view, at, 16)],
  Int256: [32, (view, at) => wideInt(view, at, 32)],
  Float32: [4, (view, at) => view.getFloat32(at, true)],
  Float64: [8, (view, at) => view.getFloat64(at, true)],
  BFloat16: [2, (view, at) => bfloat16(view.getUint16(at, true))],
  Date: [2, (view, at) => dayText(view.getUint16(at, true))],
  Date32: [4, (view, at) => dayText(view.getInt32(at, true))],
  DateTime: [4, (view, at) => new Date(view.getUint32(at, true) * 1000)],
  Time: [4, (view, at) => clockText(BigInt(view.getInt32(at, true)), 0)],
  UUID: [16, uuidText],
  IPv4: [4, (view, at) => ipv4Text(view.getUint32(at, true))],
  IPv6: [16, ipv6Text],
  Nothing: [1, () => null],
}

/** Types whose values all take the same number of bytes, one after another. */
export function fixedReader(reader: ByteReader, node: TypeNode): ReadValues {
  switch (node.name) {
    case 'Bool':
      return checkedReader(reader, 1, (view, at) => [false, true][view.getUint8(at)], 'a Bool is 0 or 1')
    case 'Enum8':
      return enumReader(reader, 1, node.values, (view, at) => view.getInt8(at))
    case 'Enum16':
      return enumReader(reader, 2, node.values, (view, at) => view.getInt16(at, true))
    case 'FixedString':
      return (count) => {
        const { length } = node
        const start = reader.skip(count * length)
        return Array.from({ length: count }, (_, i) => reader.textAt(start + i * length, start + (i + 1) * length))
      }
    case 'Decimal': {
      const [byteLength, unscaled] = FIXED[decimalStorage(node.precision)]!
      return valuesReader(reader, byteLength, (view, at) =>
        decimalText(BigInt(unscaled(view, at) as bigint), node.scale),
      )
    }
    case 'DateTime64':
      return valuesReader(reader, 8, dateTime64Reader(node.scale))
    case 'Time64':
      return valuesReader(reader, 8, (view, at) => clockText(view.getBigInt64(at, true), node.scale))
    default: {
      const [byteLength, read] = FIXED[node.name] ?? [8, bigInt64] // what is left are the intervals: Int64
      return valuesReader(reader, byteLength, read)
    }
  }
}

/** Bytes of one value of the types that fixedReader() reads. */
export function fixedWidth(node: TypeNode): number {
  switch (node.name) {
    case 'Bool':
    case 'Enum8':
      return 1
    case 'Enum16':
      return 2
    case 'FixedString':
      return node.length
    case 'Decimal':
      return FIXED[decimalStorage(node.precision)]![0]
    default:
      return FIXED[node.name]?.[0] ?? 8 // DateTime64, Time64 and the intervals
  }
}

function valuesReader(reader: ByteReader, byteLength: number, read: ReadOne): ReadValues {
  return (count) => {
    let at = reader.skip(count * byteLength)
    const values = new Array(count)
    for (let i = 0; i < count; i++, at += byteLength) values[i] = read(reader.view, at)
    return values
  }
}

/** Values for which `read` may have no answer; that is an error unless they stand under a NULL. */
function checkedReader(reader: ByteReader, byteLength: number, read: ReadOne, rule: string): ReadValues {
  const readAll = valuesReader(reader, byteLength, read)
  return (count, isNull) => {
    const start = reader.at
    const values = readAll(count)
    for (let i = 0; i < count; i++) {
      if (values[i] === undefined && isNull?.[i] !== 1) throw reader.bad(rule, start + i * byteLength)
    }
    return values
  }
}

function enumReader(
  reader: ByteReader,
  byteLength: number,
  values: readonly EnumValue[],
  code: (view: DataView, at: number) => number,
): ReadValues {
  const labels = new Map(values.map((value) => [value.code, value.label]))
  return checkedReader(reader, byteLength, (view, at) => labels.get(code(view, at)), 'an Enum code without a label')
}

/** The width of a Decimal depends on its precision only. */
function decimalStorage(precision: number): string {
  if (precision <= 9) return 'Int32'
  if (precision <= 18) return 'Int64'
  return precision <= 38 ? 'Int128' : 'Int256'
}

function dateTime64Reader(scale: number): ReadOne {
  if (scale > 3) return bigInt64
  const ms = 10 ** (3 - scale)
  return (view, at) => {
    const ticks = view.getBigInt64(at, true)
    const date = new Date(Number(ticks) * ms)
    return Number.isNaN(date.getTime()) ? ticks : date
  }
}

function bfloat16(bits: number): number {
  FLOAT32.setUint16(0, bits)
  return FLOAT32.getFloat32(0)
}

function wideUint(view: DataView, at: number, byteLength: number): bigint {
  let value = 0n
  for (let i = byteLength - 8; i >= 0; i -= 8) value = (value << 64n) | view.getBigUint64(at + i, true)
  return value
}

function wideInt(view: DataView, at: number, byteLength: number): bigint {
  return BigInt.asIntN(byteLength * 8, wideUint(view, at, byteLength))
}
