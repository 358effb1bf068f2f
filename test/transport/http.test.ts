import { inspect } from 'node:util'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compress } from '../../src/block/frame.ts'
import { ServerError, SluiceError, TransportError } from '../../src/errors.ts'
import { probeSettings } from '../../src/transport/capabilities.ts'
import { openTransport, type TargetOptions } from '../../src/transport/target.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { PASSWORD_USER, serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { countingBlock, failure, insertOf, narrowBlock, narrowColumns } from '../support/inserts.ts'

const open: Transport[] = []
function transportTo(target: string | TargetOptions): Transport {
  const { transport } = openTransport(target)
  open.push(transport)
  return transport
}

/** What a caller does with an error: print it, log it, serialise it. */
function everythingSaidBy(error: Error): string {
  return [error.message, error.stack, JSON.stringify(error), inspect(error, { depth: 10, showHidden: true })].join('\n')
}

describe.skipIf(!serverAvailable())('HTTP, against clickhouse-server 18.16', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(async () => {
    await Promise.all(open.map((transport) => transport.close()))
    await server?.stop()
  })

  test('ping finds version and host', async () => {
    const info = await transportTo(server.url).ping()
    expect(info).toMatchObject({ kind: 'http', version: '18.16.1', release: [18, 16] })
    expect(info.host).not.toBe('')
  })

  test('probeSettings: only what the server knows', async () => {
    const known = await probeSettings(transportTo(server.url), ['allow_experimental_low_cardinality_type'])
    expect([...known.keys()].sort()).toEqual([
      'allow_experimental_low_cardinality_type',
      'input_format_skip_unknown_fields',
      'insert_deduplicate',
      'insert_distributed_sync',
      'insert_quorum',
      'readonly',
    ])
  })

  describe.each(['own sockets', 'the caller’s client'])('inserts through %s', (way) => {
    let transport: Transport
    let client: ReturnType<typeof createClient>
    beforeAll(() => {
      client = createClient({ url: server.url, log: { level: ClickHouseLogLevel.OFF } })
      transport = transportTo(way === 'own sockets' ? server.url : { url: server.url, client })
    })
    afterAll(() => client?.close())

    // 9, 10, 13, 32: blocks that begin with what a parser takes for white space.
    test.each([1, 9, 10, 13, 32, 59])('a block of %i columns arrives as it is', async (columnCount) => {
      const table = `narrow_${columnCount}`
      await server.query(`DROP TABLE IF EXISTS ${table}`)
      await server.query(`CREATE TABLE ${table} (${narrowColumns(columnCount)}) ENGINE = Memory`)
      await transport.insert(insertOf(table, narrowBlock(columnCount)))
      const expected = Array.from({ length: columnCount }, (_, index) => index).join('\t')
      expect(await server.query(`SELECT * FROM ${table}`)).toBe(expected)
    })

    test('8 MB in one block', async () => {
      await server.query('DROP TABLE IF EXISTS counting')
      await server.query('CREATE TABLE counting (a UInt32) ENGINE = Memory')
      await transport.insert(insertOf('counting', countingBlock(2_000_000)))
      expect(await server.query('SELECT count(), sum(a) FROM counting')).toBe('2000000\t1999999000000')
    })

    test('compressed frames travel with decompress=1', async () => {
      await server.query('DROP TABLE IF EXISTS framed')
      await server.query('CREATE TABLE framed (a UInt32) ENGINE = Memory')
      for (const method of ['lz4', 'none'] as const) {
        const frames = compress(countingBlock(100_000), method)
        await transport.insert(insertOf('framed', frames, { compressed: true }))
      }
      expect(await server.query('SELECT count(), sum(a) FROM framed')).toBe('200000\t9999900000')
    })

    test('a flipped byte is found by the checksum: exception 40, nothing stored', async () => {
      await server.query('DROP TABLE IF EXISTS framed')
      await server.query('CREATE TABLE framed (a UInt32) ENGINE = Memory')
      const frames = Buffer.from(compress(countingBlock(1_000), 'lz4'))
      frames[200]! ^= 1
      const error = await failure(transport.insert(insertOf('framed', frames, { compressed: true })), ServerError)
      expect(error).toMatchObject({ serverCode: 40, retryable: true })
      expect(await server.query('SELECT count() FROM framed')).toBe('0')
    })

    test('a missing table: exception 60 with the query id, also when 30 MB are on their way', async () => {
      for (const bytes of [narrowBlock(1), countingBlock(8_000_000)]) {
        const error = await failure(
          transport.insert(insertOf('missing', bytes, { queryId: `missing-${way.length}` })),
          ServerError,
        )
        expect(error).toMatchObject({
          code: 'SERVER_EXCEPTION',
          serverCode: 60,
          retryable: false,
          queryId: `missing-${way.length}`,
        })
        expect(error.message).toContain("Table default.missing doesn't exist")
      }
    })

    test('a setting the server does not know: exception 115', async () => {
      await server.query('DROP TABLE IF EXISTS settings_t')
      await server.query('CREATE TABLE settings_t (c0 UInt8) ENGINE = Memory')
      const unknown = insertOf('settings_t', narrowBlock(1), { settings: { async_insert: 0 } })
      expect(await failure(transport.insert(unknown), ServerError)).toMatchObject({ serverCode: 115 })
      await transport.insert(
        insertOf('settings_t', narrowBlock(1), { settings: { insert_distributed_sync: true, max_block_size: 1000 } }),
      )
      expect(await server.query('SELECT count() FROM settings_t')).toBe('1')
    })

    test('a table of 1,000 columns, whose INSERT is too long for a URL; frames are refused with the way out', async () => {
      const names = Array.from({ length: 1_000 }, (_, index) => `a_column_with_a_longer_name_${index}`)
      await server.query('DROP TABLE IF EXISTS wide')
      await server.query(`CREATE TABLE wide (${names.map((name) => `${name} UInt8`).join(', ')}) ENGINE = Memory`)
      const columns = names.map((name) => Buffer.concat([Buffer.of(name.length), Buffer.from(`${name}\x05UInt8\x01`)]))
      const bytes = Buffer.concat([Buffer.of(0xe8, 0x07, 1), ...columns])
      const sql = `INSERT INTO default.wide (${names.map((name) => `\`${name}\``).join(', ')}) FORMAT Native`
      await transport.insert({ ...insertOf('wide', bytes), sql })
      expect(await server.query(`SELECT count(), sum(${names.at(-1)}) FROM wide`)).toBe('1\t1')
      const framed = { ...insertOf('wide', compress(bytes), { compressed: true }), sql }
      const error = await failure(transport.insert(framed), TransportError)
      expect(error).toMatchObject({ code: 'HTTP_STATUS', status: 400, blockMayHaveArrived: false })
      expect(error.hint).toContain("compression 'none'")
    })

    test('a long INSERT before a block that begins with 0a', async () => {
      await server.query('DROP TABLE IF EXISTS long_sql')
      await server.query(`CREATE TABLE long_sql (${narrowColumns(10)}) ENGINE = Memory`)
      const sql = `INSERT INTO long_sql /* ${'-'.repeat(20_000)} */ FORMAT Native`
      await transport.insert({ ...insertOf('long_sql', narrowBlock(10)), sql })
      expect(await server.query('SELECT * FROM long_sql')).toBe('0\t1\t2\t3\t4\t5\t6\t7\t8\t9')
    })

    test('a block without its end: exception 33, nothing stored', async () => {
      await server.query('CREATE TABLE IF NOT EXISTS torn (a UInt32) ENGINE = Memory')
      const bytes = countingBlock(1_000)
      const error = await failure(transport.insert(insertOf('torn', bytes.subarray(0, bytes.length - 1))), ServerError)
      expect(error.serverCode).toBe(33)
      expect(await server.query('SELECT count() FROM torn')).toBe('0')
    })
  })

  test('on the wire: query, token and settings in the URL, the block alone in the body, its length announced', async () => {
    const proxy = await startFaultProxy(server.url, { record: true })
    await server.query('CREATE TABLE IF NOT EXISTS wire (c0 UInt8, c1 UInt8) ENGINE = Memory')
    const transport = transportTo(proxy.url)
    await transport.insert(
      insertOf('default.wire', narrowBlock(2), { queryId: 'token:1', settings: { max_block_size: 7 } }),
    )
    const [request] = proxy.recorded as [Buffer]
    const end = request.indexOf('\r\n\r\n')
    const [requestLine, ...headers] = request.subarray(0, end).toString('latin1').split('\r\n') as [string, ...string[]]
    expect(request.subarray(end + 4).equals(narrowBlock(2))).toBe(true)
    const url = new URL(requestLine.split(' ')[1]!, 'http://x')
    expect(requestLine).toMatch(/^POST /)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      query: 'INSERT INTO default.wire FORMAT Native',
      query_id: 'token:1',
      database: 'default',
      max_block_size: '7',
    })
    expect(headers).toContain(`Content-Length: ${narrowBlock(2).length}`)
    await transport.close()
    await proxy.close()
  })

  test('a user with a password full of special characters, in the URL or beside it', async () => {
    const { username, password } = PASSWORD_USER
    const port = server.httpPort
    await transportTo({ url: server.url, username, password }).ping()
    await transportTo(`http://${username}:${encodeURIComponent(password)}@127.0.0.1:${port}/system`).ping()
    await server.query('CREATE TABLE IF NOT EXISTS by_writer (c0 UInt8) ENGINE = Memory')
    const transport = transportTo({ url: server.url, username, password })
    await transport.insert(insertOf('by_writer', narrowBlock(1)))
    expect(await server.query('SELECT count() FROM by_writer')).toBe('1')
  })

  test('a wrong password or user: AUTHENTICATION_FAILED, and no credential in anything the error says', async () => {
    const secret = 'n0t-the-p@ssword'
    const basic = Buffer.from(`writer:${secret}`).toString('base64')
    for (const [username, serverCode] of [
      ['writer', 193],
      ['nobody', 192],
    ] as const) {
      const transport = transportTo({ url: server.url, username, password: secret })
      for (const call of [
        () => transport.ping(),
        () => transport.insert(insertOf('x', narrowBlock(1))),
        () => transport.query('SELECT 1'),
      ]) {
        const error = await failure(call(), ServerError)
        expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', serverCode })
        for (const form of [secret, encodeURIComponent(secret), basic])
          expect(everythingSaidBy(error)).not.toContain(form)
      }
    }
  })

  test('query: rows as objects, 64-bit numbers as strings; an exception after the first rows is one', async () => {
    const transport = transportTo(server.url)
    expect(await transport.query("SELECT toUInt64(18446744073709551615) AS n, 'a\nb' AS s, NULL AS z")).toEqual([
      { n: '18446744073709551615', s: 'a\nb', z: null },
    ])
    expect(await transport.query('SELECT 1 AS a WHERE 0')).toEqual([])
    const late = failure(
      transport.query('SELECT throwIf(number = 200000) AS x FROM system.numbers LIMIT 300000'),
      ServerError,
    )
    expect((await late).serverCode).toBe(395)
  })

  test('command: DDL, its exception, and rows that nobody asked for', async () => {
    const transport = transportTo(server.url)
    await transport.command('SELECT 1')
    await transport.command('CREATE TABLE made (a UInt8) ENGINE = Memory;')
    expect(await failure(transport.command('CREATE TABLE made (a UInt8) ENGINE = Memory'), ServerError)).toMatchObject({
      serverCode: 57,
    })
  })

  test('another program on the port, or the native port: said so', async () => {
    const transport = transportTo(`http://127.0.0.1:${server.tcpPort}`)
    const error = await failure(transport.ping(), SluiceError)
    expect(error.message).toMatch(/8123/)
  })

  test('several hosts: the first that answers', async () => {
    const transport = transportTo(`http://127.0.0.1:1,127.0.0.1:${server.httpPort}/default`)
    expect((await transport.ping()).version).toBe('18.16.1')
    const answer = await transport.insert(insertOf('default.by_writer', narrowBlock(1)))
    expect(answer.host).toBe(`127.0.0.1:${server.httpPort}`)
  })

  test('no host: CONNECT_FAILED names them, nothing was sent', async () => {
    const one = await failure(transportTo('http://127.0.0.1:1').ping(), TransportError)
    expect(one).toMatchObject({ code: 'CONNECT_FAILED', retryable: true, blockMayHaveArrived: false })
    expect(one.message).toContain('ECONNREFUSED')
    const two = await failure(transportTo('http://127.0.0.1:1,127.0.0.1:2').ping(), TransportError)
    expect(two.code).toBe('CONNECT_FAILED')
    expect(two.message).toMatch(/127\.0\.0\.1:1, 127\.0\.0\.1:2/)
    const unnamed = await failure(transportTo('http://no-such-host.invalid:8123').ping(), TransportError)
    expect(unnamed.code).toBe('CONNECT_FAILED')
    const insert = await failure(
      transportTo('http://127.0.0.1:1').insert(insertOf('t', narrowBlock(1))),
      TransportError,
    )
    expect(insert).toMatchObject({ code: 'CONNECT_FAILED', blockMayHaveArrived: false })
  })

  test('after close: CONNECTION_CLOSED, and no socket is left', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    const proxy = await startFaultProxy(server.url)
    const transport = transportTo(proxy.url)
    await transport.ping()
    await Promise.all([1, 2, 3].map(() => transport.insert(insertOf('default.by_writer', narrowBlock(1)))))
    expect(proxy.openCount).toBeGreaterThan(1)
    await transport.close()
    await transport.close()
    await expect.poll(() => proxy.openCount).toBe(0)
    await proxy.close()
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length)
      .toBeLessThanOrEqual(before)
    for (const call of [
      () => transport.ping(),
      () => transport.insert(insertOf('t', narrowBlock(1))),
      () => transport.query('SELECT 1'),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    }
  })
})

