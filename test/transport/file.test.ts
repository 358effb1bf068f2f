import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { TransportError, UsageError } from '../../src/errors.ts'
import { fileTransport } from '../../src/transport/file.ts'
import { countingBlock, failure, insertOf, narrowBlock } from '../support/inserts.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-file-test-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

describe('A regular file appears whole, or not at all', () => {
  test('blocks stand in the order of the calls, under the name only after close', async () => {
    const path = join(dir, 'out.native')
    const file = fileTransport({ path })
    expect(await file.ping()).toEqual({ kind: 'file', version: '', release: [0, 0], host: '' })
    const blocks = [countingBlock(300_000), narrowBlock(3), countingBlock(1)]
    await Promise.all(blocks.map((bytes) => file.insert(insertOf('t', bytes))))
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
    await file.close()
    await file.close()
    const bytes = await readFile(path)
    expect(bytes.equals(Buffer.concat(blocks))).toBe(true)
    expect(decodeBlocks(bytes).map((block) => block.rows.length)).toEqual([300_000, 1, 1])
    expect(await readdir(dir)).toEqual(['out.native'])
  })

  test('what was there before is replaced at close, and stays when no block came', async () => {
    const path = join(dir, 'out.native')
    await writeFile(path, 'yesterday')
    await fileTransport({ path }).close()
    expect(await readFile(path, 'utf8')).toBe('yesterday')
    const file = fileTransport({ path })
    await file.insert(insertOf('t', narrowBlock(2)))
    expect(await readFile(path, 'utf8')).toBe('yesterday')
    await file.close()
    expect((await readFile(path)).equals(narrowBlock(2))).toBe(true)
  })

  test('a link is followed, not replaced', async () => {
    await writeFile(join(dir, 'real'), '')
    await symlink(join(dir, 'real'), join(dir, 'link'))
    const file = fileTransport({ path: join(dir, 'link') })
    await file.insert(insertOf('t', narrowBlock(2)))
    await file.close()
    expect((await readFile(join(dir, 'real'))).equals(narrowBlock(2))).toBe(true)
    expect((await readdir(dir)).sort()).toEqual(['link', 'real'])
  })

  test('a directory that does not exist: FILE_FAILED names the path, nothing is left', async () => {
    const path = join(dir, 'missing', 'out.native')
    const file = fileTransport({ path })
    const error = await failure(file.insert(insertOf('t', narrowBlock(2))), TransportError)
    expect(error).toMatchObject({ code: 'FILE_FAILED', blockMayHaveArrived: false })
    expect(error.message).toContain(path)
    await file.close()
    expect(await readdir(dir)).toEqual([])
  })

  test('two connections to one file: the second is refused, the first is whole; then the next may write', async () => {
    const path = join(dir, 'out.native')
    const [first, second] = [fileTransport({ path }), fileTransport({ path })]
    await first.insert(insertOf('t', narrowBlock(2)))
    const error = await failure(second.insert(insertOf('t', narrowBlock(3))), TransportError)
    expect(error).toMatchObject({ code: 'FILE_FAILED', message: expect.stringMatching(/another connection/) })
    await first.insert(insertOf('t', narrowBlock(2)))
    await Promise.all([first.close(), second.close()])
    expect(await readFile(path)).toEqual(Buffer.concat([narrowBlock(2), narrowBlock(2)]))
    const third = fileTransport({ path })
    await third.insert(insertOf('t', narrowBlock(3)))
    await third.close()
    expect(await readFile(path)).toEqual(narrowBlock(3))
  })

  test('a disk that is full: the half-written file goes, the old one stays, no later block is taken', async () => {
    const path = join(dir, 'out.native')
    await writeFile(path, 'yesterday')
    // /dev/full takes nothing; the partial file is made a link to it before it is opened.
    const partial = `${path}.${process.pid}.partial`
    await symlink('/dev/full', partial)
    const file = fileTransport({ path })
    await expect(file.insert(insertOf('t', narrowBlock(2)))).rejects.toMatchObject({ code: 'FILE_FAILED' })
    await expect(file.insert(insertOf('t', narrowBlock(2)))).rejects.toMatchObject({ code: 'FILE_FAILED' })
    await file.close()
    expect(await readFile(path, 'utf8')).toBe('yesterday')
    expect(await readdir(dir)).toEqual(['out.native'])
  })
})

