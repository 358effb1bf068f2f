import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compress } from '../../src/block/frame.ts'
import { serverAvailable, startServer, type TestServer } from '../support/clickhouse-server.ts'

const ROWS = 800_000

/** One column `a UInt64` holding 0, 1, 2, ... */
function numbersBlock(): Buffer {
  const values = BigUint64Array.from({ length: ROWS }, (_, row) => BigInt(row))
  const header = [1, (ROWS & 127) | 128, ((ROWS >> 7) & 127) | 128, ROWS >> 14, 1, 0x61, 6]
  return Buffer.concat([Buffer.from(header), Buffer.from('UInt64'), Buffer.from(values.buffer)])
}

describe.skipIf(!serverAvailable())('compressed frames, read by clickhouse-server with decompress=1', () => {
  let server: TestServer
  const block = numbersBlock()

  beforeAll(async () => {
    server = await startServer()
    await server.query('CREATE TABLE numbers (a UInt64) ENGINE = Memory')
  })
  afterAll(() => server?.stop())

  async function insert(frames: Uint8Array): Promise<string> {
    const query = encodeURIComponent('INSERT INTO numbers (a) FORMAT Native')
    const answer = await fetch(`${server.url}/?decompress=1&query=${query}`, {
      method: 'POST',
      body: frames as Uint8Array<ArrayBuffer>,
    })
    return answer.text()
  }

  it.each(['lz4', 'none'] as const)('%s: every row of a block of several frames arrives', async (method) => {
    const frames = compress(block, method)
    if (method === 'lz4') expect(frames.byteLength).toBeLessThan(block.byteLength)
    expect(await insert(frames)).toBe('')
    expect(await server.query('SELECT count(), sum(a), max(a) FROM numbers')).toBe(
      `${ROWS}\t${(ROWS * (ROWS - 1)) / 2}\t${ROWS - 1}`,
    )
    await server.query('TRUNCATE TABLE numbers')
  })

  it('a damaged frame is refused by its checksum', async () => {
    const frames = Uint8Array.from(compress(block))
    frames[frames.byteLength - 1] ^= 1
    expect(await insert(frames)).toMatch(/Code: 40, .*Checksum doesn't match/)
  })
})
