// Runs the built program as a user does: a process of its own, arguments, stdin, exit code.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
  /** The JSON line on stdout. */
  summary: {
    outcome: string
    rows: number
    read: number
    blocks: number
    retries: number
    possibleDuplicates?: number
    undelivered?: number
    unknown?: number
    ahead?: number
    resume?: { file: string; skipRows: number }
  }
}

export interface RunOptions {
  input?: string | Buffer
  env?: Record<string, string>
  cwd?: string
}

export async function sluice(args: string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options)
  child.stdin.end(options.input ?? '')
  return await ended(child)
}

/** With stdin left open. */
export function start(args: string[], { env, cwd }: RunOptions = {}): ChildProcessWithoutNullStreams {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built: npm run build`)
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(SLUICE|CLICKHOUSE)_/.test(name)),
  )
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, env: { ...inherited, ...env } })
  child.stdin.on('error', () => {}) // it may end before it has read everything
  return child
}

export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    code,
    stdout,
    stderr,
    get summary() {
      try {
        return JSON.parse(stdout)
      } catch {
        throw new Error(`no JSON summary. exit ${code}\nstdout: ${stdout}\nstderr: ${stderr}`)
      }
    },
  }
}

/** A directory for the files of one test file. */
export class Files implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'))

  path(name: string): string {
    return join(this.directory, name)
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content)
    return this.path(name)
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
