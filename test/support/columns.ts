// One column at a time, for the chapters in test/column: its bytes without the block around them, what it decodes to, and
// what it refuses. Every value goes all the ways a row can come in.

import { expect, it } from 'vitest'
import type { BlockBuilder, BuilderOptions } from '../../src/block/builder.ts'
import { createBuilder } from '../../src/block/create.ts'
import { decodeBlocks } from '../../src/block/decode.ts'
import { EncodeError, type ErrorCode } from '../../src/errors.ts'
import { asDecoded } from './vectors.ts'

export interface Refused {
  readonly code: ErrorCode
  /** Default: the last one. */
  readonly row?: number
  /** Where in the row, as the error names it; default `c`. */
  readonly column?: string
  /** The type the error names; default: not looked at. */
  readonly type?: string
  readonly hint?: RegExp
  readonly message?: RegExp
}

type ColumnOptions = Pick<BuilderOptions, 'invalidText'>

const WAYS: Record<string, (type: string, values: readonly unknown[], options?: ColumnOptions) => Uint8Array> = {
  'as array rows': (type, values, options) => encode(type, values, (value) => [value], 'array', options),
  'as rows by name': (type, values, options) => encode(type, values, (value) => ({ c: value }), 'name', options),
  'as array rows, without generated code': (type, values, options) =>
    withoutGeneratedCode(() => encode(type, values, (value) => [value], 'array, loop', options)),
  'as rows by name, without generated code': (type, values, options) =>
    withoutGeneratedCode(() => encode(type, values, (value) => ({ c: value }), 'name, loop', options)),
}

/** `hex` is the data of the column; spaces are for the reader. */
export function encodes(type: string, values: readonly unknown[], hex: string, options?: ColumnOptions): void {
  it(`${type}   ${values.map(brief).join(', ')}   ──▶   ${hex}`, () => {
    for (const [way, encoded] of Object.entries(WAYS)) {
      expect(spaced(dataOf(type, values, encoded(type, values, options))), way).toBe(spaced(hex))
    }
  })
}

/** The decoder gives `decoded`; by default what the types table says of the values. */
export function decodesTo(type: string, values: readonly unknown[], decoded?: readonly unknown[]): void {
  it(`${type}   ${values.map(brief).join(', ')}   ──▶   ${decoded ? decoded.map(brief).join(', ') : 'themselves'}`, () => {
    const expected = decoded ?? values.map((value) => asDecoded(type, value))
    for (const [way, encoded] of Object.entries(WAYS)) {
      expect(columnOf(encoded(type, values)), way).toStrictEqual(expected)
    }
  })
}

/** The last value is refused, the others are fine. */
export function rejects(type: string, values: readonly unknown[], refused: Refused, options?: ColumnOptions): void {
  it(`${type}   ${values.map(brief).join(', ')}   is refused: ${refused.code}`, () => {
    for (const [way, encoded] of Object.entries(WAYS)) {
      const error = thrown(() => encoded(type, values, options))
      expect(error, way).toBeInstanceOf(EncodeError)
      expectRefused(error as EncodeError, { row: values.length - 1, column: 'c', ...refused }, way)
      expect((error as EncodeError).message, way).not.toMatch(/NaN\]|undefined\./)
    }
  })
}

export function expectRefused(error: unknown, refused: Refused, way = ''): void {
  const { code, row, column, type, hint, message } = refused
  expect(error, way).toMatchObject({ code, ...(row !== undefined && { row }), ...(column !== undefined && { column }) })
  if (type !== undefined) expect((error as EncodeError).type, way).toBe(type)
  if (hint !== undefined) expect((error as EncodeError).hint, way).toMatch(hint)
  if (message !== undefined) expect((error as EncodeError).message, way).toMatch(message)
}

export function thrown(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was refused')
}

/** Everything of a process that forbids generated code: `new Function` throws what V8 throws then. */
export function withoutGeneratedCode<T>(run: () => T): T {
  const usual = globalThis.Function
  globalThis.Function = class {
    constructor() {
      throw new EvalError('Code generation from strings disallowed for this context')
    }
  } as unknown as FunctionConstructor
  try {
    return run()
  } finally {
    globalThis.Function = usual
  }
}

/** A builder of plain columns, as `encodeBlock` has one. */
export function builderOf(
  types: Record<string, string>,
  options: Partial<BuilderOptions> = {},
  defaults: Record<string, string> = {},
): BlockBuilder {
  return createBuilder(
    Object.entries(types).map(([name, type]) => ({
      name,
      type,
      defaultKind: Object.hasOwn(defaults, name) ? 'DEFAULT' : '',
      defaultExpression: Object.hasOwn(defaults, name) ? defaults[name]! : '',
    })),
    { blockSize: 4096, blockBytes: 64 * 2 ** 20, nullsAsDefault: true, ...options },
  )
}

/** Seals the open block; its bytes are the test's own. */
export function sealedBytes(builder: BlockBuilder): Uint8Array {
  const sealed = builder.seal()
  const bytes = sealed.bytes.slice()
  sealed.release()
  return bytes
}

/** Values of the only column, or of the first one, of a block. */
export function columnOf(block: Uint8Array): unknown[] {
  return decodeBlocks(block).flatMap(({ rows }) => rows.map(([value]) => value))
}

/** The column's data in a block of one column `c`. */
export function dataOf(type: string, values: readonly unknown[], block: Uint8Array): Uint8Array {
  const head = Buffer.concat([varUInt(1), varUInt(values.length), text('c'), text(type)])
  expect(Buffer.from(block.subarray(0, head.byteLength)).toString('hex')).toBe(head.toString('hex'))
  return block.subarray(head.byteLength)
}

function encode(
  type: string,
  values: readonly unknown[],
  asRow: (value: unknown) => object,
  way: string,
  options: ColumnOptions = {},
): Uint8Array {
  // The way is part of the shape, so that no builder of another way is taken from the pool.
  const builder = builderOf({ c: type }, { ...options, requireAll: true, table: way })
  try {
    values.forEach((value, index) => {
      builder.stage(asRow(value), index)
    })
    return sealedBytes(builder)
  } finally {
    builder.free()
  }
}

function spaced(hex: string | Uint8Array): string {
  const digits = typeof hex === 'string' ? hex.replace(/\s+/g, '') : Buffer.from(hex).toString('hex')
  return digits.replace(/../g, '$& ').trim()
}

function brief(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `(${value.length} characters)` : JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid Date' : value.toISOString()
  if (Object.is(value, -0)) return '-0'
  if (value instanceof Map) return `Map {${[...value].map((entry) => entry.map(brief).join(' → ')).join(', ')}}`
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`
  if (Array.isArray(value)) return value.length > 8 ? `(${value.length} elements)` : `[${value.map(brief).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, item]) => `${key}: ${brief(item)}`)
    return `${value.constructor === Object ? '' : (value.constructor?.name ?? 'null-prototype')}{${members.join(', ')}}`
  }
  return String(value)
}

function varUInt(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

function text(value: string): Buffer {
  return Buffer.concat([varUInt(Buffer.byteLength(value)), Buffer.from(value)])
}