describe('Pipes, devices and standard output are written in place', () => {
  test('a named pipe gets the blocks, however slowly it is read', async () => {
    const path = join(dir, 'pipe')
    const made = spawn('mkfifo', [path])
    await once(made, 'exit')
    const reader = spawn('sh', ['-c', `{ sleep 0.2; cat; } < ${path}`], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pieces: Buffer[] = []
    reader.stdout.on('data', (piece: Buffer) => pieces.push(piece))
    const ended = once(reader, 'close') // it may end while the file is being closed
    const file = fileTransport({ path })
    await file.insert(insertOf('t', countingBlock(200_000)))
    await file.insert(insertOf('t', narrowBlock(3)))
    await file.close()
    await ended
    expect(Buffer.concat(pieces).equals(Buffer.concat([countingBlock(200_000), narrowBlock(3)]))).toBe(true)
    expect((await stat(path)).isFIFO()).toBe(true)
    expect(await readdir(dir)).toEqual(['pipe'])
  })

  test('/dev/null takes everything and is still a device afterwards', async () => {
    const file = fileTransport({ path: '/dev/null' })
    await file.insert(insertOf('t', narrowBlock(3)))
    await file.close()
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
  })

  test('/dev/full: FILE_FAILED', async () => {
    const file = fileTransport({ path: '/dev/full' })
    const error = await failure(file.insert(insertOf('t', narrowBlock(3))), TransportError)
    expect(error.code).toBe('FILE_FAILED')
    expect(error.message).toMatch(/ENOSPC/)
    await file.close()
  })

  test('a socket is refused by the system, with the path in the error', async () => {
    const path = join(dir, 'socket')
    const server = createServer().listen(path)
    await once(server, 'listening')
    await expect(fileTransport({ path }).insert(insertOf('t', narrowBlock(3)))).rejects.toMatchObject({
      code: 'FILE_FAILED',
    })
    server.close()
  })
})

describe('What a file cannot do', () => {
  test('queries: NOT_SUPPORTED, with the way out', async () => {
    const file = fileTransport({ path: join(dir, 'x') })
    for (const call of [file.query('SELECT 1'), file.command('SELECT 1')]) {
      const error = await failure(call, UsageError)
      expect(error.code).toBe('NOT_SUPPORTED')
      expect(error.hint).toContain('columns')
    }
  })

  test('frames only where it was opened for them', async () => {
    const compressed = { compressed: true }
    await expect(
      fileTransport({ path: join(dir, 'x') }).insert(insertOf('t', narrowBlock(2), compressed)),
    ).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    })
    const file = fileTransport({ path: join(dir, 'y'), compressed: true })
    await file.insert(insertOf('t', Buffer.from('frames'), compressed))
    await file.close()
    expect(await readFile(join(dir, 'y'), 'utf8')).toBe('frames')
  })

  test('an aborted block is not written', async () => {
    const file = fileTransport({ path: join(dir, 'x') })
    await expect(file.insert(insertOf('t', narrowBlock(2), { signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'ABORTED',
    })
    await file.insert(insertOf('t', narrowBlock(3)))
    await file.close()
    expect((await readFile(join(dir, 'x'))).equals(narrowBlock(3))).toBe(true)
  })

  test('after close: CONNECTION_CLOSED', async () => {
    const file = fileTransport({ path: join(dir, 'x') })
    await file.close()
    await expect(file.insert(insertOf('t', narrowBlock(2)))).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  })
})
