// One million clickstream rows into ClickHouse, embedded in this process: nothing to install, no server to start.
//
//   node examples/quickstart.mjs
//
// With a server, only the target changes: connect('http://user:password@localhost:8123/default').

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'sluice'

const ROWS = 1_000_000
const COUNTRIES = ['DE', 'FR', 'IN', 'BR', 'US', 'JP', 'NG', 'ID']

const directory = mkdtempSync(join(tmpdir(), 'sluice-quickstart-'))
const connection = await connect(`chdb:${directory}`)

await connection.command(`
  CREATE TABLE clickstream (
    country_code String,
    os_id        UInt8,
    browser_id   UInt8,
    categories   Array(Int16),
    action_day   Date,
    action_time  DateTime
  )
  ENGINE = MergeTree
  PARTITION BY toYYYYMM(action_day)
  ORDER BY (country_code, action_time)
  SETTINGS non_replicated_deduplication_window = 1000 -- a block that is sent twice is stored once`)

// prepare, exec, commit. exec() returns a promise only when it is time to wait.
const statement = await connection.prepare('INSERT INTO clickstream')
let blocks = 0
statement.on('block', ({ rowCount, bytes, state }) => {
  blocks++
  const share = Math.round((statement.stats.acknowledged / ROWS) * 100)
  const line = `${String(share).padStart(3)}%   block ${blocks}: ${rowCount} rows, ${bytes} bytes, ${state}`
  process.stdout.write(process.stdout.isTTY ? `\r${line}   ` : `${line}\n`)
})

const started = performance.now()
let browserSum = 0
for (let i = 0; i < ROWS; i++) {
  const row = click(i)
  browserSum += row.browser_id
  const pause = statement.exec(row)
  if (pause) await pause
}
const summary = await statement.commit()
const seconds = (performance.now() - started) / 1000

console.log(`\n\n${summary.rows} rows in ${seconds.toFixed(2)} s: ${Math.round(summary.rows / seconds)} rows/s`)
console.log(
  `${summary.blocks} blocks, ${(summary.bytes / 1e6).toFixed(1)} MB in ClickHouse's Native format, ${summary.retries} retries\n`,
)

// The rows are there: what was sent is what ClickHouse finds.
const [found] = await connection.query('SELECT count() AS rows, sum(browser_id) AS browserSum FROM clickstream')
console.log('count()         ', Number(found.rows), Number(found.rows) === ROWS ? 'as sent' : `but ${ROWS} were sent`)
console.log(
  'sum(browser_id) ',
  Number(found.browserSum),
  Number(found.browserSum) === browserSum ? 'as sent' : `but ${browserSum} were sent`,
)

console.log('\ntop countries:')
console.table(
  await connection.query(`
    SELECT country_code, toUInt32(count()) AS clicks, min(action_time) AS first, max(action_time) AS last
    FROM clickstream GROUP BY country_code ORDER BY clicks DESC, country_code LIMIT 3`),
)

await connection.close()
rmSync(directory, { recursive: true })
if (Number(found.rows) !== ROWS || Number(found.browserSum) !== browserSum) process.exitCode = 1

/** Row number i, the same in every run. */
function click(i) {
  const dice = Math.imul(i ^ (i >>> 15), 0x2c1b3c6d) >>> 8
  const time = new Date(Date.UTC(2024, 0, 1) + i * 2500)
  return {
    country_code: COUNTRIES[Math.min(dice % 8, (dice >> 3) % 8)],
    os_id: dice % 5,
    browser_id: (dice >> 4) % 12,
    categories: dice % 3 === 0 ? [] : [dice % 900, (dice >> 7) % 900],
    action_day: time,
    action_time: time,
  }
}
