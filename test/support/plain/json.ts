// JSON: one text a value, which the server takes apart. Objects become texts as JSON.stringify() has them, but for what that would
// lose or change: bigints are integers, a number that is no safe integer is a Float64 for certain (1e20, -0.0), and what is no JSON
// is refused. Lone surrogates become U+FFFD.

import { type Fault, Illegal, type PlainColumn, wrongKind, ZERO } from './column.ts'
import { isKeyed } from './composites.ts'
import { checkJson, DEPTH_MAX, is64Bits, JsonFault } from './json-text.ts'

const VERSION = 1

export const json: PlainColumn = {
  prefix: (out) => out.uint(8, VERSION),
  data(out, values) {
    for (const value of values) out.text(value === ZERO ? '{}' : checkedText(value))
  },
  fault(value): Fault | undefined {
    try {
      checkedText(value)
      return undefined
    } catch (error) {
      if (error instanceof JsonFault) return { code: error.code, path: error.path, value }
      if (error instanceof Illegal) return { code: error.code, path: '', value }
      throw error
    }
  },
}

function checkedText(value: unknown): string {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) wrongKind(value)
  const text = textOf(value)
  checkJson(text)
  return text
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.toWellFormed()
  const root = resolved(value, '', '')
  if (typeof root !== 'object' || root === null || Array.isArray(root)) throw new JsonFault('WRONG_TYPE', '')
  return written(root, '', 0)
}

/** What stands for a value in JSON, where it has a say. */
function resolved(value: unknown, key: string, path: string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new JsonFault('NOT_A_NUMBER', path)
  const { toJSON } = value as { toJSON?: unknown }
  return typeof toJSON === 'function' ? toJSON.call(value, key) : value
}

function written(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.toWellFormed())
    case 'boolean':
      return String(value)
    case 'number':
      return writtenNumber(value, path)
    case 'bigint':
      if (!is64Bits(value)) throw new JsonFault('VALUE_OUT_OF_RANGE', path)
      return String(value)
    case 'undefined':
      throw new JsonFault('MISSING_VALUE', path)
    case 'object':
      break
    default:
      throw new JsonFault('WRONG_TYPE', path)
  }
  if (value === null) return 'null'
  if (!Array.isArray(value) && !isKeyed(value)) throw new JsonFault('WRONG_TYPE', path)
  if (depth === DEPTH_MAX) throw new JsonFault('VALUE_OUT_OF_RANGE', path)
  if (Array.isArray(value)) {
    const items = Array.from(value, (item: unknown, i) => {
      const place = `${path}[${i}]`
      return written(resolved(item, String(i), place), place, depth + 1)
    })
    return `[${items.join(',')}]`
  }
  const members: string[] = []
  for (const [key, given] of Object.entries(value)) {
    const place = path + pathPart(key)
    const member = resolved(given, key, place)
    if (member !== undefined) members.push(`${JSON.stringify(key.toWellFormed())}:${written(member, place, depth + 1)}`)
  }
  return `{${members.join(',')}}`
}

function writtenNumber(value: number, path: string): string {
  if (!Number.isFinite(value)) throw new JsonFault('NOT_A_NUMBER', path)
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value)
}

/** A key as it stands in the name of a place. */
export function pathPart(key: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}
