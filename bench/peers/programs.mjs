// Clients in other languages: programs over published packages in go/, rust/ and python/, whose versions are pinned there. They are
// built where the language's tools are, the first time with packages from the network.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../server.mjs'

const VENV = '.venv'
const VENV_PYTHON = join(VENV, 'bin', 'python')

/**
 * By folder: what it needs, what builds the program there (nothing is done twice), what starts it, the ways of its contenders, and in
 * every how many rounds they are: the slow must not take all the time.
 */
const LANGUAGES = {
  go: {
    tools: ['go', 'version'],
    build: () => [['go', 'build', '-o', 'bin/peer', '.']],
    start: () => [absolute('go', 'bin/peer')],
    ways: {
      'clickhouse-go, Append': 'append',
      'clickhouse-go, Append, a stream': 'append, stream',
      'clickhouse-go, AppendStruct': 'struct',
      'ch-go, columns, a stream': 'columns',
    },
    every: 2,
  },
  rust: {
    tools: ['cargo', '--version'],
    build: () => [['cargo', 'build', '--quiet', '--release', '--locked']],
    start: () => [absolute('rust', 'target/release/peer')],
    ways: { 'clickhouse (Rust)': 'blocks', 'clickhouse (Rust), a stream': 'stream' },
    every: 2,
  },
  python: {
    tools: ['python3', '-c', 'import ensurepip, venv'],
    build: () => [
      ...(existsSync(absolute('python', VENV_PYTHON)) ? [] : [['python3', '-m', 'venv', VENV]]),
      [absolute('python', VENV_PYTHON), '-m', 'pip', 'install', '--quiet', '--requirement', 'requirements.txt'],
    ],
    start: () => [absolute('python', VENV_PYTHON), absolute('python', 'peer.py')],
    ways: {
      'clickhouse-driver (Python), rows': 'driver, rows',
      'clickhouse-driver (Python), columns': 'driver, columns',
      'clickhouse-connect (Python), columns': 'connect, columns',
    },
    every: 7,
  },
}

/** @returns  by label {program, way, every}; says which language is missing, and throws where one cannot be built */
export function buildPrograms() {
  const contenders = {}
  for (const [folder, { tools, build, start, ways, every }] of Object.entries(LANGUAGES)) {
    if (!runs(tools)) {
      console.warn(`SKIPPED: ${Object.keys(ways).join('; ')}: \`${tools.join(' ')}\` does not run here.`)
      continue
    }
    for (const command of build()) run(folder, command)
    for (const [label, way] of Object.entries(ways)) contenders[label] = { program: start(), way, every }
  }
  return contenders
}

function runs([command, ...args]) {
  return findProgram(command) !== undefined && spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function run(folder, [command, ...args]) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: absolute(folder),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status === 0) return
  throw new Error(
    `bench/peers/${folder} was not built: \`${[command, ...args].join(' ')}\` there ended with ${error?.message ?? status ?? signal}. ` +
      `The first time it needs the network. Without ${folder} in the PATH the run leaves it out.`,
  )
}

function absolute(...parts) {
  return join(fileURLToPath(new URL('.', import.meta.url)), ...parts)
}
