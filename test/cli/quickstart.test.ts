import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const path = fileURLToPath(new URL('../../examples/quickstart.mjs', import.meta.url))
const leftovers = () => readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-quickstart-'))

it('the quickstart loads a million rows, proves them, and can be repeated', () => {
  const before = leftovers()
  for (let run = 0; run < 2; run++) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toMatch(/1000000 rows in [\d.]+ s: \d+ rows\/s/)
    expect(stdout).toMatch(/16 blocks, .* 0 retries/)
    expect(stdout.match(/as sent/g)).toHaveLength(2)
    expect(stdout).toMatch(/'DE' +│ +234377/)
  }
  expect(leftovers()).toEqual(before)
})
