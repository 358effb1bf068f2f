import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { connect } from '../../src/index.ts'
import { COLUMNS, range } from './lying.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-file-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

describe('a file: target', () => {
  it('holds the blocks in the order of the rows', async () => {
    const path = join(directory, 'out.native')
    await using connection = await connect(`file:${path}`)
    const statement = await connection.prepare('events', { columns: COLUMNS, blockSize: 10 })
    for (const n of range(95)) await statement.exec({ n, text: `row ${n}` })
    expect(await statement.commit()).toMatchObject({ rows: 95, blocks: 10 })
    expect(statement.stats.warnings).toEqual([])
    await connection.close()
    expect(decodeBlocks(await readFile(path)).flatMap(({ rows }) => rows)).toEqual(
      range(95).map((n) => [n, `row ${n}`]),
    )
  })

  it('is compressed when connect() says so', async () => {
    const path = join(directory, 'out.lz4')
    await using connection = await connect({ url: `file:${path}`, compression: 'lz4' })
    const statement = await connection.prepare('events', { columns: COLUMNS })
    for (const n of range(1000)) await statement.exec({ n, text: 'always the same text' })
    const { bytes } = await statement.commit()
    await connection.close()
    expect((await stat(path)).size).toBe(bytes)
    expect(bytes).toBeLessThan(10_000)
  })

  it('cannot say which columns its table has, nor promise anything, nor answer', async () => {
    await using connection = await connect(`file:${join(directory, 'none.native')}`)
    await expect(connection.prepare('events')).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      hint: expect.stringContaining('columns'),
    })
    await expect(connection.prepare('events', { columns: COLUMNS, compression: 'lz4' })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    })
    await expect(connection.prepare('events', { columns: COLUMNS, exactlyOnce: true })).rejects.toMatchObject({
      code: 'CANNOT_HOLD_PROMISE',
    })
    await expect(connection.query('SELECT 1')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    expect(await connection.ping()).toMatchObject({ kind: 'file' })
  })
})
