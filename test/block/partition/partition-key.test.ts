// Which rows are of one partition, held against the server's own `_partition_id` of the same rows.
//
//   SLUICE_CASES=100000 npx vitest run test/block/partition     a long run; SLUICE_SEED=… repeats one

import { afterAll, describe, expect, it } from 'vitest'
import { EncodedBlock } from '../../../src/block/gather/block.ts'
import type { Ranges } from '../../../src/block/gather/ranges.ts'
import type { PartitionKey } from '../../../src/block/partition/partition-key.ts'
import { encodeBlock } from '../../../src/native.ts'
import { evaluatedKey } from '../../../src/statement/partition.ts'
import type { Transport } from '../../../src/transport/transport.ts'
import type { Column } from '../../../src/types/node.ts'
import { Embedded } from '../../support/embedded.ts'
import { belowOf, random } from '../../support/random.ts'
import { type Below, pick } from '../../support/random-types/value.ts'

const { seed } = random('SLUICE_SEED')
const WINDOWS = Math.ceil(Number(process.env.SLUICE_CASES ?? 400) / 400)

const engine = new Embedded()
afterAll(() => engine[Symbol.dispose]())
engine.run('SET max_partitions_per_insert_block = 0')
engine.run('SET input_format_native_allow_types_conversion = 0')

const transport = {
  kind: 'chdb',
  async query(sql: string) {
    const bytes = await engine.bytes(sql, 'JSONEachRow')
    return Buffer.from(bytes)
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  },
} as unknown as Transport

engine.run('CREATE TABLE t.nowhere (at DateTime) ENGINE = Memory')
const nowhere = { database: 't', table: 'nowhere' }

let tableCount = 0
const HOURS = 3600
const DAYS = 24 * HOURS

function columnsOf(...columns: readonly (readonly [name: string, type: string])[]): Column[] {
  return columns.map(([name, type]) => ({ name, type, defaultKind: '', defaultExpression: '' }))
}

interface Grouped {
  readonly key: PartitionKey
  /** By row. */
  readonly ours: number[]
  readonly theirs: string[]
}

async function grouped(partitionBy: string, columns: Column[], rows: unknown[][], session = 'UTC'): Promise<Grouped> {
  const table = `t.p${tableCount++}`
  const ddl = columns.map(({ name, type }) => `\`${name}\` ${type}`).join(', ')
  engine.run(`SET session_timezone = '${session}'`)
  engine.run(
    `CREATE TABLE ${table} (${ddl}, row UInt32) ENGINE = MergeTree ORDER BY row PARTITION BY ${partitionBy} SETTINGS allow_nullable_key = 1`,
  )
  const [[text]] = engine.rows(
    `SELECT partition_key FROM system.tables WHERE database = 't' AND name = '${table.slice(2)}'`,
  ) as [[string]]
  // The zone of the session that makes the table is the table's; that of the insert makes no difference.
  engine.run("SET session_timezone = 'Pacific/Kiritimati'")
  const key = await evaluatedKey(transport, { database: 't', table: table.slice(2) }, text, columns)
  const block = encodeBlock(
    [...columns, { name: 'row', type: 'UInt32' }],
    rows.map((row, i) => [...row, i]),
  )
  await engine.insert(table, block)
  const theirs = engine.rows(`SELECT _partition_id FROM ${table} ORDER BY row`).map(([id]) => String(id))
  engine.run(`DROP TABLE ${table} SYNC`)
  expect(theirs).toHaveLength(rows.length)
  const groups = key.group(block, rows.length, new EncodedBlock(block).columnOffsets)
  return { key, ours: groupOfRows(groups, rows.length), theirs }
}

function groupOfRows(groups: Ranges[] | undefined, rowCount: number): number[] {
  const ours = new Array<number>(rowCount).fill(groups === undefined ? 0 : -1)
  groups?.forEach(({ bounds, length }, id) => {
    for (let i = 0; i < length; i += 2) ours.fill(id, bounds[i]!, bounds[i + 1]!)
  })
  return ours
}

