import type { ErrorCode } from '../errors.ts'

/** Levels of objects and arrays; the server's parser ends at 1023. */
export const JSON_DEPTH_MAX = 1000

/** Why a JSON value is refused, and which member of it: `.items[3].price`. */
export class JsonFault {
  readonly code: ErrorCode
  readonly path: string
  readonly reason: string
  readonly hint?: string
  constructor(code: ErrorCode, path: string, reason: string, hint?: string) {
    this.code = code
    this.path = path
    this.reason = reason
    this.hint = hint
  }
}

/** What stands behind the column's name in a message: keys and indexes of array elements, from the outside in. */
export function formatPath(parts: Iterable<string | number>): string {
  let path = ''
  for (const part of parts) {
    if (typeof part === 'number') path += `[${part}]`
    else if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(part)) path += `.${part}`
    else path += `[${JSON.stringify(part)}]`
  }
  return path.length <= PATH_CHARS_MAX ? path : `${path.slice(0, PATH_CHARS_MAX)}…`
}

const PATH_CHARS_MAX = 200

/**
 * The server keeps a value by its path, keys joined with dots, and refuses an object with two values for one path:
 * {a: {b: 1}, 'a.b': 2}. Objects inside arrays have paths of their own.
 *
 * @param root  what JSON.parse() gives; all keys of one object differ
 * @returns     the path that occurs twice, if there is one
 */
export function repeatedPath(root: object): string | undefined {
  const seen = new Set<string>()
  const look = (object: object, prefix: string): string | undefined => {
    for (const [key, value] of Object.entries(object)) {
      const path = prefix + key
      if (isObject(value)) {
        const found = look(value, `${path}.`)
        if (found !== undefined) return found
        continue
      }
      if (seen.has(path)) return path
      seen.add(path)
      if (Array.isArray(value)) {
        const found = inArray(value)
        if (found !== undefined) return `${path}[].${found}`
      }
    }
    return undefined
  }
  return look(root, '')
}

/** The fault of a value with a repeated path; `place` is the object that has it, as far as it is known. */
export function twoValues(place: string, path: string): JsonFault {
  return new JsonFault(
    'BAD_TEXT',
    place,
    `two values for the path ${JSON.stringify(path)}`,
    'The server keeps values by their path, keys joined with dots, and refuses a path that occurs twice.',
  )
}

/** `invalidText: 'refuse'`. */
export function invalidText(path: string): JsonFault {
  return new JsonFault(
    'INVALID_TEXT',
    path,
    'the text holds a lone surrogate, which UTF-8 cannot carry',
    'Mend it with value.toWellFormed().',
  )
}

/** JSON integers of the server are Int64 or UInt64; it refuses others. */
export function isIn64Bits(value: bigint): boolean {
  return value >= -0x8000000000000000n && value <= 0xffffffffffffffffn
}

function inArray(values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const found = isObject(value) ? repeatedPath(value) : Array.isArray(value) ? inArray(value) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
