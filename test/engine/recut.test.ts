import { describe, expect, it } from 'vitest'
import type { Block } from '../../src/engine/block.ts'
import type { BlockGuard } from '../../src/engine/deliver-block.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import { SchemaError, TransportError } from '../../src/errors.ts'
import { blockOf, ManualClock, retryOf, type Script, ScriptedTransport, serverSays } from './scripted.ts'

const MISMATCH = serverSays(53, 'TYPE_MISMATCH', false)

function engineOf(script: Script, more: Partial<EngineOptions> = {}): { engine: Engine; transport: ScriptedTransport } {
  const transport = new ScriptedTransport(script)
  const options = { transport, retry: retryOf(), concurrency: 2, name: 't', clock: new ManualClock(), random: () => 0 }
  return { engine: new Engine({ ...options, ...more }), transport }
}

/** Tokens by their sequence. */
const sentBy = ({ requests }: ScriptedTransport) => requests.map(({ queryId }) => Number(queryId.split(':')[1]))

/** Refuses these blocks, by sequence. */
const refusing =
  (...sequences: number[]): Script =>
  ({ queryId }) => {
    if (sequences.includes(Number(queryId.split(':')[1]))) throw MISMATCH
  }

/** Two blocks of half the rows, as sequence + 100 and + 200. */
function halves(block: Block): Block[] {
  const sequence = Number(block.token.split(':')[1])
  return [1, 2].map((half) => {
    const piece = blockOf(sequence + half * 100, block.rowCount / 2)
    return Object.assign(piece, { rows: block.rows.slice(((half - 1) * block.rowCount) / 2, block.rowCount / 2) })
  })
}

describe('blocks in the place of one that was refused', () => {
  it('keep its place among the rows, whoever is sent first', async () => {
    const settled: string[] = []
    const listener = { onSettled: (block: Block) => settled.push(block.token), onRetry: () => {}, onFailed: () => {} }
    const { engine, transport } = engineOf(refusing(1), { onRefused: halves, listener })
    for (const sequence of [0, 1, 2, 3]) engine.add(blockOf(sequence))
    await engine.whenAcknowledged(40)
    expect(sentBy(transport).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 101, 201])
    expect(engine.reports().map(({ firstRow, rowCount }) => [firstRow, rowCount])).toEqual([
      [0, 10],
      [10, 5],
      [15, 5],
      [20, 10],
      [30, 10],
    ])
    expect(engine.rows).toEqual({ sealed: 0, sent: 0, acknowledged: 40, rejected: 0, unknown: 0 })
    expect(engine.totals).toMatchObject({ blocks: 5, bytes: 500, acknowledgedBlocks: 5, acknowledgedBytes: 500 })
    expect(engine.openCount).toBe(0)
    expect(settled).toHaveLength(5)
    expect(settled.join()).not.toContain('engine:1:')
  })

  it('are waited for', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { engine } = engineOf(
      (request, attempt) => {
        if (request.queryId.startsWith('engine:200:')) return gate
        refusing(0)(request, attempt)
      },
      { onRefused: halves },
    )
    engine.add(blockOf(0))
    let done = false
    const waiting = engine.whenAcknowledged(10).then(() => {
      done = true
    })
    await engine.whenAcknowledged(5)
    expect(done).toBe(false)
    expect(engine.rows).toMatchObject({ acknowledged: 5, sent: 5 })
    release()
    await waiting
  })

  it('may be refused themselves, and end the engine where nothing takes their place', async () => {
    const { engine } = engineOf(refusing(0, 200), {
      onRefused: (block) => (block.rowCount === 10 ? halves(block) : undefined),
    })
    engine.add(blockOf(0))
    await expect(engine.whenAcknowledged(10)).rejects.toMatchObject({ serverCode: 53 })
    expect(engine.rows).toMatchObject({ acknowledged: 5, rejected: 5 })
    expect(engine.take()).toMatchObject([{ firstRow: 5, rowCount: 5, state: 'rejected' }])
  })

  it('may be the block itself: the same bytes under the same token', async () => {
    let refused = 0
    const { engine, transport } = engineOf(
      () => {
        if (refused++ < 2) throw MISMATCH
      },
      { onRefused: (block) => [block] },
    )
    engine.add(blockOf(0))
    await engine.whenIdle()
    expect(transport.requests.map(({ queryId }) => queryId.split(':').at(-1))).toEqual(['1', '2', '3'])
    expect(new Set(transport.requests.map(({ settings }) => settings.insert_deduplication_token)).size).toBe(1)
    expect(engine.rows).toEqual({ sealed: 0, sent: 0, acknowledged: 10, rejected: 0, unknown: 0 })
    expect(engine.totals).toMatchObject({ blocks: 1, bytes: 100 })
  })

  it('may be none: the rows are the caller’s then, and done', async () => {
    const released: string[] = []
    const block = blockOf(0, 10, { onRelease: () => released.push('0') })
    const { engine } = engineOf(refusing(0), { onRefused: async () => [] })
    engine.add(block)
    engine.add(blockOf(1))
    await engine.whenAcknowledged(20)
    expect(engine.rows).toEqual({ sealed: 0, sent: 0, acknowledged: 10, rejected: 10, unknown: 0 })
    expect(engine.totals).toMatchObject({ blocks: 1, bytes: 100, acknowledgedBlocks: 1, acknowledgedBytes: 100 })
    expect(engine.reports()).toMatchObject([{ state: 'rejected' }, { state: 'acknowledged' }])
    expect(released).toEqual(['0'])
    await engine.stop()
    expect(engine.take()).toEqual([])
  })

  it('go first: before blocks that came earlier and wait', async () => {
    const { engine, transport } = engineOf(refusing(0), { onRefused: halves, concurrency: 1 })
    for (const sequence of [0, 1, 2]) engine.add(blockOf(sequence))
    await engine.whenIdle()
    expect(sentBy(transport)).toEqual([0, 100, 200, 1, 2])
  })

  it('are not made while the engine stops: the block itself stays, and nothing of it is freed', async () => {
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      answer = resolve
    })
    const released: string[] = []
    const block = blockOf(0, 10, { onRelease: () => released.push('0') })
    const { engine } = engineOf(refusing(0), { onRefused: (one) => asked.then(() => halves(one)) })
    engine.add(block)
    await new Promise(setImmediate)
    expect(engine.rows.rejected).toBe(10)
    const stopped = engine.stop()
    answer()
    await stopped
    expect(engine.take()).toEqual([block])
    expect(released).toEqual([])
  })

  it('the block may end in another way than it seemed', async () => {
    const onRefused: EngineOptions['onRefused'] = (_, end) => ({
      ...end,
      state: 'unknown',
      note: 'Who knows',
      hint: 'ask',
    })
    const { engine } = engineOf(refusing(0), { onRefused })
    engine.add(blockOf(0))
    const error = (await engine.whenIdle().catch((thrown: unknown) => thrown)) as Error
    expect(error).toMatchObject({ serverCode: 53, blocks: [{ state: 'unknown' }] })
    expect(error.message).toMatch(/was refused: Code 53 TYPE_MISMATCH\. Who knows\. Rows: 10 unknown\.\n {2}hint: ask/)
  })

  it('are not made for a block that may be stored', async () => {
    let asked = false
    const lost = new TransportError('CONNECTION_LOST', 'lost', { retryable: true, blockMayHaveArrived: true })
    const { engine } = engineOf(
      (_, attempt) => {
        throw attempt === 1 ? lost : MISMATCH
      },
      {
        onRefused: () => {
          asked = true
          return undefined
        },
      },
    )
    engine.add(blockOf(0))
    await expect(engine.whenIdle()).rejects.toMatchObject({ blocks: [{ state: 'unknown', attempts: 2 }] })
    expect(asked).toBe(false)
  })

  it('nor once the engine stops', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { engine } = engineOf(() => gate.then(() => Promise.reject(MISMATCH)), { onRefused: halves })
    engine.add(blockOf(0))
    const stopped = engine.stop()
    release()
    await stopped
    expect(engine.reports()).toMatchObject([{ state: 'rejected', rowCount: 10 }])
  })

  it('what speaks against them is the reason of the failure', async () => {
    const reason = new SchemaError('SCHEMA_CHANGED', 'row 7 does not fit', { hint: 'do this', cause: MISMATCH })
    const { engine } = engineOf(refusing(0), {
      onRefused: () => {
        throw reason
      },
    })
    engine.add(blockOf(0))
    const error = await engine.whenIdle().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ cause: reason, serverCode: 53, blocks: [{ state: 'rejected' }] })
    expect((error as Error).message).toMatch(/was refused: row 7 does not fit\. .*\n {2}hint: do this/)
  })
})

