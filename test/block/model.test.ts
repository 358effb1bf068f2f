// The promise "a refused row never was", against random columns, rows and faults: the block of a builder that met bad rows is,
// byte for byte, the block of a fresh builder that met the good ones alone, and it decodes to what was put in.
//
// MODEL_CASES=5000 makes it thorough, SEED=… repeats a run.

import assert from 'node:assert/strict'
import { afterEach, describe, it, vi } from 'vitest'
import type { BlockBuilder, BuilderOptions } from '../../src/block/builder.ts'
import { decodeBlocks } from '../../src/block/decode.ts'
import type { Column } from '../../src/types/node.ts'
import { withoutGeneratedCode } from '../support/columns.ts'
import { CORE_BUILDS, type CoreBuild, onBuild } from '../support/core-builds.ts'
import { random } from '../support/random.ts'
import type { Below, RandomType } from '../support/random-types/composites.ts'

const CASES = Number(process.env.MODEL_CASES ?? 60)
const { seed, below } = random('SEED')

const [STAGED, BLOCK_FULL, SEAL_FIRST] = [0, 1, 2]

interface Modules {
  /** Of the same modules: a TypedValue is known by its class. */
  randomType(below: Below, depth: number): RandomType
  createBuilder(columns: readonly Column[], options: BuilderOptions): BlockBuilder
  /** From now on every reservation detaches all views, whether or not the memory has room. */
  moveAlways(): void
}

