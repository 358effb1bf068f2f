import { formatType } from './format.ts'
import type { TypeNode } from './node.ts'

/**
 * The alternatives of a Variant in the order of their discriminators: by canonical name, bytewise, each once. A Variant
 * node from parseType() has them in this order already.
 */
export function sortAlternatives(alternatives: readonly TypeNode[]): TypeNode[] {
  const byName = new Map(alternatives.map((node) => [formatType(node), node]))
  return [...byName].sort(([a], [b]) => compareBytewise(a, b)).map(([, node]) => node)
}

/** Order of the UTF-8 bytes, which above U+FFFF is not the order of JavaScript's string comparison. */
export function compareBytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
