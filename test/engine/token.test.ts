import { expect, it } from 'vitest'
import { blockToken, fixedEngineUuid, randomEngineUuid } from '../../src/engine/token.ts'

it('a fixed engine id has the same uuid in every process: UUIDv5 of `db`.`table`:id', () => {
  expect(fixedEngineUuid('db', 'table', 1)).toBe('902efee3-a3f9-53d4-8c82-f12fb1900cd1')
  expect(fixedEngineUuid('db', 'table', '1')).toBe('902efee3-a3f9-53d4-8c82-f12fb1900cd1')
  expect(fixedEngineUuid('db', 'table', -1)).toBe('7e3f3a3c-67ce-506d-af34-417ec138fbcb')
})

it('a statement without an engine id has a uuid of its own', () => {
  expect(randomEngineUuid()).not.toBe(randomEngineUuid())
})

it('a token names engine, sequence and content', () => {
  expect(blockToken('902efee3-a3f9-53d4-8c82-f12fb1900cd1', 7, '00ff00ff00ff00ff')).toBe(
    '902efee3-a3f9-53d4-8c82-f12fb1900cd1:7:00ff00ff00ff00ff',
  )
})
