// What is compressed: blocks of rows, as the builder makes them, and noise. About 8 MB each.

import { encodeBlock } from '../dist/native.js'
import { random } from './random.mjs'
import { columnsOf, rowsOf } from './shapes.mjs'

const ROW_COUNTS = { log: 64_000, clickstream: 320_000, metrics: 64_000 }

export const BLOCK_NAMES = [...Object.keys(ROW_COUNTS), 'noise']

/** What one frame holds. */
export const SLICE = 2 ** 20

export function blockOf(name, quick) {
  if (name === 'noise') return noise(quick ? SLICE + 1 : 8 * SLICE)
  const rowCount = quick ? 10_000 : ROW_COUNTS[name]
  return Buffer.from(encodeBlock(columnsOf(name), rowsOf(name, rowCount, rowCount))) // rows that repeat would compress too well
}

/** The block in slices of what one frame holds. */
export function slicesOf(block) {
  return Array.from({ length: Math.ceil(block.length / SLICE) }, (_, i) => block.subarray(i * SLICE, (i + 1) * SLICE))
}

function noise(byteLength) {
  const next = random(1)
  return Buffer.from(Uint8Array.from({ length: byteLength }, () => next() * 256))
}
