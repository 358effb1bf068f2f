// What a file is that is no Native file, as far as its first bytes tell.

import { isUtf8 } from 'node:buffer'
import { ByteReader } from '../../block/decode/bytes.ts'
import { SluiceError } from '../../errors.ts'
import { parseType } from '../../types/parse.ts'

export interface Foreign {
  /** Fits behind "it looks like": 'CSV', 'a Parquet file'. */
  readonly what: string
  readonly hint?: string
}

/** Do these first bytes begin a Native block: counts, a name, a type that ClickHouse has? */
export function beginsWithBlock(head: Buffer): boolean {
  const reader = new ByteReader(head)
  try {
    reader.varint()
    reader.varint()
    reader.text()
    const typeBytes = reader.varint()
    if (typeBytes > reader.remaining) return /^[A-Z]\w+\(/.test(head.toString('latin1', reader.at))
    parseType(head.toString('utf8', reader.at, reader.at + typeBytes))
    return true
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return false
  }
}

/** @returns undefined for bytes that look like nothing known */
export function lookAt(head: Buffer, name: string): Foreign | undefined {
  const known = MAGICS.find(({ magic }) => head.subarray(0, magic.length).equals(magic))
  if (known) return { what: known.what, hint: known.hint?.(name === 'stdin' ? '' : `${name} `) }
  if (isRowBinary(head)) return { what: 'RowBinaryWithNamesAndTypes', hint: 'inspect reads FORMAT Native only.' }
  return isText(head) ? lookAtText(head) : undefined
}

const decompressor = (command: string) => (file: string) => `Pipe it: ${command} ${file}| sluice inspect -`
const bytes = (text: string) => Buffer.from(text, 'latin1')

const MAGICS: { magic: Buffer; what: string; hint?: (file: string) => string }[] = [
  { magic: bytes('\x28\xb5\x2f\xfd'), what: 'a file compressed with zstd', hint: decompressor('zstd -dc') },
  { magic: bytes('\xfd7zXZ'), what: 'a file compressed with xz', hint: decompressor('xz -dc') },
  { magic: bytes('BZh'), what: 'a file compressed with bzip2', hint: decompressor('bzip2 -dc') },
  { magic: bytes('\x04\x22\x4d\x18'), what: 'a file compressed with the program lz4', hint: decompressor('lz4 -dc') },
  { magic: bytes('\x1f\x8b'), what: 'gzip in gzip', hint: decompressor('gzip -dc') },
  { magic: bytes('PK\x03\x04'), what: 'a zip archive', hint: decompressor('unzip -p') },
  { magic: bytes('PAR1'), what: 'a Parquet file' },
  { magic: bytes('ARROW1'), what: 'an Arrow file' },
  { magic: bytes('\xff\xff\xff\xff'), what: 'an Arrow stream' },
  { magic: bytes('ORC'), what: 'an ORC file' },
  { magic: bytes('Obj\x01'), what: 'an Avro file' },
  { magic: bytes('SQLite format 3'), what: 'an SQLite database' },
  { magic: bytes('\x7fELF'), what: 'a program' },
  { magic: bytes('\xff\xfe'), what: 'UTF-16 text' },
  { magic: bytes('\xfe\xff'), what: 'UTF-16 text' },
  {
    magic: bytes('\x01\x00\x02\xff\xff\xff\xff'),
    what: 'Native as the TCP protocol has it, with a BlockInfo in front of each block',
    hint: () => 'Files and HTTP have blocks without it.',
  },
]

/** The names of all columns, then their types. */
function isRowBinary(head: Buffer): boolean {
  const reader = new ByteReader(head)
  try {
    const columnCount = reader.varint()
    for (let i = 0; i < columnCount; i++) reader.text()
    for (let i = 0; i < columnCount; i++) parseType(reader.text())
    return columnCount > 0
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return false
  }
}

/** The head may end inside a character. */
function isText(head: Buffer): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what text has not
  if (head.length === 0 || /[\x00-\x08\x0e-\x1f]/.test(head.toString('latin1'))) return false
  return [0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut)))
}

/** The error that ClickHouse writes behind the rows when a SELECT fails under way. */
export function exceptionIn(bytes: Buffer): string | undefined {
  return /Code: \d+\. DB::\w*Exception: [^\r\n]{0,300}/.exec(bytes.toString('latin1'))?.[0]
}

function lookAtText(head: Buffer): Foreign {
  const start = head
    .toString()
    .replace(/^\ufeff/, '')
    .trimStart()
  const line = start.split(/\r?\n/, 1)[0]!
  const exception = exceptionIn(head)
  if (exception) return { what: `an error of ClickHouse: ${exception}` }
  const loadable = (format: string) => ({
    what: format,
    hint: `To insert it: sluice load <table> <file> --format ${format.toLowerCase()}`,
  })
  if (start.startsWith('{')) return isJson(line) ? loadable('NDJSON') : { what: 'JSON' }
  if (start.startsWith('[')) return { what: 'JSON' }
  if (/^<(\?xml|!doctype|html)/i.test(start)) return { what: 'XML or HTML' }
  if (/^(INSERT|CREATE|SELECT|WITH|SET|DROP|ALTER|--)\b/i.test(start)) return { what: 'SQL' }
  if (line.includes('\t')) return loadable('TSV')
  return /[,;]/.test(line) ? loadable('CSV') : { what: 'text' }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return line.length >= 1000 // a long record may end behind the head
  }
}
