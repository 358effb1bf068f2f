// `sluice load`: files into a table.

import type { Command } from 'commander'
import { Option } from 'commander'
import { connect } from '../index.ts'
import { isInsertable } from './columns.ts'
import { describeError, EXIT, type ExitCode } from './exit.ts'
import { FORMATS } from './input/format.ts'
import { type LoadFlags, type LoadOptions, resolveLoadOptions } from './load-options.ts'
import { Loader } from './loader.ts'
import { prepareTable } from './prepare-table.ts'
import { Progress } from './progress.ts'
import { Screen } from './screen.ts'
import { exitCodeFor, jsonSummary, type LoadResult, textSummary } from './summary.ts'
import { addTargetOptions } from './target-options.ts'

export function addLoadCommand(program: Command): void {
  const command = program
    .command('load')
    .summary('load NDJSON, CSV or TSV into a table')
    .description(
      'Loads NDJSON, CSV or TSV files (also gzipped), or stdin, into a ClickHouse table. Columns are found by name: the keys of the objects, or the header.',
    )
    .argument('<table>', 'events, or db.events')
    .argument('[files...]', 'files in the order they are loaded; none, or -, is stdin')
    .optionsGroup('Target:')
  addTargetOptions(command, 'http://host:8123/db, chdb:./directory or file:out.native')
    .option('--accept-duplicates', 'send rows again that may be in a table that cannot tell; default: stop there')
    .option('--create', 'create the table from the first 10,000 rows if it does not exist; shows the DDL and asks')
    .option('--yes', 'do not ask')
    .optionsGroup('Input:')
    .addOption(new Option('--format <name>', 'default: by extension, else by the first bytes').choices(FORMATS))
    .option('--columns <a,b,c>', 'names of the fields instead of the header’s; for NDJSON the keys that are loaded')
    .option('--no-header', 'the first line of CSV and TSV is a row; needs --columns')
    .option('--delimiter <char>', 'CSV: one character, or tab (default: comma)')
    .option('--null <text>', 'unquoted text that means NULL (default: \\N)')
    .option('--ignore-unknown', 'leave out columns that the table does not have, instead of refusing them')
    .option('--timezone <name>', 'zone of times without one, where the column names none (default: UTC)')
    .option('--floor-times', 'cut times that are finer than their column, instead of refusing them')
    .option('--skip-rows <n>', 'rows of the first file to pass over: what an earlier load says to resume from')
    .optionsGroup('Bad rows:')
    .addOption(
      new Option('--on-error <what>', 'stop at the first bad row, or skip it')
        .choices(['stop', 'skip'])
        .default('stop'),
    )
    .option('--rejects <file>', 'where skipped rows go, word for word; reasons go to <file>.errors.ndjson')
    .option('--max-errors <n>', 'with skip: stop after more bad rows than this')
    .optionsGroup('Blocks:')
    .option('--block-size <rows>', 'rows per insert (default: 65536)')
    .option('--block-bytes <bytes>', 'uncompressed bytes per insert, whichever comes first (default: 32MiB)')
    .addOption(new Option('--compression <name>', 'default: lz4, none on the same machine').choices(['lz4', 'none']))
    .option('--split-by-partition', 'one insert per partition, where the server refuses a block over too many')
    .optionsGroup('Other:')
    .option('--dry-run', 'read, convert and encode everything, send nothing')
    .option('--progress', 'show the live line (default: on a terminal)')
    .option('--no-progress', 'do not')
    .helpOption('-h, --help', 'show this')
    .addHelpText('after', HELP)
    .action(async (table: string, files: string[], flags: LoadFlags) => {
      process.exitCode = await load(resolveLoadOptions(table, files, flags, process.env))
    })
}

