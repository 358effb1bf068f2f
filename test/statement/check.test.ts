// What check() promises, held against what the engine then does with a block whose answer is lost: 26.7 behind HTTP, and a
// proxy that cuts the answer.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type CheckReport, type Connection, connect, type StatementOptions } from '../../src/index.ts'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'

const silent = () => {}
const logger = { debug: silent, info: silent, warn: silent, error: silent }
const WINDOW = 'SETTINGS non_replicated_deduplication_window = 100'

let front: ChdbFront
let proxy: FaultProxy
let connection: Connection
beforeAll(async () => {
  const config = `<remote_servers><far><shard><replica><host>127.0.0.1</host><port>1</port></replica></shard>
    <shard><replica><host>127.0.0.1</host><port>2</port></replica></shard></far></remote_servers>`
  front = await startFront({ config })
  proxy = await startFaultProxy(front.url)
  connection = await connect({ url: proxy.url, logger, retry: { minDelay: 5, maxDelay: 20 } })
})
afterAll(async () => {
  await connection?.close()
  await proxy?.close()
  await front?.stop()
})

let made = 0
/** Runs DDL in a database of its own; `$` is its name. */
async function database(ddl: readonly string[]): Promise<string> {
  const name = `d${made++}`
  for (const sql of [`CREATE DATABASE ${name}`, ...ddl]) await front.query(sql.replaceAll('$', name))
  return name
}

async function answersOf(table: string, options: { settings?: StatementOptions['settings'] } = {}) {
  const report = await connection.check(table, options)
  const answers = Object.entries(report.promises).map(([name, { answer }]) => [name, answer])
  return { report, answers: Object.fromEntries(answers) as Record<keyof CheckReport['promises'], Answer> }
}

/** Inserts two rows as one block whose first answer is lost, and repeats it whatever the table promises. */
async function insertTwice(table: string, answer: Answer, settings: StatementOptions['settings'] = {}): Promise<void> {
  const acceptDuplicates = answer !== 'yes'
  const statement = await connection.prepare(table, { settings, acceptDuplicates })
  const struck = proxy.struckCount
  proxy.arm({ cutResponseAt: 0 })
  await statement.execMany([{ n: 1 }, { n: 2 }])
  const possibleDuplicates = acceptDuplicates ? 2 : 0
  expect(await statement.commit()).toMatchObject({ rows: 2, retries: 1, possibleDuplicates })
  expect(statement.stats).toMatchObject({ possibleDuplicates })
  expect(proxy.struckCount).toBe(struck + 1)
}

