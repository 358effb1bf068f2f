/** A contender whose second round makes something else. */
export function create() {
  let rounds = 0
  return {
    byteLength: 1,
    run() {
      rounds++
    },
    check() {
      if (rounds > 1) process.exit(3)
    },
  }
}
