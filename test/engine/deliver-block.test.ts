import { describe, expect, it } from 'vitest'
import type { Block, BlockState } from '../../src/engine/block.ts'
import { type DeliveryEnd, type DeliveryWay, deliverBlock } from '../../src/engine/deliver-block.ts'
import { Observer } from '../../src/engine/observer.ts'
import { type RetryOptions, retryDelay } from '../../src/engine/retry.ts'
import { blockOf, lost, ManualClock, refused, retryOf, type Script, ScriptedTransport, serverSays } from './scripted.ts'

const MEMORY = serverSays(241, 'MEMORY_LIMIT_EXCEEDED', true)
const BUSY = serverSays(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', true)
const MISMATCH = serverSays(53, 'TYPE_MISMATCH', false)
const CHECKSUM = serverSays(40, 'CHECKSUM_DOESNT_MATCH', true)

async function deliver(script: Script, options: { retry?: RetryOptions; block?: Block; random?: () => number } = {}) {
  const transport = new ScriptedTransport(script)
  const clock = new ManualClock()
  const block = options.block ?? blockOf(0)
  const end = await deliverBlock(block, {
    transport,
    hosts: transport.hosts.names,
    recognisers: async ({ lostAttempt }) => [lostAttempt!.host],
    retry: retryOf(options.retry),
    clock,
    random: options.random ?? (() => 0.5),
    stop: new AbortController().signal,
    abort: new AbortController().signal,
    onRetry: () => {},
    observer: new Observer(),
  })
  return { end, transport, clock, block }
}

/** Throws these in turn, then succeeds. */
function answers(...errors: (Error | undefined)[]): Script {
  return (_, attempt) => {
    const error = errors[attempt - 1]
    if (error !== undefined) throw error
  }
}

function always(error: Error): Script {
  return () => {
    throw error
  }
}

describe('a retry sends the same bytes under the same token with another query id', () => {
  it('after a lost answer, a full server and a refused connection', async () => {
    const { end, transport, block } = await deliver(answers(lost(), BUSY, refused()))
    expect(end).toEqual({ state: 'acknowledged' })
    expect(transport.requests.map(({ queryId }) => queryId)).toEqual([1, 2, 3, 4].map((n) => `${block.token}:${n}`))
    const [first, ...others] = transport.requests
    expect(first).toMatchObject({ settings: { async_insert: 0, insert_deduplication_token: block.token } })
    for (const other of others) {
      expect(other.bytes).toBe(first!.bytes)
      expect({ sql: other.sql, settings: other.settings }).toEqual({ sql: first!.sql, settings: first!.settings })
    }
  })
})

describe('the last state says what is known of the block', () => {
  const cases: [string, Script, RetryOptions, BlockState, DeliveryEnd['reason'], attempts: number][] = [
    ['refused for good', answers(MISMATCH), {}, 'rejected', 'refused', 1],
    ['refused for good after a lost answer', answers(lost(), MISMATCH), {}, 'unknown', 'refused', 2],
    ['refused for now, too often', always(BUSY), { attempts: 3 }, 'rejected', 'attempts', 3],
    ['perhaps stored, too often', always(MEMORY), { attempts: 3 }, 'unknown', 'attempts', 3],
    ['never arrived', always(refused()), { attempts: 3 }, 'sealed', 'attempts', 3],
    [
      'lost once, then nobody listens',
      answers(lost(), refused(), refused()),
      { attempts: 3 },
      'unknown',
      'attempts',
      3,
    ],
    ['damaged twice', answers(CHECKSUM, CHECKSUM), {}, 'rejected', 'refused', 2],
    ['damaged, full, damaged', answers(CHECKSUM, BUSY, CHECKSUM), {}, 'rejected', 'refused', 3],
    ['an error that is none of ours', answers(new TypeError('defect')), {}, 'unknown', 'refused', 1],
  ]
  for (const [title, script, retry, state, reason, attempts] of cases) {
    it(title, async () => {
      const { end, transport } = await deliver(script, { retry })
      expect(end).toMatchObject({ state, reason })
      expect(transport.requests).toHaveLength(attempts)
    })
  }

  it('damaged once is repeated', async () => {
    expect((await deliver(answers(CHECKSUM))).end.state).toBe('acknowledged')
  })

  it('a block that comes with a doubt keeps it', async () => {
    const block = blockOf(0)
    block.state = 'unknown'
    expect((await deliver(answers(MISMATCH), { block })).end.state).toBe('unknown')
  })

  it('attempts are counted over deliveries, so that a query id never comes twice', async () => {
    const { block } = await deliver(always(lost()), { retry: { attempts: 2 } })
    const { transport } = await deliver(answers(), { block })
    expect(transport.requests[0]!.queryId).toBe(`${block.token}:3`)
  })
})

describe('pauses double up to maxDelay, each a random part of its bound', () => {
  it('all of it', async () => {
    const { clock } = await deliver(answers(...Array(9).fill(lost())), { random: () => 1 })
    expect(clock.pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  })
  it('nothing of it', async () => {
    const { clock } = await deliver(answers(...Array(3).fill(lost())), { random: () => 0 })
    expect(clock.pauses).toEqual([0, 0, 0])
  })
  it('minDelay and maxDelay are the caller’s', () => {
    const retry = retryOf({ minDelay: 5, maxDelay: 12 })
    expect([1, 2, 3, 2000].map((attempts) => retryDelay(retry, attempts, 0.5))).toEqual([2.5, 5, 6, 6])
  })
})

describe('the deadline ends attempts and pauses', () => {
  it('no attempt begins after it, and none may last beyond it', async () => {
    const { end, transport, clock } = await deliver(always(lost()), {
      retry: { deadline: 1000, attemptTimeout: 600 },
      random: () => 1,
    })
    expect(end).toMatchObject({ state: 'unknown', reason: 'deadline' })
    expect(clock.pauses).toEqual([100, 200, 400])
    expect(transport.requests.map(({ attemptTimeoutMs }) => attemptTimeoutMs)).toEqual([600, 600, 600, 300])
  })
  it('a block that was only ever refused is rejected at the deadline', async () => {
    expect((await deliver(always(BUSY), { retry: { deadline: 1000 } })).end).toMatchObject({
      state: 'rejected',
      reason: 'deadline',
    })
  })
  it('time spent in attempts counts', async () => {
    const clock = new ManualClock()
    const transport = new ScriptedTransport(() => {
      clock.time += 700
      throw lost()
    })
    const never = new AbortController().signal
    const way: DeliveryWay = {
      transport,
      hosts: transport.hosts.names,
      recognisers: async ({ lostAttempt }) => [lostAttempt!.host],
      retry: retryOf({ deadline: 1000 }),
      clock,
      random: () => 0,
      stop: never,
      abort: never,
      onRetry: () => {},
      observer: new Observer(),
    }
    expect((await deliverBlock(blockOf(0), way)).reason).toBe('deadline')
    expect(transport.requests.map(({ attemptTimeoutMs }) => attemptTimeoutMs)).toEqual([1000, 300])
  })
})

describe('several hosts', () => {
  const NAMES = ['a', 'b', 'c']
  /** A script by host; and hosts that keep one deduplication log. */
  async function deliverTo(
    of: Record<string, Script>,
    options: { logs?: string[][]; retry?: RetryOptions; onPossibleDuplicate?: () => void } = {},
  ) {
    const transport = new ScriptedTransport((request, attempt) => {
      try {
        return of[request.host!]?.(request, attempt)
      } catch (error) {
        transport.hosts.failed(request.host!)
        throw error
      }
    }, NAMES)
    const clock = new ManualClock()
    const block = blockOf(0)
    const end = await deliverBlock(block, {
      transport,
      hosts: NAMES,
      observer: new Observer(),
      recognisers: async ({ lostAttempt }) =>
        options.logs?.find((log) => log.includes(lostAttempt!.host)) ?? [lostAttempt!.host],
      retry: retryOf(options.retry),
      clock,
      random: () => 0.5,
      stop: new AbortController().signal,
      abort: new AbortController().signal,
      onRetry: () => {},
      onPossibleDuplicate: options.onPossibleDuplicate,
    })
    return { end, block, clock, asked: transport.requests.map(({ host }) => host), transport }
  }

  it('one that cannot have the block is left at once, for each that answers; then comes the pause', async () => {
    const { end, clock, asked, block } = await deliverTo({
      a: always(refused()),
      b: always(BUSY),
      c: (_, attempt) => {
        if (attempt < 4) throw refused()
      },
    })
    expect(end).toEqual({ state: 'acknowledged' })
    expect(asked.slice(0, 3)).toEqual(['a', 'b', 'c'])
    expect(clock.pauses.length).toBe(asked.length - 3)
    expect(block).toMatchObject({ state: 'sealed', host: 'c', attempts: asked.length })
  })

  it('a block that may be stored goes nowhere else, and at the end says where that is', async () => {
    const { end, asked, block } = await deliverTo(
      { a: (_, attempt) => { throw attempt === 1 ? lost() : refused() } }, // biome-ignore format: a script
      { retry: { attempts: 5 } },
    )
    expect(asked).toEqual(['a', 'a', 'a', 'a', 'a'])
    expect(end).toMatchObject({ state: 'unknown', reason: 'attempts' })
    expect(end.hint).toMatch(/may be stored at a, and no other host would recognise it/)
    expect(block.host).toBe('a')
  })

  it('but to one that keeps the same deduplication log', async () => {
    const { end, asked, block } = await deliverTo({ a: always(lost()) }, { logs: [['a', 'c']] })
    expect(asked).toEqual(['a', 'c'])
    expect(end.state).toBe('acknowledged')
    expect(block.attempts).toBe(2)
  })

  it('or, where duplicates are accepted, to any that answers, once the first cannot be reached', async () => {
    let told = 0
    const lostThenDown: Script = (_, attempt) => {
      throw attempt === 1 ? lost() : refused()
    }
    const { end, asked } = await deliverTo({ a: lostThenDown }, { onPossibleDuplicate: () => told++ })
    expect(asked).toEqual(['a', 'a', 'b'])
    expect([end.state, told]).toEqual(['acknowledged', 1])
  })

  it('a retry at another host has the same bytes and token, and a query id of its own', async () => {
    const { transport, block } = await deliverTo({ a: always(refused()) })
    const [first, second] = transport.requests
    expect(second!.bytes).toBe(first!.bytes)
    expect(second!.settings).toEqual(first!.settings)
    expect([first!.queryId, second!.queryId]).toEqual([`${block.token}:1`, `${block.token}:2`])
  })

  it('a refusal for good is one everywhere', async () => {
    const { end, asked } = await deliverTo({ a: always(MISMATCH) })
    expect([end.state, asked]).toEqual(['rejected', ['a']])
  })
})

describe('retry options', () => {
  for (const retry of [
    { attempts: 0 },
    { minDelay: -1 },
    { attemptTimeout: 2 ** 31 },
    { deadline: Number.NaN },
    { attempt: 3 },
    { attempts: '3' },
  ]) {
    it(`refuses ${JSON.stringify(retry)}`, () => {
      expect(() => retryOf(retry as RetryOptions)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    })
  }
  it('names the one that was meant', () => {
    expect(() => retryOf({ deadlin: 3 } as RetryOptions)).toThrow(/Did you mean deadline\?/)
  })
})
