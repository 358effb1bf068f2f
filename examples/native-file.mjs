// Rows into a file of ClickHouse's Native format, without a server: to keep, to copy, or to insert later at the speed of the disk.
//
//   node examples/native-file.mjs [events.native]
//   clickhouse-client --query "INSERT INTO events FROM INFILE 'events.native' FORMAT Native"

import { readFileSync } from 'node:fs'
import { connect } from 'sluice'
import { decodeBlocks } from 'sluice/native'

const [path = 'events.native'] = process.argv.slice(2)

const file = await connect(`file:${path}`)
const statement = await file.prepare('events', {
  blockSize: 1000,
  // Nobody is there to ask for the columns.
  columns: [
    { name: 'at', type: 'DateTime' },
    { name: 'user', type: 'UInt64' },
    { name: 'tags', type: 'Array(LowCardinality(String))' },
  ],
})
for (let i = 0; i < 2500; i++) {
  await statement.exec({ at: new Date(1_700_000_000_000 + i * 1000), user: i, tags: i % 2 ? ['odd'] : ['even', 'web'] })
}
const { rows, bytes } = await statement.commit()
await file.close() // now the file stands there under its name, whole
console.log(`${rows} rows in ${bytes} bytes`)

// The same rows, read back without ClickHouse.
for (const block of decodeBlocks(readFileSync(path))) {
  console.log(
    `${block.rows.length} rows of ${block.columns.map(({ name }) => name).join(', ')}; the first:`,
    block.rows[0],
  )
}
