// The settings every insert carries. Defaults of servers differ by version and profile, and several of them lose rows or
// change values without a word, so what guards the bytes is said each time, as far as the server knows it.

import type { ClickHouseSettings } from '@clickhouse/client'
import { UsageError } from '../errors.ts'
import type { KnownSettings } from '../transport/capabilities.ts'
import type { ServerInfo, Settings, SettingValue } from '../transport/transport.ts'

/** The client's type knows the names; any other setting is one too. Texts, numbers and booleans only. */
export type GivenSettings = ClickHouseSettings | Settings

/** name → [value, what another value would do] */
const GUARDS: Record<string, readonly [SettingValue, string]> = {
  async_insert: [0, 'the server would answer for a buffer it shares with other writers, and cut blocks anew'],
  input_format_skip_unknown_fields: [0, 'a column the table does not have would be dropped without a word'],
  input_format_native_allow_types_conversion: [0, 'after an ALTER the server would wrap values that no longer fit'],
  input_format_defaults_for_omitted_fields: [1, 'a column that is left out would not get its DEFAULT'],
  input_format_null_as_default: [1, 'rows that leave a column out could not get its DEFAULT'],
  // Known from 24.8 on only: see knownSettings().
  deduplicate_blocks_in_dependent_materialized_views: [
    1,
    'what an attempt did not bring into a view would never get there',
  ],
  use_strict_insert_block_limits: [
    0,
    'the server would cut one block into several parts, of which it may store some only',
  ],
  distributed_foreground_insert: [1, 'the server would acknowledge rows that are only queued for other shards'],
  insert_distributed_sync: [1, 'the server would acknowledge rows that are only queued for other shards'],
}

const OURS: Record<string, string> = {
  insert_deduplication_token: 'Every block has its own token; engineId with deterministic: true makes them repeatable.',
  query_id: 'Every attempt has its own: <token>:<attempt>.',
  decompress: 'It follows from the option compression.',
}

/**
 * One set of settings out of those of connect(), prepare() and the INSERT text, later ones over earlier ones, and ours.
 *
 * @param known  settings the server knows, of those we want to send
 * @throws {UsageError} BAD_OPTION where somebody asks for what would endanger rows
 */
export function insertSettings(known: Pick<KnownSettings, 'has'>, ...given: (GivenSettings | undefined)[]): Settings {
  const settings: Record<string, SettingValue> = {}
  for (const [name, value] of Object.entries(Object.assign({}, ...given) as GivenSettings)) {
    if (value === undefined) continue
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw new UsageError(
        'BAD_OPTION',
        `The setting ${name} must be a text, a number or a boolean, not ${typeof value}.`,
      )
    }
    if (Object.hasOwn(OURS, name)) {
      throw new UsageError('BAD_OPTION', `The setting ${name} is not the caller’s to give.`, { hint: OURS[name] })
    }
    const guard = Object.hasOwn(GUARDS, name) ? GUARDS[name] : undefined
    if (guard !== undefined && Number(value) !== guard[0]) {
      throw new UsageError('BAD_OPTION', `The setting ${name} must stay ${guard[0]} for these inserts: ${guard[1]}.`, {
        hint: `Leave ${name} out.`,
      })
    }
    settings[name] = value as SettingValue
  }
  for (const [name, [value]] of Object.entries(GUARDS)) {
    if (known.has(name) && name !== 'input_format_null_as_default') settings[name] = value
  }
  // One setting under two names; servers that know both complain when they are given together and differ one day.
  if (known.has('distributed_foreground_insert')) delete settings.insert_distributed_sync
  return settings
}

/**
 * The settings of this server, without one that does something else before 24.8: the tables behind views were given the token of the
 * block as it is, and the second of two views into one table was taken for a repetition of the first.
 * @see https://github.com/ClickHouse/ClickHouse/pull/61601
 */
export function knownSettings(probed: KnownSettings, [major, minor]: ServerInfo['release']): KnownSettings {
  if (major > 24 || (major === 24 && minor >= 8)) return probed
  return new Map([...probed].filter(([name]) => name !== 'deduplicate_blocks_in_dependent_materialized_views'))
}
