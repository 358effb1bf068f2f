// How far a table can be trusted to recognise a block that is sent again, out of what check() finds.

import type { Block } from '../engine/block.ts'
import type { Trust } from '../engine/trust.ts'
import { Deadline } from '../transport/deadline.ts'
import { TRUSTED_SHARE } from './check/pressure.ts'
import { askedAt, checkDelivery, type DeliveryReport } from './check.ts'
import type { OpenedTarget } from './connect.ts'

export function trustOf({ promises, deduplicationBlocks, deduplicationSeconds, warnings }: DeliveryReport): Trust {
  const { answer, reason } = promises.noDuplicates
  return {
    blocks: answer === 'yes' ? trusted(deduplicationBlocks) : 0,
    ms: deduplicationSeconds === undefined ? Number.POSITIVE_INFINITY : deduplicationSeconds * 1000,
    why:
      answer === 'yes'
        ? 'What the table remembers is too little.'
        : (warnings.find((text) => text.startsWith(reason)) ?? reason),
    isKnown: answer !== 'unproven',
  }
}

/** One block that fits is recognised while no other of ours comes after it, however large it is. */
function trusted(blocks: number): number {
  return Math.max(Math.min(blocks, 1), Math.floor(blocks * TRUSTED_SHARE))
}

/** Asks one of these hosts now; where the server does not say, what it said before the first block still counts. */
export async function askTrust(
  opened: OpenedTarget,
  block: Block,
  hosts: readonly string[],
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Trust> {
  const { transport } = opened
  if (transport.kind === 'file') return { blocks: 0, ms: 0, why: 'A file recognises nothing.', isKnown: true }
  const deadline = new Deadline(signal, timeoutMs)
  try {
    const report = await checkDelivery(askedAt(opened, hosts), block, block.settings, {
      signal: deadline.signal,
      isSplit: block.isOnePartition,
    })
    const trust = trustOf(report)
    return trust.isKnown ? trust : (block.trust ?? trust)
  } catch (error) {
    throw deadline.passed ? deadline.error(true) : error
  } finally {
    deadline.end()
  }
}
