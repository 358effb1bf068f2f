// A program that produces rows as fast as it can, in a process of its own: prints how long its calls and its event loop took.
//
//   node bench/ours/producer.mjs '{"url": "file:/dev/null", "compression": "none", "worker": false, "rowCount": 1000000, "warmup": 200000}'
//
// With "control": true the rows are only looked at, and the loop turns every 2 ms: what the machine alone does to such a program.
//
// Two passes over as many rows. In the first nothing but the loop's delay is watched: rows/s and processor time. In the second every
// call is timed (some 50 ns each) and every turn of the loop.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { connect } from '../../dist/index.js'
import { quantiles, ranMs, TurnProbe } from '../pauses.mjs'
import { columnsOf, rowsOf } from '../shapes.mjs'

const { control, url, compression, worker, rowCount, warmup } = JSON.parse(process.argv[2])
/** A longer call is looked at: how much of it this thread did not run. */
const LONG_MS = 0.3

const pool = rowsOf('log', 20_000)
const connection = await connect(control ? 'file:/dev/null' : { url, ...(compression === 'lz4' && { compression }) })
const statement = control
  ? lookingOn()
  : await connection.prepare('INSERT INTO log', { columns: columnsOf('log'), compression, worker })
await stream(warmup)
await statement.flush()
const rate = await measureRate()
const latency = await measureLatency()
const { rows, bytes } = await statement.commit()
await connection.close()
if (rows !== warmup + 2 * rowCount) throw new Error(`${rows} rows of ${warmup + 2 * rowCount}`)
console.log(JSON.stringify({ ...rate, ...latency, bytes }))

async function stream(count) {
  for (let i = 0; i < count; i++) {
    const pause = statement.exec(pool[i % pool.length])
    if (pause !== undefined) await pause
  }
}

async function measureRate() {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  await stream(rowCount)
  await statement.flush()
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  delay.disable()
  // The timer itself is due every millisecond.
  const over = (ns) => Math.max(0, ns / 1e6 - 1)
  return {
    rowsPerSecond: rowCount / (ms / 1e3),
    cpuNsPerRow: ((user + system) * 1e3) / rowCount,
    delay: {
      p50: over(delay.percentile(50)),
      p99: over(delay.percentile(99)),
      'p99.9': over(delay.percentile(99.9)),
      max: over(delay.max),
    },
  }
}

async function measureLatency() {
  const calls = new Float64Array(rowCount)
  const ownCalls = new Float64Array(rowCount)
  const probe = new TurnProbe()
  let [last, ran] = [performance.now(), ranMs()]
  let looked = last
  for (let i = 0; i < rowCount; i++) {
    const pause = statement.exec(pool[i % pool.length])
    const now = performance.now()
    calls[i] = ownCalls[i] = now - last
    last = now
    if (pause === undefined && calls[i] < LONG_MS) continue
    // Since the last look. Whenever the thread did not run, a call was long, and is the last one.
    if (calls[i] >= LONG_MS) ownCalls[i] = Math.max(0, calls[i] - (now - looked - (ranMs() - ran)))
    if (pause !== undefined) await pause
    ran = ranMs()
    looked = last = performance.now()
  }
  await statement.flush()
  probe.stop()
  return { calls: quantiles(calls), ownCalls: quantiles(ownCalls), turns: probe.wall, ownTurns: probe.own }
}

function lookingOn() {
  let [rows, sum, turned] = [0, 0, performance.now()]
  const turn = (resolve) =>
    setImmediate(() => {
      turned = performance.now()
      resolve()
    })
  return {
    exec(row) {
      for (const name in row) sum += String(row[name]).length
      if (++rows % 16 > 0 || performance.now() - turned < 2) return undefined
      return new Promise(turn)
    },
    flush: async () => {},
    commit: async () => ({ rows, bytes: sum }),
  }
}
