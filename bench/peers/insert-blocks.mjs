// The ceiling: blocks that are there already, from memory to the server over node:http, two on their way at a time as ours are.

import { Agent, request } from 'node:http'
import { blocksOf } from '../blocks-of.mjs'

const IN_FLIGHT = 2

export function create({ url, table, compression, ...what }) {
  const blocks = blocksOf({ ...what, compression })
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })
  const query = encodeURIComponent(`INSERT INTO ${table} FORMAT Native`)
  const target = `${url}/?query=${query}${compression === 'lz4' ? '&decompress=1' : ''}`
  return {
    async run() {
      let next = 0
      const sendAll = async () => {
        while (next < blocks.length) await post(target, agent, blocks[next++])
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, sendAll))
    },
  }
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
