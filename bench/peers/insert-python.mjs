// Python's clickhouse-driver, from Debian's python3-clickhouse-driver: execute() of tuples, or of whole columns, over the server's own
// protocol. Python keeps the clock itself; its rows are made of the same values before.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { columnsOf, rowsOf } from '../shapes.mjs'

const PROGRAM = fileURLToPath(new URL('insert-python.py', import.meta.url))

export async function create({ binary, tcpPort, table, shape, rowCount, blockRows, columnar }) {
  const child = spawn(binary, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const columns = columnsOf(shape)
  const distinct = [...new Set(rowsOf(shape, rowCount))]
  const rows = distinct.map((row) => columns.map(({ name }) => row[name]))
  const types = columns.map(({ type }) => type)
  child.stdin.write(`${JSON.stringify({ port: tcpPort, table, types, rows, rowCount, blockRows, columnar })}\n`)
  await once(lines, 'line')
  return {
    async run() {
      child.stdin.write('round\n')
      const [line] = await once(lines, 'line')
      return { ...JSON.parse(line), wireBytes: undefined }
    },
  }
}
