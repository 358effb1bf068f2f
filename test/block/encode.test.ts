import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { encodeBlock } from '../../src/native.ts'
import type { TypeNode } from '../../src/types/node.ts'
import { parseType } from '../../src/types/parse.ts'
import { loadAllVectors, loadBlockVectors, rowsOfBlock, type Vector } from '../support/vectors.ts'

/** Types this encoder has; the golden vectors hold more. */
function isEncoded(node: TypeNode): boolean {
  switch (node.name) {
    case 'Nullable':
    case 'LowCardinality':
    case 'Array':
      return isEncoded(node.inner)
    case 'Map':
      return isEncoded(node.key) && isEncoded(node.value)
    case 'Tuple':
    case 'Nested':
      return node.elements.every(({ type }) => isEncoded(type))
    default:
      return !/^(Variant|Dynamic|JSON|QBit|.*AggregateFunction|Nothing|Point|Ring|.*LineString|.*Polygon|Geometry|Interval.*)$/.test(
        node.name,
      )
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const vectors: Vector[] = loadAllVectors().filter(({ type }) => isEncoded(parseType(type)))

describe('every golden vector of an encoded type comes out as the engine wrote it', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const block = encodeBlock(
      [{ name: 'c', type: vector.headerType }],
      vector.rows.map((value) => [value]),
    )
    if (vector.native) expect(Buffer.from(block).toString('hex')).toBe(Buffer.from(vector.native).toString('hex'))
    else expect([block.byteLength, sha256(block)]).toEqual([vector.nativeLength, vector.nativeSha256])
  })
})

describe('blocks of several columns come out as the engine wrote them', () => {
  const encoded = loadBlockVectors().filter(({ columns }) => columns.every(({ type }) => isEncoded(parseType(type))))
  it.each(encoded.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const bytes = vector.blocks.map((block) => Buffer.from(encodeBlock(vector.columns, rowsOfBlock(block))))
    expect(Buffer.concat(bytes).toString('hex')).toBe(Buffer.from(vector.native).toString('hex'))
  })
})
