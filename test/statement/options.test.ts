import { describe, expect, it } from 'vitest'
import { insertSettings } from '../../src/statement/insert-settings.ts'
import { resolveOptions, type StatementOptions } from '../../src/statement/options.ts'
import type { Settings } from '../../src/transport/transport.ts'

const MIB = 1024 * 1024

function refuses(options: Record<string, unknown>, message: RegExp, code = 'BAD_OPTION'): void {
  it(`refuses ${JSON.stringify(options)}`, () => {
    expect(() => resolveOptions(options as StatementOptions)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })
}

describe('options of prepare(): nothing is out of range, nothing is ignored', () => {
  it('has the documented defaults', () => {
    expect(resolveOptions({})).toEqual({
      blockSize: 65_536,
      blockBytes: 32 * MIB,
      flushInterval: 1_000,
      maxPendingBlocks: 4,
      holdUntilCommit: false,
      holdBytesMax: 1024 * MIB,
    })
  })
  it('takes the limits themselves', () => {
    const options = { blockSize: 1_048_449, blockBytes: 256 * MIB, flushInterval: 0, maxPendingBlocks: 1 }
    expect(resolveOptions(options)).toMatchObject(options)
  })
  refuses({ blockSize: 1_048_450 }, /blockSize must be a whole number from 1 to 1048449, not 1048450/)
  refuses({ blockSize: 0 }, /from 1/)
  refuses({ blockSize: 1.5 }, /whole number/)
  refuses({ blockSize: '11' }, /not "11"/)
  refuses({ blockBytes: 256 * MIB + 1 }, /blockBytes must be a whole number from 1 to 268435456/)
  refuses({ flushInterval: -1 }, /flushInterval/)
  refuses({ maxPendingBlocks: 0 }, /maxPendingBlocks/)
  refuses({ holdUntilCommit: 1 }, /holdUntilCommit must be true or false/)
  refuses({ compression: 'gzip' }, /compression must be 'lz4' or 'none', not "gzip"/)
  refuses({ invalidText: 'drop' }, /'replace' or 'refuse'/)
  refuses({ columns: [] }, /columns must be a list/)
  refuses({ columns: [{ name: 'a' }] }, /columns must be a list/)
  refuses(
    {
      columns: [
        { name: 'a', type: 'UInt8' },
        { name: 'a', type: 'UInt8' },
      ],
    },
    /declares "a" twice/,
  )
  refuses({ retry: { deadlines: 3 } }, /Did you mean deadline\?/)
  refuses({ exactlyOnce: true, acceptDuplicates: true }, /exclude each other/)
})

describe('a misspelled option is named with the right spelling', () => {
  refuses({ blocksize: 1 }, /Unknown option "blocksize"[\s\S]*Did you mean blockSize\?/)
  refuses({ flushIntervall: 1 }, /Did you mean flushInterval\?/)
  refuses({ maxPendingBlock: 1 }, /Did you mean maxPendingBlocks\?/)
  refuses({ somethingElse: 1 }, /Known: blockSize/)
})

describe('what is not built yet is refused, not ignored', () => {
  refuses({ spool: 'spool' }, /not built yet/, 'NOT_SUPPORTED')
})

describe('a statement that follows its table has no columns and no tokens that are given', () => {
  refuses({ onSchemaChange: 'follow' as never }, /onSchemaChange must be 'error' or 'adapt'/)
  refuses({ onSchemaChange: 'adapt', columns: [{ name: 'a', type: 'UInt8' }] }, /exclude each other/)
  refuses({ onSchemaChange: 'adapt', engineId: 1, deterministic: true }, /exclude each other/)
  it("takes 'error' with both", () => {
    const given = { onSchemaChange: 'error', engineId: 1, deterministic: true } as const
    expect(resolveOptions(given)).toMatchObject(given)
  })
})

describe('a fixed engineId without a spool drops equal blocks after a restart, so it wants the word for it', () => {
  refuses({ engineId: 1 }, /engineId needs deterministic: true/)
  refuses({ deterministic: true }, /deterministic needs an engineId/)
  refuses({ engineId: {}, deterministic: true }, /engineId must be/)
  it('takes both', () => expect(resolveOptions({ engineId: 7, deterministic: true })).toMatchObject({ engineId: 7 }))
})

const MODERN = new Set([
  'async_insert',
  'insert_deduplication_token',
  'input_format_skip_unknown_fields',
  'input_format_defaults_for_omitted_fields',
  'input_format_null_as_default',
  'input_format_native_allow_types_conversion',
  'distributed_foreground_insert',
  'insert_distributed_sync',
])

describe('every insert says the settings that guard its bytes', () => {
  it('all of them to a server that knows them', () => {
    expect(insertSettings(MODERN)).toEqual({
      async_insert: 0,
      input_format_skip_unknown_fields: 0,
      input_format_native_allow_types_conversion: 0,
      input_format_defaults_for_omitted_fields: 1,
      distributed_foreground_insert: 1,
    })
  })
  it('under the older name where that is the known one', () => {
    expect(insertSettings(new Set(['insert_distributed_sync', 'input_format_skip_unknown_fields']))).toEqual({
      insert_distributed_sync: 1,
      input_format_skip_unknown_fields: 0,
    })
  })
  it('the INSERT text over prepare() over connect()', () => {
    const settings = insertSettings(new Set(), { a: 1, b: 1, c: 1 }, { b: 2, c: 2 }, { c: 3 })
    expect(settings).toEqual({ a: 1, b: 2, c: 3 })
  })
  it('the same value may be said, and undefined is not said', () => {
    expect(insertSettings(MODERN, { async_insert: false, insert_quorum: undefined })).toMatchObject({ async_insert: 0 })
    expect(insertSettings(MODERN, { insert_quorum: undefined })).not.toHaveProperty('insert_quorum')
  })

  function refusesSetting(settings: Settings, message: RegExp): void {
    it(`refuses ${JSON.stringify(settings)}`, () => {
      expect(() => insertSettings(MODERN, settings)).toThrow(
        expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringMatching(message) }),
      )
    })
  }
  refusesSetting(
    { async_insert: 1 },
    /async_insert must stay 0 for these inserts: the server would answer for a buffer/,
  )
  refusesSetting({ input_format_skip_unknown_fields: 1 }, /dropped without a word/)
  refusesSetting({ input_format_native_allow_types_conversion: true }, /wrap values/)
  refusesSetting({ input_format_null_as_default: 0 }, /DEFAULT/)
  refusesSetting({ distributed_foreground_insert: 0 }, /only queued/)
  refusesSetting({ insert_deduplication_token: 'mine' }, /not the caller’s to give/)
  refusesSetting({ query_id: 'x' }, /not the caller’s to give/)
  refusesSetting({ a: { b: 1 } } as unknown as Settings, /must be a text, a number or a boolean/)
})
