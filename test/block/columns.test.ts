// Whole columns against rows: what a builder makes of columns is, byte for byte, what it makes of the same values row by row, block
// after block; a call that is refused never was.
//
// MODEL_CASES=5000 makes it thorough, SEED=… repeats a run.

import assert from 'node:assert/strict'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { BlockBuilder, BuilderOptions } from '../../src/block/builder.ts'
import { stageRest } from '../../src/block/given-columns.ts'
import type { SealedBytes } from '../../src/block/sealed.ts'
import type { ColumnData } from '../../src/column/column-data.ts'
import { encodeColumns } from '../../src/native.ts'
import type { Column } from '../../src/types/node.ts'
import { thrown } from '../support/columns.ts'
import { CORE_BUILDS, type CoreBuild, onBuild } from '../support/core-builds.ts'
import { random } from '../support/random.ts'
import type { Below, RandomType } from '../support/random-types/composites.ts'
import { loadAllVectors, loadBlockVectors, rowsOfBlock } from '../support/vectors.ts'

const CASES = Number(process.env.MODEL_CASES ?? 8)
const { seed, below } = random('SEED')

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe('every golden vector comes out of a column as it does out of rows', async () => {
  const { encodeBlock } = await import('../../src/native.ts')
  it.each(loadAllVectors().map((vector) => [vector.name, vector] as const))('%s', (_name, { headerType, rows }) => {
    const byRows = encoded(() =>
      encodeBlock(
        [{ name: 'c', type: headerType }],
        rows.map((value) => [value]),
      ),
    )
    const byColumn = encoded(() => encodeColumns([{ name: 'c', type: headerType, data: rows }]))
    expect(byColumn).toEqual(byRows)
  })

  it.each(loadBlockVectors().map((vector) => [vector.name, vector] as const))('%s', (_name, { columns, blocks }) => {
    for (const block of blocks) {
      const data = columns.map((column, i) => ({ ...column, data: block[i]! }))
      expect(encoded(() => encodeColumns(data))).toEqual(encoded(() => encodeBlock(columns, rowsOfBlock(block))))
    }
  })

  function encoded(encode: () => Uint8Array): unknown {
    try {
      return Buffer.from(encode()).toString('hex')
    } catch (error) {
      return (error as { code: string }).code // a type that neither has
    }
  }
})

describe.each(CORE_BUILDS)('random columns, rows and faults on the %s core', (build) => {
  it(`${CASES} cases`, async () => {
    console.log(`SEED=${seed} repeats this run`)
    const modules = await load(build)
    for (let i = 0; i < CASES; i++) runCase(modules, build)
    modules.moveAlways()
    for (let i = 0; i < CASES; i++) runCase(modules, `${build}, moving`)
  })
})

interface Modules {
  randomType(below: Below, depth: number): RandomType
  createBuilder(columns: readonly Column[], options: BuilderOptions): BlockBuilder
  /** From now on every reservation detaches all views, whether or not the memory has room. */
  moveAlways(): void
}

async function load(build: CoreBuild): Promise<Modules> {
  const { Arena, ...modules } = await onBuild(build, async () => ({
    ...(await import('../support/random-types/composites.ts')),
    ...(await import('../../src/block/create.ts')),
    ...(await import('../../src/wasm/core.ts')),
  }))
  return {
    ...modules,
    moveAlways: () => {
      const reserve = Arena.prototype.reserve
      vi.spyOn(Arena.prototype, 'reserve').mockImplementation(function (this: InstanceType<typeof Arena>, byteLength) {
        ;(this.core.memory as unknown as { grow(pages: number): number }).grow(1)
        return reserve.call(this, byteLength)
      })
    },
  }
}

interface ModelColumn extends Column {
  readonly values: RandomType
}

type ModelRow = Record<string, unknown>

function runCase(modules: Modules, way: string): void {
  const columns: ModelColumn[] = Array.from({ length: 1 + below(6) }, (_, i) => {
    const values = modules.randomType(below, 3)
    const hasDefault = i > 0 && below(3) === 0
    return {
      name: i === 1 ? '__proto__' : `c${i}`,
      type: values.type,
      defaultKind: hasDefault ? 'DEFAULT' : '',
      defaultExpression: hasDefault ? '1' : '',
      values,
    }
  })
  const described = columns.map(({ name, type, defaultKind, defaultExpression }) => ({
    name,
    type,
    defaultKind,
    defaultExpression,
  }))
  const options: BuilderOptions = {
    blockSize: 1 + below(200),
    blockBytes: below(3) ? 2 ** 22 : 2000 + below(20_000),
    nullsAsDefault: below(4) > 0,
  }
  const [byColumns, byRows] = ['columns', 'rows'].map(
    (table) => new Stager(() => modules.createBuilder(described, { ...options, table: `${table}, ${way}` })),
  ) as [Stager, Stager]
  const context = `SEED=${seed}: ${JSON.stringify(described)} ${JSON.stringify(options)}`
  for (let call = 0; call < 8; call++) {
    const isRow = below(4) === 0
    const rowCount = isRow ? 1 : below(options.blockSize * 2)
    const given = columns.filter(() => below(8) > 0)
    if (!given.includes(columns[0]!)) given.unshift(columns[0]!) // a block needs a column
    const omits = below(4) === 0
    const rows = Array.from({ length: rowCount }, () =>
      Object.fromEntries(
        given.map(({ name, values }) => [name, omits && below(3) === 0 ? undefined : values.good().input]),
      ),
    )
    if (isRow) {
      for (const stager of [byColumns, byRows]) stager.exec(rows[0]!)
      continue
    }
    if (below(3) === 0 && rowCount > 0) refuses(byColumns, given, rows, context)
    byColumns.execColumns(dataOf(given, rows))
    for (const row of rows) byRows.exec(row)
  }
  assert.deepEqual(byColumns.end(), byRows.end(), context)
}

