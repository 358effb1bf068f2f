import { describe, expect, it } from 'vitest'
import { Positions } from '../../src/cli/positions.ts'

/** A block of its own. */
const rows = (firstRow: number, rowCount: number) => ({ firstRow, rowCount, rowEnd: firstRow + rowCount })

describe('Positions: where to resume after an acknowledged prefix', () => {
  it('rows are records one to one from a mark on', () => {
    const positions = new Positions()
    positions.mark(0, 0, 100) // --skip-rows 100
    expect(positions.at(0)).toEqual({ fileIndex: 0, record: 100 })
    expect(positions.at(7)).toEqual({ fileIndex: 0, record: 107 })
  })

  it('a refused record shifts the rows behind it, a new file starts its own count', () => {
    const positions = new Positions()
    positions.mark(0, 0, 0)
    positions.mark(5, 0, 6) // record 5 was refused after five rows
    positions.mark(5, 0, 7) // and record 6 too
    positions.mark(9, 1, 0)
    expect([0, 4, 5, 8, 9, 12].map((row) => positions.at(row))).toEqual([
      { fileIndex: 0, record: 0 },
      { fileIndex: 0, record: 4 },
      { fileIndex: 0, record: 7 },
      { fileIndex: 0, record: 10 },
      { fileIndex: 1, record: 0 },
      { fileIndex: 1, record: 3 },
    ])
  })

  it('acknowledgements may come in any order: only the unbroken prefix counts', () => {
    const positions = new Positions()
    positions.mark(0, 0, 0)
    positions.acknowledge(rows(100, 50))
    expect([positions.acknowledgedEnd, positions.acknowledgedAhead]).toEqual([0, 50])
    positions.acknowledge(rows(0, 60))
    expect([positions.acknowledgedEnd, positions.acknowledgedAhead]).toEqual([60, 50])
    positions.acknowledge(rows(60, 40))
    expect([positions.acknowledgedEnd, positions.acknowledgedAhead]).toEqual([150, 0])
  })

  it('rows that several blocks share are acknowledged with the last of them', () => {
    const positions = new Positions()
    positions.mark(0, 0, 0)
    positions.acknowledge({ firstRow: 0, rowEnd: 100, rowCount: 30 })
    positions.acknowledge(rows(100, 50))
    positions.refuse({ firstRow: 0, rowEnd: 100, rowCount: 1 })
    expect([positions.acknowledgedEnd, positions.acknowledgedAhead]).toEqual([0, 80])
    positions.acknowledge({ firstRow: 0, rowEnd: 100, rowCount: 69 })
    expect([positions.acknowledgedEnd, positions.acknowledgedAhead]).toEqual([150, 0])
  })

  it('a refused row is done, and not in the table', () => {
    const positions = new Positions()
    positions.mark(0, 0, 0)
    positions.acknowledge(rows(1, 9))
    positions.refuse(rows(10, 1))
    expect([positions.acknowledgedEnd, positions.acknowledgedAhead]).toEqual([0, 9])
    positions.refuse(rows(0, 1))
    expect([positions.acknowledgedEnd, positions.acknowledgedAhead]).toEqual([11, 0])
  })

  it('forgets marks behind the prefix, not the one it stands in', () => {
    const positions = new Positions()
    positions.mark(0, 0, 0)
    positions.mark(10, 0, 20)
    positions.mark(30, 1, 0)
    positions.acknowledge(rows(0, 25))
    expect(positions.at(25)).toEqual({ fileIndex: 0, record: 35 })
    expect(positions.at(31)).toEqual({ fileIndex: 1, record: 1 })
  })
})

describe('stretches: what stands behind the place to resume from', () => {
  const shown = (positions: Positions, unknown = [rows(0, 0)].slice(1)) =>
    positions.stretches(unknown).map(({ state, first, last, next }) => [state, first.record, last.record, next.record])

  it('in the table, perhaps, or not; up to the last that may be', () => {
    const positions = new Positions()
    positions.mark(0, 0, 100)
    positions.acknowledge(rows(0, 10))
    positions.acknowledge(rows(30, 10))
    positions.acknowledge(rows(40, 10))
    expect(shown(positions)).toEqual([
      ['out', 110, 129, 130],
      ['in', 130, 149, 150],
    ])
    expect(shown(positions, [rows(60, 10), rows(10, 10)])).toEqual([
      ['unknown', 110, 119, 120],
      ['out', 120, 129, 130],
      ['in', 130, 149, 150],
      ['out', 150, 159, 160],
      ['unknown', 160, 169, 170],
    ])
  })

  it('none where everything behind it is to be sent, or where blocks share a range', () => {
    const positions = new Positions()
    positions.mark(0, 0, 0)
    positions.acknowledge(rows(0, 10))
    expect(shown(positions)).toEqual([])
    expect(shown(positions, [{ firstRow: 10, rowEnd: 20, rowCount: 5 }])).toEqual([])
    positions.acknowledge({ firstRow: 20, rowEnd: 30, rowCount: 5 })
    expect(shown(positions)).toEqual([])
  })
})
