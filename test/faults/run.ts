// One short life of a statement on a way that cuts, stalls and lies, made from a seed: what the server has in the end is compared
// with what was accepted. Every row has a number of its own, so that a lost and a doubled one cannot make up for each other.

import { setTimeout as sleep } from 'node:timers/promises'
import { connect, DeliveryError, EncodeError, type RejectedRow, type Statement } from '../../src/index.ts'
import type { ChdbFront } from '../support/chdb-front.ts'
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type Lie, type LyingProxy, startLyingProxy } from '../support/lying-proxy.ts'
import { belowOf } from '../support/random.ts'

export const TABLE = `CREATE TABLE faults (run UInt32, i UInt32, text String, CONSTRAINT good CHECK text != 'bad')
  ENGINE = MergeTree ORDER BY (run, i)
  SETTINGS non_replicated_deduplication_window = 1000000, parts_to_throw_insert = 100000, parts_to_delay_insert = 100000`

interface Row {
  run: number
  i: number
  text: unknown
}

export interface Outcome {
  /** How the statement ended. */
  end: 'committed' | 'closed' | 'delivered' | 'rolled back'
  accepted: number
  /** Rows that the server refused, and onReject took. */
  rejected: number
  blocks: number
  /** Lies told and connections cut. */
  faults: number
  retries: number
}

type Below = (limit: number) => number

/**
 * @param fronts  one server, or several that know nothing of each other's blocks
 * @throws  where a row is lost, doubled or unaccounted for
 */
export async function faultRun(seed: number, fronts: readonly ChdbFront[]): Promise<Outcome> {
  const below = belowOf(seed)
  const ways = await Promise.all(fronts.map(startWay))
  const connection = await connect({
    url: ways.map(({ proxy }) => proxy.url),
    loadBalancing: below(2) ? 'in_order' : 'round_robin',
    retry: { minDelay: 1, maxDelay: 20, attemptTimeout: 150 + below(250), deadline: 500 + below(4_000) },
  })
  const stop = new AbortController()
  const badOf100 = [0, 0, 2, 2][below(4)]!
  const textOf = (i: number) => (badOf100 > 0 && belowOf(seed * 1000 + i)(100) < badOf100 ? 'bad' : `row ${i}`)
  const rejected: number[] = []
  try {
    const statement = await connection.prepare<Row>('INSERT INTO faults (run, i, text)', {
      blockSize: 1 + below(60),
      maxPendingBlocks: 1 + below(5),
      flushInterval: [0, 2, 20, 1_000][below(4)]!,
      compression: below(2) ? 'lz4' : 'none',
      worker: below(2) === 1,
      exactlyOnce: true,
      signal: stop.signal,
      ...(badOf100 > 0 && { onReject: ({ row }: RejectedRow) => void rejected.push(Number(row.i)) }),
    })
    for (const way of ways) makeTrouble(below, way)
    const rowCount = below(300)
    const accepted = await feed(statement, below, (i) => ({ run: seed, i, text: textOf(i) }), rowCount)
    const end = await finish({ statement, connection, fronts, below, stop, run: seed, accepted, textOf, rejected })
    const { blocks, retries } = statement.stats
    const faults = ways.reduce((sum, { liar, proxy }) => sum + liar.told + proxy.struckCount, 0)
    return { end, accepted, rejected: rejected.length, blocks, faults, retries }
  } finally {
    await connection.close({ deadline: 50 })
    for (const { liar, proxy } of ways) {
      await proxy.close()
      liar.close()
    }
  }
}

interface Way {
  liar: LyingProxy
  proxy: FaultProxy
}

async function startWay(front: ChdbFront): Promise<Way> {
  const liar = await startLyingProxy(front.url)
  return { liar, proxy: await startFaultProxy(liar.url) }
}

function makeTrouble(below: Below, { liar, proxy }: Way): void {
  const liesOf100 = [0, 5, 30, 70][below(4)]!
  liar.script(() => (below(100) < liesOf100 ? lie(below) : undefined))
  const faultsOf100 = [0, 10, 40][below(3)]!
  // The connections of prepare() carry on; half of the time they break, too.
  if (below(2)) proxy.arm(fault(below))
  if (faultsOf100 > 0) proxy.program(() => (below(100) < faultsOf100 ? fault(below) : undefined))
}

