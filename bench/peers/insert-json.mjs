// @clickhouse/client, its insert() of rows: arrays as large as our blocks, some of them on their way at a time, or all rows as one stream.

import { Readable } from 'node:stream'
import { createClient } from '@clickhouse/client'
import { rowsOf } from '../shapes.mjs'

/** @param inFlight  inserts that may be on their way at a time; 0: one stream */
export function create({ url, table, shape, rowCount, blockRows, format, inFlight }) {
  const made = rowsOf(shape, rowCount)
  const rows = format === 'JSONCompactEachRow' ? made.map(Object.values) : made
  const client = createClient({ url, max_open_connections: inFlight || 1 })
  const insert = (values) => client.insert({ table, values, format })
  if (inFlight === 0) return { run: () => insert(Readable.from(rows, { highWaterMark: 1024 })).then(() => {}) }
  return {
    async run() {
      const underWay = new Set()
      for (let start = 0; start < rows.length; start += blockRows) {
        const sent = insert(rows.slice(start, start + blockRows)).then(() => underWay.delete(sent))
        underWay.add(sent)
        if (underWay.size === inFlight) await Promise.race(underWay)
      }
      await Promise.all(underWay)
    },
  }
}
