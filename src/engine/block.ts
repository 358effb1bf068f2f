import { decompress } from '../block/frame.ts'
import type { Framed, Framer } from '../block/framer.ts'
import type { SealedBytes } from '../block/sealed.ts'
import type { Settings } from '../transport/transport.ts'
import type { Column } from '../types/node.ts'
import type { BlockRows } from './block-rows.ts'
import type { Attempt, Trust } from './trust.ts'

/**
 * sealed        never arrived at the server: no attempt was made, or none got there
 * sent          on its way
 * acknowledged  the server has it
 * rejected      the server refused it and stored nothing
 * unknown       an answer was lost: it is stored or not, and only a deduplicating table can take it again safely
 */
export type BlockState = 'sealed' | 'sent' | 'acknowledged' | 'rejected' | 'unknown'

/** What errors, events and summaries say of a block. */
export interface BlockReport {
  readonly token: string
  /**
   * Its rows are those of the statement from this index up to rowEnd. With splitByPartition it may hold `rowCount` of them only, and
   * blocks of the same firstRow and rowEnd the others: those count as acknowledged together.
   */
  readonly firstRow: number
  readonly rowEnd: number
  readonly rowCount: number
  /** As sent: of the frames when compressed. */
  readonly bytes: number
  readonly state: BlockState
  readonly attempts: number
  /** Where the last attempt went; of an unknown block, where it may be stored. Undefined before the first attempt. */
  readonly host: string | undefined
}

/** Where a block goes: the same for all blocks of a statement that hold the same columns. */
export interface BlockTarget {
  readonly database: string
  readonly table: string
  /** `INSERT INTO db.table (a, b) FORMAT Native` */
  readonly sql: string
  readonly settings: Settings
  /** Whether the server knows tokens; the block has one in any case. */
  readonly sendsToken: boolean
  /** The columns of `sql` as the table had them; undefined where nobody knows. */
  readonly columns?: readonly Column[]
  /** What the table promised before the first block; undefined where it was not asked, or did not say. */
  readonly trust?: Trust
  /** Each block has rows of one partition only. */
  readonly isSplit?: boolean
  /** What tells the deduplication log of the table at a host from others; undefined where nobody knows. */
  readonly logAt?: (host: string) => string | undefined
}

/**
 * One INSERT: bytes, rows, settings and token, fixed when it was sealed. A retry sends exactly this, because the server
 * deduplicates by token and never looks at the content: other rows under the same token would vanish.
 */
export interface SealedBlock {
  readonly token: string
  /** As in BlockReport. */
  readonly firstRow: number
  readonly rowEnd: number
  readonly rowCount: number
  readonly database: string
  readonly table: string
  readonly sql: string
  readonly settings: Settings
  /** The Native block, or its frames when `compressed`; empty once acknowledged. */
  readonly bytes: Uint8Array
  readonly compressed: boolean
  readonly state: BlockState
  readonly attempts: number
  /** As in its report. */
  readonly host: string | undefined
}

/** A sealed block as the engine moves it on: only state, attempts and hosts ever change. */
export class Block implements SealedBlock {
  readonly token: string
  readonly rows: BlockRows
  compressed = false
  readonly #target: BlockTarget
  #body: Pick<SealedBytes, 'bytes' | 'release'> | undefined
  #byteLength: number
  /** The server refused its rows, and the caller has them: nothing is left to do. */
  isHandedOver = false
  /** Until it resolves the block is not compressed yet, and must not be sent. */
  framing: Promise<void> | undefined
  #isTaken = false
  state: BlockState = 'sealed'
  attempts = 0
  lastAttempt: Attempt | undefined
  /** The first one whose answer was lost. */
  lostAttempt: Attempt | undefined
  /** How far its table is trusted to recognise it; undefined: not asked yet. */
  trust: Trust | undefined

  constructor(token: string, rows: BlockRows, sealed: Pick<SealedBytes, 'bytes' | 'release'>, target: BlockTarget) {
    this.token = token
    this.rows = rows
    this.#body = sealed
    this.#byteLength = sealed.bytes.length
    this.#target = target
    this.trust = target.trust
  }

  get database(): string {
    return this.#target.database
  }

  get table(): string {
    return this.#target.table
  }

  get host(): string | undefined {
    return (this.lostAttempt ?? this.lastAttempt)?.host
  }

  /** All of its rows, by the key of the table. */
  get isOnePartition(): boolean {
    return this.#target.isSplit === true
  }

  /** The deduplication log that may hold it. */
  get lostLog(): string | undefined {
    return this.lostAttempt && this.#target.logAt?.(this.lostAttempt.host)
  }

  get sql(): string {
    return this.#target.sql
  }

  get columns(): readonly Column[] | undefined {
    return this.#target.columns
  }

  /** With the token among them, where the server knows it. */
  get settings(): Settings {
    const { settings, sendsToken } = this.#target
    return sendsToken ? { ...settings, insert_deduplication_token: this.token } : settings
  }

  get bytes(): Uint8Array {
    return this.#body?.bytes ?? new Uint8Array(0)
  }

  /** The Native block, whether it travels in frames or not. */
  get plainBytes(): Uint8Array {
    return this.compressed ? decompress(this.bytes) : this.bytes
  }

  /** Of the frames once it is compressed. */
  get byteLength(): number {
    return this.#byteLength
  }

  get firstRow(): number {
    return this.rows.firstRow
  }

  get rowEnd(): number {
    return this.rows.rowEnd
  }

  get rowCount(): number {
    return this.rows.count
  }

  /** Acknowledged, or the caller's. */
  get isDone(): boolean {
    return this.state === 'acknowledged' || this.isHandedOver
  }

  /** Some of its rows as a block of its own, for the same insert: `rowCount` of them, from its row `from` on. */
  piece(token: string, from: number, rowCount: number, bytes: Uint8Array): Block {
    return new Block(token, this.rows.slice(from, rowCount), { bytes, release: () => {} }, this.#target)
  }

  /** Gives the buffer back. Only when no attempt can still be reading it: acknowledged, or dropped before it was sent. */
  release(): void {
    const body = this.#body
    this.#body = undefined
    if (this.framing === undefined) body?.release()
  }

  /** Somebody else owns the block from now on: its bytes are what they are. */
  take(): this {
    this.#isTaken = true
    return this
  }

  /** Puts frames in the place of the plain bytes, before anything is sent. */
  compress(framer: Framer): void {
    const plain = this.#body!
    const compressed = (framed: Framed) => {
      this.framing = undefined
      if (this.#body === undefined || this.#isTaken) {
        framed.release()
        if (this.#body === undefined) plain.release()
        return
      }
      plain.release()
      this.#body = framed
      this.#byteLength = framed.bytes.length
      this.compressed = true
    }
    // Without memory for the frames the block goes as it is.
    const failed = () => {
      this.framing = undefined
      if (this.#body === undefined) plain.release()
    }
    this.framing = framer.frame(plain.bytes).then(compressed, failed)
  }

  report(): BlockReport {
    const { token, firstRow, rowEnd, rowCount, byteLength: bytes, state, attempts, host } = this
    return { token, firstRow, rowEnd, rowCount, bytes, state, attempts, host }
  }
}
