// Contenders side by side: each in its own process, one round of one at a time, in turn, so that a busy machine hits all alike.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CLIENT_CORE, onCore } from './cores.mjs'

const CHILD = fileURLToPath(new URL('contender.mjs', import.meta.url))

/**
 * @param contenders  by label: {module, args, every, isPinned}, the module's URL relative to this folder; `every` 3: it is in every third
 *                    round only; `isPinned`: it stays on the clients' core
 * @param after       called with the label when a round has ended, and what the contender's check said: throws where rows are not there
 * @returns           by label: {byteLength, rawByteLength, ms, cpuMs, wireBytes, peakBytes}, the times as {median, min, max} of the rounds
 *                    after the warm-up, and as `each` of them was
 */
export async function alternate(contenders, { rounds, warmups }, after = () => {}) {
  const children = []
  try {
    for (const [label, { module, args, every = 1, isPinned = false }] of Object.entries(contenders)) {
      const child = start({ module: new URL(module, import.meta.url).href, args }, isPinned)
      const entry = { label, every, child, ended: refused(label, child), ms: [], cpuMs: [] }
      children.push(entry)
      entry.sizes = await answer(entry)
    }
    for (let round = -warmups; round < rounds; round++) {
      for (let i = 0; i < children.length; i++) {
        // Another one begins every time: nobody always runs after the same neighbour.
        const entry = children[(i + round + warmups) % children.length]
        if (round % entry.every !== 0) continue
        entry.child.send('round')
        const { ms, cpuMs, wireBytes, peakBytes, checked } = await answer(entry)
        await after(entry.label, checked)
        if (round < 0) continue
        entry.ms.push(ms)
        entry.cpuMs.push(cpuMs)
        entry.sizes = { ...entry.sizes, wireBytes, peakBytes }
      }
    }
  } finally {
    for (const { child } of children) child.kill()
  }
  return Object.fromEntries(
    children.map(({ label, sizes, ms, cpuMs }) => [
      label,
      { ...sizes, ms: spread(ms), cpuMs: spread(cpuMs), each: { ms, cpuMs } },
    ]),
  )
}

function start(told, isPinned) {
  const [execPath, ...execArgv] = isPinned ? onCore(CLIENT_CORE, [process.execPath]) : [process.execPath]
  // That a table without a window may store a block twice is known, and said of every table here.
  const quiet = '--disable-warning=SLUICE_NO_DEDUPLICATION'
  return fork(CHILD, [JSON.stringify(told)], { execPath, execArgv: [...execArgv, quiet] })
}

async function answer({ child, ended }) {
  const [message] = await Promise.race([once(child, 'message'), ended])
  return message
}

/** Rejects when the process ends by itself; what it said stands on standard error. */
async function refused(label, child) {
  const ended = once(child, 'exit').then(([code, signal]) => {
    if (child.killed) return
    throw new Error(`${label} ended with ${code ?? signal}`)
  })
  ended.catch(() => {}) // whoever waits for an answer is told
  return ended
}

export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1) }
}
