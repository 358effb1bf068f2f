// A project of somebody who installed sluice: the package as `npm pack` makes it, and of its dependencies what stands in ours.
// So an example proves more than that it runs: the package holds what it needs, and `exports` and types find it.

import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export class UserProject implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-docs-'))

  constructor() {
    this.write('package.json', JSON.stringify({ name: 'user', private: true, type: 'module' }))
    const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
    const pack = [...npm.slice(1), 'pack', '--ignore-scripts', '--silent', '--pack-destination', this.directory]
    const archive = execFileSync(npm[0]!, pack, { cwd: root, encoding: 'utf8' }).trim()
    const home = join(this.directory, 'node_modules', 'sluice')
    mkdirSync(home, { recursive: true })
    execFileSync('tar', ['-xzf', join(this.directory, archive), '--strip-components=1', '-C', home])
    for (const name of ['@clickhouse/client', '@assemblyscript/loader', 'commander']) this.link(name)
    for (const name of ['chdb', '@opentelemetry/api', '@types/node', 'undici-types']) this.link(name)
    this.write('bin/sluice', `#!/bin/sh\nexec "${process.execPath}" "${home}/dist/cli/main.js" "$@"\n`)
    chmodSync(join(this.directory, 'bin/sluice'), 0o755)
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), text)
  }

  link(name: string): void {
    const target = join(root, 'node_modules', name)
    if (!existsSync(target)) throw new Error(`${name} is not installed: npm run setup`)
    mkdirSync(dirname(this.path(`node_modules/${name}`)), { recursive: true })
    symlinkSync(target, this.path(`node_modules/${name}`))
  }

  unlink(name: string): void {
    rmSync(this.path(`node_modules/${name}`))
  }

  /** Compiles with everything on that a careful user may have on; JavaScript goes to `out/`. Returns what the compiler said. */
  compile(files: readonly string[], options: Record<string, unknown> = {}): string {
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      types: ['node'],
      rootDir: '.',
      outDir: 'out',
      ...options,
    }
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
    try {
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      return execFileSync(process.execPath, [tsc, '-p', '.'], { cwd: this.directory, encoding: 'utf8' })
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  }

  /** A program in the project's directory, with `sluice` on its PATH. */
  async run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(SLUICE|CLICKHOUSE|VITEST|NODE_OPTIONS)/.test(name)),
    )
    const PATH = `${this.path('bin')}:${process.env.PATH ?? ''}`
    const child = spawn(command, args, {
      cwd: this.directory,
      env: { ...inherited, PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { code, stdout, stderr }
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
