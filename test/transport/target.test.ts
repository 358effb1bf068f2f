import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { connect } from '../../src/index.ts'
import { openTransport } from '../../src/transport/target.ts'

describe('A target names transport and database', () => {
  test.each([
    ['http://host:8123', 'http', 'default'],
    ['https://user:p%40ss@host:8443/events', 'http', 'events'],
    ['http://user:pass@a:8123,b:8123/db%201', 'http', 'db 1'],
    ['http://a/db,http://b/db', 'http', 'db'],
    ['chdb:', 'chdb', 'default'],
    ['chdb:./data', 'chdb', 'default'],
    ['file:out.native', 'file', ''],
    ['file:-', 'file', ''],
    ['file:///var/tmp/out.native', 'file', ''],
  ])('%s', (target, kind, database) => {
    const opened = openTransport(target)
    expect(opened.transport.kind).toBe(kind)
    expect(opened.database).toBe(database)
  })

  test('options beside the URL', () => {
    expect(openTransport({ url: ['http://a:1', 'http://b:1'], database: 'd' }).database).toBe('d')
    expect(openTransport({ url: 'file:x', compression: 'lz4' }).transport.takesFrames).toBe(true)
    expect(openTransport({ url: 'file:x' }).transport.takesFrames).toBe(false)
  })

  test('nothing is opened before the first call', async () => {
    await openTransport('http://127.0.0.1:1').transport.close()
    await openTransport('chdb:./nowhere').transport.close()
    await openTransport('file:./nowhere/x').transport.close()
  })
})

describe('Several hosts', () => {
  test('their names', () => {
    expect(openTransport('http://u:p@a:8123,b:8124/db').transport.hosts.names).toEqual(['a:8123', 'b:8124'])
  })
  test.each([
    [{ url: 'http://a:1,a:1' }, /The host a:1 is given twice/],
    [{ url: ['http://a', 'http://b'], loadBalancing: 'random' }, /'in_order' or 'round_robin', not "random"/],
    [{ url: ['http://a', 'http://b'], client: {} }, /A client speaks to one host/],
    [{ url: 'chdb:', loadBalancing: 'round_robin' }, /loadBalancing means nothing for a chdb: target/],
  ])('%j is refused', (target, message) => {
    expect(() => openTransport(target as never)).toThrow(message)
  })
})

describe('A wrong target never shows its password', () => {
  test.each([
    'http://user:pa/secret@host:8123/db',
    'http://user:12/secret@host:8123/db',
    'http://user:12?secret@host',
    'http://user:12#secret@host',
    'http://user:sec:secret@host:notaport',
    'http://user:secret@x@[bad:8123',
    'http://us/er:secret@host',
    'clickhouse://user:secret/secret@host',
    'user:secret@host:8123',
    'user:sec/secret@host:8123',
    'htp://user:secret@host',
    'http://user:secret@a:8123,b:notaport/db',
    'http://a:notaport,http://user:secret@b',
  ])('%s', (target) => {
    let thrown: unknown
    try {
      openTransport(target)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(UsageError)
    expect((thrown as UsageError).message).not.toMatch(/secret/)
  })
})

describe('A wrong target says what is wrong, and what was meant', () => {
  test.each([
    ['localhost:8123', /http:\/\/localhost:8123/],
    ['localhost', /http:\/\/localhost/],
    ['htp://host:8123', /Did you mean http:/],
    ['chbd:./data', /Did you mean chdb:/],
    ['clickhouse://host:9000', /HTTP/],
    ['tcp://host:9000', /HTTP/],
    ['file:', /file:out\.native/],
    ['', /chdb:/],
    ['http://host:8123/a/b', /database/],
    ['http://host:8123/?async_insert=1', /async_insert/],
    ['http://host:notaport/', /URL/],
    [{ ulr: 'chdb:' }, /Did you mean url\?/],
    [{ url: 'http://h', pasword: 'x' }, /Did you mean password\?/],
    [{ url: 'http://h', zebra: 1 }, /Known: url/],
    [{ url: 'http://h', connectTimeout: -1 }, /connectTimeout/],
    [{ url: 'http://h', cert: 'x' }, /key/],
    [{ url: 'http://u1@h', username: 'u2' }, /username/],
    [{ url: ['http://a/x', 'http://b/y'] }, /database/],
    [{ url: 'chdb:', username: 'u' }, /username/],
    [{ url: [] }, /url/],
  ])('%j', (target, message) => {
    let thrown: unknown
    try {
      openTransport(target as string)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(UsageError)
    expect(thrown).toMatchObject({ code: 'BAD_OPTION' })
    expect((thrown as UsageError).message).toMatch(message)
  })

  test('options that belong to the caller are not misspelled ones', () => {
    expect(() => openTransport({ url: 'chdb:', retry: {} } as never, ['retry', 'settings'])).not.toThrow()
    expect(() => openTransport({ url: 'chdb:', retyr: {} } as never, ['retry', 'settings'])).toThrow(
      /Did you mean retry\?/,
    )
  })

  test('a password never shows', () => {
    for (const target of [
      'clickhouse://me:s3cret@host:9000',
      'http://me:s3cret@host:port',
      'me:s3cret@host:8123',
      'htp://me:s3cret@h',
    ]) {
      expect(() => openTransport(target)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('s3cret') }),
      )
    }
  })
})

test('connect() takes one argument: options beside a URL would be ignored without a word', async () => {
  const call = connect as (...args: unknown[]) => Promise<unknown>
  await expect(call('file:out.native', { compression: 'lz4' })).rejects.toMatchObject({ code: 'BAD_OPTION' })
})
