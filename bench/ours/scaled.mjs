// The block builder on rows of any size, in blocks of any size: a known shape, or one column of texts of one length.

import { STAGED } from '../../dist/block/builder.js'
import { createBuilder } from '../../dist/block/create.js'
import { decodeBlocks } from '../../dist/native.js'
import { checkBlocks } from '../check.mjs'
import { random } from '../random.mjs'
import { columnsOf, rowsOf } from '../shapes.mjs'

/** Of a million rows so many are read back: they are the same few again. */
const CHECKED_ROWS = 2000
/** Distinct texts stay together below that, so that a row is in the cache when it is handed over. */
const DISTINCT_BYTES = 2 ** 21
const LETTERS = { ASCII: 'abcdefghijklmnopqrstuvwxyz 0123456789', Cyrillic: 'абвгдежзиклмнопрстуфхцчшщыьэюя ' }

/** @param letters  with `length`: texts instead of a shape */
export function create({ shape, length, letters, rowCount, distinctRows, blockSize }) {
  const isTexts = letters !== undefined
  const columns = isTexts ? [{ name: 's', type: 'String' }] : columnsOf(shape)
  const rows = isTexts ? textRows(LETTERS[letters], length, rowCount) : rowsOf(shape, rowCount, distinctRows)
  const builder = createBuilder(
    columns.map((column) => ({ ...column, defaultKind: '', defaultExpression: '' })),
    { blockSize, blockBytes: 2 ** 28, nullsAsDefault: false },
  )
  const checked = rows.slice(0, CHECKED_ROWS)
  const copies = []
  encode(builder, checked, ({ bytes }) => copies.push(Buffer.from(bytes)))
  if (isTexts) checkTexts(Buffer.concat(copies), checked)
  else checkBlocks(Buffer.concat(copies), shape, checked)
  let byteLength = 0
  const wanted = encode(builder, rows, ({ bytes }) => {
    byteLength += bytes.length
  })
  let hashes
  return {
    byteLength,
    run() {
      hashes = encode(builder, rows)
    },
    check() {
      if (`${hashes}` !== `${wanted}`) throw new Error(`blocks ${hashes}, before they were ${wanted}`)
    },
  }
}

function encode(builder, rows, look) {
  const hashes = []
  const seal = () => {
    const sealed = builder.seal()
    look?.(sealed)
    hashes.push(sealed.hash)
    sealed.release()
  }
  for (let i = 0; i < rows.length; i++) if (builder.stage(rows[i]) !== STAGED) seal()
  if (builder.rowCount > 0) seal()
  return hashes
}

function textRows(letters, length, rowCount) {
  const next = random(length)
  const distinct = Math.min(20_000, rowCount, Math.ceil(DISTINCT_BYTES / length))
  const text = () => Array.from({ length }, () => letters[Math.floor(next() * letters.length)]).join('')
  // Flat, as it comes from a socket.
  const made = Array.from({ length: distinct }, () => ({ s: Buffer.from(text()).toString() }))
  return Array.from({ length: rowCount }, (_, i) => made[i % distinct])
}

function checkTexts(bytes, rows) {
  const read = decodeBlocks(bytes).flatMap((block) => block.rows)
  if (read.length !== rows.length) throw new Error(`${read.length} rows of ${rows.length}`)
  read.forEach(([text], i) => {
    if (text !== rows[i].s) throw new Error(`row ${i} is ${text}, given was ${rows[i].s}`)
  })
}
