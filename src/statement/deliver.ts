import { Block, type SealedBlock } from '../engine/block.ts'
import { systemClock } from '../engine/clock.ts'
import type { BlockGuard } from '../engine/deliver-block.ts'
import { DeliveryError } from '../engine/delivery-error.ts'
import { Engine } from '../engine/engine.ts'
import { type RetryOptions, resolveRetry } from '../engine/retry.ts'
import { least, mistrust, type Trust } from '../engine/trust.ts'
import { EngineError, UsageError } from '../errors.ts'
import { Deadline } from '../transport/deadline.ts'
import { refuseUnknown } from '../transport/target.ts'
import type { OpenedTarget } from './connect.ts'
import { whyPartlyStored } from './partly-stored.ts'
import { type SchemaGuard, schemaGuard } from './schema-guard.ts'
import { quoteTable } from './table.ts'
import { TableLogs } from './table-logs.ts'
import { askTrust } from './trust.ts'

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
  /** Of `rows`, those that may be there twice now, because `acceptDuplicates` allowed it. */
  readonly possibleDuplicates: number
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
  const { transport, concurrency, observer } = opened
  const retry = resolveRetry(opened.options.retry, options.retry)
  const logs = new Map<string, TableLogs>()
  const recognisers = async (block: Block, end: AbortSignal): Promise<readonly string[]> => {
    if (block.lostAttempt === undefined) return transport.hosts.names
    const name = quoteTable(block)
    if (!logs.has(name)) logs.set(name, new TableLogs(transport, block))
    return await logs.get(name)!.recognisers(block.lostAttempt.host, block.lostLog, end)
  }
  if (!options.acceptDuplicates)
    await assertRecognised(opened, blocks, recognisers, hurry, Math.min(retry.attemptTimeout, retry.deadline))

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
  const engine = new Engine({
    transport,
    retry,
    concurrency,
    name: 'deliver',
    guard,
    observer,
    trust: (block, hosts, signal, timeoutMs) => askTrust(opened, block, hosts, signal, timeoutMs),
    acceptDuplicates: options.acceptDuplicates,
    recognisers,
    whyPartlyStored: (block, error, signal) => whyPartlyStored(transport, block, error, signal),
  })
  const late = () => engine.fail('DEADLINE_EXCEEDED', `close() waited ${hurry.reason} ms`, undefined)
  if (hurry.aborted) late()
  hurry.addEventListener('abort', late, { once: true })
  try {
    for (const block of unknownFirst(blocks)) engine.add(block)
    await engine.whenIdle()
  } catch (error) {
    throw error instanceof DeliveryError ? inCallersHands(error) : error
  } finally {
    hurry.removeEventListener('abort', late)
  }
  for (const one of guards.values()) await one?.confirm()
  const { acknowledgedBlocks, acknowledgedBytes, retries, possibleDuplicates } = engine.totals
  return {
    rows: engine.rows.acknowledged,
    blocks: acknowledgedBlocks,
    bytes: acknowledgedBytes,
    tokens: blocks.filter(({ state }) => state === 'acknowledged').map(({ token }) => token),
    retries,
    possibleDuplicates,
  }
}

/** The hint of a statement speaks of what it can do with its blocks; these are the caller's already. */
function inCallersHands(error: DeliveryError): DeliveryError {
  if (!error.hint?.includes('rollback()')) return error
  const { code, blocks, cause } = error
  const message = error.message.split('\n  hint: ')[0]!
  const isRefused = blocks.some(({ state }) => state === 'rejected')
  const hint = isRefused
    ? 'deliver() stops at a rejected block: give it the others without that one, or all again once the reason is gone. The rows of a rejected block are in its `bytes`, for decodeBlocks().'
    : 'The same list may be given to deliver() again, of any working connection; it skips what is acknowledged.'
  return new DeliveryError(code, message, { blocks, hint, cause })
}

/** Each block that goes before them is one more for the table to remember. */
function unknownFirst(blocks: readonly Block[]): readonly Block[] {
  const isUnknown = ({ state }: Block) => state === 'unknown'
  return [...blocks.filter(isUnknown), ...blocks.filter((block) => !isUnknown(block))]
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

/** Before anything is sent, so that no part of the list is. */
async function assertRecognised(
  opened: OpenedTarget,
  blocks: readonly Block[],
  recognisers: (block: Block, end: AbortSignal) => Promise<readonly string[]>,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<void> {
  const asked = new Map<string, Promise<Trust>>()
  for (const block of blocks) {
    if (block.state !== 'unknown') continue
    const name = quoteTable(block)
    const end = new Deadline(signal, timeoutMs)
    const hosts = await recognisers(block, end.signal)
    end.end()
    if (hosts.length === 0) {
      throw cannotHold(
        `A block for ${name} may be stored at ${block.host}, and of ${opened.transport.hosts.names.join(', ')} it is not known that the same deduplication log is kept there.`,
        `Deliver it through a connection that has ${block.host}.`,
      )
    }
    const place = `${name} ${hosts}`
    const asking = asked.get(place) ?? askTrust(opened, block, hosts, signal, timeoutMs)
    asked.set(place, asking)
    const trust = least(block.trust, await asking)
    const doubt =
      block.lostAttempt === undefined ? undefined : mistrust(block.lostAttempt, trust, systemClock, timeoutMs)
    if (doubt === undefined) continue
    throw cannotHold(
      `A block for ${name} may be stored already, and ${name} cannot be trusted to recognise it. ${doubt}`,
      'Look for its rows first.',
    )
  }
}

function cannotHold(message: string, hint: string): EngineError {
  return new EngineError('CANNOT_HOLD_PROMISE', message, {
    hint: `${hint} deliver(blocks, { acceptDuplicates: true }) sends it all the same.`,
  })
}
