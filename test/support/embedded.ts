// ClickHouse 26 inside the test process, for questions about types and bytes. One data directory per process: vitest gives
// every file a process of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'

export class Embedded implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'sluice-embedded-'))
  readonly #session = new Session(join(this.#directory, 'data'))
  #tableCount = 0

  /** Every type may be used in a table, and one table is one block. */
  constructor() {
    this.run('CREATE DATABASE t')
    for (const setting of [
      "session_timezone = 'UTC'",
      'allow_suspicious_low_cardinality_types = 1',
      'allow_suspicious_variant_types = 1',
      'allow_suspicious_fixed_string_types = 1',
      'enable_nullable_tuple_type = 1',
      'flatten_nested = 0',
      'max_threads = 1',
      'max_insert_threads = 1',
      'max_block_size = 10000000',
      'optimize_const_name_size = 0',
      'input_format_parallel_parsing = 0',
    ]) {
      this.run(`SET ${setting}`)
    }
  }

  /** Throws what the engine said. */
  run(sql: string): void {
    this.#session.query(sql, 'TSV')
  }

  /** One array per row; 64-bit integers as text. */
  rows(sql: string): unknown[][] {
    const text = this.#session.query(sql, 'JSONCompactEachRow')
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  /** The bytes a SELECT gives in `format`. */
  async bytes(sql: string, format = 'Native'): Promise<Uint8Array> {
    return (await this.#session.queryAsync(sql, { format })).bytes()
  }

  /** A fresh Memory table `(c <type>)`. */
  createTable(type: string): string {
    const table = `t.t${this.#tableCount++}`
    this.run(`CREATE TABLE ${table} (c ${type}) ENGINE = Memory`)
    return table
  }

  /** Inserts a body as a client would, as one block where the format has none; throws what the engine said. */
  async insert(table: string, body: Uint8Array | string, format = 'Native'): Promise<void> {
    const file = join(this.#directory, 'body')
    writeFileSync(file, body)
    await this.#session.queryAsync(`INSERT INTO ${table} FROM INFILE '${file}' COMPRESSION 'none' FORMAT ${format}`, {
      format: 'TSV',
    })
  }

  [Symbol.dispose](): void {
    this.#session.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
