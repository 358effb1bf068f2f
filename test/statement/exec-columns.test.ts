import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { type ColumnData, type Connection, connect } from '../../src/index.ts'
import type { LyingServer } from '../support/lying-server.ts'
import { gate, lyingStatement, numbersOf, range } from './lying.ts'

/** Numbers `start` up to `end` with a text each. */
function numbered(end: number, start = 0): Record<string, ColumnData> {
  return { n: Uint32Array.from(range(end, start)), text: range(end, start).map((n) => `row ${n}`) }
}

/** The blocks in the order of their rows. */
function blocksOf(server: LyingServer): number[][] {
  return numbersOf(server.inserts).sort((a, b) => a[0]! - b[0]!)
}

function refused(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was refused')
}

describe('whole columns become blocks', () => {
  it('blockSize 11 and 1000 rows in one call: 90 blocks during it, one of 10 rows at commit', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 11 })
    await statement.execColumns(numbered(1000))
    expect(statement.stats).toMatchObject({ accepted: 1000, blocks: 90, staged: 10 })
    expect(await statement.commit()).toMatchObject({ rows: 1000, blocks: 91 })
    expect(blocksOf(server).map(({ length }) => length)).toEqual([...Array(90).fill(11), 10])
    expect(blocksOf(server).flat()).toEqual(range(1000))
    const texts = server.inserts.flatMap(({ body }) => decodeBlocks(body).flatMap(({ rows }) => rows))
    expect(texts.every(([n, text]) => text === `row ${n}`)).toBe(true)
  })

  it('mixed with exec() the rows keep their order', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 10 })
    let end = 0
    for (const rowCount of [3, 1, 12, 0, 4, 30, 7, 1, 25]) {
      await statement.execColumns(numbered(end + rowCount, end))
      end += rowCount
      await statement.exec({ n: end++, text: '' })
      await statement.exec([end++, ''])
    }
    await statement.commit()
    expect(blocksOf(server).flat()).toEqual(range(end))
    expect(blocksOf(server).map(({ length }) => length)).toEqual([...Array(Math.floor(end / 10)).fill(10), end % 10])
  })

  it('the blocks are those of the same rows by exec(), byte for byte', async () => {
    const bodies: Buffer[][] = []
    for (const byColumns of [true, false]) {
      const { server, statement } = await lyingStatement({ blockBytes: 5000, blockSize: 300 })
      const { n, text } = numbered(2000) as { n: Uint32Array; text: string[] }
      if (byColumns) await statement.execColumns({ n, text })
      else for (const i of range(2000)) await statement.exec({ n: n[i]!, text: text[i]! })
      const { tokens } = await statement.commit()
      const byToken = new Map(server.inserts.map(({ params, body }) => [params.insert_deduplication_token, body]))
      bodies.push(tokens.map((token) => byToken.get(token)!))
    }
    expect(bodies[0]!.length).toBeGreaterThan(6)
    expect(bodies[0]).toEqual(bodies[1])
  })

  it('an array is the caller’s again when the call returns', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 7, maxPendingBlocks: 100 })
    const n = new Uint32Array(20)
    const text = { bytes: new Uint8Array(20), offsets: Int32Array.from(range(21)) }
    const pauses: (Promise<void> | undefined)[] = []
    for (const call of range(5)) {
      n.set(range(20 * (call + 1), 20 * call))
      text.bytes.fill(65 + call)
      pauses.push(statement.execColumns({ n, text }))
      n.fill(0)
      text.bytes.fill(0)
    }
    await Promise.all(pauses)
    await statement.commit()
    const rows = server.inserts.flatMap(({ body }) => decodeBlocks(body).flatMap((block) => block.rows))
    expect(rows.sort(([a], [b]) => Number(a) - Number(b))).toEqual(
      range(100).map((i) => [i, 'ABCDE'[Math.floor(i / 20)]]),
    )
  })

  it('zero rows: nothing happens', async () => {
    const { server, statement } = await lyingStatement()
    expect(statement.execColumns({ n: new Uint32Array(0), text: [] })).toBeUndefined()
    expect(statement.execColumns({})).toBeUndefined()
    expect(statement.execColumns({ n: undefined as unknown as ColumnData })).toBeUndefined()
    expect(await statement.commit()).toMatchObject({ rows: 0, blocks: 0 })
    expect(server.inserts).toHaveLength(0)
  })

  it('a column that is absent is left out of every row', async () => {
    const { server, statement } = await lyingStatement()
    await statement.execColumns({ n: [1, 2] })
    await statement.execColumns({ text: ['x'] })
    await statement.execColumns({ n: [7, undefined], text: undefined as unknown as ColumnData })
    await statement.commit()
    expect(decodeBlocks(server.inserts[0]!.body)[0]!.rows).toEqual([
      [1, ''],
      [2, ''],
      [0, 'x'],
      [7, ''],
      [0, ''],
    ])
  })

  it('a timer seals what a call left in the open block', async () => {
    const { server, statement } = await lyingStatement({ blockSize: 10, flushInterval: 30 })
    await statement.execColumns(numbered(25))
    await sleep(200)
    expect(blocksOf(server).map(({ length }) => length)).toEqual([10, 10, 5])
    await statement.commit()
  })
})

