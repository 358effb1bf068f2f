// A program that inserts for as long as it may, and is asked to end: started by close-on-signal.test.ts with its options as JSON.

import { closeOnSignal, connect } from '../../dist/index.js'

const {
  urls,
  table,
  statementOptions = {},
  signalOptions = {},
  each,
  listens,
  tells = true,
  awaits = true,
  pauseMs = 0,
  rows = Infinity,
} = JSON.parse(process.argv[2])
const say = (message) => console.log(JSON.stringify(message))
const connections = await Promise.all(urls.map((url) => connect({ url, retry: { minDelay: 20, maxDelay: 200 } })))
const statements = await Promise.all(connections.map((one) => one.prepare(`INSERT INTO ${table}`, statementOptions)))
let accepted = 0
const refused = []

// As the server of a service would.
const alive = setInterval(() => {}, 60_000)
const onClosed = (summary, signal) => {
  clearInterval(alive)
  say({ summary, signal, accepted, refused })
}
const options = tells ? { ...signalOptions, onClosed } : signalOptions
if (listens) process.once('SIGTERM', () => say({ own: true }))
if (each) for (const connection of connections) closeOnSignal(connection, options)
else closeOnSignal(connections, options)
process.once('exit', () => say({ resources: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap') }))

say({ ready: true })
await Promise.all(
  statements.map(async (statement, i) => {
    for (let n = 0; n < rows; n++) {
      try {
        const pause = statement.exec({ id: i * 1e8 + n, text: 'x'.repeat(100) })
        accepted++
        if (pause && awaits) await pause
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      } catch (error) {
        refused.push(error.code)
        return
      }
    }
  }),
)
