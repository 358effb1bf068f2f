// Debian's clickhouse-server (18.16) as tests need it: own configuration and data directory, free loopback ports, several
// at a time, stopped by process id. The old version is the point: a real server that knows few settings.

import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A user with a password that needs escaping in URLs and headers. */
export const PASSWORD_USER = { username: 'writer', password: 'p@ss:wörd/ +%' } as const

export interface TestServer {
  /** `http://127.0.0.1:<port>`, for the user `default`, who has no password. */
  readonly url: string
  readonly httpPort: number
  readonly tcpPort: number
  readonly pid: number
  readonly logFile: string
  /** Runs SQL as `default`; the answer's text without the last newline. Throws what the server said. */
  query(sql: string): Promise<string>
  /** Stops the process and removes its directory. */
  stop(): Promise<void>
  /** SIGKILL, as a power cut would; `restart` brings it back on the same data. */
  kill(): Promise<void>
  /** Starts again on the same ports and data; stops it first where it runs. */
  restart(): Promise<void>
}

export interface ServerOptions {
  /** More lines for the configuration's root element. */
  config?: string | ((tcpPort: number) => string)
  /** Settings of the default profile. */
  profile?: Record<string, string | number>
  /** Seconds after which an idle connection is closed; default 3, as in that version. */
  keepAliveSeconds?: number
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const binary = findServer()
  if (binary === undefined) throw new Error(`clickhouse-server is not installed. ${INSTALL_HINT}`)
  const dir = await mkdtemp(join(tmpdir(), 'sluice-clickhouse-'))
  for (let attempt = 1; ; attempt++) {
    const ports = (await freePorts(3)) as [number, number, number]
    await writeFile(join(dir, 'config.xml'), configXml(dir, ports, options))
    await writeFile(join(dir, 'users.xml'), usersXml(options.profile ?? {}))
    const server = new RunningServer(binary, dir, ports[0], ports[1])
    try {
      await server.launch()
      return server
    } catch (error) {
      // Another process may have taken a port between the look and the start.
      if (attempt === 3) {
        await server.stop()
        throw error
      }
    }
  }
}

/** False where tests may skip; with CI=true a missing server is an error, never a skip. */
export function serverAvailable(): boolean {
  if (findServer() !== undefined) return true
  const message = `clickhouse-server is not installed. ${INSTALL_HINT}`
  if (process.env.CI === 'true') throw new Error(message)
  console.warn(`SKIPPED: tests against a real server. ${message}`)
  return false
}

const INSTALL_HINT = 'Run `npm run setup -- --servers`, or install the Debian package clickhouse-server.'

class RunningServer implements TestServer {
  readonly url: string
  readonly logFile: string
  #child: ChildProcess | undefined

  constructor(
    readonly binary: string,
    readonly dir: string,
    readonly httpPort: number,
    readonly tcpPort: number,
  ) {
    this.url = `http://127.0.0.1:${httpPort}`
    this.logFile = join(dir, 'server.log')
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async launch(): Promise<void> {
    const child = spawn(this.binary, [`--config-file=${join(this.dir, 'config.xml')}`], {
      cwd: this.dir,
      stdio: 'ignore',
      // The server must not outlive a test process that dies: it shares its process group.
    })
    this.#child = child
    const deadline = Date.now() + 60_000
    while (Date.now() < deadline) {
      if (child.exitCode !== null || child.signalCode !== null) break
      if (await this.#answers()) return
      await sleep(20)
    }
    throw new Error(`clickhouse-server did not start:\n${tail(this.logFile)}`)
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.query('SELECT 1')) === '1'
    } catch {
      return false // not listening yet; the deadline in launch() notices
    }
  }

  async query(sql: string): Promise<string> {
    const response = await fetch(this.url, { method: 'POST', body: sql })
    const text = await response.text()
    if (response.status !== 200 || /^Code: \d+/.test(text)) throw new Error(text.trim())
    return text.replace(/\n$/, '')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 })
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM')
    await this.launch()
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }
}

function findServer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  for (const folder of folders) {
    const path = join(folder, 'clickhouse-server')
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // not in this folder
    }
  }
  return undefined
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-20).join('\n')
  } catch {
    return '(no log was written)'
  }
}

function configXml(
  dir: string,
  [httpPort, tcpPort, interserverPort]: [number, number, number],
  options: ServerOptions,
): string {
  return `<yandex>
  <logger><level>warning</level><log>${dir}/server.log</log><errorlog>${dir}/server.err.log</errorlog></logger>
  <http_port>${httpPort}</http_port>
  <tcp_port>${tcpPort}</tcp_port>
  <interserver_http_port>${interserverPort}</interserver_http_port>
  <listen_host>127.0.0.1</listen_host>
  <max_connections>200</max_connections>
  <keep_alive_timeout>${options.keepAliveSeconds ?? 3}</keep_alive_timeout>
  <path>${dir}/data/</path>
  <tmp_path>${dir}/tmp/</tmp_path>
  <user_files_path>${dir}/user_files/</user_files_path>
  <format_schema_path>${dir}/format_schemas/</format_schema_path>
  <users_config>${dir}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <builtin_dictionaries_reload_interval>3600</builtin_dictionaries_reload_interval>
  ${typeof options.config === 'function' ? options.config(tcpPort) : (options.config ?? '')}
</yandex>
`
}

function usersXml(profile: Record<string, string | number>): string {
  const settings = Object.entries(profile).map(([name, value]) => `<${name}>${value}</${name}>`)
  const user = (name: string, password: string) =>
    `<${name}><password>${password}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></${name}>`
  return `<yandex>
  <profiles><default>${settings.join('')}</default></profiles>
  <quotas><default></default></quotas>
  <users>${user('default', '')}${user(PASSWORD_USER.username, PASSWORD_USER.password)}</users>
</yandex>
`
}
