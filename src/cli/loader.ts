// The load itself: files → records → rows → one statement, with an account of every row.
//
//   read      records seen, the header and empty lines aside
//   refused   records that are no row of this table; with --on-error skip they go to --rejects and the load goes on
//   accepted  rows that a statement took; each ends as acknowledged, rejected by the server, unknown or not sent

import { EncodeError, EngineError, type SluiceError, StorageError, UsageError } from '../errors.ts'
import type { Connection, Row, Statement } from '../index.ts'
import { quoteIdentifier } from '../statement/quote.ts'
import type { Column } from '../types/node.ts'
import { type Filled, matchColumns } from './columns.ts'
import { fieldConverter, jsonConverter } from './convert.ts'
import { describeError } from './exit.ts'
import { openSource, type Source } from './input/source.ts'
import type { LoadOptions } from './load-options.ts'
import { type Position, Positions } from './positions.ts'
import type { ProgressState } from './progress.ts'
import { Rejects } from './rejects.ts'

/** What the loader says while it works. */
export interface Reporter {
  message(text: string): void
}

export interface LoadResult {
  /** 'stopped': at a refused record, or where an input is damaged. */
  outcome: 'loaded' | 'stopped' | 'interrupted' | 'failed'
  /** What stopped it, and the file and line of the record if it was one. */
  error?: unknown
  at?: string
  /** Rows the server has. */
  acknowledged: number
  /** Rows whose answer was lost: the server has them or not. */
  unknown: number
  /** Accepted rows that the server does not have. */
  undelivered: number
  /** Acknowledged rows behind the place to resume from. */
  ahead: number
  refused: number
  read: number
  bytesRead: number
  blocks: number
  retries: number
  /** Where to go on; absent when everything was loaded. */
  resume?: Position
}

/** After an interruption, what is under way has this long to be acknowledged. */
const GRACE_MS = 5_000
/** Messages about refused records on the screen; the errors file has all of them. */
const MESSAGES_SHOWN = 10

export class Loader {
  readonly #connection: Connection
  readonly #options: LoadOptions
  readonly #reporter: Reporter
  readonly #rejects: Rejects | undefined
  readonly #abort = new AbortController()
  #statement: Statement | undefined
  #columnNames = ''
  #positions = new Positions()
  /** Of statements that are over. */
  readonly #finished = { accepted: 0, acknowledged: 0, blocks: 0, retries: 0 }
  #source: Source | undefined
  #next: Position
  #bytesDone = 0
  #read = 0
  #refused = 0
  #isInterrupted = false
  #stoppedAt: string | undefined

  constructor(connection: Connection, options: LoadOptions, reporter: Reporter) {
    this.#connection = connection
    this.#options = options
    this.#reporter = reporter
    this.#rejects = options.rejects === undefined ? undefined : new Rejects(options.rejects)
    this.#next = { fileIndex: 0, record: options.skipRows }
  }

  /**
   * Loads every file; never throws once rows may have been sent.
   * @param columns  the table's columns
   * @param first    the first file, where it was opened already
   */
  async run(columns: readonly Column[], first: Source | undefined): Promise<LoadResult> {
    const result = await this.#outcome(async () => {
      for (const [i, path] of this.#options.files.entries()) {
        this.#next = { fileIndex: i, record: i === 0 ? this.#options.skipRows : 0 }
        const source = i === 0 && first ? first : await openSource(path, this.#options)
        const stoppedBy = await this.#loadSource(source, i, columns)
        if (stoppedBy !== undefined || this.#isInterrupted) return stoppedBy
      }
    })
    this.#rejects?.close()
    return result
  }

