// A server that will not say: nothing that could not be read is promised. The rows are those of 26.7; which of them are refused, and
// what older servers answer, is scripted.

import { describe, expect, it } from 'vitest'
import { type CheckReport, connect } from '../../src/index.ts'
import { exceptionReply, type LyingOptions } from '../support/lying-server.ts'
import { lyingConnection } from './lying.ts'

const DENIED = exceptionReply(497, 'ACCESS_DENIED', 'Not enough privileges', 403)
const NO_TABLE = exceptionReply(60, 'UNKNOWN_TABLE', 'no such table', 404)
const silent = () => {}
const logger = { debug: silent, info: silent, warn: silent, error: silent }
const VIEWS = 'deduplicate_blocks_in_dependent_materialized_views'

type Rows = Record<string, unknown>[]
/** What a query about a system table, or CHECK GRANT, is answered. */
type Answers = Record<string, Rows | ReturnType<typeof exceptionReply> | ((sql: string) => Rows | undefined)>

const TABLE = {
  engine: 'MergeTree',
  engine_full: 'MergeTree ORDER BY n SETTINGS index_granularity = 8192',
  partition_key: '',
}
const SOUND: Answers = {
  tables: [TABLE],
  merge_tree_settings: [
    { name: 'non_replicated_deduplication_window', value: '1000' },
    { name: 'parts_to_delay_insert', value: '1000' },
    { name: 'parts_to_throw_insert', value: '3000' },
  ],
  columns: [{ name: 'n', type: 'UInt32', default_kind: '', default_expression: '' }],
  parts: [{ partition: 'tuple()', parts: '3', rate: '0' }],
  part_log: [{ rate: '100' }],
  'CHECK GRANT': [{ result: 1 }],
  settings: (sql) => [...sql.matchAll(/'([^']*)'/g)].map(([, name]) => ({ name, value: name === VIEWS ? '1' : '0' })),
}

/** A sound table, but for these answers. */
async function checked(answers: Answers, version = '26.7.2.1') {
  const { server, connection } = await lyingConnection(undefined, { logger })
  const all: Answers = { ...SOUND, ...answers }
  const rows: LyingOptions['rows'] = (sql) => {
    const asked = /^CHECK GRANT/.exec(sql)?.[0] ?? /\bsystem\.(\w+)/.exec(sql)?.[1] ?? ''
    const answer = all[asked]
    return typeof answer === 'function' ? answer(sql) : answer
  }
  await connection.close() // it was told other settings
  server.script({ rows, version })
  const again = await connect({ url: server.url, logger })
  const report = await again.check('db.t')
  const exactly = await again.prepare('db.t', { exactlyOnce: true }).then(
    (statement) => statement.rollback().then(() => 'started'),
    (error: { code: string }) => error.code,
  )
  await again.close()
  return { report, exactly }
}

function answersOf({ promises }: CheckReport): string {
  return Object.entries(promises)
    .map(([name, { answer }]) => `${name} ${answer}`)
    .join(', ')
}

const viewed = (target: Rows | undefined, more: object = {}): Answers => ({
  tables: (sql) =>
    sql.includes("'v'")
      ? [
          {
            engine: 'MaterializedView',
            create_table_query: 'CREATE MATERIALIZED VIEW db.v TO db.target AS SELECT 1',
            ...more,
          },
        ]
      : sql.includes("'t'")
        ? [{ ...TABLE, dependencies_database: ['db'], dependencies_table: ['v'] }]
        : target,
})

describe('a table of which everything may be read', () => {
  it('promises everything', async () => {
    const { report, exactly } = await checked({})
    expect(answersOf(report)).toBe('writable yes, noLoss yes, noDuplicates yes, atomic yes, keepsUp yes')
    expect(report.outage).toMatchObject({ minutes: 5, source: 'part_log' })
    expect(exactly).toBe('started')
  })
  it('and so does one whose view writes into such a table', async () => {
    expect(answersOf((await checked(viewed([TABLE]))).report)).toContain('noLoss yes, noDuplicates yes')
  })
})

