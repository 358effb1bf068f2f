import type { TypeNode } from '../../../types/node.ts'
import { parseType } from '../../../types/parse.ts'
import type { Head } from '../head.ts'
import { type ByteStream, readUint64, type Steps } from '../stream.ts'

/** Walks over the data of `count` values, of which there is at least one, and copies the first `keep` of them into the head. */
export type Walk = (count: number, keep: number) => Steps

/** Walks over the prefixes of an inner column. */
export type Open = (node: TypeNode) => Steps<Walk>

/** Columns one after the other, of equally many values. */
export function both(walks: readonly Walk[]): Walk {
  return function* (count, keep) {
    for (const walk of walks) yield* walk(count, keep)
  }
}

/** As many columns, all alike: there may be millions of them, of which the bytes know nothing yet. */
export function repeated(times: number, walk: Walk): Walk {
  return function* (count, keep) {
    for (let i = 0; i < times; i++) yield* walk(count, keep)
  }
}

export function fixed(stream: ByteStream, head: Head | undefined, width: number): Walk {
  return function* (count, keep) {
    // The head comes first: of a column that is cut off, it may be whole.
    const start = stream.offset
    yield* stream.skip(keep * width, head)
    stream.expect(count, width, `values of ${width} bytes`, start)
    yield* stream.skip((count - keep) * width)
  }
}

export function strings(stream: ByteStream, head: Head | undefined): Walk {
  return function* (count, keep) {
    const start = stream.offset
    yield* stream.strings(keep, head)
    stream.expect(count, 1, 'strings', start)
    yield* stream.strings(count - keep)
  }
}

export function array(stream: ByteStream, head: Head | undefined, walkElements: Walk): Walk {
  return function* (count, keep) {
    stream.expect(count, 8, 'array offsets')
    let last = 0
    let keepElements = 0
    for (let i = 0; i < count; ) {
      const bytes = yield* stream.some((count - i) * 8, 8)
      const start = stream.offset - bytes.length
      for (let at = 0; at < bytes.length; at += 8, i++) {
        const end = readUint64(bytes, at)
        if (end < last) throw stream.bad(`array offset ${end} after ${last}`, start + at)
        last = end
        if (i < keep) {
          head!.uint64(end)
          keepElements = end
        }
      }
    }
    if (last > 0) yield* walkElements(last, keepElements)
  }
}

export function* openAll(nodes: readonly TypeNode[], open: Open): Steps<Walk[]> {
  const walks: Walk[] = []
  for (const node of nodes) walks.push(yield* open(node))
  return walks
}

/** A type's name, and what it says. */
export function* readType(stream: ByteStream): Steps<{ name: string; node: TypeNode }> {
  const start = stream.offset
  const name = yield* stream.text()
  try {
    return { name, node: parseType(name) }
  } catch (error) {
    throw stream.bad((error as Error).message.split('\n')[0]!, start)
  }
}
