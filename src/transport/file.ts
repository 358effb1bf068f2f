import { write } from 'node:fs'
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError, TransportError, UsageError } from '../errors.ts'
import { type Hosts, oneHost } from './hosts.ts'
import type { InsertAnswer, InsertRequest, ServerInfo, Transport } from './transport.ts'

export interface FileOptions {
  /** `-` is standard output. */
  readonly path: string
  /** Take compressed blocks as they are, instead of the plain Native stream that any reader understands. */
  readonly compressed?: boolean
}

/**
 * Blocks one after the other, as `FORMAT Native` reads them. A regular file appears under its name only when it is whole: blocks go
 * to `<path>.<pid>.partial`, which `close` fsyncs and renames; a failed write or no block at all leaves what was there before. A pipe,
 * a device or standard output is written in place. No timeouts: a pipe waits for its reader.
 */
export function fileTransport(options: FileOptions): Transport {
  return new FileTransport(options)
}

class FileTransport implements Transport {
  readonly kind = 'file'
  readonly takesFrames: boolean
  readonly hosts: Hosts
  readonly #path: string
  #output: Promise<Output> | undefined
  /** Blocks stand in the file in the order of the calls. */
  #tail: Promise<unknown> = Promise.resolve()
  #broken: SluiceError | undefined
  #closing: Promise<void> | undefined

  constructor(options: FileOptions) {
    this.#path = options.path
    this.takesFrames = options.compressed ?? false
    this.hosts = oneHost(options.path)
  }

  async ping(): Promise<ServerInfo> {
    return { kind: 'file', version: '', release: [0, 0], host: '' }
  }

  async insert(request: InsertRequest): Promise<InsertAnswer> {
    if (this.#closing !== undefined) throw new UsageError('CONNECTION_CLOSED', 'The connection was closed.')
    if (request.compressed && !this.takesFrames) {
      throw new UsageError('NOT_SUPPORTED', 'This file holds uncompressed blocks.', {
        hint: 'Use compression: "none".',
      })
    }
    const task = this.#tail.then(() => this.#append(request))
    this.#tail = task.catch(() => {}) // the caller is told
    return await task
  }

  async #append({ bytes, signal }: InsertRequest): Promise<InsertAnswer> {
    if (this.#broken !== undefined) throw this.#broken
    if (signal?.aborted) throw new TransportError('ABORTED', 'Aborted by the caller’s signal; nothing was written.')
    this.#output ??= openOutput(this.#path)
    try {
      const output = await this.#output
      await output.append(bytes)
      return { host: this.hosts.pick() }
    } catch (cause) {
      // Half a block may stand in the file now; whatever followed it could not be read.
      this.#broken = fileFailed(this.#path, cause as Error)
      throw this.#broken
    }
  }

  async query(): Promise<never> {
    throw notSupported()
  }

  async command(): Promise<never> {
    throw notSupported()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#tail
    const output = await this.#output?.catch(() => undefined) // insert reported it
    try {
      if (this.#broken === undefined) await output?.finish()
      else await output?.discard()
    } catch (cause) {
      throw fileFailed(this.#path, cause as Error)
    }
  }
}

interface Output {
  append(bytes: Uint8Array): Promise<void>
  finish(): Promise<void>
  discard(): Promise<void>
}

async function openOutput(path: string): Promise<Output> {
  // Opening /dev/stdout anew would start at the beginning of a file that the shell may be appending to.
  if (path === '-' || path === '/dev/stdout') return inPlace(1, async () => {})
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found !== undefined && !found.isFile()) {
    const handle = await open(path, 'w')
    return inPlace(handle.fd, () => handle.close())
  }
  // A link is followed, or the rename would replace it.
  return regularFile(found === undefined ? resolve(path) : await realpath(path))
}

function inPlace(fd: number, close: () => Promise<void>): Output {
  return {
    append: (bytes) => writeAll(fd, bytes),
    finish: close,
    discard: close,
  }
}

/** Files that this process is writing: their partial files would be one. */
const beingWritten = new Set<string>()

async function regularFile(path: string): Promise<Output> {
  if (beingWritten.has(path)) {
    throw new TransportError('FILE_FAILED', `${path} is being written by another connection of this process.`, {
      hint: 'Close that one first, or give each a file of its own.',
    })
  }
  const partial = `${path}.${process.pid}.partial`
  beingWritten.add(path)
  const release = () => beingWritten.delete(path)
  const handle = await open(partial, 'w').catch((error: unknown) => {
    release()
    throw error
  })
  const keep = async () => {
    await handle.sync()
    await handle.close()
    await rename(partial, path)
    await syncDirectory(dirname(path))
  }
  const drop = async () => {
    await handle.close()
    await unlink(partial)
  }
  return {
    append: (bytes) => writeAll(handle.fd, bytes),
    finish: () => keep().finally(release),
    discard: () => drop().finally(release),
  }
}

/** A pipe may take less than it is given, or, where it is non-blocking, nothing for the moment. */
async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const written = await new Promise<number>((resolve, reject) => {
      write(fd, bytes, offset, bytes.length - offset, null, (error, count) => {
        if (error === null) resolve(count)
        else if (error.code === 'EAGAIN') resolve(0)
        else reject(error)
      })
    })
    if (written === 0) await sleep(2)
    offset += written
  }
}

/** The new name is in the directory, and that too must reach the disk. */
async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    await handle.sync()
  } catch (error) {
    // Some systems cannot open or sync a directory; the file itself is safe.
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await handle?.close()
  }
}

function fileFailed(path: string, cause: Error): SluiceError {
  if (cause instanceof SluiceError) return cause
  const { code } = cause as NodeJS.ErrnoException
  return new TransportError('FILE_FAILED', `${path} could not be written: ${cause.message}.`, {
    hint: code === 'ENOENT' ? 'The directory does not exist.' : undefined,
    cause,
  })
}

function notSupported(): UsageError {
  return new UsageError('NOT_SUPPORTED', 'A file answers no queries.', {
    hint: 'Declare the columns: prepare(insert, { columns: [{ name, type }, ...] }).',
  })
}
