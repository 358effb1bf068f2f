// JSON: text, or one column per path.
//
//   version 1   UInt64 1                                            a string per row
//   version 0   UInt64 0, VarUInt, VarUInt p, p paths     prefixes of the typed paths, of p Dynamic columns;
//   version 2   UInt64 2,          VarUInt p, p paths     data of both; then Array(Tuple(path, value)) for further paths
//   version 3   UInt64 3,          VarUInt p, p paths     the same without the array
//
// Typed paths are those of the type's parameters, sorted. A row without a dynamic path has NULL there.
import type { JsonParameter, TypeNode } from '../../types/node.ts'
import { readSharedValues } from './binary.ts'
import type { ByteReader } from './bytes.ts'
import type { Open, ReadValues } from './column.ts'
import { jsonNumbers, parseJsonText, setPath } from './objects.ts'

const DYNAMIC: TypeNode = { name: 'Dynamic' }

export function openJson(reader: ByteReader, parameters: readonly JsonParameter[], open: Open): ReadValues {
  const version = reader.uint64()
  if (version > 3) throw reader.bad(`JSON version ${version}`, reader.at - 8)
  if (version === 1) return (count, isNull) => readJsonTexts(reader, count, isNull)
  if (version === 0) reader.varint() // max_dynamic_paths, which the list of paths makes superfluous

  const pathCount = reader.count(reader.varint(), 1, 'paths')
  const paths = Array.from({ length: pathCount }, () => reader.text())
  const typed = parameters.filter((parameter) => 'path' in parameter)
  const readTyped = typed.map(({ type }) => open(type))
  const readDynamic = paths.map(() => open(DYNAMIC))

  return (count) => {
    const rows = Array.from({ length: count }, () => ({}))
    typed.forEach(({ path }, p) => {
      readTyped[p]!(count).forEach((value, i) => {
        setPath(reader, rows[i]!, path, jsonNumbers(value))
      })
    })
    paths.forEach((path, p) => {
      readDynamic[p]!(count).forEach((value, i) => {
        if (value !== null) setPath(reader, rows[i]!, path, jsonNumbers(value))
      })
    })
    if (version !== 3) readSharedPaths(reader, rows)
    return rows
  }
}

function readSharedPaths(reader: ByteReader, rows: object[]): void {
  const ends = reader.offsets(rows.length)
  const total = ends.at(-1)!
  const paths = Array.from({ length: total }, () => reader.text())
  const values = readSharedValues(reader)(total)
  let n = 0
  rows.forEach((row, i) => {
    for (; n < ends[i]!; n++) setPath(reader, row, paths[n]!, jsonNumbers(values[n]))
  })
}

function readJsonTexts(reader: ByteReader, count: number, isNull?: Uint8Array): unknown[] {
  reader.count(count, 1, 'strings')
  return Array.from({ length: count }, (_, i) => {
    const start = reader.at
    const text = reader.text()
    if (isNull?.[i] === 1) return null
    try {
      return parseJsonText(text)
    } catch (error) {
      throw reader.bad(`no JSON text: ${(error as Error).message}`, start)
    }
  })
}
