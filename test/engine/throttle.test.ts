import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Engine } from '../../src/engine/engine.ts'
import { Throttle } from '../../src/engine/throttle.ts'
import { blockOf, ManualClock, retryOf, ScriptedTransport, serverSays } from './scripted.ts'

function throttle(isDelaying: () => boolean = () => false) {
  const time = { ms: 0 }
  const asked: string[] = []
  const made = new Throttle(
    async (host) => {
      asked.push(host)
      return isDelaying()
    },
    () => time.ms,
  )
  const heard: string[] = []
  made.watch(1_000, (why) => heard.push(`${why} ${made.level}`))
  return { throttle: made, time, asked, heard }
}

describe('a server that says 252', () => {
  it('gets blocks that are not full half as often with each level, up to 30 seconds, and one at a time', () => {
    const { throttle: made, time, heard } = throttle()
    const intervals = [made.intervalOf(1_000)]
    for (let i = 0; i < 8; i++) {
      time.ms += 60_000
      made.refused()
      intervals.push(made.intervalOf(1_000))
    }
    expect(intervals).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000])
    expect(heard).toEqual([1, 2, 3, 4, 5].map((level) => `refused ${level}`))
    expect(made.concurrencyOf(2)).toBe(1)
    // 0 stays never, a longer one stays as it is.
    expect([0, 50, 60_000].map((ms) => made.intervalOf(ms))).toEqual([0, 1_600, 60_000])
  })

  it('many at once count as one, and the next only after the interval of the level', () => {
    const { throttle: made, time } = throttle()
    for (let i = 0; i < 10; i++) made.refused()
    expect(made.level).toBe(1)
    time.ms = 1_999
    made.refused()
    expect(made.level).toBe(1)
    time.ms = 2_000
    made.refused()
    expect(made.level).toBe(2)
  })

  it('and takes blocks again: level by level, each for its interval', () => {
    const { throttle: made, time, heard } = throttle()
    made.refused()
    time.ms = 2_000
    made.refused()
    for (let i = 0; i < 100; i++) {
      time.ms += 100
      made.acknowledged(5, 'a')
    }
    expect(made.level).toBe(0)
    expect(made.concurrencyOf(2)).toBe(2)
    expect(heard).toEqual(['refused 1', 'refused 2', 'recovering 1', 'recovering 0'])
    expect(time.ms).toBeGreaterThan(2_000 + 4_000 + 2_000)
  })
})

describe('a server that answers slowly', () => {
  it('is asked whether it delays inserts, not more often than once a second', async () => {
    const { throttle: made, time, asked, heard } = throttle(() => true)
    made.acknowledged(249, 'a')
    expect(asked).toEqual([])
    for (let i = 0; i < 10; i++) {
      made.acknowledged(250, 'a')
      await turn()
      time.ms += 99
    }
    expect(asked).toEqual(['a'])
    expect(heard).toEqual(['delayed 1'])
  })

  it('and does not: that is no reason to go slower', async () => {
    const { throttle: made, asked } = throttle(() => false)
    made.acknowledged(10_000, 'a')
    await turn()
    expect(asked).toEqual(['a'])
    expect(made.level).toBe(0)
  })
})

it('the engine tells it, and sends one block at a time', async () => {
  const { throttle: made } = throttle()
  const most = { now: 0, seen: 0 }
  const transport = new ScriptedTransport(async (_, attempt) => {
    most.now++
    most.seen = Math.max(most.seen, most.now)
    await turn()
    most.now--
    if (attempt === 1) throw serverSays(252, 'TOO_MANY_PARTS', true)
    if (attempt === 2) most.seen = 0 // it was under way before
  })
  const clock = new ManualClock()
  const engine = new Engine({
    transport,
    retry: retryOf(),
    concurrency: 2,
    name: 't',
    clock,
    random: () => 0.5,
    throttle: made,
  })
  for (let i = 0; i < 6; i++) engine.add(blockOf(i))
  await engine.whenIdle()
  expect(made.level).toBe(1)
  expect(transport.requests).toHaveLength(7)
  expect(most.seen).toBe(1)
})
