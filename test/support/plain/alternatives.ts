// Variant and Dynamic: a code for every value, then the values of each type by themselves.

import { whyNotAlternative } from '../../../src/types/check.ts'
import { formatType } from '../../../src/types/format.ts'
import type { TypeNode } from '../../../src/types/node.ts'
import { parseType } from '../../../src/types/parse.ts'
import { TypedValue } from '../../../src/types/typed.ts'
import { columnOf } from './block.ts'
import { type Fault, type PlainColumn, wrongKindFault, ZERO } from './column.ts'
import { alternativesFor, inferType } from './infer.ts'
import type { Output } from './output.ts'

const MODE = 0
const NULL_CODE = 255

/** `alternatives` in the order of their names, which is that of the codes. */
export function variant(alternatives: readonly TypeNode[]): PlainColumn {
  const columns = alternatives.map(columnOf)
  const names = alternatives.map(formatType)
  const meant = alternativesFor(alternatives)
  const codeOf = (value: unknown) => {
    if (isNull(value)) return NULL_CODE
    return value instanceof TypedValue ? names.indexOf(canonical(value.type)) : meant(value)[0]!
  }
  const valuesOf = (values: readonly unknown[], code: number) =>
    values.filter((value) => codeOf(value) === code).map(plainValue)
  return {
    prefix(out, values) {
      out.uint(8, MODE)
      for (const [code, column] of columns.entries()) column.prefix(out, () => valuesOf(values(), code))
    },
    data(out, values) {
      for (const value of values) out.uint(1, codeOf(value))
      for (const [code, column] of columns.entries()) dataOf(column, out, valuesOf(values, code))
    },
    fault(value) {
      if (value instanceof TypedValue) {
        const named = nodeNamed(value)
        if ('code' in named) return named
        const code = names.indexOf(formatType(named))
        if (code < 0) return { code: 'WRONG_TYPE', path: '', value: value.value }
        return value.value === null ? undefined : columns[code]!.fault(value.value)
      }
      if (value === null) return undefined
      const [code, ...more] = meant(value)
      return code === undefined || more.length > 0 ? wrongKindFault(value) : columns[code]!.fault(value)
    },
  }
}

const VERSION = 3

/** The types of the block, in the order in which their first values come. */
export function dynamic(): PlainColumn {
  return {
    prefix(out, values) {
      const types = byType(values())
      out.uint(8, VERSION)
      out.varUInt(types.size)
      for (const name of types.keys()) out.text(name)
      for (const [name, own] of types) columnOf(parseType(name)).prefix(out, () => own)
    },
    data(out, values) {
      const types = byType(values)
      const codes = new Map([...types.keys()].map((name, code) => [name, code]))
      for (const value of values) {
        const code = isNull(value) ? types.size : codes.get(typeOf(value))!
        out.uint(types.size < 256 ? 1 : 2, code)
      }
      for (const [name, own] of types) dataOf(columnOf(parseType(name)), out, own)
    },
    fault(value) {
      if (value instanceof TypedValue) {
        const named = nodeNamed(value)
        if ('code' in named) return named
        if (whyNotAlternative(named) !== undefined) return { code: 'WRONG_TYPE', path: '', value: value.value }
        if (named.name === 'AggregateFunction') return { code: 'UNSUPPORTED_TYPE', path: '', value: value.value }
        return value.value === null ? undefined : columnOf(named).fault(value.value)
      }
      if (value === null) return undefined
      if (value === undefined) return wrongKindFault(value)
      const inferred = inferType(value)
      return inferred ? columnOf(inferred).fault(value) : { code: 'WRONG_TYPE', path: '', value }
    },
  }
}

function byType(values: readonly unknown[]): Map<string, unknown[]> {
  const types = new Map<string, unknown[]>()
  for (const value of values) {
    if (isNull(value)) continue
    const name = typeOf(value)
    const own = types.get(name)
    if (own) own.push(plainValue(value))
    else types.set(name, [plainValue(value)])
  }
  return types
}

function typeOf(value: unknown): string {
  return value instanceof TypedValue ? canonical(value.type) : formatType(inferType(value)!)
}

const canonicals = new Map<string, string>()

function canonical(text: string): string {
  const name = canonicals.get(text) ?? formatType(parseType(text))
  canonicals.set(text, name)
  return name
}

function isNull(value: unknown): boolean {
  return value === null || value === ZERO || (value instanceof TypedValue && value.value === null)
}

function plainValue(value: unknown): unknown {
  return value instanceof TypedValue ? value.value : value
}

function dataOf(column: PlainColumn, out: Output, values: readonly unknown[]): void {
  if (values.length > 0) column.data(out, values)
}

/** The type that typed() names, or why there is none. */
function nodeNamed({ type, value }: TypedValue): TypeNode | Fault {
  if (typeof type !== 'string') return { code: 'BAD_TYPE', path: '', value }
  try {
    return parseType(type)
  } catch (error) {
    return { code: (error as { code: Fault['code'] }).code, path: '', value }
  }
}
