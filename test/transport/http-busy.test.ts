import { once } from 'node:events'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { Deadline } from '../../src/transport/deadline.ts'
import { postBlock } from '../../src/transport/http-post.ts'

/** Reads a whole body and answers at once; on a thread of its own, so that it goes on while this one is busy. */
const SERVER = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:http').createServer((request, response) => request.resume().on('end', () => response.end()))
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`

test('a success that arrives while this thread is busy is one: the block had gone out whole', async () => {
  const server = new Worker(SERVER, { eval: true })
  const [port] = await once(server, 'message')
  const agent = new Agent({ keepAlive: true })
  const target = { url: new URL(`http://127.0.0.1:${port}`), agent, headers: {}, connectTimeoutMs: 5_000 }
  const bytes = new Uint8Array(8_700_000) // more than the kernel takes at once
  let running = true
  const busy = (async () => {
    while (running) {
      for (const end = performance.now() + 30; performance.now() < end; );
      await sleep(1)
    }
  })()
  try {
    const statuses = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const answer = await postBlock(target, '/', new Uint8Array(0), bytes, new Deadline(undefined, 60_000))
      statuses.add(answer.status)
    }
    expect([...statuses]).toEqual([200])
  } finally {
    running = false
    await busy
    agent.destroy()
    await server.terminate()
  }
}, 60_000)
