// Random columns of all types, three ways: what the core writes, what the plain encoder writes, and what ClickHouse reads.
//
//   legal values      the core's bytes are the plain encoder's, and the engine prints what the values mean
//   values gone bad   the core refuses them as the plain encoder does: the same code, place and value; and the block is, byte for
//                     byte, that of the good rows alone
//
// A case is a value, good or bad; some ten of them share a column, whose type is random as well.
//
//   SLUICE_CASES=1000000 npx vitest run test/block/three-ways.test.ts     a long run
//   SLUICE_SEED=… SLUICE_CASES=1 npx vitest run …                         the block that failed, alone

import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { type BlockBuilder, STAGED } from '../../src/block/builder.ts'
import { createBuilder } from '../../src/block/create.ts'
import { EncodeError } from '../../src/errors.ts'
import { encodeBlock } from '../../src/native.ts'
import { parseType } from '../../src/types/parse.ts'
import { sealedBytes, thrown } from '../support/columns.ts'
import { Embedded } from '../support/embedded.ts'
import { difference, JSON_SETTINGS, parseRows } from '../support/engine-json.ts'
import { columnOf, encodePlain } from '../support/plain/block.ts'
import type { Fault, PlainColumn } from '../support/plain/column.ts'
import { belowOf, random } from '../support/random.ts'
import { anything, mutated } from '../support/random-types/anything.ts'
import { type Below, type RandomType, randomType, type Value } from '../support/random-types/composites.ts'
import { loadAllVectors } from '../support/vectors.ts'

const CASES = Number(process.env.SLUICE_CASES ?? 20_000)
const { seed } = random('SLUICE_SEED')

interface Case extends RandomType {
  readonly name: string
  readonly plain: PlainColumn
}

/** A legal value that was not made to be one: what it means is not known here. */
const UNKNOWN = Symbol('unknown')

describe('the plain encoder writes every golden vector as the engine wrote it', () => {
  // The engine writes Dynamic and JSON in another form than the one that is meant for clients, and makes aggregate states alone.
  const vectors = loadAllVectors().filter(
    ({ type, native }) => native && !/Dynamic|JSON|(?<!Simple)Aggregate/.test(type),
  )
  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_, { type, headerType, rows, native }) => {
    const { fault } = columnOf(parseType(type))
    for (const value of rows) expect(fault(value)).toBeUndefined()
    const bytes = encodePlain(
      [{ name: 'c', type: headerType }],
      rows.map((value) => [value]),
    )
    expect(Buffer.from(bytes).toString('hex')).toBe(Buffer.from(native!).toString('hex'))
  })
})

describe('types that no table has come out of both encoders alike', () => {
  it.each([
    ['Nullable(Nothing)', [null, null]],
    ['Array(Nothing)', [[], []]],
    ['Array(Nullable(Nothing))', [[null], [], [null, null]]],
    ['Tuple(Nullable(Nothing), UInt8)', [[null, 1]]],
  ] as [string, unknown[]][])('%s', (type, values) => {
    const [columns, rows] = [[{ name: 'c', type }], values.map((value) => [value])]
    expect(encodePlain(columns, rows)).toEqual(encodeBlock(columns, rows))
    for (const value of [1, [1], [[1]]]) {
      const { code } = columnOf(parseType(type)).fault(value)!
      expect(() => encodeBlock(columns, [[value]])).toThrow(expect.objectContaining({ code }))
    }
  })
})

describe('random columns', () => {
  const engine = new Embedded()
  afterAll(() => engine[Symbol.dispose]())
  for (const setting of ['enable_time_time64_type', 'allow_experimental_qbit_type']) engine.run(`SET ${setting} = 1`)
  // What every insert of ours says: nothing is converted, nothing unknown is dropped.
  engine.run('SET input_format_native_allow_types_conversion = 0')
  engine.run('SET input_format_skip_unknown_fields = 0')

  it(
    `${CASES} values (SLUICE_SEED=${seed} repeats this run)`,
    async () => {
      const told = { columns: 0, values: 0, refused: 0 }
      for (let batch = 0; told.values + told.refused < CASES; batch++) {
        try {
          const made = makeBatch(belowOf(seed + batch), told)
          const table = `t.batch${batch}`
          await checkEngine(engine, table, made)
        } catch (error) {
          ;(error as Error).message += `\n(SLUICE_SEED=${seed + batch} SLUICE_CASES=1 repeats it)`
          throw error
        }
      }
      console.log(
        `${told.columns} columns, ${told.values} values and ${told.refused} refused ones (SLUICE_SEED=${seed})`,
      )
    },
    20_000 + CASES * 5,
  )
})

interface Batch {
  readonly columns: readonly Case[]
  readonly rows: readonly (readonly Value[])[]
  readonly bytes: Uint8Array
}

