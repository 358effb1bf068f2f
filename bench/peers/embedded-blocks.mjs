// The ceiling of ClickHouse in this process: blocks that are there already. The engine reads Native from files only; the next block is
// written while it reads this one.

import { ftruncateSync, mkdtempSync, openSync, rmSync, write } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Session } from 'chdb'
import { blocksOf } from '../blocks-of.mjs'
import { arrivals, createTable } from '../tables.mjs'

const writeAt = promisify(write)

export async function create({ engine, ...what }) {
  const blocks = blocksOf(what)
  const session = new Session('')
  const run = (sql) => session.queryAsync(sql)
  const select = async (sql) => {
    const text = (await session.queryAsync(sql, { format: 'JSONEachRow' })).text()
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }
  const table = { table: 't', shape: what.shape, engine }
  await createTable(run, table)
  const files = [openFile(), openFile()]
  return {
    async run() {
      let inserted
      for (let i = 0; i < blocks.length; i++) {
        const { fd, path } = files[i % files.length]
        ftruncateSync(fd, blocks[i].length)
        await writeAt(fd, blocks[i], 0, blocks[i].length, 0)
        await inserted
        inserted = run(`INSERT INTO t FROM INFILE '${path}' COMPRESSION 'none' FORMAT Native`)
      }
      await inserted
    },
    check: await arrivals(run, select, table),
  }
}

function openFile() {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const fd = openSync(join(directory, 'block.native'), 'wx+')
  if (process.platform !== 'linux') return { fd, path: join(directory, 'block.native') }
  rmSync(directory, { recursive: true }) // it stays while it is open, and no longer
  return { fd, path: `/proc/self/fd/${fd}` }
}
