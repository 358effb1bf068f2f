// A statement as a program uses it: rows in by exec(), blocks out to a device that swallows them; flush() at the end, so that
// every row has left when the clock stops.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../dist/index.js'
import { decompress } from '../../dist/native.js'
import { checkBlocks } from '../check.mjs'
import { columnArrays } from '../shape-columns.mjs'
import { columnsOf, rowsOf } from '../shapes.mjs'

/**
 * @param form     'objects', 'arrays' in the order of the columns, or 'columns': typed arrays and lists, in one call
 * @param awaited  `await` on every row, instead of only where exec() returns a promise
 */
export async function create({ shape, rowCount, form = 'objects', compression = 'none', awaited = false }) {
  const rows = rowsOf(shape, rowCount)
  const given = asGiven(form, shape, rows)
  const exec = form === 'columns' ? execColumns : awaited ? execAwaiting : execAll
  const { bytes, hashes: wanted } = await written(shape, compression, given, exec)
  checkBlocks(compression === 'lz4' ? decompress(bytes) : bytes, shape, rows)
  const connection = await connect({ url: 'file:/dev/null', compression })
  const statement = await prepare(connection, shape)
  let hashes = []
  statement.on('block', ({ token }) => hashes.push(hashOf(token)))
  return {
    byteLength: bytes.length,
    async run() {
      await exec(statement, given)
      await statement.flush()
    },
    check() {
      const made = hashes
      hashes = []
      if (`${made}` !== `${wanted}`) throw new Error(`blocks ${made}, those that were read back were ${wanted}`)
    },
  }
}

/** Rows that are the same object stay so: a program hands a row over while it is in the processor's cache. */
function asGiven(form, shape, rows) {
  if (form === 'columns') return columnArrays(shape, rows)
  if (form === 'objects') return rows
  const names = columnsOf(shape).map(({ name }) => name)
  const made = new Map()
  for (const row of rows)
    if (!made.has(row))
      made.set(
        row,
        names.map((name) => row[name]),
      )
  return rows.map((row) => made.get(row))
}

// Loops over indexes: behind an await V8 goes on in unoptimised code, and there each step of a for...of costs some 8 ns.
async function execAll(statement, rows) {
  for (let i = 0; i < rows.length; i++) {
    const pause = statement.exec(rows[i])
    if (pause !== undefined) await pause
  }
}

async function execAwaiting(statement, rows) {
  for (let i = 0; i < rows.length; i++) await statement.exec(rows[i])
}

async function execColumns(statement, columns) {
  await statement.execColumns(columns)
}

/** The same into a file: its bytes, and the hashes in its blocks' tokens. */
async function written(shape, compression, given, exec) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    const path = join(directory, 'rows.native')
    const connection = await connect({ url: `file:${path}`, compression })
    const statement = await prepare(connection, shape)
    await exec(statement, given)
    const { tokens } = await statement.commit()
    await connection.close()
    return { bytes: await readFile(path), hashes: tokens.map(hashOf) }
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Default options; only the timer must not cut a block in two when the machine stands still for a second. */
function prepare(connection, shape) {
  return connection.prepare(`INSERT INTO ${shape}`, { columns: columnsOf(shape), flushInterval: 60_000 })
}

function hashOf(token) {
  return token.split(':').at(-1)
}
