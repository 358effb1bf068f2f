// The load itself: files → records → rows → one statement, with an account of every row.
//
//   read      records seen, the header and empty lines aside
//   refused   records that are no row of this table; with --on-error skip they go to --rejects and the load goes on
//   accepted  rows that a statement took; each ends as acknowledged, rejected by the server, unknown or not sent. A rejected one is
//             refused as well where there is a file for it

import type { BlockReport } from '../engine/block.ts'
import { DeliveryError } from '../engine/delivery-error.ts'
import { EncodeError, EngineError, type SluiceError, StorageError, UsageError } from '../errors.ts'
import type { Connection, RejectedRow, Row, Statement } from '../index.ts'
import { quoteIdentifier } from '../statement/quote.ts'
import type { Column } from '../types/node.ts'
import { type Filled, matchColumns } from './columns.ts'
import { Delays } from './delays.ts'
import { describeError } from './exit.ts'
import { type Input, openInput } from './input/open.ts'
import type { RecordBatch } from './input/records.ts'
import { openSource, type Source } from './input/source.ts'
import { KeptRows } from './kept-rows.ts'
import type { LoadOptions } from './load-options.ts'
import { type Position, Positions } from './positions.ts'
import type { ProgressState } from './progress.ts'
import { Rejects } from './rejects.ts'
import { isRefusal, rowReader } from './row-reader.ts'
import type { LoadResult } from './summary.ts'

