// What does it take to get rows into ClickHouse, next to JSON and to blocks that are there already?
//
// Into Debian's clickhouse-server over loopback HTTP, server and client on a core each, and into ClickHouse in the process. The same
// rows for all: times as numbers, days as texts, so that JSON carries them unchanged, in types that this server of 2018 has. After
// every round the table is asked what came.

import { availableParallelism } from 'node:os'
import { canPin } from './cores.mjs'
import { buildPrograms } from './peers/programs.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'
import { findProgram, startServer } from './server.mjs'
import { plainShape, SHAPE_NAMES } from './shapes.mjs'
import { arrivals, checkArrivals, createTable, ENGINES } from './tables.mjs'

export const question =
  'What does it take to get rows into ClickHouse, next to JSON and to blocks that are there already?'

/** Rows a round: whole blocks, as many as make a JSON round take some seconds. */
const BLOCK_ROWS = 65_536
const BLOCKS = { clickstream: 16, log: 8, metrics: 8 }
/** JSON is in every seventh round only, or nearly all the time would be its own. */
const JSON_EVERY = 7

/** What is to be reached: times the rows per second of the best JSON, its processor time of the client, and times clickhouse-go's rows. */
const BARS = { clickstream: [18, 15, 2], log: [8, 6], metrics: [20, 15] }

const OURS = 'exec()'
const OURS_LZ4 = 'exec(), LZ4'
const OURS_DATES = 'exec(), Date objects'
const CLICKHOUSE_GO = ['clickhouse-go, Append', 'clickhouse-go, Append, a stream']
const CEILING = 'ready blocks'
const CEILING_LZ4 = 'ready blocks, LZ4'
const BY_CLIENT = 'ready blocks, by @clickhouse/client'

export async function run({ quick }) {
  const rounds = quick ? { rounds: 3, warmups: 0 } : { rounds: 15, warmups: JSON_EVERY }
  const shapes = quick ? ['log'] : SHAPE_NAMES
  const blockRows = quick ? 1000 : BLOCK_ROWS
  const sizes = (shape) => ({
    shape: plainShape(shape),
    dates: shape,
    blockRows,
    rowCount: blockRows * (quick ? 3 : BLOCKS[shape]),
  })
  return {
    server: await withServer(quick, (server, programs) => intoServer(server, programs, shapes, sizes, rounds, !quick)),
    embedded: await intoEmbedded(shapes, sizes, rounds),
  }
}

async function withServer(quick, work) {
  const binary = findProgram('clickhouse-server')
  if (binary === undefined) {
    console.warn('SKIPPED: clickhouse-server is not installed; `npm run setup -- --servers` installs it.')
    return undefined
  }
  if (quick) console.warn('SKIPPED: clients in other languages, which --quick does not build.')
  const programs = quick ? {} : buildPrograms() // before the server is there: meanwhile nothing else runs here
  const server = await startServer(binary)
  try {
    return await work(server, programs)
  } finally {
    await server.stop()
  }
}

async function intoServer(server, programs, shapes, sizes, rounds, hasBars) {
  const [{ version }] = await server.select('SELECT version() AS version')
  const formats = await knownFormats(server)
  console.log(`clickhouse-server ${version}, ${canPin ? 'server and client on a core each' : 'not pinned to cores'}`)
  const client = findProgram('clickhouse-client')
  if (client === undefined) console.warn('SKIPPED: clickhouse-client is not installed.')
  const results = { version, formats }
  for (const engine of Object.keys(ENGINES)) {
    results[engine] = {}
    for (const name of shapes) {
      const what = sizes(name)
      const table = { table: `${name}_${engine}`, shape: what.shape, engine }
      await createTable(server.run, table)
      const contenders = intoTable(server, { ...what, table: table.table }, { formats, client, programs })
      const took = await arrivals(server.run, server.select, table)
      const measured = await alternate(contenders, rounds, sameRows(what.rowCount, took))
      results[engine][name] = summary(measured, what.rowCount)
      print(`${name} into ${engine}`, what, rounds, results[engine][name])
      if (hasBars) printBars(name, results[engine][name])
    }
  }
  return results
}

