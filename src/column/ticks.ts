// 64-bit counts of 10^-scale seconds without BigInt arithmetic: DateTime64 and Time64.

const TWO_24 = 16777216
const TWO_32 = 4294967296

export const POWERS_OF_TEN = [
  1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
] as const

/**
 * Writes whole * factor + rest as a signed 64-bit integer, low word first.
 *
 * @param whole   a safe integer of either sign
 * @param factor  1 .. 10^6
 * @param rest    0 .. factor - 1
 */
export function putProduct(words: Int32Array, index: number, whole: number, factor: number, rest = 0): void {
  // whole is cut into 24 low bits and the signed rest, so that every partial product stays below 2^53.
  const high = Math.floor(whole / TWO_24)
  const low = (whole - high * TWO_24) * factor + rest
  const carried = Math.floor(low / TWO_24)
  const upper = high * factor + carried // the product / 2^24, floored
  words[index * 2] = (low - carried * TWO_24 + (upper - Math.floor(upper / 256) * 256) * TWO_24) | 0
  words[index * 2 + 1] = Math.floor(upper / 256) | 0
}

/** A safe integer as a signed 64-bit integer. */
export function putSafe(words: Int32Array, index: number, value: number): void {
  words[index * 2] = value | 0
  words[index * 2 + 1] = Math.floor(value / TWO_32) | 0
}
