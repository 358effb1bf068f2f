// How many bytes of the JavaScript heap the encoders allocate. Run by memory.bench.mjs with --expose-gc and a young generation that
// is not collected meanwhile.
//
//   node --expose-gc --max-semi-space-size=512 bench/garbage.mjs <shape> <blocks>

import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { BUILDER_OPTIONS, builderOf } from './ours/builder.mjs'
import { encoders } from './peers/columnar-js.mjs'
import { jsonBody } from './peers/json-body.mjs'
import { rowsOf } from './shapes.mjs'

const [shape, blocks] = [process.argv[2], Number(process.argv[3])]
const { blockSize } = BUILDER_OPTIONS
const rows = rowsOf(shape, blockSize)
const builder = builderOf(shape)
const encode = encoders[shape]()

const collections = []
new PerformanceObserver((list) => collections.push(...list.getEntries())).observe({ entryTypes: ['gc'] })

const stage = () => {
  for (let i = 0; i < rows.length; i++) builder.stage(rows[i], i)
}
const seal = () => builder.seal().release()
// Until V8 has compiled everything: what its interpreter does allocates too.
for (let block = 0; block < 20; block++) {
  stage()
  seal()
  encode(rows)
}
const looking = await allocated(() => {}) // the look at the heap itself
let staged = 0
let sealed = 0
for (let block = 0; block < blocks; block++) {
  staged += (await allocated(stage)) - looking
  sealed += (await allocated(seal)) - looking
}
const encoded = await allocated(() => {
  for (let block = 0; block < blocks; block++) encode(rows)
})
const json = await allocated(() => jsonBody(rows))
const perRow = (bytes) => bytes / (blocks * blockSize)
console.log(
  JSON.stringify({
    blockRows: blockSize,
    bytesPerRow: {
      stage: perRow(staged),
      seal: perRow(sealed),
      'hand-written': perRow(encoded),
      JSONEachRow: json / blockSize,
    },
    bytesPerSeal: sealed / blocks,
  }),
)

/** Heap bytes gained by `work`. */
async function allocated(work) {
  globalThis.gc()
  await sleep(50) // until all is swept, or the sweeping is counted too
  const start = performance.now()
  const before = process.memoryUsage().heapUsed
  work()
  const after = process.memoryUsage().heapUsed
  const end = performance.now()
  await sleep(1) // the observer is told afterwards
  if (collections.some(({ startTime }) => startTime > start && startTime < end))
    throw new Error('the heap was collected meanwhile: make the young generation larger')
  return after - before
}
