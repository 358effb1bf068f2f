// What ClickHouse refuses to build although the words are right. Only rules whose breach would make an encoder write
// nonsense are here; whether an aggregate function takes these arguments is the server's business.
import { geoStructure } from './geo.ts'
import type { TypeNode } from './node.ts'

/** Why `Nullable(node)` does not exist, or undefined. */
export function whyNotNullable(node: TypeNode): string | undefined {
  switch (node.name) {
    case 'LowCardinality':
      return 'LowCardinality cannot be inside Nullable: write LowCardinality(Nullable(T))'
    case 'SimpleAggregateFunction':
      return whyNotNullable(node.args[0]!)
    case 'Nullable':
    case 'Array':
    case 'Map':
    case 'Nested':
    case 'Variant':
    case 'Dynamic':
    case 'AggregateFunction':
      return `${node.name} cannot be inside Nullable`
    default: {
      const structure = geoStructure(node)
      return structure === undefined || structure.name === 'Tuple'
        ? undefined
        : `${node.name} cannot be inside Nullable`
    }
  }
}

const LOW_CARDINALITY_TYPES =
  /^(U?Int\d+|B?Float\d+|String|FixedString|Bool|Date|Date32|DateTime|Time|UUID|IPv[46]|Interval.+)$/

/** Why `LowCardinality(node)` does not exist, or undefined. */
export function whyNotLowCardinality(node: TypeNode): string | undefined {
  if (node.name === 'SimpleAggregateFunction') return whyNotLowCardinality(node.args[0]!)
  if (node.name === 'Nullable') return whyNotLowCardinality(node.inner)
  if (LOW_CARDINALITY_TYPES.test(node.name)) return undefined
  return `LowCardinality holds numbers, strings, Date, DateTime, Time, UUID and IP addresses, not ${node.name}`
}

/** Why `node` cannot be the key of a Map, or undefined. */
export function whyNotMapKey(node: TypeNode): string | undefined {
  return isNullable(node) ? 'the key of a Map cannot be Nullable' : undefined
}

/** Why `node` cannot be an alternative of a Variant, or undefined. */
export function whyNotAlternative(node: TypeNode): string | undefined {
  if (isNullable(node)) return 'an alternative of a Variant cannot be Nullable: every Variant holds NULL already'
  const isVariant = node.name === 'Variant' || node.name === 'Geometry' || node.name === 'Dynamic'
  return isVariant ? `${node.name} cannot be inside Variant` : undefined
}

function isNullable(node: TypeNode): boolean {
  if (node.name === 'LowCardinality') return isNullable(node.inner)
  if (node.name === 'SimpleAggregateFunction') return isNullable(node.args[0]!)
  return node.name === 'Nullable'
}
