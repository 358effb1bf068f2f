import { createClient } from '@clickhouse/client'
import { describe, expect, it } from 'vitest'
import { connect, type Logger } from '../../src/index.ts'
import { exceptionReply } from '../support/lying-server.ts'
import { COLUMNS, lyingConnection } from './lying.ts'

const TABLE = [{ name: 'n', type: 'UInt32', default_kind: '', default_expression: '' }]

describe('what prepare() asks the server', () => {
  it('columns and promises, once; nothing at all with declared columns', async () => {
    const { server, connection } = await lyingConnection()
    server.script({
      rows: (sql) =>
        /system\.columns/.test(sql)
          ? TABLE
          : /system\.tables/.test(sql)
            ? [{ engine: 'Memory', engine_full: 'Memory' }]
            : undefined,
    })
    const before = server.queries.length
    await (await connection.prepare("INSERT INTO `d'b`.`t\\`x`")).rollback()
    const asked = server.queries.slice(before).map(({ sql }) => sql)
    expect(asked.map((sql) => /system\.(\w+)/.exec(sql)![1]).sort()).toEqual([
      'columns',
      'merge_tree_settings',
      'replicas', // and the table's place, in one query: which deduplication log it keeps
      'tables',
    ])
    expect(asked.find((sql) => /system\.columns/.test(sql))).toContain("database = 'd\\'b' AND table = 't`x'")
    await (await connection.prepare('t', { columns: COLUMNS })).rollback()
    expect(server.queries).toHaveLength(before + 4)
  })

  it('who may insert but not read the table’s settings can insert; what is promised is then not known', async () => {
    const warnings: unknown[] = []
    const silent = () => {}
    const logger: Logger = {
      debug: silent,
      info: silent,
      error: silent,
      warn: (message, fields) => warnings.push([message, fields]),
    }
    const { server, connection } = await lyingConnection(undefined, { logger })
    server.script({
      rows: (sql) =>
        /system\.columns/.test(sql)
          ? TABLE
          : /system\.tables/.test(sql)
            ? [{ engine: 'MergeTree', engine_full: 'MergeTree ORDER BY n' }]
            : /merge_tree_settings/.test(sql)
              ? exceptionReply(497, 'ACCESS_DENIED', 'Not enough privileges', 403)
              : undefined,
    })
    const statement = await connection.prepare('t')
    await statement.exec({ n: 1 })
    expect(await statement.commit()).toMatchObject({ rows: 1 })
    expect(statement.stats.warnings).toEqual([expect.stringContaining('Code 497 ACCESS_DENIED')])
    expect(warnings).toEqual([['check', expect.objectContaining({ warning: expect.stringContaining('not known') })]])
    await expect(connection.prepare('t', { exactlyOnce: true })).rejects.toMatchObject({ code: 'CANNOT_HOLD_PROMISE' })
  })
})

describe('compression', () => {
  it('is none to the same machine, lz4 where the host is not known to be it, and what was asked for anywhere', async () => {
    const { server, connection } = await lyingConnection()
    const client = createClient({ url: server.url })
    await using throughClient = await connect({ client, database: 'default' })
    await using asked = await connect({ url: server.url, compression: 'lz4' })
    for (const each of [connection, throughClient, asked]) {
      const statement = await each.prepare('t', { columns: COLUMNS })
      await statement.exec({ n: 1 })
      await statement.commit()
    }
    expect(server.inserts.map(({ params }) => params.decompress)).toEqual([undefined, '1', '1'])
    await client.close()
  })
})
