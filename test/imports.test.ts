import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// A line may import from the lines above it, and from itself; not from a neighbour on its line, not from below.
const ORDER = [
  ['errors'],
  ['types', 'wasm'],
  ['column'],
  ['block', 'transport'],
  ['native', 'engine'],
  ['statement', 'otel'],
  ['schema', 'sharding', 'storage'],
  ['sync'],
  ['index'],
  ['cli'],
]

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../src')
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => file.replaceAll('\\', '/'))

interface Import {
  /** Paths relative to src: `block/decode.ts`. */
  readonly from: string
  /** A path relative to src, or a package's name. */
  readonly to: string
  readonly isPackage: boolean
}

const imports = sources.flatMap((from) => importsOf(from, readFileSync(join(root, from), 'utf8')))

describe('imports point one way', () => {
  it('down the order of the folders, never up or sideways', () => {
    expect(imports.length).toBeGreaterThan(50) // else the sources were not found
    expect(turnedArrows(imports)).toEqual([])
  })

  it('every imported file is there, under its own name', () => {
    const missing = imports.filter(({ to, isPackage }) => !isPackage && !existsSync(join(root, to)))
    expect(missing.map(({ from, to }) => `src/${from} imports src/${to}, which is no file`)).toEqual([])
  })

  it('transport is given bytes: nothing it reaches is of block, column or wasm', () => {
    expect(reached('transport/').filter((file) => /^(block|column|wasm)\//.test(file))).toEqual([])
  })

  it('sync is given an OperationStorage: nothing it reaches is the Redis one', () => {
    expect(reached('sync/').filter((file) => file.startsWith('storage/redis'))).toEqual([])
  })

  it('sluice/native needs no server: it reaches no transport and no client package', () => {
    expect(
      reached('native.ts').filter((file) => /^(transport\/|engine\/|statement\/|chdb$|@clickhouse\/)/.test(file)),
    ).toEqual([])
  })
})

describe('only src/wasm sees a pointer', () => {
  it('memory.buffer stands in no other folder', () => {
    const touching = sources.filter(
      (file) =>
        !file.startsWith('wasm/') &&
        /memory\s*\.\s*buffer/.test(withoutComments(readFileSync(join(root, file), 'utf8'))),
    )
    expect(touching.map((file) => `src/${file} touches memory.buffer: ask src/wasm for a view`)).toEqual([])
  })
})

describe('the check itself sees a turned arrow', () => {
  for (const [from, code, complaint] of [
    [
      'column/a.ts',
      "import { b } from '../block/b.ts'",
      'src/column/a.ts imports src/block/b.ts: column stands above block',
    ],
    ['transport/a.ts', "import type { B } from '../block/b.ts'", 'stands beside'],
    ['wasm/a.ts', "export * from '../types/b.ts'", 'stands beside'],
    ['types/a.ts', "type B = import('../statement/b.ts').B", 'types stands above statement'],
    ['engine/a.ts', "await import('../index.ts')", 'engine stands above index'],
    ['errors.ts', "import './types/b.ts'", 'errors stands above types'],
    ['block/decode/a.ts', "import {\n  one,\n  two,\n} from '../../engine/b.ts'", 'block stands above engine'],
    ['gadgets/a.ts', "import { b } from '../errors.ts'", 'gadgets has no place in the order'],
  ] as const) {
    it(`${from}: ${code.replaceAll('\n', ' ')}`, () => {
      const [turned, ...more] = turnedArrows(importsOf(from, code))
      expect(turned).toContain(complaint)
      expect(more).toEqual([])
    })
  }

  for (const [from, code] of [
    ['block/a.ts', "import { b } from '../column/b.ts'"],
    ['block/decode/a.ts', "import { b } from './b.ts'"],
    ['cli/a.ts', "import { b } from '../index.ts'"],
    ['column/a.ts', "// import { b } from '../block/b.ts'\n/* import '../block/b.ts' */"],
    ['column/a.ts', "import { readFile } from 'node:fs/promises'"],
  ] as const) {
    it(`and lets pass ${from}: ${code.replaceAll('\n', ' ')}`, () =>
      expect(turnedArrows(importsOf(from, code))).toEqual([]))
  }
})

function importsOf(from: string, code: string): Import[] {
  const specifiers = withoutComments(code).matchAll(/\b(?:from\s*|import\s*\(?\s*)'([^'\n]+)'/g)
  return Array.from(specifiers, ([, specifier]) => {
    const isPackage = !specifier!.startsWith('.')
    return { from, to: isPackage ? specifier! : posix.join(posix.dirname(from), specifier!), isPackage }
  })
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
}

function turnedArrows(list: readonly Import[]): string[] {
  return list.flatMap(({ from, to, isPackage }) => {
    if (isPackage) return []
    const [own, other] = [folderOf(from), folderOf(to)]
    const homeless = [own, other].find((folder) => lineOf(folder) < 0)
    if (homeless !== undefined) return [`src/${from}: ${homeless} has no place in the order of test/imports.test.ts`]
    if (own === other || lineOf(other) < lineOf(own)) return []
    const where = lineOf(other) === lineOf(own) ? 'beside' : 'above'
    return [`src/${from} imports src/${to}: ${own} stands ${where} ${other}, so pass what it needs as an argument`]
  })
}

/** `block/decode.ts` → block, `index.ts` → index. */
function folderOf(file: string): string {
  return file.split('/')[0]!.replace(/\.ts$/, '')
}

function lineOf(folder: string): number {
  return ORDER.findIndex((line) => line.includes(folder))
}

/** Every file and package that the files under `start` import, directly or not. */
function reached(start: string): string[] {
  const seen = new Set<string>()
  const visit = (file: string) => {
    for (const { to } of imports.filter((one) => one.from === file)) {
      if (seen.has(to)) continue
      seen.add(to)
      visit(to)
    }
  }
  for (const file of sources.filter((name) => name.startsWith(start))) visit(file)
  return [...seen].filter((file) => !file.startsWith(start)).sort()
}
