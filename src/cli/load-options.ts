// The options of `sluice load` as the loader needs them: checked, with defaults and units.

import { UsageError } from '../errors.ts'
import type { StatementOptions } from '../index.ts'
import { resolveOptions } from '../statement/options.ts'
import { namedZone } from './convert/times.ts'
import type { ConvertOptions } from './convert.ts'
import type { Format } from './input/format.ts'
import { sizeOf } from './input/open.ts'
import type { SourceOptions } from './input/source.ts'
import { defined, quoteTableArgument, settingsOf, type Target, type TargetFlags, targetOf } from './target-options.ts'

/** As commander gives them: texts and flags. */
export interface LoadFlags extends TargetFlags {
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
  splitByPartition?: boolean
  onError: 'stop' | 'skip'
  rejects?: string
  maxErrors?: string
  acceptDuplicates?: boolean
  create?: boolean
  yes?: boolean
  dryRun?: boolean
  progress?: boolean
}

export interface LoadOptions extends SourceOptions, ConvertOptions, Target {
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
  const target = targetOf(flags, env)
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
      splitByPartition: flags.splitByPartition,
    }),
    settings: settingsOf(flags.set ?? []),
    acceptDuplicates: flags.acceptDuplicates ?? false,
    ignoreUnknown,
    // A key that is no column is an error wherever it stands, not only in the first row of a block.
    strictKeys: !ignoreUnknown,
  }
  resolveOptions(statement) // refuses sizes outside their limits before anything is opened
  return {
    ...target,
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
