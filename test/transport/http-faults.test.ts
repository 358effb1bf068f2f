import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import { createServer } from 'node:net'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ServerError, TransportError } from '../../src/errors.ts'
import { openTransport, type TargetOptions } from '../../src/transport/target.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { countingBlock, failure, insertOf, narrowBlock } from '../support/inserts.ts'
import { exceptionReply, type LyingServer, startLyingServer } from '../support/lying-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function transportTo(target: string | TargetOptions): Transport {
  const { transport } = openTransport(target)
  closing.push(() => transport.close())
  return transport
}

/** Our own sockets, and a client that the caller brought. */
const WAYS = {
  'own sockets': (url: string) => transportTo(url),
  'the caller’s client': (url: string) => {
    const client = createClient({ url, log: { level: ClickHouseLogLevel.OFF } })
    closing.push(() => client.close())
    return transportTo({ url, client })
  },
}
const ways = Object.entries(WAYS).map(([way, open]) => ({ way, open }))

describe.skipIf(!serverAvailable())('A connection that breaks, between us and clickhouse-server 18.16', () => {
  const ROWS = 8_000_000 // 32 MB: more than the kernel buffers on the way
  const block = countingBlock(ROWS)
  let server: TestServer
  let proxy: FaultProxy
  beforeAll(async () => {
    server = await startServer({ keepAliveSeconds: 2 })
  })
  afterAll(() => server?.stop())
  beforeEach(async () => {
    await server.query('DROP TABLE IF EXISTS cut')
    await server.query('CREATE TABLE cut (a UInt32) ENGINE = Memory')
    proxy = await startFaultProxy(server.url)
  })
  afterEach(() => proxy.close())

  const rowCount = async () => Number(await server.query('SELECT count() FROM cut'))

  describe.each(ways)('inserts through $way', ({ open }) => {
    test.each([
      { cut: 'inside the request line', fault: { cutRequestAt: 10 }, mayHaveArrived: false, stored: 0 },
      { cut: 'before the body', fault: { cutRequestAt: 400 }, mayHaveArrived: false, stored: 0 },
      { cut: 'inside the body', fault: { cutRequestAt: 1_000_000 }, mayHaveArrived: false, stored: 0 },
      {
        cut: 'inside the body, by a reset',
        fault: { cutRequestAt: 1_000_000, how: 'reset' as const },
        mayHaveArrived: false,
        stored: 0,
      },
      { cut: 'after the body, before the answer', fault: { cutResponseAt: 0 }, mayHaveArrived: true, stored: ROWS },
      { cut: 'inside the answer’s headers', fault: { cutResponseAt: 40 }, mayHaveArrived: true, stored: ROWS },
      {
        cut: 'inside the answer, by a reset',
        fault: { cutResponseAt: 40, how: 'reset' as const },
        mayHaveArrived: true,
        stored: ROWS,
      },
      // The answer of 18.16 ends with an empty chunk, `0\r\n\r\n`: all but its last bytes.
      { cut: 'before the answer’s last bytes', fault: { cutResponseAt: -2 }, mayHaveArrived: true, stored: ROWS },
    ])('cut $cut', async ({ fault, mayHaveArrived, stored }) => {
      const transport = open(proxy.url)
      if (fault.cutResponseAt === -2) {
        await transport.insert(insertOf('cut', countingBlock(1)))
        stored += 1
        fault = { cutResponseAt: proxy.responseBytes - 2 }
      }
      proxy.arm(fault)
      const error = await failure(transport.insert(insertOf('cut', block)), TransportError)
      expect(error).toMatchObject({ code: 'CONNECTION_LOST', retryable: true, blockMayHaveArrived: mayHaveArrived })
      expect(proxy.struckCount).toBe(1)
      await expect.poll(rowCount).toBe(stored)
      await transport.insert(insertOf('cut', countingBlock(5)))
      expect(await rowCount()).toBe(stored + 5)
    })

    test('accepted and dropped at once, as a load balancer without servers does', async () => {
      proxy.arm({ cutOnConnect: true })
      const error = await failure(open(proxy.url).insert(insertOf('cut', block)), TransportError)
      expect(error.blockMayHaveArrived).toBe(false)
      expect(await rowCount()).toBe(0)
    })

    test('idle connections that were closed meanwhile are not used again, however long nobody looked', async () => {
      const transport = open(server.url)
      await Promise.all([1, 2, 3].map(() => transport.insert(insertOf('cut', countingBlock(1)))))
      // Staging many rows looks like this to the sockets: the server closes them after 2 s, and no event is read.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_600)
      await transport.insert(insertOf('cut', countingBlock(1)))
      expect(await rowCount()).toBe(4)
    })

    test('an upload that stalls: TIMEOUT in time, the block cannot be there, the next insert works', async () => {
      const transport = open(proxy.url)
      proxy.arm({ stallRequestAt: 100_000 })
      const started = performance.now()
      const error = await failure(
        transport.insert(insertOf('cut', countingBlock(8_000_000), { attemptTimeoutMs: 400 })),
        TransportError,
      )
      expect(error).toMatchObject({ code: 'TIMEOUT', blockMayHaveArrived: false, retryable: true })
      expect(performance.now() - started).toBeLessThan(2_000)
      proxy.arm(undefined)
      await transport.insert(insertOf('cut', countingBlock(5)))
      expect(await rowCount()).toBe(5)
    })

    test('an upload that is slow but moves arrives', async () => {
      proxy.throttle(4_000_000)
      await open(proxy.url).insert(insertOf('cut', countingBlock(500_000)))
      expect(await rowCount()).toBe(500_000)
    })
  })
})

