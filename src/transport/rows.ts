// What small reads bring back: JSONEachRow text, and the version in it.

import { TransportError } from '../errors.ts'
import { parseException, serverError } from './exception.ts'

/** One object per line. A line that is no JSON is an exception that came after the first rows, or not ClickHouse. */
export function parseRows(text: string): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      rows.push(JSON.parse(line) as Record<string, unknown>)
    } catch (cause) {
      const exception = parseException(text)
      if (exception !== undefined) throw serverError(exception)
      throw new TransportError('BAD_ANSWER', 'The answer to a query is not JSONEachRow.', {
        hint: 'Is this ClickHouse’s HTTP port, and does the query carry a FORMAT clause of its own?',
        cause,
      })
    }
  }
  return rows
}

/** '26.7.2.1' → release [26, 7]. */
export function parseVersion(version: unknown): { version: string; release: readonly [number, number] } {
  const text = String(version ?? '')
  const found = /^(\d+)\.(\d+)/.exec(text)
  if (found === null) {
    throw new TransportError('BAD_ANSWER', 'The answer to SELECT version() holds no version.', {
      hint: 'Is this ClickHouse?',
    })
  }
  return { version: text, release: [Number(found[1]), Number(found[2])] }
}
