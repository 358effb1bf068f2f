// assembly/README.md: its example is what the encoder makes, its table what the core exports.

import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { encodeBlock } from '../../src/native.ts'
import { Arena } from '../../src/wasm/core.ts'
import { chapter, fencesOf, readRepositoryFile, tableRows, uncoded } from './markdown.ts'

const readme = readRepositoryFile('assembly/README.md')

it('the bytes of a block are those of encodeBlock()', () => {
  const [fence] = fencesOf(chapter(readme, 'The bytes of a block'))
  const shown = fence!.text
    .split('\n')
    .flatMap((line) => /^((?:[0-9a-f]{2} ?)+)(?: {2,}|$)/.exec(line)?.[1]?.trim().split(' ') ?? [])
  const columns = [
    { name: 'id', type: 'UInt16' },
    { name: 'name', type: 'Nullable(String)' },
    { name: 'kind', type: 'LowCardinality(String)' },
    { name: 'tags', type: 'Array(UInt8)' },
  ]
  const rows = [
    { id: 1, name: 'é', kind: 'a', tags: [7, 8] },
    { id: 258, name: null, kind: '', tags: [] },
    { id: 3, name: 'ok', kind: 'a', tags: [9] },
  ]
  expect(shown.join('')).toBe(Buffer.from(encodeBlock(columns, rows)).toString('hex'))
})

it('the table has every file, and every export of the core with its file', () => {
  const rows = tableRows(chapter(readme, 'The core'))
  const files = rows.map(([file]) => uncoded(file!)).filter((file) => file.endsWith('.ts'))
  const assembly = fileURLToPath(new URL('../../assembly/', import.meta.url))
  const sources = readdirSync(assembly, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  expect(files.sort()).toEqual(sources.sort())

  const exported = [...readRepositoryFile('assembly/index.ts').matchAll(/^export \{ (.*) \} from '\.\/(.*)'/gm)]
  for (const [, names, file] of exported) {
    const [, text] = rows.find(([cell]) => uncoded(cell!) === `${file}.ts`)!
    expect([...text!.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort(), file).toEqual(names!.split(', ').sort())
  }
})

it('regions stand on 16-byte boundaries with 320 bytes between them', () => {
  const arena = new Arena()
  const first = arena.reserve(10)
  const second = arena.reserve(64)
  expect([first % 16, second - first]).toEqual([0, 16 + 320])
})

it('every file it names is there', () => {
  const named = [...readme.matchAll(/`((?:src|test|build)\/[\w/.-]+)`/g)].map(([, path]) => path!)
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((path) => !existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))))).toEqual([])
})
