// The thread behind FrameThread: takes blocks in shared memory, writes their frames where it is told.

import { parentPort } from 'node:worker_threads'
import { SliceFramer } from './frame-slices.ts'
import type { FrameAnswer, FrameTask } from './frame-thread.ts'

const slices = new SliceFramer()

parentPort!.on('message', ({ id, bytes, out }: FrameTask) => {
  const steps = slices.frames(bytes, out)
  let step = steps.next()
  while (!step.done) step = steps.next()
  const answer: FrameAnswer = { id, byteLength: step.value }
  parentPort!.postMessage(answer)
})
