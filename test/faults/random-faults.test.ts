// Seeded faults between a statement and the real engine: cut, stalled, reset, refused, answered late, twice, wrongly or not at all.
// What the server has in the end is what was accepted, row by row.
//
//   SLUICE_FAULT_RUNS=10000 SLUICE_FAULT_SEED=1 npx vitest run test/faults

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChdbFront, startFront } from '../support/chdb-front.ts'
import { faultRun, type Outcome, TABLE } from './run.ts'

const RUNS = Number(process.env.SLUICE_FAULT_RUNS ?? 150)
const SEED = Number(process.env.SLUICE_FAULT_SEED ?? Date.now() % 1_000_000_000)
const AT_ONCE = 12

let fronts: [ChdbFront, ChdbFront]
const unhandled: unknown[] = []
const note = (error: unknown) => unhandled.push(error)

beforeAll(async () => {
  process.on('unhandledRejection', note)
  fronts = await Promise.all([startFront(), startFront()])
  for (const front of fronts) await front.query(TABLE)
})
afterAll(async () => {
  process.off('unhandledRejection', note)
  await Promise.all(fronts.map((front) => front.stop()))
})

describe('a table with a deduplication window, and a way that cannot be trusted', () => {
  runs('one host', RUNS, () => fronts.slice(0, 1))
  runs('two hosts that know nothing of each other’s blocks', Math.ceil(RUNS / 3), () => fronts)
})

function runs(title: string, count: number, used: () => readonly ChdbFront[]): void {
  it(
    `${title}, ${count} runs: no row is lost, doubled or unaccounted for`,
    async () => {
      for (const front of fronts) await front.query('TRUNCATE TABLE faults')
      const outcomes: Outcome[] = []
      const failures: string[] = []
      let next = 0
      const work = async () => {
        while (next < count) {
          const seed = (SEED + next++) >>> 0
          await faultRun(seed, used()).then(
            (outcome) => outcomes.push(outcome),
            (error) => failures.push(`SLUICE_FAULT_SEED=${seed} SLUICE_FAULT_RUNS=1: ${error.stack ?? error}`),
          )
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
      expect(failures.slice(0, 5)).toEqual([])
      expect(unhandled).toEqual([])
      console.log(describeRuns(outcomes))
      // A run that met no fault proves nothing.
      expect(outcomes.reduce((sum, { faults }) => sum + faults, 0)).toBeGreaterThan(count / 2)
    },
    60_000 + count * 500,
  )
}

function describeRuns(outcomes: readonly Outcome[]): string {
  const sum = (key: 'accepted' | 'rejected' | 'blocks' | 'faults' | 'retries') =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0)
  const ends = ['committed', 'closed', 'delivered', 'rolled back'].map(
    (end) => `${outcomes.filter((outcome) => outcome.end === end).length} ${end}`,
  )
  return (
    `seed ${SEED}: ${outcomes.length} runs (${ends.join(', ')}), ${sum('accepted')} rows in ${sum('blocks')} blocks, ` +
    `${sum('rejected')} of them refused by the server, ` +
    `${sum('faults')} faults, ${sum('retries')} attempts repeated: 0 rows lost, doubled or unaccounted for`
  )
}