describe('a block that is repeated: what is promised is what happens', () => {
  const plain = 'CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n'
  const view = (target: string) => [
    `${plain} ${WINDOW}`,
    `CREATE TABLE $.v_target (n UInt32) ENGINE = MergeTree ORDER BY n ${target}`,
    'CREATE MATERIALIZED VIEW $.v TO $.v_target AS SELECT n FROM $.t',
  ]
  const intoNull = [
    `${plain} ${WINDOW}`,
    'CREATE TABLE $.v_target (n UInt32) ENGINE = Null',
    'CREATE MATERIALIZED VIEW $.v TO $.v_target AS SELECT n FROM $.t',
  ]
  const inner = (target: string) => [
    `${plain} ${WINDOW}`,
    `CREATE MATERIALIZED VIEW $.v ENGINE = MergeTree ORDER BY n ${target} AS SELECT n FROM $.t`,
  ]
  const chain = (last: string) => [
    ...view(WINDOW),
    `CREATE TABLE $.w_target (c UInt64) ENGINE = MergeTree ORDER BY c ${last}`,
    'CREATE MATERIALIZED VIEW $.w TO $.w_target AS SELECT count() AS c FROM $.v_target',
  ]
  // Counts by table: once is 2 rows (1 in w_target, which counts them).
  const cases: [string, string[], { table?: string; settings?: object }, Answer, Record<string, number>][] = [
    ['a window', [`${plain} ${WINDOW}`], {}, 'yes', { t: 2 }],
    ['none', [plain], {}, 'no', { t: 4 }],
    ['deduplicate_insert off', [`${plain} ${WINDOW}`], { settings: { deduplicate_insert: 'disable' } }, 'no', { t: 4 }],
    [
      'insert_deduplicate off, which deduplicate_insert overrides',
      [`${plain} ${WINDOW}`],
      { settings: { insert_deduplicate: 0 } },
      'yes',
      { t: 2 },
    ],
    [
      'insert_deduplicate off, where it is left to it',
      [`${plain} ${WINDOW}`],
      { settings: { insert_deduplicate: 0, deduplicate_insert: 'backward_compatible_choice' } },
      'no',
      { t: 4 },
    ],
    [
      'partitions, and a window for all of them',
      [
        'CREATE TABLE $.t (n UInt32) ENGINE = MergeTree PARTITION BY n ORDER BY n SETTINGS non_replicated_deduplication_window = 100',
      ],
      {},
      'yes',
      { t: 2 },
    ],
    [
      'partitions, and fewer entries than a block has parts',
      [
        'CREATE TABLE $.t (n UInt32) ENGINE = MergeTree PARTITION BY n ORDER BY n SETTINGS non_replicated_deduplication_window = 1',
      ],
      {},
      'unproven',
      { t: 4 },
    ],
    ['a view into a table with a window', view(WINDOW), {}, 'yes', { t: 2, v_target: 2 }],
    ['a view into Null', intoNull, {}, 'yes', { t: 2, v_target: 0 }],
    ['a view into a table without', view(''), {}, 'no', { t: 2, v_target: 4 }],
    ['a view with a table of its own, with a window', inner(WINDOW), {}, 'yes', { t: 2, v: 2 }],
    ['a view with a table of its own, without', inner(''), {}, 'no', { t: 2, v: 4 }],
    ['the view itself', view(WINDOW), { table: 'v' }, 'yes', { t: 0, v_target: 2 }],
    ['the view itself, into a table without a window', view(''), { table: 'v' }, 'no', { t: 0, v_target: 4 }],
    ['a view of a view', chain(WINDOW), {}, 'yes', { t: 2, v_target: 2, w_target: 1 }],
    ['a view of a view into a table without a window', chain(''), {}, 'no', { t: 2, v_target: 2, w_target: 2 }],
    [
      'Null, and a view into a table with a window',
      ['CREATE TABLE $.t (n UInt32) ENGINE = Null', ...view(WINDOW).slice(1)],
      {},
      'yes',
      { v_target: 2 },
    ],
    [
      'Null, and a view into a table without',
      ['CREATE TABLE $.t (n UInt32) ENGINE = Null', ...view('').slice(1)],
      {},
      'no',
      { v_target: 4 },
    ],
    ['Alias', [`${plain} ${WINDOW}`, "CREATE TABLE $.a ENGINE = Alias('$', 't')"], { table: 'a' }, 'yes', { t: 2 }],
    ['Memory', ['CREATE TABLE $.t (n UInt32) ENGINE = Memory'], {}, 'no', { t: 4 }],
    ['Log', ['CREATE TABLE $.t (n UInt32) ENGINE = Log'], {}, 'no', { t: 4 }],
    [
      'Buffer',
      [
        `${plain} ${WINDOW}`,
        "CREATE TABLE $.b (n UInt32) ENGINE = Buffer('$', 't', 1, 100, 100, 1000, 1000, 100000, 100000)",
      ],
      { table: 'b' },
      'no',
      { b: 4 },
    ],
  ]
  for (const [title, ddl, { table = 't', settings }, answer, counts] of cases) {
    it(`${title}: ${answer}`, async () => {
      const name = await database(ddl)
      const { report, answers } = await answersOf(`${name}.${table}`, { settings: settings as never })
      expect(answers.noDuplicates, report.promises.noDuplicates.reason).toBe(answer)
      expect(report.deduplicatesBy === 'nothing').toBe(answer === 'no')
      await insertTwice(`${name}.${table}`, answer, settings as never)
      for (const [counted, rows] of Object.entries(counts)) {
        expect(Number(await front.query(`SELECT count() FROM ${name}.${counted}`)), counted).toBe(rows)
      }
    })
  }

  it('what it says to change, changes it', async () => {
    const tables = [view('')[0]!.replace(WINDOW, ''), ...view('').slice(1)]
    const name = await database(tables)
    for (let round = 0; round < 2; round++) {
      const { promises, exactlyOnce } = await connection.check(`${name}.t`)
      expect(exactlyOnce).toBe(false)
      expect(promises.noDuplicates.remedies).toHaveLength(2 - round)
      await expect(connection.prepare(`${name}.t`, { exactlyOnce: true })).rejects.toMatchObject({
        code: 'CANNOT_HOLD_PROMISE',
        hint: promises.noDuplicates.remedies.join('; '),
      })
      await connection.command(promises.noDuplicates.remedies[0]!)
    }
    expect(await connection.check(`${name}.t`)).toMatchObject({
      exactlyOnce: true,
      warnings: [],
      deduplicationWindow: 1000,
    })
    await insertTwice(`${name}.t`, 'yes')
    expect(await front.query(`SELECT (SELECT count() FROM ${name}.t), (SELECT count() FROM ${name}.v_target)`)).toBe(
      '2\t2',
    )
  })
})

