// One column of texts, read in the core: into a sealed block, as execColumns() does, or no further than into the column's values,
// which is where a parser in JavaScript leaves off.

import { createBuilder } from '../../dist/block/create.js'
import { decodeBlocks } from '../../dist/native.js'
import { texts } from '../columns-of.mjs'

/** @param form  'strings', or 'bytes' for UTF-8 with offsets */
export function create({ type, form, rowCount, seals }) {
  const { strings, bytes, offsets, column } = texts(type, rowCount)
  const builder = createBuilder([{ name: 'c', type, defaultKind: '', defaultExpression: '' }], {
    blockSize: rowCount + 1,
    blockBytes: 2 ** 25,
    nullsAsDefault: false,
  })
  const given = { c: form === 'strings' ? strings : { bytes, offsets } }
  const stage = () => {
    if (builder.stageColumns(builder.readColumns(given), 0) !== rowCount)
      throw new Error('a block has no room for them')
  }
  const seal = () => {
    const { bytes, hash, release } = builder.seal()
    release()
    return { bytes, hash }
  }
  stage()
  const { bytes: block, hash: wanted } = seal()
  const [{ columns, rows }] = decodeBlocks(block)
  if (columns[0].type !== type || rows.length !== rowCount) throw new Error(`${rows.length} rows of ${columns[0].type}`)
  if (!column.equals(block.subarray(block.length - column.length)))
    throw new Error(`${type}: other values than the texts say`)
  let hash
  return {
    byteLength: column.length,
    run: seals
      ? () => {
          stage()
          hash = seal().hash
        }
      : stage,
    check() {
      if (!seals) hash = seal().hash
      if (hash !== wanted) throw new Error(`${type}: another block than the one that was read back`)
    },
  }
}
