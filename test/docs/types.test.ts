// What the compiler knows of a caller's program: rows by their type, events, options, errors, summaries.

import { afterAll, describe, expect, it } from 'vitest'
import { UserProject } from './user-project.ts'

const project = new UserProject()
afterAll(() => project[Symbol.dispose]())

const PROGRAM = `
import { subscribe } from 'node:diagnostics_channel'
import {
  type BlockReport, type CheckReport, closeOnSignal, connect, type ConnectOptions, DeliveryError, EncodeError, type ErrorCode, prometheus, type Row,
  type SealedBlock, type SettledMessage, type Statement, type StatementOptions, type StatementStats,
} from 'sluice'
import { decodeBlocks, encodeBlock, parseType, typed, type TypeNode } from 'sluice/native'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

interface Event { at: Date; user: bigint; kind: 'view' | 'click'; tags?: string[] }
const event: Event = { at: new Date(), user: 1n, kind: 'view' }

// Targets and options.
const options: ConnectOptions = { url: ['http://a:8123', 'http://b:8123'], settings: { max_threads: 1 }, logger: console }
const connection = await connect(options)
// @ts-expect-error a misspelled option
await connect({ ulr: 'http://a' })
// @ts-expect-error a misspelled option
await connection.prepare('events', { blokSize: 1 })
// @ts-expect-error a value of the wrong kind
const wrong: StatementOptions = { blockSize: '1000' }
const signalled: StatementOptions = { signal: AbortSignal.timeout(1000), retry: { attempts: 3 } }

// Typed rows.
const statement = await connection.prepare<Event>('INSERT INTO events', signalled)
const pause: Promise<void> | undefined = statement.exec(event)
statement.exec({ ...event, tags: ['a'] })
statement.exec([new Date(), 1n, 'view', []])
// @ts-expect-error user is a bigint
statement.exec({ at: new Date(), user: '1', kind: 'view' })
// @ts-expect-error no such label
statement.exec({ at: new Date(), user: 1n, kind: 'veiw' })
// @ts-expect-error no such column
statement.exec({ at: new Date(), user: 1n, kind: 'view', tag: [] })
// @ts-expect-error at and user are missing
statement.exec({ kind: 'view' })
// @ts-expect-error neither a row nor an array
statement.exec('view')
// @ts-expect-error one of the rows is wrong
await statement.execMany([event, { at: 1 }])
const accepted: number = await statement.execMany([event, [new Date(), 1n, 'click', []]])
await statement.execMany(new Set([event]))
await statement.execMany((async function* () { yield event })())
await pipeline(Readable.from([event]), statement.writable())
class Click implements Event { at = new Date(); user = 1n; kind = 'click' as const }
statement.exec(new Click())

// Rows without a type are any objects.
const untyped: Statement = await connection.prepare('events')
untyped.exec({ anything: 1 })
const row: Row = { anything: [1] }
untyped.exec(row)
untyped.exec(event)
// @ts-expect-error a number is no row
untyped.exec(5)

// Events and figures.
statement
  .on('block', ({ token, rowCount, state }) => {
    const text: string = token
    const figure: number = rowCount
    if (state === 'acknowledged' || state === 'unknown') return
    // @ts-expect-error no such state
    if (state === 'done') return
  })
  .on('retry', ({ attempt, delayMs, error }) => console.log(attempt + delayMs, error))
  .on('reject', (report: BlockReport) => report.firstRow)
  .on('drain', () => {})
// @ts-expect-error no such event
statement.on('blok', () => {})
const stats: StatementStats = statement.stats
// @ts-expect-error figures are read, not written
stats.accepted = 0

// Errors.
try {
  const { rows, tokens } = await statement.commit()
  console.log(rows + 1, tokens.map((token) => token.length))
} catch (error) {
  if (error instanceof EncodeError) console.log(error.column?.length, error.row, error.value)
  if (error instanceof DeliveryError) {
    const code: ErrorCode = error.code
    // @ts-expect-error no such code
    if (code === 'NO_SUCH_CODE') throw error
    const blocks: SealedBlock[] = statement.takeBlocks()
    const { rows } = await connection.deliver(blocks.filter(({ state }) => state !== 'rejected'), { acceptDuplicates: true })
    console.log(rows, error.blocks.length, error.serverCode)
  }
}

// Reads, transactions, disposal.
const [found] = await connection.query<{ n: string }>('SELECT count() AS n FROM events')
console.log(found?.n.length)
const report: CheckReport = await connection.check('events')
{
  await using transaction = await connection.begin()
  const part = await transaction.prepare<Event>('events')
  part.exec(event)
  for (const { droppedRows } of await transaction.rollback()) console.log(droppedRows)
}
const { acknowledged, unsent } = await connection.close({ deadline: 1000 })

// Watching it, and its end.
const undo: () => void = closeOnSignal([connection], {
  deadline: 1000,
  onClosed: ({ left }, signal: NodeJS.Signals) => console.log(left[0]?.token, left[0]?.table, signal),
})
// @ts-expect-error no such signal
closeOnSignal(connection, { signals: ['SIGTREM'] })
const text: string = prometheus(connection, connection)
subscribe('sluice:block:settled', (message) => {
  const { state, error } = message as SettledMessage
  const failure: Error | undefined = error
  // @ts-expect-error no such state
  if (state === 'sealed') console.log(failure, undo, text)
})

// Without a server.
const bytes: Uint8Array = encodeBlock([{ name: 'a', type: 'UInt8' }], [{ a: 1 }, [2]], { compression: 'none' })
const values: unknown[] | undefined = decodeBlocks(bytes)[0]?.rows[0]
const node: TypeNode = parseType('Array(UInt8)')
if (node.name === 'Array') console.log(node.inner.name, typed('UInt8', 1).type)
`

describe('a program of a caller', () => {
  project.write('program.ts', PROGRAM)

  for (const module of ['nodenext', 'bundler'] as const) {
    it(`compiles, and its mistakes do not (moduleResolution ${module})`, () => {
      const resolution = module === 'nodenext' ? {} : { module: 'esnext', moduleResolution: 'bundler' }
      expect(project.compile(['program.ts'], { ...resolution, noEmit: true })).toBe('')
    })
  }

  it('is told what is wrong with a row', () => {
    project.write('mistake.ts', PROGRAM.replace('// @ts-expect-error user is a bigint\n', ''))
    const complaints = project.compile(['mistake.ts'], { noEmit: true })
    expect(complaints.trim().split('\n')[0]).toMatch(
      /^mistake\.ts\(\d+,\d+\): error TS2322: Type 'string' is not assignable to type 'bigint'/,
    )
  })
})

describe('the package', () => {
  it('is found by require(), too', async () => {
    project.write(
      'program.cjs',
      "const { connect } = require('sluice'); console.log(typeof connect, typeof require('sluice/native').encodeBlock)",
    )
    expect(await project.run(process.execPath, ['program.cjs'])).toMatchObject({
      code: 0,
      stdout: 'function function\n',
    })
  })
  it('runs without the packages of the command line and without chdb, sluice/native without the client, sluice/otel without any', async () => {
    const imported = async (entry: string) => {
      project.write('entry.mjs', `await import('${entry}')`)
      return (await project.run(process.execPath, ['entry.mjs'])).stderr
    }
    for (const name of ['commander', 'chdb']) project.unlink(name)
    expect(await imported('sluice')).toBe('')
    project.unlink('@clickhouse/client')
    project.unlink('@opentelemetry/api')
    expect(await imported('sluice/otel')).toBe('')
    expect(await imported('sluice/native')).toBe('')
    expect(await imported('sluice')).toContain('@clickhouse/client')
  })
})