describe('a block that may be stored, in a table that would not recognise it', () => {
  // With one attempt nothing is asked after it, and what the table promised before the first block counts.
  it.each([undefined, 1])(
    'is not sent again (attempts: %s); an ALTER afterwards is no help, because only later blocks are remembered',
    async (attempts) => {
      const name = await database(['CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n'])
      const count = () => front.query(`SELECT count() FROM ${name}.t`)
      const statement = await connection.prepare(`${name}.t`, { retry: { attempts } })
      const repeated: unknown[] = []
      statement.on('retry', (event) => repeated.push(event))
      proxy.arm({ cutResponseAt: 0 })
      await statement.execMany([{ n: 1 }, { n: 2 }])
      await expect(statement.commit()).rejects.toMatchObject({
        code: 'DELIVERY_FAILED',
        ...(attempts === undefined && {
          message: expect.stringMatching(
            /may be stored, and is not sent again: CONNECTION_LOST\. .*does not recognise/,
          ),
          hint: expect.stringContaining('acceptDuplicates: true'),
        }),
        blocks: [{ state: 'unknown', attempts: 1 }],
      })
      expect(repeated).toEqual([])
      expect(statement.stats.retries).toBe(0)
      expect(await count()).toBe('2')

      const blocks = statement.takeBlocks()
      const refused = { code: 'CANNOT_HOLD_PROMISE', hint: expect.stringContaining('acceptDuplicates: true') }
      await expect(connection.deliver(blocks)).rejects.toMatchObject(refused)
      await connection.command(`ALTER TABLE ${name}.t MODIFY SETTING non_replicated_deduplication_window = 1000`)
      await expect(connection.deliver(blocks)).rejects.toMatchObject(refused)
      expect(await count()).toBe('2')
      expect(await connection.deliver(blocks, { acceptDuplicates: true })).toMatchObject({
        rows: 2,
        possibleDuplicates: 2,
      })
      expect(await count()).toBe('4')
    },
  )

  it('one that never arrived is sent again', async () => {
    const name = await database(['CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n'])
    const statement = await connection.prepare(`${name}.t`)
    await proxy.down()
    proxy.cutAll()
    const up = new Promise((resolve) => setTimeout(resolve, 100)).then(() => proxy.up())
    await statement.execMany([{ n: 1 }, { n: 2 }])
    expect(await statement.commit()).toMatchObject({ rows: 2, possibleDuplicates: 0 })
    await up
    expect(await front.query(`SELECT count() FROM ${name}.t`)).toBe('2')
  })

  it('with declared columns, nothing is asked before an answer is lost', async () => {
    const name = await database([
      `CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n ${WINDOW}`,
      'CREATE TABLE $.u (n UInt32) ENGINE = MergeTree ORDER BY n',
    ])
    const lose = async (table: string) => {
      const statement = await connection.prepare(table, { columns: [{ name: 'n', type: 'UInt32' }] })
      proxy.arm({ cutResponseAt: 0 })
      await statement.exec({ n: 1 })
      return await statement.commit().then(
        ({ retries }) => retries,
        ({ blocks }) => blocks[0].state,
      )
    }
    expect(await lose(`${name}.t`)).toBe(1)
    expect(await lose(`${name}.u`)).toBe('unknown')
    expect(await front.query(`SELECT (SELECT count() FROM ${name}.t), (SELECT count() FROM ${name}.u)`)).toBe('1\t1')
  })
})

describe('views', () => {
  it('take a block twice where the tables behind them are not told to recognise it: so they always are', async () => {
    const name = await database([
      `CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n ${WINDOW}`,
      `CREATE TABLE $.target (n UInt32) ENGINE = MergeTree ORDER BY n ${WINDOW}`,
      'CREATE MATERIALIZED VIEW $.v TO $.target AS SELECT n FROM $.t',
    ])
    const setting = 'deduplicate_blocks_in_dependent_materialized_views'
    for (const _ of [1, 2]) {
      const settings = `async_insert = 0, insert_deduplication_token = 'a', ${setting} = 0`
      await front.query(`INSERT INTO ${name}.t SETTINGS ${settings} VALUES (1)`)
    }
    expect(await front.query(`SELECT (SELECT count() FROM ${name}.t), (SELECT count() FROM ${name}.target)`)).toBe(
      '1\t2',
    )
    await expect(connection.check(`${name}.t`, { settings: { [setting]: 0 } })).rejects.toMatchObject({
      code: 'BAD_OPTION',
    })
  })
})

