// The encoder that the tests hold ours against: every type, written straight from the format's description in plain TypeScript. It
// looks at the values as ours does, and keeps nothing from block to block.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { contenderOf } from '../families.mjs'

const FOLDER = new URL('../../build/plain/', import.meta.url)

/** Compiles it; before the first contender. */
export function buildPlain() {
  const [tsc, config] = ['../../node_modules/typescript/bin/tsc', 'plain.tsconfig.json'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  )
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the plain encoder does not compile:\n${stdout}`)
}

export async function create(args) {
  const { encodePlain } = await import(new URL('test/support/plain/block.js', FOLDER))
  const { typed } = await import(new URL('src/types/typed.js', FOLDER))
  return contenderOf(
    args,
    typed,
    ({ columns, rows }) =>
      () =>
        encodePlain(columns, rows),
  )
}
