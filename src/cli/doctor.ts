// `sluice doctor`: what is promised for a table, and what to change where something is not.

import type { Command } from 'commander'
import { SluiceError, TransportError, UsageError } from '../errors.ts'
import { type CheckReport, connect } from '../index.ts'
import { doctorReport } from './doctor-report.ts'
import { describeError, EXIT, type ExitCode, exitCodeOf } from './exit.ts'
import { clean } from './inspect/values.ts'
import { addTargetOptions, quoteTableArgument, settingsOf, type TargetFlags, targetOf } from './target-options.ts'

interface DoctorFlags extends TargetFlags {
  blocksPerMinute?: string
  json?: boolean
}

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .summary('say what is promised for a table')
    .description(
      'Says before the first row what is promised for a table: that none is lost, that none comes twice, and for how long a block may be repeated; and what to change where it is not. Reads system tables, changes nothing.',
    )
    .argument('<tables...>', 'events, or db.events')
  addTargetOptions(command, 'http://host:8123/db or chdb:./directory')
    .option('--blocks-per-minute <n>', 'inserts of all writers into the table (default: measured)')
    .option('--json', 'one JSON object per table, on one line')
    .helpOption('-h, --help', 'show this')
    .showHelpAfterError('sluice doctor --help shows what there is')
    .addHelpText('after', HELP)
    .action(async (tables: string[], flags: DoctorFlags) => {
      process.exitCode = await doctor(tables, flags)
    })
}

const HELP = `
Every promise is yes, no or unproven: what the server does not let this user see is not guessed.
  can be written       the user may insert (readonly, grants), the server takes the settings, the replica takes inserts, every
                       column has a type sluice writes
  no row is lost       what is acknowledged is in the table, or in the tables behind a Distributed one, and in its views
  survives lost answers
                       a block that is sent again, because its answer was lost, is recognised: by the table, and by the tables
                       that its materialized views write into. The window is counted in parts: one per block and partition
  atomic per ...       what of a block becomes visible at once: block, partition, or nothing
  merges keep up       active parts per partition are below parts_to_delay_insert
  onReject             whether a block that the server refuses can be cut until the guilty rows stand alone.

Outage:
  How long a block whose answer was lost may be repeated: half of the window's entries at the rate at which parts come in (the
  busiest minute of the last hour in system.part_log, else the last five minutes in system.parts, else --blocks-per-minute),
  and no longer than replicated_deduplication_window_seconds. sluice gives up by itself after retry.deadline.

JSON:
  What connection.check() gives: table, engine, server, exactlyOnce, deduplicationWindow, deduplicationBlocks, deduplicationSeconds,
  deduplicatesBy, promises {writable, noLoss, noDuplicates, atomic, keepsUp: {answer, reason, remedies}}, onReject {per, reason},
  warnings, outage {minutes, partsPerMinute, source, deadlineMinutes, reason, remedies}.

Exit codes:
  0 everything is promised   1 something is not, or unproven   2 wrong usage, no such table   3 server or connection

Examples:
  $ sluice doctor events
  $ sluice doctor events db.visits --to http://localhost:8123/default
  $ sluice doctor events --blocks-per-minute 600
  $ sluice doctor events --set insert_quorum=2
  $ sluice doctor events --json | jq .promises.noDuplicates
`

/** @returns the exit code */
async function doctor(tables: readonly string[], flags: DoctorFlags): Promise<ExitCode> {
  const { to, ...user } = targetOf(flags, process.env)
  const options = { settings: settingsOf(flags.set ?? []), ...rateOf(flags.blocksPerMinute) }
  const names = tables.map(quoteTableArgument)
  const connection = await connect({ url: to, ...user })
  try {
    let exitCode: ExitCode = EXIT.ok
    let isFirst = true
    for (const name of names) {
      const report = await connection.check(name, options).catch((error: unknown) => {
        // What is wrong with one table says nothing of the next; a server that is gone answers for none.
        if (!(error instanceof SluiceError) || error instanceof TransportError) throw error
        process.stderr.write(`sluice: ${describeError(error)}\n`)
        exitCode = worst(exitCode, exitCodeOf(error))
      })
      if (!report) continue
      process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : `${isFirst ? '' : '\n'}${textOf(report)}\n`)
      isFirst = false
      if (Object.values(report.promises).some(({ answer }) => answer !== 'yes')) exitCode = worst(exitCode, EXIT.data)
    }
    return exitCode
  } finally {
    await connection.close()
  }
}

function worst(one: ExitCode, other: ExitCode): ExitCode {
  return one > other ? one : other
}

function textOf(report: CheckReport): string {
  const isTerminal = process.stdout.isTTY ?? false
  // Names and reasons come from the server: nothing in them may steer the terminal.
  const plain = JSON.parse(JSON.stringify(report), (_, value) => (typeof value === 'string' ? clean(value) : value))
  return doctorReport(plain, {
    width: Math.min((isTerminal && process.stdout.columns) || 120, 120),
    isColoured: isTerminal && !process.env.NO_COLOR,
  })
}

function rateOf(text: string | undefined): { blocksPerMinute?: number } {
  if (text === undefined) return {}
  const rate = Number(text)
  if (!/^[\d.]+$/.test(text) || !(rate > 0)) {
    throw new UsageError('BAD_OPTION', `--blocks-per-minute is a number above 0, not ${JSON.stringify(text)}`)
  }
  return { blocksPerMinute: rate }
}
