// One way through the life of a connection, then close(): what of it is still there? Started by leaks.test.ts.

import { createHook } from 'node:async_hooks'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { createClient } from '@clickhouse/client'
import { closeOnSignal, connect } from '../../dist/index.js'

const [, , name, url] = process.argv
const unhandled = []
process.on('unhandledRejection', (reason) => unhandled.push(String(reason)))

/**
 * Timers that neither fired nor were cleared, also those that keep nothing alive; where they were made. Memory and thread of the next blocks are
 * the process's, not a connection's, and it gives them back later.
 */
const timers = new Map()
const OF_THE_PROCESS = /block\/(buffer-pool|create|frame-thread)\.js/
const hook = createHook({
  init: (id, type) => {
    if (type !== 'Timeout') return
    const { stack } = new Error()
    if (!OF_THE_PROCESS.test(stack)) timers.set(id, stack)
  },
  destroy: (id) => timers.delete(id),
}).enable()

const columns = [{ name: 'n', type: 'UInt32' }]
const fast = { retry: { minDelay: 5, maxDelay: 20 } }
const open = (options = {}) => connect({ url, ...fast, ...options })
const prepare = (connection, options = {}) => connection.prepare('events', { columns, ...options })
const fill = async (statement, rowCount, awaits = true) => {
  for (let n = 0; n < rowCount; n++) {
    const pause = statement.exec({ n })
    if (pause && awaits) await pause
  }
}
const quiet = (promise) => promise.catch((error) => error)

