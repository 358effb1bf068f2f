// Members that a JSON type names: JSON(price UInt8, `at.day` Date). The server makes their values fit, 1 of 1.5 and a day in March of
// '2024-02-30', or refuses the whole block; so they are held against their types before they are staged.

import { show } from '../errors.ts'
import type { JsonParameter, TypeNode } from '../types/node.ts'
import { Refusal, type StagedColumn } from './column.ts'
import { formatPath, JsonFault } from './json-fault.ts'

/** Looks at a value; `place` are the keys and element numbers down to it. */
type Check = (value: unknown, place: (string | number)[]) => void

interface Member {
  readonly path: string
  readonly check: Check
}

export class TypedMembers {
  readonly #members: readonly Member[]

  /** @param create  a column of a type, in which a value is tried */
  constructor(parameters: readonly JsonParameter[], create: (node: TypeNode) => StagedColumn) {
    this.#members = parameters.flatMap((parameter) => {
      if (!('path' in parameter)) return []
      const check = checkOf(parameter.type, create)
      return check ? [{ path: parameter.path, check }] : []
    })
  }

  /** Whether there is anything to look at. */
  get isEmpty(): boolean {
    return this.#members.length === 0
  }

  /**
   * @param root  the object, or what JSON.parse() gave
   * @throws {JsonFault}  for the first member that its type does not take
   */
  check(root: object): void {
    if (speaksForItself(root)) return
    for (const { path, check } of this.#members) checkAt(root, path, [], check)
  }
}

/** `a.b` is {a: {b}} as well as {'a.b'}. */
function checkAt(object: object, path: string, place: string[], check: Check): void {
  if (Object.hasOwn(object, path)) check((object as Record<string, unknown>)[path], [...place, path])
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const key = path.slice(0, dot)
    const inner = Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined
    if (typeof inner === 'object' && inner !== null) checkAt(inner, path.slice(dot + 1), [...place, key], check)
  }
}

/** Undefined for types whose values the server alone can judge. */
function checkOf(node: TypeNode, create: (node: TypeNode) => StagedColumn): Check | undefined {
  switch (node.name) {
    case 'Nullable':
    case 'LowCardinality':
      return checkOf(node.inner, create)
    case 'SimpleAggregateFunction':
      return checkOf(node.args[0]!, create)
    case 'Array': {
      const item = checkOf(node.inner, create)
      return item && ((value, place) => checkItems(value, place, item))
    }
    case 'Float32':
    case 'Float64':
    case 'BFloat16':
      return checkScalar(create(node), (value) => typeof value === 'string') // digits in quotes, which the server reads
    case 'Date':
    case 'Date32':
      return checkScalar(create(node), (value) => typeof value === 'number')
    case 'Bool':
      return checkScalar(create(node), (value) => typeof value === 'string') // 'true', which the server reads
    case 'Decimal':
    case 'UUID':
    case 'IPv4':
    case 'IPv6':
    case 'Enum8':
    case 'Enum16':
      return checkScalar(create(node))
    default:
      return /^U?Int\d+$/.test(node.name) ? checkScalar(create(node), isBeyondNumbers) : undefined
  }
}

/** A number of a JSON text that is not what its digits were. */
function isBeyondNumbers(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value)
}

function checkItems(value: unknown, place: (string | number)[], item: Check): void {
  if (value === null || value === undefined || speaksForItself(value)) return
  if (!Array.isArray(value)) throw new JsonFault('WRONG_TYPE', formatPath(place), `${show(value)} is no array`)
  for (const [i, one] of value.entries()) item(one, [...place, i])
}

/** @param skip  values that are not looked at */
function checkScalar(column: StagedColumn, skip: (value: unknown) => boolean = () => false): Check {
  column.ensure(1)
  return (value, place) => {
    if (value === null || value === undefined || speaksForItself(value) || skip(value)) return
    try {
      if (typeof value === 'string' && column.readsText) column.putText(0, value)
      else column.put(0, value)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      throw new JsonFault(
        error.code,
        formatPath(place),
        `${error.reason} (the type has ${column.type} here)`,
        error.hint,
      )
    } finally {
      column.truncate(0)
    }
  }
}

/** A Date, say: what it becomes is not known before it is written. */
function speaksForItself(value: unknown): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function'
}
