import type { TypeNode } from './node.ts'

const plain = (name: 'Point' | 'Ring' | 'LineString' | 'MultiLineString' | 'Polygon' | 'MultiPolygon'): TypeNode => ({
  name,
})
const arrayOf = (inner: TypeNode): TypeNode => ({ name: 'Array', inner })
const float64: TypeNode = { name: 'Float64' }

const STRUCTURES: Record<string, TypeNode> = {
  Point: { name: 'Tuple', elements: [{ type: float64 }, { type: float64 }] },
  Ring: arrayOf(plain('Point')),
  LineString: arrayOf(plain('Point')),
  MultiLineString: arrayOf(plain('LineString')),
  Polygon: arrayOf(plain('Ring')),
  MultiPolygon: arrayOf(plain('Polygon')),
  Geometry: {
    name: 'Variant',
    alternatives: [
      plain('LineString'),
      plain('MultiLineString'),
      plain('MultiPolygon'),
      plain('Point'),
      plain('Polygon'),
      plain('Ring'),
    ],
  },
}

/** What a geo type is made of, one step down (`Ring` → `Array(Point)`); undefined for every other type. */
export function geoStructure(node: TypeNode): TypeNode | undefined {
  return STRUCTURES[node.name]
}
