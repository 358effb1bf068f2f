// One contender in a process of its own: what V8 learned of one, and the garbage it left, must not slow another.
//
// A contender is a module with `create(args)`, which makes its input, makes the bytes once, reads them back and compares, and
// returns {byteLength, rawByteLength?, run, check?}: `run` does the work once and is what is timed, unless it answers with {ms, cpuMs} of
// a program it started; `check` throws unless the bytes were the same, or says what came of them.

import { subscribe } from 'node:diagnostics_channel'
import { forgetPeak, peakBytes } from './peak.mjs'

const sockets = []
subscribe('net.client.socket', ({ socket }) => sockets.push(socket))

const { module, args } = JSON.parse(process.argv[2])
const { create } = await import(module)
const contender = await create(args)
forgetPeak()

process.on('message', async () => {
  const sent = sentBytes()
  const cpu = process.cpuUsage()
  const start = performance.now()
  const told = await contender.run()
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  const wireBytes = sentBytes() - sent
  const checked = await contender.check?.()
  process.send({ ms, cpuMs: (user + system) / 1000, wireBytes, peakBytes: peakBytes(), ...told, checked })
})
const { byteLength, rawByteLength } = contender
process.send({ byteLength, rawByteLength })

/** Bytes that went out over sockets. */
function sentBytes() {
  return sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0)
}
