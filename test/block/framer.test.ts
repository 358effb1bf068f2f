// Blocks become frames behind the caller's back, on this thread or another. Who makes them makes no difference.

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { compress, decompress } from '../../src/block/frame.ts'
import { type Framer, framerOf } from '../../src/block/framer.ts'

/** What is built: there the thread has its file. */
const built = (await import(
  /* @vite-ignore */ new URL('../../dist/block/framer.js', import.meta.url).href
)) as typeof import('../../src/block/framer.ts')

const MIB = 2 ** 20

/** In shared memory, as a statement has its blocks for a thread. */
function shared(byteLength: number, text = 'row of a log, '): Buffer {
  const buffer = Buffer.from(new SharedArrayBuffer(byteLength)).fill(text)
  randomBytes(Math.min(byteLength, 1000)).copy(buffer)
  return buffer
}

const FRAMERS: Record<string, Framer> = {
  'in slices on this thread': framerOf(false),
  'on a thread': built.framerOf(true),
  'on a thread that has no file to start from': framerOf(true),
}

describe.each(Object.entries(FRAMERS))('frames made %s', (_, framer) => {
  it.each([1, 100, MIB - 1, MIB, MIB + 1, 5 * MIB + 3])('of %i bytes are those of compress()', async (byteLength) => {
    const bytes = shared(byteLength)
    const framed = await framer.frame(bytes)
    expect(Buffer.compare(framed.bytes, compress(bytes))).toBe(0)
    expect(Buffer.compare(decompress(framed.bytes), bytes)).toBe(0)
    framed.release()
  })

  it('of bytes that cannot be made smaller have room, too', async () => {
    const bytes = shared(3 * MIB)
    randomBytes(3 * MIB).copy(bytes)
    const framed = await framer.frame(bytes)
    expect(framed.bytes.byteLength).toBeGreaterThan(3 * MIB)
    expect(Buffer.compare(decompress(framed.bytes), bytes)).toBe(0)
  })

  it('of blocks given one after the other are each block’s own, in a buffer of its own', async () => {
    const blocks = Array.from({ length: 9 }, (_, i) => shared(10_000 + i * 300_000, `block ${i}, `))
    const framed = await Promise.all(blocks.map((bytes) => framer.frame(bytes)))
    for (const [i, { bytes }] of framed.entries()) expect(Buffer.compare(decompress(bytes), blocks[i]!)).toBe(0)
    // Given back, the buffers serve the next ones.
    for (const { release } of framed) release()
    const again = await Promise.all(blocks.map((bytes) => framer.frame(bytes)))
    for (const [i, { bytes }] of again.entries()) expect(Buffer.compare(decompress(bytes), blocks[i]!)).toBe(0)
  })
})

it('between slices everything else on the thread runs', async () => {
  let turns = 0
  let isDone = false
  const turn = () => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  await framerOf(false).frame(shared(8 * MIB))
  isDone = true
  expect(turns).toBeGreaterThanOrEqual(7)
})

it('the thread keeps no process alive, and no process ends before its frames are made', async () => {
  const framer = fileURLToPath(new URL('../../dist/block/framer.js', import.meta.url))
  const script = `
    import { framerOf } from ${JSON.stringify(framer)}
    const bytes = Buffer.from(new SharedArrayBuffer(4_000_000)).fill('abc')
    framerOf(true).frame(bytes).then(({ bytes }) => console.log(bytes.length))`
  const started = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000 })
  const { stdout, stderr } = await started
  expect(stderr).toBe('')
  expect(Number(stdout)).toBe(compress(Buffer.alloc(4_000_000, 'abc')).length)
})