describe.each(ways)('Answers that are none, through $way', ({ open }) => {
  let server: LyingServer
  let transport: Transport
  beforeEach(async () => {
    server = await startLyingServer()
    transport = open(server.url)
  })
  afterEach(() => server.close())
  const insert = (more = {}) => transport.insert(insertOf('t', narrowBlock(10), more))

  test('200 with an exception in the body is that exception', async () => {
    server.script({ insert: () => exceptionReply(27, 'CANNOT_PARSE_INPUT', 'Cannot parse input', 200) })
    expect(await failure(insert(), ServerError)).toMatchObject({ serverCode: 27, serverName: 'CANNOT_PARSE_INPUT' })
  })

  test('200 with the exception header is that exception', async () => {
    server.script({ insert: () => ({ headers: { 'X-ClickHouse-Exception-Code': '241' } }) })
    expect(await failure(insert(), ServerError)).toMatchObject({ serverCode: 241, retryable: true })
  })

  test('200 with something else: BAD_ANSWER, fate unknown', async () => {
    server.script({ insert: () => ({ body: '<html>Welcome</html>' }) })
    expect(await failure(insert(), TransportError)).toMatchObject({
      code: 'BAD_ANSWER',
      blockMayHaveArrived: true,
      status: 200,
    })
  })

  test('500 with an exception', async () => {
    server.script({ insert: () => exceptionReply(60, 'UNKNOWN_TABLE', 'Table t does not exist', 404) })
    expect(await failure(insert({ queryId: 'q:1' }), ServerError)).toMatchObject({
      serverCode: 60,
      queryId: 'q:1',
      retryable: false,
    })
  })

  test.each([
    [502, true, true],
    [504, true, true],
    [429, true, false],
    [413, false, false],
    [302, false, false],
    [204, false, true],
  ])('a bare %i is not ClickHouse’s: HTTP_STATUS', async (status, retryable, blockMayHaveArrived) => {
    server.script({ insert: () => ({ status, body: status === 204 ? '' : '<html>proxy</html>' }) })
    expect(await failure(insert(), TransportError)).toMatchObject({
      code: 'HTTP_STATUS',
      status,
      retryable,
      blockMayHaveArrived,
    })
  })

  test('an exception whose text is cut is still the server’s no', async () => {
    const long = exceptionReply(53, 'TYPE_MISMATCH', 'x'.repeat(1_000))
    server.script({ insert: () => ({ ...long, close: 'inside' }) })
    expect(await failure(insert(), ServerError)).toMatchObject({ serverCode: 53 })
  })

  test('a success that is cut inside the answer is unknown', async () => {
    server.script({ insert: () => ({ close: 'inside' }) })
    expect(await failure(insert(), TransportError)).toMatchObject({
      code: 'CONNECTION_LOST',
      blockMayHaveArrived: true,
    })
  })

  test('closed before the status line', async () => {
    server.script({ insert: () => ({ close: 'before' }) })
    expect(await failure(insert(), TransportError)).toMatchObject({
      code: 'CONNECTION_LOST',
      blockMayHaveArrived: true,
    })
  })

  test('a refusal before the body was read is heard, and the socket goes', async () => {
    server.script({ early: () => exceptionReply(60, 'UNKNOWN_TABLE', 'Table t does not exist', 404) })
    const big = insertOf('t', countingBlock(8_000_000))
    expect(await failure(transport.insert(big), ServerError)).toMatchObject({ serverCode: 60 })
    server.script({})
    await insert()
    expect(server.inserts.at(-1)?.body.equals(narrowBlock(10))).toBe(true)
  })

  test('a success before the body was read is no success', async () => {
    server.script({ early: () => ({}) })
    const error = await failure(transport.insert(insertOf('t', countingBlock(8_000_000))), TransportError)
    expect(error).toMatchObject({ code: 'BAD_ANSWER', blockMayHaveArrived: true })
  })

  test('no answer: TIMEOUT when the time is up, fate unknown, socket closed', async () => {
    server.script({ insert: () => ({ hang: true }) })
    const started = performance.now()
    const error = await failure(insert({ attemptTimeoutMs: 250 }), TransportError)
    expect(error).toMatchObject({ code: 'TIMEOUT', blockMayHaveArrived: true, retryable: true })
    expect(performance.now() - started).toBeGreaterThanOrEqual(240)
    expect(performance.now() - started).toBeLessThan(1_500)
    await expect.poll(() => server.openCount).toBe(0)
  })

  test('an answer that is later than the time', async () => {
    server.script({ insert: () => ({ delayMs: 500 }) })
    expect(await failure(insert({ attemptTimeoutMs: 100 }), TransportError)).toMatchObject({ code: 'TIMEOUT' })
    await expect.poll(() => server.openCount).toBe(0)
  })

  test('abort while waiting: ABORTED at once, fate unknown, socket closed', async () => {
    server.script({ insert: () => ({ hang: true }) })
    const controller = new AbortController()
    const pending = failure(insert({ signal: controller.signal }), TransportError)
    await server.whenInserts(1)
    const aborted = performance.now()
    controller.abort(new Error('shutting down'))
    const error = await pending
    expect(error).toMatchObject({ code: 'ABORTED', blockMayHaveArrived: true, retryable: false })
    expect((error.cause as Error).message).toBe('shutting down')
    expect(performance.now() - aborted).toBeLessThan(500)
    await expect.poll(() => server.openCount).toBe(0)
  })

  test('abort before the call: nothing is sent', async () => {
    expect(await failure(insert({ signal: AbortSignal.abort() }), TransportError)).toMatchObject({
      code: 'ABORTED',
      blockMayHaveArrived: false,
    })
    expect(server.connectionCount).toBe(0)
  })

  test('a signal that lives on keeps no listeners', async () => {
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = ((...args: Parameters<typeof addEventListener>) => {
      listeners++
      return addEventListener.apply(signal, args)
    }) as typeof addEventListener
    signal.removeEventListener = ((...args: Parameters<typeof removeEventListener>) => {
      listeners--
      return removeEventListener.apply(signal, args)
    }) as typeof removeEventListener
    for (let call = 0; call < 3; call++) await insert({ signal })
    expect(listeners).toBe(0)
  })

  test('written_rows is read, and missing is fine', async () => {
    server.script({ insert: () => ({ headers: { 'X-ClickHouse-Summary': '{"read_rows":"0","written_rows":"12"}' } }) })
    expect(await insert()).toEqual({ writtenRows: 12, host: `127.0.0.1:${server.port}` })
    server.script({})
    expect((await insert()).writtenRows).toBeUndefined()
  })

  test('close waits for an insert that is on its way', async () => {
    server.script({ insert: () => ({ delayMs: 200 }) })
    const pending = insert()
    await server.whenInserts(1)
    await transport.close()
    expect(await pending).toMatchObject({ host: `127.0.0.1:${server.port}` })
  })

  test('an exception marked inside a query’s answer is one; the same word in a row is not', async () => {
    const marked =
      '{"a":1}\n\r\n__exception__\r\ntag\r\nCode: 241. DB::Exception: Memory limit. (MEMORY_LIMIT_EXCEEDED)\n9 tag\r\n__exception__\r\n'
    server.script({ rows: () => ({ body: marked }) })
    expect(await failure(transport.query('SELECT 1'), ServerError)).toMatchObject({ serverCode: 241 })
    server.script({ rows: () => [{ text: '__exception__ Code: 1. x' }] })
    expect(await transport.query('SELECT 1')).toEqual([{ text: '__exception__ Code: 1. x' }])
  })

  test('a query that is no JSON: BAD_ANSWER', async () => {
    server.script({ rows: () => ({ body: '<html>' }) })
    expect(await failure(transport.query('SELECT 1'), TransportError)).toMatchObject({ code: 'BAD_ANSWER' })
    expect(await failure(transport.ping(), TransportError)).toMatchObject({ code: 'BAD_ANSWER' })
  })
})

