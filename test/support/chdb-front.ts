// A modern ClickHouse over HTTP: the embedded engine (26.x) behind a small front in a process of its own. Query and settings
// in the URL, `decompress=1`, exceptions, statuses and summary as a server gives them; one query at a time. A request that is
// cut before its end changes nothing.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface ChdbFront {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Runs SQL as `default`; the answer's text without the last newline. Throws what the engine said. */
  query(sql: string): Promise<string>
  /** The process kills itself when the n-th insert from now is stored, before it answers. */
  dieAfterInserts(count: number): Promise<void>
  /** Resolves when the process is gone, by whatever end. */
  exited(): Promise<void>
  stop(): Promise<void>
  /** SIGKILL; `restart` brings it back on the same data and port. */
  kill(): Promise<void>
  restart(): Promise<void>
}

export interface FrontOptions {
  /** Password by user name; `default` without one unless given. */
  users?: Record<string, string>
  /** Lines for the root element of the engine's configuration. */
  config?: string
}

export async function startFront(options: FrontOptions = {}): Promise<ChdbFront> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-front-data-'))
  const users = { default: '', ...options.users }
  const configFile = options.config === undefined ? undefined : join(directory, '..', `${basename(directory)}.xml`)
  if (configFile !== undefined) await writeFile(configFile, `<clickhouse>${options.config}</clickhouse>\n`)
  const front = new RunningFront(directory, users, configFile)
  await front.launch()
  return front
}

class RunningFront implements ChdbFront {
  port = 0
  #child: ChildProcess | undefined
  readonly #directory: string
  readonly #users: Record<string, string>
  readonly #configFile: string | undefined

  constructor(directory: string, users: Record<string, string>, configFile: string | undefined) {
    this.#directory = directory
    this.#users = users
    this.#configFile = configFile
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async launch(): Promise<void> {
    const [directory, users, configFile] = [this.#directory, this.#users, this.#configFile]
    const settings = JSON.stringify({ directory, port: this.port, users, configFile })
    const child = fork(fileURLToPath(new URL('./chdb-front-child.mjs', import.meta.url)), [settings], { execArgv: [] })
    this.#child = child
    const gone = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the front ended while starting (${signal ?? code})`)
    })
    const [message] = (await Promise.race([once(child, 'message'), gone])) as [{ port: number }]
    gone.catch(() => {}) // a later end is expected
    this.port = message.port
  }

  async query(sql: string): Promise<string> {
    const response = await fetch(this.url, { method: 'POST', body: sql })
    const text = await response.text()
    if (response.status !== 200) throw new Error(text.trim())
    return text.replace(/\n$/, '')
  }

  async dieAfterInserts(count: number): Promise<void> {
    const ready = once(this.#running(), 'message')
    this.#running().send({ dieAfterInserts: count })
    await ready
  }

  async exited(): Promise<void> {
    const child = this.#child
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }

  async stop(): Promise<void> {
    if (this.#isAlive()) this.#running().send({ stop: true })
    await this.exited()
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 })
    if (this.#configFile !== undefined) await rm(this.#configFile, { force: true })
  }

  async kill(): Promise<void> {
    if (this.#isAlive()) this.#running().kill('SIGKILL')
    await this.exited()
  }

  async restart(): Promise<void> {
    if (this.#isAlive()) this.#running().send({ stop: true })
    await this.exited()
    await this.launch()
  }

  #isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  #running(): ChildProcess {
    if (this.#child === undefined) throw new Error('the front is not running')
    return this.#child
  }
}
