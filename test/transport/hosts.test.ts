import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { HostList, type LoadBalancing } from '../../src/transport/hosts.ts'

/** Three hosts, a clock by hand, and hosts that answer a question when the test says so. */
function three(loadBalancing: LoadBalancing) {
  const time = { ms: 0 }
  const asked: string[] = []
  const up = new Set<string>()
  const ask = async (name: string) => {
    asked.push(name)
    await turn()
    return up.has(name)
  }
  const hosts = new HostList(['a', 'b', 'c'], loadBalancing, ask, () => time.ms)
  const picks = (count: number) => Array.from({ length: count }, () => hosts.pick()).join('')
  return { hosts, time, asked, up, picks }
}

describe('which of several hosts a request goes to', () => {
  it('in_order: the first that answers', () => {
    const { hosts, picks } = three('in_order')
    expect(picks(3)).toBe('aaa')
    hosts.failed('a')
    expect(picks(3)).toBe('bbb')
    hosts.failed('b')
    expect(picks(3)).toBe('ccc')
  })

  it('round_robin: one after the other, of those that answer', () => {
    const { hosts, picks } = three('round_robin')
    expect(picks(6)).toBe('abcabc')
    hosts.failed('b')
    expect(picks(4)).toBe('acac')
  })

  it('none answers: the one that failed longest ago', () => {
    const { hosts, time, picks } = three('in_order')
    for (const name of ['b', 'a', 'c']) {
      time.ms++
      hosts.failed(name)
    }
    expect(picks(2)).toBe('bb')
    time.ms++
    hosts.failed('b')
    expect(picks(1)).toBe('a')
  })

  it('among those it may go to', () => {
    const { hosts } = three('in_order')
    expect(hosts.pick(['b', 'c'])).toBe('b')
    hosts.failed('b')
    expect(hosts.pick(['b'])).toBe('b')
  })
})

describe('a host that failed', () => {
  it('takes nothing before it answered a question, which is asked no earlier than after a while', async () => {
    const { hosts, time, asked, up, picks } = three('in_order')
    hosts.failed('a')
    time.ms = 499
    expect(picks(2)).toBe('bb')
    expect(asked).toEqual([])
    time.ms = 500
    up.add('a')
    expect(picks(2)).toBe('bb')
    expect(asked).toEqual(['a'])
    await turn()
    await turn()
    expect(picks(2)).toBe('aa')
  })

  it('is left alone twice as long after each failure, up to 30 seconds, until it takes a request again', async () => {
    const { hosts, time, asked, up } = three('in_order')
    const waits: number[] = []
    const untilAsked = async () => {
      const [from, before] = [time.ms, asked.length]
      for (hosts.pick(); asked.length === before; hosts.pick()) time.ms += 100
      await turn()
      await turn()
      return time.ms - from
    }
    hosts.failed('a')
    for (let i = 0; i < 8; i++) waits.push(await untilAsked())
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    up.add('a')
    await untilAsked()
    hosts.failed('a') // it answers questions, but takes no block
    expect(await untilAsked()).toBe(30_000)
    hosts.answered('a')
    hosts.failed('a')
    expect(await untilAsked()).toBe(500)
  })

  it('counts one failure of requests that were under way together', async () => {
    const { hosts, time, asked, picks } = three('in_order')
    expect([1, 2, 3, 4].map(() => hosts.failed('a'))).toEqual([true, false, false, false])
    time.ms = 500
    picks(3)
    expect(asked).toEqual(['a'])
  })
})
