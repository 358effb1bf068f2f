// ClickHouse inside this process. libchdb binds one data directory per process, runs one query at a time per connection, and
// reads Native only from a file: a raw insert through its API treats the bytes as text and cuts them.

import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, write } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Session } from 'chdb'
import { TransportError, UsageError } from '../errors.ts'
import { quoteText } from '../types/format.ts'
import { Deadline } from './deadline.ts'
import { parseException, serverError } from './exception.ts'
import { oneHost } from './hosts.ts'
import { parseRows, parseVersion } from './rows.ts'
import type { InsertAnswer, InsertRequest, ReadOptions, ServerInfo, Settings, Transport } from './transport.ts'

/** `directory` undefined: in memory (a temporary directory that goes with the last connection). */
export function chdbTransport(options: { readonly directory?: string }): Transport {
  return new ChdbTransport(options.directory)
}

const QUERY_TIMEOUT_MS = 300_000

class ChdbTransport implements Transport {
  readonly kind = 'chdb'
  readonly takesFrames = false
  readonly hosts = oneHost('chdb')
  readonly #directory: string | undefined
  #session: Promise<Session> | undefined
  #file: BlockFile | undefined
  /** The engine's queue: a second query on one connection would only hold a thread of the pool while it waits. */
  #tail: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(directory: string | undefined) {
    this.#directory = directory
  }

  async ping(signal?: AbortSignal): Promise<ServerInfo> {
    const [row] = await this.query('SELECT version() AS version, hostName() AS host', { signal })
    return { kind: 'chdb', ...parseVersion(row?.version), host: String(row?.host ?? '') }
  }

  async insert(request: InsertRequest): Promise<InsertAnswer> {
    const { bytes, queryId } = request
    if (request.compressed) throw new UsageError('NOT_SUPPORTED', 'The embedded engine takes uncompressed blocks only.')
    const deadline = new Deadline(request.signal, request.attemptTimeoutMs)
    try {
      await this.#run(deadline, queryId, async (session) => {
        this.#file ??= openBlockFile()
        await writeBlock(this.#file.fd, bytes)
        await session.queryAsync(insertFromFile(request.sql, this.#file.path, request.settings))
      })
      return { host: this.hosts.pick() }
    } finally {
      deadline.end()
    }
  }

  async query(sql: string, options: ReadOptions = {}): Promise<Record<string, unknown>[]> {
    return parseRows(await this.#read(sql, options))
  }

  async command(sql: string, options: ReadOptions = {}): Promise<void> {
    await this.#read(sql, options)
  }

  async #read(sql: string, options: ReadOptions): Promise<string> {
    const deadline = new Deadline(options.signal, QUERY_TIMEOUT_MS)
    const clause = settingsClause(options.settings ?? {})
    const text = clause === '' ? sql : `${sql.replace(/[\s;]+$/, '')}\n${clause}`
    try {
      return await this.#run(deadline, undefined, async (session) => {
        return (await session.queryAsync(text, { format: 'JSONEachRow' })).text()
      })
    } finally {
      deadline.end()
    }
  }

  /**
   * Runs `work` when the engine is free. A query that has begun cannot be interrupted: after a timeout or an abort the
   * caller gets its error at once, the engine finishes, and only then the next one starts.
   */
  async #run<T>(deadline: Deadline, queryId: string | undefined, work: (session: Session) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new UsageError('CONNECTION_CLOSED', 'The connection was closed.')
    this.#session ??= openSession(this.#directory).catch((error: unknown) => {
      this.#session = undefined // the next call may find the directory free
      throw error
    })
    let started = false
    const task = Promise.all([this.#session, this.#tail]).then(([session]) => {
      if (deadline.passed) throw deadline.error(false)
      started = true
      return work(session)
    })
    this.#tail = task.catch(() => {}) // the caller is told below
    try {
      return await Promise.race([task, passing(deadline, () => started)])
    } catch (error) {
      throw asOurs(error, queryId)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#tail
    this.#file?.close()
    const session = await this.#session?.catch(() => undefined) // whoever opened it was told
    if (session !== undefined) await closeSession(session)
  }
}

/** `INSERT INTO t (a) FORMAT Native` → the same from a file. The engine honours SETTINGS only at this place of the clause. */
function insertFromFile(sql: string, path: string, settings: Settings): string {
  const head = /^(.*\S)\s+FORMAT\s+Native\s*$/is.exec(sql)?.[1]
  if (head === undefined)
    throw new UsageError('BAD_INSERT', 'An insert into the embedded engine ends with FORMAT Native.')
  return `${head} FROM INFILE ${quoteText(path)} COMPRESSION 'none' ${settingsClause(settings)} FORMAT Native`
}

function settingsClause(settings: Settings): string {
  const parts: string[] = []
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined) continue
    if (!/^\w+$/.test(name)) throw new UsageError('BAD_OPTION', `${JSON.stringify(name)} is no setting’s name.`)
    parts.push(`${name} = ${typeof value === 'string' ? quoteText(value) : String(Number(value))}`)
  }
  return parts.length === 0 ? '' : `SETTINGS ${parts.join(', ')}`
}

