// `sluice inspect`: what is in a Native file.

import type { Command } from 'commander'
import { SluiceError, UsageError } from '../errors.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { type Problem, problemOf } from './inspect/findings.ts'
import { jsonFailure, jsonReport } from './inspect/json.ts'
import { type ReadOptions, readFindings } from './inspect/read.ts'
import { type ReportOptions, textReport } from './inspect/report.ts'
import { clean } from './inspect/values.ts'

interface InspectFlags {
  rows: string
  columns?: string
  vertical?: boolean
  blocks?: boolean
  json?: boolean
  progress?: boolean
}

interface InspectOptions extends ReadOptions, ReportOptions {
  readonly isJson: boolean
}

export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .summary('show what is in a Native file')
    .description(
      'Shows schema, blocks, sizes per column and the first rows of files in ClickHouse’s Native format: plain, in compressed frames, or gzipped, which is told from their first bytes. Files of any size are read in little memory.',
    )
    .argument('<files...>', 'files; - is stdin')
    .option('--rows <n>', 'how many of the first rows to show; 0 for none', '10')
    .option('--columns <a,b,c>', 'only these columns')
    .option('--vertical', 'one line per value (default: where a table would be too wide)')
    .option('--blocks', 'list every block (default: up to 10, else least, median and largest)')
    .option('--json', 'one JSON object per file, on one line')
    .option('--progress', 'show the live line (default: on a terminal, for long files)')
    .option('--no-progress', 'do not')
    .helpOption('-h, --help', 'show this')
    .addHelpText('after', HELP)
    .action(async (files: string[], flags: InspectFlags) => {
      process.exitCode = await inspect(files, resolveOptions(files, flags))
    })
}

const HELP = `
What is shown:
  Columns   bytes with name and type, share of all columns, bytes per row, and the type as it stands in the blocks
  Schemas   where blocks differ: columns that are missing, new or of another type
  Blocks    where each begins, its rows and bytes. Behind gzip and frames, bytes are counted after unpacking
  Rows      times are in UTC; what does not fit the line ends in …; control characters are escaped

JSON:
  file, fileBytes, gzip, frames {count, methods, compressedBytes, uncompressedBytes, ratio, checksumsVerified}, bytes, rows, blocks,
  rowsPerBlock and bytesPerBlock {min, median, max}, columns [{name, type, bytes, share, rows, bytesPerRow}], schemaChanges,
  blockList [{index, offset, rows, bytes}], firstRows [{...}], errors [{code, message, hint, block, offset}]. 64-bit integers and
  wider ones, and nan, are strings; bytes that are no UTF-8 are {"hex": "..."}.

Damage:
  Everything before it is shown, then one line says at which byte of which block it is. Checksums of frames are verified; a plain
  Native file has none, so only its structure can be checked, and the values of the rows shown.

Exit codes:
  0 all files are sound   1 a file is damaged, or no Native file   2 wrong usage, no such file or column

Examples:
  $ sluice inspect events.native
  $ sluice inspect events.native --rows 3 --columns id,at --vertical
  $ sluice inspect backup/*.native --rows 0
  $ sluice inspect big.native --blocks --rows 0 | less
  $ sluice inspect events.native --json | jq '.columns[] | {name, bytes}'
  $ clickhouse-client -q 'SELECT * FROM events FORMAT Native' | sluice inspect -
  $ sluice load people people.csv --create --yes --to file:people.native && sluice inspect people.native
`

/** Rows are kept in memory until they are shown. */
const ROWS_MAX = 100_000
/** Of a line where there is no terminal to ask. */
const WIDTH = 120

function resolveOptions(files: readonly string[], flags: InspectFlags): InspectOptions {
  if (files.filter((path) => path === '-').length > 1)
    throw new UsageError('BAD_OPTION', 'stdin (-) can be read only once')
  const rows = Number(flags.rows)
  if (!/^\d+$/.test(flags.rows) || rows > ROWS_MAX) {
    throw new UsageError('BAD_OPTION', `--rows is a number up to ${ROWS_MAX}, not ${JSON.stringify(flags.rows)}`, {
      hint: 'All rows of a file: clickhouse local -q "SELECT * FROM file(\'x.native\', Native)"',
    })
  }
  const columns = flags.columns?.split(',').map((name) => name.trim())
  if (columns?.includes(''))
    throw new UsageError('BAD_OPTION', '--columns holds an empty name', { hint: 'Write --columns a,b,c.' })
  return {
    rows,
    columns,
    isVertical: flags.vertical ?? false,
    listsBlocks: flags.blocks ?? false,
    isJson: flags.json ?? false,
    showsProgress: flags.progress ?? process.stderr.isTTY ?? false,
    width: process.stdout.columns || WIDTH,
  }
}

/** One file after the other; a file that fails does not keep the others from being shown. */
async function inspect(files: readonly string[], options: InspectOptions): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  let hasPrinted = false
  for (const path of files) {
    const { output, problems } = await inspectFile(path, options)
    if (output !== undefined) process.stdout.write(hasPrinted && !options.isJson ? `\n${output}` : output)
    hasPrinted ||= output !== undefined
    for (const { message, hint } of problems) {
      process.stderr.write(`sluice: ${clean(message)}\n${hint === undefined ? '' : `  hint: ${clean(hint)}\n`}`)
    }
    if (problems.some(({ code }) => code === 'FILE_FAILED' || code === 'UNKNOWN_COLUMN')) exitCode = EXIT.usage
    else if (problems.length > 0 && exitCode === EXIT.ok) exitCode = EXIT.data
  }
  // A file that was not read to its end must not keep the program waiting for its pipe.
  process.stdin.destroy()
  return exitCode
}

async function inspectFile(
  path: string,
  options: InspectOptions,
): Promise<{ output?: string; problems: readonly Problem[] }> {
  try {
    const findings = await readFindings(path, options)
    const output = options.isJson ? jsonReport(findings) : textReport(findings, options)
    return { output: `${output}\n`, problems: findings.problems }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    const problem = problemOf(error)
    return { output: options.isJson ? `${jsonFailure(path, problem)}\n` : undefined, problems: [problem] }
  }
}
