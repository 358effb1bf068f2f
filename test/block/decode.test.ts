import { describe, expect, it } from 'vitest'
import { decodeBlocks } from '../../src/block/decode.ts'
import { EngineError, SchemaError, SluiceError } from '../../src/errors.ts'
import { compress, encodeBlock } from '../../src/native.ts'
import { random } from '../support/random.ts'
import {
  asDecoded,
  loadAllVectors,
  loadBehaviour,
  loadBlockVectors,
  loadVectors,
  rowsOfBlock,
  VECTOR_FILES,
} from '../support/vectors.ts'

describe('every block the engine wrote decodes to the rows that were inserted', () => {
  for (const file of VECTOR_FILES.filter((name) => name !== 'aggregate_states')) {
    for (const vector of loadVectors(file)) {
      if (vector.native === undefined) continue // decode-engine.test.ts has the engine make those again
      it(vector.name, () => {
        const blocks = decodeBlocks(vector.native!)
        expect(blocks).toStrictEqual([
          {
            columns: [{ name: 'c', type: vector.headerType }],
            rows: vector.rows.map((value) => [asDecoded(vector.type, value)]),
          },
        ])
      })
    }
  }

  for (const vector of loadBlockVectors()) {
    it(vector.name, () => {
      const blocks = decodeBlocks(vector.native)
      expect(blocks.map(({ columns }) => columns)).toStrictEqual(vector.blocks.map(() => vector.columns))
      expect(blocks.map(({ rows }) => rows)).toStrictEqual(
        vector.blocks.map((block) =>
          rowsOfBlock(block).map((row) => row.map((value, c) => asDecoded(vector.columns[c]!.type, value))),
        ),
      )
    })
  }
})

describe('bodies that the engine takes although no engine wrote them', () => {
  const body = new Map(loadBehaviour().map((vector) => [vector.name, vector.body]))
  const column = (name: string) => decodeBlocks(body.get(name)!).flatMap(({ rows }) => rows.map(([value]) => value))
  for (const [name, ...values] of [
    ['two_blocks', 1, 2, 3],
    ['zero_rows_block_is_skipped', 2],
    ['overlong_varint_accepted', 1],
    ['lc_flags_0x200', 'a', ''],
    ['lc_without_default_slot', 'a', 'b', 'a'],
    ['lc_duplicate_keys', 'a', 'a'],
    ['lc_unused_keys', 'b'],
    ['lc_wide_indexes', 'a', ''],
    ['lc_256_keys_8_bit', 'k255', ''],
    ['lc_nullable_slot_0_is_null_whatever_it_holds', null, 'a'],
    ['lc_nullable_without_default_slot', null, 'a'],
    ['lc_two_sections_in_one_column', 'a', 'b', 'c'],
    ['array_lc_prefix_first', ['a', '']],
    ['variant_declared_in_other_order', 'x', 5, null],
    ['variant_compact_mode', 'x', 5, null],
    ['dynamic_v2', 'x', null, 8],
    ['dynamic_flattened', 8, null, 'x'],
    ['json_as_string', { a: 1 }, { b: { c: [1, 2] } }],
    ['json_as_string_typed', { a: 1, b: 2 }],
    ['json_as_string_in_array', [{ a: 1 }], [{ b: 2 }]],
    ['json_as_string_nullable', { a: 1 }, null],
    ['json_flattened', { a: 42 }, {}],
    ['garbage_under_null_kept', null],
    ['decimal_beyond_precision_stored', '999.99'],
    ['date32_out_of_range_stored', '1899-12-31', '+5881580-07-11'],
    ['point_as_tuple', [1, 2]],
    ['empty_body'],
  ] as [string, ...unknown[]][]) {
    it(name, () => expect(column(name)).toStrictEqual(values))
  }

  for (const [name, reason] of [
    ['empty_block_ends_input', 'byte 26 (block header): a block without columns'],
    ['zero_columns_with_rows_inserts_defaults', 'byte 0 (block header): a block without columns'],
    ['truncated_body', 'byte 25 (column "s" String): 3 bytes expected, 2 left'],
    ['trailing_byte', 'byte 27 (block header): 10 columns announced, 0 bytes left'],
    ['too_many_columns', '1000001 columns announced, 1 bytes left'],
    ['array_offsets_must_not_decrease', 'byte 25 (column "c" Array(UInt8)): array offset 1 after 3'],
    ['array_missing_values', '5 bytes expected, 3 left'],
    ['lc_index_out_of_range', 'index 2 into a dictionary of 2 keys'],
    ['lc_no_additional_keys_flag', 'LowCardinality flags 0x400'],
    ['lc_global_dictionary_flag', 'LowCardinality flags 0x700 (a shared dictionary'],
    ['array_lc_prefix_after_offsets', 'LowCardinality version 2'],
    ['variant_bad_discriminator', 'discriminator 7 of 2 alternatives'],
    ['bool_two_stored', 'a Bool is 0 or 1'],
    ['null_map_two_stored', '2 in a null map'],
    ['enum_unknown_value_stored', 'an Enum code without a label'],
  ] as const) {
    it(`${name}: BAD_BLOCK, ${reason}`, () => {
      expect(() => column(name)).toThrow(EngineError)
      expect(() => column(name)).toThrow(reason)
    })
  }
})

