// Contenders side by side: each in its own process, one round of one at a time, in turn, so that a busy machine hits all alike.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('contender.mjs', import.meta.url))

/**
 * @param contenders  by label: {module, args}, the module's URL relative to this folder
 * @returns           by label: {byteLength, rawByteLength, ms, cpuMs}, the times as {median, min, max} of the rounds after the warm-up
 */
export async function alternate(contenders, { rounds, warmups }) {
  const children = []
  try {
    for (const [label, { module, args }] of Object.entries(contenders)) {
      const child = fork(CHILD, [JSON.stringify({ module: new URL(module, import.meta.url).href, args })])
      const entry = { label, child, ended: refused(label, child), ms: [], cpuMs: [] }
      children.push(entry)
      entry.sizes = await answer(entry)
    }
    for (let round = -warmups; round < rounds; round++) {
      for (let i = 0; i < children.length; i++) {
        // Another one begins every time: nobody always runs after the same neighbour.
        const entry = children[(i + round + warmups) % children.length]
        entry.child.send('round')
        const { ms, cpuMs } = await answer(entry)
        if (round < 0) continue
        entry.ms.push(ms)
        entry.cpuMs.push(cpuMs)
      }
    }
  } finally {
    for (const { child } of children) child.kill()
  }
  return Object.fromEntries(
    children.map(({ label, sizes, ms, cpuMs }) => [label, { ...sizes, ms: spread(ms), cpuMs: spread(cpuMs) }]),
  )
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