/** Partitions as numbers in the order in which they come. */
function numbered(keys: readonly unknown[]): number[] {
  const ids = new Map<unknown, number>()
  return keys.map((key) => {
    if (!ids.has(key)) ids.set(key, ids.size)
    return ids.get(key)!
  })
}

function assertSame({ ours, theirs }: Grouped, rows: unknown[][], told: string): void {
  const expected = numbered(theirs)
  const at = ours.findIndex((id, row) => id !== expected[row])
  if (at < 0) return
  const other = expected.indexOf(expected[at]!)
  throw new Error(
    `${told}: row ${at} (${String(rows[at])}): ${ours[at]} instead of ${expected[at]}, as row ${other} (${String(rows[other])})`,
  )
}

/** Every partition of ours is within one of the server's. */
function assertFiner({ ours, theirs }: Grouped, rows: unknown[][], told: string): void {
  const known = new Map<number, string>()
  ours.forEach((id, row) => {
    const theirId = known.get(id) ?? theirs[row]!
    known.set(id, theirId)
    if (theirId !== theirs[row])
      throw new Error(`${told}: row ${row} (${String(rows[row])}) is in ${theirs[row]}, not in ${theirId}`)
  })
}

// Whole hours, half ones, days that begin at one o'clock, an offset that changed for good, and one that the clocks never change.
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'Asia/Tokyo',
]
const OF_TIMES = [
  'toDate',
  'toYYYYMMDD',
  'toStartOfDay',
  'toYYYYMM',
  'toStartOfMonth',
  'toStartOfQuarter',
  'toYear',
  'toStartOfYear',
  'toMonday',
  'toStartOfWeek',
]

/** Seconds around a moment: near midnights, near each other, anywhere within a few hundred days. */
function seconds(below: Below, around: number, count: number): number[] {
  return Array.from({ length: count }, () => {
    switch (below(3)) {
      case 0:
        return around + below(400 * DAYS)
      case 1:
        return around + below(40) * DAYS - (around % DAYS) + below(48) * 1800 + below(3) - 1
      default:
        return around + below(2 * DAYS)
    }
  }).filter((second) => second >= 0 && second < 2 ** 32)
}

