// What most programs do today: the body of INSERT ... FORMAT JSONEachRow, made as @clickhouse/client makes it of an array of rows.

import { checkLines } from '../check.mjs'
import { rowsOf } from '../shapes.mjs'

export function create({ shape, rowCount }) {
  const rows = rowsOf(shape, rowCount)
  const wanted = jsonBody(rows)
  checkLines(wanted, rows)
  let made
  return {
    byteLength: wanted.length,
    run() {
      made = jsonBody(rows)
    },
    check() {
      if (!wanted.equals(made)) throw new Error('other bytes than those that were read back')
      made = undefined
    },
  }
}

/** The body of one insert. */
export function jsonBody(rows) {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  return Buffer.from(text, 'utf8') // the client leaves this step to the socket
}