/** 18.16 does not know JSONCompactEachRow. */
async function knownFormats(server) {
  const known = []
  for (const format of ['JSONEachRow', 'JSONCompactEachRow']) {
    try {
      await server.run(`SELECT 1 FORMAT ${format}`)
      known.push(format)
    } catch (error) {
      if (!error.message.includes('Unknown format')) throw error
      console.log(`This server does not know ${format}: that contender is missing.`)
    }
  }
  return known
}

function intoTable({ url, tcpPort }, what, { formats, client, programs }) {
  const ours = (compression) => ({ module: './ours/insert.mjs', args: { ...what, url, compression } })
  const ready = (compression) => ({ module: './peers/insert-blocks.mjs', args: { ...what, url, compression } })
  const json = (format, inFlight) => ({
    module: './peers/insert-json.mjs',
    args: { ...what, url, format, inFlight },
    every: JSON_EVERY,
  })
  const contenders = {
    [OURS]: ours('none'),
    [OURS_LZ4]: ours('lz4'),
    [OURS_DATES]: { module: './ours/insert.mjs', args: { ...what, shape: what.dates, url, compression: 'none' } },
    [CEILING]: ready('none'),
    [CEILING_LZ4]: ready('lz4'),
    [BY_CLIENT]: { module: './peers/insert-blocks.mjs', args: { ...what, url, carrier: 'client' } },
  }
  for (const format of formats) {
    contenders[`${format}, arrays`] = json(format, 1)
    contenders[`${format}, 2 under way`] = json(format, 2)
    contenders[`${format}, a stream`] = json(format, 0)
  }
  if (client !== undefined)
    contenders['clickhouse-client (C++)'] = {
      module: './peers/insert-client.mjs',
      args: { ...what, binary: client, tcpPort },
    }
  for (const [label, { every, ...program }] of Object.entries(programs))
    contenders[label] = { module: './peers/insert-program.mjs', args: { ...what, ...program, url, tcpPort }, every }
  return Object.fromEntries(Object.entries(contenders).map(([label, one]) => [label, { ...one, isPinned: true }]))
}

async function intoEmbedded(shapes, sizes, rounds) {
  try {
    await import('chdb')
  } catch (error) {
    console.warn(`SKIPPED: ClickHouse in the process; chdb could not be loaded: ${error.message}`)
    return undefined
  }
  console.log(`\nClickHouse in the process, which has all ${availableParallelism()} cores`)
  const results = {}
  for (const engine of Object.keys(ENGINES)) {
    results[engine] = {}
    for (const name of shapes) {
      const args = { ...sizes(name), engine }
      const contenders = {
        [OURS]: { module: './ours/embedded.mjs', args },
        [CEILING]: { module: './peers/embedded-blocks.mjs', args },
      }
      const measured = await alternate(contenders, rounds, sameRows(args.rowCount))
      results[engine][name] = summary(measured, args.rowCount)
      print(`${name} into ${engine}, embedded`, args, rounds, results[engine][name])
    }
  }
  return results
}

/** Throws where a contender's rows are not all there, or others than the first one's. */
function sameRows(rowCount, took) {
  let wanted
  return async (label, checked) => {
    const came = took === undefined ? checked : await took()
    wanted ??= came
    try {
      checkArrivals(came, wanted, rowCount)
    } catch (error) {
      throw new Error(`${label}: ${error.message}`)
    }
  }
}

