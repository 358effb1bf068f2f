// Makes a clone ready to run: node modules, the core (WebAssembly), the JavaScript. Does only what is missing or out of date, so
// that it can stand before every command. Uses nothing but Node, because it runs before anything is installed.
//
//   node scripts/setup.mjs              modules and build
//   node scripts/setup.mjs --servers    the servers the tests start, too, from Debian's packages where that is allowed
//   node scripts/setup.mjs --build      the build alone

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

const MODULES_STAMP = 'node_modules/.package-lock.json' // npm writes it last
/** Debian's packages, and whether they are there. */
const SERVERS = {
  'clickhouse-server': () => isInstalled('clickhouse-server'),
  zookeeper: () => existsSync('/usr/share/java/zookeeper.jar') && isInstalled('java'), // for replicas
}

// policy-rc.d keeps the package from starting a service: the tests start their own, on ports and directories of their own.
const APT_INSTALL = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
if ! apt-cache show "$1" > /dev/null 2>&1; then apt-get update -q; fi
apt-get install -y -q --no-install-recommends "$1" || { apt-get update -q && apt-get install -y -q --no-install-recommends "$1"; }
`

const flags = new Set(process.argv.slice(2))
for (const flag of flags)
  if (!['--servers', '--build'].includes(flag)) fail(`unknown flag ${flag}; known: --servers, --build`)

checkNode()
if (!flags.has('--build')) installModules()
build(
  'core',
  ['assembly', 'asconfig.json'],
  ['build/core.wasm', 'build/core.debug.wasm'],
  [
    [bin('assemblyscript/bin/asc.js'), '--config', 'asconfig.json', '--target', 'debug'],
    [bin('assemblyscript/bin/asc.js'), '--config', 'asconfig.json', '--target', 'release'],
  ],
)
build('javascript', ['src', 'tsconfig.json'], ['dist/index.js'], [[bin('typescript/bin/tsc'), '-p', 'tsconfig.json']])
if (flags.has('--servers')) installServers()

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node ${process.versions.node} is too old: sluice needs 20.19 or later.`)
}

function installModules() {
  if (existsSync(MODULES_STAMP) && statSync(MODULES_STAMP).mtimeMs >= statSync('package-lock.json').mtimeMs) return
  step('node modules (npm ci)', () => {
    // Inside `npm run`, the npm that runs us; `npm` of the PATH otherwise. Developer's tools also where NODE_ENV is production.
    const npm = process.env.npm_execpath
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund']
    return npm ? run(process.execPath, [npm, ...args]) : run('npm', args)
  })
}

/** Runs the compilers when the sources are others than those of the last successful build. */
function build(name, sources, outputs, commands) {
  const stamp = `build/.${name}`
  const hash = createHash('sha256')
  for (const file of sources.flatMap(filesOf).sort()) hash.update(`${file}\0`).update(readFileSync(file))
  for (const file of ['node_modules/assemblyscript/package.json', 'node_modules/typescript/package.json']) {
    if (existsSync(file)) hash.update(JSON.parse(readFileSync(file, 'utf8')).version)
  }
  const wanted = hash.digest('hex')
  if (outputs.every(existsSync) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  step(`building ${name}`, () =>
    commands.map((args) => run(process.execPath, args)).find((failed) => failed !== undefined),
  )
  mkdirSync('build', { recursive: true })
  writeFileSync(stamp, wanted)
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** The tests skip what needs a missing server, loudly; with CI=true they fail instead, and so does this. */
function installServers() {
  for (const [server, isThere] of Object.entries(SERVERS)) {
    if (isThere()) continue
    const prefix = rootPrefix()
    if (prefix === undefined) {
      missing(`${server} is not installed, and this user may not install it: apt-get install ${server}`)
      continue
    }
    step(`installing ${server} (apt-get)`, () => {
      const failed = run(prefix[0] ?? 'sh', [
        ...prefix.slice(1),
        ...(prefix.length > 0 ? ['sh'] : []),
        '-c',
        APT_INSTALL,
        'sh',
        server,
      ])
      if (failed !== undefined && process.env.CI !== 'true') {
        missing(`${server} could not be installed:\n${failed}`)
        return undefined
      }
      return failed
    })
  }
}

/** What goes before a command that needs root: nothing, sudo, or undefined where there is no way or no Debian. */
function rootPrefix() {
  if (process.platform !== 'linux' || !isInstalled('apt-get')) return undefined
  if (process.getuid() === 0) return []
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined
}

function isInstalled(program) {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function bin(path) {
  return join('node_modules', path)
}

/** The output of a failed command; undefined when it went well. */
function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 })
  if (result.error) return `${command}: ${result.error.message}`
  return result.status === 0
    ? undefined
    : `${result.stdout}${result.stderr}`.trim() || `${command} ended with ${result.status ?? result.signal}`
}

function step(title, work) {
  process.stdout.write(`setup: ${title} ... `)
  const started = Date.now()
  const failed = work()
  if (failed !== undefined) {
    process.stdout.write('failed\n')
    fail(failed)
  }
  process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`)
}

function missing(message) {
  if (process.env.CI === 'true') fail(message)
  process.stderr.write(`setup: ${message}\nsetup: tests that need it are skipped.\n`)
}

function fail(message) {
  process.stderr.write(`setup: ${message}\n`)
  process.exit(1)
}
