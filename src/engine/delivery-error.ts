import { EngineError, type ErrorCode, SchemaError, ServerError } from '../errors.ts'
import type { BlockReport } from './block.ts'

/**
 * At least one block was not acknowledged. Rows of `acknowledged` blocks are in the table; those of `sealed` and
 * `rejected` blocks are not; those of `unknown` blocks may be. Repeating rows of acknowledged or unknown blocks duplicates
 * them: `takeBlocks()` hands out what is left under its old tokens.
 *
 * Codes: DELIVERY_FAILED (a block was refused, or `retry.attempts` is used up), DEADLINE_EXCEEDED, ABORTED.
 */
export class DeliveryError extends EngineError {
  /** Every block, in the order of its rows (of the acknowledged ones, the last 16,384). */
  readonly blocks: readonly BlockReport[]
  /** Rows that no block held yet when this was thrown: staged, and still there for takeBlocks(). */
  readonly stagedRows: number
  /** ClickHouse's error number and name and the attempt it answered, when the last answer was an exception. */
  readonly serverCode?: number
  readonly serverName?: string
  readonly queryId?: string

  constructor(
    code: ErrorCode,
    message: string,
    options: { blocks: readonly BlockReport[]; stagedRows?: number; hint?: string; cause: unknown },
  ) {
    super(code, message, { hint: options.hint, cause: options.cause })
    this.blocks = options.blocks
    this.stagedRows = options.stagedRows ?? 0
    const said = options.cause instanceof SchemaError ? options.cause.cause : options.cause
    if (said instanceof ServerError) {
      this.serverCode = said.serverCode
      this.serverName = said.serverName
      if (said.queryId !== undefined) this.queryId = said.queryId
    }
  }
}
