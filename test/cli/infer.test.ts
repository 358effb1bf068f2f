import { describe, expect, it } from 'vitest'
import { createTableSql, guessColumns } from '../../src/cli/create.ts'
import { ColumnGuess } from '../../src/cli/infer.ts'
import { csvFields } from '../../src/cli/input/csv.ts'
import type { Source } from '../../src/cli/input/source.ts'

const MODERN = { hasBool: true, hasDate32: true, hasDateTime64: true, hasLowCardinality: true }
const OLD = { hasBool: false, hasDate32: false, hasDateTime64: false, hasLowCardinality: false }

function typeOfText(...texts: (string | null)[]): string {
  const guess = new ColumnGuess()
  for (const text of texts) text === null ? guess.addNull() : guess.addText(text)
  return guess.type(texts.length, MODERN)
}
function typeOfJson(...values: unknown[]): string {
  const guess = new ColumnGuess()
  for (const value of values) guess.addJson(value)
  return guess.type(values.length, MODERN)
}

describe('types of CSV and TSV columns', () => {
  const cases: [string, (string | null)[]][] = [
    ['Int64', ['1', '-2', '0']],
    ['Int64', ['9223372036854775807']],
    ['UInt64', ['1', '18446744073709551615']],
    ['String', ['-1', '18446744073709551615']],
    ['String', ['18446744073709551616']],
    ['String', ['007', '008']],
    ['Float64', ['1', '1.5', '-2e3']],
    ['String', ['9007199254740993', '1.5']],
    ['String', ['0.1234567890123456789']],
    ['Bool', ['true', 'False']],
    ['String', ['true', '1']],
    ['Date', ['2024-01-31', '1970-01-01']],
    ['Date32', ['1950-01-01']],
    ['String', ['1800-01-01']],
    ['DateTime', ['2024-01-31 10:00:00', '2024-01-31']],
    ['DateTime64(3)', ['2024-01-31 10:00:00.5', '2024-01-31 10:00:00']],
    ['DateTime64(6)', ['2024-01-31T10:00:00.123456Z']],
    ['DateTime64(3)', ['1950-01-31 10:00:00']],
    ['String', ['2024-02-30']],
    ['UUID', ['61f0c404-5cb3-11e7-907b-a6006ad3dba0']],
    ['Array(Int64)', ['[1,2]', '[]']],
    ['Array(String)', ["['a']"]],
    ['Array(Nullable(Int64))', ['[1,NULL]']],
    ['Array(Array(Float64))', ['[[1],[2.5]]']],
    ['String', ['[1,2', '[3]']],
    ['Nullable(Int64)', ['1', null]],
    ['Nullable(Int64)', ['1', '']],
    ['String', ['a', '']],
    ['Nullable(String)', ['a', null]],
    ['Nullable(String)', [null]],
    ['String', ['1', 'n/a']],
  ]
  for (const [type, texts] of cases)
    it(`${JSON.stringify(texts)} is ${type}`, () => expect(typeOfText(...texts)).toBe(type))

  it('LowCardinality only where values clearly repeat', () => {
    expect(typeOfText(...Array.from({ length: 200 }, (_, i) => 'abc'[i % 3]!))).toBe('LowCardinality(String)')
    expect(typeOfText(...Array.from({ length: 200 }, (_, i) => 'abc'[i % 3]!), null)).toBe(
      'LowCardinality(Nullable(String))',
    )
    expect(typeOfText(...Array.from({ length: 99 }, () => 'a'))).toBe('String')
    expect(typeOfText(...Array.from({ length: 200 }, (_, i) => `v${i % 50}`))).toBe('String')
  })

  it('an old server gets only what it knows', () => {
    const type = (text: string) => {
      const guess = new ColumnGuess()
      for (let i = 0; i < 200; i++) guess.addText(text)
      return guess.type(200, OLD)
    }
    expect(['true', '2024-01-01 10:00:00.5', '1950-01-01', 'a', '2024-01-01'].map(type)).toEqual([
      'UInt8',
      'String',
      'String',
      'String',
      'Date',
    ])
  })
})

describe('types of JSON columns', () => {
  const cases: [string, unknown[]][] = [
    ['Int64', [1, -2]],
    ['Float64', [1, 1.5]],
    ['Bool', [true]],
    ['String', [true, 1]],
    ['String', ['1', '2']],
    ['DateTime64(3)', ['2024-01-31T10:00:00.000Z']],
    ['Array(String)', [['a'], []]],
    ['Array(String)', [[]]],
    ['Nullable(String)', [['a'], null]],
    ['String', [{ a: 1 }]],
    ['Nullable(UUID)', ['61f0c404-5cb3-11e7-907b-a6006ad3dba0', null]],
  ]
  for (const [type, values] of cases)
    it(`${JSON.stringify(values)} is ${type}`, () => expect(typeOfJson(...values)).toBe(type))
})

describe('guessColumns and createTableSql', () => {
  function source(texts: string[], names?: string[]): Source {
    async function* batches() {
      yield { texts, lines: texts.map((_, i) => i + 1), valid: true }
    }
    const parser = names ? { names, fields: csvFields(',', '\\N') } : {}
    return {
      input: { name: 'test' },
      format: names ? 'csv' : 'ndjson',
      ...parser,
      batches: batches(),
      hasEmptyRows: false,
    } as unknown as Source
  }

  it('gives the rows back after looking at them', async () => {
    const rows = source(['{"a":1}', '', '{"b":"x"}', 'no json'])
    expect(await guessColumns(rows, [26, 7])).toEqual([
      { name: 'a', type: 'Nullable(Int64)' },
      { name: 'b', type: 'Nullable(String)' },
    ])
    const again = []
    for await (const batch of rows.batches) again.push(...batch.texts)
    expect(again).toEqual(['{"a":1}', '', '{"b":"x"}', 'no json'])
  })

  it('refuses to guess from nothing', async () => {
    await expect(guessColumns(source(['']), [26, 7])).rejects.toThrow(/no row to guess/)
  })

  it('orders by what repeats and by time', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `${['DE', 'US'][i % 2]},2024-01-01 10:00:00,${i}`)
    const columns = await guessColumns(source(rows, ['country', 'at', 'id']), [26, 7])
    expect(createTableSql('`t`', columns, [26, 7])).toBe(
      [
        'CREATE TABLE `t`',
        '(',
        '    `country` LowCardinality(String),',
        '    `at`      DateTime,',
        '    `id`      Int64',
        ')',
        'ENGINE = MergeTree',
        'ORDER BY (`country`, `at`)',
        'SETTINGS non_replicated_deduplication_window = 1000',
      ].join('\n'),
    )
  })

  it('orders by an id where there is no time, else by nothing', () => {
    const sql = (...columns: [string, string][]) =>
      createTableSql(
        't',
        columns.map(([name, type]) => ({ name, type })),
        [18, 16],
      )
    expect(sql(['a', 'String'], ['user_id', 'Int64'])).toContain('\nORDER BY `user_id`')
    expect(sql(['a', 'String'], ['id', 'Nullable(Int64)'])).toMatch(/\nORDER BY tuple\(\)$/)
  })
})