describe('HTTP, against a modern server (the embedded engine behind a front)', () => {
  let front: ChdbFront
  let transport: Transport
  beforeAll(async () => {
    front = await startFront({ users: { writer: 'secret' } })
    transport = transportTo(front.url)
  })
  afterAll(async () => {
    await transport?.close()
    await front?.stop()
  })

  test('probeSettings finds every setting', async () => {
    expect([...(await probeSettings(transport)).keys()]).toContain('input_format_native_allow_types_conversion')
  })

  test('a token holds: the second insert under it adds nothing; written_rows is read', async () => {
    await front.query(
      'CREATE TABLE dedup (a UInt32) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100',
    )
    const settings = { async_insert: 0, insert_deduplication_token: 'engine:1:hash' }
    const answer = await transport.insert(insertOf('dedup', countingBlock(10), { settings }))
    expect(answer.writtenRows).toBe(10)
    await transport.insert(insertOf('dedup', countingBlock(10), { settings }))
    expect(await front.query('SELECT count() FROM dedup')).toBe('10')
  })

  test('compressed frames', async () => {
    await front.query('CREATE TABLE framed (a UInt32) ENGINE = Memory')
    await transport.insert(insertOf('framed', compress(countingBlock(50_000), 'lz4'), { compressed: true }))
    expect(await front.query('SELECT count(), sum(a) FROM framed')).toBe('50000\t1249975000')
  })

  test('exceptions carry code and name', async () => {
    const missing = await failure(transport.insert(insertOf('missing', narrowBlock(1))), ServerError)
    expect(missing).toMatchObject({ serverCode: 60, serverName: 'UNKNOWN_TABLE' })
    await front.query('CREATE TABLE strict (a UInt32) ENGINE = Memory')
    const unknown = insertOf('strict', narrowBlock(1), { settings: { input_format_skip_unknown_fields: 0 } })
    expect(await failure(transport.insert(unknown), ServerError)).toMatchObject({
      serverCode: 117,
      serverName: 'INCORRECT_DATA',
    })
    const denied = await failure(
      transportTo({ url: front.url, username: 'writer', password: 'wrong' }).ping(),
      ServerError,
    )
    expect(denied).toMatchObject({ code: 'AUTHENTICATION_FAILED', serverCode: 516 })
  })

  test('a server that stores the block and dies before it answers: unknown, and the retry under the token adds nothing', async () => {
    const insert = insertOf('dedup', countingBlock(20), { settings: { insert_deduplication_token: 'engine:2:hash' } })
    await front.dieAfterInserts(1)
    const error = await failure(transport.insert(insert), TransportError)
    expect(error).toMatchObject({ code: 'CONNECTION_LOST', blockMayHaveArrived: true, retryable: true })
    await front.exited()
    expect(await failure(transport.insert(insert), TransportError)).toMatchObject({
      code: 'CONNECT_FAILED',
      blockMayHaveArrived: false,
    })
    await front.restart()
    await transport.insert(insert)
    expect(await front.query('SELECT count() FROM dedup')).toBe('30')
  })
})