describe('a call that is refused never was', () => {
  const bad: readonly [string, Record<string, unknown>, object][] = [
    [
      'a value in the last of many blocks',
      { ...numbered(100), n: range(100).with(97, -1) },
      { code: 'VALUE_OUT_OF_RANGE', column: 'n', row: 5 + 97 },
    ],
    [
      'a value in the open block',
      { ...numbered(100), text: range(100).map((n) => (n === 1 ? 7 : '')) },
      { code: 'WRONG_TYPE', column: 'text', row: 5 + 1 },
    ],
    ['NULL', { n: [1, null], text: ['', ''] }, { code: 'NOT_NULLABLE', column: 'n', row: 5 + 1 }],
    ['unequal lengths', { n: [1, 2, 3], text: ['a'] }, { code: 'UNEQUAL_LENGTHS', column: 'text' }],
    ['an unknown column', { n: [1], txt: ['a'] }, { code: 'UNKNOWN_COLUMN', column: 'txt' }],
    ['no column', { n: 5, text: ['a'] }, { code: 'WRONG_TYPE', column: 'n' }],
    ['null for a column', { n: null, text: ['a'] }, { code: 'WRONG_TYPE', column: 'n' }],
  ]
  it.each(bad)('%s', async (_, columns, error) => {
    const bodies: Buffer[] = []
    for (const refuses of [true, false]) {
      const { server, statement } = await lyingStatement({ blockSize: 30 })
      await statement.execColumns(numbered(5))
      if (refuses) {
        expect(refused(() => statement.execColumns(columns as Record<string, ColumnData>))).toMatchObject(error)
        expect(statement.stats).toMatchObject({ accepted: 5, staged: 5, blocks: 0 })
      }
      await statement.execColumns(numbered(12, 5))
      await statement.exec({ n: 12 })
      expect(await statement.commit()).toMatchObject({ rows: 13, blocks: 1 })
      bodies.push(server.inserts[0]!.body)
    }
    expect(bodies[0]!.equals(bodies[1]!)).toBe(true)
  })

  it('the error says which row of the call it was, and which one of the statement', async () => {
    const { statement } = await lyingStatement()
    await statement.execColumns(numbered(40))
    const error = refused(() => statement.execColumns({ n: [1, 2, 2 ** 32] })) as Error
    expect(error.message).toMatch(
      /^events\.n UInt32, row 42: 4294967296 does not fit \(row 2 of this call\)\n {2}hint: /,
    )
    const lengths = refused(() => statement.execColumns({ n: [1, 2], text: ['a'] })) as Error
    expect(lengths.message).toMatch(/^events\.text String: 1 values, but n has 2\n/)
    const name = refused(() => statement.execColumns({ nn: [1] })) as Error
    expect(name.message).toMatch(/"nn"[\s\S]*Did you mean "n"\?/)
    for (const columns of [null, 5, [[1, 2]], new Map([['n', [1]]]), Promise.resolve({ n: [1] }), new Date()]) {
      expect(refused(() => statement.execColumns(columns as never))).toMatchObject({ code: 'WRONG_TYPE' })
    }
  })

  it('ignoreUnknown lets names pass that are no column', async () => {
    const { server, statement } = await lyingStatement({ ignoreUnknown: true })
    await statement.execColumns({ n: [1], other: [1, 2, 3] })
    // Without a column of the statement nobody knows how many rows there are.
    for (const columns of [{ other: [1, 2, 3] }, { n: undefined, other: [1, 2, 3] }])
      expect(refused(() => statement.execColumns(columns as never))).toMatchObject({
        code: 'UNKNOWN_COLUMN',
        column: 'other',
      })
    await statement.execColumns({})
    await statement.commit()
    expect(blocksOf(server)).toEqual([[1]])
  })

  it('a value that cuts short another column is found out, wherever the column stands', async () => {
    const types = [
      { name: 'j', type: 'JSON' },
      { name: 'n', type: 'UInt64' },
    ]
    const Resizable = ArrayBuffer as unknown as new (
      byteLength: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(byteLength: number): void }
    const cuts: Record<string, () => { n: ColumnData; cut: () => void }> = {
      'an array': () => {
        const n = range(50)
        return { n, cut: () => n.splice(10) }
      },
      'a resizable buffer': () => {
        const buffer = new Resizable(400, { maxByteLength: 400 })
        return { n: new BigUint64Array(buffer), cut: () => buffer.resize(80) }
      },
      'a transferred buffer': () => {
        const n = new BigUint64Array(50)
        return { n, cut: () => n.length > 0 && structuredClone(n.buffer, { transfer: [n.buffer] }) }
      },
    }
    for (const [what, make] of Object.entries(cuts)) {
      for (const columns of [types, types.toReversed()]) {
        for (const blockSize of [7, 1000]) {
          const { connection, server } = await lyingStatement()
          const statement = await connection.prepare('events', { columns, blockSize })
          const { n, cut } = make()
          const j = range(50).map((i) => ({
            toJSON: () => {
              if (i === 5) cut()
              return { i }
            },
          }))
          expect(
            refused(() => statement.execColumns({ n, j })),
            `${what}, ${columns[0]!.name} first, ${blockSize}`,
          ).toMatchObject({
            code: 'UNEQUAL_LENGTHS',
            column: 'n',
          })
          await statement.execColumns({ n: [1n], j: [{}] })
          expect(await statement.commit()).toMatchObject({ rows: 1 })
          expect(server.inserts.flatMap(({ body }) => decodeBlocks(body).flatMap(({ rows }) => rows))).toHaveLength(1)
        }
      }
    }
  })

  it('after commit: STATEMENT_CLOSED', async () => {
    const { statement } = await lyingStatement()
    await statement.commit()
    expect(refused(() => statement.execColumns(numbered(1)))).toMatchObject({ code: 'STATEMENT_CLOSED' })
  })

  it('a getter in a value that calls the statement finds it BUSY', async () => {
    const { connection, server } = await lyingStatement()
    const statement = await connection.prepare('events', { columns: [{ name: 'm', type: 'Map(String, UInt8)' }] })
    const value = {
      get a() {
        void statement.exec({ m: {} })
        return 1
      },
    }
    expect(refused(() => statement.execColumns({ m: [{}, value] }))).toMatchObject({ code: 'BUSY' })
    await statement.execColumns({ m: [{ b: 2 }] })
    expect(await statement.commit()).toMatchObject({ rows: 1 })
    expect(decodeBlocks(server.inserts[0]!.body)[0]!.rows).toEqual([[new Map([['b', 2]])]])
  })
})