describe('values that JavaScript cannot hold in the usual form', () => {
  it('a DateTime64(0..3) outside of what a Date holds stays in ticks', () => {
    expect(decodeOne('DateTime64(0)', 'ffffffffffffff7f')).toBe(2n ** 63n - 1n)
    expect(decodeOne('DateTime64(3)', '0000dcc208b21e00')).toStrictEqual(new Date(8.64e15))
    expect(decodeOne('DateTime64(3)', '0100dcc208b21e00')).toBe(8_640_000_000_000_001n)
  })

  it('text that is no UTF-8 comes as bytes, the replacement character itself as text', () => {
    expect(decodeOne('String', '03efbfbd')).toBe('\ufffd')
    expect(decodeOne('String', '03efbbbf')).toBe('\ufeff')
    expect(decodeOne('String', '02c328')).toStrictEqual(new Uint8Array([0xc3, 0x28]))
  })

  it('bytes are copies: they stay when the block is overwritten', () => {
    const block = blockOf('String', '02c328')
    const [[bytes]] = decodeBlocks(block)[0]!.rows as [[Uint8Array]]
    block.fill(0)
    expect(bytes).toStrictEqual(new Uint8Array([0xc3, 0x28]))
  })

  it('a Map with duplicate keys comes as entries', () => {
    const ends = '0200000000000000'
    expect(decodeOne('Map(String, UInt8)', `${ends}0161 0162 0102`)).toStrictEqual(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    )
    expect(decodeOne('Map(String, UInt8)', `${ends}0161 0161 0102`)).toStrictEqual([
      ['a', 1],
      ['a', 2],
    ])
  })

  it('integers of a JSON text keep their digits', () => {
    const json = (text: string) =>
      decodeOne('JSON', `0100000000000000 ${hex(Buffer.from([Buffer.byteLength(text)]))} ${hex(Buffer.from(text))}`)
    expect(json('{"a":9007199254740993,"b":[-9007199254740993],"c":9007199254740991}')).toStrictEqual({
      a: 9007199254740993n,
      b: [-9007199254740993n],
      c: 9007199254740991,
    })
    expect(json('{"s":"9007199254740993 \\" 9007199254740993","f":0.1234567890123456}')).toStrictEqual({
      s: '9007199254740993 " 9007199254740993',
      f: 0.1234567890123456,
    })
    // A string that looks as the decoder's own mark, written plainly and escaped.
    expect(json('{"s":"\\ue0009007199254740993","t":"\ue000","n":9007199254740993}')).toStrictEqual({
      s: '\ue0009007199254740993',
      t: '\ue000',
      n: 9007199254740993n,
    })
  })

  it('a member called __proto__ is a member', () => {
    const row = decodeOne('Tuple(`__proto__` UInt8)', '07') as object
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
    expect(Object.entries(row)).toStrictEqual([['__proto__', 7]])
  })

  it('what stands under a NULL means nothing, also inside a Tuple', () => {
    expect(decodeOne("Nullable(Enum8('a' = 1))", '01 00')).toBe(null)
    expect(decodeOne("Nullable(Tuple(Bool, Enum8('a' = 1)))", '01 07 00')).toBe(null)
    expect(decodeOne('Nullable(JSON)', '0100000000000000 01 00')).toBe(null)
  })
})

