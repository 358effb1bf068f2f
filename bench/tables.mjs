// The tables that rows go into, and the question whether they are all there.

import { columnsOf } from './shapes.mjs'

/** By name; in a MergeTree rows are stored as they come, in parts that nothing merges. */
export const ENGINES = { Null: 'Null', MergeTree: 'MergeTree ORDER BY tuple()' }

/** @param run  what runs SQL */
export async function createTable(run, { table, shape, engine }) {
  const columns = columnsOf(shape).map(({ name, type }) => `\`${name}\` ${type}`)
  await run(`CREATE TABLE ${table} (${columns.join(', ')}) ENGINE = ${ENGINES[engine]}`)
  await run('SYSTEM STOP MERGES')
}

/**
 * @param run     what runs SQL
 * @param select  what runs a SELECT and answers with objects
 * @returns       a function that says what came into the table since it was called last, and empties it: {rows}, for a MergeTree with
 *                `hash` and `floats`. Floats are no part of the hash: a server of 2018 reads the last digit of one in JSON wrong
 */
export async function arrivals(run, select, { table, shape, engine }) {
  if (engine === 'Null') {
    let before = await insertedRows(select)
    return async () => {
      const now = await insertedRows(select)
      const rows = now - before
      before = now
      return { rows }
    }
  }
  const columns = columnsOf(shape)
  const names = (isFloat) => columns.filter(({ type }) => type.startsWith('Float') === isFloat).map(({ name }) => name)
  const floats = ['0', ...names(true)].join(' + ')
  return async () => {
    const [sums] = await select(
      `SELECT toFloat64(count()) AS rows, toString(sum(cityHash64(${names(false)}))) AS hash, ` +
        `toFloat64(sum(${floats})) AS floats FROM ${table}`,
    )
    await run(`TRUNCATE TABLE ${table}`)
    return sums
  }
}

/** What the server says it has inserted since it started, whatever became of it. */
async function insertedRows(select) {
  const [row] = await select("SELECT toFloat64(value) AS rows FROM system.events WHERE event = 'InsertedRows'")
  return row?.rows ?? 0
}

/** Throws unless there came `rowCount` rows, and the same as another time. */
export function checkArrivals(came, wanted, rowCount) {
  const isSame =
    came.rows === rowCount &&
    came.hash === wanted.hash &&
    (came.floats === wanted.floats || Math.abs(came.floats / wanted.floats - 1) < 1e-9)
  if (!isSame)
    throw new Error(`into the table came ${JSON.stringify(came)}, not ${rowCount} rows as in ${JSON.stringify(wanted)}`)
}
