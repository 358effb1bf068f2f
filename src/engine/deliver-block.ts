import { EngineError } from '../errors.ts'
import { Deadline } from '../transport/deadline.ts'
import type { Transport } from '../transport/transport.ts'
import type { Block, BlockState } from './block.ts'
import { classify, isTooManyParts } from './classify.ts'
import type { Clock } from './clock.ts'
import type { Observer } from './observer.ts'
import { type Retry, retryDelay } from './retry.ts'
import type { Throttle } from './throttle.ts'
import { Attempt, least, mistrust, sentTo, type Trust } from './trust.ts'

/** Knows what has become of the table that a block was made for. */
export interface BlockGuard {
  /** Before an attempt: throws where the block is not for this table any more. Undefined: there is nothing to wait for. */
  check(block: Block, signal: AbortSignal): Promise<void> | undefined
  /** After one that failed: an error that says more, or undefined. Never rejects. */
  explain(block: Block, error: unknown, signal: AbortSignal): Promise<unknown>
}

/** At these hosts, never longer than `timeoutMs`. Rejects as an attempt does. */
export type AskTrust = (
  block: Block,
  hosts: readonly string[],
  signal: AbortSignal,
  timeoutMs: number,
) => Promise<Trust>

export interface DeliveryWay {
  readonly transport: Transport
  readonly throttle?: Throttle
  /** The hosts that blocks may go to. */
  readonly hosts: readonly string[]
  /** Those that would recognise a block whose answer was lost at `block.lostAttempt`, as far as is known at `end`. Never rejects. */
  readonly recognisers: (block: Block, end: AbortSignal) => Promise<readonly string[]>
  readonly retry: Retry
  readonly clock: Clock
  /** [0, 1), for the pauses. */
  readonly random: () => number
  /** Ends pauses; the attempt that is under way may finish. */
  readonly stop: AbortSignal
  /** Ends the attempt that is under way. */
  readonly abort: AbortSignal
  readonly onRetry: (block: Block, error: unknown, delayMs: number) => void
  /** The block pauses, or no longer, for a host that other blocks need not wait for. */
  readonly onHeld?: (isHeld: boolean) => void
  /** How far the table can be trusted now to recognise the block. Without it: for ever. */
  readonly trust?: AskTrust
  /** Its first lost answer. */
  readonly onLost?: (block: Block) => void
  /** The block is sent again although the table may not recognise it. Undefined: it is not sent. */
  readonly onPossibleDuplicate?: (block: Block) => void
  readonly guard?: BlockGuard
  readonly observer: Observer
}

export interface DeliveryEnd {
  readonly state: Exclude<BlockState, 'sent'>
  /**
   * Why it is not acknowledged. `callback`: it was refused, and the caller did not take its row. `untrusted`: it may be stored, and
   * the table would not recognise it. `stopped` is nobody's fault: another block failed, or the rows are rolled back.
   */
  readonly reason?: 'refused' | 'callback' | 'untrusted' | 'attempts' | 'deadline' | 'stopped'
  readonly error?: unknown
  /** A sentence more for the message. */
  readonly note?: string
  readonly hint?: string
}

/**
 * Sends one block, the same bytes under the same token, until a host has it or it is clear that none will. Never rejects.
 *
 * One that cannot have arrived goes to another host that answers, at once. One that may be stored is only sent again where it would
 * be recognised, and while the table there can be trusted to do so (trust.ts).
 */
