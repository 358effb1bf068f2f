import { createHash } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import { SchemaError, UsageError } from '../../src/errors.ts'
import { encodeBlock, encodeColumns } from '../../src/native.ts'
import { Embedded } from '../support/embedded.ts'
import { loadAllVectors, loadBlockVectors, rowsOfBlock, type Vector } from '../support/vectors.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const encode = ({ headerType, rows }: Vector): Uint8Array =>
  encodeBlock(
    [{ name: 'c', type: headerType }],
    rows.map((value) => [value]),
  )

const vectors = loadAllVectors()
const states = vectors.filter(({ type }) => /(?<!Simple)AggregateFunction/.test(type))
// The engine writes both in another form than the one that is meant for clients.
const ownForm = vectors.filter(({ type }) => /Dynamic|JSON/.test(type))
const natural = vectors.filter((vector) => !states.includes(vector) && !ownForm.includes(vector))

describe('every golden vector comes out as the engine wrote it', () => {
  it.each(natural.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const block = encode(vector)
    if (vector.native) expect(Buffer.from(block).toString('hex')).toBe(Buffer.from(vector.native).toString('hex'))
    else expect([block.byteLength, sha256(block)]).toEqual([vector.nativeLength, vector.nativeSha256])
  })
})

describe('golden vectors of Dynamic and JSON: the engine takes our form and reads the same values from it', () => {
  const engine = new Embedded()
  afterAll(() => engine[Symbol.dispose]())

  it.each(ownForm.map((vector) => [vector.name, vector] as const))('%s', async (_name, vector) => {
    const table = engine.createTable(vector.type)
    await engine.insert(table, encode(vector))
    if (vector.readbackJson === undefined) {
      const bytes = await engine.bytes(`SELECT c FROM ${table}`, 'RowBinary')
      expect(Buffer.from(bytes).toString('hex')).toBe(Buffer.from(vector.rowbinary!).toString('hex'))
    } else {
      const columns = vector.type.startsWith('JSON') ? 'c, JSONAllPathsWithTypes(c)' : 'c'
      const lines = vector.readbackJson.map((line) => JSON.parse(line))
      expect(engine.rows(`SELECT ${columns} FROM ${table}`)).toEqual(lines)
    }
  })
})

describe('aggregate states are refused before a row is looked at', () => {
  it.each(states.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const refused = { code: 'UNSUPPORTED_TYPE', column: 'c', type: vector.type }
    expect(() => encode({ ...vector, rows: [0] })).toThrow(SchemaError)
    expect(() => encode({ ...vector, rows: [0] })).toThrow(expect.objectContaining(refused))
  })
})

describe('blocks of several columns come out as the engine wrote them', () => {
  it.each(loadBlockVectors().map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const bytes = vector.blocks.map((block) => Buffer.from(encodeBlock(vector.columns, rowsOfBlock(block))))
    expect(Buffer.concat(bytes).toString('hex')).toBe(Buffer.from(vector.native).toString('hex'))
  })
})

describe('encodeColumns() says what it takes when it is given something else', () => {
  for (const [what, columns, options, message] of [
    ['an object by name', { id: [1] }, undefined, /a list of columns/],
    ['values in the place of data', [{ name: 'id', type: 'UInt8', values: [1] }], undefined, /name, type and data/],
    ['no name', [{ type: 'UInt8', data: [1] }], undefined, /name, type and data/],
    ['an option misspelt', [{ name: 'id', type: 'UInt8', data: [1] }], { inot: new Uint8Array(9) }, /no option "inot"/],
  ] as const) {
    it(what, () => {
      const call = () => encodeColumns(columns as never, options as never)
      expect(call).toThrow(UsageError)
      expect(call).toThrow(message)
    })
  }
})
