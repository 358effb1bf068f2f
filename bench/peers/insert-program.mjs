// A client in another language, a program of programs.mjs: it is told in a line of JSON what to insert where, makes rows of its own kind
// of the same values, and keeps the clock itself. A round is a line to it, and a line back.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { forgetPeak, peakBytes } from '../peak.mjs'
import { columnsOf, rowsOf } from '../shapes.mjs'

/** @param dates  the shape with its times as Date objects, which JSON gives to the program as texts */
export async function create({ program, dates, shape, rowCount, ...told }) {
  const [command, ...args] = program
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${program.join(' ')} ended with ${code ?? signal}`)
  })
  child.stdin.on('error', () => {}) // it ended: that is what is said
  const lines = createInterface({ input: child.stdout })
  const answer = async () => (await Promise.race([once(lines, 'line'), ended]))[0]

  const rows = [...new Set(rowsOf(dates, rowCount))]
  child.stdin.write(`${JSON.stringify({ ...told, shape: dates, columns: columnsOf(shape), rows, rowCount })}\n`)
  await answer()
  forgetPeak(child.pid)
  return {
    async run() {
      child.stdin.write('round\n')
      const took = JSON.parse(await answer())
      return { ...took, peakBytes: peakBytes(child.pid), wireBytes: undefined }
    },
  }
}