describe('back-pressure', () => {
  it('a call of many blocks is accepted whole; its promise waits until fewer than maxPendingBlocks are left', async () => {
    const { wait, open } = gate()
    const { server, statement } = await lyingStatement({ blockSize: 10, maxPendingBlocks: 2 }, wait)
    const pause = statement.execColumns(numbered(95))
    expect(statement.stats).toMatchObject({ accepted: 95, staged: 5, blocks: 9, waits: 1 })
    let resumed = false
    void pause!.then(() => {
      resumed = true
    })
    await sleep(20)
    expect(resumed).toBe(false)
    expect(statement.execColumns(numbered(98, 95))).toBe(pause)
    open()
    await pause
    expect(statement.stats.acknowledged).toBeGreaterThanOrEqual(80)
    await statement.commit()
    expect(blocksOf(server).flat()).toEqual(range(98))
  })

  it('who never awaits is refused when as many bytes wait as full blocks would have', async () => {
    const { wait, open } = gate()
    const { server, statement } = await lyingStatement({ blockBytes: 10_000, maxPendingBlocks: 2 }, wait)
    let accepted = 0
    const next = () => {
      void statement.execColumns({ n: Uint32Array.from(range(accepted + 1000, accepted)) })
      accepted += 1000
    }
    expect(
      refused(() => {
        for (;;) next()
      }),
    ).toMatchObject({ code: 'BACKPRESSURE' })
    expect(accepted).toBeGreaterThan(2000)
    expect(accepted).toBeLessThan(20_000)
    expect(statement.stats.accepted).toBe(accepted)
    open()
    await statement.flush()
    next()
    await statement.commit()
    expect(blocksOf(server).flat()).toEqual(range(accepted))
  })

  it('a block that is just full while others are on their way goes with the next acknowledgement', async () => {
    const { wait, open } = gate()
    const { server, statement } = await lyingStatement({ blockSize: 10, maxPendingBlocks: 1 }, wait)
    const pause = statement.execColumns(numbered(10))
    const second = numbered(20, 10)
    expect(statement.execColumns(second)).toBe(pause)
    ;(second.n as Uint32Array).fill(0) // it is the caller's again
    expect(refused(() => statement.execColumns(numbered(21, 20)))).toMatchObject({ code: 'BACKPRESSURE' })
    expect(refused(() => statement.exec({ n: 20 }))).toMatchObject({ code: 'BACKPRESSURE' })
    open()
    await pause
    await statement.execColumns(numbered(21, 20))
    await statement.commit()
    expect(blocksOf(server)).toEqual([range(10), range(20, 10), [20]])
  })

  it('holdBytesMax refuses the call as a whole and leaves the statement usable', async () => {
    const { server, statement } = await lyingStatement({
      holdUntilCommit: true,
      blockSize: 100,
      blockBytes: 2000,
      holdBytesMax: 6000,
    })
    await statement.execColumns({ n: range(300) })
    expect(refused(() => statement.execColumns({ n: range(2000, 300) }))).toMatchObject({ code: 'HOLD_LIMIT' })
    expect(statement.stats).toMatchObject({ accepted: 300, blocks: 3 })
    await statement.execColumns({ n: range(350, 300) })
    expect(server.inserts).toHaveLength(0)
    await statement.commit()
    expect(blocksOf(server).flat()).toEqual(range(350))
  })
})

