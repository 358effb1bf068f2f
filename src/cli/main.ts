#!/usr/bin/env node
// The program `sluice`: one file per command, exit codes in exit.ts.

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addDoctorCommand } from './doctor.ts'
import { describeError, EXIT, exitCodeOf } from './exit.ts'
import { addInspectCommand } from './inspect.ts'
import { addLoadCommand } from './load.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const program = new Command('sluice')
  .description('Rows into ClickHouse as fast as the server takes them, and none lost on the way.')
  .version(version, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'show this')
  .helpCommand('help [command]', 'show the options of a command')
  .configureHelp({ sortSubcommands: true })
  .showHelpAfterError('sluice --help shows what there is')
  .exitOverride()
  .addHelpText(
    'after',
    `
Examples:
  $ export SLUICE_URL=http://localhost:8123/default
  $ sluice load events events.ndjson
  $ sluice load people people.csv --create
  $ sluice inspect events.native
  $ sluice doctor events
  $ sluice help load`,
  )
addLoadCommand(program)
addInspectCommand(program)
addDoctorCommand(program)

// A reader that has enough (sluice ... 2>&1 | head) is no failure, and ends no load half-way.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  process.stderr.write(`sluice: the output cannot be written: ${error.message}\n`)
  process.once('exit', () => {
    process.exitCode ||= EXIT.usage
  })
})
process.stderr.on('error', () => {}) // there is nowhere left to say it; the exit code still tells

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    // Help and version are thrown too; commander has printed everything.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
  } else {
    process.stderr.write(`sluice: ${describeError(error)}\n`)
    process.exitCode = exitCodeOf(error)
  }
}
