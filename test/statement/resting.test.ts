// A statement without rows gives its memory back, and takes some again with the next row. Nobody notices.

import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { EncodeError } from '../../src/index.ts'
import { lyingStatement, numbersOf, range } from './lying.ts'

it('rows after a rest go on where those before it ended', async () => {
  const { server, connection, statement } = await lyingStatement({ flushInterval: 10, blockSize: 3 })
  for (const n of range(4)) await statement.exec({ n })
  await statement.flush()
  await sleep(60)
  // Of the same shape: it may get the memory that the first one gave back.
  const other = await connection.prepare('events', { columns: statement.columns, flushInterval: 10, blockSize: 3 })
  await other.exec({ n: 100, text: 'other' })
  await statement.exec({ n: 4 })
  const error = await Promise.resolve()
    .then(() => statement.exec({ n: -1 }))
    .catch((thrown) => thrown)
  expect(error).toBeInstanceOf(EncodeError)
  expect(error.row).toBe(5)
  expect(statement.stats).toMatchObject({ accepted: 5, staged: 1 })
  await sleep(60)
  await statement.execColumns({ n: Uint32Array.of(5, 6), text: ['a', 'b'] })
  expect(await statement.commit()).toMatchObject({ rows: 7 })
  await other.commit()
  expect(
    numbersOf(server.inserts)
      .flat()
      .toSorted((a, b) => a - b),
  ).toEqual([...range(7), 100])
})

it('commit, rollback, flush and takeBlocks of a statement that rests are legal', async () => {
  for (const end of ['commit', 'rollback', 'flush'] as const) {
    const { statement } = await lyingStatement({ flushInterval: 10 })
    await statement.exec({ n: 1 })
    await statement.flush()
    await sleep(60)
    await statement[end]()
    expect(statement.takeBlocks()).toEqual([])
  }
})

it('64 statements that had a full block each, and nothing to do since, hold less than 64 MiB', async () => {
  const script = fileURLToPath(new URL('./resting-memory.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script])
  const { heldMiB, peakMiB } = JSON.parse(stdout)
  expect(peakMiB).toBeGreaterThan(100) // else nothing was held that could be given back
  expect(heldMiB).toBeLessThan(64)
}, 120_000)
