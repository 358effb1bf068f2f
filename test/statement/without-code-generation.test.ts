import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('./without-code-generation.mjs', import.meta.url))

async function run(...flags: string[]): Promise<{ generation: string; passed: string[] }> {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, SCRIPT])
  return JSON.parse(stdout)
}

it('where the process forbids generated code, everything behaves the same', async () => {
  const usual = await run()
  const strict = await run('--disallow-code-generation-from-strings')
  expect(usual.generation).toBe('allowed')
  expect(strict.generation).toBe('forbidden')
  expect(strict.passed).toEqual(usual.passed)
  expect(strict.passed).toHaveLength(5)
})
