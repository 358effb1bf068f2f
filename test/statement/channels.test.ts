// What node:diagnostics_channel is told, in which order, and in whose asynchronous context.

import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type BlockMessage,
  connect,
  type InsertMessage,
  type RetryMessage,
  type SettledMessage,
} from '../../src/index.ts'
import { exceptionReply } from '../support/lying-server.ts'
import { COLUMNS, gate, lyingConnection, lyingStatement, range } from './lying.ts'

interface Heard {
  readonly name: string
  readonly message: Record<string, unknown>
}

const undo: (() => void)[] = []
afterEach(() => {
  for (const off of undo.splice(0)) off()
})

function listen(...names: string[]): Heard[] {
  const heard: Heard[] = []
  for (const name of names) {
    const note = (message: unknown) =>
      heard.push({ name: name.replace('tracing:', ''), message: { ...(message as Heard['message']) } })
    subscribe(name, note)
    undo.push(() => unsubscribe(name, note))
  }
  return heard
}

const PLAIN = ['sluice:block:sealed', 'sluice:block:settled', 'sluice:retry', 'sluice:wait', 'sluice:drain']
const INSERT = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((event) => `tracing:sluice:insert:${event}`)
const namesOf = (heard: readonly Heard[]) => heard.map(({ name }) => name)
const messagesOf = <T>(heard: readonly Heard[], name: string) =>
  heard.filter((one) => one.name === name).map(({ message }) => message as unknown as T)

describe('the life of a block', () => {
  it('sealed, one attempt, settled: with token, table, rows, bytes and host', async () => {
    const heard = listen(...PLAIN, ...INSERT)
    const { server, statement } = await lyingStatement({ blockSize: 3 })
    for (const n of range(4)) await statement.exec({ n })
    const { tokens } = await statement.commit()
    const first = heard.filter(({ message }) => message.token === tokens[0])
    expect(namesOf(first)).toEqual([
      'sluice:block:sealed',
      'sluice:insert:start',
      'sluice:insert:end',
      'sluice:insert:asyncStart',
      'sluice:insert:asyncEnd',
      'sluice:block:settled',
    ])
    const block = {
      token: tokens[0],
      database: 'default',
      table: 'events',
      firstRow: 0,
      rowEnd: 3,
      rowCount: 3,
      attempts: 0,
    }
    expect(first[0]!.message).toMatchObject({ ...block, bytes: server.inserts[0]!.body.length })
    const queryId = `${tokens[0]}:1`
    expect(first[1]!.message).toMatchObject({ ...block, attempts: 1, queryId, host: `127.0.0.1:${server.port}` })
    expect(first[0]!.message.host).toBeUndefined()
    const host = `127.0.0.1:${server.port}`
    expect(first.at(-1)!.message).toMatchObject({ ...block, attempts: 1, host, state: 'acknowledged' })
    expect(messagesOf<BlockMessage>(heard, 'sluice:block:settled').map(({ rowCount }) => rowCount)).toEqual([3, 1])
  })

  it('an attempt that fails: error, then retry with the pause, then the next attempt', async () => {
    const heard = listen(...PLAIN, ...INSERT)
    const { statement } = await lyingStatement({}, ({ index }) =>
      index === 0 ? exceptionReply(252, 'TOO_MANY_PARTS', "Too many parts, row 'planted'") : undefined,
    )
    await statement.exec({ n: 1, text: 'planted' })
    await statement.commit()
    expect(namesOf(heard)).toEqual([
      'sluice:block:sealed',
      'sluice:insert:start',
      'sluice:insert:end',
      'sluice:insert:error',
      'sluice:insert:asyncStart',
      'sluice:insert:asyncEnd',
      'sluice:retry',
      'sluice:insert:start',
      'sluice:insert:end',
      'sluice:insert:asyncStart',
      'sluice:insert:asyncEnd',
      'sluice:block:settled',
    ])
    const error = { code: 'SERVER_EXCEPTION', serverCode: 252, serverName: 'TOO_MANY_PARTS', retryable: true }
    const [retry] = messagesOf<RetryMessage>(heard, 'sluice:retry')
    expect(retry).toMatchObject({ attempts: 1, error, delayMs: expect.any(Number) })
    expect(retry!.error).toBeInstanceOf(Error)
    expect(retry!.error.message).toBe('Code 252 TOO_MANY_PARTS')
    const traced = messagesOf<InsertMessage>(heard, 'sluice:insert:asyncEnd')
    expect(traced.map(({ attempts }) => attempts)).toEqual([1, 2])
    expect(traced[0]!.error).toMatchObject({ ...error, message: 'Code 252 TOO_MANY_PARTS' })
    expect(traced[1]!.error).toBeUndefined()
  })

  it('of several hosts each message names the one that it is about', async () => {
    const full = await lyingConnection(() => exceptionReply(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'full'))
    const { server } = await lyingConnection()
    const connection = await connect({ url: [full.server.url, server.url] })
    const heard = listen(...PLAIN, ...INSERT)
    const statement = await connection.prepare('events', { columns: COLUMNS })
    await statement.exec({ n: 1, text: '' })
    await statement.commit()
    await connection.close()
    const [first, second] = [full.server, server].map(({ port }) => `127.0.0.1:${port}`)
    const hosts = (name: string) => messagesOf<BlockMessage>(heard, name).map(({ host }) => host)
    expect(hosts('sluice:insert:start')).toEqual([first, second])
    expect(hosts('sluice:retry')).toEqual([first])
    expect(hosts('sluice:block:settled')).toEqual([second])
  })

  it('the caller still gets the whole error, with what the server said', async () => {
    listen(...INSERT)
    const { statement } = await lyingStatement({}, () => exceptionReply(60, 'UNKNOWN_TABLE', 'Table events is gone'))
    statement.exec({ n: 1 })
    await expect(statement.commit()).rejects.toMatchObject({
      serverCode: 60,
      cause: { message: expect.stringContaining('Table events is gone') },
    })
  })
})

