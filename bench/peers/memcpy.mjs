// The ceiling: the same arrays copied behind each other, and nothing else. As many outputs as a statement has blocks under way.

import { BLOCK_ROWS, numbers, rowsOf } from '../columns-of.mjs'

const OUTPUTS = 5

/** @param distinct  blocks of rows that differ; they are gone over until there were `blocks` */
export function create({ blocks, distinct, blockRows = BLOCK_ROWS }) {
  const columns = numbers(distinct * blockRows)
  const arrays = Array.from({ length: blocks }, (_, i) =>
    Object.values(rowsOf(columns, (i % distinct) * blockRows, blockRows)).map(bytesOf),
  )
  const byteLength = arrays[0].reduce((sum, bytes) => sum + bytes.length, 0)
  const outputs = Array.from({ length: OUTPUTS }, () => Buffer.allocUnsafeSlow(byteLength))
  return {
    byteLength: byteLength * blocks,
    run() {
      for (let i = 0; i < blocks; i++) {
        const out = outputs[i % OUTPUTS]
        let at = 0
        for (const bytes of arrays[i]) {
          out.set(bytes, at)
          at += bytes.length
        }
      }
    },
    check() {
      for (let i = Math.max(0, blocks - OUTPUTS); i < blocks; i++)
        if (!Buffer.concat(arrays[i]).equals(outputs[i % OUTPUTS])) throw new Error(`block ${i} is not what was copied`)
    },
  }
}

function bytesOf(values) {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