describe('what may not be read is unproven', () => {
  const cases: [string, Answers, unproven: string[], exactly: string, version?: string][] = [
    ['the server’s settings', { merge_tree_settings: DENIED }, ['noDuplicates', 'keepsUp'], 'CANNOT_HOLD_PROMISE'],
    ['the parts', { parts: DENIED }, ['keepsUp'], 'started'],
    [
      'the grants, on servers without CHECK GRANT',
      { 'CHECK GRANT': exceptionReply(62, 'SYNTAX_ERROR', 'no', 400) },
      ['writable'],
      'started',
    ],
    ['the part log', { part_log: NO_TABLE }, [], 'started'],
    ['a view', viewed([TABLE], { engine: 'LiveView' }), ['noLoss', 'noDuplicates'], 'CANNOT_HOLD_PROMISE'],
    ['what a view writes into', viewed([]), ['noLoss', 'noDuplicates'], 'CANNOT_HOLD_PROMISE'],
    [
      'what stands behind an Alias',
      { tables: (sql) => (sql.includes("'t'") ? [{ engine: 'Alias', engine_full: "Alias('db', 'x')" }] : []) },
      ['noLoss', 'noDuplicates', 'keepsUp'],
      'CANNOT_HOLD_PROMISE',
    ],
  ]
  for (const [title, answers, unproven, exactly, version] of cases) {
    it(title, async () => {
      const found = await checked(answers, version)
      const doubtful = Object.entries(found.report.promises).filter(
        ([name, { answer }]) => answer === 'unproven' && name !== 'atomic',
      )
      expect(doubtful.map(([name]) => name).sort()).toEqual([...unproven].sort())
      expect(Object.values(found.report.promises).filter(({ answer }) => answer === 'no').length).toBe(
        title.includes('Alias') ? 1 : 0,
      )
      expect(found.exactly).toBe(exactly)
    })
  }

  it('system.tables itself: check() says so, and a statement starts with a warning', async () => {
    await expect(checked({ tables: DENIED })).rejects.toMatchObject({ serverCode: 497 })
    const { server, connection } = await lyingConnection(undefined, { logger })
    server.script({
      rows: (sql) =>
        /system\.columns/.test(sql) ? (SOUND.columns as Rows) : /system\.tables/.test(sql) ? DENIED : undefined,
    })
    const statement = await connection.prepare('t')
    expect(statement.stats.warnings).toEqual([
      expect.stringMatching(/not known: system\.tables could not be read: Code 497 ACCESS_DENIED/),
    ])
    await expect(connection.prepare('t', { exactlyOnce: true })).rejects.toMatchObject({ code: 'CANNOT_HOLD_PROMISE' })
  })
})

describe('what is refused', () => {
  it('before 24.8, exactlyOnce for a table with views: they miss what is repeated', async () => {
    const { report, exactly } = await checked(viewed([TABLE]), '24.7.9.9')
    expect(report.promises.noLoss).toMatchObject({ answer: 'no', reason: expect.stringContaining('before 24.8') })
    expect(exactly).toBe('CANNOT_HOLD_PROMISE')
    expect(answersOf((await checked(viewed([TABLE]), '24.8.1.1')).report)).toContain('noLoss yes')
  })
  const settings = (changed: Record<string, string>) => (sql: string) =>
    [...sql.matchAll(/'([^']*)'/g)].map(([, name]) => ({ name, value: changed[name!] ?? '0' }))
  it('inserts of a user who may only read, or has no right to insert', async () => {
    const reader = await checked({ settings: settings({ readonly: '2' }) })
    expect(reader.report.promises.writable).toMatchObject({
      answer: 'no',
      reason: expect.stringContaining('readonly is 2'),
    })
    const stranger = await checked({ 'CHECK GRANT': [{ result: 0 }] })
    expect(stranger.report.promises.writable).toMatchObject({
      answer: 'no',
      remedies: ['GRANT INSERT ON `db`.`t` TO <user>'],
    })
  })
  it('exactlyOnce, where the user’s profile switches deduplication off', async () => {
    const { report, exactly } = await checked({ settings: settings({ deduplicate_insert: 'disable' }) })
    expect(report.promises.noDuplicates).toMatchObject({
      answer: 'no',
      remedies: ["settings: { deduplicate_insert: 'enable' } for connect() or prepare()"],
    })
    expect(exactly).toBe('CANNOT_HOLD_PROMISE')
  })
  it('a partitioned table on a server that lets a block have any number of parts', async () => {
    const tables = [{ ...TABLE, partition_key: 'n' }]
    expect(answersOf((await checked({ tables })).report)).toContain('noDuplicates unproven')
    const most = { max_partitions_per_insert_block: '100', [VIEWS]: '1' }
    const warned = await checked({ tables, settings: settings(most) }) // and throw_on_max_partitions_per_insert_block = 0
    expect(warned.report.promises.noDuplicates).toMatchObject({
      answer: 'unproven',
      remedies: [expect.stringContaining('throw_on_max_partitions_per_insert_block = 1')],
    })
    expect(warned.exactly).toBe('CANNOT_HOLD_PROMISE')
    const limited = settings({ ...most, throw_on_max_partitions_per_insert_block: '1' })
    expect(answersOf((await checked({ tables, settings: limited })).report)).toContain('noDuplicates yes')
  })
})

