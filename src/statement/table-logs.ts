// Where a block that may be stored already can be repeated: at hosts that keep the same deduplication log for its table (rule 7).
//
//   Replicated…MergeTree   its zookeeper_path: all replicas write into one log there
//   Shared…MergeTree       the table's UUID
//   every other            the server and the directory of the table: one log, under however many addresses
//
// 18.16 has no name for a server, so that of another table nothing is known, and its blocks stay where they are.

import { ServerError } from '../errors.ts'
import { Deadline } from '../transport/deadline.ts'
import type { Transport } from '../transport/transport.ts'
import { inTable, type TableName } from './table.ts'

/** An answer is used for this long, one that failed for less. */
const KNOWN_MS = 60_000
const FAILED_MS = 5_000
/** One that takes longer failed. */
const ASKING_MS = 30_000

interface Known {
  /** Of an earlier answer, where the last one failed; undefined: none was ever had. */
  log: string | undefined
  until: number
  asking?: Promise<void>
}

export class TableLogs {
  readonly #transport: Transport
  readonly #table: TableName
  readonly #known = new Map<string, Known>()

  constructor(transport: Transport, { database, table }: TableName) {
    this.#transport = transport
    this.#table = { database, table }
  }

  /** Asks every host that answers, so that it is known when one is gone. Never rejects. */
  async learn(waitsFor: 'first' | 'all'): Promise<void> {
    const asked = this.#askAll()
    await (waitsFor === 'all' ? Promise.all(asked) : asked[0])
  }

  /** What tells the log at a host from others, as far as it is known. */
  readonly at = (host: string): string | undefined => this.#known.get(host)?.log

  /**
   * Hosts that would recognise a block that may be stored at `doubt`. Never rejects.
   *
   * @param log  of the table there, where another connection learned it
   * @param end  nobody waits longer: a host that does not answer until then is none of them
   */
  async recognisers(doubt: string, log?: string, end?: AbortSignal): Promise<readonly string[]> {
    const { names } = this.#transport.hosts
    if (names.length === 1 && names[0] === doubt) return names
    await Promise.race([this.learn('all'), ...(end ? [fired(end)] : [])])
    const there = log ?? this.at(doubt)
    return names.filter((name) => name === doubt || (there !== undefined && this.at(name) === there))
  }

  #askAll(): Promise<void>[] {
    const { hosts } = this.#transport
    const answering = hosts.answering(hosts.names)
    return (answering.length > 0 ? answering : hosts.names).map((host) => this.#ask(host))
  }

  #ask(host: string): Promise<void> {
    const now = performance.now()
    let known = this.#known.get(host)
    if (known === undefined) {
      known = { log: undefined, until: 0 }
      this.#known.set(host, known)
    }
    if (known.asking === undefined && known.until < now) known.asking = this.#learnAt(host, known)
    return known.asking ?? Promise.resolve()
  }

  async #learnAt(host: string, known: Known): Promise<void> {
    try {
      known.log = await logOf(this.#transport, this.#table, host)
      known.until = performance.now() + KNOWN_MS
    } catch {
      known.until = performance.now() + FAILED_MS // nothing is shared with a host of which nothing is known
    }
    known.asking = undefined
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Undefined where nothing tells it from others. */
async function logOf(transport: Transport, table: TableName, host: string): Promise<string | undefined> {
  if (transport.kind === 'file') return undefined
  const end = new Deadline(undefined, ASKING_MS)
  try {
    return await askLog(transport, table, host, end.signal)
  } finally {
    end.end()
  }
}

async function askLog(
  transport: Transport,
  table: TableName,
  host: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ask = async (sql: string) => (await transport.query(sql, { hosts: [host], endsWithClose: true, signal }))[0]
  const ofReplicas = `FROM system.replicas WHERE ${inTable(table, 'table')}`
  let row: Record<string, unknown> | undefined
  try {
    row = await ask(
      `SELECT engine, uuid, data_paths, [toString(serverUUID()), hostName()] AS server, (SELECT any(zookeeper_path) ${ofReplicas}) AS path FROM system.tables WHERE ${inTable(table, 'name')}`,
    )
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    row = await ask(`SELECT zookeeper_path AS path ${ofReplicas}`) // 18.16
  }
  if (row === undefined) return undefined
  const { engine, uuid, data_paths: paths, server, path } = row
  if (path) return `replicated ${path}`
  if (String(engine).startsWith('Shared')) return `shared ${uuid}`
  return Array.isArray(paths) && paths.length > 0 ? `of ${JSON.stringify([server, paths])}` : undefined
}