describe('dates and times', () => {
  for (const zone of ZONES) {
    it(`times in ${zone} (SLUICE_SEED=${seed})`, async () => {
      const below = belowOf(seed + ZONES.indexOf(zone))
      for (let window = 0; window <= WINDOWS; window++) {
        // The first days of all: for some of them the server has no date, and takes the next one.
        const isFirst = window === 0
        const assert = isFirst ? assertFiner : assertSame
        const rows = seconds(below, isFirst ? 0 : 3 * DAYS + below(2 ** 32 - 500 * DAYS), 60).map((second) => [second])
        const wide = rows.map(([second]) => [BigInt(second!) * 1000n + BigInt(below(1000))])
        const told = (what: string) => `${what} ${zone} window ${window}, SLUICE_SEED=${seed}`
        for (let i = 0; i < 2; i++) {
          const name = pick(below, ...OF_TIMES)
          assert(await grouped(`${name}(at)`, columnsOf(['at', `DateTime('${zone}')`]), rows), rows, told(name))
          assert(
            await grouped(`${name}(at)`, columnsOf(['at', `DateTime64(3, '${zone}')`]), wide),
            wide,
            told(`${name} 64`),
          )
        }
        assert(
          await grouped(`toStartOfWeek(at, 1)`, columnsOf(['at', `DateTime('${zone}')`]), rows),
          rows,
          told('week'),
        )
        const columns = columnsOf(['at', 'DateTime'])
        assert(await grouped(`toDate(at, '${zone}')`, columns, rows), rows, told('argument'))
        assert(await grouped('toYYYYMM(at)', columns, rows, zone), rows, told('session'))
      }
    }, 120_000)
  }

  it.each([
    ['Europe/Berlin', '2024-03-31', 'a day of 23 hours'],
    ['Europe/Berlin', '2024-10-27', 'one of 25'],
    ['America/Sao_Paulo', '2018-11-04', 'one that begins at one'],
    ['Pacific/Apia', '2011-12-30', 'one that there was not'],
    ['Asia/Kathmandu', '1986-01-01', 'one a quarter of an hour shorter'],
  ])('%s, %s: %s', async (zone, day) => {
    const around = Date.parse(`${day}T00:00:00Z`) / 1000
    // Every quarter of an hour for four days, one after the other, and criss-cross.
    const rows = Array.from({ length: 4 * 96 }, (_, i) => [around - 2 * DAYS + i * 900])
    const mixed = rows.map((_, i) => rows[(i * 101) % rows.length]!)
    for (const name of ['toDate', 'toStartOfMonth', 'toMonday']) {
      const columns = columnsOf(['at', `DateTime('${zone}')`])
      assertSame(await grouped(`${name}(at)`, columns, rows), rows, name)
      assertSame(await grouped(`${name}(at)`, columns, mixed), mixed, name)
    }
    const wide = rows.map(([second]) => [BigInt(second!) * 1_000_000n])
    assertSame(await grouped('toDate(at)', columnsOf(['at', `DateTime64(6, '${zone}')`]), wide), wide, 'toDate 64')
  })

  it('times that no calendar of the server has', async () => {
    for (const around of [196_702_986_782, 10_413_792_000, -2_208_988_800, -40_000_000_000]) {
      const rows = Array.from({ length: 96 }, (_, i) => [BigInt(around + (i - 48) * 1800)])
      for (const name of ['toDate', 'toYYYYMM', 'toMonday', 'toStartOfWeek']) {
        const columns = columnsOf(['at', "DateTime64(0, 'Europe/Berlin')"])
        assertFiner(await grouped(`${name}(at)`, columns, rows), rows, `${name} around ${around}`)
      }
    }
  })

  it('hours', async () => {
    const below = belowOf(seed)
    for (const zone of ['UTC', 'Europe/Berlin', 'America/Sao_Paulo']) {
      const rows = Array.from({ length: 200 }, () => [1_700_000_000 + below(3 * DAYS)])
      assertSame(await grouped('toStartOfHour(at)', columnsOf(['at', `DateTime('${zone}')`]), rows), rows, zone)
    }
  })

  it('dates', async () => {
    const below = belowOf(seed)
    for (let window = 0; window <= WINDOWS; window++) {
      const first = window === 0 ? 0 : 7 + below(65_000)
      const rows = Array.from({ length: 50 }, () => [first + below(400)])
      const assert = window === 0 ? assertFiner : assertSame
      for (const name of OF_TIMES) {
        assert(await grouped(`${name}(d)`, columnsOf(['d', 'Date']), rows), rows, name)
      }
      const wide = rows.map(([day]) => [day! - 25_000])
      for (const name of OF_TIMES)
        assertFiner(await grouped(`${name}(d)`, columnsOf(['d', 'Date32']), wide), wide, name)
    }
  })

  it('times before 1970, far ahead, and of all scales', async () => {
    const below = belowOf(seed)
    for (const scale of [0, 1, 3, 6, 9]) {
      for (const zone of ['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kolkata']) {
        const unit = 10n ** BigInt(scale)
        const [least, most] = scale === 9 ? [-9_000_000_000, 9_000_000_000] : [-50_000_000_000, 200_000_000_000]
        const around = BigInt(
          below(2) ? least + below(2 ** 32) : below(2) ? most - below(2 ** 32) : below(2 ** 32) - 2 ** 31,
        )
        const rows = Array.from({ length: 50 }, () => [
          (around + BigInt(below(100 * DAYS))) * unit + BigInt(below(10 ** scale)),
        ])
        // To either side of a full second.
        for (let i = 0; i < 20; i++) rows.push([(around - (around % 86_400n)) * unit + BigInt(below(5)) - 2n])
        for (let i = 0; i < 2; i++) {
          const name = pick(below, ...OF_TIMES)
          const told = `${name} DateTime64(${scale}, ${zone}) around ${around}, SLUICE_SEED=${seed}`
          assertFiner(
            await grouped(`${name}(at)`, columnsOf(['at', `DateTime64(${scale}, '${zone}')`]), rows),
            rows,
            told,
          )
        }
      }
    }
  }, 120_000)
})

