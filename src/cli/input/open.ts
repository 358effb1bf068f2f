// Opens one input of `sluice load`: a file, or stdin as '-'. gzip is recognised by its first bytes, whatever the name.
// Bytes are counted as they leave the disk, so that progress compares them with the file's size.

import { accessSync, constants, createReadStream, fstatSync, type Stats, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { StorageError } from '../../errors.ts'

/** 256 KiB: larger pieces gained nothing (1 MiB: same rows/s), smaller ones cost a turn of the event loop each. */
const PIECE_BYTES = 256 * 1024

export interface Input {
  /** As the user wrote it; 'stdin' for '-'. */
  readonly name: string
  /** Bytes on disk (compressed where it is), undefined for pipes. */
  readonly size?: number
  /** Bytes read from disk so far. */
  readonly bytesRead: number
  /** Decompressed bytes. */
  readonly pieces: AsyncGenerator<Buffer>
  /** Ends the input where it is, also while it waits for a pipe. */
  close(): void
}

export function openInput(path: string): Input {
  const size = sizeOf(path)
  return path === '-'
    ? new OpenInput('stdin', process.stdin, size)
    : new OpenInput(path, createReadStream(path, { highWaterMark: PIECE_BYTES }), size)
}

/**
 * Bytes on disk; undefined for stdin ('-') and other pipes.
 * @throws {StorageError} FILE_FAILED: the file is missing, unreadable or a directory.
 */
export function sizeOf(path: string): number | undefined {
  if (path === '-') {
    // Node takes such a stdin for an empty one. As bigint, because the numbers of a plain fstat of a pipe stay in a shared
    // place where realpathSync of Node 20 reads them, and then resolves no symbolic link: chdb would not be found.
    if (fstatSync(0, { bigint: true }).isDirectory()) throw new StorageError('FILE_FAILED', 'stdin is a directory')
    return undefined
  }
  let stat: Stats
  try {
    accessSync(path, constants.R_OK)
    stat = statSync(path)
  } catch (error) {
    throw unreadable(path, error)
  }
  if (stat.isDirectory())
    throw new StorageError('FILE_FAILED', `${path} is a directory`, {
      hint: `Name its files: sluice load <table> ${path}/*`,
    })
  return stat.isFile() ? stat.size : undefined
}

class OpenInput implements Input {
  readonly name: string
  readonly size: number | undefined
  readonly pieces: AsyncGenerator<Buffer>
  bytesRead = 0
  readonly #source: Readable
  #isClosed = false

  constructor(name: string, source: Readable, size: number | undefined) {
    this.name = name
    this.#source = source
    this.size = size
    this.pieces = this.#decompressed()
  }

  close(): void {
    this.#isClosed = true
    this.#source.destroy()
  }

  async *#decompressed(): AsyncGenerator<Buffer> {
    const counted = this.#counted()
    const head = await takeHead(counted, 4)
    const rest = prepend(head, counted)
    if (head[0] === 0x1f && head[1] === 0x8b) return yield* gunzipped(this.name, rest)
    const foreign = FOREIGN.find(({ magic }) => head.subarray(0, magic.length).equals(magic))
    if (foreign) {
      throw new StorageError('BAD_INPUT', `${this.name} is ${foreign.what}`, { hint: foreign.hint(this.name) })
    }
    yield* rest
  }

  async *#counted(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of this.#source) {
        this.bytesRead += piece.length
        yield piece
      }
    } catch (error) {
      if (!this.#isClosed) throw unreadable(this.name, error)
    }
  }
}

/** Reads until `byteLength` bytes are there or the input ends: a pipe may hand over single bytes. */
export async function takeHead(
  pieces: AsyncGenerator<Buffer>,
  byteLength: number,
  enough = (_: Buffer) => false,
): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < byteLength && !enough(head)) {
    const next = await pieces.next()
    if (next.done) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
  }
  return head
}

export async function* prepend(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}

async function* gunzipped(name: string, pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(pieces, { objectMode: false })
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES })
  let failure: unknown
  source.on('error', (error) => {
    failure = error
    gunzip.destroy(error)
  })
  source.pipe(gunzip)
  try {
    yield* gunzip
  } catch (error) {
    if (error === failure && error instanceof StorageError) throw error
    throw new StorageError('BAD_INPUT', `${name} is damaged gzip: ${(error as Error).message}`, {
      hint: 'Check the file with `gzip -t`. Rows read before the damage were loaded; see the summary.',
      cause: error,
    })
  } finally {
    source.destroy()
  }
}

const FOREIGN = [
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), what: 'compressed with zstd', hint: pipeThrough('zstd -dc') },
  { magic: Buffer.from('BZh'), what: 'compressed with bzip2', hint: pipeThrough('bzip2 -dc') },
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58]), what: 'compressed with xz', hint: pipeThrough('xz -dc') },
  {
    magic: Buffer.from('PK\x03\x04', 'latin1'),
    what: 'a zip archive (or a spreadsheet)',
    hint: pipeThrough('unzip -p'),
  },
  {
    magic: Buffer.from('PAR1'),
    what: 'a Parquet file',
    hint: () => 'Load Parquet with ClickHouse itself: INSERT INTO t FROM INFILE ... FORMAT Parquet.',
  },
  { magic: Buffer.from([0xff, 0xfe]), what: 'UTF-16 text', hint: pipeThrough('iconv -f UTF-16 -t UTF-8') },
  { magic: Buffer.from([0xfe, 0xff]), what: 'UTF-16 text', hint: pipeThrough('iconv -f UTF-16 -t UTF-8') },
]

function pipeThrough(command: string): (name: string) => string {
  return (name) => `Pipe it: ${command} ${name === 'stdin' ? '' : `${name} `}| sluice load <table> --format <format>`
}

function unreadable(name: string, error: unknown): StorageError {
  const reason = { ENOENT: 'no such file', EACCES: 'permission denied', EPERM: 'permission denied' }[
    (error as { code?: string }).code ?? ''
  ]
  return new StorageError('FILE_FAILED', `cannot read ${name}: ${reason ?? (error as Error).message}`, { cause: error })
}
