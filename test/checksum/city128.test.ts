import { beforeAll, describe, expect, it } from 'vitest'
import { CORE_BUILDS, onBuild } from '../support/core-builds.ts'
import { loadCityHash } from '../support/vectors.ts'

type Frame = typeof import('../../src/block/frame.ts')

describe.each(CORE_BUILDS)('CityHash128 of release 1.0.2 (%s build)', (build) => {
  let cityHash128: Frame['cityHash128']
  beforeAll(async () => {
    cityHash128 = (await onBuild(build, () => import('../../src/block/frame.ts'))).cityHash128
  })

  it('is what the engine wrote in front of its frames, in every class of lengths', () => {
    const vectors = loadCityHash()
    expect(vectors.length).toBeGreaterThan(40)
    for (const { name, input, hash } of vectors) expect(cityHash128(input), name).toBe(hash)
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