describe('numbers', () => {
  const LIMITS: Record<string, [bigint, bigint]> = Object.fromEntries(
    ['8', '16', '32', '64'].flatMap((bits) => {
      const size = 1n << BigInt(bits)
      return [
        [`UInt${bits}`, [0n, size - 1n]],
        [`Int${bits}`, [-size / 2n, size / 2n - 1n]],
      ] as [string, [bigint, bigint]][]
    }),
  )
  for (const [type, [least, most]] of Object.entries(LIMITS)) {
    it(`intDiv and modulo of ${type} (SLUICE_SEED=${seed})`, async () => {
      const below = belowOf(seed)
      const anyOf = () => {
        const near = [least, most, 0n, 2n ** 53n, -(2n ** 53n)][below(5)]! + BigInt(below(600) - 300)
        return near < least ? least : near > most ? most : near
      }
      const rows = Array.from({ length: 60 }, () => [anyOf()])
      const columns = columnsOf(['n', type])
      for (const constant of [7, 300, 1_000_003]) {
        assertFiner(await grouped(`intDiv(n, ${constant})`, columns, rows), rows, `intDiv ${type} ${constant}`)
        assertFiner(await grouped(`n % ${constant}`, columns, rows), rows, `% ${type} ${constant}`)
        const positive = rows.filter(([n]) => n! >= 0n)
        assertSame(await grouped(`intDiv(n, ${constant})`, columns, positive), positive, `intDiv ${type} ${constant}`)
        assertSame(await grouped(`modulo(n, ${constant})`, columns, positive), positive, `modulo ${type} ${constant}`)
      }
      assertSame(await grouped('n', columns, rows), rows, type)
    })
  }
})

describe('columns as they are', () => {
  const texts = ['', 'a', 'b', 'é', 'ab', 'a\0', 'x'.repeat(200)]
  it.each<[string, unknown[]]>([
    ['String', texts],
    ['LowCardinality(String)', texts],
    ['FixedString(3)', ['', 'a', 'abc']],
    ['Nullable(String)', [...texts, null]],
    ['LowCardinality(Nullable(String))', [...texts, null]],
    ['Nullable(Int32)', [0, null, -1]],
    ["Enum8('a' = -1, 'b' = 2)", ['a', 'b']],
    ['UUID', ['00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddee00']],
    ['IPv4', ['1.2.3.4', '1.2.3.5']],
    ['IPv6', ['::', '::1']],
    ['Bool', [true, false]],
    ['Date', ['1970-01-01', '2024-02-29']],
    ['DateTime', [0, 1]],
    ["DateTime64(9, 'UTC')", [0n, 1n]],
    ['Decimal(18, 2)', ['1.10', '1.11']],
    ['UInt256', [0n, 2n ** 200n]],
    ['LowCardinality(Date)', ['1970-01-01', '2024-02-29']],
  ])('%s', async (type, values) => {
    const below = belowOf(seed)
    const rows = Array.from({ length: 60 }, () => [values[below(values.length)]])
    assertSame(await grouped('`odd name`', columnsOf(['odd name', type]), rows), rows, type)
  })

  it('several at once, in brackets and tuples', async () => {
    const below = belowOf(seed)
    const rows = Array.from({ length: 100 }, () => [1_700_000_000 + below(90 * DAYS), below(9), `tenant ${below(3)}`])
    const columns = columnsOf(['at', 'DateTime'], ['user', 'UInt64'], ['tenant', 'LowCardinality(String)'])
    for (const key of [
      '(toYYYYMM(at), user % 3)',
      'tuple(tenant)',
      '(tenant)',
      '(toMonday(at), (tenant, intDiv(user, 5)))',
    ]) {
      assertSame(await grouped(key, columns, rows), rows, key)
    }
  })

  it('NULL, in dates too', async () => {
    const rows = [[null], [0], [null], [40 * DAYS], [1]]
    assertSame(await grouped('toYYYYMM(at)', columnsOf(['at', 'Nullable(DateTime)']), rows), rows, 'Nullable')
  })
})

