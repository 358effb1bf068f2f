import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Framed } from '../../src/block/framer.ts'
import type { Block } from '../../src/engine/block.ts'
import { DeliveryError } from '../../src/engine/delivery-error.ts'
import { Engine, type EngineOptions, REPORTS_KEPT } from '../../src/engine/engine.ts'
import { blockOf, lost, ManualClock, refused, retryOf, type Script, ScriptedTransport, serverSays } from './scripted.ts'

function engineOf(script: Script, options: Partial<EngineOptions> = {}) {
  const transport = new ScriptedTransport(script)
  const settled: Block[] = []
  const engine = new Engine({
    transport,
    retry: retryOf(),
    concurrency: 2,
    name: '`db`.`t`',
    clock: new ManualClock(),
    random: () => 0.5,
    listener: { onSettled: (block) => settled.push(block), onRetry: () => {}, onFailed: () => {} },
    ...options,
  })
  return { engine, transport, settled }
}

/** A request that is answered when the test says so. */
function gates() {
  const open: { answer(): void; fail(error: Error): void; aborted: boolean }[] = []
  const script: Script = ({ signal }) =>
    new Promise<void>((resolve, reject) => {
      const gate = { answer: resolve, fail: reject, aborted: false }
      signal?.addEventListener('abort', () => {
        gate.aborted = true
      })
      open.push(gate)
    })
  return { open, script }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn()
}

function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
}

describe('blocks on their way', () => {
  it('at most `concurrency` at a time, in the order they were added', async () => {
    const { open, script } = gates()
    const { engine, transport } = engineOf(script)
    for (let i = 0; i < 5; i++) engine.add(blockOf(i))
    expect(transport.requests).toHaveLength(2)
    open[1]!.answer()
    await settle()
    expect(transport.requests.map(({ bytes }) => bytes[0])).toEqual([0, 1, 2])
    expect(engine.rows).toMatchObject({ sealed: 20, sent: 20, acknowledged: 10 })
  })

  it('whenAcknowledged waits for every row before it, whichever block is answered first', async () => {
    const { open, script } = gates()
    const { engine } = engineOf(script)
    const events: string[] = []
    void engine.whenAcknowledged(25).then(() => events.push('25'))
    void engine.whenAcknowledged(10).then(() => events.push('10'))
    for (let i = 0; i < 3; i++) engine.add(blockOf(i))
    open[1]!.answer()
    await settle()
    expect(events).toEqual([])
    open[0]!.answer()
    await settle()
    expect(events).toEqual(['10'])
    open[2]!.answer()
    await settle()
    expect(events).toEqual(['10', '25'])
    await engine.whenAcknowledged(30)
    await engine.whenIdle()
  })

  it('a buffer is given back when the server has the block, and never before', async () => {
    const { open, script } = gates()
    const { engine } = engineOf(script)
    let released = 0
    const block = blockOf(0, 10, { onRelease: () => released++ })
    engine.add(block)
    await settle()
    expect(released).toBe(0)
    expect(block.bytes).toHaveLength(100)
    open[0]!.answer()
    await engine.whenIdle()
    expect(released).toBe(1)
    expect(block.bytes).toHaveLength(0)
  })

  it('held blocks go at release()', async () => {
    const { engine, transport } = engineOf(() => {}, { held: true })
    for (let i = 0; i < 10; i++) engine.add(blockOf(i))
    await settle()
    expect(transport.requests).toHaveLength(0)
    engine.release()
    await engine.whenIdle()
    expect(transport.requests).toHaveLength(10)
  })

  it('months of acknowledged blocks leave a bounded memory', async () => {
    const { engine } = engineOf(() => {})
    for (let i = 0; i < 2 * REPORTS_KEPT + 10; i++) {
      engine.add(blockOf(i, 1))
      if (i % 100 === 0) await engine.whenIdle()
    }
    await engine.whenAcknowledged(2 * REPORTS_KEPT + 10)
    expect(engine.reports().length).toBeLessThanOrEqual(REPORTS_KEPT + 10)
    expect(engine.reports().at(-1)).toMatchObject({ firstRow: 2 * REPORTS_KEPT + 9, state: 'acknowledged' })
    expect(engine.rows.acknowledged).toBe(2 * REPORTS_KEPT + 10)
  })
})

