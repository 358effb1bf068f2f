// Exit codes, and how an error ends the program: one line that says what happened, one that says what to do.

import { CommanderError } from 'commander'
import { DeliveryError } from '../engine/delivery-error.ts'
import {
  EncodeError,
  SchemaError,
  ServerError,
  SluiceError,
  StorageError,
  TransportError,
  UsageError,
} from '../errors.ts'

export const EXIT = {
  ok: 0,
  /** Some rows were refused, an input is damaged, or a promise does not hold. */
  data: 1,
  /** Wrong options, a file that cannot be opened, no such table or column. Nothing was sent. */
  usage: 2,
  /** The server could not be reached, or refused. */
  server: 3,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError || error instanceof SchemaError || error instanceof CommanderError) return EXIT.usage
  if (error instanceof StorageError) return error.code === 'FILE_FAILED' ? EXIT.usage : EXIT.data
  if (error instanceof EncodeError) return EXIT.data
  return EXIT.server
}

/** What happened and what to do, without a stack: that is for defects only. */
export function describeError(error: unknown): string {
  if (!(error instanceof SluiceError)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  const message = error.message.split('\n  hint: ')[0]!
  // The row's number in its statement says nothing to who has files and lines.
  const lines = [
    error instanceof EncodeError
      ? message.replace(new RegExp(`(^|, )row ${error.row}: `), (_, comma) => (comma ? ': ' : ''))
      : message,
  ]
  const cause = error instanceof DeliveryError && error.cause instanceof SluiceError ? error.cause : undefined
  if (cause) lines.push(`  ${cause.message.split('\n  hint: ')[0]}`)
  // Of a block that failed, the hint of the API speaks of blocks in the caller's hands; here they are gone with the process.
  const hints = [doubtHint(error), hintFor(cause ?? error), error.hint, cause?.hint]
  const hint = hints.find((candidate) => candidate !== undefined && !candidate.includes('takeBlocks()'))
  if (hint !== undefined) lines.push(`  hint: ${inWordsOfTheProgram(hint)}`)
  return lines.join('\n')
}

function inWordsOfTheProgram(hint: string): string {
  return hint
    .replace('To drop such keys pass ignoreUnknown: true', '--ignore-unknown leaves such keys out')
    .replace(
      'prepare with splitByPartition: true for blocks of one partition each',
      '--split-by-partition makes one insert per partition',
    )
    .replaceAll('before exec()', 'first')
}

/** Of rows that may be in a table which would not recognise them. */
function doubtHint({ hint }: SluiceError): string | undefined {
  return hint?.includes('acceptDuplicates')
    ? 'Look for its rows in the table first. --accept-duplicates sends such rows again, and `sluice doctor` says what spares the question.'
    : undefined
}

function hintFor(error: SluiceError): string | undefined {
  if (error.code === 'AUTHENTICATION_FAILED')
    return 'The name comes from --user or the URL, the password from SLUICE_PASSWORD or the URL.'
  if (error instanceof TransportError && error.code === 'CONNECT_FAILED')
    return 'Is the server running, and is --to (or SLUICE_URL) its HTTP address, usually port 8123?'
  if (error instanceof ServerError && error.serverCode === 497)
    return 'The user needs INSERT on the table and SELECT on system.columns.'
  return undefined
}
