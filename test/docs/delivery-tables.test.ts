// What the README says of attempts that failed, held against the code that decides it, for every number there can be.

import { describe, expect, it } from 'vitest'
import { classify, isAboutRows } from '../../src/engine/classify.ts'
import type { TransportError } from '../../src/errors.ts'
import { insertSettings } from '../../src/statement/insert-settings.ts'
import { serverError } from '../../src/transport/exception.ts'
import { checkAnswer } from '../../src/transport/http-answer.ts'
import { chapter, readRepositoryFile, tableRows } from './markdown.ts'

const readme = readRepositoryFile('README.md')

describe('A block that does not arrive', () => {
  const rows = tableRows(chapter(readme, 'A block that does not arrive'))
  const numbersOf = (row: string[]) => [...row[0]!.matchAll(/\b\d{2,}\b/g)].map(([digits]) => Number(digits))
  const [transport, codes, damaged] = rows.map(numbersOf)

  it('ClickHouse’s codes', () => {
    const found: Record<'yes' | 'once' | 'no', number[]> = { yes: [], once: [], no: [] }
    for (let code = 1; code < 2000; code++) {
      found[classify(serverError({ code, name: '', message: '' })).again].push(code)
    }
    expect(codes).toEqual(found.yes)
    expect(damaged).toEqual(found.once)
  })
  it('those of them after which nothing can be stored', () => {
    const [, listed] = /\(Codes ([\d, and]+) are said before anything is stored\.\)/.exec(readme)!
    const named = [...listed!.matchAll(/\d+/g)].map(Number)
    const harmless = codes!.filter((code) => !classify(serverError({ code, name: '', message: '' })).mayHaveArrived)
    expect(named).toEqual(harmless)
  })
  it('a block that spans too many partitions is not repeated, though its code is 252', () => {
    const message = 'Too many partitions for single INSERT block (more than 100)'
    expect(classify(serverError({ code: 252, name: 'TOO_MANY_PARTS', message })).again).toBe('no')
  })
  it('HTTP statuses without an exception', () => {
    const again: number[] = []
    for (let status = 200; status < 600; status++) {
      try {
        checkAnswer({ status, headers: {}, text: 'not ClickHouse' }, 'id', false)
      } catch (error) {
        if ((error as TransportError).retryable) again.push(status)
      }
    }
    expect(transport).toEqual(again)
  })
})

it('the errors that are about rows', () => {
  const [, paragraph] = /Which errors are about rows:([\s\S]*?)All others/.exec(readme)!
  const named = [...paragraph!.matchAll(/\d+/g)].map(Number)
  const found = Array.from({ length: 2000 }, (_, code) => code).filter((code) =>
    isAboutRows(serverError({ code, name: '', message: '' })),
  )
  expect(named.toSorted((a, b) => a - b)).toEqual(found)
  expect(found.filter((code) => classify(serverError({ code, name: '', message: '' })).again !== 'no')).toEqual([])
  expect(found.filter((code) => classify(serverError({ code, name: '', message: '' })).mayHaveArrived)).toEqual([])
})

it('the settings that every insert carries', () => {
  const [, paragraph] = /Each insert carries,([\s\S]*?)\n\n/.exec(readme)!
  const named = [...paragraph!.matchAll(/`(\w+)=(\d)`/g)].map(([, name, value]) => [name!, Number(value)] as const)
  expect(Object.fromEntries(named)).toEqual(insertSettings(new Set(named.map(([name]) => name))))
  const [older] = [['async_insert', 'insert_distributed_sync']].map((names) => insertSettings(new Set(names)))
  expect(older, 'the older name, where the server has no other').toEqual({
    async_insert: 0,
    insert_distributed_sync: 1,
  })
  for (const [name, value] of named) {
    expect(() => insertSettings(new Set(), { [name]: 1 - value }), name).toThrow(/must stay/)
  }
})
