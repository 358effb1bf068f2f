// Debian's ZooKeeper as tests need it: what Replicated tables of clickhouse-server write their log into. Own directory and
// port, stopped by process id, nothing kept.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts, startServer, type TestServer } from './clickhouse-server.ts'

const JAR = '/usr/share/java/zookeeper.jar'
const INSTALL_HINT = 'Run `npm run setup -- --servers`, or install the Debian package zookeeper.'

/** False where tests may skip; with CI=true a missing ZooKeeper is an error, never a skip. */
export function zookeeperAvailable(): boolean {
  if (existsSync(JAR) && existsSync('/usr/bin/java')) return true
  if (process.env.CI === 'true') throw new Error(`ZooKeeper is not installed. ${INSTALL_HINT}`)
  console.warn(`SKIPPED: tests against replicas. ZooKeeper is not installed. ${INSTALL_HINT}`)
  return false
}

/** Servers that are replicas of each other: `ReplicatedMergeTree('/path', '{replica}')`. */
export async function startReplicas(count: number): Promise<{ replicas: TestServer[]; stop(): Promise<void> }> {
  const keeper = await startZookeeper()
  const config = (replica: number) => `
    <zookeeper>
      <node><host>127.0.0.1</host><port>${keeper.port}</port></node><session_timeout_ms>3000</session_timeout_ms>
    </zookeeper>
    <interserver_http_host>127.0.0.1</interserver_http_host>
    <macros><replica>${replica}</replica></macros>`
  const started = await Promise.allSettled(
    Array.from({ length: count }, (_, replica) => startServer({ config: config(replica) })),
  )
  const replicas = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => {
    await Promise.all(replicas.map((replica) => replica.stop()))
    await keeper.stop()
  }
  const failed = started.find((one) => one.status === 'rejected')
  if (failed === undefined) return { replicas, stop }
  await stop()
  throw failed.reason
}

async function startZookeeper(): Promise<{ port: number; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-zookeeper-'))
  const [port] = (await freePorts(1)) as [number]
  const lines = [
    'tickTime=500',
    `dataDir=${directory}`,
    `clientPort=${port}`,
    'clientPortAddress=127.0.0.1',
    'admin.enableServer=false',
  ]
  await writeFile(join(directory, 'zoo.cfg'), lines.join('\n'))
  const main = 'org.apache.zookeeper.server.ZooKeeperServerMain'
  const child = spawn('java', ['-Xmx128m', '-cp', JAR, main, join(directory, 'zoo.cfg')], { stdio: 'ignore' })
  const stop = async () => {
    if (isAlive(child)) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && isAlive(child); await sleep(50)) {
    // A connection that comes before its first snapshot breaks it (3.8).
    if (existsSync(join(directory, 'version-2', 'snapshot.0')) && (await answers(port))) return { port, stop }
  }
  await stop()
  throw new Error('ZooKeeper did not start')
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

/** `srvr` is one of its four-letter commands. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.end('srvr'))
    socket.on('data', (bytes) => resolve(bytes.includes('Mode: standalone')))
    socket.on('error', () => resolve(false)).on('close', () => resolve(false))
  })
}