/** A text is bad in a row of these, and may be good in a column. */
const READS_TEXT = /^(Nullable\(|LowCardinality\()*U?Int(8|16|32)\)*$/

/** A bad value somewhere: it is named, and the builder is as before. */
function refuses(stager: Stager, given: readonly ModelColumn[], rows: readonly ModelRow[], context: string): void {
  const { name, type, values } = given[below(given.length)]!
  const badAt = below(rows.length)
  const bad = values.bad()
  if (typeof bad === 'string' && READS_TEXT.test(type)) return
  const data = dataOf(given, rows.with(badAt, { ...rows[badAt], [name]: bad }))
  const { rowCount, byteLength } = stager.builder
  const error = thrown(() => stager.execColumns(data)) as { row: number; column: string; code: string }
  assert.equal(error.row, stager.rowCount + badAt, `${context}: ${error} at ${name}, ${badAt}`)
  assert(error.column.startsWith(name), `${context}: ${error} at ${name}`)
  assert.equal(stager.builder.rowCount, rowCount, context)
  assert.equal(stager.builder.byteLength <= byteLength, true, context)
}

/** Some of what can be a typed array is one. */
function dataOf(given: readonly ModelColumn[], rows: readonly ModelRow[]): Record<string, ColumnData> {
  return Object.fromEntries(
    given.map(({ name, type }) => {
      const values = rows.map((row) => row[name])
      const Kind = KINDS[type]
      if (Kind === undefined || below(2) || !values.every((value) => typeof value === 'number')) return [name, values]
      const typed = Kind.from(values as number[])
      return [name, typed.every((value, i) => Object.is(value, values[i])) ? typed : values]
    }),
  )
}

const KINDS: Record<string, { from(values: number[]): Float64Array | Int16Array | Uint32Array | Uint8Array }> = {
  UInt8: Uint8Array,
  Int16: Int16Array,
  UInt32: Uint32Array,
  DateTime: Uint32Array,
  Float64: Float64Array,
  UInt64: Float64Array,
}

/** What a statement does with blocks that are full, without the statement. */
class Stager {
  readonly #blocks: string[] = []
  #builder: BlockBuilder
  #spare: BlockBuilder
  constructor(create: () => BlockBuilder) {
    this.#builder = create()
    this.#spare = create()
  }
  get builder(): BlockBuilder {
    return this.#builder
  }
  get rowCount(): number {
    return this.#builder.firstRow + this.#builder.rowCount
  }
  exec(row: ModelRow): void {
    const [, BLOCK_FULL, SEAL_FIRST] = [0, 1, 2]
    const result = this.#builder.stage(row)
    if (result === SEAL_FIRST) {
      this.#seal()
      this.exec(row)
    } else if (result === BLOCK_FULL) this.#seal()
  }
  execColumns(data: Record<string, ColumnData>): void {
    const before = this.#builder.rowCount
    const columns = this.#builder.readColumns(data)
    const staged = this.#builder.stageColumns(columns, 0)
    if (staged < columns.rowCount) {
      try {
        const { sealed } = stageRest(this.#spare, columns, staged, this.rowCount)
        this.#push(this.#builder.seal())
        for (const block of sealed) this.#push(block)
        ;[this.#builder, this.#spare] = [this.#spare, this.#builder]
      } catch (error) {
        this.#builder.truncate(before)
        throw error
      }
    } else if (this.#builder.isFull) this.#seal()
  }
  end(): string[] {
    if (this.#builder.rowCount > 0) this.#seal()
    this.#builder.free()
    this.#spare.free()
    return this.#blocks
  }
  #seal(): void {
    const { rowCount } = this
    this.#push(this.#builder.seal())
    this.#builder.firstRow = rowCount
  }
  #push({ rowCount, bytes, release }: SealedBytes): void {
    this.#blocks.push(`${rowCount} rows ${Buffer.from(bytes).toString('hex')}`)
    release()
  }
}
