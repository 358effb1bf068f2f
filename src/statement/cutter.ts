// Which rows of a refused block the server does not take: the block is cut by halves until they stand alone.
//
//   0────────────────1000   refused             token
//   0──────500  500──1000   stored, refused     token/0-500     token/500-1000
//            500─750─1000   refused, stored     token/500-750   token/750-1000
//            …        750
//                612        refused: onReject   token/612-613
//
// A bad row among 65,536 takes 32 inserts more. Pieces are blocks of their own, with tokens that follow from the block's and from
// their rows alone, and never change either.

import type { Framer } from '../block/framer.ts'
import { EncodedBlock } from '../block/gather/block.ts'
import { Output } from '../block/gather/output.ts'
import { Ranges } from '../block/gather/ranges.ts'
import type { Block } from '../engine/block.ts'
import { isAboutRows } from '../engine/classify.ts'
import type { DeliveryEnd } from '../engine/deliver-block.ts'
import type { Recourse } from '../engine/engine.ts'
import type { ServerError } from '../errors.ts'
import type { Logger } from '../transport/transport.ts'
import { type RejectedRow, rejectedRow } from './rejected.ts'

export interface CutterOptions {
  /** For messages. */
  readonly name: string
  readonly onReject: (rejected: RejectedRow) => unknown
  readonly framer?: Framer
  readonly logger?: Logger
}

/**
 * Where so many rows of a block are bad, it is not the rows: then what is left stays as it is. Each may cost a part per halving in
 * the table, and at 3,000 of them (`parts_to_throw_insert`) a server refuses everybody.
 */
export const REJECTED_MAX = 100

/** The block that was cut first. */
interface Whole {
  readonly token: string
  rejectedCount: number
}

export class Cutter {
  readonly #options: CutterOptions
  /** Where the pieces come from. */
  readonly #pieces = new WeakMap<Block, { readonly whole: Whole; readonly from: number }>()

  constructor(options: CutterOptions) {
    this.#options = options
  }

  isPiece(block: Block): boolean {
    return this.#pieces.has(block)
  }

  /** What becomes of a block that was refused, and of which nothing is stored; undefined where it is not about its rows. */
  async refused(block: Block, end: DeliveryEnd): Promise<Recourse | undefined> {
    const { error } = end
    if (!isAboutRows(error)) return undefined
    const { whole, from } = this.#pieces.get(block) ?? { whole: { token: block.token, rejectedCount: 0 }, from: 0 }
    if (whole.rejectedCount === REJECTED_MAX) return { ...end, note: TOO_MANY, hint: NOT_THE_ROWS }
    if (block.rowCount > 1) return this.#cut(block, whole, from)
    whole.rejectedCount++
    return await this.#handOver(block, end, error)
  }

  #cut(block: Block, whole: Whole, from: number): Block[] {
    const { framer, logger, name } = this.#options
    const bytes = block.plainBytes
    const encoded = new EncodedBlock(bytes)
    const out = new Output(bytes)
    const middle = Math.ceil(block.rowCount / 2)
    const halves = [
      [0, middle],
      [middle, block.rowCount],
    ].map(([begin, end]) => {
      out.clear()
      encoded.gather(Ranges.of(begin!, end!), out)
      const token = `${whole.token}/${from + begin!}-${from + end!}`
      const half = block.piece(token, begin!, end! - begin!, new Uint8Array(out.made))
      if (block.compressed && framer !== undefined) half.compress(framer)
      this.#pieces.set(half, { whole, from: from + begin! })
      return half
    })
    logger?.info('cut', { table: name, token: block.token, tokens: halves.map(({ token }) => token) })
    return halves
  }

  /** The row is the caller's once onReject() has it. */
  async #handOver(block: Block, end: DeliveryEnd, error: ServerError): Promise<Recourse> {
    try {
      await this.#options.onReject(rejectedRow(block, this.#options.name, error))
      return []
    } catch (thrown) {
      return { ...end, reason: 'callback', error: thrown, hint: CALLBACK }
    }
  }
}

const TOO_MANY = `${REJECTED_MAX} of its rows were refused one by one, and there are more`
const NOT_THE_ROWS = 'More likely the table is wrong, or every row is. takeBlocks() has the rest.'
const CALLBACK = 'The row is in takeBlocks(), with all that is not acknowledged.'
