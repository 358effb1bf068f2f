import { quoteText } from '../types/format.ts'
import type { Transport } from './transport.ts'

// What inserts want to say. A server refuses a setting it does not know (115), so each is sent only where it is known.
const INSERT_SETTINGS = [
  'async_insert',
  'insert_deduplication_token',
  'insert_deduplicate',
  'deduplicate_insert',
  'input_format_skip_unknown_fields',
  'input_format_defaults_for_omitted_fields',
  'input_format_null_as_default',
  'input_format_native_allow_types_conversion',
  'distributed_foreground_insert',
  'insert_distributed_sync',
] as const

export type InsertSetting = (typeof INSERT_SETTINGS)[number]

/**
 * The settings of INSERT_SETTINGS (and of `more`) that this server knows; one query, asked once per connection. Asked rather than looked
 * up by version: builds, forks and backports differ. Empty for a file, which has no settings.
 */
export async function probeSettings(
  transport: Transport,
  more: readonly string[] = [],
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (transport.kind === 'file') return new Set()
  const names = [...INSERT_SETTINGS, ...more].map(quoteText)
  const rows = await transport.query(`SELECT name FROM system.settings WHERE name IN (${names.join(', ')})`, { signal })
  return new Set(rows.map((row) => String(row.name)))
}
