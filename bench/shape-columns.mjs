import { columnsOf } from './shapes.mjs'

/** How a program has a column that it has whole: numbers and times as typed arrays, everything else as a list of values. */
const TYPED = {
  UInt8: Uint8Array,
  UInt16: Uint16Array,
  UInt32: Uint32Array,
  Float64: Float64Array,
}

/** The rows' columns as execColumns() takes them. */
export function columnArrays(shape, rows) {
  return Object.fromEntries(
    columnsOf(shape).map(({ name, type }) => [
      name,
      columnOf(
        type,
        rows.map((row) => row[name]),
      ),
    ]),
  )
}

function columnOf(type, values) {
  if (Object.hasOwn(TYPED, type)) return TYPED[type].from(values)
  if (type === 'Int64') return BigInt64Array.from(values, BigInt)
  if (type === 'UInt64') return BigUint64Array.from(values, BigInt)
  if (type === 'DateTime') return Uint32Array.from(values, (time) => time / 1000)
  if (type === 'Date') return Uint16Array.from(values, (time) => time / 86_400_000)
  if (type === 'DateTime64(3)') return BigInt64Array.from(values, (time) => BigInt(time.getTime()))
  return values
}
