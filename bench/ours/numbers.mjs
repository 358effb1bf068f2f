// Typed arrays of ten numeric columns: as blocks out of encodeColumns(), or through a statement into a device that swallows them.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../dist/index.js'
import { decodeBlocks, encodeColumns } from '../../dist/native.js'
import { BLOCK_ROWS, NUMBER_COLUMNS, numbers, rowsOf } from '../columns-of.mjs'

/**
 * @param way       'encodeColumns', 'encodeColumns into' memory that is kept, 'execColumns' with a block a call, or 'one call' of it
 * @param distinct  blocks of rows that differ; they are gone over until there were `blocks`
 */
export async function create({ way, blocks: blockCount, distinct, blockRows = BLOCK_ROWS }) {
  const all = numbers(distinct * blockRows)
  const blocks = Array.from({ length: blockCount }, (_, i) => rowsOf(all, (i % distinct) * blockRows, blockRows))
  const byteLength = Object.values(all).reduce((sum, values) => sum + values.byteLength, 0) * (blockCount / distinct)
  if (way.startsWith('encodeColumns')) return { byteLength, ...encoder(blocks, way.endsWith('into')) }
  return { byteLength, ...(await statement(way === 'one call' ? [all] : blocks, blocks, blockRows)) }
}

/** Blocks that a program still has while it makes the next one. */
const KEPT = 5

function encoder(blocks, reuses) {
  const lists = blocks.map((columns) => NUMBER_COLUMNS.map((column) => ({ ...column, data: columns[column.name] })))
  const wanted = lists.map((list) => encodeColumns(list))
  checkBlocks(Buffer.concat(wanted), blocks)
  const kept = Array.from({ length: reuses ? KEPT : 0 }, () => new Uint8Array(wanted[0].length))
  const made = []
  return {
    run() {
      for (let i = 0; i < lists.length; i++) made[i % KEPT] = encodeColumns(lists[i], { into: kept[i % KEPT] })
    },
    check() {
      for (let i = lists.length - KEPT; i < lists.length; i++)
        if (Buffer.compare(wanted[i], made[i % KEPT]) !== 0)
          throw new Error(`block ${i} is not the one that was read back`)
    },
  }
}

/** @param blocks  the columns of each block, if the calls have more */
async function statement(calls, blocks, blockRows) {
  const wanted = await written(calls, blocks, blockRows)
  const connection = await connect('file:/dev/null')
  const sink = await prepare(connection, blockRows)
  let hashes = []
  sink.on('block', ({ token }) => hashes.push(hashOf(token)))
  return {
    async run() {
      await execAll(sink, calls)
      await sink.flush()
    },
    check() {
      const made = hashes
      hashes = []
      if (`${made}` !== `${wanted}`) throw new Error(`blocks ${made}, those that were read back were ${wanted}`)
    },
  }
}

/** The same into a file, which is read back: the hashes in its blocks' tokens. */
async function written(calls, blocks, blockRows) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    const path = join(directory, 'columns.native')
    const connection = await connect(`file:${path}`)
    const sink = await prepare(connection, blockRows)
    await execAll(sink, calls)
    const { tokens } = await sink.commit()
    await connection.close()
    checkBlocks(await readFile(path), blocks)
    return tokens.map(hashOf)
  } finally {
    await rm(directory, { recursive: true })
  }
}

function prepare(connection, blockRows) {
  return connection.prepare('INSERT INTO numbers', {
    columns: NUMBER_COLUMNS,
    flushInterval: 60_000,
    ...(blockRows === BLOCK_ROWS ? {} : { blockSize: blockRows }), // a smoke run has smaller ones
  })
}

async function execAll(sink, calls) {
  for (const columns of calls) {
    const pause = sink.execColumns(columns)
    if (pause !== undefined) await pause
  }
}

/** Throws unless the bytes are the blocks of these columns: the first one read back value by value, the others held against it. */
function checkBlocks(bytes, calls) {
  const { columns, rows } = decodeBlocks(bytes.subarray(0, nativeBlock(calls[0]).length))[0]
  if (JSON.stringify(columns) !== JSON.stringify(NUMBER_COLUMNS)) throw new Error(`columns ${JSON.stringify(columns)}`)
  if (rows.length !== calls[0].id.length) throw new Error(`${rows.length} rows of ${calls[0].id.length}`)
  rows.forEach((values, row) => {
    NUMBER_COLUMNS.forEach(({ name, type }, i) => {
      const given = asDecoded(type, calls[0][name][row])
      if (!isSame(values[i], given)) throw new Error(`row ${row}: ${name} is ${values[i]}, given was ${given}`)
    })
  })
  if (!Buffer.concat(calls.map(nativeBlock)).equals(bytes)) throw new Error('other bytes than the arrays')
}

/** The arrays behind each other, each with its name and type in front. */
function nativeBlock(columns) {
  const text = (value) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)])
  const head = [NUMBER_COLUMNS.length]
  for (let rest = columns.id.length; rest > 0; rest >>>= 7) head.push((rest & 127) | (rest > 127 ? 128 : 0))
  const parts = NUMBER_COLUMNS.flatMap(({ name, type }) => {
    const { buffer, byteOffset, byteLength } = columns[name]
    return [text(name), text(type), new Uint8Array(buffer, byteOffset, byteLength)]
  })
  return Buffer.concat([Buffer.from(head), ...parts])
}

function asDecoded(type, value) {
  if (type === 'Date') return new Date(value * 86_400_000).toISOString().slice(0, 10)
  return type === 'DateTime' ? new Date(value * 1000) : value
}

function isSame(a, b) {
  return a instanceof Date ? a.getTime() === b.getTime() : Object.is(a, b)
}

function hashOf(token) {
  return token.split(':').at(-1)
}