test('a client whose own request_timeout is shorter than the attempt: TIMEOUT that says so', async () => {
  const server = await startLyingServer({ insert: () => ({ hang: true }) })
  closing.push(() => server.close())
  const client = createClient({ url: server.url, log: { level: ClickHouseLogLevel.OFF }, request_timeout: 150 })
  closing.push(() => client.close())
  const error = await failure(
    transportTo({ url: server.url, client }).insert(insertOf('t', narrowBlock(1))),
    TransportError,
  )
  expect(error).toMatchObject({ code: 'TIMEOUT', blockMayHaveArrived: true, retryable: true })
  expect(error.message).toContain('request_timeout')
  await expect.poll(() => server.openCount).toBe(0)
})

describe('First contact', () => {
  test('a port that accepts and keeps silent: CONNECT_FAILED after connectTimeout', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const url = `http://127.0.0.1:${(silent.address() as { port: number }).port}`
    const error = await failure(transportTo({ url, connectTimeout: 200 }).ping(), TransportError)
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', blockMayHaveArrived: false })
    expect(error.message).toContain('200 ms')
    silent.close()
  })

  test('300 queries at once share ten sockets: a server has a limit, too', async () => {
    const server = await startLyingServer({ rows: () => ({ delayMs: 1, body: '{"a":1}\n' }) })
    closing.push(() => server.close())
    const transport = transportTo(server.url)
    await Promise.all(Array.from({ length: 300 }, () => transport.query('SELECT 1 AS a')))
    expect(server.queries).toHaveLength(300)
    expect(server.connectionCount).toBeLessThanOrEqual(10)
  })

  test('a handshake that never ends is no connection: nothing was sent', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const url = `https://127.0.0.1:${(silent.address() as { port: number }).port}`
    const started = performance.now()
    const error = await failure(
      transportTo({ url, connectTimeout: 200 }).insert(insertOf('t', narrowBlock(1))),
      TransportError,
    )
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', blockMayHaveArrived: false })
    expect(performance.now() - started).toBeLessThan(2_000)
    silent.close()
  })
})

