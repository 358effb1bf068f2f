// Rule 7: a block whose answer was lost is sent again only while its table can be trusted to recognise it, in age and in entries.

import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Block } from '../../src/engine/block.ts'
import { type DeliveryWay, deliverBlock } from '../../src/engine/deliver-block.ts'
import { DeliveryError } from '../../src/engine/delivery-error.ts'
import { Engine } from '../../src/engine/engine.ts'
import { Observer } from '../../src/engine/observer.ts'
import { least, type Trust } from '../../src/engine/trust.ts'
import { blockOf, lost, ManualClock, refused, retryOf, type Script, ScriptedTransport, serverSays } from './scripted.ts'

const BUSY = serverSays(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', true)
const trusting = (blocks: number, ms = Number.POSITIVE_INFINITY): Trust => ({ blocks, ms, isKnown: true })

interface Given extends Partial<Omit<DeliveryWay, 'hosts' | 'recognisers'>> {
  block?: Block
  clock?: ManualClock
}

async function deliver(script: Script, trust: Trust | undefined, { block = blockOf(0), ...more }: Given = {}) {
  const transport = new ScriptedTransport(script)
  const clock = more.clock ?? new ManualClock()
  const observer = more.observer ?? new Observer()
  const never = new AbortController().signal
  const end = await deliverBlock(block, {
    transport,
    hosts: transport.hosts.names,
    recognisers: async ({ lostAttempt }) => [lostAttempt!.host],
    retry: retryOf({ deadline: Number.POSITIVE_INFINITY }),
    random: () => 1,
    stop: never,
    abort: never,
    onRetry: () => {},
    ...(trust && { trust: async () => trust }),
    ...more,
    clock,
    observer,
  })
  return { end, transport, clock, block, observer }
}

/** Fails so, again and again; the last one stays. */
function failing(...errors: Error[]): Script {
  return (_, attempt) => {
    throw errors[Math.min(attempt, errors.length) - 1]
  }
}

describe('a table that recognises nothing', () => {
  it('gets no second attempt of a block whose answer was lost', async () => {
    const why = 'It has no window'
    const { end, transport } = await deliver(failing(lost()), { ...trusting(0), why })
    expect(transport.requests).toHaveLength(1)
    expect(end).toMatchObject({
      state: 'unknown',
      reason: 'untrusted',
      note: why,
      error: { code: 'CONNECTION_LOST' },
      hint: expect.stringContaining('acceptDuplicates'),
    })
  })
  it('gets as many as it takes of one that cannot have arrived', async () => {
    const { end, transport } = await deliver((_, attempt) => {
      if (attempt < 6) throw attempt % 2 ? refused() : BUSY
    }, trusting(0))
    expect({ end, attempts: transport.requests.length }).toEqual({ end: { state: 'acknowledged' }, attempts: 6 })
  })
  it('gets it all the same with acceptDuplicates, and each block is counted once', async () => {
    let counted = 0
    const { end, transport } = await deliver(
      (_, attempt) => {
        if (attempt < 4) throw lost()
      },
      trusting(0),
      { onPossibleDuplicate: () => counted++ },
    )
    expect({ end, attempts: transport.requests.length, counted }).toEqual({
      end: { state: 'acknowledged' },
      attempts: 4,
      counted: 1,
    })
  })
})

describe('age: since the first attempt whose answer was lost', () => {
  const retry = retryOf({ attemptTimeout: 50, deadline: Number.POSITIVE_INFINITY })
  it('no attempt begins that may arrive after it, and none before it is left out', async () => {
    // Pauses of 100, 200, 400, 800, … ms after the first attempt.
    const { end, transport, clock } = await deliver(failing(lost()), trusting(10, 750), { retry })
    expect(transport.requests).toHaveLength(3)
    expect(clock.time).toBe(700)
    expect(end).toMatchObject({
      state: 'unknown',
      reason: 'untrusted',
      note: expect.stringMatching(/lost 1 s ago.* for 0\.75 s: an attempt of 0\.05 s \(retry\.attemptTimeout\)/),
    })
    expect((await deliver(failing(lost()), trusting(10, 751), { retry })).transport.requests).toHaveLength(4)
  })
  it('what was refused before does not count', async () => {
    const { clock } = await deliver(failing(BUSY, BUSY, lost()), trusting(10, 750), { retry })
    expect(clock.pauses).toEqual([100, 200, 400, 800]) // the answer was lost at 300
  })
  it('a machine that slept has aged the block as well', async () => {
    const clock = new ManualClock()
    const { end, transport } = await deliver(
      () => {
        clock.asleep += 3_600_000
        throw lost()
      },
      trusting(10, 3_600_000),
      { clock, retry },
    )
    expect({ reason: end.reason, attempts: transport.requests.length }).toEqual({ reason: 'untrusted', attempts: 1 })
  })
  it('a block that is taken over keeps the time of its first lost answer', async () => {
    const clock = new ManualClock()
    const given = async () => {
      const { end, block } = await deliver(failing(lost()), undefined, { clock, retry: retryOf({ attempts: 1 }) })
      expect(end).toMatchObject({ state: 'unknown', reason: 'attempts' })
      block.state = 'unknown'
      return block
    }
    const [late, inTime] = [await given(), await given()]
    clock.time += 1000
    const { end, transport } = await deliver(() => {}, trusting(10, 1050), { clock, retry, block: late })
    expect(end).toMatchObject({ state: 'unknown', reason: 'untrusted', error: { code: 'CANNOT_HOLD_PROMISE' } })
    expect(transport.requests).toHaveLength(0)
    expect((await deliver(() => {}, trusting(10, 1051), { clock, retry, block: inTime })).end).toEqual({
      state: 'acknowledged',
    })
  })
})

it('a block whose attempt outlives an abort is in doubt from the start of that attempt', async () => {
  const clock = new ManualClock()
  const engine = new Engine({
    transport: new ScriptedTransport(() => new Promise(() => {})),
    retry: retryOf(),
    concurrency: 1,
    name: 't',
    clock,
  })
  engine.add(blockOf(0))
  engine.fail('ABORTED', 'the AbortSignal fired', undefined)
  await expect(engine.whenIdle()).rejects.toMatchObject({ blocks: [{ state: 'unknown' }] })
  const [block] = engine.take()
  clock.time += 1000
  expect((await deliver(() => {}, trusting(10, 1000), { clock, block })).end.reason).toBe('untrusted')
})

describe('entries: blocks that were sent to the same table since', () => {
  it('of the process, whatever connection and statement they are of', async () => {
    const sendOther = async (sequence: number) =>
      void (await deliver(() => {}, undefined, { block: blockOf(sequence) }))
    const script: Script = async (_, attempt) => {
      if (attempt === 2) for (let i = 1; i <= 3; i++) await sendOther(i)
      throw lost()
    }
    const { end, transport } = await deliver(script, trusting(3))
    expect(transport.requests).toHaveLength(2)
    expect(end.note).toMatch(/3 other blocks were sent/)
    const again = await deliver(script, trusting(4), { retry: retryOf({ attempts: 5 }) })
    expect(again.end.reason).toBe('attempts')
  })
  it('one that was attempted before counts again, for it may be stored only now', async () => {
    const others = [1, 2, 3].map((sequence) => blockOf(sequence))
    for (const block of others) await deliver(failing(BUSY), undefined, { block, retry: retryOf({ attempts: 1 }) })
    const script: Script = async (_, attempt) => {
      if (attempt === 2) for (const block of others) await deliver(() => {}, undefined, { block })
      throw lost()
    }
    expect((await deliver(script, trusting(3))).end.note).toMatch(/3 other blocks were sent/)
  })
  it('not those of a table of another name', async () => {
    const elsewhere = blockOf(1)
    Object.defineProperty(elsewhere, 'table', { value: 'u' })
    const script: Script = async (_, attempt) => {
      if (attempt === 2) await deliver(() => {}, undefined, { block: elsewhere })
      throw lost()
    }
    expect((await deliver(script, trusting(1), { retry: retryOf({ attempts: 5 }) })).end.reason).toBe('attempts')
  })
  it('its own repetitions do not count, nor those of a later delivery', async () => {
    const given = await deliver(failing(lost()), trusting(1), { retry: retryOf({ attempts: 3 }) })
    given.block.state = 'unknown'
    const later = await deliver(failing(lost()), trusting(1), { block: given.block, retry: retryOf({ attempts: 5 }) })
    expect([given.end.reason, later.end.reason]).toEqual(['attempts', 'attempts'])
  })
  it('an engine sends no other block that would be one too many, until the one in doubt has its answer', async () => {
    const open: { answer(): void; fail(error: Error): void }[] = []
    const transport = new ScriptedTransport(
      () => new Promise<void>((resolve, reject) => open.push({ answer: resolve, fail: reject })),
    )
    const engine = new Engine({
      transport,
      retry: retryOf(),
      clock: new ManualClock(),
      concurrency: 2,
      name: 't',
      trust: async () => trusting(3),
    })
    const sent = () => transport.requests.map(({ queryId }) => queryId.split(':')[1])
    for (let i = 0; i < 6; i++) {
      const block = blockOf(i)
      block.trust = trusting(3)
      engine.add(block)
    }
    const settle = async () => {
      for (let i = 0; i < 20; i++) await turn()
    }
    open[0]!.fail(lost())
    await settle()
    expect(sent()).toEqual(['0', '1', '0'])
    open[1]!.answer()
    await settle()
    expect(sent()).toEqual(['0', '1', '0', '2'])
    open[3]!.answer()
    await settle()
    expect(sent()).toEqual(['0', '1', '0', '2']) // a third one after it could push it out
    open[2]!.answer()
    await settle()
    expect(sent()).toEqual(['0', '1', '0', '2', '3', '4'])
    for (let i = 4; i < 7; i++) {
      open[i]!.answer()
      await settle()
    }
    await engine.whenIdle()
    expect(engine.rows).toMatchObject({ acknowledged: 60, unknown: 0 })
  })
})

describe('what is asked when an answer was lost', () => {
  it('the least of what the table promised before and promises now', () => {
    expect(least(trusting(5, 100), trusting(3, 200))).toEqual(trusting(3, 100))
    expect(least(trusting(0, 100), { ...trusting(7), why: 'now' })).toMatchObject({ blocks: 0, ms: 100 })
    expect(least(undefined, trusting(7, 1))).toEqual(trusting(7, 1))
  })
  it('a server that cannot be asked is one that cannot be reached: the next attempt asks again', async () => {
    const asked: number[] = []
    const { end, transport, clock } = await deliver(
      (_, attempt) => {
        if (attempt === 1) throw lost()
      },
      undefined,
      {
        trust: async (_, __, ___, timeoutMs) => {
          asked.push(timeoutMs)
          if (asked.length < 3) throw refused()
          return trusting(1)
        },
        retry: retryOf({ attemptTimeout: 777 }),
      },
    )
    expect(end).toEqual({ state: 'acknowledged' })
    expect(transport.requests).toHaveLength(2)
    expect(clock.pauses).toHaveLength(3)
    expect(asked).toEqual([777, 777, 777])
  })
  it('and where that goes on until the deadline, the error is of the last attempt', async () => {
    const trust = () => Promise.reject(refused())
    const { end, transport } = await deliver(failing(lost()), undefined, { trust, retry: retryOf({ deadline: 1000 }) })
    expect(transport.requests).toHaveLength(1)
    expect(end).toMatchObject({ state: 'unknown', reason: 'deadline', error: { code: 'CONNECTION_LOST' } })
  })
  it('nothing, while no answer is lost', async () => {
    const trust = () => Promise.reject(new Error('asked'))
    expect((await deliver(failing(BUSY), undefined, { trust, retry: retryOf({ attempts: 3 }) })).end.reason).toBe(
      'attempts',
    )
  })
})

it('the error names the block, its rows, what was lost and why that is the end', async () => {
  const engine = new Engine({
    transport: new ScriptedTransport(failing(lost())),
    retry: retryOf(),
    concurrency: 1,
    name: '`db`.`t`',
    clock: new ManualClock(),
    trust: async () => ({ ...trusting(0), why: '`db`.`t` remembers nothing.' }),
  })
  engine.add(blockOf(0))
  engine.add(blockOf(1))
  const error = await engine.whenIdle().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DeliveryError)
  expect(error).toMatchObject({
    code: 'DELIVERY_FAILED',
    message: expect.stringMatching(
      /^`db`\.`t`: block engine:0:\S+ \(rows 0\.\.9\) may be stored, and is not sent again: CONNECTION_LOST\. `db`\.`t` remembers nothing\. Rows: 10 sealed, 10 unknown\./,
    ),
    blocks: [{ state: 'unknown' }, { state: 'sealed' }],
  })
})
