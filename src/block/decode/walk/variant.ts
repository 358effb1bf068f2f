import type { TypeNode } from '../../../types/node.ts'
import type { Head } from '../head.ts'
import type { ByteStream, Steps } from '../stream.ts'
import { type Open, strings, type Walk } from './parts.ts'

const NULL_CODE = 255

/** @param alternatives  in the order of their codes; undefined is the shared column of a Dynamic */
export function* openVariant(
  stream: ByteStream,
  head: Head | undefined,
  alternatives: readonly (TypeNode | undefined)[],
  open: Open,
): Steps<Walk> {
  const mode = yield* stream.uint64()
  if (mode > 1) throw stream.bad(`Variant mode ${mode}`, stream.offset - 8)
  head?.uint64(0) // whose codes are plain
  const walks: Walk[] = []
  for (const node of alternatives) walks.push(node ? yield* open(node) : strings(stream, head))
  return function* (count, keep) {
    const codes = new Codes(stream, head, keep, walks, NULL_CODE)
    if (mode === 0) yield* codes.plain(count, 1)
    else {
      for (let left = count; left > 0; ) {
        const rows = yield* stream.varint()
        if (rows === 0 || rows > left) throw stream.bad(`a granule of ${rows} rows, ${left} are left`)
        const format = yield* stream.byte()
        if (format > 1) throw stream.bad(`granule format ${format}`, stream.offset - 1)
        if (format === 0) yield* codes.plain(rows, 1)
        else codes.add(yield* stream.byte(), rows, 1)
        left -= rows
      }
    }
    yield* codes.values()
  }
}

/** How many rows use each alternative, among all rows and among those that are kept. */
export class Codes {
  readonly #stream: ByteStream
  readonly #head: Head | undefined
  readonly #walks: readonly Walk[]
  readonly #nullCode: number
  readonly #counts: number[]
  readonly #kept: number[]
  #keepLeft: number

  constructor(stream: ByteStream, head: Head | undefined, keep: number, walks: readonly Walk[], nullCode: number) {
    this.#stream = stream
    this.#head = head
    this.#keepLeft = keep
    this.#walks = walks
    this.#nullCode = nullCode
    this.#counts = new Array(walks.length).fill(0)
    this.#kept = new Array(walks.length).fill(0)
  }

  *plain(count: number, width: number): Steps {
    for (let left = count * width; left > 0; ) {
      const bytes = yield* this.#stream.some(left, width)
      for (let at = 0; at < bytes.length; at += width) this.add(bytes.readUIntLE(at, width), 1, width)
      left -= bytes.length
    }
  }

  /** `rowCount` rows of the same code. */
  add(code: number, rowCount: number, width: number): void {
    const isNull = code === this.#nullCode
    if (!isNull && code >= this.#walks.length) {
      throw this.#stream.bad(`discriminator ${code} of ${this.#walks.length} alternatives`)
    }
    if (!isNull) this.#counts[code]! += rowCount
    if (this.#keepLeft === 0) return
    const keep = Math.min(rowCount, this.#keepLeft)
    this.#keepLeft -= keep
    if (!isNull) this.#kept[code]! += keep
    const bytes = Buffer.alloc(width)
    bytes.writeUIntLE(code, 0, width)
    for (let i = 0; i < keep; i++) this.#head!.push(bytes)
  }

  *values(): Steps {
    for (const [i, walk] of this.#walks.entries()) {
      if (this.#counts[i]! > 0) yield* walk(this.#counts[i]!, this.#kept[i]!)
    }
  }
}
