// Runs the benchmarks: all of them, or those that are named.
//
//   npm run bench                              everything, some minutes
//   npm run bench -- encode-rows lz4           these
//   npm run bench -- --against main            this build next to that of another commit; names of benchmarks may follow
//   npm run bench -- --charts                  draws the results that are there; a run of all does so at its end
//   npm run bench -- --quick                   a smoke run: few rows, the same checks, figures that mean nothing
//
// A benchmark checks its own bytes before it prints; the run ends with 1 where a check fails. Results are also written to
// bench/results/<name>.json.

import { execSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { against } from './against.mjs'

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.bench.mjs'))
  .map((file) => file.replace('.bench.mjs', ''))
const { quick, against: ref, charts, wanted } = parse()
if (charts) {
  await draw()
  process.exit()
}

const where = machine()
console.log(
  `${where.cpu}, ${where.cores} cores, ${where.memoryGiB} GiB; Node ${where.node}, V8 ${where.v8}; ` +
    `${Object.entries(where.packages)
      .map((entry) => entry.join(' '))
      .join(', ')}; commit ${where.commit}${quick ? '; QUICK: the figures mean nothing' : ''}`,
)
if (ref !== undefined) await compareAll(wanted)
else {
  await runAll(wanted.length > 0 ? wanted : names)
  if (!quick && wanted.length === 0) await draw()
}

async function draw() {
  const { drawCharts } = await import('./charts.mjs')
  console.log(`drawn in bench/results: ${(await drawCharts()).join(', ') || 'nothing, there are no results'}`)
}

async function runAll(names) {
  for (const name of names) {
    const { question, run } = await import(`./${name}.bench.mjs`)
    console.log(`\n== ${name}: ${question}`)
    const results = await run({ quick })
    if (!quick) save(name, { name, question, machine: where, results })
  }
}

/** Those that say what their cases are: one side of the others is no build of ours, or what they measure are no rounds. */
async function compareAll(wanted) {
  const benchmarks = {}
  for (const name of wanted.length > 0 ? wanted : names) {
    const benchmark = await import(`./${name}.bench.mjs`)
    if (benchmark.cases !== undefined) benchmarks[name] = benchmark
    else if (wanted.length > 0) console.log(`${name} cannot be compared.`)
  }
  const results = await against(ref, benchmarks, { quick })
  if (!quick) save('against', { ref, machine: where, results })
}

function parse() {
  const options = {
    quick: { type: 'boolean', default: false },
    against: { type: 'string' },
    charts: { type: 'boolean', default: false },
  }
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const unknown = positionals.find((name) => !names.includes(name))
    if (unknown === undefined) return { ...values, wanted: positionals }
    console.error(`There is no benchmark ${unknown}: ${names.join(', ')}; or --quick, --charts, or --against <commit>.`)
  } catch (error) {
    console.error(error.message)
  }
  process.exit(2)
}

function save(name, result) {
  const directory = new URL('results/', import.meta.url)
  mkdirSync(directory, { recursive: true })
  writeFileSync(new URL(`${name}.json`, directory), `${JSON.stringify(result, null, 2)}\n`)
}

function machine() {
  const { version, devDependencies, dependencies } = readJson('../package.json')
  const packages = { sluice: version }
  for (const name of ['lz4-napi', '@clickhouse/client', 'assemblyscript', 'typescript']) {
    if (name in devDependencies || name in dependencies)
      packages[name] = readJson(`../node_modules/${name}/package.json`).version
  }
  return {
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    v8: process.versions.v8,
    packages,
    commit: commit(),
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
}

function commit() {
  const git = (command) =>
    execSync(`git ${command}`, { cwd: import.meta.dirname, stdio: 'pipe' })
      .toString()
      .trim()
  try {
    // What is measured is src and assembly: other changed files make no difference.
    return git('rev-parse --short HEAD') + (git('status --porcelain -- ../src ../assembly') ? ' with changes' : '')
  } catch {
    return 'unknown'
  }
}
