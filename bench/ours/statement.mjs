// A statement as a program uses it: rows in by exec(), blocks out to a device that swallows them; flush() at the end, so that
// every row has left when the clock stops.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../dist/index.js'
import { checkBlocks } from '../check.mjs'
import { columnsOf, rowsOf } from '../shapes.mjs'

/** @param awaited  `await` on every row, instead of only where exec() returns a promise */
export async function create({ shape, rowCount, awaited = false }) {
  const rows = rowsOf(shape, rowCount)
  const exec = awaited ? execAwaiting : execAll
  const { bytes, hashes: wanted } = await written(shape, rows, exec)
  checkBlocks(bytes, shape, rows)
  const connection = await connect('file:/dev/null')
  const statement = await prepare(connection, shape)
  let hashes = []
  statement.on('block', ({ token }) => hashes.push(hashOf(token)))
  return {
    byteLength: bytes.length,
    async run() {
      await exec(statement, rows)
      await statement.flush()
    },
    check() {
      const made = hashes
      hashes = []
      if (`${made}` !== `${wanted}`) throw new Error(`blocks ${made}, those that were read back were ${wanted}`)
    },
  }
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

/** The same into a file: its bytes, and the hashes in its blocks' tokens. */
async function written(shape, rows, exec) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    const path = join(directory, 'rows.native')
    const connection = await connect(`file:${path}`)
    const statement = await prepare(connection, shape)
    await exec(statement, rows)
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