function summary(measured, rowCount) {
  const perSecond = (ms) => (rowCount * 1000) / ms
  const perMillion = (ms) => (ms * 1000) / rowCount
  const ceilings = { [OURS]: CEILING, [OURS_LZ4]: CEILING_LZ4, [BY_CLIENT]: CEILING }
  const json = Object.keys(measured).filter((label) => label.startsWith('JSON'))
  const least = (key, of) =>
    json.length === 0 ? undefined : Math.min(...json.map((label) => measured[label][key][of]))
  const best = {
    ms: least('ms', 'median'),
    fastest: least('ms', 'min'),
    cpu: least('cpuMs', 'median'),
    leastCpu: least('cpuMs', 'min'),
  }
  return Object.fromEntries(
    Object.entries(measured).map(([label, { ms, cpuMs, wireBytes, peakBytes }]) => {
      const ceiling = measured[ceilings[label]]
      return [
        label,
        {
          rowsPerSecond: { median: perSecond(ms.median), min: perSecond(ms.max), max: perSecond(ms.min) },
          cpuSecondsPerMillion: {
            median: perMillion(cpuMs.median),
            min: perMillion(cpuMs.min),
            max: perMillion(cpuMs.max),
          },
          wireBytesPerRow: wireBytes === undefined ? undefined : wireBytes / rowCount,
          peakBytes,
          timesJson: best.ms && { median: best.ms / ms.median, fastest: best.fastest / ms.min },
          cpuOfJson: best.cpu && { median: best.cpu / cpuMs.median, least: best.leastCpu / cpuMs.min },
          ofCeiling: ceiling && { median: ceiling.ms.median / ms.median, fastest: ceiling.ms.min / ms.min },
        },
      ]
    }),
  )
}

function print(title, { rowCount, blockRows }, { rounds }, results) {
  const fixed = (value, digits) => (value === undefined ? '–' : value.toFixed(digits))
  printTable(
    `${title}: ${rowCount} rows a round in blocks of ${blockRows}, ${rounds} rounds`,
    [
      '',
      'M rows/s',
      'min..max',
      'x JSON',
      'CPU s/M rows',
      'least',
      'JSON / this',
      'of ceiling',
      'peak MiB',
      'bytes/row sent',
    ],
    Object.entries(results).map(([label, result]) => [
      label,
      (result.rowsPerSecond.median / 1e6).toFixed(2),
      `${(result.rowsPerSecond.min / 1e6).toFixed(2)}..${(result.rowsPerSecond.max / 1e6).toFixed(2)}`,
      fixed(result.timesJson?.median, 2),
      result.cpuSecondsPerMillion.median.toFixed(3),
      result.cpuSecondsPerMillion.min.toFixed(3),
      fixed(result.cpuOfJson?.median, 2),
      fixed(result.ofCeiling?.median, 2),
      fixed(result.peakBytes && result.peakBytes / 2 ** 20, 0),
      fixed(result.wireBytesPerRow || undefined, 1),
    ]),
  )
}

/** What was to be reached, by the medians and by the fastest rounds, which a busy machine disturbs least. */
function printBars(name, results) {
  const [times, cpu, timesGo] = BARS[name]
  const ours = results[OURS]
  const bars = [
    ['rows/s next to the best JSON', ours.timesJson.median, ours.timesJson.fastest, times],
    ['CPU of the best JSON / ours', ours.cpuOfJson.median, ours.cpuOfJson.least, cpu],
    ['part of the ready blocks', ours.ofCeiling.median, ours.ofCeiling.fastest, 0.9],
    ['part of the ready LZ4 blocks', results[OURS_LZ4].ofCeiling.median, results[OURS_LZ4].ofCeiling.fastest, 0.8],
  ]
  for (const label of timesGo === undefined ? [] : CLICKHOUSE_GO.filter((label) => label in results)) {
    const times = (of) => ours.rowsPerSecond[of] / results[label].rowsPerSecond[of]
    bars.push([`rows/s next to ${label}`, times('median'), times('max'), timesGo])
  }
  for (const [what, median, fastest, bar] of bars)
    console.log(
      `  ${median >= bar ? 'reached' : 'MISSED '}  ${what}: ${median.toFixed(2)} (fastest rounds ${fastest.toFixed(2)}), wanted ${bar}`,
    )
}