describe('a guard', () => {
  const changed = new SchemaError('SCHEMA_CHANGED', 'a was b and is c now')
  const passing: BlockGuard = { check: () => undefined, explain: async () => undefined }

  it('keeps a block back: no attempt was made', async () => {
    const check = () => {
      throw changed
    }
    const { engine, transport } = engineOf(() => {}, { guard: { ...passing, check } })
    engine.add(blockOf(0))
    const error = await engine.whenIdle().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ cause: changed, blocks: [{ state: 'sealed', attempts: 0 }] })
    expect((error as Error).message).toContain('was not sent: a was b and is c now')
    expect(transport.requests).toEqual([])
  })

  it('that cannot look for now is asked again, like a server that cannot be reached', async () => {
    let looks = 0
    const down = new TransportError('CONNECT_FAILED', 'down', { retryable: true })
    const check = async () => {
      if (++looks < 3) throw down
    }
    const { engine, transport } = engineOf(() => {}, { guard: { ...passing, check } })
    engine.add(blockOf(0))
    await engine.whenIdle()
    expect(looks).toBe(3)
    expect(transport.requests).toHaveLength(1)
  })

  it('is asked before every attempt, and does not make a lost answer certain', async () => {
    let looks = 0
    const lost = new TransportError('CONNECTION_LOST', 'lost', { retryable: true, blockMayHaveArrived: true })
    const check = () => {
      if (++looks === 2) throw changed
      return undefined
    }
    const { engine } = engineOf(
      () => {
        throw lost
      },
      { guard: { ...passing, check } },
    )
    engine.add(blockOf(0))
    await expect(engine.whenIdle()).rejects.toMatchObject({
      cause: changed,
      blocks: [{ state: 'unknown', attempts: 1 }],
    })
  })

  it('that looks while the engine is stopped lets nothing go any more', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { engine, transport } = engineOf(() => {}, { guard: { ...passing, check: () => gate } })
    engine.add(blockOf(0))
    const stopped = engine.stop()
    release()
    await stopped
    expect(engine.reports()).toMatchObject([{ state: 'sealed', attempts: 0 }])
    expect(transport.requests).toEqual([])
  })

  it('explains a refusal; state and code stay the server’s', async () => {
    const explain = async () => new SchemaError('SCHEMA_CHANGED', 'because of c', { cause: MISMATCH })
    const { engine } = engineOf(refusing(0), { guard: { ...passing, explain } })
    engine.add(blockOf(0))
    await expect(engine.whenIdle()).rejects.toMatchObject({
      cause: { code: 'SCHEMA_CHANGED' },
      serverCode: 53,
      serverName: 'TYPE_MISMATCH',
      blocks: [{ state: 'rejected' }],
    })
  })
})
