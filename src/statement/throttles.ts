import { Throttle } from '../engine/throttle.ts'
import { readFacts, type TableFacts } from './check/facts.ts'
import { pressureOf } from './check/pressure.ts'
import type { OpenedTarget } from './connect.ts'
import { quoteTable, readerOf, type TableName } from './table.ts'

/** One for each table that a connection inserts into. */
export class Throttles {
  readonly #made = new Map<string, Throttle>()

  of(opened: OpenedTarget, table: TableName): Throttle {
    const key = quoteTable(table)
    let throttle = this.#made.get(key)
    if (throttle === undefined) {
      const made = new Throttle((host) => isDelaying(opened, table, host))
      made.watch(0, (why) => opened.options.logger?.warn('throttle', { table: key, why, level: made.level }))
      throttle = made
      this.#made.set(key, throttle)
    }
    return throttle
  }
}

/** Whether so many parts wait for a merge that the server delays inserts. */
async function isDelaying({ transport, server }: OpenedTarget, table: TableName, host: string): Promise<boolean> {
  if (transport.kind === 'file') return false
  try {
    const reader = readerOf(transport, [host])
    const facts = await readFacts(reader, server.release[0], table)
    if (facts === undefined) return false
    const { findings } = await pressureOf(reader, Array.isArray(facts.behind) ? (facts.behind[0] as TableFacts) : facts)
    return findings.some(({ answer }) => answer === 'no')
  } catch {
    return false // then blocks are refused one day, which tells as well
  }
}