/** A block of random columns, made by both encoders, with bad rows between the good ones. */
function makeBatch(below: Below, told: { columns: number; values: number; refused: number }): Batch {
  const isTall = below(12) === 0
  const columns = Array.from({ length: isTall ? 1 + below(6) : 10 + below(60) }, (_, i): Case => {
    const type = randomType(below, 3)
    return { ...type, name: `c${i}`, plain: columnOf(parseType(type.type)) }
  })
  const rowCount = isTall ? 100 + below(400) : 1 + below(10)
  const builder = builderOf(columns, rowCount)
  const rows = Array.from({ length: rowCount }, (_, rowIndex) => {
    const row = columns.map((column) => column.good())
    columns.forEach((column, i) => {
      if (below(rowCount) > 0) return
      const value = badValue(below, column, row[i]!.input)
      const fault = column.plain.fault(value)
      // What a typed path of a JSON takes is known to the server alone.
      if (fault === undefined && /typed UInt8/.test(column.type + inspect(value, { depth: 20 }))) return
      if (fault === undefined) row[i] = { input: value, decoded: UNKNOWN, shown: UNKNOWN }
      else {
        refuse(below, builder, columns, row, rowIndex, i, value, fault)
        told.refused++
      }
    })
    const given = rowForm(
      below,
      columns,
      row.map(({ input }) => input),
    )
    const before = builder.rowCount
    expect(builder.stage(given, rowIndex)).toBe(STAGED)
    expect(builder.rowCount).toBe(before + 1)
    return row
  })
  const bytes = sealedBytes(builder)
  builder.free()
  compare(columns, rows, bytes)
  told.columns += columns.length
  told.values += columns.length * rowCount
  return { columns, rows, bytes }
}

function builderOf(columns: readonly Case[], rowCount: number): BlockBuilder {
  return createBuilder(
    columns.map(({ name, type }) => ({ name, type, defaultKind: '', defaultExpression: '' })),
    { blockSize: rowCount + 1, blockBytes: 2 ** 28, nullsAsDefault: false, requireAll: true },
  )
}

function rowForm(below: Below, columns: readonly Case[], inputs: readonly unknown[]): object {
  return below(2) ? inputs : Object.fromEntries(columns.map(({ name }, i) => [name, inputs[i]]))
}

/** One that the type refuses, or anything, or a good one with anything somewhere inside. */
function badValue(below: Below, column: Case, good: unknown): unknown {
  switch (below(4)) {
    case 0:
      return anything(below)
    case 1:
      return mutated(below, good)
    default: {
      const value = column.bad()
      expect(column.plain.fault(value), `the plain encoder takes ${column.type}`).toBeDefined()
      return value
    }
  }
}

/** The core refuses the row for the same reason, and forgets it. */
function refuse(
  below: Below,
  builder: BlockBuilder,
  columns: readonly Case[],
  row: readonly Value[],
  rowIndex: number,
  i: number,
  value: unknown,
  fault: Fault,
): void {
  const inputs = row.map(({ input }, j) => (j === i ? value : input))
  const before = builder.rowCount
  const error = thrown(() => builder.stage(rowForm(below, columns, inputs), rowIndex)) as EncodeError
  const { name, type } = columns[i]!
  const isTold =
    error instanceof EncodeError &&
    error.code === fault.code &&
    error.column === name + fault.path &&
    error.row === rowIndex &&
    Object.is(error.value, fault.value)
  if (!isTold) {
    const [told, wanted] = [error.value, fault.value].map(shortly)
    throw new Error(`${type}: ${told} instead of ${wanted}, ${fault.code} at ${name + fault.path}`, { cause: error })
  }
  expect(builder.rowCount).toBe(before)
}

/** Both encoders, byte for byte; where they differ, which column does, and from which row on. */
function compare(columns: readonly Case[], rows: readonly (readonly Value[])[], bytes: Uint8Array): void {
  const inputs = rows.map((row) => row.map(({ input }) => input))
  if (Buffer.compare(bytes, encodePlain(columns, inputs)) === 0) return
  columns.forEach((column, i) => {
    for (let count = 1; count <= rows.length; count++) {
      const values = inputs.slice(0, count).map((row) => [row[i]])
      const [core, plain] = [encodeCore(column, values), Buffer.from(encodePlain([column], values))]
      if (core.equals(plain)) continue
      const at = core.findIndex((byte, j) => byte !== plain[j])
      const shown = [core, plain].map((block) => block.subarray(Math.max(0, at - 8), at + 24).toString('hex'))
      throw new Error(`${column.type}: byte ${at}: ${shown.join(' instead of ')} with ${shortly(values.at(-1)![0])}`)
    }
  })
  throw new Error('the block differs, none of its columns alone does: did a bad row leave something behind?')
}

function encodeCore(column: Case, rows: readonly (readonly unknown[])[]): Buffer {
  const builder = builderOf([column], rows.length)
  for (const row of rows) builder.stage(row)
  const bytes = sealedBytes(builder)
  builder.free()
  return Buffer.from(bytes)
}

function shortly(value: unknown): string {
  return inspect(value, { depth: 9 }).slice(0, 2000)
}

/** The engine takes the block, and prints what the values mean. */
async function checkEngine(engine: Embedded, table: string, { columns, rows, bytes }: Batch): Promise<void> {
  engine.run(`CREATE TABLE ${table} (${columns.map(({ name, type }) => `${name} ${type}`).join(', ')}) ENGINE = Memory`)
  await engine.insert(table, bytes)
  const read = parseRows(await engine.bytes(`SELECT * FROM ${table} SETTINGS ${JSON_SETTINGS}`, 'JSONCompactEachRow'))
  expect(read.length).toBe(rows.length)
  rows.forEach((row, rowIndex) => {
    row.forEach(({ input, shown }, i) => {
      const different = shown === UNKNOWN ? undefined : difference(shown, read[rowIndex]![i])
      if (different) throw new Error(`${columns[i]!.type}: ${different}; it was given as ${shortly(input)}`)
    })
  })
  engine.run(`DROP TABLE ${table}`)
}
