// encodeColumns() reads typed arrays where they are and writes the block once, into fresh memory or into what it is given.

import { describe, expect, it } from 'vitest'
import { decodeBlocks, encodeBlock, encodeColumns } from '../../src/native.ts'
import { thrown } from '../support/columns.ts'

/** Rows beyond the first slice, which a builder that knows nothing of their size takes by itself. */
const COUNT = 5000
const numbers = Float64Array.from({ length: COUNT }, (_, i) => i / 3)
const days = Uint16Array.from({ length: COUNT }, (_, i) => i)
const columns = [
  { name: 'n', type: 'Float64', data: numbers },
  { name: 'd', type: 'Date', data: days },
  { name: 't', type: 'String', data: Array.from(days, (day) => `day ${day}`) },
  { name: 'i', type: 'Nullable(Int32)', data: Int32Array.from(days) },
]
const rows = Array.from(days, (day, i) => [numbers[i], day, `day ${day}`, day])
const wanted = encodeBlock(columns, rows)

describe('the block is the same', () => {
  it('whether a builder sees such columns for the first time, or knows them', () => {
    for (let call = 0; call < 3; call++) expect(Buffer.compare(encodeColumns(columns), wanted)).toBe(0)
  })

  it('behind a call that was refused half-way', () => {
    const bad = columns.with(2, { ...columns[2]!, data: columns[2]!.data.with(COUNT - 1, 7 as never) as string[] })
    for (let call = 0; call < 2; call++) {
      expect(thrown(() => encodeColumns(bad))).toMatchObject({ code: 'WRONG_TYPE', column: 't', row: COUNT - 1 })
      expect(Buffer.compare(encodeColumns(columns), wanted)).toBe(0)
    }
  })

  it('and nothing of it is in the arrays or in another block', () => {
    const first = encodeColumns(columns)
    const second = encodeColumns(columns)
    first.fill(0)
    expect(Buffer.compare(second, wanted)).toBe(0)
    expect(first.buffer.byteLength).toBe(first.byteLength)
    expect([numbers[3], days[3]]).toEqual([1, 3])
  })
})

describe('into', () => {
  it('is written to, and the block is its beginning', () => {
    const into = new Uint8Array(wanted.length + 100).fill(0xaa)
    for (let call = 0; call < 2; call++) {
      const block = encodeColumns(columns, { into })
      expect([block.buffer, block.byteOffset]).toEqual([into.buffer, 0])
      expect(Buffer.compare(block, wanted)).toBe(0)
      expect(into.subarray(wanted.length).every((byte) => byte === 0xaa)).toBe(true)
    }
  })

  it('may be a part of something, and just large enough', () => {
    const whole = Buffer.alloc(wanted.length + 20, 0xaa)
    const block = encodeColumns(columns, { into: whole.subarray(7, 7 + wanted.length) })
    expect(Buffer.compare(block, wanted)).toBe(0)
    expect(block.byteOffset).toBe(whole.byteOffset + 7)
    expect([whole[6], whole[7 + wanted.length]]).toEqual([0xaa, 0xaa])
  })

  it('is left alone where it is too small', () => {
    const into = new Uint8Array(wanted.length - 1)
    const block = encodeColumns(columns, { into })
    expect(Buffer.compare(block, wanted)).toBe(0)
    expect(block.buffer).not.toBe(into.buffer)
    expect(into.every((byte) => byte === 0)).toBe(true)
  })

  it('is bytes', () => {
    for (const into of [new Uint16Array(9), 5, null, []]) {
      expect(thrown(() => encodeColumns(columns, { into: into as never }))).toMatchObject({ code: 'BAD_OPTION' })
    }
  })

  it('no rows: no bytes', () => {
    expect(encodeColumns([{ name: 'n', type: 'UInt8', data: [] }], { into: new Uint8Array(9) })).toHaveLength(0)
  })
})

it('what is decoded of it are the values', () => {
  expect(decodeBlocks(encodeColumns(columns))[0]!.rows[4999]).toEqual([4999 / 3, '1983-09-09', 'day 4999', 4999])
})