/** None says "no" for certain of a block that is stored: no server does that. */
function lie(below: Below): Lie {
  const stores = below(2) === 1
  const lies: Lie[] = [
    { stores, tell: 'die' },
    { stores, tell: 'hang' },
    { stores, tell: 'half' },
    { stores: true, tell: 'twice' },
    { stores, tell: 'late', delayMs: below(300) },
    { stores, tell: { code: [241, 159, 209, 210, 319, 999, 1002][below(7)]!, status: 500 } },
    { stores, tell: { code: [241, 159, 319, 999][below(4)]!, status: 200 } },
    { stores, tell: { status: [408, 502, 503, 504][below(4)]! } },
    { stores: false, tell: { status: 429 } },
    { stores: false, tell: { code: [202, 252, 285, 745][below(4)]!, status: 500 } },
  ]
  return lies[below(lies.length)]!
}

function fault(below: Below): Fault {
  const at = below(2) ? below(600) : below(20_000)
  const how = below(2) ? 'reset' : 'close'
  const faults: Fault[] = [
    { cutRequestAt: at, how },
    { cutResponseAt: below(400), how },
    { cutResponseAt: 0, how },
    { cutOnConnect: true, how },
    { stallRequestAt: at },
    { stallResponseAt: below(300) },
  ]
  return faults[below(faults.length)]!
}

/** Gives rows in every way there is; returns how many the statement accepted. */
async function feed(
  statement: Statement<Row>,
  below: Below,
  rowAt: (i: number) => Row,
  rowCount: number,
): Promise<number> {
  let i = 0
  try {
    while (i < rowCount) {
      const count = Math.min(rowCount - i, 1 + below(40))
      const way = below(7)
      if (way === 0) {
        const rows = Array.from({ length: count }, (_, n) => rowAt(i + n))
        const columns = {
          run: rows.map((row) => row.run),
          i: rows.map((row) => row.i),
          text: rows.map((row) => row.text),
        }
        const pause = statement.execColumns(columns)
        i += count
        await pause
      } else if (way === 1) {
        const from = i
        i += await statement.execMany(Array.from({ length: count }, (_, n) => rowAt(from + n)))
      } else if (way === 2) {
        refused(() => statement.exec({ ...rowAt(i), text: 5 }))
      } else if (way === 3) await sleep(below(4))
      else if (way === 4 && below(4) === 0) await statement.flush()
      else {
        for (let n = 0; n < count; n++) {
          const pause = statement.exec(way === 5 ? Object.values(rowAt(i)) : rowAt(i))
          i++
          if (pause !== undefined) await pause
        }
      }
      account(statement)
    }
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
  }
  // Of an execMany() that failed the statement itself knows best how many rows it took.
  const { accepted } = statement.stats
  if (accepted < i) throw new Error(`${i} rows were given without an error, ${accepted} are accepted`)
  return accepted
}

function refused(exec: () => unknown): void {
  try {
    exec()
  } catch (error) {
    if (error instanceof EncodeError) return
    throw error
  }
  throw new Error('a number was taken for a text')
}

function account({ stats }: Pick<Statement, 'stats'>): void {
  const { accepted, staged, sealed, sent, acknowledged, rejected, unknown } = stats
  const sum = staged + sealed + sent + acknowledged + rejected + unknown
  if (sum !== accepted) throw new Error(`of ${accepted} rows ${sum} are accounted for: ${JSON.stringify(stats)}`)
}

interface Ending {
  statement: Statement<Row>
  connection: Awaited<ReturnType<typeof connect>>
  fronts: readonly ChdbFront[]
  below: Below
  stop: AbortController
  run: number
  accepted: number
  textOf: (i: number) => string
  /** The `i` of those that onReject took. */
  rejected: readonly number[]
}

/** Ends the statement in one of the ways there are, and holds the server to what it was told. */
async function finish(ending: Ending): Promise<Outcome['end']> {
  const { statement, connection, below, stop, accepted, rejected } = ending
  const way = below(20)
  try {
    if (way === 0) return await rollBack(ending)
    if (way === 1) setTimeout(() => stop.abort(), below(30))
    if (way === 2) {
      await connection.close({ deadline: below(200) })
      account(statement)
      if (statement.stats.acknowledged + rejected.length === accepted) {
        await expectAll(ending)
        return 'closed'
      }
    } else {
      const summary = await statement.commit()
      if (summary.rows + summary.rejected !== accepted || summary.rejected !== rejected.length)
        throw new Error(`commit says ${JSON.stringify(summary)} of ${accepted} rows, ${rejected.length} rejected`)
      account(statement)
      await expectAll(ending)
      return 'committed'
    }
  } catch (error) {
    if (!(error instanceof DeliveryError) && (error as { code?: string }).code !== 'STATEMENT_FAILED') throw error
  }
  account(statement)
  // Bad rows among what is left would be refused by any server.
  if (below(10) === 0 || badRows(ending).length > 0) return await rollBack(ending)
  await deliverElsewhere(ending)
  await expectAll(ending)
  return 'delivered'
}