  get progress(): ProgressState {
    const { bytesTotal } = this.#options
    return { rows: this.#accepted, bytesRead: this.#bytesDone + (this.#source?.input.bytesRead ?? 0), bytesTotal }
  }

  /** Stops reading; what was read is sent, for a few seconds. */
  interrupt(): void {
    this.#isInterrupted = true
    this.#source?.input.close()
    setTimeout(() => this.#abort.abort(new Error('interrupted')), GRACE_MS).unref()
  }

  /** The account as of now. */
  account(outcome: LoadResult['outcome'], error?: unknown): LoadResult {
    const stats = this.#statement?.stats
    const end = this.#positions.acknowledgedEnd
    const isAllIn = (stats?.accepted ?? 0) === end
    return {
      outcome,
      ...(error === undefined ? {} : { error, at: this.#stoppedAt }),
      acknowledged: this.#finished.acknowledged + (stats?.acknowledged ?? 0),
      unknown: (stats?.unknown ?? 0) + (stats?.sent ?? 0),
      undelivered: stats ? stats.staged + stats.sealed + stats.rejected : 0,
      ahead: this.#positions.acknowledgedAhead,
      refused: this.#refused,
      read: this.#read,
      bytesRead: this.progress.bytesRead,
      blocks: this.#finished.blocks + (stats?.blocks ?? 0),
      retries: this.#finished.retries + (stats?.retries ?? 0),
      ...(outcome === 'loaded' ? {} : { resume: isAllIn ? this.#next : this.#positions.at(end) }),
    }
  }

  get #accepted(): number {
    return this.#finished.accepted + (this.#statement?.stats.accepted ?? 0)
  }

  async #outcome(load: () => Promise<unknown>): Promise<LoadResult> {
    let stoppedBy: unknown
    try {
      stoppedBy = await load()
    } catch (error) {
      if (this.#read === 0) throw error
      stoppedBy = error
    }
    try {
      // What was read before the load stopped is good, whatever stopped it.
      await this.#finishStatement()
    } catch (error) {
      if (this.#isInterrupted) return this.account('interrupted')
      return this.account('failed', stoppedBy instanceof EngineError ? stoppedBy : error)
    }
    if (this.#isInterrupted) return this.account('interrupted')
    return stoppedBy === undefined ? this.account('loaded') : this.account('stopped', stoppedBy)
  }

  /** @returns the error of the record that stopped the load */
  async #loadSource(source: Source, fileIndex: number, all: readonly Column[]): Promise<unknown> {
    this.#source = source
    const skip = this.#next.record
    const filled = matchColumns(
      this.#options.tableName,
      source,
      this.#options.columns,
      all,
      this.#options.ignoreUnknown,
    )
    const statement = await this.#statementFor(source, filled)
    const convert = this.#converterFor(source, filled)
    this.#positions.mark(statement.stats.accepted, fileIndex, skip)
    let record = 0
    for await (const { texts, lines, valid } of source.batches) {
      for (let i = 0; i < texts.length; i++) {
        const text = texts[i]!
        if ((text === '' && !source.hasEmptyRows) || record++ < skip) continue
        this.#read++
        try {
          if (!valid && !text.isWellFormed()) throw notUtf8()
          const pause = execSurely(statement, convert(text))
          this.#next.record = record
          if (pause) await pause
        } catch (error) {
          if (!isRefusal(error)) throw error
          const place = { file: source.input.name, line: lines[i]!, record }
          if (!this.#refuse(error, text, source, place)) return error
          this.#next.record = record
          this.#positions.mark(statement.stats.accepted, fileIndex, record)
        }
        if (this.#isInterrupted) return
      }
    }
    this.#bytesDone += source.input.bytesRead
    this.#source = undefined
    return
  }

  /** @returns false when the load stops here */
  #refuse(
    error: SluiceError,
    text: string,
    source: Source,
    place: { file: string; line: number; record: number },
  ): boolean {
    this.#refused++
    const at = `${place.file}:${place.line}`
    if (this.#rejects !== undefined && this.#refused <= this.#options.maxErrors) {
      const column = error instanceof EncodeError ? error.column : undefined
      this.#rejects.add(text, source.headerText, {
        ...place,
        code: error.code,
        ...(column === undefined ? {} : { column }),
        message: describeError(error),
      })
      if (this.#refused <= MESSAGES_SHOWN) this.#reporter.message(`${at}: ${describeError(error)}`)
      if (this.#refused === MESSAGES_SHOWN)
        this.#reporter.message(`further refused rows are only listed in ${this.#options.rejects}.errors.ndjson`)
      return true
    }
    this.#stoppedAt = at
    return false
  }

  #converterFor(source: Source, { columns, fields: positions }: Filled): (text: string) => object {
    if (source.fields === undefined) return jsonConverter(columns, this.#options)
    const { fields: parse, names } = source
    const convert = fieldConverter(columns, this.#options, positions)
    const width = names?.length ?? 0
    return (text) => {
      const fields = parse(text)
      if (fields.length !== width) throw wrongArity(fields.length, width, text === '')
      return convert(fields)
    }
  }

  /** One statement for all files that fill the same columns. */
  async #statementFor(source: Source, { columns }: Filled): Promise<Statement> {
    const { table, statement: options } = this.#options
    const isListed = source.names !== undefined || this.#options.columns !== undefined
    const names = isListed ? columns.map(({ name }) => quoteIdentifier(name)).join(', ') : ''
    if (this.#statement && names === this.#columnNames) return this.#statement
    await this.#finishStatement()
    this.#columnNames = names
    this.#positions = new Positions()
    const statement = await this.#connection.prepare(`INSERT INTO ${table}${names === '' ? '' : ` (${names})`}`, {
      ...options,
      signal: this.#abort.signal,
    })
    const positions = this.#positions
    statement.on('block', ({ state, firstRow, rowCount }) => {
      if (state === 'acknowledged') positions.acknowledge(firstRow, rowCount)
    })
    this.#statement = statement
    return statement
  }

  async #finishStatement(): Promise<void> {
    const statement = this.#statement
    if (statement === undefined) return
    await statement.commit()
    const { accepted, acknowledged, blocks, retries } = statement.stats
    this.#finished.accepted += accepted
    this.#finished.acknowledged += acknowledged
    this.#finished.blocks += blocks
    this.#finished.retries += retries
    this.#statement = undefined
    this.#positions = new Positions()
  }
}

/**
 * exec(), also in the one case where it has no room: the flush timer sealed the last free block since the row before, and this
 * row cannot share a block with the staged ones.
 */
function execSurely(statement: Statement, row: object): Promise<void> | undefined {
  try {
    return statement.exec(row as Row)
  } catch (error) {
    if (!(error instanceof UsageError && error.code === 'BACKPRESSURE')) throw error
    return statement.flush().then(() => statement.exec(row as Row))
  }
}

/** About one record: the load can go on without it. */
function isRefusal(error: unknown): error is SluiceError {
  return error instanceof EncodeError || (error instanceof StorageError && error.code === 'BAD_INPUT')
}

function notUtf8(): StorageError {
  return new StorageError('BAD_INPUT', 'the line is not valid UTF-8', {
    hint: 'Convert the file first: iconv -f ISO-8859-1 -t UTF-8 file',
  })
}

function wrongArity(count: number, width: number, isEmpty: boolean): StorageError {
  const hint = isEmpty
    ? undefined
    : count > width
      ? 'A field that holds the delimiter must be quoted. Is --delimiter right?'
      : 'Is --delimiter right?'
  return new StorageError('BAD_INPUT', `${count} field${count === 1 ? '' : 's'} where ${width} columns are expected`, {
    hint,
  })
}
