// Where refused rows go: their text word for word into --rejects, so that the file can be corrected and loaded again, and why
// into <rejects>.errors.ndjson, one JSON line each.

import { accessSync, closeSync, constants, openSync, statSync, writeSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { StorageError, UsageError } from '../errors.ts'
import { encodeEscapes } from './input/text.ts'

export interface Reject {
  file: string
  /** The line the record starts on. */
  line: number
  /** The record's number in its file, from 1, the header not counted. */
  record: number
  code: string
  column?: string
  message: string
}

export class Rejects {
  readonly #path: string
  readonly #files = new Map<string | undefined, number>()
  #errors: number | undefined

  /**
   * Makes no file yet: a load without a bad row leaves none.
   * @throws {UsageError} BAD_OPTION: the file is there already and holds something; {StorageError} FILE_FAILED: it cannot be made.
   */
  constructor(path: string) {
    this.#path = path
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isFile() && stat.size > 0) {
      throw new UsageError('BAD_OPTION', `the rejects file ${path} exists already`, {
        hint: 'It may hold rows of an earlier load: move it away, or name another.',
      })
    }
    if (stat?.isDirectory()) throw new UsageError('BAD_OPTION', `--rejects ${path} is a directory`)
    try {
      accessSync(stat ? path : dirname(path), constants.W_OK)
    } catch (error) {
      throw cannotWrite(path, error)
    }
  }

  /** @param header  the header that belongs to the record; each header gets a file of its own, or it could not be loaded again */
  add(text: string, header: string | undefined, reject: Reject): void {
    const rows = this.#files.get(header) ?? this.#open(header)
    this.#write(rows, Buffer.concat([encodeEscapes(text), NEWLINE]))
    if (this.#errors !== undefined) this.#write(this.#errors, Buffer.from(`${JSON.stringify(reject)}\n`))
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file)
    if (this.#errors !== undefined) closeSync(this.#errors)
  }

  #open(header: string | undefined): number {
    const number = this.#files.size + 1
    const extension = extname(this.#path)
    const path =
      number === 1 ? this.#path : `${this.#path.slice(0, this.#path.length - extension.length)}.${number}${extension}`
    const file = open(path)
    // A device such as /dev/null has no room beside it; the messages on stderr are all there is then.
    if (number === 1 && statSync(path).isFile()) this.#errors = open(`${path}.errors.ndjson`)
    if (header !== undefined) this.#write(file, Buffer.concat([encodeEscapes(header), NEWLINE]))
    this.#files.set(header, file)
    return file
  }

  #write(file: number, bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    } catch (error) {
      throw cannotWrite(this.#path, error, 'Its last row may be cut: it is the one to resume from.')
    }
  }
}

const NEWLINE = Buffer.from('\n')

function open(path: string): number {
  try {
    return openSync(path, 'w')
  } catch (error) {
    throw cannotWrite(path, error)
  }
}

function cannotWrite(path: string, error: unknown, hint?: string): StorageError {
  return new StorageError('FILE_FAILED', `cannot write ${path}: ${(error as Error).message}`, { hint, cause: error })
}
