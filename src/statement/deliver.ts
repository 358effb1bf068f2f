import { Block, type SealedBlock } from '../engine/block.ts'
import type { BlockGuard } from '../engine/deliver-block.ts'
import { Engine } from '../engine/engine.ts'
import { type RetryOptions, resolveRetry } from '../engine/retry.ts'
import { EngineError, UsageError } from '../errors.ts'
import { refuseUnknown } from '../transport/target.ts'
import { checkDelivery } from './check.ts'
import type { OpenedTarget } from './connect.ts'
import { type SchemaGuard, schemaGuard } from './schema-guard.ts'
import { quoteTable } from './table.ts'

export interface DeliverOptions {
  /** Sends `unknown` blocks also to tables that cannot recognise them: they may be there already. */
  acceptDuplicates?: boolean
  retry?: RetryOptions
}

export interface DeliverySummary {
  readonly rows: number
  readonly blocks: number
  /** As sent. */
  readonly bytes: number
  readonly tokens: readonly string[]
  readonly retries: number
}

/**
 * See Connection.deliver.
 *
 * @param hurry  ends the attempts under way; its reason is the time that close() gave them
 */
export async function deliverBlocks(
  opened: OpenedTarget,
  given: readonly SealedBlock[],
  options: DeliverOptions,
  hurry: AbortSignal,
): Promise<DeliverySummary> {
  refuseUnknown(options, ['acceptDuplicates', 'retry'])
  const blocks = [...new Set(given.filter(isBlock))].filter(({ state }) => state !== 'acknowledged')
  assertFrames(opened, blocks)
  assertIdle(blocks)
  for (const block of blocks) underWay.add(block)
  try {
    return await deliverAll(opened, blocks, options, hurry)
  } finally {
    for (const block of blocks) underWay.delete(block)
  }
}

/** Blocks of a deliver() that has not ended: a second one would insert them again. */
const underWay = new WeakSet<Block>()

async function deliverAll(
  opened: OpenedTarget,
  blocks: readonly Block[],
  options: DeliverOptions,
  hurry: AbortSignal,
): Promise<DeliverySummary> {
  if (!options.acceptDuplicates) await assertRecognised(opened, blocks)

  const { transport, concurrency, observer } = opened
  const retry = resolveRetry(opened.options.retry, options.retry)
  const guards = new Map<string, SchemaGuard | undefined>()
  const guardOf = (block: Block) => {
    const name = quoteTable(block)
    if (!guards.has(name)) guards.set(name, schemaGuard(opened, block, { looks: true }))
    return guards.get(name)
  }
  const guard: BlockGuard = {
    check: (block, signal) => guardOf(block)?.check(block, signal),
    explain: async (block, error, signal) => guardOf(block)?.explain(block, error, signal),
  }
  const engine = new Engine({ transport, retry, concurrency, name: 'deliver', guard, observer })
  const late = () => engine.fail('DEADLINE_EXCEEDED', `close() waited ${hurry.reason} ms`, undefined)
  hurry.addEventListener('abort', late, { once: true })
  try {
    for (const block of blocks) engine.add(block)
    await engine.whenIdle()
  } finally {
    hurry.removeEventListener('abort', late)
  }
  for (const one of guards.values()) await one?.confirm()
  const { acknowledgedBlocks, acknowledgedBytes, retries } = engine.totals
  return {
    rows: engine.rows.acknowledged,
    blocks: acknowledgedBlocks,
    bytes: acknowledgedBytes,
    tokens: blocks.map(({ token }) => token),
    retries,
  }
}

function isBlock(block: SealedBlock): block is Block {
  if (block instanceof Block) return true
  throw new UsageError('BAD_OPTION', 'deliver() takes the blocks of takeBlocks(), as they are.')
}

function assertIdle(blocks: readonly Block[]): void {
  const busy = blocks.find((block) => underWay.has(block))
  if (busy === undefined) return
  throw new UsageError('BUSY', `Block ${busy.token} is being delivered by another deliver().`, {
    hint: 'Await that one; blocks it could not deliver can be given to another deliver() then.',
  })
}

function assertFrames({ transport }: OpenedTarget, blocks: readonly Block[]): void {
  if (transport.takesFrames || blocks.every(({ compressed }) => !compressed)) return
  throw new UsageError('NOT_SUPPORTED', `These blocks are compressed, and a ${transport.kind} target takes none.`, {
    hint: "Prepare with compression: 'none' where blocks may have to go there.",
  })
}

async function assertRecognised(opened: OpenedTarget, blocks: readonly Block[]): Promise<void> {
  const doubtful = new Map(blocks.filter(({ state }) => state === 'unknown').map((block) => [quoteTable(block), block]))
  for (const [name, block] of doubtful) {
    const isFile = opened.transport.kind === 'file'
    const report = isFile ? undefined : await checkDelivery(opened, block, block.settings)
    if (report !== undefined && report.deduplicatesBy !== 'nothing') continue
    throw new EngineError(
      'CANNOT_HOLD_PROMISE',
      `A block for ${name} may be stored already, and ${name} would not recognise it.`,
      {
        hint: 'Look for its rows first. deliver(blocks, { acceptDuplicates: true }) sends it all the same.',
      },
    )
  }
}
