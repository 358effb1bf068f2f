import { describe, expect, it } from 'vitest'
import { decodeWithEscapes, encodeEscapes, readRegions } from '../../src/cli/input/text.ts'

async function regionsOf(...pieces: (string | Buffer)[]): Promise<{ text: string; valid: boolean }[]> {
  async function* source() {
    for (const piece of pieces) yield Buffer.from(piece as string)
  }
  const regions = []
  for await (const region of readRegions('test', source())) regions.push(region)
  return regions
}

describe('readRegions: whole lines, however the bytes were cut', () => {
  it('keeps the end of a piece until its line is complete', async () => {
    expect(await regionsOf('a\nb', 'c\nd')).toEqual([
      { text: 'a\n', valid: true },
      { text: 'bc\n', valid: true },
      { text: 'd', valid: true },
    ])
  })

  it('does not cut a character in two', async () => {
    const bytes = Buffer.from('žluť😀\nx\n')
    for (let cut = 1; cut < bytes.length; cut++) {
      const regions = await regionsOf(bytes.subarray(0, cut), bytes.subarray(cut))
      expect(regions.map(({ text }) => text).join('')).toBe('žluť😀\nx\n')
      expect(regions.every(({ valid }) => valid)).toBe(true)
    }
  })

  it('drops a byte order mark, also when it arrives byte by byte', async () => {
    expect(await regionsOf(Buffer.from([0xef]), Buffer.from([0xbb]), Buffer.from([0xbf]), 'a\n')).toEqual([
      { text: 'a\n', valid: true },
    ])
    expect(await regionsOf('a\n\ufeffb\n')).toEqual([{ text: 'a\n\ufeffb\n', valid: true }])
  })

  it('yields nothing for nothing', async () => {
    expect(await regionsOf()).toEqual([])
    expect(await regionsOf('\ufeff')).toEqual([{ text: '', valid: true }])
  })

  it('marks bytes that are not UTF-8 and keeps them', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0x62, 0x0a, 0xc5, 0xbe, 0x0a])
    const [region] = await regionsOf(bytes)
    expect(region).toEqual({ text: 'a\udcffb\nž\n', valid: false })
  })
})

describe('bytes that are no text survive decoding and encoding', () => {
  const cases = [
    '61',
    'ff',
    'c3',
    'c3 28',
    'e2 82',
    'e2 82 ac',
    'f0 9f 98 80',
    'f0 9f 98',
    'ed a0 80',
    'f8 88 80 80 80',
    'f0 9f 98 80 80',
    'c0 80',
  ]
  for (const hex of cases) {
    it(hex, () => {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
      expect(encodeEscapes(decodeWithEscapes(bytes))).toEqual(bytes)
    })
  }
})
