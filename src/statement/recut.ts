// The rows of a block that its table does not take any more, in blocks for the columns that the table has now.

import { BLOCK_FULL, type BlockBuilder, SEAL_FIRST } from '../block/builder.ts'
import { decodeBlocks } from '../block/decode.ts'
import type { SealedBytes } from '../block/sealed.ts'
import type { Block } from '../engine/block.ts'
import { EncodeError, SchemaError } from '../errors.ts'
import { encodeBlock } from '../native.ts'
import { PREPARE_AGAIN } from './schema-drift.ts'

/**
 * Stages the rows of a sealed block in `builder`, and seals that: other bytes, so other blocks, for other tokens. The event
 * loop stands still meanwhile.
 *
 * @param refusal  why the block is not taken
 * @throws {SchemaError}  SCHEMA_CHANGED: a value does not fit its column, or it is not certain that the rows are the same
 */
export function recut(block: Block, refusal: SchemaError, builder: BlockBuilder): SealedBytes[] {
  try {
    const sealed = stageAgain(block, builder)
    if (sealed !== undefined) return sealed
  } catch (fault) {
    if (!(fault instanceof EncodeError)) throw cannotFollow(refusal, describeFault(fault), fault)
    const { row, column, type } = fault
    throw cannotFollow(refusal, `The value of row ${row} does not fit ${JSON.stringify(column)} ${type}`, fault)
  }
  throw cannotFollow(refusal, 'Its rows cannot be read back without loss')
}

function stageAgain(block: Block, builder: BlockBuilder): SealedBytes[] | undefined {
  const bytes = block.plainBytes
  const [decoded, ...more] = decodeBlocks(bytes)
  if (decoded === undefined || more.length > 0) return undefined
  // What was read right gives the same bytes again. (A Dynamic, say, comes back without the type of its number.)
  if (Buffer.compare(encodeBlock(decoded.columns, decoded.rows), bytes) !== 0) return undefined

  const types = new Map(block.columns?.map(({ name, type }) => [name, type]))
  const readers = decoded.columns.map(({ name, type }, index) => ({ name, index, omits: types.get(name) !== type }))
  const sealed: SealedBytes[] = []
  for (const [offset, values] of decoded.rows.entries()) {
    const row: Record<string, unknown> = Object.create(null)
    for (const { name, index, omits } of readers) {
      // A column that travels as Nullable and is not says NULL for a value that was left out.
      if (!omits || values[index] !== null) row[name] = values[index]
    }
    const rowIndex = block.rows.indexOf(offset)
    let result = builder.stage(row, rowIndex)
    if (result === SEAL_FIRST) {
      sealed.push(builder.seal())
      result = builder.stage(row, rowIndex)
    }
    if (result === BLOCK_FULL) sealed.push(builder.seal())
  }
  if (builder.rowCount > 0) sealed.push(builder.seal())
  return sealed
}

function describeFault(fault: unknown): string {
  return `Its rows could not be staged again (${fault instanceof Error ? fault.name : typeof fault})`
}

/** The refusal of a block, with what keeps its rows from going again. */
export function cannotFollow(
  { message, table, column, type, cause }: SchemaError,
  why: string,
  fault?: unknown,
): SchemaError {
  return new SchemaError('SCHEMA_CHANGED', `${message.split('\n', 1)[0]}. ${why}`, {
    table,
    column,
    type,
    hint: PREPARE_AGAIN,
    cause: cause ?? fault,
  })
}
