// clickhouse-client, in C++, reads a file of Native blocks and sends it over the server's own protocol. A process a round; what it takes
// to start, and to ask for nothing, is left out.

import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blocksOf } from '../blocks-of.mjs'

const STARTS = 5

export function create({ binary, tcpPort, table, ...what }) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const file = openSync(join(directory, 'rows.native'), 'wx+')
  for (const block of blocksOf(what)) writeFileSync(file, block)
  const path = `/proc/self/fd/${file}`
  rmSync(directory, { recursive: true }) // the file stays while it is open, and no longer

  const starts = Array.from({ length: STARTS }, () => timed('SELECT 1', 'ignore'))
  const idle = { ms: least(starts, 'ms'), cpuMs: least(starts, 'cpuMs') }
  return {
    run() {
      const input = openSync(path, 'r') // from the beginning again
      const { ms, cpuMs } = timed(`INSERT INTO ${table} FORMAT Native`, input)
      closeSync(input)
      return { ms: ms - idle.ms, cpuMs: cpuMs - idle.cpuMs, wireBytes: undefined, peakBytes: undefined }
    },
  }

  function timed(query, input) {
    const cpu = childCpuMs()
    const start = performance.now()
    const args = ['--host', '127.0.0.1', '--port', `${tcpPort}`, '--query', query]
    const { status, stderr } = spawnSync(binary, args, { stdio: [input, 'ignore', 'pipe'] })
    if (status !== 0) throw new Error(`clickhouse-client: ${stderr}`)
    return { ms: performance.now() - start, cpuMs: childCpuMs() - cpu }
  }
}

function least(all, key) {
  return Math.min(...all.map((one) => one[key]))
}

/** Processor time of children that have ended; the kernel counts in hundredths of a second. */
function childCpuMs() {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}
