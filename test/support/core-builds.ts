import { vi } from 'vitest'
import { random } from './random.ts'

/** The release build is what users run; the debug build keeps the asserts of the kernels. Both must do the same. */
export const CORE_BUILDS = ['release', 'debug'] as const
export type CoreBuild = (typeof CORE_BUILDS)[number]

/** Runs `load` (an import) anew, so that the modules in it compile the given build of the core. */
export async function onBuild<T>(build: CoreBuild, load: () => Promise<T>): Promise<T> {
  vi.resetModules()
  vi.stubEnv('SLUICE_CORE', build)
  return load()
}

/** Numbers from 0 up to and without `below`, for one test. The seed is printed first: a hanging run leaves no other trace. */
export function seeded(): (below: number) => number {
  const { seed, below } = random('SEED')
  console.log(`SEED=${seed} repeats this run`)
  return below
}
