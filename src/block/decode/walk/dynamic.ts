import type { TypeNode } from '../../../types/node.ts'
import { indexBytes, sortWithShared } from '../dynamic.ts'
import type { Head } from '../head.ts'
import type { ByteStream, Steps } from '../stream.ts'
import { type Open, openAll, readType, type Walk } from './parts.ts'
import { Codes, openVariant } from './variant.ts'

export function* openDynamic(stream: ByteStream, head: Head | undefined, open: Open): Steps<Walk> {
  const version = yield* stream.uint64()
  if (version < 1 || version > 3) throw stream.bad(`Dynamic version ${version}`, stream.offset - 8)
  head?.uint64(version)
  if (version === 1) {
    const maxTypes = yield* stream.varint()
    head?.varint(maxTypes)
  }
  const typeCount = yield* stream.varint()
  stream.expect(typeCount, 1, 'types of a Dynamic')
  if (version < 3 && typeCount > 254) throw stream.bad(`a Dynamic of ${typeCount} types`)
  head?.varint(typeCount)
  const types: TypeNode[] = []
  for (let i = 0; i < typeCount; i++) {
    const { name, node } = yield* readType(stream)
    head?.text(name)
    types.push(node)
  }
  if (version < 3) return yield* openVariant(stream, head, sortWithShared(types), open)
  const walks = yield* openAll(types, open)
  return function* (count, keep) {
    const codes = new Codes(stream, head, keep, walks, walks.length)
    yield* codes.plain(count, indexBytes(walks.length))
    yield* codes.values()
  }
}
