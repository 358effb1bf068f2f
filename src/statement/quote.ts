// How names and texts stand in SQL.

/** An identifier that must not be mistaken for anything else: always in backticks, `\` and `` ` `` escaped. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&').replace(/\n/g, '\\n')}\``
}

/** A string literal: `\` and `'` escaped. */
export function quoteString(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`
}
