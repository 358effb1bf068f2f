// The floor: what it takes to get at JavaScript strings at all. A thousand at a time are joined and written as Latin-1, their ends
// kept; nothing is parsed.

import { texts } from '../columns-of.mjs'

const BUNCH = 1024

export function create({ type, rowCount }) {
  const { strings, bytes } = texts(type, rowCount)
  const out = Buffer.alloc(bytes.length)
  const ends = new Uint32Array(rowCount)
  return {
    byteLength: bytes.length,
    run() {
      let at = 0
      for (let from = 0; from < rowCount; from += BUNCH) {
        const to = Math.min(from + BUNCH, rowCount)
        let joined = ''
        for (let i = from; i < to; i++) {
          joined += strings[i]
          ends[i] = at + joined.length
        }
        at += out.latin1Write(joined, at)
      }
    },
    check() {
      if (!out.equals(bytes) || ends.at(-1) !== bytes.length) throw new Error(`${type}: other texts`)
      out.fill(0)
    },
  }
}
