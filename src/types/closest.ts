/** The candidate that differs in the fewest letters, when that is less than about a third of them: "did you mean ...?" */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > LENGTH_MAX) return undefined
  let best: string | undefined
  let bestDistance = Math.max(1, Math.ceil(name.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

// The work grows with the product of both lengths, and a name this long is no slip of the pen.
const LENGTH_MAX = 200

/** Levenshtein distance, where two swapped neighbours count as one slip: `ulr` is `url`. */
function editDistance(a: string, b: string): number {
  let older: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current[j] = Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1)
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) current[j] = Math.min(current[j]!, older[j - 2]! + 1)
    }
    older = previous
    previous = current
  }
  return previous[b.length]!
}
