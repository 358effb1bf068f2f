// "Columns in" of the README: the typed arrays that are copied as they are.

import { afterEach, describe, expect, it, vi } from 'vitest'
import * as date from '../../src/column/date.ts'
import * as dateTime64 from '../../src/column/date-time64.ts'
import * as enums from '../../src/column/enum.ts'
import * as float from '../../src/column/float.ts'
import * as integer from '../../src/column/integer.ts'
import * as ip from '../../src/column/ip.ts'
import * as time from '../../src/column/time.ts'
import * as wide from '../../src/column/wide-integer.ts'
import { encodeBlock, encodeColumns } from '../../src/native.ts'
import { chapter, readRepositoryFile, tableRows } from './markdown.ts'

const rows = tableRows(chapter(readRepositoryFile('README.md'), 'Columns in')).filter(([types]) =>
  /^`[A-Z]/.test(types!),
)
const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)

/** Types with what the table leaves to the reader. */
const FULL: Record<string, string> = {
  'DateTime64(P)': 'DateTime64(3)',
  'Time64(P)': 'Time64(3)',
  Enum8: "Enum8('zero' = 0, 'one' = 1)",
  Enum16: "Enum16('zero' = 0, 'one' = 1)",
}

/** The table says it in words. */
const KINDS: Record<string, readonly string[]> = {
  UInt8: ['Uint8Array', 'Uint8ClampedArray'],
  UInt16: ['Uint8Array', 'Uint16Array'],
  UInt32: ['Uint8Array', 'Uint16Array', 'Uint32Array'],
  Int8: ['Int8Array'],
  Int16: ['Int8Array', 'Int16Array', 'Uint8Array'],
  Int32: ['Int8Array', 'Int16Array', 'Int32Array', 'Uint8Array', 'Uint16Array'],
  Float64: [
    'Int8Array',
    'Uint8Array',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
    'Float32Array',
    'Float64Array',
  ],
  Float32: ['Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array'],
  Enum8: ['Int8Array'],
  Enum16: ['Int16Array'],
}

afterEach(() => vi.restoreAllMocks())

describe('typed arrays that are copied as they are', () => {
  it('the table is there', () => expect(rows.length).toBeGreaterThan(8))

  for (const [types, arrays] of rows) {
    for (const type of names(types!)) {
      for (const kind of KINDS[type] ?? names(arrays!).filter((name) => name.endsWith('Array'))) {
        it(`${type}: ${kind}`, () => expect(valuesPut(FULL[type] ?? type, kind)).toBe(0))
      }
    }
  }
  it.each([
    ['UInt16', 'Int8Array'],
    ['DateTime64(3)', 'Float64Array'],
  ])('any other is looked at value by value: %s, %s', (type, kind) => expect(valuesPut(type, kind)).toBe(3))
})

/** How many values of such an array were looked at; the column is what the same numbers are in rows. */
function valuesPut(type: string, kind: string): number {
  const columns = [{ name: 'c', type }]
  const numbers = kind.startsWith('Big') ? [0n, 1n, 0n] : [0, 1, 0]
  const values = (globalThis as unknown as Record<string, BigInt64ArrayConstructor>)[kind]!.from(numbers as bigint[])
  const wanted = encodeBlock(
    columns,
    numbers.map((value) => [value]),
  )
  const puts = [date, dateTime64, enums, float, integer, ip, time, wide]
    .flatMap((module) => Object.values(module) as { prototype?: { put?: unknown } }[])
    .filter(({ prototype }) => prototype !== undefined && Object.hasOwn(prototype, 'put'))
    .map(({ prototype }) => vi.spyOn(prototype as { put(index: number, value: unknown): void }, 'put'))
  expect(Buffer.from(encodeColumns([{ ...columns[0]!, data: values }])).equals(wanted)).toBe(true)
  return puts.flatMap(({ mock }) => mock.calls).length
}
