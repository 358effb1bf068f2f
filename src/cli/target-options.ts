// The options that say which server and table a command is about.

import { type Command, Option } from 'commander'
import { UsageError } from '../errors.ts'
import { parseInsert } from '../statement/insert-text.ts'
import { quoteIdentifier } from '../statement/quote.ts'
import type { Settings } from '../transport/transport.ts'

/** As commander gives them. */
export interface TargetFlags {
  to?: string
  user?: string
  set?: string[]
}

export interface Target {
  readonly to: string
  readonly username?: string
  readonly password?: string
}

export function addTargetOptions(command: Command, targets: string): Command {
  return command
    .option('--to <target>', `${targets} (default: SLUICE_URL or CLICKHOUSE_URL)`)
    .option('--user <name>', 'default: SLUICE_USER; the password comes from SLUICE_PASSWORD or the URL')
    .addOption(new Option('--password <text>').hideHelp().argParser(refusePassword))
    .option(
      '--set <name=value>',
      'a server setting for every insert; may be repeated',
      (value: string, all: string[] = []) => [...all, value],
    )
}

/** @throws {UsageError} BAD_OPTION */
export function targetOf(flags: TargetFlags, env: NodeJS.ProcessEnv): Target {
  const to = flags.to || env.SLUICE_URL || env.CLICKHOUSE_URL
  if (!to) {
    throw new UsageError('BAD_OPTION', 'no target: where should the rows go?', {
      hint: 'Give --to http://localhost:8123/database (or chdb:./directory), or set SLUICE_URL.',
    })
  }
  return { to, ...credentials(to, flags, env) }
}

/** For HTTP only: the embedded engine and files know no users. */
function credentials(to: string, flags: TargetFlags, env: NodeJS.ProcessEnv): { username?: string; password?: string } {
  if (!/^https?:/i.test(to)) return {}
  return defined({
    username: flags.user ?? env.SLUICE_USER ?? env.CLICKHOUSE_USER,
    password: env.SLUICE_PASSWORD ?? env.CLICKHOUSE_PASSWORD,
  })
}

export function quoteTableArgument(text: string): string {
  const { database, table } = parseInsert(text)
  return database === undefined ? quoteIdentifier(table) : `${quoteIdentifier(database)}.${quoteIdentifier(table)}`
}

export function settingsOf(assignments: readonly string[]): Settings {
  const settings: Record<string, string> = {}
  for (const assignment of assignments) {
    const at = assignment.indexOf('=')
    if (at < 1)
      throw new UsageError('BAD_OPTION', `--set takes name=value, not ${JSON.stringify(assignment)}`, {
        hint: '--set max_partitions_per_insert_block=500',
      })
    settings[assignment.slice(0, at).trim()] = assignment.slice(at + 1).trim()
  }
  return settings
}

function refusePassword(): never {
  throw new UsageError('BAD_OPTION', 'a password on the command line can be read by everybody on this machine', {
    hint: 'Set SLUICE_PASSWORD, or put it into SLUICE_URL: http://user:password@host:8123/db',
  })
}

export function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>
}
