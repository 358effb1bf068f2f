// How fast does the core compress and checksum a block, next to the native lz4-napi?
//
// Blocks of rows of about 8 MB and one of noise, in slices of 1 MiB, which is what a frame holds.

import { BLOCK_NAMES } from './blocks.mjs'
import { printTable } from './print.mjs'
import { alternate } from './rounds.mjs'

export const question = 'How fast does the core compress and checksum a block, next to lz4-napi?'

const RIVAL = { 'lz4-napi': {}, 'lz4-napi, all in one call': { whole: true } }
const OURS = {
  'ours, LZ4 alone': 'lz4',
  'ours, frames with checksums': 'frames',
  'CityHash128 of the frames': 'checksum',
  'hash of the block': 'hash',
}

export function cases({ quick }) {
  const rounds = quick ? { rounds: 3, warmups: 1 } : { rounds: 41, warmups: 10 }
  return (quick ? ['log', 'noise'] : BLOCK_NAMES).map((name) => {
    const rivals = Object.entries(RIVAL).map(([label, how]) => [
      label,
      { module: './peers/lz4-napi.mjs', args: { name, quick, ...how } },
    ])
    const ours = Object.entries(OURS).map(([label, work]) => [
      label,
      { module: './ours/compress.mjs', args: { name, quick, work } },
    ])
    return { title: name, contenders: Object.fromEntries([...rivals, ...ours]), rounds }
  })
}

export async function run({ quick }) {
  const results = {}
  for (const { title, contenders, rounds } of cases({ quick })) {
    results[title] = summary(await alternate(contenders, rounds))
    print(title, rounds, results[title])
  }
  return results
}

function summary(measured) {
  const { rawByteLength } = Object.values(measured)[0]
  const speed = (ms) => rawByteLength / 1e3 / ms
  // The faster one of its two ways is the rival.
  const rival = Object.keys(RIVAL).reduce((a, b) => (measured[a].ms.median <= measured[b].ms.median ? a : b))
  const contenders = Object.fromEntries(
    Object.entries(measured).map(([label, { byteLength, ms }]) => [
      label,
      {
        byteLength,
        mbPerSecond: { median: speed(ms.median), min: speed(ms.max), max: speed(ms.min) },
        timesRival: measured[rival].ms.median / ms.median,
        timesRivalOfMinima: measured[rival].ms.min / ms.min,
      },
    ]),
  )
  const lz4 = measured['ours, LZ4 alone'].ms
  const checksum = measured['CityHash128 of the frames'].ms
  const frames = measured['ours, frames with checksums'].ms
  return {
    rawByteLength,
    rival,
    contenders,
    checksumShare: checksum.median / lz4.median,
    framesOverLz4: frames.median / lz4.median - 1,
  }
}

function print(name, { rounds }, { rawByteLength, rival, contenders, checksumShare, framesOverLz4 }) {
  printTable(
    `${name}: ${rawByteLength} bytes, ${rounds} rounds`,
    ['', 'MB/s', 'min..max', `x ${rival}`, 'of minima', 'bytes', 'to 1'],
    Object.entries(contenders).map(([label, { byteLength, mbPerSecond, timesRival, timesRivalOfMinima }]) => [
      label,
      mbPerSecond.median.toFixed(0),
      `${mbPerSecond.min.toFixed(0)}..${mbPerSecond.max.toFixed(0)}`,
      timesRival.toFixed(2),
      timesRivalOfMinima.toFixed(2),
      String(byteLength),
      (rawByteLength / byteLength).toFixed(2),
    ]),
  )
  const percent = (share) => `${(share * 100).toFixed(0)} %`
  console.log(
    `  the checksum takes ${percent(checksumShare)} of LZ4's time; frames take ${percent(framesOverLz4)} longer than LZ4 alone`,
  )
}