describe('rows that are acknowledged and lost', () => {
  it('a Buffer passes blocks on without their tokens: of two equal ones, one arrives', async () => {
    const name = await database([
      `CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n ${WINDOW}`,
      "CREATE TABLE $.b (n UInt32) ENGINE = Buffer('$', 't', 1, 100, 100, 1000, 1000, 100000, 100000)",
    ])
    const { report, answers } = await answersOf(`${name}.b`)
    expect(answers).toMatchObject({ noLoss: 'no', atomic: 'no' })
    expect(report.promises.noLoss.remedies).toEqual([`Insert into \`${name}\`.\`t\`, which stands behind it.`])
    for (const _ of [1, 2]) {
      const statement = await connection.prepare(`${name}.b`)
      await statement.exec({ n: 7 })
      expect(await statement.commit()).toMatchObject({ rows: 1 })
      await front.query(`OPTIMIZE TABLE ${name}.b`)
    }
    expect(await front.query(`SELECT count() FROM ${name}.t`)).toBe('1')
  })

  it('materialized_views_ignore_errors: rows that a view fails on', async () => {
    const name = await database([
      `CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n ${WINDOW}`,
      `CREATE TABLE $.target (n UInt32, CONSTRAINT never CHECK n > 100) ENGINE = MergeTree ORDER BY n ${WINDOW}`,
      'CREATE MATERIALIZED VIEW $.v TO $.target AS SELECT n FROM $.t',
    ])
    expect((await answersOf(`${name}.t`)).answers.noLoss).toBe('yes')
    const settings = { materialized_views_ignore_errors: 1 } as const
    const { report, answers } = await answersOf(`${name}.t`, { settings })
    expect(answers.noLoss).toBe('no')
    expect(report.promises.noLoss.remedies).toEqual([expect.stringContaining('materialized_views_ignore_errors: 0')])
    const statement = await connection.prepare(`${name}.t`, { settings })
    await statement.exec({ n: 7 })
    expect(await statement.commit()).toMatchObject({ rows: 1 })
    expect(await front.query(`SELECT count() FROM ${name}.target`)).toBe('0')
  })

  it('Null keeps none', async () => {
    const name = await database(['CREATE TABLE $.t (n UInt32) ENGINE = Null'])
    expect((await answersOf(`${name}.t`)).answers.noLoss).toBe('no')
    const report = await connection.check(`${name}.t`)
    expect(report.promises.noDuplicates).toMatchObject({ answer: 'yes', reason: expect.stringMatching(/keeps no row/) })
    expect(report).toMatchObject({ deduplicationWindow: Number.POSITIVE_INFINITY })
    expect(report.outage.reason).toMatch(/repeated at any time/)
    expect(report).not.toHaveProperty('deduplicationSeconds')
  })
})

describe('the window counts parts, of all partitions together', () => {
  it('as many blocks of others as it has entries push a block out of it', async () => {
    const name = await database([
      'CREATE TABLE $.t (n UInt32) ENGINE = MergeTree PARTITION BY n % 10 ORDER BY n SETTINGS non_replicated_deduplication_window = 5',
    ])
    const insert = (token: string, values: string) =>
      front.query(
        `INSERT INTO ${name}.t SETTINGS async_insert = 0, insert_deduplication_token = '${token}' VALUES ${values}`,
      )
    const ones = () => front.query(`SELECT countIf(n = 1) FROM ${name}.t`)
    await insert('a', '(1)')
    await insert('b', '(2), (3), (4), (5)')
    await insert('a', '(1)')
    expect(await ones()).toBe('1')
    await insert('c', '(6)')
    await insert('a', '(1)')
    expect(await ones()).toBe('2')
  })
})

