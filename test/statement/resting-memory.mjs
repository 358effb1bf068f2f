// Prints what 64 idle statements hold, in MiB of resident memory, and what they held when each had just sent a block.

import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../dist/index.js'

const COLUMNS = [
  { name: 'n', type: 'UInt64' },
  { name: 'text', type: 'String' },
]
const text = 'some text of fifty characters, the same in every row'

const connection = await connect('file:/dev/null')
async function statementOf(table, rowCount) {
  const statement = await connection.prepare(table, { columns: COLUMNS, flushInterval: 1_500 })
  for (let n = 0; n < rowCount; n++) await statement.exec([n, text])
  await statement.flush()
  return statement
}

/** Twice, because what the first collection finds dead gives its memory back only then. */
async function residentMiB() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await sleep(20)
  }
  return process.memoryUsage().rss / 2 ** 20
}

await statementOf('first', 1000)
const before = await residentMiB()
const statements = []
for (let i = 0; i < 64; i++) statements.push(await statementOf(`table${i}`, 40_000))
const peakMiB = (await residentMiB()) - before
// Statements rest after two looks, buffers and memories are dropped some seconds later.
let heldMiB = peakMiB
for (let i = 0; i < 60 && heldMiB > 30; i++) {
  await sleep(500)
  heldMiB = (await residentMiB()) - before
}
console.log(JSON.stringify({ peakMiB, heldMiB, statements: statements.length }))
await connection.close()
