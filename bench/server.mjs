// Debian's clickhouse-server (18.16) as the benchmarks need it: own configuration and data directory, free loopback ports, pinned to
// a core of its own where there are two, stopped by process id.

import { spawn } from 'node:child_process'
import { accessSync, constants, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atEnd } from './cleanup.mjs'
import { onCore, SERVER_CORE } from './cores.mjs'

/** Where Debian's package puts a program, or undefined. */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** @returns {url, tcpPort, run, select, stop}: run() runs SQL, select() answers with objects; both throw what the server said */
export async function startServer(binary) {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const ports = await freePorts(3)
  await writeFile(join(dir, 'config.xml'), configXml(dir, ports))
  await writeFile(join(dir, 'users.xml'), USERS_XML)
  const [command, ...args] = onCore(SERVER_CORE, [binary, `--config-file=${join(dir, 'config.xml')}`])
  const child = spawn(command, args, { cwd: dir, stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const remove = atEnd(() => {
    child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  })
  const url = `http://127.0.0.1:${ports[0]}`
  const server = {
    url,
    tcpPort: ports[1],
    run: (sql) => query(url, sql),
    async select(sql) {
      const lines = (await query(url, `${sql} FORMAT JSONEachRow`)).split('\n')
      return lines.filter(Boolean).map((line) => JSON.parse(line))
    },
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(late)
      remove()
    },
  }
  try {
    await answering(server, child)
    return server
  } catch (error) {
    const log = readFileSync(join(dir, 'server.log'), { encoding: 'utf8', flag: 'a+' })
    await server.stop()
    throw new Error(`clickhouse-server did not start:\n${log.split('\n').slice(-20).join('\n')}`, { cause: error })
  }
}

async function answering(server, child) {
  for (const deadline = Date.now() + 60_000; ; await sleep(20)) {
    try {
      return await server.run('SELECT 1')
    } catch (error) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) throw error
    }
  }
}

async function query(url, sql) {
  const response = await fetch(url, { method: 'POST', body: sql })
  const text = await response.text()
  if (response.status !== 200 || /^Code: \d+/.test(text)) throw new Error(text.trim())
  return text
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // not in this folder
  }
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function configXml(dir, [httpPort, tcpPort, interserverPort]) {
  return `<yandex>
  <logger><level>warning</level><log>${dir}/server.log</log><errorlog>${dir}/server.err.log</errorlog></logger>
  <http_port>${httpPort}</http_port>
  <tcp_port>${tcpPort}</tcp_port>
  <interserver_http_port>${interserverPort}</interserver_http_port>
  <listen_host>127.0.0.1</listen_host>
  <keep_alive_timeout>3</keep_alive_timeout>
  <path>${dir}/data/</path>
  <tmp_path>${dir}/tmp/</tmp_path>
  <user_files_path>${dir}/user_files/</user_files_path>
  <format_schema_path>${dir}/format_schemas/</format_schema_path>
  <users_config>${dir}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <builtin_dictionaries_reload_interval>3600</builtin_dictionaries_reload_interval>
</yandex>
`
}

const USERS_XML = `<yandex>
  <profiles><default></default></profiles>
  <quotas><default></default></quotas>
  <users><default>
    <password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
  </default></users>
</yandex>
`