describe('no bytes make it hang, take memory without end, or fail in another way than EngineError BAD_BLOCK', () => {
  const blocks = loadAllVectors().filter(({ native, name }) => native !== undefined && !name.startsWith('agg_'))

  it.each(['lz4', 'none'] as const)('compressed frames (%s): the hint names decompress()', (method) => {
    const rows = Array.from({ length: 1000 }, (_, n) => [n])
    const bytes = Buffer.concat([Buffer.alloc(3), compress(encodeBlock([{ name: 'n', type: 'UInt32' }], rows), method)])
    expect(errorOf(() => decodeBlocks(bytes.subarray(3)))).toMatchObject({
      code: 'BAD_BLOCK',
      message: expect.stringMatching(/ byte \d+/),
      hint: expect.stringContaining('decompress(bytes) first'),
    })
  })

  it('a block cut at any byte is BAD_BLOCK, and the offset lies within it', () => {
    for (const { name, native } of blocks) {
      for (let length = 1; length < Math.min(native!.length, 600); length++) {
        const error = errorOf(() => decodeBlocks(native!.subarray(0, length)))
        if (error instanceof SchemaError) continue // cut inside of the type name: another type's name
        expect(error, `${name} cut at ${length}`).toBeInstanceOf(EngineError)
        expect((error as EngineError).code).toBe('BAD_BLOCK')
        expect(Number(/byte (\d+)/.exec((error as Error).message)![1])).toBeLessThanOrEqual(length)
      }
    }
  })

  const { seed, below } = random('SLUICE_SEED')
  it(`20,000 damaged blocks (seed ${seed})`, () => {
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from(blocks[below(blocks.length)]!.native!)
      for (let edits = 1 + below(3); edits > 0; edits--) {
        // Behind the header the bytes are counts more often than not: make them small, huge, or one off.
        const at = below(bytes.length)
        bytes[at] = [below(256), 0, 0xff, bytes[at]! + 1, bytes[at]! ^ (1 << below(8))][below(5)]!
      }
      const error = errorOf(() => decodeBlocks(bytes))
      const isExpected = error === undefined || error instanceof EngineError || error instanceof SchemaError
      if (!isExpected) throw new Error(`seed ${seed}: ${hex(bytes)}`, { cause: error })
    }
  })

  for (const [what, type, data] of [
    ['rows', 'UInt8', ''],
    ['array elements', 'Array(UInt8)', 'ffffffffffff0f00'],
    ['array elements in an array', 'Array(Array(Tuple()))', '0100000000000000 ffffffffffffffff'],
    ['map entries', 'Map(String, UInt8)', 'ffffffff00000000'],
    ['string bytes', 'String', 'ffffffffff7f'],
    ['fixed bytes', 'FixedString(16777215)', '00'],
    ['vector elements', 'QBit(Float64, 9007199254740991)', '00'],
    ['dictionary keys', 'LowCardinality(String)', '0100000000000000 0006000000000000 ffffffff0f000000 00'],
    ['indexes', 'LowCardinality(String)', '0100000000000000 0006000000000000 0100000000000000 00 ffffffff0f000000'],
    ['types', 'Dynamic', '0300000000000000 ffffffff7f'],
    ['types of version 2', 'Dynamic', '0200000000000000 ffffffff7f'],
    ['paths', 'JSON', '0300000000000000 ffffffff7f'],
    ['shared paths', 'JSON', '0000000000000000 00 00 ffffffffff000000'],
    ['granule rows', 'Variant(UInt8)', '0100000000000000 ffffffff7f 01 ff'],
    ['shared values', 'Dynamic', '0100000000000000 00 00 0000000000000000 00 ffffffff7f'],
    ['elements of a shared value', 'Dynamic', '0100000000000000 00 00 0000000000000000 00 08 1e00 ffffffff7f 00'],
  ] as const) {
    it(`announcing more ${what} than there are bytes`, () => {
      const bytes = blockOf(type, data)
      if (what === 'rows') bytes[1] = 127
      const error = errorOf(() => decodeBlocks(bytes)) as EngineError
      expect(error).toBeInstanceOf(EngineError)
      expect(error.code).toBe('BAD_BLOCK')
      expect(error.message).toMatch(/announced|expected|for 1 rows|granule/)
    })
  }

  it('types inside of types inside of data', () => {
    // Each Dynamic holds an Array(Dynamic): 25 bytes a level.
    const level = '0300000000000000 01 0e4172726179 2844796e616d696329'
    expect(errorOf(() => decodeOne('Dynamic', level.repeat(50_000)))).toMatchObject({ code: 'BAD_BLOCK' })
    const shared = `0100000000000000 00 00 0000000000000000 00 ffff03 ${'1e'.repeat(65_535)}`
    expect(errorOf(() => decodeOne('Dynamic', shared))).toMatchObject({ code: 'BAD_BLOCK' })
    const path = hex(Buffer.from(Array(5_000).fill('a').join('.')))
    const json = `0300000000000000 01 8f4e ${path} 0300000000000000 01 0555496e7438 00 07`
    expect(errorOf(() => decodeOne('JSON', json))).toMatchObject({ code: 'BAD_BLOCK' })
  })

  it('values without bytes, of which any number would fit', () => {
    const shared = (value: string) => {
      const bytes = value.replaceAll(' ', '')
      return `0100000000000000 00 00 0000000000000000 00 ${hex(Buffer.from([bytes.length / 2]))} ${bytes}`
    }
    expect(decodeOne('Dynamic', shared('1e 00 00'))).toStrictEqual([]) // an empty Array(Nothing) is fine
    for (const value of [
      '1e 00 02 0000',
      '1e 1f02 01 00 01 07',
      '1e 1600 01 00',
      '1e 2c 0b 4172726179285475706c652829 01',
    ]) {
      expect(
        errorOf(() => decodeOne('Dynamic', shared(value))),
        value,
      ).toBeInstanceOf(SluiceError)
    }
  })

  it('values without bytes in column after column', () => {
    const block = (rowCount: number, columnCount: number, type: string, data: string) =>
      Buffer.concat([
        Buffer.from([...varUInt(columnCount + 1), ...varUInt(rowCount), 1, 0x70, 5, ...Buffer.from('UInt8')]),
        Buffer.alloc(rowCount),
        ...Array(columnCount).fill(blockOf(type, data).subarray(2)),
      ])
    const empty = ['JSON', '0300000000000000 00'] as const
    expect(decodeBlocks(block(3, 2, ...empty))[0]!.rows).toStrictEqual(Array(3).fill([0, {}, {}]))
    const run = ['Variant(UInt8)', `0100000000000000 ${hex(Buffer.from(varUInt(20_000)))} 01 ff`] as const
    const arrays = ['Array(JSON)', '0300000000000000 00 204e000000000000'] as const
    for (const bytes of [block(20_000, 3000, ...empty), block(20_000, 3000, ...run), block(1, 3000, ...arrays)]) {
      const start = performance.now()
      expect(errorOf(() => decodeBlocks(bytes))).toMatchObject({
        code: 'BAD_BLOCK',
        message: expect.stringContaining('others like them'),
      })
      expect(performance.now() - start).toBeLessThan(5000)
    }
    const blocks = Buffer.concat(
      Array(1000)
        .fill(blockOf('JSON', '0300000000000000 00'))
        .map((one) => Buffer.concat([Buffer.from([1, ...varUInt(100_000)]), one.subarray(2)])),
    )
    expect(errorOf(() => decodeBlocks(blocks))).toMatchObject({ code: 'BAD_BLOCK' })
  })

  it('what is no bytes at all is BAD_OPTION', () => {
    const transferred = new Uint8Array(8)
    structuredClone(transferred.buffer, { transfer: [transferred.buffer] })
    for (const bytes of [undefined, null, 'text', [1], new ArrayBuffer(8), new Uint16Array(2), transferred])
      expect(errorOf(() => decodeBlocks(bytes as never))).toMatchObject({ code: 'BAD_OPTION' })
  })

  it('a state of an aggregate function is UNSUPPORTED_TYPE', () => {
    expect(errorOf(() => decodeOne('AggregateFunction(sum, UInt8)', '00'))).toMatchObject({ code: 'UNSUPPORTED_TYPE' })
  })

  it('an unknown type in a header is the SchemaError of parseType', () => {
    expect(errorOf(() => decodeOne('uint8', '00'))).toMatchObject({ code: 'UNKNOWN_TYPE' })
  })
})

