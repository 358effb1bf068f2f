import type { TypeNode } from '../../../types/node.ts'
import type { Head } from '../head.ts'
import { indexWidth, keysOf } from '../low-cardinality.ts'
import type { ByteStream, Steps } from '../stream.ts'
import { fixed, type Open, type Walk } from './parts.ts'

export function* openLowCardinality(
  stream: ByteStream,
  head: Head | undefined,
  inner: TypeNode,
  open: Open,
): Steps<Walk> {
  const version = yield* stream.uint64()
  if (version !== 1) throw stream.bad(`LowCardinality version ${version}`, stream.offset - 8)
  head?.uint64(version)
  const walkKeys = yield* open(keysOf(inner).keyType)

  return function* (count, keep) {
    for (let left = count, keepLeft = keep; left > 0; ) {
      const flags = yield* stream.uint64()
      const width = indexWidth(flags)
      if (typeof width === 'string') throw stream.bad(width, stream.offset - 8)
      const keyCount = yield* stream.uint64()
      stream.expect(keyCount, 1, 'dictionary keys')
      const kept = keepLeft > 0 ? head : undefined
      kept?.uint64(flags)
      kept?.uint64(keyCount)
      if (keyCount > 0) yield* walkKeys(keyCount, kept ? keyCount : 0)
      const indexCount = yield* stream.uint64()
      if (indexCount === 0 || indexCount > left) {
        throw stream.bad(`${indexCount} indexes for ${left} rows`, stream.offset - 8)
      }
      const keepHere = Math.min(indexCount, keepLeft)
      kept?.uint64(keepHere)
      yield* fixed(stream, kept, width)(indexCount, keepHere)
      left -= indexCount
      keepLeft -= keepHere
    }
  }
}
