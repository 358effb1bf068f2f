// Before the first test: some tests start processes of their own, and those run what is built. `npm test` has built
// it already; this is for `vitest` called by hand.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export default function build(): void {
  const script = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url))
  const { status } = spawnSync(process.execPath, [script, '--build'], { stdio: 'inherit' })
  if (status === 0) return
  // The compiler writes its output in spite of type errors.
  if (process.env.CI === 'true') throw new Error('the build failed')
  console.warn('The build has errors: tests that start processes run what it left.')
}
