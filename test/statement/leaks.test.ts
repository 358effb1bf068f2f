// After close() nothing is left: no socket, no timer, no thread, and no promise that was rejected without anybody hearing of it.
// Each way through in a process of its own, so that all there is comes from it.

import { execFileSync, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exceptionReply, type LyingServer, type Reply, startLyingServer } from '../support/lying-server.ts'

const PROGRAM = fileURLToPath(new URL('./leaks-child.mjs', import.meta.url))
const names = JSON.parse(execFileSync(process.execPath, [PROGRAM], { encoding: 'utf8' })) as string[]

const answers: Record<string, Reply> = {
  refuses: exceptionReply(60, 'UNKNOWN_TABLE', 'gone'),
  'is overloaded': exceptionReply(252, 'TOO_MANY_PARTS', 'merges are slower'),
  hangs: { hang: true },
}

interface Report {
  resources: string[]
  timers: string[]
  unhandled: string[]
  lingeredMs: number
}

async function run(name: string, url: string): Promise<{ code: number | null; report: Report }> {
  const child = spawn(process.execPath, [PROGRAM, name, url], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 30_000 })
  let stdout = ''
  child.stdout.on('data', (text: Buffer) => {
    stdout += text
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, report: JSON.parse(stdout) }
}

let server: LyingServer
beforeAll(async () => {
  server = await startLyingServer()
})
afterAll(() => server.close())

describe('after close() nothing is left, where the server', () => {
  for (const name of names) {
    it(name, async () => {
      const answer = answers[name.split(':')[0]!]
      server.script({
        insert: () => answer,
        rows: (sql, { params }) => {
          if (/hang/.test(sql) || params.database === 'hang') return { hang: true }
          return sql.includes('system.tables') && sql.includes("'events'")
            ? [{ engine: 'MergeTree', engine_full: '', partition_key: '', dependencies_table: [] }]
            : undefined
        },
      })
      const { code, report } = await run(name, server.url)
      expect(code).toBe(0)
      expect(report).toMatchObject({ resources: [], timers: [], unhandled: [] })
      expect(report.lingeredMs).toBeLessThan(500)
      expect(server.openCount).toBe(0)
    })
  }
})
