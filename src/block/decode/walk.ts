// Native blocks without their values: where each block and each column begins and ends. It walks over types, counts and
// lengths and steps over everything else; the first values of a column are copied into a Head, if one is wanted.

import type { TypeNode } from '../../types/node.ts'
import { type Head, textBytes } from './head.ts'
import type { Steps } from './stream.ts'
import { ByteStream } from './stream.ts'
import { openWalk } from './walk/column.ts'
import { readType } from './walk/parts.ts'

export interface BlockVisitor {
  /** A block begins; `offset` is that of its first byte. */
  block(offset: number, columnCount: number, rowCount: number): void
  /** A column's name and type were read. Returns where its first values go, if they are wanted; never for a block of no rows. */
  column(name: string, type: string, node: TypeNode): Head | undefined
  /** All of it was walked over, and `byteLength` counts name and type too. */
  columnEnd(byteLength: number): void
  blockEnd(byteLength: number): void
}

/** The server's limit. */
const COLUMNS_MAX = 1_000_000

/**
 * Walks over uncompressed Native blocks that follow each other. Memory stays at a few pieces, whatever the size of blocks,
 * columns and values. Structure is checked (counts, lengths, offsets, discriminators), values are not.
 *
 * @param byteLength      of all pieces, where it is known
 * @throws {EngineError}  BAD_BLOCK (a BlockDamage with the offset): cut off or senseless. The visitor has seen all before it.
 * @throws {SchemaError}  UNSUPPORTED_TYPE for AggregateFunction, whose states only the server can tell apart
 */
export async function walkBlocks(
  pieces: AsyncIterator<Buffer>,
  visitor: BlockVisitor,
  byteLength?: number,
): Promise<void> {
  const stream = new ByteStream(byteLength)
  const steps = walk(stream, visitor)
  while (!steps.next().done) {
    const next = await pieces.next()
    if (next.done) stream.end()
    else stream.feed(next.value)
  }
}

function* walk(stream: ByteStream, visitor: BlockVisitor): Steps {
  const headers: Header[] = []
  while (!(yield* stream.isAtEnd())) yield* walkBlock(stream, visitor, headers)
}

/** What stands in front of a column. Most blocks of a stream have the headers of the block before. */
interface Header {
  readonly bytes: Buffer
  readonly name: string
  readonly type: string
  readonly node: TypeNode
  readonly place: string
}

function* walkBlock(stream: ByteStream, visitor: BlockVisitor, headers: Header[]): Steps {
  const start = stream.offset
  stream.place = 'block header'
  const columnCount = yield* stream.varint()
  if (columnCount > COLUMNS_MAX) throw stream.bad(`${columnCount} columns`, start)
  stream.expect(columnCount, 2, 'columns')
  const rowCount = yield* stream.varint()
  if (columnCount === 0) {
    throw stream.bad('a block without columns, which ends the input for the server or inserts rows of defaults', start)
  }
  visitor.block(start, columnCount, rowCount)
  for (let i = 0; i < columnCount; i++) {
    const columnStart = stream.offset
    if (!stream.accept(headers[i]?.bytes)) headers[i] = yield* readHeader(stream, i)
    const { name, type, node, place } = headers[i]!
    stream.place = place
    const head = visitor.column(name, type, node)
    if (rowCount > 0) {
      const walkValues = yield* openWalk(stream, head, node)
      yield* walkValues(rowCount, head?.rowCount ?? 0)
    }
    visitor.columnEnd(stream.offset - columnStart)
  }
  stream.place = 'block header'
  visitor.blockEnd(stream.offset - start)
}

function* readHeader(stream: ByteStream, i: number): Steps<Header> {
  stream.place = `column ${i + 1}`
  const name = yield* stream.text()
  stream.place = `column ${JSON.stringify(name)}`
  const { name: type, node } = yield* readType(stream)
  return {
    bytes: Buffer.concat([textBytes(name), textBytes(type)]),
    name,
    type,
    node,
    place: `${stream.place} ${type}`,
  }
}
