// How long does a producer keep its own process waiting, and does a second thread help?
//
// Log rows at full speed into a sink that is slower than they are: a server in another process that reads each block and answers
// 10 ms later; and into /dev/null. What one exec() takes, and how long anything else in the process (a request, a timer) waits for its
// turn of the event loop. Every contender runs several times, in turn, in a process of its own; printed is the median of its runs.
//
// A busy machine makes pauses too, and they look alike. So each is also given as the time in which the thread itself ran, and a control
// stands beside: the same loop without sluice.

import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { waits } from './pauses.mjs'
import { printTable } from './print.mjs'
import { spread } from './rounds.mjs'

export const question = 'How long does a producer keep its own process waiting, and does a second thread help?'

const PRODUCER = fileURLToPath(new URL('ours/producer.mjs', import.meta.url))
const SINK = fileURLToPath(new URL('sink.mjs', import.meta.url))
const ANSWER_MS = 10
const WAYS = {
  'no compression': { compression: 'none', worker: false },
  'lz4, this thread': { compression: 'lz4', worker: false },
  'lz4, worker': { compression: 'lz4', worker: true },
}
const CONTROL = 'control: no sluice'
/** Nobody shall wait longer, but for a thousandth of the time. */
const BAR_MS = 5

export async function run({ quick }) {
  const size = quick ? { rowCount: 20_000, warmup: 1000 } : { rowCount: 1_000_000, warmup: 200_000 }
  const runs = quick ? 1 : 5
  const sink = fork(SINK, [JSON.stringify({ answerMs: ANSWER_MS })])
  try {
    const [{ port }] = await once(sink, 'message')
    const targets = { '/dev/null': 'file:/dev/null', 'http server': `http://127.0.0.1:${port}` }
    const contenders = { [CONTROL]: { control: true } }
    for (const [target, url] of Object.entries(targets))
      for (const [way, options] of Object.entries(WAYS)) contenders[`${target}, ${way}`] = { url, ...options }
    const measured = Object.fromEntries(Object.keys(contenders).map((label) => [label, []]))
    for (let i = 0; i < runs; i++)
      for (const [label, args] of Object.entries(contenders))
        measured[label].push(await produce({ ...args, ...size }, sink))
    const results = Object.fromEntries(Object.entries(measured).map(([label, each]) => [label, summary(each)]))
    print(results, size.rowCount, runs)
    if (!quick) printBar(results)
    return { rowCount: size.rowCount, runs, answerMs: ANSWER_MS, barMs: BAR_MS, contenders: results }
  } finally {
    sink.kill()
  }
}

async function produce(args, sink) {
  const { stdout } = await promisify(execFile)(process.execPath, [PRODUCER, JSON.stringify(args)], {
    maxBuffer: 2 ** 26,
  })
  const result = JSON.parse(stdout)
  if (args.url?.startsWith('http')) {
    sink.send('bytes')
    const [{ bytes }] = await once(sink, 'message')
    if (bytes !== result.bytes) throw new Error(`${bytes} bytes arrived of ${result.bytes}`)
  }
  return { ...result, waits: waits(result.turns), ownWaits: waits(result.ownTurns) }
}

/** Of each figure the median, the least and the largest of the runs. */
function summary(runs) {
  const over = (pick) => spread(runs.map(pick))
  const each = (name) =>
    Object.fromEntries(Object.keys(runs[0][name]).map((key) => [key, over((run) => run[name][key])]))
  return {
    rowsPerSecond: over((run) => run.rowsPerSecond),
    cpuNsPerRow: over((run) => run.cpuNsPerRow),
    ...Object.fromEntries(['calls', 'ownCalls', 'waits', 'ownWaits', 'delay'].map((name) => [`${name}Ms`, each(name)])),
  }
}

function print(results, rowCount, runs) {
  const table = (title, head, row) =>
    printTable(
      title,
      ['', ...head],
      Object.entries(results).map(([label, result]) => [label, ...row(result)]),
    )
  const of = `${rowCount} log rows, median of ${runs} runs`
  const range = ({ median, min, max }, digits) =>
    `${median.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`
  table(`${of}: speed`, ['1000 rows/s', 'min..max', 'CPU ns/row', 'least'], ({ rowsPerSecond, cpuNsPerRow }) => [
    (rowsPerSecond.median / 1e3).toFixed(0),
    `${(rowsPerSecond.min / 1e3).toFixed(0)}..${(rowsPerSecond.max / 1e3).toFixed(0)}`,
    cpuNsPerRow.median.toFixed(0),
    cpuNsPerRow.min.toFixed(0),
  ])
  table(
    `${of}: one exec(), microseconds`,
    ['p50', 'p99', 'p99.9', 'longest', 'of it own'],
    ({ callsMs, ownCallsMs }) => [
      ...['p50', 'p99', 'p99.9', 'max'].map((key) => (callsMs[key].median * 1e3).toFixed(1)),
      range(mapped(ownCallsMs.max, 1e3), 0),
    ],
  )
  for (const [name, title] of [
    ['ownWaitsMs', 'what comes at any moment waits for its turn of the event loop, ms that the thread ran'],
    ['waitsMs', 'the same by the clock, with what the machine took'],
    ['delayMs', "node's own monitorEventLoopDelay, ms, with what the machine took"],
  ])
    table(`${of}: ${title}`, ['p50', 'p99', 'p99.9 (min..max)', 'longest'], (result) => [
      result[name].p50.median.toFixed(2),
      result[name].p99.median.toFixed(2),
      range(result[name]['p99.9'], 2),
      result[name].max.median.toFixed(2),
    ])
}

function printBar(results) {
  const held = Object.entries(results).filter(([label]) => label.endsWith('worker'))
  for (const [label, { ownWaitsMs }] of held) {
    const wait = ownWaitsMs['p99.9'].median
    console.log(
      `  ${label}: ${wait.toFixed(2)} ms at p99.9, ${wait < BAR_MS ? 'below' : 'NOT below'} the ${BAR_MS} ms it shall be`,
    )
  }
}

function mapped(values, factor) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value * factor]))
}
