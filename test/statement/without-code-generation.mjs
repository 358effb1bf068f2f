// Statements on the embedded engine, as plain JavaScript on the built package: run with and without
// --disallow-code-generation-from-strings by without-code-generation.test.ts, which compares what it prints.

import assert from 'node:assert/strict'
import { connect } from '../../dist/index.js'

const silent = () => {}
const connection = await connect({ url: 'chdb:', logger: { debug: silent, info: silent, warn: silent, error: silent } })
const passed = []

async function test(title, columns, run) {
  const table = `t${passed.length}`
  await connection.command(`CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY tuple()`)
  await run(table, () => connection.query(`SELECT * FROM ${table} ORDER BY ALL`))
  passed.push(title)
}

const wide = Array.from({ length: 100 }, (_, index) => `c${index}`)

await test(
  '15 columns, blockSize 11, 1000 rows',
  wide
    .slice(0, 15)
    .map((name) => `${name} UInt32`)
    .join(),
  async (table, rows) => {
    const statement = await connection.prepare(table, { blockSize: 11 })
    for (let n = 0; n < 1000; n++) await statement.exec(wide.slice(0, 15).map(() => n))
    assert.equal(statement.stats.blocks, 90)
    assert.equal((await statement.commit()).blocks, 91)
    assert.deepEqual(
      (await rows()).map(({ c14 }) => c14),
      Array.from({ length: 1000 }, (_, n) => n),
    )
  },
)

await test(
  'more columns than one generated function takes',
  wide.map((name) => `${name} UInt16`).join(),
  async (table, rows) => {
    const statement = await connection.prepare(table)
    await statement.exec(Object.fromEntries(wide.map((name, index) => [name, index])))
    await statement.exec(wide.map((_, index) => index + 1))
    await statement.commit()
    assert.deepEqual(
      await rows(),
      [0, 1].map((more) => Object.fromEntries(wide.map((name, index) => [name, index + more]))),
    )
  },
)

await test(
  'bad rows between good ones',
  'n UInt8, a Array(String), m Map(String, UInt8), `__proto__` String',
  async (table, rows) => {
    const statement = await connection.prepare(table)
    const row = (n) => [n, ['x', `${n}`], { k: 1 }, 'p']
    for (const n of [1, 256, 2, -1, 1.5, Number.NaN, '7', null, 3]) {
      if ([1, 2, 3].includes(n)) await statement.exec(row(n))
      else assert.throws(() => statement.exec(row(n)), { column: 'n' })
    }
    assert.throws(() => statement.exec([1]), { code: 'WRONG_ARITY' })
    assert.throws(() => statement.exec({ nn: 1 }), { code: 'UNKNOWN_COLUMN' })
    await statement.commit()
    assert.deepEqual(
      (await rows()).map(({ n, a }) => [n, a]),
      [1, 2, 3].map((n) => [n, ['x', `${n}`]]),
    )
  },
)

await test(
  'missing keys',
  "id UInt8, d UInt8 DEFAULT id + 100, toString String DEFAULT 'none', q Nullable(String)",
  async (table, rows) => {
    const statement = await connection.prepare(table)
    await statement.exec({ id: 1 })
    await statement.exec({ id: 2, d: 5, toString: 'x', q: null })
    await statement.commit()
    assert.deepEqual(await rows(), [
      { id: 1, d: 101, toString: 'none', q: null },
      { id: 2, d: 5, toString: 'x', q: null },
    ])
  },
)

await test('rollback, interleaved statements, execMany', 'n UInt32', async (table, rows) => {
  const [first, second] = [await connection.prepare(table), await connection.prepare(table, { blockSize: 3 })]
  await first.exec({ n: 1 })
  await second.execMany(Array.from({ length: 10 }, (_, n) => ({ n })))
  await first.rollback()
  assert.throws(() => first.exec({ n: 2 }), { code: 'STATEMENT_CLOSED' })
  await second.commit()
  assert.equal((await rows()).length, 10)
})

await connection.close()

let generation = 'allowed'
try {
  new Function('')
} catch {
  generation = 'forbidden'
}
console.log(JSON.stringify({ generation, passed }))
