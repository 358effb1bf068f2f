// A compressed block is sealed at once and compressed while the caller goes on. Whatever happens meanwhile, its rows are somewhere.

import { describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { decompress } from '../../src/block/frame.ts'
import { DeliveryError, type SealedBlock } from '../../src/index.ts'
import { lyingStatement, numbersOf, range } from './lying.ts'

const text = 'a text that is the same in every row '.repeat(4)

function numbersIn(block: Pick<SealedBlock, 'bytes' | 'compressed'>): number[] {
  const bytes = block.compressed ? decompress(block.bytes) : block.bytes
  return decodeBlocks(bytes).flatMap(({ rows }) => rows.map(([n]) => Number(n)))
}

describe.each([{ worker: false }, { worker: true }])('compression, %o', (options) => {
  const compressed = { ...options, compression: 'lz4', blockSize: 20_000, flushInterval: 0 } as const

  it('blocks travel as frames, and the event, the summary and stats count them', async () => {
    const { server, statement } = await lyingStatement(compressed)
    const told: number[] = []
    statement.on('block', ({ bytes }) => told.push(bytes))
    for (const n of range(50_000)) await statement.exec({ n, text })
    const { rows, bytes } = await statement.commit()
    const bodies = server.inserts.map(({ body }) => body)
    expect(server.inserts.map(({ params }) => params.decompress)).toEqual(['1', '1', '1'])
    expect(
      numbersOf(server.inserts.map((request) => ({ ...request, body: Buffer.from(decompress(request.body)) }))),
    ).toEqual([range(20_000), range(40_000, 20_000), range(50_000, 40_000)])
    expect(told.toSorted()).toEqual(bodies.map(({ length }) => length).toSorted())
    expect({ rows, bytes }).toEqual({ rows: 50_000, bytes: bodies.reduce((sum, { length }) => sum + length, 0) })
    expect(statement.stats.bytes).toBe(bytes)
  })

  it('an abort before the first block is compressed: nothing was sent, and takeBlocks() has every row', async () => {
    const aborter = new AbortController()
    const { server, statement } = await lyingStatement({ ...compressed, signal: aborter.signal })
    for (const n of range(60_000)) void statement.exec({ n, text })
    aborter.abort()
    await expect(statement.commit()).rejects.toThrow(DeliveryError)
    const blocks = statement.takeBlocks()
    expect(blocks.map(({ state }) => state)).toEqual(['sealed', 'sealed', 'sealed'])
    const numbers = blocks.map(numbersIn)
    await new Promise((resolve) => setTimeout(resolve, 200)) // the compressor is done by now, and changes nothing
    expect(blocks.map(numbersIn)).toEqual(numbers)
    expect(numbers.flat()).toEqual(range(60_000))
    expect(server.inserts).toEqual([])
  })

  it('blocks taken before they were compressed are delivered by another connection', async () => {
    const aborter = new AbortController()
    const { statement } = await lyingStatement({ ...compressed, signal: aborter.signal })
    for (const n of range(30_000)) void statement.exec({ n, text })
    aborter.abort()
    await expect(statement.flush()).rejects.toThrow(DeliveryError)
    const { server, connection } = await lyingStatement()
    expect(await connection.deliver(statement.takeBlocks())).toMatchObject({ rows: 30_000, blocks: 2 })
    expect(server.inserts).toHaveLength(2)
  })

  it('rollback while blocks are compressed gives them up, and the next statement is not disturbed', async () => {
    const { server, connection, statement } = await lyingStatement({ ...compressed, holdUntilCommit: true })
    for (const n of range(60_000)) void statement.exec({ n, text })
    await statement.rollback()
    const next = await connection.prepare('events', { ...compressed, columns: statement.columns })
    for (const n of range(60_000)) await next.exec({ n: n + 7, text })
    await next.commit()
    expect(server.inserts.flatMap(({ body }) => numbersIn({ compressed: true, bytes: body }))).toEqual(range(60_007, 7))
  })
})
