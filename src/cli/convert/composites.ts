// Codecs of arrays, tuples and maps. JSON values are converted in place: they belong to nobody else.

import { show } from '../../errors.ts'
import { type Codec, type CodecContext, refuse } from './codec.ts'
import { LiteralFault, LiteralReader } from './literals.ts'

export function arrayCodec(context: CodecContext, element: Codec): Codec {
  const read = (reader: LiteralReader) => {
    const values: unknown[] = []
    reader.list('[', ']', () => values.push(readValue(element, reader)))
    return values
  }
  const json = (value: unknown) => {
    if (!Array.isArray(value)) return jsonText(codec, value)
    for (let i = 0; i < value.length; i++) value[i] = element.json(value[i])
    return value
  }
  const codec: Codec = { text: literalText(context, read, "[1, 2] or ['a', 'b']"), json, read, empty: [] }
  return codec
}

export function tupleCodec(context: CodecContext, names: (string | undefined)[], elements: Codec[]): Codec {
  const read = (reader: LiteralReader) => {
    const values: unknown[] = []
    const item = () => values.push(readValue(elements[values.length] ?? elements[elements.length - 1]!, reader))
    if (reader.peek() === '[') reader.list('[', ']', item)
    else reader.list('(', ')', item)
    return values
  }
  const json = (value: unknown) => {
    if (Array.isArray(value)) return value.map((member, i) => elements[i]?.json(member) ?? member)
    if (typeof value !== 'object' || value === null) return jsonText(codec, value)
    const members = value as Record<string, unknown>
    names.forEach((name, i) => {
      if (name !== undefined && members[name] !== undefined) members[name] = elements[i]!.json(members[name])
    })
    return members
  }
  const codec: Codec = { text: literalText(context, read, "(1, 'a')"), json, read }
  return codec
}

export function mapCodec(context: CodecContext, key: Codec, value: Codec): Codec {
  const read = (reader: LiteralReader) => {
    const entries: [unknown, unknown][] = []
    reader.list('{', '}', () => {
      const name = reader.scalar(true)
      reader.expect(':')
      entries.push([name === null ? null : key.text(name), readValue(value, reader)])
    })
    return entries
  }
  const json = (given: unknown) => {
    if (typeof given !== 'object' || given === null) return jsonText(codec, given)
    if (Array.isArray(given))
      return given.map((entry) => (Array.isArray(entry) ? [key.json(entry[0]), value.json(entry[1])] : entry))
    return Object.entries(given).map(([name, member]) => [key.text(name), value.json(member)])
  }
  const codec: Codec = { text: literalText(context, read, "{'a': 1}"), json, read, empty: {} }
  return codec
}

function readValue(codec: Codec, reader: LiteralReader): unknown {
  if (codec.read) return codec.read(reader)
  const text = reader.scalar()
  return text === null ? null : codec.text(text)
}

function literalText(context: CodecContext, read: (reader: LiteralReader) => unknown, example: string): Codec['text'] {
  return (text) => {
    try {
      const reader = new LiteralReader(text)
      const value = read(reader)
      reader.end()
      return value
    } catch (error) {
      if (!(error instanceof LiteralFault)) throw error
      return refuse(
        context,
        'BAD_TEXT',
        text,
        `${show(text)} cannot be read: ${error.reason}`,
        `Write it as ${example}.`,
      )
    }
  }
}

/** A JSON string may hold the literal: "[1,2]". Anything else is for the statement to refuse. */
function jsonText(codec: Codec, value: unknown): unknown {
  return typeof value === 'string' ? codec.text(value) : value
}
