// Blocks made by hand and requests around them, for tests of the way to the server.

import type { InsertRequest } from '../../src/transport/transport.ts'

/** `columnCount` UInt8 columns c0, c1, ... of one row, each holding its own number: a block whose first byte is `columnCount`. */
export function narrowBlock(columnCount: number): Buffer {
  const columns = Array.from({ length: columnCount }, (_, index) =>
    Buffer.concat([text(`c${index}`), text('UInt8'), Buffer.of(index)]),
  )
  return Buffer.concat([Buffer.of(columnCount, 1), ...columns])
}

/** One column `a UInt32` holding 0, 1, 2, ... */
export function countingBlock(rowCount: number): Buffer {
  const values = new Uint32Array(rowCount).map((_, index) => index)
  return Buffer.concat([Buffer.of(1), varUInt(rowCount), text('a'), text('UInt32'), Buffer.from(values.buffer)])
}

/** The columns of `narrowBlock` for a CREATE TABLE. */
export function narrowColumns(columnCount: number): string {
  return Array.from({ length: columnCount }, (_, index) => `c${index} UInt8`).join(', ')
}

export function insertOf(table: string, bytes: Uint8Array, more: Partial<InsertRequest> = {}): InsertRequest {
  return {
    sql: `INSERT INTO ${table} FORMAT Native`,
    bytes,
    compressed: false,
    settings: {},
    queryId: crypto.randomUUID(),
    attemptTimeoutMs: 20_000,
    ...more,
  }
}

/** The error of a promise that must fail. */
export async function failure<E extends Error>(
  promise: Promise<unknown>,
  type: new (...args: never[]) => E,
): Promise<E> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome))
    throw new Error(`expected ${type.name}, but it succeeded: ${JSON.stringify(outcome.value)}`)
  if (!(outcome.error instanceof type)) throw outcome.error
  return outcome.error
}

function varUInt(value: number): Buffer {
  const bytes: number[] = []
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
  return Buffer.from([...bytes, value])
}

function text(value: string): Buffer {
  return Buffer.concat([varUInt(Buffer.byteLength(value)), Buffer.from(value)])
}