/** What the loader says while it works. */
export interface Reporter {
  message(text: string): void
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
  readonly #delays = new Delays()
  #statement: Statement | undefined
  #columnNames = ''
  #positions = new Positions()
  /** Where there are rejects. */
  #kept: KeptRows | undefined
  /** Rows of the statement that the server refused, and that are in the rejects. */
  #rejected = 0
  /** Tokens of those among them whose block is not settled yet. */
  readonly #handedOver = new Set<string>()
  /** Of statements that are over. */
  readonly #finished = { accepted: 0, acknowledged: 0, blocks: 0, retries: 0, possibleDuplicates: 0 }
  #input: Input | undefined
  #next: Position
  #bytesDone = 0
  #read = 0
  #refused = 0
  #isInterrupted = false
  #stoppedAt: string | undefined
  /** Blocks of a failed statement that may be stored. */
  #doubtful: readonly BlockReport[] = []
  /** The line of the file's first record, for as long as every record was one line. */
  #firstLine: number | undefined

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
        const source = i === 0 && first ? first : await this.#open(path)
        const stoppedBy = await this.#loadSource(source, i, columns)
        if (stoppedBy !== undefined || this.#isInterrupted) return stoppedBy
      }
    })
    this.#rejects?.close()
    this.#delays[Symbol.dispose]()
    return result
  }

  get progress(): ProgressState {
    const { bytesTotal } = this.#options
    const bytesRead = this.#bytesDone + (this.#input?.bytesRead ?? 0)
    return { rows: this.#accepted, bytesRead, bytesTotal, delay: this.#delays.text }
  }

  /** Stops reading; what was read is sent, for a few seconds. */
  interrupt(): void {
    this.#isInterrupted = true
    this.#input?.close()
    setTimeout(() => this.#abort.abort(new Error('interrupted')), GRACE_MS).unref()
  }

  /** The account as of now. */
  account(outcome: LoadResult['outcome'], error?: unknown): LoadResult {
    const stats = this.#statement?.stats
    const end = this.#positions.acknowledgedEnd
    const isAllIn = (stats?.accepted ?? 0) === end
    const unknown = (stats?.unknown ?? 0) + (stats?.sent ?? 0)
    const doubtfulCount = this.#doubtful.reduce((sum, { rowCount }) => sum + rowCount, 0)
    return {
      outcome,
      ...(error === undefined ? {} : { error, at: this.#stoppedAt }),
      acknowledged: this.#finished.acknowledged + (stats?.acknowledged ?? 0),
      unknown,
      undelivered: stats ? stats.staged + stats.sealed + stats.rejected - this.#rejected : 0,
      ahead: this.#positions.acknowledgedAhead,
      behind: doubtfulCount === unknown ? this.#positions.stretches(this.#doubtful) : [],
      firstLine: this.#firstLine,
      refused: this.#refused,
      read: this.#read,
      bytesRead: this.progress.bytesRead,
      blocks: this.#finished.blocks + (stats?.blocks ?? 0),
      retries: this.#finished.retries + (stats?.retries ?? 0),
      possibleDuplicates: this.#finished.possibleDuplicates + (stats?.possibleDuplicates ?? 0),
      retryCauses: this.#delays.retries,
      waits: this.#delays.waits,
      waitedMs: this.#delays.waitedMs,
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
      if (this.#read === 0 && !this.#isInterrupted) throw error
      stoppedBy = error
    }
    try {
      // What was read before the load stopped is good, whatever stopped it.
      await this.#finishStatement()
    } catch (error) {
      if (error instanceof DeliveryError) this.#doubtful = error.blocks.filter(({ state }) => state === 'unknown')
      if (this.#isInterrupted) return this.account('interrupted')
      const failure = stoppedBy instanceof EngineError ? stoppedBy : error
      // A row that the server refused, and that found no place in the rejects.
      const isRow = failure instanceof DeliveryError && failure.cause instanceof StorageError
      return isRow ? this.account('stopped', failure.cause) : this.account('failed', failure)
    }
    if (this.#isInterrupted) return this.account('interrupted')
    return stoppedBy === undefined ? this.account('loaded') : this.account('stopped', stoppedBy)
  }

  #open(path: string): Promise<Source> {
    this.#input = openInput(path)
    return openSource(this.#input, this.#options)
  }

  /** @returns the error of the record that stopped the load */
  async #loadSource(source: Source, fileIndex: number, all: readonly Column[]): Promise<unknown> {
    this.#input = source.input
    const skip = this.#next.record
    const filled = matchColumns(
      this.#options.tableName,
      source,
      this.#options.columns,
      all,
      this.#options.ignoreUnknown,
    )
    const statement = await this.#statementFor(source, filled)
    const toRow = rowReader(source, filled, this.#options)
    this.#positions.mark(statement.stats.accepted, fileIndex, skip)
    let record = 0
    this.#firstLine = source.headerText === undefined ? 1 : 2
    for await (const batch of source.batches) {
      const { texts, lines, valid } = batch
      if (!isLinePerRecord(batch, this.#firstLine! + record, source)) this.#firstLine = undefined
      for (let i = 0; i < texts.length; i++) {
        // First of all: what an input gives that was closed under way may end inside a record.
        if (this.#isInterrupted) return
        const text = texts[i]!
        if ((text === '' && !source.hasEmptyRows) || record++ < skip) continue
        try {
          const pause = execSurely(statement, toRow(text, valid))
          this.#read++
          this.#next.record = record
          this.#kept?.add(batch, i, record, source)
          if (pause) await pause
        } catch (error) {
          if (!isRefusal(error)) throw error
          const place = { file: source.input.name, line: lines[i]!, record }
          if (!this.#refuse(error, text, source, place)) return error
          this.#next.record = record
          this.#positions.mark(statement.stats.accepted, fileIndex, record)
        }
      }
    }
    if (record < skip && !this.#isInterrupted)
      this.#reporter.message(`${source.input.name} has ${record} rows: --skip-rows ${skip} passed over all of them`)
    this.#bytesDone += source.input.bytesRead
    this.#input = undefined
    return
  }

  /** @returns false when the load stops here */
  #refuse(
    error: SluiceError,
    text: string,
    source: Source,
    place: { file: string; line: number; record: number },
  ): boolean {
    const at = `${place.file}:${place.line}`
    if (this.#rejects !== undefined && this.#refused < this.#options.maxErrors) {
      const column = error instanceof EncodeError ? error.column : undefined
      const { code } = error
      const message = describeError(error)
      this.#rejects.add(text, source.headerText, {
        ...place,
        code,
        ...(column === undefined ? {} : { column }),
        message,
      })
      // Only now: a row that is not in the rejects file must not be passed over when the load is resumed.
      this.#read++
      this.#count(at, message)
      return true
    }
    this.#read++
    this.#refused++
    this.#stoppedAt = at
    return false
  }

  /** The server does not take a row. @throws what ends the load */
  readonly #rejectRow = ({ rowIndex, token, serverCode, serverName, reason }: RejectedRow): void => {
    const { text, source, line, record } = this.#kept!.at(rowIndex)
    const file = source.input.name
    const message = `ClickHouse exception ${serverCode} ${serverName}: ${reason}`
    if (this.#refused >= this.#options.maxErrors) {
      this.#stoppedAt = `${file}:${line}`
      this.#refused++
      throw new StorageError('BAD_INPUT', message)
    }
    this.#rejects!.add(text, source.headerText, { file, line, record, code: 'SERVER_EXCEPTION', message })
    this.#rejected++
    this.#handedOver.add(token)
    this.#count(`${file}:${line}`, message)
  }

  /** One row more is in the rejects. */
  #count(at: string, message: string): void {
    this.#refused++
    if (this.#refused <= MESSAGES_SHOWN) this.#reporter.message(`${at}: ${message}`)
    if (this.#refused === MESSAGES_SHOWN)
      this.#reporter.message(`further refused rows are only listed in ${this.#options.rejects}.errors.ndjson`)
  }

  /** One statement for all files that fill the same columns. */
  async #statementFor(source: Source, { columns }: Filled): Promise<Statement> {
    const { table, statement: options } = this.#options
    const isListed = source.names !== undefined || this.#options.columns !== undefined
    const names = isListed ? columns.map(({ name }) => quoteIdentifier(name)).join(', ') : ''
    if (this.#statement && names === this.#columnNames) return this.#statement
    await this.#finishStatement()
    this.#columnNames = names
    const statement = await this.#connection.prepare(`INSERT INTO ${table}${names === '' ? '' : ` (${names})`}`, {
      ...options,
      signal: this.#abort.signal,
      ...(this.#rejects && { onReject: this.#rejectRow }),
    })
    const positions = new Positions()
    const kept = this.#rejects && new KeptRows()
    statement.on('block', (report) => {
      if (report.state === 'acknowledged') positions.acknowledge(report)
      else if (this.#handedOver.delete(report.token)) positions.refuse(report)
      kept?.drop(positions.acknowledgedEnd)
    })
    this.#positions = positions
    this.#kept = kept
    this.#rejected = 0
    this.#statement = statement
    return statement
  }

  async #finishStatement(): Promise<void> {
    const statement = this.#statement
    if (statement === undefined) return
    await this.#delays.during(statement.commit())
    const { accepted, acknowledged, blocks, retries, possibleDuplicates } = statement.stats
    this.#finished.accepted += accepted
    this.#finished.acknowledged += acknowledged
    this.#finished.blocks += blocks
    this.#finished.retries += retries
    this.#finished.possibleDuplicates += possibleDuplicates
    this.#statement = undefined
    this.#positions = new Positions()
    this.#rejected = 0
  }
}

/** Whether its records are the lines from that one on. */
function isLinePerRecord({ texts, lines }: RecordBatch, line: number, { hasEmptyRows }: Source): boolean {
  if (texts.length === 0) return true
  const areNext = lines[0] === line && lines.at(-1) === line + texts.length - 1
  return areNext && (hasEmptyRows || !texts.includes(''))
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