/** A block of one row and one column `c`. */
function blockOf(type: string, data: string): Uint8Array {
  const header = [1, 1, 1, 0x63, type.length, ...Buffer.from(type)]
  return Uint8Array.from([...header, ...Buffer.from(data.replaceAll(' ', ''), 'hex')])
}

function varUInt(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varUInt(value >>> 7)]
}

function decodeOne(type: string, data: string): unknown {
  return decodeBlocks(blockOf(type, data))[0]!.rows[0]![0]
}

function errorOf(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

describe('a Map whose keys repeat', () => {
  const time = new Date(1_700_000_000_000)
  const bytes = Uint8Array.of(0xff)
  for (const [type, key] of [
    ['UInt8', 7],
    ['DateTime', time],
    ['LowCardinality(DateTime)', time],
    ['String', bytes],
    ['LowCardinality(String)', bytes],
  ] as const) {
    it(`Map(${type}, UInt8) is read as its entries`, () => {
      const entries = [
        [key, 1],
        [key, 2],
      ]
      const columns = [{ name: 'm', type: `Map(${type}, UInt8)` }]
      expect(decodeBlocks(encodeBlock(columns, [[entries], [[[key, 3]]]]))[0]!.rows).toEqual([
        [entries],
        [new Map([[key, 3]])],
      ])
    })
  }
})