describe('the first block that fails for good stops the engine', () => {
  const MISMATCH = serverSays(53, 'TYPE_MISMATCH', false)

  it('the error lists every block with its state, and is told when nothing is under way', async () => {
    const { open, script } = gates()
    const { engine, transport } = engineOf(script)
    const waiting = outcome(engine.whenAcknowledged(40))
    for (let i = 0; i < 4; i++) engine.add(blockOf(i))
    open[0]!.answer()
    await settle()
    open[1]!.fail(MISMATCH)
    await settle()
    expect(engine.failure).toBeUndefined() // block 2 has no answer yet
    open[2]!.fail(lost())
    const error = (await waiting) as DeliveryError
    expect(error).toBeInstanceOf(DeliveryError)
    expect(error).toMatchObject({
      code: 'DELIVERY_FAILED',
      serverCode: 53,
      serverName: 'TYPE_MISMATCH',
      queryId: 'q',
      cause: MISMATCH,
    })
    expect(
      error.blocks.map(({ firstRow, rowCount, state, attempts }) => ({ firstRow, rowCount, state, attempts })),
    ).toEqual([
      { firstRow: 0, rowCount: 10, state: 'acknowledged', attempts: 1 },
      { firstRow: 10, rowCount: 10, state: 'rejected', attempts: 1 },
      { firstRow: 20, rowCount: 10, state: 'unknown', attempts: 1 },
      { firstRow: 30, rowCount: 10, state: 'sealed', attempts: 0 },
    ])
    expect(error.message).toMatch(
      /`db`\.`t`: block engine:1:0123456789abcdef \(rows 10\.\.19\) was refused: Code 53 TYPE_MISMATCH\./,
    )
    expect(transport.requests).toHaveLength(3)
  })

  it('a repetition that waits for its pause is not begun', async () => {
    const pauses: (() => void)[] = []
    const clock = {
      now: () => 0,
      wall: () => 0,
      sleep: (_: number, signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          pauses.push(resolve)
          signal.addEventListener('abort', () => resolve())
        }),
    }
    const { open, script } = gates()
    const { engine, transport } = engineOf(script, { clock })
    engine.add(blockOf(0))
    engine.add(blockOf(1))
    open[0]!.fail(refused())
    await settle()
    expect(pauses).toHaveLength(1)
    open[1]!.fail(MISMATCH)
    await settle()
    expect(engine.failure?.blocks.map(({ state }) => state)).toEqual(['sealed', 'rejected'])
    expect(transport.requests).toHaveLength(2)
  })

  it('take() hands out what is not acknowledged, once, with bytes; waits from now on are rejected', async () => {
    const { engine } = engineOf(({ bytes }) => {
      if (bytes[0] === 1) throw MISMATCH
    })
    for (let i = 0; i < 4; i++) engine.add(blockOf(i))
    await outcome(engine.whenIdle())
    const taken = engine.take()
    expect(
      taken.map(({ firstRow, state }) => [firstRow, state]).filter(([, state]) => state !== 'acknowledged'),
    ).toEqual(taken.map(({ firstRow, state }) => [firstRow, state]))
    expect(taken[0]).toMatchObject({ firstRow: 10, state: 'rejected' })
    expect(taken.every(({ bytes }) => bytes.length === 100)).toBe(true)
    expect(engine.take()).toEqual([])
    await expect(engine.whenIdle()).rejects.toBe(engine.failure)
  })
})

