// The block builder alone: rows in, sealed blocks out, nobody to take them.

import { STAGED } from '../../dist/block/builder.js'
import { createBuilder } from '../../dist/block/create.js'
import { checkBlocks } from '../check.mjs'
import { columnsOf, rowsOf } from '../shapes.mjs'

/** As a statement has them that is given no options. */
export const BUILDER_OPTIONS = { blockSize: 65_536, blockBytes: 2 ** 25, nullsAsDefault: false }

export function create({ shape, rowCount, distinctRows }) {
  const rows = rowsOf(shape, rowCount, distinctRows)
  const builder = builderOf(shape)
  const copies = []
  const wanted = encode(builder, rows, (sealed) => copies.push(Buffer.from(sealed.bytes)))
  const bytes = Buffer.concat(copies)
  checkBlocks(bytes, shape, rows)
  let hashes
  return {
    byteLength: bytes.length,
    run() {
      hashes = encode(builder, rows)
    },
    check() {
      if (`${hashes}` !== `${wanted}`) throw new Error(`blocks ${hashes}, those that were read back were ${wanted}`)
    },
  }
}

export function builderOf(shape) {
  const columns = columnsOf(shape).map((column) => ({ ...column, defaultKind: '', defaultExpression: '' }))
  return createBuilder(columns, BUILDER_OPTIONS)
}

/** The hashes of the blocks. */
function encode(builder, rows, look) {
  const hashes = []
  const seal = () => {
    const sealed = builder.seal()
    look?.(sealed)
    hashes.push(sealed.hash)
    sealed.release()
  }
  for (let i = 0; i < rows.length; i++) if (builder.stage(rows[i], i) !== STAGED) seal()
  if (builder.rowCount > 0) seal()
  return hashes
}