export async function deliverBlock(block: Block, way: DeliveryWay): Promise<DeliveryEnd> {
  const { retry, clock, guard } = way
  const { hosts } = way.transport
  const settings = block.settings
  const deadline = clock.now() + retry.deadline
  // A block that comes here with a lost answer behind it keeps its doubt, whatever this time's answers are.
  let mayHaveArrived = block.state === 'unknown'
  let damaged = false
  let lastError: unknown
  let isDoubled = false
  let isCounted = false
  /** Hosts that did not take it, since the last pause. */
  let turnedAway: string[] = []
  let isUnreachable = false
  let pauses = 0
  const timeLeft = () => Math.max(1, Math.min(retry.attemptTimeout, deadline - clock.now()))
  for (let attempt = 1; ; attempt++) {
    let among = way.hosts
    let host: string | undefined
    let isAsking = false
    try {
      if (mayHaveArrived && block.lostAttempt !== undefined) {
        const again = await whereAgain(block, way, isUnreachable, timeLeft())
        among = again.hosts
        let { doubt } = again
        if (doubt === undefined && way.trust !== undefined) {
          isAsking = true
          block.trust = least(block.trust, await way.trust(block, among, way.abort, timeLeft()))
          isAsking = false
          doubt = mistrust(block.lostAttempt, block.trust, clock, timeLeft())
        }
        if (way.stop.aborted) return { state: 'unknown', reason: 'stopped' }
        if (doubt !== undefined && way.onPossibleDuplicate === undefined) return untrusted(doubt, lastError)
        if (doubt !== undefined && !isDoubled) way.onPossibleDuplicate?.(block)
        isDoubled ||= doubt !== undefined
        if (doubt !== undefined) isCounted = false // stored again, it is another one for the others
      }
      const check = guard?.check(block, way.abort)
      if (check !== undefined) {
        await check
        if (way.stop.aborted) return { state: mayHaveArrived ? 'unknown' : 'sealed', reason: 'stopped' }
      }
      block.attempts++
      if (!isCounted) {
        // It may go to any of them, and replicas remember together.
        for (const name of hosts.names) sentTo(name, block).count++
        if (hosts.names.includes(block.lostAttempt?.host ?? '')) block.lostAttempt!.passOver()
        isCounted = true
      }
      const others = among.filter((name) => !turnedAway.includes(name))
      host = hosts.pick(others.length > 0 ? others : among)
      block.lastAttempt = new Attempt(clock, sentTo(host, block), host)
      await way.observer.insert(block, way.transport, {
        sql: block.sql,
        bytes: block.bytes,
        compressed: block.compressed,
        settings,
        // Never the same twice: the server refuses an id whose query still runs, as after a lost connection it may.
        queryId: `${block.token}:${block.attempts}`,
        host,
        signal: way.abort,
        attemptTimeoutMs: timeLeft(),
      })
      return { state: 'acknowledged' }
    } catch (thrown) {
      const failure = (await guard?.explain(block, thrown, way.abort)) ?? thrown
      const verdict = classify(failure)
      // Of a question that was not answered there is less to tell than of the attempt before it.
      const error = isAsking ? (lastError ?? failure) : failure
      lastError = error
      mayHaveArrived ||= verdict.mayHaveArrived
      if (mayHaveArrived && block.lostAttempt === undefined) {
        block.lostAttempt = block.lastAttempt
        way.onLost?.(block)
      }
      const state = mayHaveArrived ? 'unknown' : verdict.refused ? 'rejected' : 'sealed'
      const end = (reason: DeliveryEnd['reason']): DeliveryEnd => ({
        state,
        reason,
        error,
        hint: (verdict.again === 'no' ? undefined : heldHint(block, among, way.hosts)) ?? verdict.hint,
      })

      if (way.stop.aborted) return end('stopped')
      if (verdict.again === 'no' || (verdict.again === 'once' && damaged)) return end('refused')
      if (verdict.again === 'once') damaged = true
      if (attempt >= retry.attempts) return end('attempts')
      // What is known already needs no pause before it is said: no attempt will follow.
      if (mayHaveArrived && block.lostAttempt !== undefined && block.trust !== undefined) {
        const doubt = mistrust(block.lostAttempt, block.trust, clock, timeLeft())
        if (doubt !== undefined && way.onPossibleDuplicate === undefined) return untrusted(doubt, error)
      }
      isUnreachable ||= mayHaveArrived && verdict.elsewhere
      if (verdict.elsewhere && host !== undefined && clock.now() < deadline) {
        turnedAway.push(host)
        if (hosts.answering(among).some((name) => !turnedAway.includes(name))) {
          way.onRetry(block, error, 0)
          continue
        }
      }
      turnedAway = []
      if (isTooManyParts(error)) way.throttle?.refused()
      // The pause is no shorter than those of blocks that were refused before.
      const patience = isTooManyParts(error) ? (way.throttle?.level ?? 0) : 0
      const delay = retryDelay(retry, ++pauses + patience, way.random())
      // A pause that would outlast the deadline has no attempt behind it, so there is nothing to wait for.
      if (clock.now() + delay >= deadline) return end('deadline')
      way.onRetry(block, error, delay)
      const isHeld = among.length < way.hosts.length
      if (isHeld) way.onHeld?.(true)
      await clock.sleep(delay, way.stop)
      if (isHeld) way.onHeld?.(false)
      if (way.stop.aborted) return end('stopped')
    }
  }
}

/** Where a block whose answer was lost goes again, and why it may not be recognised there. */
async function whereAgain(
  block: Block,
  way: DeliveryWay,
  isUnreachable: boolean,
  timeoutMs: number,
): Promise<{ hosts: readonly string[]; doubt?: string }> {
  const end = new Deadline(way.abort, timeoutMs)
  const recognising = await way.recognisers(block, end.signal)
  end.end()
  const { hosts } = way.transport
  const isNowhere = recognising.length === 0
  const doubt = `It may be stored at ${block.lostAttempt?.host}, and other hosts would not recognise it.`
  if (isNowhere && way.onPossibleDuplicate === undefined) return { hosts: way.hosts, doubt }
  const mayLeave = way.onPossibleDuplicate !== undefined && isUnreachable && hosts.answering(recognising).length === 0
  const others = isNowhere || mayLeave ? hosts.answering(way.hosts) : []
  if (others.length > 0) return { hosts: others, doubt }
  return isNowhere ? { hosts: way.hosts, doubt } : { hosts: recognising }
}

/** Of a block that is held to the host that may have it. */
function heldHint({ lostAttempt }: Block, among: readonly string[], hosts: readonly string[]): string | undefined {
  if (lostAttempt === undefined || among.length === hosts.length) return undefined
  const others = among.length > 1 ? `only ${among.join(', ')}` : 'no other host'
  return `It may be stored at ${lostAttempt.host}, and ${others} would recognise it: give takeBlocks() to deliver() once it answers again.`
}

function untrusted(note: string, lastError: unknown): DeliveryEnd {
  const hint =
    'Look for its rows first. deliver(statement.takeBlocks(), { acceptDuplicates: true }) sends it all the same; prepare() takes acceptDuplicates too.'
  const error = lastError ?? new EngineError('CANNOT_HOLD_PROMISE', note)
  return { state: 'unknown', reason: 'untrusted', error, note: note.replace(/\.$/, ''), hint }
}