function badRows({ accepted, textOf }: Ending): number[] {
  return Array.from({ length: accepted }, (_, i) => i).filter((i) => textOf(i) === 'bad')
}

/** What is not acknowledged goes again, by a way without faults. */
async function deliverElsewhere({ statement, fronts, accepted }: Ending): Promise<void> {
  const { acknowledged } = statement.stats
  const blocks = statement.takeBlocks()
  const left = blocks.reduce((sum, { rowCount }) => sum + rowCount, 0)
  if (acknowledged + left !== accepted) throw new Error(`${acknowledged} acknowledged and ${left} left of ${accepted}`)
  const working = await connect({ url: fronts.map(({ url }) => url) })
  try {
    const summary = await working.deliver(blocks)
    if (summary.rows !== left) throw new Error(`deliver() says ${summary.rows} rows of ${left}`)
  } finally {
    await working.close()
  }
}

/** Rows of blocks that were acknowledged are there once, those of unknown ones once or not at all, all others are not. */
async function rollBack({ statement, fronts, run }: Ending): Promise<'rolled back'> {
  const { blocks, droppedRows } = await statement.rollback()
  account(statement)
  const sure = blocks.filter(({ state }) => state === 'acknowledged')
  const unsure = blocks.filter(({ state }) => state === 'unknown')
  const stored = await storedRows(fronts, run)
  const has = (i: number) => stored.get(i) ?? 0
  let found = 0
  for (const { firstRow, rowCount } of sure) {
    for (let i = firstRow; i < firstRow + rowCount; i++) if (has(i) !== 1) throw new Error(`row ${i}: ${has(i)} times`)
    found += rowCount
  }
  for (const { firstRow, rowCount } of unsure) {
    const times = has(firstRow)
    for (let i = firstRow; i < firstRow + rowCount; i++)
      if (has(i) !== times || times > 1) throw new Error(`row ${i} of an unknown block: ${has(i)} times`)
    found += times * rowCount
  }
  const all = [...stored.values()].reduce((sum, times) => sum + times, 0)
  if (all !== found) throw new Error(`${all} rows are stored, ${found} were told; ${droppedRows} dropped`)
  return 'rolled back'
}

/** How often each row is there. */
async function storedRows(fronts: readonly ChdbFront[], run: number): Promise<Map<number, number>> {
  const stored = new Map<number, number>()
  for (const front of fronts) {
    const text = await front.query(`SELECT i, count() FROM faults WHERE run = ${run} GROUP BY i FORMAT TSV`)
    for (const line of text.split('\n').filter(Boolean)) {
      const [i, times] = line.split('\t').map(Number) as [number, number]
      stored.set(i, times + (stored.get(i) ?? 0))
    }
  }
  return stored
}

/** Every row that the table takes is there once, and every other one was handed over once. */
async function expectAll(ending: Ending): Promise<void> {
  const { fronts, run, accepted, rejected } = ending
  const bad = badRows(ending)
  const handed = rejected.toSorted((a, b) => a - b)
  if (`${handed}` !== `${bad}`) throw new Error(`rows ${handed} were rejected, rows ${bad} are bad`)
  const stored = await storedRows(fronts, run)
  let changed = 0
  for (const front of fronts) {
    const sql = `SELECT countIf(text != concat('row ', toString(i))) FROM faults WHERE run = ${run}`
    changed += Number(await front.query(sql))
  }
  const found = {
    rows: [...stored.values()].reduce((sum, times) => sum + times, 0),
    distinct: stored.size,
    unasked: [...stored.keys()].filter((i) => i >= accepted).length,
    changed,
  }
  const good = accepted - bad.length
  const wanted = { rows: good, distinct: good, unasked: 0, changed: 0 }
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(found)} of ${good} rows`)
}
