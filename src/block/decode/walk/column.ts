// One column, walked over. The pictures of the bytes stand where they are decoded, in the files of the same names one folder up.

import { SchemaError } from '../../../errors.ts'
import { formatType } from '../../../types/format.ts'
import { geoStructure } from '../../../types/geo.ts'
import type { TypeNode } from '../../../types/node.ts'
import { fixedWidth } from '../fixed.ts'
import type { Head } from '../head.ts'
import { bitPlanes } from '../qbit.ts'
import type { ByteStream, Steps } from '../stream.ts'
import { openDynamic } from './dynamic.ts'
import { openJson } from './json.ts'
import { openLowCardinality } from './low-cardinality.ts'
import { array, both, fixed, type Open, openAll, repeated, strings, type Walk } from './parts.ts'
import { openVariant } from './variant.ts'

const LEVELS_MAX = 256

/** Walks over a column's prefixes; returns what walks over its data. A column of no values has no data. */
export function openWalk(stream: ByteStream, head: Head | undefined, node: TypeNode, level = 0): Steps<Walk> {
  if (level > LEVELS_MAX) throw stream.bad(`types nested deeper than ${LEVELS_MAX} levels`)
  return openType(stream, head, node, (inner) => openWalk(stream, head, inner, level + 1))
}

function* openType(stream: ByteStream, head: Head | undefined, node: TypeNode, open: Open): Steps<Walk> {
  switch (node.name) {
    case 'String':
      return strings(stream, head)
    case 'Nullable': {
      const nullMap = fixed(stream, head, 1)
      return both([nullMap, yield* open(node.inner)])
    }
    case 'Array':
      return array(stream, head, yield* open(node.inner))
    case 'Nested':
      return array(stream, head, yield* openType(stream, head, { name: 'Tuple', elements: node.elements }, open))
    case 'Tuple': {
      if (node.elements.length === 0) return fixed(stream, head, 1)
      return both(
        yield* openAll(
          node.elements.map(({ type }) => type),
          open,
        ),
      )
    }
    case 'Map':
      return array(stream, head, both(yield* openAll([node.key, node.value], open)))
    case 'LowCardinality':
      return yield* openLowCardinality(stream, head, node.inner, open)
    case 'SimpleAggregateFunction':
      return yield* open(node.args[0]!)
    case 'Variant':
      return yield* openVariant(stream, head, node.alternatives, open)
    case 'Dynamic':
      return yield* openDynamic(stream, head, open)
    case 'JSON':
      return yield* openJson(stream, head, node.parameters, open)
    case 'QBit': {
      const { bits, planeBytes, groups } = bitPlanes(node.element, node.dimension, node.stride)
      return repeated(bits * groups, fixed(stream, head, planeBytes))
    }
    case 'AggregateFunction':
      throw new SchemaError(
        'UNSUPPORTED_TYPE',
        `byte ${stream.offset} (${stream.place}): the states of ${node.function} cannot be told apart`,
        {
          type: formatType(node),
          hint: 'Only the server knows the length of a state; finalizeAggregation() turns states into values.',
        },
      )
    default: {
      const structure = geoStructure(node)
      return structure === undefined ? fixed(stream, head, fixedWidth(node)) : yield* open(structure)
    }
  }
}
