import { describe, expect, it } from 'vitest'
import { fitsWords, isBelow, putWords, readDigits, wordsOf } from '../../src/column/digits.ts'
import { random } from '../support/random.ts'

/** What was read last, in two's complement. */
function value(): bigint {
  const words = new Int32Array(8)
  putWords(words, 0, 8)
  return words.reduce((sum, word, i) => sum + (BigInt(word >>> 0) << BigInt(32 * i)), 0n)
}

function twosComplement(number: bigint): bigint {
  return BigInt.asUintN(256, number)
}

describe('digits of a text as words', () => {
  for (const [text, scale, read] of [
    ['0', -1, 0n],
    ['-0', -1, 0n],
    ['+7', -1, 7n],
    ['-1', -1, -1n],
    ['0000000000000000000000000000000000000007', -1, 7n],
    ['18446744073709551615', -1, 2n ** 64n - 1n],
    ['-340282366920938463463374607431768211456', -1, -(2n ** 128n)],
    ['9'.repeat(77), -1, 10n ** 77n - 1n],
    ['1.5', 1, 15n],
    ['1.5', 9, 1_500_000_000n],
    ['-.5', 1, -5n],
    ['1.', 0, 1n],
    ['123456.123456', 6, 123456123456n],
    ['1234567.1234567', 70, 12345671234567n * 10n ** 63n],
  ] as const) {
    it(`${text} at scale ${scale} is ${read}`, () => {
      expect(readDigits(text, scale)).toBe(true)
      expect(value()).toBe(twosComplement(read))
    })
  }

  for (const [text, scale] of [
    ['', -1],
    ['-', -1],
    ['.', 2],
    ['1.', -1],
    ['1.5', 0],
    ['1.2.3', 4],
    ['1e5', 9],
    ['12a', -1],
    [' 1', -1],
    ['1 ', -1],
    ['--1', -1],
    ['١', -1],
    ['9'.repeat(78), -1],
    ['9'.repeat(40), 38],
  ] as const) {
    it(`${JSON.stringify(text)} at scale ${scale} is read another way`, () =>
      expect(readDigits(text, scale)).toBe(false))
  }
})

describe('whether a number fits', () => {
  for (const bits of [64, 128, 256]) {
    const [half, all] = [2n ** BigInt(bits - 1), 2n ** BigInt(bits)]
    const fits = (number: bigint, isSigned: boolean) => readDigits(`${number}`, -1) && fitsWords(bits / 32, isSigned)
    it(`${bits} bits`, () => {
      expect([0n, half, all - 1n].map((number) => fits(number, false))).toEqual([true, true, bits < 256])
      expect([-1n, all].map((number) => fits(number, false))).toEqual([false, false])
      expect([0n, half - 1n, 1n - half].map((number) => fits(number, true))).toEqual([true, true, true])
      expect([half, -half - 1n, all].map((number) => fits(number, true))).toEqual([false, false, false])
    })
  }
  it('below a limit', () => {
    const limit = wordsOf(10n ** 38n)
    for (const [number, isIt] of [
      [10n ** 38n - 1n, true],
      [10n ** 38n, false],
      [1n - 10n ** 38n, true],
      [-(10n ** 38n), false],
      [2n ** 200n, false],
      [0n, true],
    ] as const) {
      readDigits(`${number}`, -1)
      expect(isBelow(limit), `${number}`).toBe(isIt)
    }
  })
})

const { seed, below } = random('SEED')

describe(`random digits (SEED=${seed} repeats this run)`, () => {
  it('are what BigInt reads', () => {
    for (let i = 0; i < 20_000; i++) {
      const digits = Array.from({ length: 1 + below(50) }, () => (below(3) ? below(10) : 0)).join('')
      const behind = below(Math.min(digits.length, 25) + 1)
      const scale = behind + below(77 - digits.length)
      const point = behind > 0 || below(2) ? '.' : ''
      const sign = ['', '+', '-'][below(3)]!
      const text = `${sign}${digits.slice(0, digits.length - behind)}${point}${digits.slice(digits.length - behind)}`
      expect(readDigits(text, scale), text).toBe(true)
      const number = BigInt(digits) * 10n ** BigInt(scale - behind)
      expect(value(), `${text} at scale ${scale}`).toBe(twosComplement(sign === '-' ? -number : number))
    }
  })
})
