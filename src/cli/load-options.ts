// The options of `sluice load` as the loader needs them: checked, with defaults and units.

import { UsageError } from '../errors.ts'
import type { StatementOptions } from '../index.ts'
import { parseInsert } from '../statement/insert-text.ts'
import { resolveOptions } from '../statement/options.ts'
import { quoteIdentifier } from '../statement/quote.ts'
import type { Settings } from '../transport/transport.ts'
import { namedZone } from './convert/times.ts'
import type { ConvertOptions } from './convert.ts'
import type { Format } from './input/format.ts'
import { sizeOf } from './input/open.ts'
import type { SourceOptions } from './input/source.ts'

/** As commander gives them: texts and flags. */
export interface LoadFlags {
  to?: string
  user?: string
  format?: Format
  columns?: string
  delimiter?: string
  header: boolean
  null?: string
  ignoreUnknown?: boolean
  timezone?: string
  floorTimes?: boolean
  skipRows?: string
  blockSize?: string
  blockBytes?: string
  compression?: 'lz4' | 'none'
  set?: string[]
  onError: 'stop' | 'skip'
  rejects?: string
  maxErrors?: string
  create?: boolean
  yes?: boolean
  dryRun?: boolean
  progress?: boolean
}

export interface LoadOptions extends SourceOptions, ConvertOptions {
  readonly to: string
  readonly username?: string
  readonly password?: string
  /** In backticks: `` `db`.`table` `` */
  readonly table: string
  /** As the user wrote it. */
  readonly tableName: string
  /** '-' is stdin. */
  readonly files: readonly string[]
  /** Size of all files on disk; undefined when one is a pipe. */
  readonly bytesTotal?: number
  readonly skipRows: number
  readonly ignoreUnknown: boolean
  readonly statement: StatementOptions
  readonly rejects?: string
  readonly maxErrors: number
  readonly create: boolean
  readonly yes: boolean
  readonly dryRun: boolean
  readonly showsProgress: boolean
}

/** @throws {UsageError} BAD_OPTION, BAD_INSERT; {StorageError} FILE_FAILED for a file that is not there. */
export function resolveLoadOptions(
  table: string,
  files: readonly string[],
  flags: LoadFlags,
  env: NodeJS.ProcessEnv,
): LoadOptions {
  const to = flags.to || env.SLUICE_URL || env.CLICKHOUSE_URL
  if (!to) {
    throw new UsageError('BAD_OPTION', 'no target: where should the rows go?', {
      hint: 'Give --to http://localhost:8123/database (or chdb:./directory), or set SLUICE_URL.',
    })
  }
  const inputs = files.length === 0 ? ['-'] : files
  if (inputs.filter((path) => path === '-').length > 1)
    throw new UsageError('BAD_OPTION', 'stdin (-) can be read only once')
  const columns = flags.columns?.split(',').map((name) => name.trim())
  if (columns?.includes(''))
    throw new UsageError('BAD_OPTION', '--columns holds an empty name', { hint: 'Write --columns a,b,c.' })
  const twice = columns?.find((name, i) => columns.indexOf(name) !== i)
  if (twice !== undefined) throw new UsageError('BAD_OPTION', `--columns names ${twice} twice`)
  if (!flags.header && columns === undefined) {
    throw new UsageError('BAD_OPTION', '--no-header needs --columns: what are the fields called?', {
      hint: '--no-header --columns a,b,c',
    })
  }
  if (flags.onError === 'skip' && flags.rejects === undefined) {
    throw new UsageError('BAD_OPTION', '--on-error skip needs --rejects: skipped rows would be lost', {
      hint: '--on-error skip --rejects rejects.csv (or /dev/null, if they may be lost).',
    })
  }
  if (flags.rejects !== undefined && flags.onError !== 'skip') {
    throw new UsageError('BAD_OPTION', '--rejects has no rows to hold: the load stops at the first bad one', {
      hint: 'Add --on-error skip.',
    })
  }
  const ignoreUnknown = flags.ignoreUnknown ?? false
  const statement: StatementOptions = {
    ...defined({
      blockSize: wholeNumber('--block-size', flags.blockSize),
      blockBytes: byteCount('--block-bytes', flags.blockBytes),
      compression: flags.compression,
    }),
    settings: settingsOf(flags.set ?? []),
    ignoreUnknown,
    // A key that is no column is an error wherever it stands, not only in the first row of a block.
    strictKeys: !ignoreUnknown,
  }
  resolveOptions(statement) // refuses sizes outside their limits before anything is opened
  return {
    to,
    ...credentials(to, flags, env),
    table: quoteTableArgument(table),
    tableName: table,
    files: inputs,
    bytesTotal: totalSize(inputs),
    format: flags.format,
    delimiter: delimiterOf(flags),
    nullText: flags.null ?? '\\N',
    hasHeader: flags.header,
    columns,
    timezone: timezoneOf(flags.timezone),
    floorTimes: flags.floorTimes,
    skipRows: wholeNumber('--skip-rows', flags.skipRows) ?? 0,
    ignoreUnknown,
    statement,
    rejects: flags.rejects,
    maxErrors: wholeNumber('--max-errors', flags.maxErrors) ?? Number.POSITIVE_INFINITY,
    create: flags.create ?? false,
    yes: flags.yes ?? false,
    dryRun: flags.dryRun ?? false,
    showsProgress: flags.progress ?? process.stderr.isTTY ?? false,
  }
}

