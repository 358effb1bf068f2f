import { describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import * as vectors from '../support/vectors.ts'

describe('decodeBlocks: every block the engine wrote gives the rows that were inserted', () => {
  for (const file of vectors.VECTOR_FILES) {
    if (file === 'aggregate_states') continue
    for (const vector of vectors.loadVectors(file)) {
      if (vector.native === undefined) continue
      it(vector.name, () => {
        const [block] = decodeBlocks(vector.native!)
        expect(block!.columns).toStrictEqual([{ name: 'c', type: vector.headerType }])
        expect(block!.rows).toStrictEqual(vector.rows.map((value) => [vectors.asDecoded(vector.type, value)]))
      })
    }
  }
})