/** What the server does with inserts is in the name: see leaks.test.ts. */
const scenarios = {
  async 'takes: commit'() {
    const connection = await open()
    const statement = await prepare(connection, { blockSize: 10 })
    await fill(statement, 95)
    await statement.commit()
    await connection.close()
  },
  async 'takes: close() delivers open rows, somebody waits for them'() {
    const connection = await open()
    const statement = await prepare(connection, { flushInterval: 60_000 })
    await fill(statement, 5)
    const waiting = statement.whenAcknowledged()
    await connection.close({ deadline: 30_000 })
    await waiting
  },
  async 'takes: compressed on the second thread'() {
    const connection = await open({ compression: 'lz4' })
    const statement = await prepare(connection, { blockSize: 5_000, worker: true })
    await fill(statement, 50_000)
    await statement.commit()
    await connection.close()
  },
  async 'takes: a timer of a statement that is forgotten'() {
    const connection = await open()
    await fill(await prepare(connection), 1)
    await fill(await prepare(connection, { holdUntilCommit: true }), 1)
    await prepare(connection)
    await connection.close()
  },
  async 'takes: a transaction, a stream, a generator that throws'() {
    const connection = await open()
    const transaction = await connection.begin()
    const statement = await transaction.prepare('events', { columns })
    const stream = statement.writable()
    stream.write({ n: 1 })
    stream.destroy()
    await quiet(
      statement.execMany(
        (async function* () {
          yield { n: 2 }
          throw new Error('thrown')
        })(),
      ),
    )
    await transaction.rollback()
    await connection.close()
  },
  async 'takes: disposed'() {
    const connection = await open()
    const statement = await prepare(connection)
    await fill(statement, 5)
    await statement[Symbol.asyncDispose]()
    await connection[Symbol.asyncDispose]()
  },
  async 'takes: through an existing client'() {
    const client = createClient({ url })
    const connection = await connect({ client, ...fast })
    const statement = await prepare(connection)
    await fill(statement, 5)
    await statement.commit()
    await connection.close()
    await client.close()
  },
  async 'takes: closeOnSignal() and its end'() {
    const connection = await open()
    closeOnSignal(connection)
    await connection.close()
  },
  async 'refuses: takeBlocks()'() {
    const connection = await open()
    const statement = await prepare(connection, { blockSize: 10 })
    await quiet(fill(statement, 95))
    await quiet(statement.commit())
    statement.takeBlocks()
    await connection.close()
  },
  async 'refuses: nobody looks'() {
    const connection = await open()
    await quiet(fill(await prepare(connection, { blockSize: 1, maxPendingBlocks: 1 }), 3, false).catch(() => {}))
    await sleep(50)
    await connection.close()
  },
  async 'is overloaded: the deadline of a block passes'() {
    const connection = await open({ retry: { minDelay: 5, maxDelay: 20, deadline: 100 } })
    const statement = await prepare(connection, { blockSize: 10 })
    await quiet(fill(statement, 95))
    await quiet(statement.commit())
    await connection.close()
  },
  async 'is overloaded: rollback in a pause'() {
    const connection = await open({ retry: { minDelay: 60_000, maxDelay: 60_000 } })
    const statement = await prepare(connection)
    await fill(statement, 1)
    void quiet(statement.flush())
    await sleep(50)
    await statement.rollback()
    await connection.close()
  },
  async 'is overloaded: close() with a deadline in a pause'() {
    const connection = await open({ retry: { minDelay: 60_000, maxDelay: 60_000 } })
    const statement = await prepare(connection, { blockSize: 1, maxPendingBlocks: 1 })
    await quiet(Promise.race([fill(statement, 3), sleep(50)]))
    await connection.close({ deadline: 50 })
  },
  async 'is overloaded: close() while deliver() pauses'() {
    const connection = await open({ retry: { attempts: 1 } })
    const statement = await prepare(connection)
    await fill(statement, 1)
    await quiet(statement.commit())
    void connection.deliver(statement.takeBlocks(), {
      acceptDuplicates: true,
      retry: { attempts: 100, minDelay: 60_000 },
    })
    await sleep(50)
    await connection.close({ deadline: 50 })
  },
  async 'hangs: attemptTimeout'() {
    const connection = await open({ retry: { attempts: 2, attemptTimeout: 50, minDelay: 1 } })
    const statement = await prepare(connection, { blockSize: 10 })
    await quiet(fill(statement, 95))
    await quiet(statement.commit())
    await connection.close()
  },
  async 'hangs: an AbortSignal'() {
    const connection = await open()
    const controller = new AbortController()
    const statement = await prepare(connection, { signal: controller.signal, blockSize: 10 })
    void quiet(fill(statement, 95))
    await sleep(50)
    controller.abort()
    await quiet(statement.commit())
    await connection.close()
  },
  async 'hangs: close() with a deadline, a query and a prepare() under way'() {
    const connection = await open()
    void quiet(fill(await prepare(connection, { blockSize: 10 }), 95))
    void quiet(connection.query('SELECT hang'))
    void quiet(connection.prepare('hang'))
    await sleep(50)
    await connection.close({ deadline: 50 })
  },
  async 'takes: a deadline that never came'() {
    const connection = await open()
    await connection.close({ deadline: 60_000 })
    await connection.close({ deadline: 60_000 })
  },
  async 'is away: connect()'() {
    await quiet(connect({ url: 'http://127.0.0.1:1,127.0.0.1:2' }))
  },
  async 'hangs: connect() in its time'() {
    await quiet(connect({ url: `${url}/hang`, connectTimeout: 50 }))
  },
  async 'takes: no such table'() {
    const connection = await open()
    await quiet(connection.prepare('nothing'))
    await quiet(connection.check('nothing'))
    await connection.close()
  },
  async 'embedded: commit'() {
    const connection = await connect('chdb:')
    await connection.command('CREATE TABLE events (n UInt32) ENGINE = MergeTree ORDER BY n')
    const statement = await connection.prepare('events', { blockSize: 10 })
    await fill(statement, 95)
    await statement.commit()
    await fill(await connection.prepare('events'), 5)
    await connection.close()
  },
  async 'a file: commit, and a close without'() {
    const connection = await connect('file:/dev/null')
    const statement = await prepare(connection)
    await fill(statement, 5)
    await statement.commit()
    await fill(await prepare(connection), 5)
    await connection.close()
  },
}

if (name === undefined) console.log(JSON.stringify(Object.keys(scenarios)))
else {
  await scenarios[name]()
  await turn()
  await turn()
  const resources = process.getActiveResourcesInfo().filter((one) => one !== 'PipeWrap') // stdout and stderr
  hook.disable()
  const at = performance.now()
  process.once('beforeExit', () => {
    console.log(
      JSON.stringify({ resources, timers: [...timers.values()], unhandled, lingeredMs: performance.now() - at }),
    )
  })
}
