// Random JSON: objects and their texts.

import { type Below, pick, type RandomType, type Value } from './value.ts'

export function json(below: Below): RandomType {
  const keys = ['a', 'key', 'ключ', '__proto__', 'toString', 'k1', 'k2', 'k3']
  const value = (depth: number): unknown => {
    switch (below(depth > 0 ? 9 : 6)) {
      case 0:
        return below(2 ** 31) - 2 ** 30
      case 1:
        return below(2 ** 31) / 7
      case 2:
        return BigInt(below(2 ** 31)) << 32n
      case 3:
        return below(2) === 1
      case 4:
        return `${'é"\\\n'.repeat(below(3))}${'x'.repeat(below(60))}`
      case 5:
        return null
      case 6: {
        const items = Array.from({ length: below(4) }, () => value(depth - 1))
        return items.filter((item) => !isBentBy(item, items))
      }
      default:
        return object(depth - 1)
    }
  }
  const object = (depth: number): object =>
    Object.fromEntries(keys.filter(() => below(4) === 0).map((key) => [key, value(depth)]))
  const [type, hasTyped] = pick(
    below,
    ['JSON', false] as const,
    ['JSON(max_dynamic_paths=4, typed UInt8)', true] as const,
    ["JSON(max_dynamic_types=3, SKIP skipped, SKIP REGEXP 'never.*')", false] as const,
  )
  const good = (): Value => {
    const input = { ...object(3), ...(hasTyped && below(2) ? { typed: below(256) } : {}) }
    const text = JSON.stringify(input, (_, member) => (typeof member === 'bigint' ? Number(member) : member))
    // Above 2^53 the decoder gives a bigint, and the text has lost digits.
    const isText = below(2) === 0 && !/\d{16}/.test(text)
    const shown = shownJson(input) as object
    return {
      input: isText ? text : input,
      decoded: isText ? JSON.parse(text) : asJson(input),
      shown: hasTyped && !Object.hasOwn(input, 'typed') ? { ...shown, typed: 0n } : shown,
    }
  }
  return {
    type,
    good,
    bad: () =>
      pick<unknown>(
        below,
        '{',
        '[]',
        '{"a":1,"a":2}',
        '{"a":{"b":1},"a.b":2}',
        '{"a":"\\ud800"}',
        '{"a":[1,{"b":01}]}',
        `${JSON.stringify({ list: [{ x: 1 }] }).slice(0, -3)}1e999}]}`,
        { a: { b: 1 }, 'a.b': 1 },
        { a: [1, { b: Number.NaN }] },
        { a: undefined, b: [undefined] },
        { a: 2n ** 64n },
        { a: Symbol('bad') },
        { a: new Map() },
        [],
        null,
        5,
        new Map(),
        new Date(0),
      ),
  }
}

/** In an array the server makes something else of some values, by what stands beside them: 0 of false, [] of NULL. */
function isBentBy(item: unknown, items: readonly unknown[]): boolean {
  const isText = (other: unknown) => typeof other === 'string'
  return typeof item === 'boolean' || (item === null && (items.some(Array.isArray) || !items.some(isText)))
}

/** What the engine keeps: no NULL and no empty object as a member, integers as such. */
function shownJson(value: unknown): unknown {
  if (typeof value === 'bigint' || Number.isInteger(value)) return BigInt(value as number)
  if (typeof value === 'string') return Buffer.from(value).toString('latin1')
  if (Array.isArray(value)) return value.map(shownJson)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]) => [Buffer.from(key).toString('latin1'), shownJson(member)])
  return Object.fromEntries(members.filter(([, member]) => member !== null && !isEmptyObject(member)))
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}

/** Integers that fit a number are numbers. */
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asJson(member)]))
}
