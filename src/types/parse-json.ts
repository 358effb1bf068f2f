import type { JsonParameter, TypeNode } from './node.ts'
import type { TypeReader } from './reader.ts'
import { compareBytewise } from './variant.ts'

/** Bounds and defaults of JSON's settings; ClickHouse prints a setting only where it differs from the default. */
const SETTINGS = {
  max_dynamic_types: { max: 254, default: 32 },
  max_dynamic_paths: { max: 10_000, default: 1024 },
} as const
type Setting = keyof typeof SETTINGS

/**
 * The parameters of JSON(...), after the opening parenthesis, in the order ClickHouse prints them: settings, typed paths,
 * SKIP, SKIP REGEXP, each sorted.
 */
export function parseJsonParameters(reader: TypeReader, inner: () => TypeNode): JsonParameter[] {
  const settings = new Map<Setting, number>()
  const types = new Map<string, TypeNode>()
  const skips = new Set<string>()
  const regexps: string[] = []
  while (reader.peek() !== ')') {
    const start = reader.at
    const path = readPath(reader)
    if (path.isWord && reader.take('=')) {
      const setting = path.text as Setting
      const limits = Object.hasOwn(SETTINGS, setting) ? SETTINGS[setting] : undefined
      if (limits === undefined) throw reader.bad('expected max_dynamic_types or max_dynamic_paths', start)
      const value = reader.integer()
      if (value === undefined || value < 0 || value > limits.max) {
        throw reader.bad(`${setting} is 0..${limits.max}`, start)
      }
      settings.set(setting, value)
    } else if (path.isWord && path.text.toUpperCase() === 'SKIP') {
      const before = reader.at
      if (reader.word()?.toUpperCase() === 'REGEXP') {
        if (reader.peek() !== "'") throw reader.unexpected('a regular expression in single quotes')
        regexps.push(reader.quoted("'"))
      } else {
        reader.rewind(before)
        skips.add(readPath(reader).text)
      }
    } else {
      if (types.has(path.text)) throw reader.bad(`the path ${JSON.stringify(path.text)} has two types`, start)
      types.set(path.text, inner())
    }
    if (!reader.take(',')) break
  }
  reader.expect(')')

  const parameters: JsonParameter[] = []
  for (const setting of Object.keys(SETTINGS) as Setting[]) {
    const value = settings.get(setting) ?? SETTINGS[setting].default
    if (value !== SETTINGS[setting].default) parameters.push({ setting, value })
  }
  for (const path of [...types.keys()].sort(compareBytewise)) parameters.push({ path, type: types.get(path)! })
  for (const skip of [...skips].sort(compareBytewise)) parameters.push({ skip })
  for (const skipRegexp of regexps.sort(compareBytewise)) parameters.push({ skipRegexp })
  return parameters
}

/** `a`, `a.b`, `` `a b`.c ``: ClickHouse joins the parts with dots. `isWord`: one part without quotes, maybe a keyword. */
function readPath(reader: TypeReader): { text: string; isWord: boolean } {
  const parts: string[] = []
  let isWord = true
  do {
    const part = reader.identifier()
    if (part === undefined) throw reader.unexpected('a path')
    isWord &&= !part.isQuoted
    parts.push(part.text)
  } while (reader.take('.'))
  return { text: parts.join('.'), isWord: isWord && parts.length === 1 }
}
