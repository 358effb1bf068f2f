import { readFileSync } from 'node:fs'

/** The core as it is, and its memory as it is at the moment of the call. */
export function openCore() {
  const module = new WebAssembly.Module(readFileSync(new URL('../../build/core.wasm', import.meta.url)))
  const { exports: core } = new WebAssembly.Instance(module)
  return { core, memory: () => Buffer.from(core.memory.buffer) }
}
