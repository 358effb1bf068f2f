// Opens one file of `sluice inspect`, or stdin as '-': gzip and compressed frames are recognised by their first bytes and
// taken off; what remains should be Native blocks.

import { accessSync, constants, createReadStream, type Stats, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { StorageError } from '../../errors.ts'
import { beginsWithBlock } from './foreign.ts'
import { beginsWithFrame, Frames } from './frames.ts'

const PIECE_BYTES = 256 * 1024
/** Enough to tell what a file is. */
const HEAD_BYTES = 16 * 1024

export interface Source {
  /** As the user wrote it; 'stdin' for '-'. */
  readonly name: string
  /** Bytes on disk; undefined for pipes. */
  readonly size?: number
  /** Bytes read from disk so far. */
  readonly bytesRead: number
  readonly isGzip: boolean
  /** Undefined where the blocks are not compressed. */
  readonly frames?: Frames
  /** The first bytes, without gzip and frames off. */
  readonly head: Buffer
  /** Bytes of `blocks` where they are known. */
  readonly blockBytes?: number
  readonly blocks: AsyncGenerator<Buffer>
  /** Ends the source where it is, also while it waits for a pipe. */
  close(): void
}

/** @throws {StorageError} FILE_FAILED: missing, unreadable or a directory; BAD_INPUT: damaged gzip */
export async function openSource(path: string): Promise<Source> {
  const name = path === '-' ? 'stdin' : path
  const size = path === '-' ? undefined : sizeOf(path)
  // A file that grows is read as far as it was there when it was opened.
  const end = size === undefined || size === 0 ? undefined : size - 1
  const file = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: PIECE_BYTES, end })
  let bytesRead = 0
  const raw = (async function* () {
    try {
      for await (const piece of file) {
        bytesRead += piece.length
        yield piece as Buffer
      }
    } catch (error) {
      throw unreadable(name, error)
    }
  })()
  const whole = await readAhead(raw, HEAD_BYTES)
  const isGzip = beginsWithGzip(whole.head)
  const { head, pieces } = await readAhead(isGzip ? gunzipped(whole.pieces) : whole.pieces, HEAD_BYTES)
  const frames = beginsWithFrame(head) && !beginsWithBlock(head) ? new Frames() : undefined
  return {
    name,
    size,
    get bytesRead() {
      return bytesRead
    },
    isGzip,
    frames,
    head,
    blockBytes: isGzip || frames ? undefined : size,
    blocks: frames ? frames.unframe(pieces) : pieces,
    close: () => file.destroy(),
  }
}

/** A block of 31 columns and 1,035 rows begins with these bytes, too. */
function beginsWithGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8 && !beginsWithBlock(head)
}

/** The first bytes, and all of them. An error on the way waits until what came before it was read. */
async function readAhead(
  source: AsyncGenerator<Buffer>,
  byteLength: number,
): Promise<{ head: Buffer; pieces: AsyncGenerator<Buffer> }> {
  const taken: Buffer[] = []
  let failure: { error: unknown } | undefined
  try {
    for (let length = 0; length < byteLength; length += taken.at(-1)!.length) {
      const next = await source.next()
      if (next.done) break
      taken.push(next.value)
    }
  } catch (error) {
    failure = { error }
  }
  const pieces = (async function* () {
    yield* taken
    if (failure) throw failure.error
    yield* source
  })()
  return { head: Buffer.concat(taken).subarray(0, byteLength), pieces }
}

function sizeOf(path: string): number | undefined {
  let stat: Stats
  try {
    accessSync(path, constants.R_OK)
    stat = statSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
  if (stat.isDirectory()) {
    throw new StorageError('FILE_FAILED', `${path} is a directory`, {
      hint: `Name its files: sluice inspect ${path}/*`,
    })
  }
  return stat.isFile() ? stat.size : undefined
}

async function* gunzipped(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(pieces, { objectMode: false })
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES })
  source.on('error', (error) => gunzip.destroy(error))
  source.pipe(gunzip)
  try {
    yield* gunzip
  } catch (error) {
    if (error instanceof StorageError) throw error
    throw new StorageError('BAD_INPUT', `the gzip around it is damaged (${(error as Error).message})`, {
      hint: 'gzip -t checks the whole file.',
      cause: error,
    })
  } finally {
    source.destroy()
  }
}

function unreadable(name: string, error: unknown): StorageError {
  const reason = { ENOENT: 'no such file', EACCES: 'permission denied', EPERM: 'permission denied' }[
    (error as { code?: string }).code ?? ''
  ]
  return new StorageError('FILE_FAILED', `cannot read ${name}: ${reason ?? (error as Error).message}`, { cause: error })
}
