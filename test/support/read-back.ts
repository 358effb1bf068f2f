import { encodeBlock } from '../../src/native.ts'
import type { Embedded } from './embedded.ts'

/** What the engine has of `values` after an INSERT under the settings of a statement: rows of `SELECT select`. */
export async function readBack(
  engine: Embedded,
  type: string,
  values: readonly unknown[],
  select = 'c',
): Promise<unknown[][]> {
  engine.run('SET input_format_native_allow_types_conversion = 0')
  engine.run('SET input_format_skip_unknown_fields = 0')
  const table = engine.createTable(type)
  const block = encodeBlock(
    [{ name: 'c', type }],
    values.map((value) => [value]),
  )
  await engine.insert(table, block)
  return engine.rows(`SELECT ${select} FROM ${table}`)
}