const HELP = `
Values:
  Times without a zone are in the column's zone, else in --timezone, else UTC. Numbers are days in a Date, unix seconds in a
  DateTime; in a DateTime64 the size tells seconds, milli-, micro- or nanoseconds.
  An empty field is a missing value: the column's DEFAULT, NULL where it is Nullable, else zero or ''. "" in CSV and nothing in
  TSV are the empty string for String columns. \\N (or --null) is NULL. Arrays are [1,2] or ['a','b'], maps {'k':1}.
  TSV has backslash escapes and no quotes; quoted text with tabs is --format csv --delimiter tab.

Bad rows:
  stop   everything before the bad row is committed; the last lines say how many rows are in and how to resume
  skip   bad rows, also those that only the server refuses, go to --rejects, the others are loaded; the exit code is 1

Exit codes:
  0 all rows are in   1 bad rows or damaged input   2 wrong usage, no such file or table   3 server or connection
  130 interrupted (Ctrl-C finishes what is under way for up to 5 s; a second Ctrl-C ends at once)

Output:
  On a terminal a live line and a summary on stderr. Where stdout is no terminal, one JSON line with rows, refused, seconds,
  rowsPerSecond, retries, waits, waitedSeconds and, if something is left to load, resume: {file, skipRows}. Besides, where it applies:
    outcome              loaded, dry run, stopped (at a bad row or damaged input), interrupted, failed
    error, at            what ended the load, and the file and line of the row if it was one
    unknown              rows that may be in the table or not; the lines on stderr say which
    undelivered          rows that were read, and are not in the table
    ahead                of rows: those behind the place to resume from, which would be loaded twice there
    possibleDuplicates   rows that --accept-duplicates sent again; they may be in the table twice

Examples:
  $ export SLUICE_URL=http://localhost:8123/default SLUICE_PASSWORD=...
  $ sluice load events events.ndjson
  $ sluice load events 2024-*.csv.gz --on-error skip --rejects bad.csv
  $ sluice load events people.csv --create --yes
  $ sluice load events old.txt --format csv --delimiter ';' --no-header --columns id,name,at
  $ kafkacat ... | sluice load events --format ndjson
  $ sluice load events big.csv --dry-run --to chdb:./data
  $ sluice load events big.csv --skip-rows 1200000
`

/** @returns the exit code */
async function load(options: LoadOptions): Promise<ExitCode> {
  const screen = new Screen()
  if (process.stdin.isTTY && options.files.includes('-'))
    screen.message('reading rows from the terminal; Ctrl-D ends them')
  const connection = await connect({
    url: options.to,
    username: options.username,
    password: options.password,
    logger: screen.logger,
  })
  const closing = [connection]
  try {
    const prepared = await prepareTable(connection, options)
    if (prepared === undefined) return EXIT.usage
    const { columns, source, isDeclared } = prepared
    let target = connection
    if (options.dryRun) {
      target = await connect('file:/dev/null')
      closing.push(target)
    }
    // Without a server to ask, the statement is told the columns.
    const statement = { ...options.statement, columns: columns.filter(isInsertable) }
    // Nothing that is not sent needs a partition.
    if (options.dryRun) delete statement.splitByPartition
    const declared = { ...options, statement }
    const loader = new Loader(target, options.dryRun || isDeclared ? declared : options, screen)
    return await watch(loader, options, screen, () => loader.run(columns, source))
  } finally {
    await Promise.all(closing.map((open) => open.close()))
    // A load that ended early must not wait for the end of its pipe.
    process.stdin.destroy()
  }
}

/** Runs the load under the live line and Ctrl-C, then prints its account. */
async function watch(
  loader: Loader,
  options: LoadOptions,
  screen: Screen,
  run: () => Promise<LoadResult>,
): Promise<ExitCode> {
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  if (options.showsProgress) screen.progress = new Progress(options.tableName, process.stderr, () => loader.progress)
  const print = (result: LoadResult) => {
    screen.progress?.stop()
    screen.progress = undefined
    if (result.error !== undefined)
      screen.message(`${result.at === undefined ? '' : `${result.at}: `}${describeError(result.error)}`)
    if (options.showsProgress || process.stdout.isTTY || result.resume !== undefined)
      process.stderr.write(`${textSummary(options, result, seconds())}\n`)
    // Where stdout is the target, the blocks are all that belongs there.
    const output = /^file:(-|\/dev\/stdout)$/.test(options.to) ? process.stderr : process.stdout
    if (!output.isTTY) output.write(`${jsonSummary(options, result, seconds())}\n`)
  }
  let signals = 0
  const onSignal = () => {
    if (++signals === 1) {
      screen.message('interrupted: sending what was read; once more to end at once')
      loader.interrupt()
      return
    }
    print(loader.account('interrupted'))
    process.exit(EXIT.interrupted)
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    const result = await run()
    print(result)
    return exitCodeFor(result)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}