describe('the engine reads what whole columns were', () => {
  let connection: Connection
  beforeAll(async () => {
    const silent = () => {}
    connection = await connect({ url: 'chdb:', logger: { debug: silent, info: silent, warn: silent, error: silent } })
  })
  afterAll(() => connection.close())

  it('typed arrays, texts, bitmaps and lists', async () => {
    await connection.command(`CREATE TABLE typed (
      u8 UInt8, i64 Int64, f64 Float64, d Date, dt DateTime('UTC'), dt64 DateTime64(6, 'UTC'), e Enum8('a' = -1, 'b' = 2),
      u UUID, v4 IPv4, v6 IPv6, dec Decimal(18, 3), wide Int256, s String, fs FixedString(4), lc LowCardinality(String),
      nf Nullable(Float32), ns Nullable(String), nu Nullable(UUID), arr Array(UInt16), texts Array(String), m Map(String, UInt8)
    ) ENGINE = Memory`)
    const uuid = '00112233-4455-6677-8899-aabbccddeeff'
    const statement = await connection.prepare('typed')
    await statement.execColumns({
      u8: Uint8Array.of(1, 255),
      i64: BigInt64Array.of(-1n, 2n ** 62n),
      f64: Float64Array.of(1.5, -0.25),
      d: Uint16Array.of(0, 65535),
      dt: Uint32Array.of(0, 4294967295),
      dt64: BigInt64Array.of(-1n, 1_700_000_000_123_456n),
      e: Int8Array.of(-1, 2),
      u: { bytes: Buffer.from(uuid + uuid.toUpperCase()), offsets: Int32Array.of(0, 36, 72) },
      v4: ['1.2.3.4', '255.0.0.1'],
      v6: ['::1', '2001:db8::1.2.3.4'],
      dec: { bytes: Buffer.from('-1.57'), offsets: BigInt64Array.of(0n, 4n, 5n) },
      wide: ['-57896044618658097711785492504343953926634992332820282019728792003956564819968', '7'],
      s: { bytes: Uint8Array.of(0x61, 0xff, 0xc3, 0xa9), offsets: Uint32Array.of(0, 1, 4) },
      fs: { bytes: Buffer.from('abcde'), offsets: Int32Array.of(0, 1, 5) },
      lc: ['x', 'x'],
      nf: { values: Float32Array.of(0.5, 9), validity: Uint8Array.of(0b01) },
      ns: { bytes: Buffer.from('no yes'), offsets: Int32Array.of(0, 3, 6), validity: Uint8Array.of(0b10) },
      nu: { values: ['', uuid], validity: Uint8Array.of(0b1000), validityOffset: 2 },
      arr: { values: Uint16Array.of(1, 2, 3), offsets: Int32Array.of(0, 0, 3) },
      texts: {
        values: { bytes: Buffer.from('abc'), offsets: Int32Array.of(0, 1, 3) },
        offsets: Int32Array.of(0, 2, 2),
      },
      m: [{ a: 1 }, new Map([['b', 2]])],
    })
    await statement.commit()
    expect(await connection.query('SELECT * EXCEPT s, hex(s) FROM typed')).toEqual([
      {
        u8: 1,
        i64: '-1',
        f64: 1.5,
        d: '1970-01-01',
        dt: '1970-01-01 00:00:00',
        dt64: '1969-12-31 23:59:59.999999',
        e: 'a',
        u: uuid,
        v4: '1.2.3.4',
        v6: '::1',
        dec: -1.5,
        wide: '-57896044618658097711785492504343953926634992332820282019728792003956564819968',
        fs: 'a\0\0\0',
        lc: 'x',
        nf: 0.5,
        ns: null,
        nu: null,
        arr: [],
        texts: ['a', 'bc'],
        m: { a: 1 },
        'hex(s)': '61',
      },
      {
        u8: 255,
        i64: '4611686018427387904',
        f64: -0.25,
        d: '2149-06-06',
        dt: '2106-02-07 06:28:15',
        dt64: '2023-11-14 22:13:20.123456',
        e: 'b',
        u: uuid,
        v4: '255.0.0.1',
        v6: '2001:db8::102:304',
        dec: 7,
        wide: '7',
        fs: 'bcde',
        lc: 'x',
        nf: null,
        ns: 'yes',
        nu: uuid,
        arr: [1, 2, 3],
        texts: [],
        m: { b: 2 },
        'hex(s)': 'FFC3A9',
      },
    ])
  })

  it('a DEFAULT for columns that are absent, for all rows or for some', async () => {
    await connection.command(`CREATE TABLE defaults (
      id UInt32, v UInt32 DEFAULT id * 10, l Array(UInt8) DEFAULT [9], s LowCardinality(String) DEFAULT 'none'
    ) ENGINE = Memory`)
    const statement = await connection.prepare('defaults')
    await statement.execColumns({ id: [1, 2] })
    await statement.execColumns({ id: [3, 4], v: [7, undefined] })
    await statement.execColumns({ id: [5, 6], l: [[1], undefined], s: ['x', undefined] })
    await statement.exec({ id: 7, v: 1 })
    await statement.commit()
    expect(statement.stats.earlySeals).toBe(2)
    expect(await connection.query('SELECT * FROM defaults ORDER BY id')).toEqual([
      { id: 1, v: 10, l: [9], s: 'none' },
      { id: 2, v: 20, l: [9], s: 'none' },
      { id: 3, v: 7, l: [9], s: 'none' },
      { id: 4, v: 40, l: [9], s: 'none' },
      { id: 5, v: 50, l: [1], s: 'x' },
      { id: 6, v: 60, l: [9], s: 'none' },
      { id: 7, v: 1, l: [9], s: 'none' },
    ])
  })

  it('a million rows in one call', async () => {
    await connection.command('CREATE TABLE million (n UInt64, t String) ENGINE = Memory')
    const statement = await connection.prepare('million')
    const n = BigUint64Array.from({ length: 1_000_000 }, (_, i) => BigInt(i))
    const offsets = Int32Array.from({ length: 1_000_001 }, (_, i) => i * 3)
    await statement.execColumns({ n, t: { bytes: Buffer.alloc(3_000_000, 'abc'), offsets } })
    expect(await statement.commit()).toMatchObject({ rows: 1_000_000, blocks: 16 })
    expect(await connection.query("SELECT count() AS c, sum(n) AS s, countIf(t = 'abc') AS t FROM million")).toEqual([
      { c: '1000000', s: '499999500000', t: '1000000' },
    ])
  })
})