describe('every block that is sealed is settled once', () => {
  const settled = (heard: readonly Heard[]) =>
    messagesOf<SettledMessage>(heard, 'sluice:block:settled').map(({ state, rowCount }) => `${rowCount} ${state}`)
  const expectBalance = (heard: readonly Heard[]) => {
    const tokensOf = (name: string) => messagesOf<BlockMessage>(heard, name).map(({ token }) => token)
    expect(tokensOf('sluice:block:settled').sort()).toEqual(tokensOf('sluice:block:sealed').sort())
  }

  it('a refused block, and what stood behind it: rejected, unsent; deliver() then starts anew', async () => {
    const heard = listen(...PLAIN)
    let isBroken = true
    const { connection, statement } = await lyingStatement({ blockSize: 2, maxPendingBlocks: 8 }, () =>
      isBroken ? exceptionReply(60, 'UNKNOWN_TABLE', 'no') : undefined,
    )
    for (const n of range(9)) statement.exec({ n })
    await expect(statement.commit()).rejects.toMatchObject({ code: 'DELIVERY_FAILED' })
    const blocks = statement.takeBlocks()
    expect(settled(heard)).toEqual(['2 rejected', '2 rejected', '2 unsent', '2 unsent', '1 unsent'])
    expectBalance(heard)
    isBroken = false
    heard.length = 0
    await connection.deliver(blocks)
    expect(settled(heard)).toEqual([
      '2 acknowledged',
      '2 acknowledged',
      '2 acknowledged',
      '2 acknowledged',
      '1 acknowledged',
    ])
    expectBalance(heard)
  })

  it('the open block of a failed statement, which takeBlocks() seals, is unsent', async () => {
    const heard = listen(...PLAIN)
    const { statement } = await lyingStatement({ blockSize: 2, flushInterval: 0 }, () =>
      exceptionReply(60, 'UNKNOWN_TABLE', 'no'),
    )
    for (const n of range(3)) statement.exec({ n })
    await expect(statement.whenAcknowledged(0)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' })
    expect(statement.takeBlocks()).toHaveLength(2)
    expect(settled(heard)).toEqual(['2 rejected', '1 unsent'])
    expectBalance(heard)
  })

  it('an abort: what was on its way is unknown, the rest unsent', async () => {
    const heard = listen(...PLAIN)
    const controller = new AbortController()
    const { server, statement } = await lyingStatement(
      { blockSize: 2, maxPendingBlocks: 8, signal: controller.signal },
      () => ({ hang: true }),
    )
    for (const n of range(6)) statement.exec({ n })
    await server.whenInserts(2)
    controller.abort()
    await expect(statement.commit()).rejects.toMatchObject({ code: 'ABORTED' })
    expect(settled(heard)).toEqual(['2 unknown', '2 unknown', '2 unsent'])
    expectBalance(heard)
  })

  it('a rollback: what was not sent is dropped', async () => {
    const heard = listen(...PLAIN)
    const { statement } = await lyingStatement({ blockSize: 2, holdUntilCommit: true })
    for (const n of range(5)) statement.exec({ n })
    await statement.rollback()
    expect(settled(heard)).toEqual(['2 dropped', '2 dropped'])
    expectBalance(heard)
  })
})

it('a wait for the server, and its end', async () => {
  const heard = listen(...PLAIN)
  const server = gate()
  const { statement } = await lyingStatement({ blockSize: 1, maxPendingBlocks: 2 }, server.wait)
  statement.exec({ n: 0 })
  const wait = statement.exec({ n: 1 })
  await sleep(30)
  expect(namesOf(heard)).toEqual(['sluice:block:sealed', 'sluice:block:sealed', 'sluice:wait'])
  expect(heard[2]!.message).toEqual({ database: 'default', table: 'events', pendingBlocks: 2 })
  server.open()
  await wait
  const [drain] = messagesOf<{ waitedMs: number }>(heard, 'sluice:drain')
  expect(drain).toMatchObject({ table: 'events' })
  expect(drain!.waitedMs).toBeGreaterThan(25)
  await statement.commit()
})

it('a wait that ends with a failure ends', async () => {
  const heard = listen(...PLAIN)
  const { statement } = await lyingStatement({ blockSize: 1, maxPendingBlocks: 1 }, () =>
    exceptionReply(60, 'UNKNOWN_TABLE', 'no'),
  )
  await expect(statement.exec({ n: 0 })).rejects.toMatchObject({ code: 'DELIVERY_FAILED' })
  expect(namesOf(heard).slice(-2)).toEqual(['sluice:block:settled', 'sluice:drain'])
})

describe('asynchronous context', () => {
  const request = new AsyncLocalStorage<string>()

  /** By the n of its first row: in whose context each block was sent. */
  function contexts(): Map<number, string | undefined> {
    const found = new Map<number, string | undefined>()
    const start = tracingChannel('sluice:insert').start
    const note = (message: unknown) => void found.set((message as InsertMessage).firstRow, request.getStore())
    start.subscribe(note)
    undo.push(() => start.unsubscribe(note))
    return found
  }

  it('a block is sent in the context of the exec() that filled it, also after waiting behind others', async () => {
    const found = contexts()
    const server = gate()
    const { statement } = await lyingStatement({ blockSize: 1, maxPendingBlocks: 8 }, server.wait)
    for (const n of range(6)) request.run(`request ${n}`, () => void statement.exec({ n }))
    server.open()
    await statement.commit()
    expect([...found]).toEqual(range(6).map((n) => [n, `request ${n}`]))
  })

  it('one that the clock seals belongs to nobody, and holds nobody’s context', async () => {
    const found = contexts()
    const { server, statement } = await lyingStatement({ flushInterval: 20 })
    request.run('request', () => void statement.exec({ n: 1 }))
    await server.whenInserts(1)
    expect([...found]).toEqual([[0, undefined]])
    await statement.commit()
  })

  it('one that had to wait for room belongs to nobody either', async () => {
    const found = contexts()
    const server = gate()
    const { statement } = await lyingStatement({ blockSize: 2, maxPendingBlocks: 1 }, server.wait)
    for (const n of range(4)) request.run(`request ${n}`, () => void statement.exec({ n }))
    server.open()
    await statement.whenAcknowledged()
    expect([...found]).toEqual([
      [0, 'request 1'],
      [2, undefined],
    ])
    await statement.commit()
  })

  it('deliver() sends in the context of its caller; what bindStore() gives is there while an attempt runs', async () => {
    const { start } = tracingChannel<string, InsertMessage>('sluice:insert')
    start.bindStore(request, (message) => `span of ${message.queryId}`)
    undo.push(() => start.unbindStore(request))
    const inside: (string | undefined)[] = []
    const { connection } = await lyingConnection()
    // The client's own agent asks for the socket inside of the attempt.
    const note = () => void inside.push(request.getStore())
    subscribe('http.client.request.start', note)
    undo.push(() => unsubscribe('http.client.request.start', note))
    const statement = await connection.prepare('events', { columns: COLUMNS })
    statement.exec({ n: 1, text: '' })
    inside.length = 0
    const { tokens } = await statement.commit()
    expect(inside).toEqual([`span of ${tokens[0]}:1`])
  })
})

it('what a listener throws is its own: the rows arrive', async () => {
  const uncaught: unknown[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => uncaught.push(error))
  const throws = () => {
    throw new Error('a defect of a listener')
  }
  for (const name of [...PLAIN, ...INSERT]) {
    subscribe(name, throws)
    undo.push(() => unsubscribe(name, throws))
  }
  try {
    const { statement } = await lyingStatement({ blockSize: 2 })
    for (const n of range(5)) await statement.exec({ n })
    expect(await statement.commit()).toMatchObject({ rows: 5 })
    await sleep(10)
    expect(uncaught.length).toBeGreaterThan(5)
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of before) process.on('uncaughtException', listener)
  }
})
