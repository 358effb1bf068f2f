// The table of a load: its columns, and with --create the table itself.

import { createInterface } from 'node:readline'
import { SchemaError } from '../errors.ts'
import type { Connection } from '../index.ts'
import type { Column } from '../types/node.ts'
import { createTableSql, guessColumns } from './create.ts'
import { openInput } from './input/open.ts'
import { openSource, type Source } from './input/source.ts'
import type { LoadOptions } from './load-options.ts'

export interface PreparedTable {
  columns: readonly Column[]
  /** The first file, where it was opened for its columns. */
  source?: Source
  /** The columns were guessed: no server has them. */
  isDeclared: boolean
}

/** The table's columns; creates the table where that was asked for. Undefined when the user said no. */
export async function prepareTable(connection: Connection, options: LoadOptions): Promise<PreparedTable | undefined> {
  const server = await connection.ping()
  if (server.kind !== 'file') {
    try {
      return { columns: await connection.describe(options.table), isDeclared: false }
    } catch (error) {
      if (!(error instanceof SchemaError && error.code === 'UNKNOWN_TABLE')) throw error
      if (!options.create) throw withCreateHint(error)
    }
  }
  const source = await openSource(openInput(options.files[0]!), options)
  const guessed = await guessColumns(source, server.release)
  const columns = guessed.map((column): Column => ({ ...column, defaultKind: '', defaultExpression: '' }))
  if (server.kind === 'file') return { columns, source, isDeclared: true }
  const sql = createTableSql(options.table, guessed, server.release)
  if (options.dryRun) {
    process.stderr.write(`${sql};\n`)
    return { columns, source, isDeclared: true }
  }
  if (!(await confirm(sql, options))) return undefined
  await connection.command(sql)
  return { columns: await connection.describe(options.table), source, isDeclared: false }
}

function withCreateHint(error: SchemaError): SchemaError {
  const hint = `${error.hint ?? ''} --create makes the table from the file.`.trim()
  return new SchemaError('UNKNOWN_TABLE', error.message.split('\n')[0]!, { table: error.table, hint, cause: error })
}

/** Shows the DDL and asks. Without a terminal to ask on, --yes must have said so. */
async function confirm(sql: string, options: LoadOptions): Promise<boolean> {
  if (options.yes) {
    process.stderr.write(`${sql};\n`)
    return true
  }
  if (!process.stdin.isTTY || !process.stderr.isTTY || options.files.includes('-')) {
    process.stdout.write(`${sql};\n`)
    process.stderr.write(
      'sluice: nothing was created or loaded: there is no terminal to ask on\n  hint: --yes creates the table as shown, or create it yourself.\n',
    )
    return false
  }
  process.stderr.write(`${sql};\n\n`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await new Promise<string>((resolve) => {
    // Ctrl-C and Ctrl-D are a no.
    terminal.once('SIGINT', () => terminal.close()).once('close', () => resolve(''))
    terminal.question('Create this table and load? [y/N] ', resolve)
  })
  terminal.close()
  if (/^y(es)?$/i.test(answer.trim())) return true
  process.stderr.write('sluice: nothing was created or loaded\n')
  return false
}
