// How fast does the core compress and checksum a block, next to the native lz4-napi?
//
//   npm run build:core && node bench/lz4.bench.mjs [seconds per block, default 5]
//
// Three blocks of about 8 MB: log rows, numbers, noise. In every round each contender handles the whole block in slices
// of 1 MiB, one after the other, so that a busy machine hits all alike. Before anything is timed, what each makes of the
// block is decompressed by the other one and compared.
import { execSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { compressSync, uncompressSync } from 'lz4-napi'

const WORDS =
  `connection refused accepted request response from to upstream timeout while reading header client closed user session
token expired cache miss hit for key shard replica lag seconds query took ms rows bytes written table partition merge started
finished worker job retry attempt failed with status code payment order customer created updated deleted invalid signature
payload too large rate limit exceeded tenant disk usage above threshold node joined left cluster leader elected heartbeat
missed`.split(/\s+/)
const FOREIGN_WORDS = 'größe Überlauf données échec ошибка соединение 接続 超时 não señal'.split(' ')
const SLICE = 2 ** 20
const LZ4 = 0x82
const seconds = Number(process.argv[2] ?? 5)

const core = new WebAssembly.Instance(
  new WebAssembly.Module(readFileSync(new URL('../build/core.wasm', import.meta.url))),
).exports
const list = core.reserve(8)
const result = core.reserve(16)
const scratch = core.reserve(core.frameScratchBytes())
const raw = core.reserve(9 * SLICE)
const out = core.reserve(core.framesBound(9 * SLICE))
const table = scratch // framePieces keeps its table there as well
const memory = () => new Uint8Array(core.memory.buffer)

console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, commit ${commit()}`)
for (const [name, block] of [
  ['log rows', logBlock(52_000, 1)],
  ['numbers', numberBlock(300_000, 2)],
  ['noise', noiseBlock(8 * SLICE, 3)],
]) {
  measure(name, block)
}

function measure(name, block) {
  memory().set(block, raw)
  new Uint32Array(core.memory.buffer, list, 2).set([raw, block.length])
  const slices = []
  for (let at = 0; at < block.length; at += SLICE) slices.push(block.subarray(at, at + SLICE))
  const contenders = {
    'lz4-napi': () => slices.reduce((sum, slice) => sum + compressSync(slice).length - 4, 0),
    'ours, LZ4 alone': () => slices.reduce((sum, slice, i) => sum + ourSlice(i, slice.length), 0),
    'ours, frames with checksum': () => core.framePieces(list, 1, LZ4, scratch, out) >>> 0,
    'CityHash128 of the block': () => core.cityHash128(raw, block.length, result),
    'block hash': () => core.hashPieces(list, 1, result),
  }
  const sizes = verify(slices, contenders)
  const times = Object.fromEntries(Object.keys(contenders).map((key) => [key, []]))
  const end = performance.now() + seconds * 1000
  for (let round = 0; round < 5 || performance.now() < end; round++) {
    for (const [key, run] of Object.entries(contenders)) {
      const start = performance.now()
      run()
      if (round >= 2) times[key].push(performance.now() - start)
    }
  }

  const rival = median(times['lz4-napi'])
  console.log(`\n${name}: ${block.length} bytes, medians of ${times['lz4-napi'].length} rounds`)
  for (const [key, all] of Object.entries(times)) {
    const speed = (ms) => Math.round(block.length / 1e3 / ms)
    const spread = `${speed(Math.max(...all))}..${speed(Math.min(...all))}`
    const size = sizes[key] === undefined ? '' : `${sizes[key]} bytes, ${(block.length / sizes[key]).toFixed(2)} to 1`
    const ratio = key.startsWith('ours') ? `${(rival / median(all)).toFixed(2)} x lz4-napi` : ''
    console.log(
      `  ${key.padEnd(27)} ${String(speed(median(all))).padStart(6)} MB/s  ${spread.padEnd(14)} ${ratio.padEnd(16)} ${size}`,
    )
  }
  const checksum = median(times['ours, frames with checksum']) / median(times['ours, LZ4 alone']) - 1
  const what = sizes['ours, LZ4 alone'] < block.length ? 'the checksum' : 'the checksum, and a copy as it is,'
  console.log(`  ${what} adds ${(checksum * 100).toFixed(0)} %; the size is ${percent(sizes)} of lz4-napi's`)
}

