/** A seeded generator for randomised tests. The seed is fresh unless the environment variable gives it; print it. */
export function random(variable: string): { seed: number; below: (limit: number) => number } {
  const seed = Number(process.env[variable] ?? Date.now() % 1_000_000_000)
  return { seed, below: belowOf(seed) }
}

/** Whole numbers from 0 up to and without `limit`, the same for the same seed. */
export function belowOf(seed: number): (limit: number) => number {
  let state = seed >>> 0
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  return (limit) => next() % limit
}
