import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { CORE_BUILDS, onBuild } from '../support/core-builds.ts'

type Frame = typeof import('../../src/block/frame.ts')

interface Vector {
  name: string
  input_hex: string
  hash_hex: string
}
const vectors: Vector[] = JSON.parse(readFileSync(new URL('../vectors/cityhash.json', import.meta.url), 'utf8')).vectors

describe.each(CORE_BUILDS)('CityHash128 of release 1.0.2 (%s build)', (build) => {
  let cityHash128: Frame['cityHash128']
  beforeAll(async () => {
    cityHash128 = (await onBuild(build, () => import('../../src/block/frame.ts'))).cityHash128
  })

  it('is what the engine wrote in front of its frames, in every class of lengths', () => {
    expect(vectors.length).toBeGreaterThan(40)
    for (const { name, input_hex, hash_hex } of vectors) {
      expect(`${name} ${inFileOrder(cityHash128(Buffer.from(input_hex, 'hex')))}`).toBe(`${name} ${hash_hex}`)
    }
  })

  // No frame is shorter than ten bytes, so the engine has no vectors for these; every implementation of 1.0.2 agrees on them.
  it.each([
    ['', '3cb540c392e51e29', '3df09dfc64c09a2b'],
    ['a', 'fd7e8ee2e4c86cf6', 'd27139a1afe01ad0'],
    ['1234567', '8852d1373eb8453b', '8e8777e875b97597'],
    ['12345678', '7282a0f9c3847a18', '1d7757a6dd6fd9f3'],
    ['123456789012345', '69a896e8852a795b', 'a7aca61ef9ad6954'],
  ])('%j gives high %s, low %s', (text, high, low) => {
    expect(cityHash128(Buffer.from(text))).toBe((BigInt(`0x${high}`) << 64n) | BigInt(`0x${low}`))
  })

  it('refuses what is no bytes', () => {
    expect(() => cityHash128('text' as unknown as Uint8Array)).toThrow(/BAD_OPTION|It takes a Uint8Array/)
  })
})

/** Low 64 bits little endian, then high 64 bits little endian. */
function inFileOrder(hash: bigint): string {
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(hash & (2n ** 64n - 1n), 0)
  bytes.writeBigUInt64LE(hash >> 64n, 8)
  return bytes.toString('hex')
}
