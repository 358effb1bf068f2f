import { describe, expect, it } from 'vitest'
import { engineArguments, engineSettings, viewTarget } from '../../src/statement/check/engine-text.ts'

describe('the arguments of an engine, as 26.7 and 18.16 print them', () => {
  const cases: [string, string[]][] = [
    ['MergeTree ORDER BY n', []],
    ["Distributed('logs', 'db', 'events', rand())", ['logs', 'db', 'events', 'rand()']],
    ['Distributed(logs, db, events, rand())', ['logs', 'db', 'events', 'rand()']],
    [
      "Distributed('l', 'd', 't', cityHash64(a, f(b, 'x, )')) % 2, 'ssd')",
      ['l', 'd', 't', "cityHash64(a, f(b, 'x, )')) % 2", 'ssd'],
    ],
    ["Buffer('d', '', 1, 10, 100)", ['d', '', '1', '10', '100']],
    ["Alias('d', 'o\\'k`')", ['d', "o'k`"]],
    ['Memory()', []],
  ]
  for (const [text, found] of cases) it(text, () => expect(engineArguments(text)).toEqual(found))
})

describe('the settings of a table’s own definition', () => {
  const cases: [string, Record<string, string>][] = [
    ['MergeTree ORDER BY n', {}],
    [
      'ReplacingMergeTree(v) ORDER BY n SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 7',
      { index_granularity: '8192', non_replicated_deduplication_window: '7' },
    ],
    [
      "MergeTree PARTITION BY f(SETTINGS, 'SETTINGS a = 1') ORDER BY n SETTINGS storage_policy = 'a, b = 2'",
      { storage_policy: 'a, b = 2' },
    ],
  ]
  for (const [text, found] of cases) it(text, () => expect(Object.fromEntries(engineSettings(text))).toEqual(found))
})

describe('where a view writes', () => {
  const cases: [string, ReturnType<typeof viewTarget>][] = [
    ['CREATE MATERIALIZED VIEW d.v TO d.t (`n` UInt32) AS SELECT n FROM d.s', { database: 'd', table: 't' }],
    ['CREATE MATERIALIZED VIEW d.`v x` TO `o k`.`t.y` (`n` UInt32) AS SELECT n', { database: 'o k', table: 't.y' }],
    ['CREATE MATERIALIZED VIEW d.v TO t AS SELECT n FROM d.s', { database: 'd', table: 't' }],
    [
      "CREATE MATERIALIZED VIEW d.v UUID '1-2' REFRESH EVERY 1 HOUR TO d.t (`n` UInt8) AS SELECT 1",
      { database: 'd', table: 't' },
    ],
    ['CREATE MATERIALIZED VIEW d.to TO d.t (`TO` UInt8) AS SELECT 1', { database: 'd', table: 't' }],
    ['CREATE MATERIALIZED VIEW d.v (`TO` UInt32) ENGINE = MergeTree ORDER BY n AS SELECT n AS TO FROM s', undefined],
  ]
  for (const [text, target] of cases) it(text, () => expect(viewTarget(text, 'd')).toEqual(target))
})