describe('what cannot be told exactly is refused, with the reason', () => {
  const columns = columnsOf(
    ['at', 'DateTime'],
    ['local', "DateTime('Asia/Kolkata')"],
    ['n', 'UInt32'],
    ['wide', 'UInt128'],
    ['s', 'String'],
    ['list', 'Array(UInt8)'],
    ['lc', 'LowCardinality(Date)'],
  )
  it.each([
    ['cityHash64(s) % 10', /modulo\(\) is not of a column/],
    ['cityHash64(s)', /cityHash64\(\) is not evaluated/],
    ['toYear(at) * 100 + toMonth(at)', /another form/],
    ["dateTrunc('month', at)", /dateTrunc\(\) is not of a column/],
    ['toStartOfInterval(at, toIntervalDay(1))', /toStartOfInterval\(\) is not evaluated/],
    ['toStartOfMonth(toDate(at))', /toStartOfMonth\(\) is not of a column/],
    ['other', /no column "other"/],
    ['intDiv(wide, 10)', /wide is UInt128, and intDiv\(\) is evaluated for integers of up to 64 bits/],
    ['n % 0', /constant above 0/],
    ['n % at', /constant above 0/],
    ['intDiv(n, -5)', /constant above 0/],
    ['toYYYYMM(s)', /s is String, and toYYYYMM\(\) is evaluated for dates and times/],
    ['toYYYYMM(lc)', /evaluated for dates and times/],
    ['toYYYYMM(at, at)', /these arguments/],
    ['toStartOfHour(local)', /begin within those of UTC/],
    ['list', /values of this type/],
    ['rand()', /rand\(\) is not of a column/],
    ['constructor(at)', /constructor\(\) is not evaluated/],
    ["('x'", /another form/],
  ])('%s', async (text, message) => {
    const refusal = evaluatedKey(transport, nowhere, text, columns)
    await expect(refusal).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringMatching(message) })
    await expect(refusal).rejects.toThrow(`PARTITION BY ${text}`)
  })
})

describe('rows that leave a column of the key out', () => {
  const column = (defaultExpression: string): Column[] => [
    { name: 'at', type: 'DateTime', defaultKind: 'DEFAULT', defaultExpression },
    { name: 'n', type: 'UInt8', defaultKind: '', defaultExpression: '' },
  ]
  const withNulls = encodeBlock([{ name: 'at', type: 'Nullable(DateTime)' }], [[0], [null], [1], [null], [50 * DAYS]])
  const without = encodeBlock([{ name: 'n', type: 'UInt8' }], [[0], [1], [2]])
  const groupsOf = async (expression: string, block: Uint8Array, rowCount: number) => {
    const key = await evaluatedKey(transport, nowhere, 'toYYYYMM(at)', column(expression))
    return { ids: groupOfRows(key.group(block, rowCount, new EncodedBlock(block).columnOffsets), rowCount), key }
  }

  it.each(['now()', "toDateTime('2024-02-29 00:00:00')", '0', "CAST(today(), 'DateTime')"])(
    'are one group where the DEFAULT is one value: %s',
    async (expression) => {
      const { ids, key } = await groupsOf(expression, withNulls, 5)
      expect(ids).toEqual([0, 1, 0, 1, 2])
      expect((await groupsOf(expression, without, 3)).ids).toEqual([0, 0, 0])
      expect(key.uncertainColumns).toEqual([])
    },
  )

  it.each(['toDateTime(n)', 'fromUnixTimestamp(rand())', 'n'])(
    'are one each where it is not: %s',
    async (expression) => {
      const { ids, key } = await groupsOf(expression, withNulls, 5)
      expect(new Set(ids).size).toBe(5)
      expect(new Set((await groupsOf(expression, without, 3)).ids).size).toBe(3)
      expect(key.uncertainColumns).toEqual(['at'])
    },
  )
})