interface BlockFile {
  readonly fd: number
  readonly path: string
  close(): void
}

/**
 * The one file that blocks pass through, written over and over (fresh files cost twice the time: 3.8 against 2.3 ms per
 * 2.8 MB block into Null; the file system did not matter, its pages stay in the cache). On Linux it is deleted while
 * open and reached through its descriptor, so that no end of the process, kill -9 included, leaves rows lying about.
 */
function openBlockFile(): BlockFile {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-'))
  const path = join(dir, 'block.native')
  const fd = openSync(path, 'wx+', 0o600)
  const remove = () => rmSync(dir, { recursive: true, force: true })
  if (process.platform === 'linux') {
    remove()
    return { fd, path: `/proc/self/fd/${fd}`, close: () => closeSync(fd) }
  }
  process.once('exit', remove)
  return {
    fd,
    path,
    close: () => {
      process.removeListener('exit', remove)
      closeSync(fd)
      remove()
    },
  }
}

async function writeBlock(fd: number, bytes: Uint8Array): Promise<void> {
  try {
    ftruncateSync(fd, bytes.length)
    for (let offset = 0; offset < bytes.length; ) {
      offset += await new Promise<number>((resolve, reject) => {
        write(fd, bytes, offset, bytes.length - offset, offset, (error, written) =>
          error ? reject(error) : resolve(written),
        )
      })
    }
  } catch (cause) {
    throw new TransportError(
      'FILE_FAILED',
      `A block could not be handed to the embedded engine: ${(cause as Error).message}.`,
      {
        hint: `Blocks pass through a temporary file: is there room in ${tmpdir()}? TMPDIR names another place.`,
        retryable: true,
        cause,
      },
    )
  }
}

/** Rejects when the deadline passes; never resolves. */
function passing(deadline: Deadline, started: () => boolean): Promise<never> {
  return new Promise((_, reject) => {
    if (deadline.passed) reject(deadline.error(started()))
    deadline.signal.addEventListener('abort', () => reject(deadline.error(started())), { once: true })
  })
}

function asOurs(error: unknown, queryId: string | undefined): unknown {
  if (error instanceof TransportError || error instanceof UsageError) return error
  // The way through the file is our business, not the reader's.
  const text = (error as Error).message.replace(
    /: \(in file\/uri [^)]*\)|: While executing File|: data for INSERT was parsed from file/g,
    '',
  )
  const exception = parseException(text)
  return exception === undefined ? error : serverError(exception, queryId)
}

// The process's one data directory. Every connection has a session of its own on it, so that they run side by side.
let bound: { key: string; path: string; holder: Session } | undefined
const sessions = new Set<Session>()

async function openSession(directory: string | undefined): Promise<Session> {
  const { Session } = await loadChdb()
  const key = directory === undefined ? 'memory' : resolve(directory)
  if (bound !== undefined && bound.key !== key) throw otherDirectory(bound.key, key)
  const args = { connectionArgs: ['--output_format_json_quote_64bit_integers=1'] }
  let session: Session
  try {
    // In memory: the first session makes the temporary directory, the others join it.
    session = new Session(bound?.path ?? (directory === undefined ? '' : key), args)
  } catch (cause) {
    const message = (cause as Error).message
    if (/one active data directory|Cannot open a session/i.test(message))
      throw otherDirectory('another one, opened elsewhere', key, cause)
    const exception = parseException(message)
    if (exception !== undefined) throw serverError(exception)
    throw new TransportError('CONNECT_FAILED', `The embedded engine could not open ${key}: ${message}`, { cause })
  }
  sessions.add(session)
  bound ??= { key, path: session.path, holder: session }
  return session
}

async function closeSession(session: Session): Promise<void> {
  sessions.delete(session)
  // The first session owns the temporary directory: it is closed last.
  if (session !== bound?.holder) session.close()
  if (sessions.size === 0) {
    bound?.holder.close()
    bound = undefined
    // chdb puts a teardown off while anything runs in the process; only after it may another directory be opened.
    await (await loadChdb()).drainPending()
  }
}

function otherDirectory(held: string, wanted: string, cause?: unknown): UsageError {
  return new UsageError(
    'NOT_SUPPORTED',
    `The embedded engine holds one data directory per process: ${held}; ${wanted} was asked for.`,
    {
      hint: 'Close every connection to the first one, or use another process.',
      cause,
    },
  )
}

async function loadChdb(): Promise<typeof import('chdb')> {
  try {
    return await import('chdb')
  } catch (cause) {
    throw new UsageError('MISSING_DEPENDENCY', 'chdb: targets need the package chdb, which could not be loaded.', {
      hint: `npm install chdb   (${(cause as Error).message.split('\n')[0]})`,
      cause,
    })
  }
}
