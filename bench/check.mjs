// Whether bytes are the rows they were made of. Every contender's are, or nothing is printed.

import { decodeBlocks } from '../dist/native.js'
import { columnsOf } from './shapes.mjs'

/** Throws unless `bytes` are Native blocks that hold exactly `rows`. */
export function checkBlocks(bytes, shape, rows) {
  const columns = columnsOf(shape)
  let at = 0
  for (const block of decodeBlocks(bytes)) {
    if (!isSame(block.columns, columns)) throw new Error(`${shape}: columns ${JSON.stringify(block.columns)}`)
    for (const values of block.rows) {
      const row = rows[at]
      columns.forEach(({ name, type }, i) => {
        const given = asDecoded(type, row?.[name])
        if (!isSame(values[i], given))
          throw new Error(`${shape} row ${at}: ${name} is ${values[i]}, given was ${given}`)
      })
      at++
    }
  }
  if (at !== rows.length) throw new Error(`${shape}: ${at} rows of ${rows.length}`)
}

/** Throws unless `bytes` are one block of one column that holds exactly these values, as the decoder gives them. */
export function checkValues(bytes, column, values) {
  const [block, ...more] = decodeBlocks(bytes)
  if (more.length > 0 || !isSame(block.columns, [column])) throw new Error(`${column.type}: another block`)
  if (block.rows.length !== values.length) throw new Error(`${column.type}: ${block.rows.length} of ${values.length}`)
  values.forEach((value, i) => {
    if (!isSame(block.rows[i][0], value)) throw new Error(`${column.type} ${i}: ${block.rows[i][0]}, not ${value}`)
  })
}

/** Throws unless `bytes` are one line of JSON a row. */
export function checkLines(bytes, rows) {
  const lines = bytes.toString().split('\n')
  if (lines.pop() !== '' || lines.length !== rows.length) throw new Error(`${lines.length} lines of ${rows.length}`)
  lines.forEach((line, i) => {
    for (const [key, value] of Object.entries(JSON.parse(line))) {
      const given = rows[i][key] instanceof Date ? rows[i][key].toISOString() : rows[i][key]
      if (!isSame(value, given)) throw new Error(`line ${i}: ${key} is ${value}, given was ${given}`)
    }
  })
}

/** What the decoder makes of a value given for a column of this type. */
function asDecoded(type, value) {
  if (value === undefined) return undefined
  if (type === 'Date') return value instanceof Date ? value.toISOString().slice(0, 10) : value
  if (type === 'DateTime') return new Date(Math.floor(value instanceof Date ? value / 1000 : value) * 1000)
  if (/Int64\)?$/.test(type) && value !== null) return BigInt(value)
  return value
}

function isSame(a, b) {
  if (Object.is(a, b)) return true
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime()
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return false
  if (a instanceof Map) return b instanceof Map && isSame([...a], [...b])
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => isSame(a[key], b[key]))
}