describe('Distributed: what its shards promise, the least of them', () => {
  const local = {
    engine: 'ReplicatedMergeTree',
    engine_full: "ReplicatedMergeTree('/t', 'r') ORDER BY n",
    partition_key: '',
  }
  const plain = { ...TABLE, engine_full: `${TABLE.engine_full}, non_replicated_deduplication_window = 50` }
  const shard = (shardNumber: number, internal = 1) => ({
    shard_num: shardNumber,
    is_local: 0,
    internal_replication: internal,
  })
  const spread = (clusters: Rows, tables: Rows, key = ', cityHash64(n)'): Answers => ({
    clusters,
    tables: (sql) =>
      sql.includes('clusterAllReplicas')
        ? tables
        : [{ engine: 'Distributed', engine_full: `Distributed('c', 'db', 'l'${key})` }],
  })
  const remote = (answers: Answers): Answers => ({
    ...answers,
    merge_tree_settings: [
      { name: 'replicated_deduplication_window', value: '200' },
      { name: 'replicated_deduplication_window_seconds', value: '600' },
      { name: 'non_replicated_deduplication_window', value: '0' },
    ],
  })
  const cases: [string, Rows, Rows, string | undefined, string][] = [
    [
      'two shards that remember',
      [shard(1), shard(2)],
      [local, local],
      undefined,
      'noLoss yes, noDuplicates yes, atomic no',
    ],
    ['one shard', [shard(1)], [local], '', 'noLoss yes, noDuplicates yes, atomic yes'],
    ['one of them forgets', [shard(1), shard(2)], [local, TABLE], undefined, 'noLoss yes, noDuplicates no'],
    ['one does not have the table', [shard(1), shard(2)], [local], undefined, 'noLoss unproven, noDuplicates unproven'],
    ['no sharding key', [shard(1), shard(2)], [local, local], '', 'noLoss no, noDuplicates no'],
    ['rand()', [shard(1), shard(2)], [local, local], ', rand()', 'noLoss no, noDuplicates no'],
    [
      'replicas that share what they remember',
      [shard(1), shard(1)],
      [local, local],
      undefined,
      'noLoss yes, noDuplicates yes',
    ],
    ['replicas that do not', [shard(1), shard(1)], [plain, plain], undefined, 'noLoss yes, noDuplicates no'],
    [
      'replicas that all get the block',
      [shard(1, 0), shard(1, 0)],
      [plain, plain],
      undefined,
      'noLoss yes, noDuplicates yes',
    ],
    [
      'views on the shards',
      [shard(1)],
      [{ ...local, dependencies_database: ['db'], dependencies_table: ['v'] }],
      undefined,
      'noLoss unproven, noDuplicates unproven',
    ],
  ]
  for (const [title, clusters, tables, key, expected] of cases) {
    it(title, async () => {
      const { report } = await checked(remote(spread(clusters, tables, key)))
      expect(answersOf(report)).toContain(expected)
      expect(report.promises.keepsUp.answer).toBe('unproven')
    })
  }
  it('the smallest window and the shortest age', async () => {
    const own = { ...local, engine_full: `${local.engine_full} SETTINGS replicated_deduplication_window = 70` }
    const { report } = await checked(remote(spread([shard(1), shard(2)], [local, own])))
    expect(report).toMatchObject({ deduplicationWindow: 70, deduplicationSeconds: 600 })
  })
  it('a server that cannot be told to wait for the shards', async () => {
    const old = (sql: string) =>
      [...sql.matchAll(/'([^']*)'/g)]
        .filter(([, name]) => !/distributed_(fore|sync)/.test(name!))
        .map(([, name]) => ({ name, value: '0' }))
    const { report } = await checked({ ...remote(spread([shard(1)], [local])), settings: old })
    expect(report.promises.noLoss).toMatchObject({
      answer: 'no',
      reason: expect.stringContaining('answers before its shards'),
    })
  })
})
