import type { JsonParameter, TypeNode } from './node.ts'

/**
 * Prints a type as ClickHouse prints it in `system.columns`: canonical names, one line, one space after a comma.
 * `formatType(parseType(t)) === t` for every `t` the server gives.
 */
export function formatType(node: TypeNode): string {
  switch (node.name) {
    case 'FixedString':
      return `FixedString(${node.length})`
    case 'Decimal':
      return `Decimal(${node.precision}, ${node.scale})`
    case 'DateTime':
      return node.zone === undefined ? 'DateTime' : `DateTime(${quoteText(node.zone)})`
    case 'DateTime64':
      return `DateTime64(${node.scale}${node.zone === undefined ? '' : `, ${quoteText(node.zone)}`})`
    case 'Time64':
      return `Time64(${node.scale})`
    case 'Enum8':
    case 'Enum16':
      return `${node.name}(${node.values.map(({ label, code }) => `${quoteText(label)} = ${code}`).join(', ')})`
    case 'Nullable':
    case 'LowCardinality':
    case 'Array':
      return `${node.name}(${formatType(node.inner)})`
    case 'Tuple':
    case 'Nested':
      return `${node.name}(${node.elements.map(({ name, type }) => formatNamed(name, type)).join(', ')})`
    case 'Map':
      return `Map(${formatType(node.key)}, ${formatType(node.value)})`
    case 'Variant':
      return `Variant(${node.alternatives.map(formatType).join(', ')})`
    case 'Dynamic':
      return node.maxTypes === undefined ? 'Dynamic' : `Dynamic(max_types=${node.maxTypes})`
    case 'JSON':
      return node.parameters.length === 0 ? 'JSON' : `JSON(${node.parameters.map(formatJsonParameter).join(', ')})`
    case 'QBit':
      return `QBit(${[formatType(node.element), node.dimension, ...(node.stride ? [node.stride] : [])].join(', ')})`
    case 'AggregateFunction':
    case 'SimpleAggregateFunction':
      return `${node.name}(${[...(node.version ? [node.version] : []), node.function, ...node.args.map(formatType)].join(', ')})`
    default:
      return node.name
  }
}

function formatNamed(name: string | undefined, type: TypeNode): string {
  return name === undefined ? formatType(type) : `${quoteName(name)} ${formatType(type)}`
}

function formatJsonParameter(parameter: JsonParameter): string {
  if ('path' in parameter) return `${quotePath(parameter.path, 'SKIP')} ${formatType(parameter.type)}`
  if ('setting' in parameter) return `${parameter.setting}=${parameter.value}`
  if ('skip' in parameter) return `SKIP ${quotePath(parameter.skip, 'REGEXP')}`
  return `SKIP REGEXP ${quoteText(parameter.skipRegexp)}`
}

/** A path in quotes where, without them, it would be read as the keyword that may stand in its place. */
function quotePath(path: string, keyword: string): string {
  return path.toUpperCase() === keyword ? `\`${path}\`` : quoteName(path)
}

// ClickHouse, WriteHelpers: valid identifiers that would still be read as a keyword.
const KEYWORDS = new Set(['distinct', 'all', 'table', 'select', 'from', 'null', 'values'])

/** A name, in backticks where ClickHouse puts them. */
function quoteName(name: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name.toLowerCase())
  return isPlain ? name : `\`${escapeText(name, /[\b\f\n\r\t\0\\`]/g)}\``
}

/** Text in single quotes, escaped as ClickHouse escapes it. */
export function quoteText(text: string): string {
  return `'${escapeText(text, /[\b\f\n\r\t\0\\']/g)}'`
}

const ESCAPES: Record<string, string> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
}

function escapeText(text: string, special: RegExp): string {
  return text.replace(special, (character) => ESCAPES[character] ?? `\\${character}`)
}
