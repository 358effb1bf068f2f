import { decompress, encodeBlock } from '../dist/native.js'
import { checkBlocks } from './check.mjs'
import { columnsOf, rowsOf } from './shapes.mjs'

/**
 * The rows of a shape as the blocks that a statement makes of them. The first is read back value by value; whether all of them hold
 * what they should, the table says that they go into.
 */
export function blocksOf({ shape, rowCount, blockRows, compression = 'none' }) {
  const rows = rowsOf(shape, rowCount)
  const columns = columnsOf(shape)
  const blocks = []
  for (let start = 0; start < rows.length; start += blockRows) {
    const part = rows.slice(start, start + blockRows)
    const block = encodeBlock(columns, part, { compression })
    if (start === 0) checkBlocks(compression === 'lz4' ? decompress(block) : block, shape, part)
    blocks.push(Buffer.from(block))
  }
  return blocks
}
