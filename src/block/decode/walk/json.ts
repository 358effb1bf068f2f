import type { JsonParameter, TypeNode } from '../../../types/node.ts'
import type { Head } from '../head.ts'
import type { ByteStream, Steps } from '../stream.ts'
import { array, both, type Open, openAll, strings, type Walk } from './parts.ts'

const DYNAMIC: TypeNode = { name: 'Dynamic' }

export function* openJson(
  stream: ByteStream,
  head: Head | undefined,
  parameters: readonly JsonParameter[],
  open: Open,
): Steps<Walk> {
  const version = yield* stream.uint64()
  if (version > 3) throw stream.bad(`JSON version ${version}`, stream.offset - 8)
  head?.uint64(version)
  if (version === 1) return strings(stream, head)
  if (version === 0) {
    const maxPaths = yield* stream.varint()
    head?.varint(maxPaths)
  }
  const pathCount = yield* stream.varint()
  stream.expect(pathCount, 1, 'paths')
  head?.varint(pathCount)
  for (let i = 0; i < pathCount; i++) {
    const path = yield* stream.text()
    head?.text(path)
  }
  const typed = parameters.flatMap((parameter) => ('path' in parameter ? [parameter.type] : []))
  const walks = yield* openAll(typed, open)
  for (let i = 0; i < pathCount; i++) walks.push(yield* open(DYNAMIC))
  if (version !== 3) {
    const walkStrings = strings(stream, head)
    walks.push(array(stream, head, both([walkStrings, walkStrings])))
  }
  return both(walks)
}
