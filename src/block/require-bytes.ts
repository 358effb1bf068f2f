import { LOST_BUFFER_HINT, lostBuffer } from '../column/column-data.ts'
import { show, UsageError } from '../errors.ts'

/** @throws {UsageError} BAD_OPTION, naming the call */
export function requireBytes(bytes: unknown, call: string): void {
  if (!(bytes instanceof Uint8Array)) {
    throw new UsageError('BAD_OPTION', `${call}() was given ${show(bytes)}.`, {
      hint: 'It takes a Uint8Array or a Buffer.',
    })
  }
  if (!lostBuffer(bytes)) return
  throw new UsageError('BAD_OPTION', `${call}() was given an array that has lost its memory.`, {
    hint: LOST_BUFFER_HINT,
  })
}