describe('what is visible at once', () => {
  it('a block, or what of it falls into one partition', async () => {
    const name = await database([
      'CREATE TABLE $.whole (n UInt32) ENGINE = MergeTree ORDER BY n',
      'CREATE TABLE $.parted (n UInt32) ENGINE = MergeTree PARTITION BY n % 3 ORDER BY n',
    ])
    expect((await connection.check(`${name}.whole`)).promises.atomic).toMatchObject({ per: 'block', answer: 'yes' })
    expect((await connection.check(`${name}.parted`)).promises.atomic).toMatchObject({
      per: 'partition',
      answer: 'yes',
    })
    for (const table of ['whole', 'parted']) {
      const statement = await connection.prepare(`${name}.${table}`)
      await statement.execMany([{ n: 1 }, { n: 2 }, { n: 3 }])
      await statement.commit()
    }
    const parts = `SELECT table, count() FROM system.parts WHERE database = '${name}' AND level = 0 GROUP BY table ORDER BY table`
    expect(await front.query(parts)).toBe('parted\t3\nwhole\t1')
  })
})

describe('what cannot be seen is unproven, and exactlyOnce refuses', () => {
  it('the shards of a Distributed table that do not answer', async () => {
    const name = await database(["CREATE TABLE $.d (n UInt32) ENGINE = Distributed('far', '$', 't', n)"])
    const { report, answers } = await answersOf(`${name}.d`)
    expect(answers).toMatchObject({ noLoss: 'unproven', noDuplicates: 'unproven', atomic: 'no', keepsUp: 'unproven' })
    expect(report.promises.noDuplicates.reason).toMatch(/the cluster far could not be read: Code \d+/)
    await expect(connection.prepare(`${name}.d`, { exactlyOnce: true })).rejects.toMatchObject({
      code: 'CANNOT_HOLD_PROMISE',
      message: expect.stringContaining('the cluster far'),
      hint: expect.stringContaining('leave exactlyOnce out'),
    })
  })

  it('a Distributed table that spreads rows at random does not even need its shards for a no', async () => {
    const name = await database(["CREATE TABLE $.d (n UInt32) ENGINE = Distributed('far', '$', 't', rand())"])
    const { report, answers } = await answersOf(`${name}.d`)
    expect(answers).toMatchObject({ noLoss: 'no', noDuplicates: 'no' })
    expect(report.promises.noLoss.remedies).toEqual([expect.stringContaining('Shard by a column')])
  })
})

describe('Replicated tables', () => {
  let keeper: ChdbFront
  let connection: Connection
  beforeAll(async () => {
    // The embedded engine keeps such tables read-only: it has no address that other replicas could reach.
    keeper = await startFront({ config: '<zookeeper><implementation>testkeeper</implementation></zookeeper>' })
    connection = await connect({ url: keeper.url, logger })
  })
  afterAll(async () => {
    await connection?.close()
    await keeper?.kill() // it would wait for them
    await keeper?.stop()
  })

  it('have the server’s window and age, or their own; one that has lost its Keeper takes nothing', async () => {
    const replicated = (table: string, settings: string) =>
      `CREATE TABLE ${table} (n UInt32) ENGINE = ReplicatedMergeTree('/${table}', 'a') ORDER BY n ${settings}`
    await keeper.query(replicated('t', ''))
    const own = 'SETTINGS replicated_deduplication_window = 70, replicated_deduplication_window_seconds = 60'
    await keeper.query(replicated('own', own))
    const report = await connection.check('t', { blocksPerMinute: 50 })
    expect(report).toMatchObject({
      engine: 'ReplicatedMergeTree',
      deduplicationWindow: 10_000,
      deduplicationSeconds: 3600,
      deduplicatesBy: 'token',
    })
    expect(report.outage).toMatchObject({ minutes: 60 })
    const { noLoss, noDuplicates, writable } = report.promises
    expect(noDuplicates).toMatchObject({
      answer: 'yes',
      reason: expect.stringMatching(/among the last 10000 blocks, for 3600 s/),
    })
    expect(writable).toMatchObject({ answer: 'no', reason: expect.stringMatching(/read-only/) })
    expect(noLoss).toMatchObject({
      answer: 'yes',
      reason: expect.stringMatching(/on one replica \(insert_quorum = 0\)/),
    })
    const checked = await connection.check('own', { settings: { insert_quorum: 2 }, blocksPerMinute: 50 })
    expect(checked).toMatchObject({ deduplicationWindow: 70, deduplicationSeconds: 60, outage: { minutes: 0.7 } })
    expect(checked.promises.noLoss.reason).toMatch(/on 2 replicas/)
  })
})

