import { vi } from 'vitest'

/** The release build is what users run; the debug build keeps the asserts of the kernels. Both must do the same. */
export const CORE_BUILDS = ['release', 'debug'] as const
export type CoreBuild = (typeof CORE_BUILDS)[number]

/** Runs `load` (an import) anew, so that the modules in it compile the given build of the core. */
export async function onBuild<T>(build: CoreBuild, load: () => Promise<T>): Promise<T> {
  vi.resetModules()
  vi.stubEnv('SLUICE_CORE', build)
  return load()
}

/** A seed for a random run, new each time unless SEED gives it; printed, so that the run can be repeated. */
export function printedSeed(): number {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 32)
  console.log(`SEED=${seed} repeats this run`)
  return seed
}

/** Numbers from 0 up to and without `below`, the same for the same seed. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return Math.floor((((word ^ (word >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