/** The compressed sizes, after both sides have read what the other one made. */
function verify(slices, contenders) {
  let offset = 0
  slices.forEach((slice, i) => {
    const byteLength = ourSlice(i, slice.length)
    const head = Buffer.from(Uint32Array.of(slice.length).buffer)
    if (byteLength !== slice.length) {
      const theirs = uncompressSync(Buffer.concat([head, memory().subarray(out, out + byteLength)]))
      if (!theirs.equals(slice)) throw new Error('lz4-napi reads other bytes than we wrote')
    }
    const block = compressSync(slice).subarray(4)
    memory().set(block, scratch)
    if (core.lz4Decompress(scratch, block.length, out, slice.length) !== slice.length) throw new Error('refused theirs')
    if (!Buffer.from(memory().subarray(out, out + slice.length)).equals(slice)) throw new Error('we read other bytes')
  })
  const frames = Buffer.from(memory().subarray(out, out + contenders['ours, frames with checksum']()))
  for (const slice of slices) {
    const byteLength = 16 + frames.readUInt32LE(offset + 17)
    memory().set(frames.subarray(offset, offset + byteLength), scratch)
    if (core.unframe(scratch, byteLength, out, slice.length) !== 0) throw new Error('a frame of ours is refused')
    if (!Buffer.from(memory().subarray(out, out + slice.length)).equals(slice))
      throw new Error('a frame holds other bytes')
    offset += byteLength
  }
  return Object.fromEntries(Object.entries(contenders).map(([key, run]) => [key, run()]))
}

/** The byte length of slice `i` as an LZ4 block, or its own where LZ4 gains nothing (it is then sent as it is). */
function ourSlice(i, byteLength) {
  return core.lz4Compress(raw + i * SLICE, byteLength, out, byteLength - 1, table) || byteLength
}

function percent(sizes) {
  return `${((sizes['ours, LZ4 alone'] / sizes['lz4-napi']) * 100).toFixed(1)} %`
}

function median(all) {
  return all.toSorted((a, b) => a - b)[all.length >> 1]
}

function commit() {
  try {
    return execSync('git rev-parse --short HEAD', { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return 'unknown'
  }
}

/** Columns of a log table, one after the other: time, level, status, duration, host, message. */
function logBlock(rowCount, seed) {
  const next = random(seed)
  const pick = (all) => all[Math.floor(next() * all.length)]
  let now = 1_760_000_000_000n
  const times = BigInt64Array.from({ length: rowCount }, () => (now += BigInt(Math.floor(next() * 12))))
  const levels = Uint8Array.from({ length: rowCount }, () => 1 + Math.floor(next() ** 3 * 4))
  const statuses = Uint16Array.from({ length: rowCount }, () => pick([200, 200, 200, 204, 301, 404, 500]))
  const durations = Uint32Array.from({ length: rowCount }, () => next() ** 4 * 1e6)
  const hosts = Array.from(
    { length: rowCount },
    () => `api-${Math.floor(next() * 40)}.eu-west-${Math.floor(next() * 3)}`,
  )
  const messages = Array.from({ length: rowCount }, () => message(60 + next() * 100, next, pick))
  const fixed = [times, levels, statuses, durations].map(({ buffer }) => Buffer.from(buffer))
  return Buffer.concat([...fixed, ...strings(hosts), ...strings(messages)])
}

/** Words, of which 5 % are not ASCII, with numbers and hexadecimal ids between them. */
function message(length, next, pick) {
  let text = ''
  while (text.length < length) {
    const roll = next()
    if (text) text += ' '
    if (roll < 0.05) text += pick(FOREIGN_WORDS)
    else if (roll < 0.12) text += Math.floor(next() * 100_000)
    else if (roll < 0.15) text += Math.floor(next() * 2 ** 32).toString(16)
    else text += pick(WORDS)
  }
  return text.slice(0, 160)
}

function numberBlock(rowCount, seed) {
  const next = random(seed)
  const length = rowCount
  let now = 1_760_000_000
  const columns = [
    BigUint64Array.from(
      { length },
      () => (BigInt(Math.floor(next() * 2 ** 32)) << 32n) | BigInt(Math.floor(next() * 2 ** 32)),
    ),
    Uint32Array.from({ length }, () => (now += next() < 0.1 ? 1 : 0)),
    Uint32Array.from({ length }, () => next() * 50_000),
    Float64Array.from({ length }, () => Math.round(next() * 100_000) / 100),
    Uint8Array.from({ length }, () => next() * 3),
    Int16Array.from({ length }, () => next() * 100),
  ]
  return Buffer.concat(columns.map(({ buffer }) => Buffer.from(buffer)))
}

function noiseBlock(byteLength, seed) {
  const next = random(seed)
  return Buffer.from(Uint8Array.from({ length: byteLength }, () => next() * 256))
}

/** The body of a String column: a VarUInt length of one or two bytes, then the bytes. */
function strings(values) {
  return values.flatMap((value) => {
    const bytes = Buffer.from(value)
    const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]
    return [Buffer.from(length), bytes]
  })
}

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
}