describe('how long a block may be repeated', () => {
  it('half of the entries at a given rate, and no longer than they live', async () => {
    const name = await database([
      'CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000',
      'CREATE TABLE $.lasting (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000, old_parts_lifetime = 480',
      'CREATE TABLE $.none (n UInt32) ENGINE = MergeTree ORDER BY n',
    ])
    const outage = async (table: string, blocksPerMinute?: number) =>
      (await connection.check(`${name}.${table}`, { ...(blocksPerMinute && { blocksPerMinute }) })).outage
    expect(await outage('t', 50)).toMatchObject({ minutes: 10, source: 'given', deadlineMinutes: 2 })
    expect(await outage('t')).toEqual({
      deadlineMinutes: 2,
      reason: expect.stringMatching(
        /500 of 1000 entries.*not measured: this server forgets merged parts.*blocksPerMinute/,
      ),
      remedies: [],
    })
    expect((await outage('lasting')).reason).toMatch(/no inserts were seen lately, so how fast that is nobody knows/)
    expect(await outage('none', 50)).toEqual({
      deadlineMinutes: 2,
      reason: expect.stringMatching(/is not sent again/),
      remedies: [],
    })
    for (const blocksPerMinute of [0, Number.NaN, '5' as never]) {
      const refused = { code: 'BAD_OPTION', message: expect.stringContaining('blocksPerMinute') }
      await expect(connection.check(`${name}.t`, { blocksPerMinute })).rejects.toMatchObject(refused)
    }
  })

  it('and what makes that last until the deadline: wider windows, of those that are too small', async () => {
    const name = await database([
      'CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 50000',
      'CREATE TABLE $.v_target (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000',
      'CREATE MATERIALIZED VIEW $.v TO $.v_target AS SELECT n FROM $.t',
    ])
    const { outage } = await connection.check(`${name}.t`, { blocksPerMinute: 6000 })
    expect(outage.remedies).toEqual([
      `ALTER TABLE \`${name}\`.\`v_target\` MODIFY SETTING non_replicated_deduplication_window = 24000`,
    ])
    await connection.command(outage.remedies[0]!)
    const { outage: wide } = await connection.check(`${name}.t`, { blocksPerMinute: 6000 })
    expect(wide).toMatchObject({ minutes: 2, remedies: [] })
  })

  it('at the rate of the last minutes, where merged parts can still be seen', async () => {
    const name = await database([
      'CREATE TABLE $.t (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000, old_parts_lifetime = 480',
    ])
    for (let n = 0; n < 10; n++) await front.query(`INSERT INTO ${name}.t VALUES (${n})`)
    expect((await connection.check(`${name}.t`)).outage).toMatchObject({
      minutes: 250,
      partsPerMinute: 2,
      source: 'parts',
    })
  })
})

describe('whether merges keep up', () => {
  it('no, where inserts are delayed already', async () => {
    const name = await database([
      "CREATE TABLE $.t (n UInt32) ENGINE = MergeTree PARTITION BY n ORDER BY n SETTINGS parts_to_delay_insert = 2, parts_to_throw_insert = 5, merge_selector_algorithm = 'Simple', max_bytes_to_merge_at_max_space_in_pool = 1",
    ])
    await front.query(`SYSTEM STOP MERGES ${name}.t`)
    await front.query(`INSERT INTO ${name}.t VALUES (1), (2)`)
    expect((await connection.check(`${name}.t`)).promises.keepsUp).toMatchObject({
      answer: 'yes',
      reason: expect.stringMatching(/^1 active part in /),
    })
    for (let n = 0; n < 2; n++) await front.query(`INSERT INTO ${name}.t VALUES (1)`)
    expect((await connection.check(`${name}.t`)).promises.keepsUp).toMatchObject({
      answer: 'no',
      reason: '3 active parts in 1, the partition that has most; inserts are delayed from 2 on, refused from 5.',
      remedies: [expect.stringContaining('blockSize')],
    })
  })
})

describe('what cannot be written', () => {
  it('a column of a type that sluice does not encode, a table that is none', async () => {
    const name = await database([
      'CREATE TABLE $.t (n UInt32, s AggregateFunction(sum, UInt8)) ENGINE = AggregatingMergeTree ORDER BY n',
      'CREATE VIEW $.v AS SELECT n FROM $.t',
    ])
    const { promises } = await connection.check(`${name}.t`)
    expect(promises.writable).toMatchObject({
      answer: 'no',
      reason: expect.stringContaining('t.s'),
      remedies: [expect.any(String)],
    })
    expect((await connection.check(`${name}.v`)).promises.writable.answer).toBe('no')
    await expect(connection.check(`${name}.tt`)).rejects.toMatchObject({
      code: 'UNKNOWN_TABLE',
      hint: 'Did you mean `t`?',
    })
  })
})