describe('TLS', () => {
  test('a certificate of one’s own authority is taken with ca, refused without; nothing was sent then', async () => {
    const bodies: Buffer[] = []
    const server = createTlsServer({ key: TLS_KEY, cert: TLS_CERTIFICATE }, async (request, response) => {
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece as Buffer)
      bodies.push(Buffer.concat(pieces))
      response.end(request.url?.includes('INSERT') ? '' : '{"version":"26.7.2.1","host":"tls"}\n')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(async () => server.close())
    const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`

    const stranger = transportTo(url)
    for (const call of [() => stranger.ping(), () => stranger.insert(insertOf('t', narrowBlock(10)))]) {
      expect(await failure(call(), TransportError)).toMatchObject({
        code: 'CONNECT_FAILED',
        blockMayHaveArrived: false,
      })
    }
    expect(bodies).toEqual([])

    const transport = transportTo({ url, ca: TLS_CERTIFICATE })
    expect((await transport.ping()).host).toBe('tls')
    await transport.insert(insertOf('t', narrowBlock(10)))
    expect(bodies[1]?.equals(narrowBlock(10))).toBe(true)
  })
})

// For these tests alone, made with openssl: localhost and 127.0.0.1, 2020 to 2120. Nothing else trusts it.
const TLS_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPMpo+82xwL4wNHHz
00G2uDO10l1PwJDc4PSVVwj9K42hRANCAASZJ98Jd56rLg/RLwbzATGp+fNFNzdA
0HQ/QheeUyhXDbFYXFMXWfB0dt57sI+EsCNPE6ztlWRfjEOkAAU0H0Sn
-----END PRIVATE KEY-----`
const TLS_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBZjCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJkn3wl3nqsuD9Ev
BvMBMan580U3N0DQdD9CF55TKFcNsVhcUxdZ8HR23nuwj4SwI08TrO2VZF+MQ6QA
BTQfRKejTjBMMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBRxSyPzUoq0EJ9EaoFVODBSiR1R3zAKBggqhkjOPQQD
AgNHADBEAiB6nNVjub0C9FlBko1JYsxhOExLwoqa6yR80XYb+IluFQIgaZ5KoLJN
po3I9DhyVhZhfd5HmsG2K1vmf2b8fZuYhlM=
-----END CERTIFICATE-----`
