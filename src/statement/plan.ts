import type { BlockBuilder } from '../block/builder.ts'
import type { Framer } from '../block/framer.ts'
import type { Splitter } from '../block/partition/splitter.ts'
import type { BlockTarget } from '../engine/block.ts'
import type { EngineOptions } from '../engine/engine.ts'
import type { Observer, Place } from '../engine/observer.ts'
import type { Throttle } from '../engine/throttle.ts'
import type { Logger } from '../transport/transport.ts'
import type { Column } from '../types/node.ts'
import type { StatementOptions } from './options.ts'
import type { SchemaGuard } from './schema-guard.ts'

/** What prepare() decided once for a statement. */
export interface StatementPlan {
  /** `` `db`.`table` ``, for messages. */
  readonly name: string
  readonly table: Place
  readonly columns: readonly Column[]
  /** A builder for the columns, whenever another is needed. */
  readonly newBuilder: () => BlockBuilder
  readonly engine: Pick<
    EngineOptions,
    'transport' | 'retry' | 'concurrency' | 'hosts' | 'recognisers' | 'trust' | 'acceptDuplicates'
  > & {
    readonly observer: Observer
    readonly throttle: Throttle
  }
  /** Undefined for a file. */
  readonly guard?: SchemaGuard
  /** Compresses the blocks, where they travel compressed. */
  readonly framer?: Framer
  /** Makes blocks of one partition each; undefined also where the table has no PARTITION BY. */
  readonly splitter?: Splitter
  readonly engineUuid: string
  /** Where a block with these columns goes. */
  readonly targetOf: (columnNames: readonly string[], nullsAsDefault: boolean) => BlockTarget
  /** With onSchemaChange 'adapt'. */
  readonly adapt?: AdaptPlan
  readonly blockBytes: number
  readonly flushInterval: number
  readonly maxPendingBlocks: number
  readonly holdUntilCommit: boolean
  readonly holdBytesMax: number
  readonly warnings: readonly string[]
  readonly onReject?: StatementOptions['onReject']
  readonly signal?: AbortSignal
  readonly logger?: Logger
}

/** How a statement follows its table. */
export interface AdaptPlan {
  /**
   * The columns to go on with, instead of `was`, where the table has these now; undefined: the same.
   *
   * @throws {SchemaError} SCHEMA_CHANGED where that could lose something, UNSUPPORTED_TYPE
   */
  readonly follow: (was: readonly Column[], table: readonly Column[]) => readonly Column[] | undefined
  /** What makes blocks of other columns. */
  readonly make: (columns: readonly Column[]) => Pick<StatementPlan, 'newBuilder' | 'targetOf'>
}
