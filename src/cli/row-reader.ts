// One record → one row, or the reason why it is none.

import { EncodeError, type SluiceError, StorageError } from '../errors.ts'
import type { Filled } from './columns.ts'
import { type ConvertOptions, fieldConverter, jsonConverter } from './convert.ts'
import type { Field, FieldParser } from './input/csv.ts'
import type { Source } from './input/source.ts'

/**
 * @returns a function of the record's text, and of whether its bytes were checked to be UTF-8
 * @throws (that function) errors for which isRefusal() is true
 */
export function rowReader(
  { fields: parse, names = [] }: Source,
  { columns, fields: positions }: Filled,
  options: ConvertOptions,
): (text: string, isValid: boolean) => object {
  const toRow =
    parse === undefined
      ? jsonConverter(columns, options)
      : fieldsToRow(parse, names.length, fieldConverter(columns, options, positions))
  return (text, isValid) => {
    if (!isValid && !text.isWellFormed()) throw notUtf8()
    return toRow(text)
  }
}

function fieldsToRow(
  parse: FieldParser,
  width: number,
  convert: (fields: Field[]) => object,
): (text: string) => object {
  return (text) => {
    const fields = parse(text)
    if (fields.length !== width) throw wrongArity(fields.length, width)
    return convert(fields)
  }
}

/** An error about one record: the load can go on without it. */
export function isRefusal(error: unknown): error is SluiceError {
  return error instanceof EncodeError || (error instanceof StorageError && error.code === 'BAD_INPUT')
}

function notUtf8(): StorageError {
  return new StorageError('BAD_INPUT', 'the line is not valid UTF-8', {
    hint: 'Convert the file first: iconv -f ISO-8859-1 -t UTF-8 file',
  })
}

function wrongArity(count: number, width: number): StorageError {
  return new StorageError('BAD_INPUT', `${count} field${count === 1 ? '' : 's'} where ${width} columns are expected`, {
    hint: `Is --delimiter right?${count > width ? ' A field that holds the delimiter must be quoted.' : ''}`,
  })
}
