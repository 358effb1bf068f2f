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
  'use_strict_insert_block_limits',
  'distributed_foreground_insert',
  'insert_distributed_sync',
  // Not sent, but they decide what is promised: see statement/check.
  'insert_distributed_one_random_shard',
  'insert_quorum',
  'deduplicate_blocks_in_dependent_materialized_views',
  'materialized_views_ignore_errors',
  'max_partitions_per_insert_block',
  'throw_on_max_partitions_per_insert_block',
  'readonly',
] as const

/** By name: the value a setting has for this user where nobody says otherwise. A setting the server does not know is not there. */
export type KnownSettings = ReadonlyMap<string, string>

/**
 * The settings of INSERT_SETTINGS (and of `more`) that this server knows; one query, asked once per connection. Asked rather than looked
 * up by version: builds, forks and backports differ. Empty for a file, which has no settings.
 */
export async function probeSettings(
  transport: Transport,
  more: readonly string[] = [],
  signal?: AbortSignal,
): Promise<KnownSettings> {
  if (transport.kind === 'file') return new Map()
  const names = [...INSERT_SETTINGS, ...more].map(quoteText)
  const rows = await transport.query(`SELECT name, value FROM system.settings WHERE name IN (${names.join(', ')})`, {
    signal,
  })
  return new Map(rows.map((row) => [String(row.name), String(row.value ?? '')]))
}