function timezoneOf(name: string | undefined): string | undefined {
  try {
    if (name !== undefined) namedZone(name)
    return name
  } catch {
    throw new UsageError('BAD_OPTION', `the time zone ${JSON.stringify(name)} is not known here`, {
      hint: 'Names are those of the IANA database: Europe/Berlin.',
    })
  }
}

/** For HTTP only: the embedded engine and files know no users. */
function credentials(to: string, flags: LoadFlags, env: NodeJS.ProcessEnv): { username?: string; password?: string } {
  if (!/^https?:/i.test(to)) return {}
  return defined({
    username: flags.user ?? env.SLUICE_USER ?? env.CLICKHOUSE_USER,
    password: env.SLUICE_PASSWORD ?? env.CLICKHOUSE_PASSWORD,
  })
}

function quoteTableArgument(text: string): string {
  const { database, table } = parseInsert(text)
  return database === undefined ? quoteIdentifier(table) : `${quoteIdentifier(database)}.${quoteIdentifier(table)}`
}

/** Every file is looked at before the first row is sent. */
function totalSize(files: readonly string[]): number | undefined {
  const sizes = files.map(sizeOf)
  return sizes.reduce((total, size) => (total === undefined || size === undefined ? undefined : total + size), 0)
}

function delimiterOf({ delimiter, format }: LoadFlags): string {
  if (delimiter === undefined) return ','
  if (format !== undefined && format !== 'csv') {
    throw new UsageError('BAD_OPTION', `--delimiter is for CSV, not for ${format}`, {
      hint: 'Quoted text with tabs between the fields is --format csv --delimiter tab.',
    })
  }
  const character =
    { tab: '\t', '\\t': '\t', space: ' ', comma: ',', semicolon: ';', pipe: '|' }[delimiter] ?? delimiter
  if ([...character].length !== 1 || '"\r\n'.includes(character)) {
    throw new UsageError(
      'BAD_OPTION',
      `--delimiter is one character, and no quote or line end: ${JSON.stringify(delimiter)} is not`,
      { hint: '--delimiter ";" or --delimiter tab' },
    )
  }
  return character
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text.replaceAll('_', ''))
  if (!/^\d[\d_]*$/.test(text) || !Number.isSafeInteger(number))
    throw new UsageError('BAD_OPTION', `${name} is a whole number, not ${JSON.stringify(text)}`)
  return number
}

/** '8388608', '8MiB', '8M', '512k' */
function byteCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const match = /^(\d+)\s*(?:([kmg])(?:i?b)?)?$/i.exec(text)
  if (!match)
    throw new UsageError('BAD_OPTION', `${name} is a number of bytes, not ${JSON.stringify(text)}`, {
      hint: `${name} 8MiB`,
    })
  return Number(match[1]) * 1024 ** ' kmg'.indexOf((match[2] ?? ' ').toLowerCase())
}

function settingsOf(assignments: readonly string[]): Settings {
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

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>
}
