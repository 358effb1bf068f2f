// The ceiling: blocks that are there already, from memory to the server, two on their way at a time as ours are; over node:http, or as
// @clickhouse/client carries bytes.

import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { createClient } from '@clickhouse/client'
import { blocksOf } from '../blocks-of.mjs'

const IN_FLIGHT = 2

/** @param carrier  'node:http' or 'client' */
export function create({ url, table, compression, carrier = 'node:http', ...what }) {
  const blocks = blocksOf({ ...what, compression })
  const send = carrier === 'client' ? byClient(url, table) : byHttp(url, table, compression)
  return {
    async run() {
      let next = 0
      const sendAll = async () => {
        while (next < blocks.length) await send(blocks[next++])
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, sendAll))
    },
  }
}

function byClient(url, table) {
  const client = createClient({ url, max_open_connections: IN_FLIGHT })
  return async (block) => {
    const { stream } = await client.exec({
      query: `INSERT INTO ${table} FORMAT Native`,
      values: Readable.from([block], { objectMode: false }),
    })
    const text = Buffer.concat(await stream.toArray()).toString()
    if (text !== '') throw new Error(text)
  }
}

function byHttp(url, table, compression) {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })
  const query = encodeURIComponent(`INSERT INTO ${table} FORMAT Native`)
  const target = `${url}/?query=${query}${compression === 'lz4' ? '&decompress=1' : ''}`
  return (block) => post(target, agent, block)
}

function post(target, agent, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': body.length }
    const sent = request(target, { method: 'POST', agent, headers }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      if (response.statusCode === 200 && text === '') resolve()
      else reject(new Error(`${response.statusCode}: ${text}`))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
