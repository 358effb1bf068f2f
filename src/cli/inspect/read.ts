// Reads one file to its end, or to where it is damaged.

import { basename } from 'node:path'
import { BlockDamage } from '../../block/decode/stream.ts'
import { walkBlocks } from '../../block/decode/walk.ts'
import { SchemaError, SluiceError, StorageError } from '../../errors.ts'
import { closestName } from '../../types/closest.ts'
import { Progress } from '../progress.ts'
import { type Findings, type Problem, problemOf } from './findings.ts'
import { exceptionIn, lookAt } from './foreign.ts'
import { openSource, type Source } from './source.ts'
import { type ColumnSurvey, Survey, type SurveyOptions } from './survey.ts'

export interface ReadOptions extends SurveyOptions {
  readonly showsProgress: boolean
}

/** Shorter work needs no live line. */
const PROGRESS_AFTER_MS = 700
/** An error that the server writes behind the rows is looked for in as many of the last bytes. */
const EXCEPTION_BYTES_MAX = 4096

/**
 * @returns  what was read, with what is wrong with it
 * @throws {StorageError}  FILE_FAILED; BAD_INPUT: no Native file
 * @throws {SchemaError}   UNKNOWN_COLUMN: no block has a column that was asked for
 */
export async function readFindings(path: string, options: ReadOptions): Promise<Findings> {
  const source = await openSource(path)
  const survey = new Survey(options)
  const progress = options.showsProgress ? progressOf(source, survey) : undefined
  let lastPiece: Buffer = source.head
  const pieces = (async function* () {
    for await (const piece of source.blocks) {
      lastPiece = piece
      yield piece
    }
  })()
  let failure: SluiceError | undefined
  try {
    await walkBlocks(pieces, survey, source.blockBytes)
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code === 'FILE_FAILED') throw error
    failure = error
    survey.cut()
  } finally {
    progress?.stop()
    source.close()
  }
  if (failure instanceof BlockDamage && survey.columns.size === 0)
    throw foreign(source, source.frames ? lastPiece : source.head, failure)
  const problems: Problem[] = survey.faults.map(({ block, column, type, reason }) => ({
    code: 'BAD_BLOCK',
    message: `${source.name}: block ${block}, column ${JSON.stringify(column)} ${type}: ${reason}`,
    block,
  }))
  if (failure) problems.push(damage(source, survey, failure, lastPiece))
  const isCut = failure !== undefined
  return { source, survey, problems, isCut, columns: chosenColumns(source, survey, options.columns, isCut) }
}

/** The live line, once the work turns out to be long. */
function progressOf(source: Source, survey: Survey): { stop(): void } {
  let line: Progress | undefined
  const timer = setTimeout(() => {
    line = new Progress(basename(source.name), process.stderr, () => ({
      rows: survey.rowCount,
      bytesRead: source.bytesRead,
      bytesTotal: source.size,
    }))
  }, PROGRESS_AFTER_MS)
  return {
    stop() {
      clearTimeout(timer)
      line?.stop()
    },
  }
}

function damage(source: Source, survey: Survey, failure: SluiceError, lastPiece: Buffer): Problem {
  const block = survey.blockCount
  const start = survey.open?.offset ?? survey.byteLength
  const problem = problemOf(failure)
  const message = `${source.name}: block ${block} (from byte ${start}) ${verbOf(failure)} ${problem.message}`
  if (!(failure instanceof BlockDamage)) return { ...problem, message, block }
  const exception = exceptionIn(lastPiece.subarray(-EXCEPTION_BYTES_MAX))
  const hint =
    exception === undefined
      ? remedy(source, survey)
      : `The server may have failed while it wrote this; near the end stands: ${exception}`
  return { ...problem, message, hint, block, offset: failure.offset }
}

function verbOf(failure: SluiceError): string {
  if (failure instanceof BlockDamage) return 'is damaged at'
  return failure instanceof SchemaError ? 'can be read up to' : 'is cut off:'
}

/** How to save what is whole. */
function remedy({ name, blockBytes }: Source, { blockCount, byteLength }: Survey): string | undefined {
  if (blockCount === 0 || blockBytes === undefined) return undefined
  return `The first ${byteLength} bytes are sound: head -c ${byteLength} ${name} > sound.native`
}

function foreign({ name }: Source, head: Buffer, failure: BlockDamage): StorageError {
  const seen = lookAt(head, name)
  return seen
    ? new StorageError('BAD_INPUT', `${name} is no Native file: it looks like ${seen.what}`, { hint: seen.hint })
    : new StorageError('BAD_INPUT', `${name} is no Native file, or damaged at its beginning: ${failure.message}`)
}

function chosenColumns(
  { name: file }: Source,
  survey: Survey,
  names: readonly string[] | undefined,
  isCut: boolean,
): ColumnSurvey[] {
  const all = [...survey.columns.values()]
  if (names === undefined) return all
  return names.flatMap((name) => {
    const found = all.filter((column) => column.name === name)
    // Of a file that is cut off, nobody knows what columns it had; and one without blocks has none.
    if (found.length > 0 || isCut || survey.blockCount === 0) return found
    const meant = closestName(name, survey.columns.keys())
    throw new SchemaError('UNKNOWN_COLUMN', `${file} has no column ${JSON.stringify(name)}`, {
      hint:
        meant === undefined
          ? `It has ${all
              .slice(0, 20)
              .map((column) => column.name)
              .join(', ')}.`
          : `Did you mean ${JSON.stringify(meant)}?`,
    })
  })
}
