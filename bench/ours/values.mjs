// One column of a type family, in a table of its own: row by row into the block builder, or as a whole column.

import { createBuilder } from '../../dist/block/create.js'
import { encodeColumns, typed } from '../../dist/native.js'
import { contenderOf } from '../families.mjs'

/** @param way  'rows' or 'column' */
export function create({ way, ...args }) {
  return contenderOf(args, typed, way === 'rows' ? rowEncoder : columnEncoder)
}

function columnEncoder({ columns, column }) {
  const given = columns.map((described) => ({ ...described, data: column }))
  return () => encodeColumns(given)
}

/** Whose bytes are good until the next call. */
function rowEncoder({ columns, rows }) {
  const builder = createBuilder(
    columns.map((column) => ({ ...column, defaultKind: '', defaultExpression: '' })),
    { blockSize: 65_536, blockBytes: 2 ** 26, nullsAsDefault: false },
  )
  let sealed
  return () => {
    sealed?.release()
    for (let i = 0; i < rows.length; i++) builder.stage(rows[i], i)
    sealed = builder.seal()
    return sealed.bytes
  }
}
