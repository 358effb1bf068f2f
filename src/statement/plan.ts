import type { BlockBuilder } from '../block/builder.ts'
import type { BlockTarget } from '../engine/block.ts'
import type { EngineOptions } from '../engine/engine.ts'
import type { Logger } from '../transport/transport.ts'
import type { SchemaGuard } from './schema-guard.ts'

/** What prepare() decided once for a statement. */
export interface StatementPlan {
  /** `` `db`.`table` ``, for messages. */
  readonly name: string
  readonly builder: BlockBuilder
  readonly engine: Pick<EngineOptions, 'transport' | 'retry' | 'concurrency'>
  /** Undefined for a file. */
  readonly guard?: SchemaGuard
  readonly engineUuid: string
  /** Where a block with these columns goes. */
  readonly targetOf: (columnNames: readonly string[], nullsAsDefault: boolean) => BlockTarget
  readonly blockBytes: number
  readonly flushInterval: number
  readonly maxPendingBlocks: number
  readonly holdUntilCommit: boolean
  readonly holdBytesMax: number
  readonly warnings: readonly string[]
  readonly signal?: AbortSignal
  readonly logger?: Logger
}