describe('abort and stop', () => {
  it('fail() cuts attempts under way; what was sent and not answered is unknown', async () => {
    const { open, script } = gates()
    const { engine } = engineOf(script)
    for (let i = 0; i < 3; i++) engine.add(blockOf(i))
    const waiting = outcome(engine.whenIdle())
    engine.fail('ABORTED', 'the AbortSignal fired', undefined)
    expect(open.map(({ aborted }) => aborted)).toEqual([true, true])
    for (const gate of open) gate.fail(lost())
    expect(await waiting).toMatchObject({ code: 'ABORTED' })
    expect(engine.failure?.blocks.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'sealed'])
  })

  it('a transport that does not let go delays it by half a second at most', async () => {
    const { script } = gates()
    const { engine } = engineOf(script)
    engine.add(blockOf(0))
    const waiting = outcome(engine.whenIdle())
    const before = performance.now()
    engine.fail('ABORTED', 'the AbortSignal fired', undefined)
    expect(await waiting).toMatchObject({ code: 'ABORTED' })
    expect(performance.now() - before).toBeLessThan(900)
    expect(engine.rows).toMatchObject({ sent: 0, unknown: 10 })
  })

  it('a late answer does not touch a block that was handed out', async () => {
    const { open, script } = gates()
    const { engine } = engineOf(script)
    engine.add(blockOf(0))
    const waiting = outcome(engine.whenIdle())
    engine.fail('ABORTED', 'the AbortSignal fired', undefined)
    await waiting
    const [block] = engine.take()
    open[0]!.answer()
    await settle()
    expect(block).toMatchObject({ state: 'unknown' })
    expect(block!.bytes).toHaveLength(100)
  })

  it('stop() lets attempts finish and begins no other; drop() gives up what never arrived', async () => {
    const { open, script } = gates()
    const { engine, transport } = engineOf(script)
    let released = 0
    for (let i = 0; i < 4; i++) engine.add(blockOf(i, 10, { onRelease: () => released++ }))
    const stopped = engine.stop()
    open[0]!.answer()
    open[1]!.fail(lost())
    await stopped
    expect(transport.requests).toHaveLength(2)
    expect(engine.failure).toBeUndefined()
    expect(engine.drop()).toBe(20)
    expect(released).toBe(3) // the acknowledged one and the two that never went; the lost one keeps its bytes
    expect(engine.reports().map(({ state }) => state)).toEqual(['acknowledged', 'unknown'])
  })
})

describe('blocks that are compressed while they wait', () => {
  const FRAMES = Buffer.from('frames')

  /** A block whose frames are made when the test says so. */
  function compressing() {
    const released: string[] = []
    const block = blockOf(0, 10, { onRelease: () => released.push('plain') })
    let end!: { done(): void; failed(error: Error): void }
    const framed = new Promise<Framed>((resolve, reject) => {
      end = {
        done: () => resolve({ bytes: FRAMES, release: () => released.push('frames') }),
        failed: reject,
      }
    })
    block.compress({ frame: () => framed })
    return { block, released, end }
  }

  it('nothing is sent before; then the frames are, and each buffer is given back when nobody needs it', async () => {
    const { open, script } = gates()
    const { engine, transport } = engineOf(script)
    const { block, released, end } = compressing()
    engine.add(block)
    await settle()
    expect([transport.requests.length, block.state]).toEqual([0, 'sealed'])
    expect(engine.totals.bytes).toBe(100)
    end.done()
    await settle()
    expect(transport.requests).toMatchObject([{ compressed: true, bytes: FRAMES }])
    expect(released).toEqual(['plain'])
    expect([engine.totals.bytes, block.byteLength]).toEqual([6, 6])
    open[0]!.answer()
    await engine.whenIdle()
    expect(released).toEqual(['plain', 'frames'])
  })

  it('without memory for the frames the block goes as it is', async () => {
    const { engine, transport } = engineOf(() => {})
    const { block, released, end } = compressing()
    engine.add(block)
    end.failed(new RangeError('Array buffer allocation failed'))
    await engine.whenIdle()
    expect(transport.requests).toMatchObject([{ compressed: false }])
    expect(transport.requests[0]!.bytes.length).toBe(100)
    expect(released).toEqual(['plain'])
  })

  it('a block that is handed out meanwhile keeps its plain bytes', async () => {
    const { engine, transport } = engineOf(() => {})
    const { block, released, end } = compressing()
    engine.add(block)
    const failed = outcome(engine.whenIdle())
    engine.fail('ABORTED', 'the signal', undefined)
    expect(await failed).toBeInstanceOf(DeliveryError)
    expect(engine.take()).toEqual([block])
    end.done()
    await settle()
    expect([block.state, block.bytes.length, block.compressed]).toEqual(['sealed', 100, false])
    expect([transport.requests.length, released]).toEqual([0, ['frames']])
  })

  it('a block that is given up meanwhile gives its bytes back when the compressor has read them', async () => {
    const { engine } = engineOf(() => {}, { held: true })
    const { block, released, end } = compressing()
    engine.add(block)
    await engine.stop()
    expect(engine.drop()).toBe(10)
    expect(released).toEqual([])
    end.done()
    await settle()
    expect(released.toSorted()).toEqual(['frames', 'plain'])
  })
})
