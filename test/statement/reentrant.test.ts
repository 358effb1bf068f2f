import { describe, expect, it } from 'vitest'
import { lyingStatement, type NumberRow, numbersOf } from './lying.ts'

const BUSY = expect.objectContaining({ code: 'BUSY', message: expect.stringMatching(/calls its own statement/) })

describe('a row whose getters call the statement is refused whole, and the block stays as it was', () => {
  it('exec() in a getter: the rows before and behind it arrive, in a block that can be read', async () => {
    const { server, statement } = await lyingStatement()
    await statement.exec({ n: 1, text: 'first' })
    for (const _ of [0, 1]) {
      const row = {
        n: 2,
        get text() {
          void statement.exec({ n: 99, text: 'inner' })
          return 'outer'
        },
      }
      expect(() => statement.exec(row)).toThrow(BUSY)
    }
    await statement.exec({ n: 3, text: 'last' })
    expect(await statement.commit()).toMatchObject({ rows: 2 })
    expect(numbersOf(server.inserts)).toEqual([[1, 3]])
  })

  for (const call of ['flush', 'commit'] as const) {
    it(`${call}() in a getter is refused; the row itself is none the worse`, async () => {
      const { server, statement } = await lyingStatement()
      await statement.exec({ n: 1 })
      let inner: Promise<unknown> | undefined
      const row = {
        n: 2,
        get text() {
          inner = statement[call]()
          return 'outer'
        },
      }
      await statement.exec(row)
      await expect(inner).rejects.toEqual(BUSY)
      await statement.exec({ n: 3 })
      expect(await statement.commit()).toMatchObject({ rows: 3, blocks: 1 })
      expect(numbersOf(server.inserts)).toEqual([[1, 2, 3]])
    })
  }

  it('an abort in a getter ends the statement: the next exec says so', async () => {
    const controller = new AbortController()
    const { statement } = await lyingStatement({ signal: controller.signal })
    const row = {
      n: 1,
      get text() {
        controller.abort()
        return 'outer'
      },
    }
    await statement.exec(row)
    expect(() => statement.exec({ n: 2 })).toThrow(expect.objectContaining({ code: 'ABORTED' }))
    expect(await statement.rollback()).toMatchObject({ droppedRows: 1 })
  })

  it('a getter that throws: its error comes through, and the timer of the block’s first row still starts', async () => {
    const { server, statement } = await lyingStatement({ flushInterval: 20 })
    const bad = {
      n: 1,
      get text(): string {
        throw new RangeError('mine')
      },
    }
    expect(() => statement.exec(bad as NumberRow)).toThrow(new RangeError('mine'))
    await statement.exec({ n: 2 })
    expect(() => statement.exec(bad as NumberRow)).toThrow(new RangeError('mine'))
    await server.whenInserts(1)
    expect(numbersOf(server.inserts)).toEqual([[2]])
  })
})