async function load(build: CoreBuild): Promise<Modules> {
  const { createBuilder, Arena, randomType } = await onBuild(build, async () => ({
    ...(await import('../support/random-types/composites.ts')),
    ...(await import('../../src/block/create.ts')),
    ...(await import('../../src/wasm/core.ts')),
  }))
  return {
    createBuilder,
    randomType,
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

const NAMES = ['c', 'with "quotes"', 'back\\slash', 'new\nline', '__proto__', 'toString', 'ключ', '`', '']

function randomColumns({ randomType }: Modules): ModelColumn[] {
  return Array.from({ length: 1 + below(below(8) ? 5 : 36) }, (_, i) => {
    const values = randomType(below, 3)
    const hasDefault = below(4) === 0
    return {
      name: i < NAMES.length && below(3) === 0 ? `${NAMES[i]}${i === 4 || i === 5 ? '' : i}` : `c${i}`,
      type: values.type,
      defaultKind: hasDefault ? 'DEFAULT' : '',
      defaultExpression: hasDefault ? '1' : '',
      values,
    }
  })
}

/** One row: by name or by position, with or without all columns, good or bad. */
function randomRow(columns: readonly ModelColumn[], below: Below, isBad: boolean) {
  const badAt = isBad ? below(columns.length) : -1
  const byName = below(2) === 0
  const omits = byName && below(3) === 0
  const decoded: unknown[] = []
  const entries = columns.flatMap(({ name, values }, i): [string, unknown][] => {
    if (i === badAt) return [[name, values.bad()]]
    if (omits && below(4) === 0) return []
    const value = values.good()
    decoded[i] = value.decoded
    return [[name, value.input]]
  })
  // Object.fromEntries defines own properties, `__proto__` too.
  const row = byName ? Object.fromEntries(entries) : entries.map(([, input]) => input)
  const isWhole = entries.length === columns.length
  return { row, decoded: isWhole ? decoded : undefined, badName: isBad ? columns[badAt]!.name : undefined }
}

interface Good {
  readonly row: object
  readonly rowIndex: number
  readonly decoded: unknown[] | undefined
}

/** Stages random rows, and holds every sealed block against a fresh builder's. */
function runCase(modules: Modules, way: string): void {
  const columns = randomColumns(modules)
  const described = columns.map(({ name, type, defaultKind, defaultExpression }) => ({
    name,
    type,
    defaultKind,
    defaultExpression,
  }))
  const options: BuilderOptions = {
    blockSize: 1 + below(200),
    blockBytes: below(4) ? 2 ** 22 : 2000 + below(20_000),
    nullsAsDefault: below(4) > 0,
    strictKeys: below(4) === 0,
    table: way,
  }
  const dirty = modules.createBuilder(described, options)
  let good: Good[] = []
  const sealed = () => {
    if (good.length === 0) return
    const bytes = sealBytes(dirty)
    const clean = modules.createBuilder(described, { ...options, table: `${way}, clean` })
    good.forEach(({ row, rowIndex }, i) => {
      const result = clean.stage(row, rowIndex)
      assert(
        result === STAGED || (result === BLOCK_FULL && i === good.length - 1),
        `the clean builder answered ${result} for row ${i}`,
      )
    })
    assert.equal(clean.rowCount, good.length)
    const cleanBytes = sealBytes(clean)
    assert.equal(Buffer.compare(bytes, cleanBytes), 0, 'the block is not that of the good rows alone')
    checkDecoded(bytes, columns, good)
    good = []
    if (below(2)) clean.free()
  }
  const rowCount = below(40)
  for (let rowIndex = 0; rowIndex < rowCount; rowIndex++) {
    const isBad = below(3) === 0
    const { row, decoded, badName } = randomRow(columns, below, isBad)
    if (isBad) {
      const before = dirty.rowCount
      const bound = dirty.byteLength
      try {
        assert.equal(dirty.stage(row, rowIndex), SEAL_FIRST, 'a bad row was staged')
      } catch (error) {
        checkError(error, rowIndex, badName!)
      }
      assert.equal(dirty.rowCount, before)
      assert(dirty.byteLength >= 0 && bound >= 0)
      continue
    }
    let result = stageGood(dirty, row, rowIndex)
    if (result === SEAL_FIRST) {
      sealed()
      result = stageGood(dirty, row, rowIndex)
    }
    if (result === 'no columns') continue
    assert(result === STAGED || result === BLOCK_FULL, `${result} for the first row of a block`)
    good.push({ row, rowIndex, decoded })
    assert.equal(dirty.rowCount, good.length)
    if (result === BLOCK_FULL || below(40) === 0) sealed()
    else if (below(100) === 0) {
      dirty.reset()
      good = []
    }
  }
  sealed()
  dirty.free()
}

/** A row that leaves out every column of a table whose columns all have a composite DEFAULT is refused, rightly. */
function stageGood(builder: BlockBuilder, row: object, rowIndex: number): number | 'no columns' {
  try {
    return builder.stage(row, rowIndex)
  } catch (error) {
    if (/leaves every column out/.test((error as Error).message)) return 'no columns'
    throw error
  }
}

function sealBytes(builder: BlockBuilder): Uint8Array {
  const bound = builder.byteLength
  const { bytes, release } = builder.seal()
  assert(bound >= bytes.byteLength, `${bytes.byteLength} bytes are more than the bound ${bound}`)
  const copy = bytes.slice()
  release()
  return copy
}

function checkDecoded(bytes: Uint8Array, columns: readonly ModelColumn[], good: readonly Good[]): void {
  const [block, ...more] = decodeBlocks(bytes)
  assert.equal(more.length, 0)
  assert.equal(block!.rows.length, good.length)
  const places = columns.map(({ name }) => block!.columns.findIndex((column) => column.name === name))
  good.forEach(({ decoded }, i) => {
    if (decoded === undefined) return
    assert.deepStrictEqual(
      places.map((place) => block!.rows[i]![place]),
      decoded,
    )
  })
}

function checkError(error: unknown, rowIndex: number, badName: string): void {
  const { code, row, column, message } = error as Error & { code?: string; row?: number; column?: string }
  assert(code !== undefined, `not typed: ${(error as Error).stack}`)
  if (/leaves every column out/.test(message)) return
  assert.equal(row, rowIndex)
  assert(column!.startsWith(badName), `${column} is named instead of ${badName}`)
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe(`${CASES} cases each (SEED=${seed} repeats this run)`, () => {
  for (const build of CORE_BUILDS) {
    for (const moves of ['when it grows', 'at every reservation']) {
      it(`${build} core, memory that moves ${moves}, generated row functions`, async () => {
        const modules = await load(build)
        if (moves === 'at every reservation') modules.moveAlways()
        for (let i = 0; i < CASES; i++) runCase(modules, 'generated')
      })
      it(`${build} core, memory that moves ${moves}, plain loops`, async () => {
        const modules = await load(build)
        if (moves === 'at every reservation') modules.moveAlways()
        withoutGeneratedCode(() => {
          for (let i = 0; i < CASES; i++) runCase(modules, 'plain')
        })
      })
    }
  }
})
